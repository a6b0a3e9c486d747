//! Certificates: what a person wants to see of them, and one made on the spot.
//!
//! Owns fingerprints, names and generation. Does not judge certificates; the handshake does.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use ssl_record::LocalKey;
use ssl_record::config::Identity;

/// A server certificate made on the spot, with the authority that issued it.
pub(crate) struct Generated {
    /// Chain and key of the server.
    pub(crate) identity: Identity,
    /// The two apart: the chain in PEM, and the key.
    pub(crate) chain_pem: String,
    pub(crate) key: LocalKey,
    /// What clients have to trust, in PEM.
    pub(crate) ca_pem: String,
}

/// Makes an authority whose key is forgotten at once, and a certificate for these names.
///
/// # Errors
/// A name is neither a host name nor an address, or the system has no randomness.
pub(crate) fn generate(names: &[String]) -> Result<Generated, String> {
    let (issuer, ca_pem) = authority().map_err(|error| error.to_string())?;
    let (chain_pem, key_pem) = leaf(names, &issuer).map_err(|error| error.to_string())?;
    let identity = Identity::from_pem(chain_pem.as_bytes(), key_pem.as_bytes());
    let key = LocalKey::from_pem(key_pem.as_bytes());
    Ok(Generated {
        identity: identity.map_err(|error| error.to_string())?,
        chain_pem,
        key: key.map_err(|error| error.to_string())?,
        ca_pem,
    })
}

/// An issuer and its certificate in PEM.
fn authority() -> Result<(Issuer<'static, KeyPair>, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
        .distinguished_name
        .push(DnType::CommonName, "ssl-cli generated authority");
    let pem = params.self_signed(&key)?.pem();
    Ok((Issuer::new(params, key), pem))
}

/// A certificate and its key, in PEM.
fn leaf(
    names: &[String],
    issuer: &Issuer<'static, KeyPair>,
) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    if let Some(name) = names.first() {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    let chain = params.signed_by(&key, issuer)?.pem();
    Ok((chain, key.serialize_pem()))
}

/// The SHA-256 of bytes, in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The SHA-256 of a certificate as other tools print it: `AB:CD:...`.
pub(crate) fn fingerprint(der: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, der);
    let bytes: Vec<String> = digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    bytes.join(":")
}

/// The host names a certificate is for; empty if it has none or cannot be parsed.
pub(crate) fn host_names(der: &[u8]) -> Vec<String> {
    let der = pki_types::CertificateDer::from(der);
    match webpki::EndEntityCert::try_from(&der) {
        Ok(certificate) => certificate.valid_dns_names().map(str::to_owned).collect(),
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_certificate_has_its_names() {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = generate(&names).unwrap();
        let leaf = made.identity.chain().next().unwrap();
        assert_eq!(host_names(leaf), ["localhost"]);
        assert_eq!(fingerprint(leaf).len(), 32 * 3 - 1);
        assert!(made.ca_pem.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(generate(&["not a name\u{e9}".to_owned()]).is_err());
        assert!(host_names(b"no certificate").is_empty());
    }

    #[test]
    fn sha256_of_a_known_message() {
        assert!(sha256(b"abc").starts_with("ba7816bf8f01cfea"));
    }
}
