//! The chain that is sent behind a certificate (statements N1 to N4).
//!
//! Owns NO_AUTO_CHAIN: what was configured is sent as it is; without that, and without the mode, the
//! chain is built from the chain store or else from the trust store, root included. Whatever is sent has
//! to be strong enough.

use ssl_mode::SslMode;

use crate::crypto::{X509, X509Stack, chain, queue};
use crate::negotiate::security::Weakness;
use crate::settings::certificates::{Certificates, Place};
use crate::ssl::Ssl;

impl Ssl {
    /// DER certificates, those of the place first.
    pub(super) fn chain_for(
        &self,
        certificates: &Certificates,
        place: &Place,
    ) -> Result<Vec<Vec<u8>>, Weakness> {
        let chain = match place.certificate() {
            Some(leaf) => self.certificates_for(certificates, place, leaf),
            None => Vec::new(),
        };
        let judge = self.strength();
        for (at, certificate) in chain.iter().enumerate() {
            judge.certificate(certificate, at == 0)?;
        }
        Ok(chain.iter().filter_map(X509::to_der).collect())
    }

    fn certificates_for(
        &self,
        certificates: &Certificates,
        place: &Place,
        leaf: &X509,
    ) -> Vec<X509> {
        let ctx = self.ctx();
        let extra = ctx.extra_chain();
        // An empty list is one that was configured.
        let configured = place.chain.list().or_else(|| extra.list());
        if configured.is_some() || self.mode().contains(SslMode::NO_AUTO_CHAIN) {
            let rest = configured.into_iter().flat_map(|list| list.iter());
            return std::iter::once(leaf.clone()).chain(rest).collect();
        }
        let store = certificates.chain_store.clone();
        let store = store.unwrap_or_else(|| ctx.store());
        let built = chain::build(leaf, None, &store, 0);
        // That it may not end in something trusted does not matter.
        queue::clear();
        built.map_or_else(
            || vec![leaf.clone()],
            |built| X509Stack::iter(&built.chain).collect(),
        )
    }
}
