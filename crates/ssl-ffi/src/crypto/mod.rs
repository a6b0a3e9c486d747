//! libcrypto: the only part of the crate that calls it.
//!
//! Owns the declarations that `openssl-sys` lacks, the reference-counted owners, and the calls that the
//! objects behind `SSL` and `SSL_CTX` make. Knows nothing of those objects: they arrive as `*mut c_void`.
#![allow(
    dead_code,
    unused_imports,
    reason = "the entry points that use the wrappers come one family at a time"
)]

pub(crate) mod bio;
pub(crate) mod chain;
pub(crate) mod conf;
pub(crate) mod digest;
pub(crate) mod exdata;
pub(crate) mod hash_table;
pub(crate) mod job;
pub(crate) mod legacy;
pub(crate) mod param;
pub(crate) mod pem;
pub(crate) mod pem_form;
pub(crate) mod queue;
pub(crate) mod random;
pub(crate) mod reason;
pub(crate) mod refs;
pub(crate) mod share;
pub(crate) mod sign;
pub(crate) mod stack;
pub(crate) mod store;
pub(crate) mod strength;
pub(crate) mod strings;
pub(crate) mod subjects;
pub(crate) mod sys;
pub(crate) mod ticket;
pub(crate) mod verify;

#[cfg(test)]
pub(crate) mod testing;

pub(crate) use self::refs::{Bio, EvpPkey, VerifyParam, X509, X509Name, X509Store};
pub(crate) use self::stack::{NameStack, PointerStack, X509Stack};
