//! Configurations that both rustls candidates share: one suite, one group, the common certificate.

use std::sync::Arc;

use anyhow::{Result, ensure};
use rustls::client::Resumption;
use rustls::crypto::SupportedKxGroup;
#[cfg(feature = "aws-lc-rs")]
use rustls::crypto::aws_lc_rs as provider;
#[cfg(not(feature = "aws-lc-rs"))]
use rustls::crypto::ring as provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::NoServerSessionStorage;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::{Credentials, Terms};

/// Whether the cryptography has the post-quantum hybrid.
pub(super) const HAS_HYBRID: bool = cfg!(feature = "aws-lc-rs");

/// Client and server configuration for some terms.
pub(super) fn configs(
    terms: &Terms,
    credentials: &Credentials,
) -> Result<(Arc<ClientConfig>, Arc<ServerConfig>)> {
    let mut chosen = provider::default_provider();
    chosen
        .cipher_suites
        .retain(|known| u16::from(known.suite()) == terms.number());
    ensure!(!chosen.cipher_suites.is_empty(), "unknown suite");
    chosen.kx_groups = vec![group(terms.hybrid)];
    let chosen = Arc::new(chosen);
    let version = if terms.suite.tls13 { &TLS13 } else { &TLS12 };
    let identity = credentials.identity(terms.key);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(identity.root_der().to_vec()))?;
    let mut client = ClientConfig::builder_with_provider(Arc::clone(&chosen))
        .with_protocol_versions(&[version])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let chain = identity.chain_der().into_iter().map(CertificateDer::from);
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key_der().to_vec()));
    let mut server = ServerConfig::builder_with_provider(chosen)
        .with_protocol_versions(&[version])?
        .with_no_client_auth()
        .with_single_cert(chain.collect(), key)?;
    server.session_storage = Arc::new(NoServerSessionStorage {});
    if terms.resume {
        server.ticketer = provider::Ticketer::new()?;
        server.send_tls13_tickets = 1;
    } else {
        client.resumption = Resumption::disabled();
        server.send_tls13_tickets = 0;
    }
    Ok((Arc::new(client), Arc::new(server)))
}

#[cfg(feature = "aws-lc-rs")]
fn group(hybrid: bool) -> &'static dyn SupportedKxGroup {
    match hybrid {
        true => provider::kx_group::X25519MLKEM768,
        false => provider::kx_group::X25519,
    }
}

#[cfg(not(feature = "aws-lc-rs"))]
fn group(_hybrid: bool) -> &'static dyn SupportedKxGroup {
    provider::kx_group::X25519
}

/// The name in the certificate.
pub(super) fn server_name() -> Result<ServerName<'static>> {
    Ok(ServerName::try_from(Credentials::HOST)?)
}
