//! The chain that is sent behind a certificate (statements N1 to N4).
//!
//! Owns NO_AUTO_CHAIN: what was configured is sent as it is; without that, and without the mode, the
//! chain is built from the chain store or else from the trust store, root included.

use crate::crypto::verify::build_chain;
use crate::crypto::{X509, X509Stack};
use crate::ssl::Ssl;
use ssl_mode::SslMode;

impl Ssl {
    /// DER certificates, `leaf` first.
    pub(super) fn chain_for(&self, leaf: &X509, own: Option<&X509Stack>) -> Vec<Vec<u8>> {
        let ctx = self.ctx();
        let extra = ctx.extra_chain();
        let configured = own.or(extra.as_deref());
        let automatic = configured.is_none() && !self.mode().contains(SslMode::NO_AUTO_CHAIN);
        let certificates = if automatic {
            let store = self.settings().certificates.chain_store.clone();
            let store = store.unwrap_or_else(|| ctx.store());
            build_chain(leaf, None, &store).unwrap_or_else(|| vec![leaf.clone()])
        } else {
            let rest = configured.into_iter().flat_map(X509Stack::iter);
            std::iter::once(leaf.clone()).chain(rest).collect()
        };
        certificates.iter().filter_map(X509::to_der).collect()
    }
}
