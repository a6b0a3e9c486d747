//! Lists of authorities' names: those that a server shows with its request (SSL_CTX_set_client_CA_list(3))
//! and those that either side shows (SSL_CTX_set0_CA_list(3)).
//!
//! Owns their changes. C programs hold pointers to the lists, so that an addition happens in place.

use std::sync::Arc;

use super::holder::Holder;
use crate::crypto::{NameStack, X509};

/// The lists of a context or of one connection, which has its context's of the moment where it has none.
#[derive(Default)]
pub(crate) struct Names {
    client: Option<Arc<NameStack>>,
    common: Option<Arc<NameStack>>,
}

impl Names {
    /// Those of a new context.
    pub(crate) fn empty() -> Self {
        Self {
            client: NameStack::new().map(Arc::new),
            common: NameStack::new().map(Arc::new),
        }
    }

    /// Copies, as there are pointers to these.
    pub(crate) fn duplicate(&self) -> Self {
        let copy = |list: &Option<Arc<NameStack>>| {
            let copy = list.as_ref()?.duplicate()?;
            Some(Arc::new(copy))
        };
        Self {
            client: copy(&self.client),
            common: copy(&self.common),
        }
    }
}

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
    pub(crate) fn of(self, names: &Names) -> Option<&Arc<NameStack>> {
        match self {
            Self::Client => names.client.as_ref(),
            Self::Common => names.common.as_ref(),
        }
    }

    fn of_mut(self, names: &mut Names) -> &mut Option<Arc<NameStack>> {
        match self {
            Self::Client => &mut names.client,
            Self::Common => &mut names.common,
        }
    }

    /// Puts a list in place of the one there was.
    pub(crate) fn set(self, holder: &impl Holder, names: Option<NameStack>) {
        let names = names.map(Arc::new);
        let old = holder.with_names(|own| std::mem::replace(self.of_mut(own), names));
        drop(old);
    }

    /// Adds the subject of a certificate to the end; false without memory.
    pub(crate) fn add(self, holder: &impl Holder, certificate: &X509) -> bool {
        let Some(name) = certificate.subject() else {
            return false;
        };
        holder.with_names(|own| {
            let list = self.of_mut(own);
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
