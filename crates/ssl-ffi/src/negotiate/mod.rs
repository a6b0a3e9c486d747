//! What TLS peers agree on, and how OpenSSL 3.0 would: suites, groups, signature schemes, versions, levels.
//!
//! Pure values and decisions, safe code only. Knows neither pointers of C nor connections; calls no libcrypto.

#![forbid(unsafe_code)]
#![allow(
    dead_code,
    reason = "the settings and entry points that use the rest come next"
)]

pub(crate) mod cipher_string;
pub(crate) mod groups;
pub(crate) mod list;
pub(crate) mod nid;
pub(crate) mod security;
pub(crate) mod select;
pub(crate) mod sigalgs;
pub(crate) mod suite_b;
pub(crate) mod suite_list;
pub(crate) mod suites;
pub(crate) mod versions;
