//! Files of certificates: one's own first, then its chain (SSL_CTX_use_certificate_chain_file(3)).
//!
//! Owns when such a file is refused. The format is libcrypto's.

use std::ffi::CStr;

use super::holder::Holder;
use super::{chain, install};
use crate::crypto::pem::{Certificates, Next, Password};
use crate::crypto::queue;

/// Sets certificate and chain from a file.
pub(crate) fn chain(holder: &impl Holder, file: &CStr, password: Password) -> Option<()> {
    // What is in the queue afterwards is this file's.
    queue::clear();
    let certificates = Certificates::of_file(file, password)?;
    install::certificate(holder, certificates.own()?)?;
    if !queue::is_empty() {
        return None;
    }
    chain::set(holder, None).ok()?;
    loop {
        match certificates.next() {
            Next::Certificate(certificate) => chain::add(holder, &certificate)?,
            Next::End => return Some(()),
            Next::Broken => return None,
        }
    }
}
