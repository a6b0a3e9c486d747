//! Lists of authorities' names: those that a server shows with its request (SSL_CTX_set_client_CA_list(3))
//! and those that either side shows (SSL_CTX_set0_CA_list(3)).
//!
//! Owns their changes. C programs hold pointers to the lists, so that an addition happens in place.

use std::sync::Arc;

use super::Verification;
use super::holder::Holder;
use crate::crypto::{NameStack, X509};

/// Which of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// For requests alone.
    Client,
    /// For both sides.
    Common,
}

impl List {
    /// The list of a context or connection itself.
    pub(crate) fn of(self, verify: &Verification) -> Option<&Arc<NameStack>> {
        match self {
            Self::Client => verify.client_ca_names.as_ref(),
            Self::Common => verify.ca_names.as_ref(),
        }
    }

    fn of_mut(self, verify: &mut Verification) -> &mut Option<Arc<NameStack>> {
        match self {
            Self::Client => &mut verify.client_ca_names,
            Self::Common => &mut verify.ca_names,
        }
    }

    /// Puts a list in place of the one there was.
    pub(crate) fn set(self, holder: &impl Holder, names: Option<NameStack>) {
        let names = names.map(Arc::new);
        let old =
            holder.change(|settings| std::mem::replace(self.of_mut(&mut settings.verify), names));
        drop(old);
    }

    /// Adds the subject of a certificate to the end; false without memory.
    pub(crate) fn add(self, holder: &impl Holder, certificate: &X509) -> bool {
        let Some(name) = certificate.subject() else {
            return false;
        };
        holder.change(|settings| {
            let list = self.of_mut(&mut settings.verify);
            if list.is_none() {
                *list = NameStack::new().map(Arc::new);
            }
            let Some(list) = list else {
                return false;
            };
            if let Some(list) = Arc::get_mut(list) {
                return list.push(name);
            }
            // A handshake is reading it this moment.
            let Some(mut copy) = list.duplicate() else {
                return false;
            };
            let added = copy.push(name);
            *list = Arc::new(copy);
            added
        })
    }
}
