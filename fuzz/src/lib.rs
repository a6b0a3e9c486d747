//! What the fuzz targets share: connected pairs, and the models that scripts are checked against.
//!
//! Uses the public interface of the crates only. A target in `fuzz_targets/` is one call.

#![forbid(unsafe_code)]

pub mod answer;
pub mod chunks;
pub mod hello;
pub mod pair;
pub mod reading;
pub mod session;
pub mod tampering;
pub mod writing;
