//! Certificates and keys of a run, as PEM files. Must not know who reads them.
//!
//! | file | what it is |
//! |---|---|
//! | `root.pem` | the authority everybody trusts; `ca/` is a hashed folder with it alone |
//! | `NAME.pem`, `NAME.key` | the certificate with the intermediate below it, and its key |
//! | `NAME-leaf.pem` | the certificate alone |
//! | `NAME-both.pem` | chain and key in one file |
//! | `stranger.pem` | an authority nobody trusts |
//! | `intermediate.pem`, `intermediate.key` | what signed all but the stranger's |
//! | `chain.pem` | intermediate and root, for servers that verify clients |
//! | `crl.pem` | the intermediate's list of revoked certificates: `revoked`; `crls.pem`: and the root's, empty |
//! | `rsa-locked.key` | the RSA key, encrypted with the pass phrase `secret` |
//! | `rsa.ocsp` | an OCSP response, in DER, that says good of `rsa` |
//! | `client.p12` | the client's certificate, chain and key; pass phrase `secret` |
//! | `dh.pem` | parameters of RFC 7919, 2048 bits |

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber, date_time_ymd,
};

/// One certificate to be issued.
struct Leaf {
    name: &'static str,
    hosts: &'static [&'static str],
    key: Key,
    purpose: Purpose,
    by: By,
}

enum Key {
    Rsa,
    P256,
    P384,
    Ed25519,
}

#[derive(PartialEq, Eq)]
enum Purpose {
    Server,
    ExpiredServer,
    Client,
}

#[derive(PartialEq, Eq)]
enum By {
    Us,
    Stranger,
}

/// Everything but the authorities. A client's first host is its common name.
const LEAVES: &[Leaf] = &[
    leaf("rsa", LOCAL, Key::Rsa, Purpose::Server, By::Us),
    leaf("ecdsa", LOCAL, Key::P256, Purpose::Server, By::Us),
    leaf("p384", LOCAL, Key::P384, Purpose::Server, By::Us),
    leaf("ed25519", LOCAL, Key::Ed25519, Purpose::Server, By::Us),
    leaf("alpha", &["alpha.test"], Key::P256, Purpose::Server, By::Us),
    leaf("beta", &["beta.test"], Key::P256, Purpose::Server, By::Us),
    leaf(
        "wrong-host",
        &["elsewhere.test"],
        Key::P256,
        Purpose::Server,
        By::Us,
    ),
    leaf("expired", LOCAL, Key::P256, Purpose::ExpiredServer, By::Us),
    leaf(
        "strange-server",
        LOCAL,
        Key::P256,
        Purpose::Server,
        By::Stranger,
    ),
    leaf("client", &["client"], Key::P256, Purpose::Client, By::Us),
    leaf(
        "client-rsa",
        &["client-rsa"],
        Key::Rsa,
        Purpose::Client,
        By::Us,
    ),
    leaf("revoked", &["revoked"], Key::P256, Purpose::Client, By::Us),
    // The same name as the client's: only the signature tells them apart.
    leaf(
        "strange-client",
        &["client"],
        Key::P256,
        Purpose::Client,
        By::Stranger,
    ),
];

const LOCAL: &[&str] = &["localhost", "127.0.0.1", "::1"];

/// Writes everything into `folder`, which is empty.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let root = CertifiedIssuer::self_signed(authority("Scenario Root"), KeyPair::generate()?)?;
    let below = KeyPair::generate()?;
    let middle = CertifiedIssuer::signed_by(authority("Scenario Intermediate"), below, &root)?;
    let stranger = CertifiedIssuer::self_signed(authority("Stranger"), KeyPair::generate()?)?;
    let put = |name: &str, text: &str| {
        fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))
    };
    put("root.pem", &root.pem())?;
    put("root.key", &root.key().serialize_pem())?;
    put("stranger.pem", &stranger.pem())?;
    put("intermediate.pem", &middle.pem())?;
    put("intermediate.key", &middle.key().serialize_pem())?;
    put("chain.pem", &(middle.pem() + &root.pem()))?;
    for (leaf, serial) in LEAVES.iter().zip(FIRST_SERIAL..) {
        let key = leaf.key(folder)?;
        let params = leaf.params(serial)?;
        let (certificate, above) = match leaf.by {
            By::Us => (params.signed_by(&key, &middle)?, middle.pem()),
            By::Stranger => (params.signed_by(&key, &stranger)?, String::new()),
        };
        let (name, key) = (leaf.name, key.serialize_pem());
        let chain = certificate.pem() + &above;
        put(&format!("{name}-leaf.pem"), &certificate.pem())?;
        put(&format!("{name}.pem"), &chain)?;
        put(&format!("{name}.key"), &key)?;
        put(&format!("{name}-both.pem"), &(chain + &key))?;
    }
    let list = revocations(&middle, &[serial_of("revoked")?])?;
    put("crl.pem", &list)?;
    put("crls.pem", &(list + &revocations(&root, &[])?))?;
    fs::create_dir(folder.join("ca"))?;
    put("ca/root.pem", &root.pem())?;
    with_openssl(folder)
}

/// What only the `openssl` program makes.
fn with_openssl(folder: &Path) -> Result<()> {
    let index = format!(
        "V\t401231235959Z\t\t{:02X}\tunknown\t/CN=rsa\n",
        serial_of("rsa")?
    );
    fs::write(folder.join("index.txt"), index)?;
    for line in [
        "rehash ca",
        "pkcs8 -topk8 -v2 aes-256-cbc -in rsa.key -out rsa-locked.key -passout pass:secret",
        "pkcs12 -export -in client-leaf.pem -certfile intermediate.pem -inkey client.key \
         -out client.p12 -passout pass:secret",
        "ocsp -issuer intermediate.pem -cert rsa-leaf.pem -no_nonce -reqout rsa.ocsp-request",
        "ocsp -index index.txt -rsigner intermediate.pem -rkey intermediate.key \
         -CA intermediate.pem -reqin rsa.ocsp-request -respout rsa.ocsp -ndays 7",
        "genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out dh.pem",
    ] {
        openssl(folder, line)?;
    }
    Ok(())
}

const fn leaf(
    name: &'static str,
    hosts: &'static [&'static str],
    key: Key,
    purpose: Purpose,
    by: By,
) -> Leaf {
    Leaf {
        name,
        hosts,
        key,
        purpose,
        by,
    }
}

impl Leaf {
    fn key(&self, folder: &Path) -> Result<KeyPair> {
        Ok(match self.key {
            Key::P256 => KeyPair::generate()?,
            Key::P384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?,
            // rcgen makes neither RSA keys, nor Ed25519 keys in a form that OpenSSL 3.0 reads.
            Key::Rsa => KeyPair::from_pem(&openssl(folder, "genrsa 2048")?)?,
            Key::Ed25519 => KeyPair::from_pem(&openssl(folder, "genpkey -algorithm ed25519")?)?,
        })
    }

    fn params(&self, serial: u64) -> Result<CertificateParams> {
        let hosts = match self.purpose {
            Purpose::Client => Vec::new(),
            _ => self.hosts.iter().map(|&host| host.to_owned()).collect(),
        };
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name.push(
            DnType::CommonName,
            *self.hosts.first().unwrap_or(&self.name),
        );
        params.serial_number = Some(SerialNumber::from(serial));
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        params.extended_key_usages = vec![match self.purpose {
            Purpose::Client => ExtendedKeyUsagePurpose::ClientAuth,
            _ => ExtendedKeyUsagePurpose::ServerAuth,
        }];
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = match self.purpose {
            Purpose::ExpiredServer => date_time_ymd(2021, 1, 1),
            _ => date_time_ymd(2040, 1, 1),
        };
        Ok(params)
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

fn revocations(issuer: &Issuer<'_, KeyPair>, serials: &[u64]) -> Result<String> {
    let revoked = |&serial: &u64| RevokedCertParams {
        serial_number: SerialNumber::from(serial),
        revocation_time: date_time_ymd(2021, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2021, 1, 1),
        next_update: date_time_ymd(2040, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: serials.iter().map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Ok(params.signed_by(issuer)?.pem()?)
}

fn serial_of(name: &str) -> Result<u64> {
    let found = LEAVES
        .iter()
        .zip(FIRST_SERIAL..)
        .find(|(leaf, _)| leaf.name == name);
    Ok(found.context("no such certificate")?.1)
}

fn openssl(folder: &Path, line: &str) -> Result<String> {
    let output = Command::new("openssl")
        .args(line.split_whitespace())
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .context("cannot run openssl")?;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(
        output.status.success(),
        "openssl {line} failed: {complaint}"
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

const FIRST_SERIAL: u64 = 0x10;
