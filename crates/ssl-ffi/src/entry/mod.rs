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

mod cipher;
mod exports;
mod inert;
mod opaque;
mod refused;
mod select;

use cipher::*;
use inert::*;
use refused::*;
use select::*;
