//! Cipher strings, and what the `openssl` program makes of the same.

use std::process::Command;

use super::*;

fn names(text: &str) -> Result<Vec<&'static str>, CipherStringFault> {
    let suites = parse(text.as_bytes(), None).suites?;
    Ok(suites.iter().map(|suite| suite.engine.name()).collect())
}

/// What OpenSSL makes of the string, as far as we have the suites.
fn openssl(text: &str) -> Result<Vec<&'static str>, CipherStringFault> {
    let output = Command::new("openssl")
        .args(["ciphers", "--", text])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    if stderr.contains("invalid command") {
        return Err(CipherStringFault::InvalidCommand);
    }
    assert!(
        output.status.success() || stderr.contains("no cipher match"),
        "{text:?}: {stderr}"
    );
    let stdout = String::from_utf8(output.stdout).unwrap();
    let ours: Vec<_> = stdout
        .trim()
        .split(':')
        .filter_map(|name| SUITES.iter().find(|suite| suite.engine.name() == name))
        .filter(|suite| suite.key_exchange == KeyExchange::Ecdhe)
        .map(|suite| suite.engine.name())
        .collect();
    match ours.is_empty() {
        true => Err(CipherStringFault::NoMatch),
        false => Ok(ours),
    }
}

fn compare(text: &str) {
    assert_eq!(names(text), openssl(text), "{text:?}");
}

#[test]
fn strings_that_programs_use() {
    for text in [
        "DEFAULT",
        "DEFAULT@SECLEVEL=1",
        "DEFAULT:@SECLEVEL=0:!CHACHA20",
        "HIGH:!aNULL:!MD5",
        "HIGH:!aNULL:!kRSA:!PSK:!SRP:!MD5:!RC4",
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
         ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:\
         DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384",
        "EECDH+AESGCM:EDH+AESGCM",
        "EECDH+CHACHA20:EECDH+AES128:RSA+AES128:EECDH+AES256:RSA+AES256:EECDH+3DES:RSA+3DES:!MD5",
        "ALL:!ADH:RC4+RSA:+HIGH:+MEDIUM:+LOW:+SSLv2:+EXP",
        "ALL:!ADH:!EXPORT56:RC4+RSA:+HIGH:+MEDIUM:+LOW:+SSLv2:+EXP:+eNULL",
        "TLSv1.2:!aNULL:!eNULL",
        "kEECDH:!aNULL+kECDHE",
        "ALL:!EXPORT:!LOW:!aNULL:!eNULL:!SSLv2",
        "aNULL:-aNULL:HIGH:@STRENGTH",
        "AES256:AES128:CHACHA20",
        "CHACHA20,AESGCM;HIGH HIGH",
        "FIPS:!SHA1",
        "PROFILE=SYSTEM",
        "SUITEB128",
        "SUITEB128ONLY",
        "SUITEB128C2:ALL",
        "SUITEB192",
    ] {
        compare(text);
    }
}

#[test]
fn strings_at_the_edge_of_the_grammar() {
    for text in [
        "",
        ":",
        "!",
        "-",
        "+",
        "@",
        "ALL:!",
        "AES+",
        "AES+:ALL",
        "+AES",
        "AES_GCM",
        "ALL_X",
        "FOO_X:ALL",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "ecdhe",
        "DEFAULTX",
        "DEFAULT:DEFAULT",
        "HIGH:DEFAULT",
        "DEFAULT:-ECDHE",
        "DEFAULT:-AESGCM:ALL",
        "DEFAULT:!AESGCM:ALL",
        "DEFAULT:+CHACHA20",
        "@STRENGTH",
        "@STRENGTH:ALL",
        "ALL:@STRENGTHX",
        "ALL:@SECLEVEL=6",
        "ALL:@SECLEVEL=10",
        "ALL:@SECLEVEL=",
        "ALL:@BAD:!CHACHA20",
        "ALL:@STRENGTH+X:-AES",
        "HIGH+FIPS",
        "FIPS+CHACHA20",
        "NULL+ALL",
        "aRSA+aECDSA",
        "ECDHE+aRSA+AESGCM",
        "ECDH+aNULL",
        "TLSv1+AES",
        "TLSv1.2+aRSA",
        "ECDHE-RSA-AES128-GCM-SHA256+AES",
        "AES+ECDHE-RSA-AES128-GCM-SHA256",
        "TLSv1+ECDHE-RSA-AES128-GCM-SHA256",
        "CHACHA20+ECDHE-RSA-AES128-GCM-SHA256:ALL",
        "ECDHE-RSA-AES128-GCM-SHA256+TLSv1",
        "ALL:COMPLEMENTOFALL:!COMPLEMENTOFDEFAULT",
        "SHA384",
        "SHA256:AESGCM+SHA384:CHACHA20",
        "ALL:-ECDSA:-CHACHA20:ALL",
        "ALL:-CHACHA20:-ECDSA:ALL",
        "ALL:!ECDSA:ECDSA",
        "-ALL:ALL",
        "ALL:+AES256:+aRSA",
        "MEDIUM",
        "LOW:HIGH",
        "ALL:@STRENGTH:+ECDSA:@STRENGTH",
        "SUITEB",
        "ALL:SUITEB128",
        "ALL\n",
        "ALL\tX",
        "RSA:kRSA+AES:PSK:SRP",
    ] {
        compare(text);
    }
}

#[test]
fn strings_at_random() {
    const WORDS: [&str; 24] = [
        "ALL",
        "HIGH",
        "ECDHE",
        "kECDHE",
        "EECDH",
        "aRSA",
        "aECDSA",
        "ECDSA",
        "AES",
        "AES128",
        "AES256",
        "AESGCM",
        "CHACHA20",
        "TLSv1.2",
        "FIPS",
        "RSA",
        "DHE",
        "SHA1",
        "aNULL",
        "PSK",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "COMPLEMENTOFDEFAULT",
        "NOSUCHWORD",
    ];
    // A linear congruence, for strings that are the same in every run.
    let mut state = 0x5eed_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..150 {
        let mut text = String::new();
        for _ in 0..1 + random(8) {
            if random(12) == 0 {
                text += "@STRENGTH:";
                continue;
            }
            text += ["", "", "", "-", "+", "!"][random(6)];
            text += WORDS[random(WORDS.len())];
            while random(3) == 0 {
                text += "+";
                text += WORDS[random(WORDS.len())];
            }
            text += [":", ",", " ", ";", "::"][random(5)];
        }
        compare(&text);
    }
}

#[test]
fn a_level_stays_even_if_the_string_is_refused() {
    let level = |text: &str| parse(text.as_bytes(), None).level;
    assert_eq!(level("ALL"), None);
    assert_eq!(level("DEFAULT@SECLEVEL=0"), Some(0));
    assert_eq!(level("@SECLEVEL=1:ALL:@SECLEVEL=3"), Some(3));
    assert_eq!(level("@SECLEVEL=2"), Some(2));
    assert_eq!(level("@NONSENSE:@SECLEVEL=4"), Some(4));
    assert_eq!(level("ALL:+:@SECLEVEL=4"), None);
}

#[test]
fn a_profile_stays_on() {
    let outcome = parse(b"SUITEB128ONLY", None);
    assert_eq!(outcome.suite_b, Some(SuiteB::Only128));
    let outcome = parse(b"ALL:!ECDSA", outcome.suite_b);
    assert_eq!(outcome.suite_b, Some(SuiteB::Only128));
    let suites = outcome.suites.unwrap();
    assert_eq!(suites.len(), 1);
    assert_eq!(suites[0].engine.name(), "ECDHE-ECDSA-AES128-GCM-SHA256");
    let outcome = parse(b"SUITEB128C2", outcome.suite_b);
    assert_eq!(outcome.suite_b, Some(SuiteB::Level128));
    assert_eq!(
        outcome.suites.unwrap()[0].engine.name(),
        "ECDHE-ECDSA-AES256-GCM-SHA384"
    );
}
