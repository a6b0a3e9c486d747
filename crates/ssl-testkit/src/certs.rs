//! Certificates for tests: authorities, chains, and certificates that must be refused.
//!
//! Owns keys and certificates made in memory, and their PEM files. It must not know who checks
//! them.
//!
//! The RSA keys are fixed, public and for tests only (folder `keys`): ring cannot generate RSA
//! keys, and generating them would take longer than the tests.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use pki_types::CertificateDer;
use pki_types::pem::PemObject as _;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tempfile::TempDir;

/// Algorithm and size of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// ECDSA on P-256, fresh.
    EcP256,
    /// ECDSA on P-384, fresh.
    EcP384,
    /// Ed25519, fresh.
    Ed25519,
    /// RSA with 2048 bits, fixed: one key for roots, one for intermediates, one for leaves.
    Rsa2048,
}

impl KeyKind {
    /// Every kind, for tables of cases.
    pub const ALL: [Self; 4] = [Self::EcP256, Self::EcP384, Self::Ed25519, Self::Rsa2048];

    fn key(self, rsa: &str) -> io::Result<KeyPair> {
        let key = match self {
            Self::EcP256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
            Self::EcP384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            Self::Ed25519 => {
                KeyPair::generate_for(&rcgen::PKCS_ED25519).and_then(without_public_key)
            }
            Self::Rsa2048 => KeyPair::from_pem(rsa),
        };
        key.map_err(io::Error::other)
    }
}

/// The same Ed25519 key in PKCS #8 version 1 (RFC 8410, section 7): OpenSSL 3.0 does not read
/// version 2, which repeats the public key. The private key follows the same 16 bytes in both, up
/// to lengths and the version.
fn without_public_key(key: KeyPair) -> Result<KeyPair, rcgen::Error> {
    let Some(private) = key.serialized_der().get(16..48) else {
        return Ok(key);
    };
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend(private);
    KeyPair::try_from(der)
}

/// An authority that issues certificates: a root, or an intermediate below one.
///
/// ```
/// use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf};
///
/// let root = CertificateAuthority::new(KeyKind::EcP256).unwrap();
/// let server = root.issue(&Leaf::localhost(KeyKind::Rsa2048)).unwrap();
/// assert_eq!(server.chain_der().len(), 1);
/// let below = root.intermediate(KeyKind::Ed25519).unwrap();
/// let client = below.issue(&Leaf::client("alice", KeyKind::EcP256)).unwrap();
/// assert_eq!(client.chain_der().len(), 2);
/// assert_eq!(client.root_der(), root.cert_der());
/// ```
#[derive(Debug)]
pub struct CertificateAuthority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, then those above it; the root's is the last.
    path: Vec<Certificate>,
    next_serial: AtomicU64,
}

impl CertificateAuthority {
    /// A root.
    ///
    /// # Errors
    /// If no key can be generated; not expected.
    pub fn new(kind: KeyKind) -> io::Result<Self> {
        Self::named("ssl-testkit root", kind)
    }

    /// A root with this common name.
    ///
    /// # Errors
    /// If no key can be generated; not expected.
    pub fn named(common_name: &str, kind: KeyKind) -> io::Result<Self> {
        let key = kind.key(ROOT_RSA_KEY)?;
        let params = authority_params(common_name, 1);
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(Self::over(
            params,
            key,
            vec![Certificate::from(&certificate)],
        ))
    }

    /// An intermediate whose certificate this authority signed.
    ///
    /// # Errors
    /// If no key can be generated; not expected.
    pub fn intermediate(&self, kind: KeyKind) -> io::Result<Self> {
        let key = kind.key(INTERMEDIATE_RSA_KEY)?;
        let params = authority_params("ssl-testkit intermediate", self.serial());
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(io::Error::other)?;
        let mut path = vec![Certificate::from(&certificate)];
        path.extend(self.path.iter().cloned());
        Ok(Self::over(params, key, path))
    }

    /// A certificate and its key, with the chain up to but without the root.
    ///
    /// # Errors
    /// [`io::ErrorKind::Other`] if a name of the leaf is neither an IP address nor ASCII.
    pub fn issue(&self, leaf: &Leaf) -> io::Result<Identity> {
        let key = leaf.kind.key(LEAF_RSA_KEY)?;
        let params = leaf.params(self.serial())?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(io::Error::other)?;
        let mut chain = vec![Certificate::from(&certificate)];
        chain.extend(self.path.iter().cloned());
        let root = chain
            .pop()
            .unwrap_or_else(|| Certificate::from(&certificate));
        Ok(Identity { chain, key, root })
    }

    /// The authority's own certificate in DER.
    pub fn cert_der(&self) -> &[u8] {
        &self.path[0].der
    }

    /// The authority's own certificate in PEM.
    pub fn cert_pem(&self) -> &str {
        &self.path[0].pem
    }

    fn over(params: CertificateParams, key: KeyPair, path: Vec<Certificate>) -> Self {
        Self {
            issuer: Issuer::new(params, key),
            path,
            next_serial: AtomicU64::new(2),
        }
    }

    fn serial(&self) -> u64 {
        self.next_serial.fetch_add(1, Ordering::Relaxed)
    }
}

/// A certificate signed by its own key, for which no authority vouches.
///
/// # Errors
/// As for [`CertificateAuthority::issue`].
pub fn self_signed(leaf: &Leaf) -> io::Result<Identity> {
    let key = leaf.kind.key(LEAF_RSA_KEY)?;
    let certificate = leaf
        .params(1)?
        .self_signed(&key)
        .map_err(io::Error::other)?;
    let certificate = Certificate::from(&certificate);
    Ok(Identity {
        chain: vec![certificate.clone()],
        key,
        root: certificate,
    })
}

/// What to put into the certificate of a server or client.
#[derive(Clone, Debug)]
pub struct Leaf {
    names: Vec<String>,
    kind: KeyKind,
    usage: ExtendedKeyUsagePurpose,
    /// First and last year; from 1 January to 1 January.
    years: (i32, i32),
}

impl Leaf {
    /// A server of this name: a DNS name or an IP address. For a wrong name, pass another one.
    pub fn server(name: &str, kind: KeyKind) -> Self {
        Self::with_usage(name, kind, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A server that is `localhost`, `127.0.0.1` and `::1`.
    pub fn localhost(kind: KeyKind) -> Self {
        Self::server("localhost", kind)
            .also("127.0.0.1")
            .also("::1")
    }

    /// A client of this name.
    pub fn client(name: &str, kind: KeyKind) -> Self {
        Self::with_usage(name, kind, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// One more name.
    #[must_use]
    pub fn also(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self
    }

    /// Valid from 2000 to 2001 only.
    #[must_use]
    pub fn expired(self) -> Self {
        Self {
            years: (2000, 2001),
            ..self
        }
    }

    /// Valid from 2120 to 2121 only.
    #[must_use]
    pub fn not_yet_valid(self) -> Self {
        Self {
            years: (2120, 2121),
            ..self
        }
    }

    fn with_usage(name: &str, kind: KeyKind, usage: ExtendedKeyUsagePurpose) -> Self {
        Self {
            names: vec![name.to_owned()],
            kind,
            usage,
            years: VALID_YEARS,
        }
    }

    fn params(&self, serial: u64) -> io::Result<CertificateParams> {
        let mut params = CertificateParams::new(self.names.clone()).map_err(io::Error::other)?;
        params.distinguished_name = named(&self.names[0]);
        params.not_before = date_time_ymd(self.years.0, 1, 1);
        params.not_after = date_time_ymd(self.years.1, 1, 1);
        params.serial_number = Some(serial.into());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![self.usage.clone()];
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }
}

/// A certificate chain with the key of its first certificate.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<Certificate>,
    key: KeyPair,
    root: Certificate,
}

impl Identity {
    /// An identity from what [`Self::chain_pem`], [`Self::key_pem`] and [`Self::root_pem`] gave, in another process.
    ///
    /// # Errors
    /// If one of them is something else.
    pub fn from_pem(chain: &str, key: &str, root: &str) -> io::Result<Self> {
        let certificates = |text: &str| -> io::Result<Vec<Certificate>> {
            let ders = CertificateDer::pem_slice_iter(text.as_bytes());
            let ends = text.split_inclusive(CERTIFICATE_END);
            ders.zip(ends)
                .map(|(der, pem)| {
                    Ok(Certificate {
                        der: der.map_err(io::Error::other)?.to_vec(),
                        pem: pem.to_owned() + "\n",
                    })
                })
                .collect()
        };
        let root = certificates(root)?.pop();
        Ok(Self {
            chain: certificates(chain)?,
            key: KeyPair::from_pem(key).map_err(io::Error::other)?,
            root: root.ok_or_else(|| io::Error::other("no root"))?,
        })
    }

    /// The chain in DER: the leaf first, without the root.
    pub fn chain_der(&self) -> Vec<Vec<u8>> {
        self.chain
            .iter()
            .map(|certificate| certificate.der.clone())
            .collect()
    }

    /// The chain in PEM: the leaf first, without the root.
    pub fn chain_pem(&self) -> String {
        self.chain
            .iter()
            .map(|certificate| certificate.pem.as_str())
            .collect()
    }

    /// The private key in PKCS #8 DER.
    pub fn key_der(&self) -> Vec<u8> {
        self.key.serialize_der()
    }

    /// The private key in PKCS #8 PEM.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The root to trust in DER; the certificate itself if it is self-signed.
    pub fn root_der(&self) -> &[u8] {
        &self.root.der
    }

    /// The root to trust in PEM; the certificate itself if it is self-signed.
    pub fn root_pem(&self) -> &str {
        &self.root.pem
    }

    /// Writes chain, key and root as PEM files into a fresh directory.
    ///
    /// # Errors
    /// If the directory or a file cannot be written.
    pub fn write_files(&self) -> io::Result<PemFiles> {
        let dir = tempfile::Builder::new().prefix("ssl-testkit-").tempdir()?;
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).map(|()| path)
        };
        let cert = file("chain.pem", &self.chain_pem())?;
        let key = file("key.pem", &self.key_pem())?;
        let root = file("root.pem", self.root_pem())?;
        Ok(PemFiles {
            cert,
            key,
            root,
            dir,
        })
    }
}

/// The files of an [`Identity`], for external programs. Dropping it removes them.
///
/// ```
/// use ssl_testkit::certs::{KeyKind, Leaf, self_signed};
/// let files = self_signed(&Leaf::localhost(KeyKind::EcP256)).unwrap().write_files().unwrap();
/// let key = std::fs::read_to_string(files.key()).unwrap();
/// assert!(key.starts_with("-----BEGIN PRIVATE KEY-----"));
/// ```
#[derive(Debug)]
pub struct PemFiles {
    cert: PathBuf,
    key: PathBuf,
    root: PathBuf,
    dir: TempDir,
}

impl PemFiles {
    /// The chain: leaf first, without the root.
    pub fn cert(&self) -> &Path {
        &self.cert
    }

    /// The key of the leaf.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// The root to trust.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory, which a test may use for further files.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// The last line of a certificate in PEM.
const CERTIFICATE_END: &str = "-----END CERTIFICATE-----";

#[derive(Clone, Debug)]
struct Certificate {
    der: Vec<u8>,
    pem: String,
}

impl From<&rcgen::Certificate> for Certificate {
    fn from(certificate: &rcgen::Certificate) -> Self {
        Self {
            der: certificate.der().to_vec(),
            pem: certificate.pem(),
        }
    }
}

fn authority_params(common_name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(common_name);
    params.not_before = date_time_ymd(VALID_YEARS.0, 1, 1);
    params.not_after = date_time_ymd(VALID_YEARS.1, 1, 1);
    params.serial_number = Some(serial.into());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// From when to when good certificates are valid; long before any `not_yet_valid` one.
const VALID_YEARS: (i32, i32) = (2020, 2110);

const ROOT_RSA_KEY: &str = include_str!("../keys/test-only-rsa2048-root.pem");
const INTERMEDIATE_RSA_KEY: &str = include_str!("../keys/test-only-rsa2048-intermediate.pem");
const LEAF_RSA_KEY: &str = include_str!("../keys/test-only-rsa2048-leaf.pem");

#[cfg(test)]
mod tests;
