//! `scan` against real servers: what is found is what was configured, no more and no less.

use serde_json::Value;
use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf, PemFiles};
use ssl_testkit::openssl::{self, OpenSsl, Peer};
use ssl_testkit::process::usable;

use crate::program::{Server, complaints, finish};

/// What was found, as JSON.
pub(crate) fn scan(args: &[&str]) -> Value {
    let mut all = vec!["scan", "--json"];
    all.extend(args);
    let (code, process) = finish(&all);
    assert_eq!(code, 0, "{args:?}: {}", process.stderr_text());
    serde_json::from_str(&process.stdout_text()).unwrap()
}

/// The versions that were accepted, newest first.
pub(crate) fn versions(found: &Value) -> Vec<&str> {
    let all = found["versions"].as_array().unwrap().iter();
    let accepted = all.filter(|row| row["accepted"] == true);
    accepted
        .map(|row| row["version"].as_str().unwrap())
        .collect()
}

/// One field of the rows of a list ("suites", "groups") of a version.
fn rows<'a>(found: &'a Value, list: &str, version: &str, field: &str) -> Vec<&'a str> {
    let lists = found[list].as_array().unwrap().iter();
    let mut of_version = lists.filter(|row| row["version"] == version);
    let rows = of_version.next().map(|row| row[list].as_array().unwrap());
    let rows = rows.into_iter().flatten();
    rows.map(|row| row[field].as_str().unwrap()).collect()
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names
}

fn preference<'a>(found: &'a Value, list: &str, version: &str) -> &'a Value {
    let mut lists = found[list].as_array().unwrap().iter();
    &lists.find(|row| row["version"] == version).unwrap()["preference"]
}

fn flight<'a>(found: &'a Value, version: &str) -> &'a Value {
    let mut flights = found["flights"].as_array().unwrap().iter();
    flights.find(|row| row["version"] == version).unwrap()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn files(kind: KeyKind) -> PemFiles {
    let authority = CertificateAuthority::new(kind).unwrap();
    let identity = authority.issue(&Leaf::localhost(kind)).unwrap();
    identity.write_files().unwrap()
}

/// A server of OpenSSL, unless there is no OpenSSL.
fn served(kind: KeyKind, options: impl FnOnce(OpenSsl) -> OpenSsl) -> Option<(Peer, String)> {
    if !usable(&openssl::available()).unwrap() {
        return None;
    }
    let files = files(kind);
    let server = options(openssl::server(&files).rev()).start().unwrap();
    let target = server.addr().to_string();
    Some((server, target))
}

const TLS12_SUITES: [&str; 4] = [
    "DHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "AES128-SHA",
];
const TLS13_SUITES: [&str; 2] = ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"];

#[test]
fn suites_and_groups_of_openssl_are_all_found_and_no_others() {
    let options = |server: OpenSsl| {
        let server = server.cipher(&TLS12_SUITES.join(":"));
        let server = server.ciphersuites(&TLS13_SUITES.join(":"));
        server.arg("-groups").arg("P-384:X448:P-521")
    };
    let Some((_server, target)) = served(KeyKind::Rsa2048, options) else {
        return;
    };
    let found = scan(&[&target]);
    assert_eq!(versions(&found), ["TLS 1.3", "TLS 1.2"]);
    for list in ["suites", "groups"] {
        let lists = found[list].as_array().unwrap();
        assert_eq!(lists.len(), 2);
        assert!(lists.iter().all(|row| row["complete"] == true), "{lists:?}");
    }
    let suites = |version| sorted(rows(&found, "suites", version, "openssl"));
    assert_eq!(suites("TLS 1.2"), sorted(TLS12_SUITES.to_vec()));
    assert_eq!(suites("TLS 1.3"), sorted(TLS13_SUITES.to_vec()));
    for version in ["TLS 1.2", "TLS 1.3"] {
        let groups = sorted(rows(&found, "groups", version, "name"));
        assert_eq!(groups, ["secp384r1", "secp521r1", "x448"], "{version}");
        assert_eq!(preference(&found, "suites", version), "client");
    }
    assert_eq!(found["dhe"]["prime_bits"], 2048);
}

#[test]
fn a_server_with_an_order_of_its_own_is_told_from_others() {
    let options = |server: OpenSsl| {
        let server = server.cipher(&TLS12_SUITES.join(":")).arg("-serverpref");
        let server = server.ciphersuites(&TLS13_SUITES.join(":"));
        server.arg("-groups").arg("P-384:X448:X25519")
    };
    let Some((_server, target)) = served(KeyKind::Rsa2048, options) else {
        return;
    };
    let found = scan(&[&target]);
    let suites = |version| rows(&found, "suites", version, "openssl");
    assert_eq!(suites("TLS 1.2"), TLS12_SUITES);
    assert_eq!(suites("TLS 1.3"), TLS13_SUITES);
    for version in ["TLS 1.2", "TLS 1.3"] {
        let groups = rows(&found, "groups", version, "name");
        assert_eq!(groups, ["secp384r1", "x448", "x25519"], "{version}");
        for list in ["suites", "groups"] {
            assert_eq!(preference(&found, list, version), "server", "{list}");
        }
    }
}

#[test]
fn groups_beside_that_of_the_certificate_are_found() {
    let options = |server: OpenSsl| server.tls1_2().arg("-groups").arg("X25519:P-256:P-384");
    let Some((_server, target)) = served(KeyKind::EcP256, options) else {
        return;
    };
    let found = scan(&[&target]);
    let groups = sorted(rows(&found, "groups", "TLS 1.2", "name"));
    assert_eq!(groups, ["secp256r1", "secp384r1", "x25519"]);
}

#[test]
fn openssl_enforces_the_signal_in_every_lower_version() {
    let old = |server: OpenSsl| server.cipher("ALL:@SECLEVEL=0");
    let Some((_server, target)) = served(KeyKind::Rsa2048, old) else {
        return;
    };
    let found = scan(&[&target]);
    let all = ["TLS 1.3", "TLS 1.2", "TLS 1.1", "TLS 1.0"];
    assert_eq!(versions(&found), all);
    let fallback = &found["fallback_scsv"];
    assert_eq!(fallback["verdict"], "enforced");
    let fallbacks = fallback["fallbacks"].as_array().unwrap();
    assert_eq!(fallbacks.len(), 3);
    for (row, version) in fallbacks.iter().zip(&all[1..]) {
        assert_eq!(row["version"], *version);
        assert_eq!(row["answer"], "alert inappropriate_fallback");
    }
    let old = rows(&found, "suites", "TLS 1.0", "openssl");
    assert!(old.contains(&"AES128-SHA") && !old.contains(&"AES128-GCM-SHA256"));
}

#[test]
fn with_one_version_there_is_nothing_to_fall_back_from() {
    for (option, version) in [
        ("-tls1_1", "TLS 1.1"),
        ("-tls1_2", "TLS 1.2"),
        ("-tls1_3", "TLS 1.3"),
    ] {
        let options = |server: OpenSsl| server.arg(option).cipher("ALL:@SECLEVEL=0");
        let Some((_server, target)) = served(KeyKind::Rsa2048, options) else {
            return;
        };
        let found = scan(&[&target]);
        assert_eq!(versions(&found), [version]);
        let verdict = &found["fallback_scsv"]["verdict"];
        assert_eq!(verdict, "nothing to fall back from");
        assert_eq!(found["flights"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn our_own_server_has_what_it_was_told() {
    let suites = "TLS_AES_256_GCM_SHA384,ECDHE-ECDSA-AES128-GCM-SHA256";
    let server = Server::start(&["--suites", suites, "--groups", "X25519,P-384"]);
    let found = scan(&[&server.target(), "--server-name", "localhost"]);
    assert_eq!(versions(&found), ["TLS 1.3", "TLS 1.2"]);
    assert_eq!(found["fallback_scsv"]["verdict"], "enforced");
    let tls13 = rows(&found, "suites", "TLS 1.3", "openssl");
    assert_eq!(tls13, ["TLS_AES_256_GCM_SHA384"]);
    let tls12 = rows(&found, "suites", "TLS 1.2", "openssl");
    assert_eq!(tls12, ["ECDHE-ECDSA-AES128-GCM-SHA256"]);
    for version in ["TLS 1.2", "TLS 1.3"] {
        let groups = sorted(rows(&found, "groups", version, "name"));
        assert_eq!(groups, ["secp384r1", "x25519"], "{version}");
        let flight = flight(&found, version);
        assert_eq!(flight["fits_initial_window"], true, "{flight}");
    }
}

#[test]
fn flights_are_measured_to_the_record() {
    if !usable(&openssl::available()).unwrap() {
        return;
    }
    // A chain that is longer than a record and than the initial window.
    let mut authority = CertificateAuthority::new(KeyKind::Rsa2048).unwrap();
    for _ in 0..22 {
        authority = authority.intermediate(KeyKind::Rsa2048).unwrap();
    }
    let identity = authority.issue(&Leaf::localhost(KeyKind::Rsa2048)).unwrap();
    // The file has the leaf, and `s_server` sends it in front of the file.
    let ders = identity.chain_der();
    let sent = ders[..1].iter().chain(&ders);
    let chain: Vec<usize> = sent.map(Vec::len).collect();
    let total: usize = chain.iter().sum();
    assert!(total > 16_384, "{total}");
    let files = identity.write_files().unwrap();
    for fragment in [1024, 16_384] {
        let server = openssl::server(&files).rev();
        let server = server.arg("-max_send_frag").arg(fragment.to_string());
        let server = server.start().unwrap();
        let found = scan(&[&server.addr().to_string()]);
        // TLS 1.3 adds the inner content type and the tag.
        for (version, expansion) in [("TLS 1.2", 0), ("TLS 1.3", 17)] {
            let flight = flight(&found, version);
            assert_eq!(flight["certificates"], Value::from(chain.clone()));
            let (bytes, records) = (number(&flight["bytes"]), number(&flight["records"]));
            assert_eq!(number(&flight["largest_record"]), fragment + expansion);
            // What is beside the chain: the other messages, lengths and record headers.
            let beside = bytes - total - records * (5 + expansion);
            assert!(beside < 1500, "{version}: {flight}");
            assert!(records >= total / fragment && records < total / fragment + 10);
            assert_eq!(flight["fits_initial_window"], false);
        }
    }
}

#[test]
fn the_name_asked_for_can_be_chosen() {
    if !usable(&openssl::available()).unwrap() {
        return;
    }
    let files = files(KeyKind::EcP256);
    let named = openssl::server(&files).rev().arg("-servername");
    let named = named.arg("b.example").arg("-servername_fatal");
    let named = named.arg("-cert2").arg(files.cert()).arg("-key2");
    let server = named.arg(files.key()).start().unwrap();
    let target = server.addr().to_string();
    let (code, process) = finish(&["scan", &target, "--server-name", "a.example"]);
    let lines = complaints(&process);
    assert_eq!((code, lines.len()), (1, 1), "{}", process.stderr_text());
    assert!(
        lines[0].contains("give another with --server-name"),
        "{lines:?}"
    );
    let found = scan(&[&target, "--servername", "b.example"]);
    assert_eq!(versions(&found), ["TLS 1.3", "TLS 1.2"]);
    assert_eq!(found["server_name"], "b.example");
}

#[test]
fn people_read_the_same() {
    let server = Server::start(&["--max", "1.2"]);
    let (code, process) = finish(&["scan", &server.target()]);
    assert_eq!(code, 0, "{}", process.stderr_text());
    let text = process.stdout_text();
    for part in [
        "asked for no name",
        "TLS 1.3  refused: ",
        "TLS 1.2  accepted\n",
        "TLS_FALLBACK_SCSV  one version only, so there is nothing to fall back from\n",
        "  0xc02b TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256        ECDHE-ECDSA-AES128-GCM-SHA256\n",
        "secp256r1",
        "fits the usual initial window of 14600 bytes",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}
