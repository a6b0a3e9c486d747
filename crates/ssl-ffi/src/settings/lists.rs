//! Preference lists: suites, groups and signature schemes.
//!
//! Owns what was set, and the stack of suites that C programs are shown. Does not judge strength and does
//! not choose.

use std::sync::{Arc, OnceLock};

use openssl_sys::OPENSSL_STACK;
use ssl_record::Side;

use crate::crypto::PointerStack;
use crate::negotiate::groups::GroupList;
use crate::negotiate::sigalgs::SchemeList;
use crate::negotiate::suite_list::SuiteList;
use crate::negotiate::suites::Suite;

/// Preference lists of a context or a connection.
#[derive(Clone, Default)]
pub(crate) struct Lists {
    /// Shared, because the stack that C sees belongs to the list and not to whoever looks at it.
    pub(crate) suites: Arc<Suites>,
    pub(crate) groups: GroupList,
    /// Schemes we verify and sign with.
    pub(crate) schemes: SchemeList,
    /// Schemes of client certificates: those a server asks for, or a client signs with; `None` if as
    /// `schemes`.
    pub(crate) client_schemes: Option<SchemeList>,
}

impl Lists {
    /// Changes the suites; the stack that C was shown ends.
    pub(crate) fn change_suites<T>(&mut self, change: impl FnOnce(&mut SuiteList) -> T) -> T {
        let mut list = self.suites.list.clone();
        let result = change(&mut list);
        self.suites = Arc::new(Suites::of(list));
        result
    }

    /// Schemes that `side` advertises, and accepts of its peer.
    pub(crate) fn accepted_schemes(&self, side: Side) -> &SchemeList {
        match &self.client_schemes {
            Some(list) if side == Side::Server => list,
            _ => &self.schemes,
        }
    }

    /// Schemes that `side` signs with.
    pub(crate) fn signing_schemes(&self, side: Side) -> &SchemeList {
        match &self.client_schemes {
            Some(list) if side == Side::Client => list,
            _ => &self.schemes,
        }
    }
}

/// A list of suites, and how C sees it.
#[derive(Default)]
pub(crate) struct Suites {
    list: SuiteList,
    stack: OnceLock<Option<PointerStack>>,
}

impl Suites {
    fn of(list: SuiteList) -> Self {
        Self {
            list,
            stack: OnceLock::new(),
        }
    }

    pub(crate) fn list(&self) -> &SuiteList {
        &self.list
    }

    /// All suites, TLS 1.3 first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static Suite> + '_ {
        self.list.iter()
    }

    /// `STACK_OF(SSL_CIPHER)`, which lives as long as this; NULL without memory.
    pub(crate) fn stack(&self) -> *mut OPENSSL_STACK {
        let stack = self
            .stack
            .get_or_init(|| PointerStack::of(self.list.iter().map(std::ptr::from_ref)));
        stack
            .as_ref()
            .map_or(std::ptr::null_mut(), PointerStack::as_ptr)
    }
}
