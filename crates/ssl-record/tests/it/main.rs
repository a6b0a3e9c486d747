//! One test binary: connection pairs over a virtual pipe, one file per topic.

// Helpers outside of `#[test]` functions unwrap as the tests do.
#![allow(clippy::unwrap_used)]

mod alerts;
mod async_signer;
mod auto_retry;
mod blocked_handshake;
mod certificates;
mod delegated;
mod eof;
mod forge;
mod handshake;
mod header_checks;
mod hello_modes;
mod hostile;
mod keyupdate;
mod modes;
mod moving_buffer;
mod pair;
mod partial_write;
mod read_model;
mod reads;
mod release_buffers;
mod renegotiation;
mod resumption;
mod retry_model;
mod scripts;
mod seal_ahead;
mod sending;
mod sessions;
mod shutdown;
mod smoke;
mod streams;
#[cfg(feature = "tokio")]
mod tokio_stream;
mod write_contract;
mod write_states;
