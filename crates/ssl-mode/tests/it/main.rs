//! One test binary: statements of the specification by id, laws by random masks, the header of the
//! installed OpenSSL as oracle. Must not know the crate's inside.

mod against_header;
mod laws;
mod names;
mod statements;
mod table;
