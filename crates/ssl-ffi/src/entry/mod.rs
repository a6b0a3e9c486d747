//! The entry points: what C calls. One file per family of manual pages.
//!
//! Owns the translation between C and the rest of the crate: a body decodes its pointers, calls safe
//! code and encodes the result, under `boundary::guard`. An entry point is a plain
//! `pub(crate) unsafe extern "C" fn` with the C name and without `no_mangle`: [`exports`] gives it its
//! symbol. A new file needs two lines here, `mod` and `use`.
#![allow(
    clippy::upper_case_acronyms,
    non_camel_case_types,
    non_snake_case,
    reason = "the names of OpenSSL's headers"
)]
#![allow(
    clippy::semicolon_if_nothing_returned,
    reason = "the body of an entry point is one expression, whatever it returns"
)]

mod asynchronous;
mod bio;
mod certs;
mod certs_files;
mod cipher;
mod client_hello;
mod conf;
mod ctrl;
mod data;
mod early;
mod error;
mod exports;
mod handshake;
mod hooks;
mod inert;
mod init;
mod io;
mod keys;
mod life;
mod lists;
mod material;
mod methods;
mod names;
mod negotiated;
mod options;
mod padding;
mod peer;
mod protocols;
mod refused;
mod renegotiate;
mod security;
mod select;
mod session;
mod session_cache;
mod session_encoding;
mod session_fields;
mod session_use;
mod shutdown;
pub(crate) mod slice;
mod state;
mod verify;
mod verify_stores;

use asynchronous::*;
use bio::*;
use certs::*;
use certs_files::*;
use cipher::*;
use client_hello::*;
use conf::*;
use ctrl::*;
use data::*;
use early::*;
use error::*;
use handshake::*;
use hooks::*;
use inert::*;
use init::*;
use io::*;
use keys::*;
use life::*;
use lists::*;
use material::*;
use methods::*;
use names::*;
use negotiated::*;
use options::*;
use padding::*;
use peer::*;
use protocols::*;
use refused::*;
use renegotiate::*;
use security::*;
use select::*;
use session::*;
use session_cache::*;
use session_encoding::*;
use session_fields::*;
use session_use::*;
use shutdown::*;
use state::*;
use verify::*;
use verify_stores::*;

use crate::boundary::guard;
use crate::handle::Counted;

/// Runs the body of an entry point on the object behind `ptr`; NULL, like a panic, gives `fallback`.
///
/// # Safety
/// `ptr` is NULL or a live object that stays live during the call.
unsafe fn with<O: Counted, R: Copy>(ptr: *const O, fallback: R, body: impl FnOnce(&O) -> R) -> R {
    guard(fallback, || {
        // SAFETY: the caller's promise.
        let Some(object) = (unsafe { O::peek(ptr) }) else {
            return fallback;
        };
        let _held = object.hold();
        body(object)
    })
}
