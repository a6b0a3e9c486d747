//! Owns the tests of [`certs`](super): what `openssl verify` says about the certificates.
//! It must not know other users of the module.

use super::*;
use crate::openssl;

/// The output of `openssl verify`, or `None` where there is no OpenSSL.
fn verify(identity: &Identity, name: &str) -> Option<String> {
    if !crate::process::usable(&openssl::available()).unwrap() {
        return None;
    }
    let files = identity.write_files().unwrap();
    let output = openssl::command()
        .args([
            "verify",
            "-purpose",
            "any",
            "-verify_hostname",
            name,
            "-CAfile",
        ])
        .args([
            files.root(),
            Path::new("-untrusted"),
            files.cert(),
            files.cert(),
        ])
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    Some(String::from_utf8_lossy(&text).into_owned())
}

fn assert_verdict(identity: &Identity, name: &str, expected: &str) {
    if let Some(verdict) = verify(identity, name) {
        assert!(verdict.contains(expected), "{verdict}");
    }
}

#[test]
fn chains_of_every_key_kind_verify() {
    for kind in KeyKind::ALL {
        let root = CertificateAuthority::new(kind).unwrap();
        let leaf = Leaf::localhost(kind);
        let direct = root.issue(&leaf).unwrap();
        assert_eq!(direct.chain_der().len(), 1);
        assert_verdict(&direct, "localhost", "chain.pem: OK");
        let below = root.intermediate(kind).unwrap();
        let deep = below.issue(&leaf).unwrap();
        assert_eq!(deep.chain_der()[1], below.cert_der());
        assert_eq!(deep.root_pem(), root.cert_pem());
        assert_verdict(&deep, "localhost", "chain.pem: OK");
    }
}

#[test]
fn bad_certificates_are_refused_for_their_reason() {
    let root = CertificateAuthority::named("other root", KeyKind::EcP256).unwrap();
    let good = Leaf::localhost(KeyKind::EcP256);
    let expired = root.issue(&good.clone().expired()).unwrap();
    assert_verdict(&expired, "localhost", "certificate has expired");
    let early = root.issue(&good.clone().not_yet_valid()).unwrap();
    assert_verdict(&early, "localhost", "certificate is not yet valid");
    let other = root
        .issue(&Leaf::server("other.test", KeyKind::EcP256))
        .unwrap();
    assert_verdict(&other, "localhost", "hostname mismatch");
    let mut alone = self_signed(&good).unwrap();
    assert_verdict(&alone, "localhost", "chain.pem: OK");
    alone.root = root.path[0].clone();
    assert_verdict(&alone, "localhost", "self-signed certificate");
}

#[test]
fn every_key_is_read_by_openssl_and_fits_its_certificate() {
    if !crate::process::usable(&openssl::available()).unwrap() {
        return;
    }
    for kind in KeyKind::ALL {
        let files = self_signed(&Leaf::localhost(kind))
            .unwrap()
            .write_files()
            .unwrap();
        let public = |args: &[&str], file: &Path| {
            let output = openssl::command()
                .args(args)
                .arg("-in")
                .arg(file)
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let of_key = public(&["pkey", "-pubout"], files.key());
        assert!(
            of_key.starts_with("-----BEGIN PUBLIC KEY-----"),
            "{kind:?}: {of_key}"
        );
        assert_eq!(of_key, public(&["x509", "-pubkey", "-noout"], files.cert()));
    }
}

#[test]
fn a_name_that_is_no_name_is_an_error() {
    let root = CertificateAuthority::new(KeyKind::EcP256).unwrap();
    assert!(
        root.issue(&Leaf::server("\u{e4}", KeyKind::EcP256))
            .is_err()
    );
}

#[test]
fn serial_numbers_differ_although_rsa_keys_are_fixed() {
    let root = CertificateAuthority::new(KeyKind::Rsa2048).unwrap();
    let leaf = Leaf::localhost(KeyKind::Rsa2048);
    let (one, two) = (root.issue(&leaf).unwrap(), root.issue(&leaf).unwrap());
    assert_eq!(one.key_der(), two.key_der());
    assert_ne!(one.chain_der(), two.chain_der());
}

#[test]
fn files_hold_the_pem_texts_and_vanish() {
    let root = CertificateAuthority::new(KeyKind::EcP256).unwrap();
    let identity = root.issue(&Leaf::client("alice", KeyKind::EcP256)).unwrap();
    let files = identity.write_files().unwrap();
    assert_eq!(
        fs::read_to_string(files.cert()).unwrap(),
        identity.chain_pem()
    );
    assert_eq!(fs::read_to_string(files.key()).unwrap(), identity.key_pem());
    assert_eq!(fs::read_to_string(files.root()).unwrap(), root.cert_pem());
    let dir = files.dir().to_owned();
    drop(files);
    assert!(!dir.exists());
}
