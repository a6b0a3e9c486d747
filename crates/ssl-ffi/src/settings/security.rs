//! The security level, and whom to ask about strength: the level, or a callback of the application.
//!
//! Owns the numbers of the questions (`SSL_SECOP_*`) and the way they are put. What a level demands is
//! negotiation's.

use std::ffi::c_void;

use libc::c_int;

use super::callbacks::{Arg, SecurityCallback};
use crate::crypto::{X509, strength};
use crate::handle::{SSL, SSL_CTX};
use crate::negotiate::groups::{self, Group};
use crate::negotiate::security::{self, Weakness};
use crate::negotiate::sigalgs::Scheme;
use crate::negotiate::suites::Suite;

/// The security level and who decides.
#[derive(Clone, Copy)]
pub(crate) struct Security {
    pub(crate) level: i32,
    /// Asked instead of the level.
    pub(crate) callback: Option<SecurityCallback>,
    pub(crate) ex_data: Arg,
}

/// On whose behalf strength is judged. No borrow of the object may be held while one is used: the
/// callback is the application's.
#[derive(Clone, Copy)]
pub(crate) struct Judge {
    security: Security,
    ssl: *const SSL,
    ctx: *const SSL_CTX,
}

/// At which point the question comes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// For what we offer or could use.
    Supported,
    /// For what both sides have.
    Shared,
    /// For what the peer chose.
    Check,
}

impl Default for Security {
    fn default() -> Self {
        Self {
            level: security::DEFAULT_LEVEL,
            callback: None,
            ex_data: Arg::default(),
        }
    }
}

impl Judge {
    /// For a connection.
    pub(crate) fn of_ssl(security: Security, ssl: *const SSL) -> Self {
        Self {
            security,
            ssl,
            ctx: std::ptr::null(),
        }
    }

    /// For a context.
    pub(crate) fn of_ctx(security: Security, ctx: *const SSL_CTX) -> Self {
        Self {
            security,
            ssl: std::ptr::null(),
            ctx,
        }
    }

    pub(crate) fn suite(&self, point: Point, suite: &'static Suite) -> bool {
        let op = OTHER_CIPHER | (CIPHER_SUPPORTED + point.offset());
        let other = std::ptr::from_ref(suite).cast_mut().cast();
        self.ask(op, suite.bits().into(), 0, other)
            .unwrap_or_else(|| security::allows_suite(self.security.level, suite))
    }

    /// Whether a group may be used; one that OpenSSL does not know may not.
    pub(crate) fn group(&self, point: Point, id: u16) -> bool {
        groups::from_wire(id).is_some_and(|group| self.known_group(point, group))
    }

    fn known_group(&self, point: Point, group: &Group) -> bool {
        let op = OTHER_CURVE | (CURVE_SUPPORTED + point.offset());
        let mut wire = group.id.to_be_bytes();
        self.ask(op, group.bits.into(), group.nid, wire.as_mut_ptr().cast())
            .unwrap_or_else(|| security::allows_group(self.security.level, group))
    }

    pub(crate) fn scheme(&self, point: Point, scheme: &Scheme) -> bool {
        let op = OTHER_SIGALG | (SIGALG_SUPPORTED + point.offset());
        let mut wire = scheme.id.to_be_bytes();
        let bits = scheme.bits().into();
        self.ask(op, bits, scheme.hash, wire.as_mut_ptr().cast())
            .unwrap_or_else(|| security::allows_scheme(self.security.level, scheme))
    }

    /// Whether a TLS version may be used.
    pub(crate) fn version(&self, version: u16) -> bool {
        self.ask(VERSION, 0, version.into(), std::ptr::null_mut())
            .unwrap_or(true)
    }

    /// Whether TLS 1.2 sessions may be kept in tickets.
    pub(crate) fn tickets(&self) -> bool {
        self.ask(TICKET, 0, 0, std::ptr::null_mut())
            .unwrap_or_else(|| security::allows_tickets(self.security.level))
    }

    /// Whether Diffie-Hellman parameters of this strength may be used; `key` is an `EVP_PKEY*`.
    pub(crate) fn diffie_hellman(&self, bits: i32, key: *mut c_void) -> bool {
        let op = OTHER_PKEY | TMP_DH;
        self.ask(op, bits, 0, key)
            .unwrap_or_else(|| security::answer(self.security.level, op, bits, 0))
    }

    /// Whether we may show a certificate.
    pub(crate) fn certificate(&self, certificate: &X509, is_leaf: bool) -> Result<(), Weakness> {
        let (key_op, key_weakness) = if is_leaf {
            (EE_KEY, Weakness::Key)
        } else {
            (CA_KEY, Weakness::IssuerKey)
        };
        let other = certificate.as_ptr().cast();
        let strong = |op: c_int, bits: c_int, nid: c_int| {
            self.ask(OTHER_CERT | op, bits, nid, other)
                .unwrap_or_else(|| security::allows_bits(self.security.level, bits))
        };
        if !strong(key_op, strength::of_key(certificate), 0) {
            return Err(key_weakness);
        }
        match strength::of_signature(certificate) {
            Some(signature) if !strong(CA_MD, signature.bits, signature.nid) => {
                Err(Weakness::Digest)
            }
            _ => Ok(()),
        }
    }

    /// What the application's callback says, if it set one.
    fn ask(&self, op: c_int, bits: c_int, nid: c_int, other: *mut c_void) -> Option<bool> {
        let callback = self.security.callback?;
        let data = self.security.ex_data.0;
        // SAFETY: the application's function, with its own argument and what the question says `other` is.
        Some(unsafe { callback(self.ssl, self.ctx, op, bits, nid, other, data) } != 0)
    }
}

impl Point {
    const fn offset(self) -> c_int {
        self as c_int
    }
}

const OTHER_CIPHER: c_int = 1 << 16;
const OTHER_CURVE: c_int = 2 << 16;
const OTHER_PKEY: c_int = 4 << 16;
const OTHER_SIGALG: c_int = 5 << 16;
const OTHER_CERT: c_int = 6 << 16;
const CIPHER_SUPPORTED: c_int = 1;
const CURVE_SUPPORTED: c_int = 4;
const TMP_DH: c_int = 7;
const VERSION: c_int = 9;
const TICKET: c_int = 10;
const SIGALG_SUPPORTED: c_int = 11;
const EE_KEY: c_int = 16;
const CA_KEY: c_int = 17;
const CA_MD: c_int = 18;
