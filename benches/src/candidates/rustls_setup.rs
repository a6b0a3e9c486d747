//! Configurations that both rustls candidates share: one suite, ring, the common certificate.

use std::sync::Arc;

use anyhow::{Result, ensure};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::{Credentials, Suite};

/// Client and server configuration for a suite.
pub(super) fn configs(
    suite: Suite,
    credentials: &Credentials,
) -> Result<(Arc<ClientConfig>, Arc<ServerConfig>)> {
    let mut provider = rustls::crypto::ring::default_provider();
    provider
        .cipher_suites
        .retain(|known| u16::from(known.suite()) == suite.number);
    ensure!(!provider.cipher_suites.is_empty(), "unknown suite");
    let provider = Arc::new(provider);
    let version = if suite.tls13 { &TLS13 } else { &TLS12 };
    let identity = credentials.identity();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(identity.root_der().to_vec()))?;
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[version])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let chain = identity.chain_der().into_iter().map(CertificateDer::from);
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key_der().to_vec()));
    let server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])?
        .with_no_client_auth()
        .with_single_cert(chain.collect(), key)?;
    Ok((Arc::new(client), Arc::new(server)))
}

/// The name in the certificate.
pub(super) fn server_name() -> Result<ServerName<'static>> {
    Ok(ServerName::try_from(Credentials::HOST)?)
}
