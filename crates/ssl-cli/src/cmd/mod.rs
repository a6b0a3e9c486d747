//! One module per subcommand, each with its `Args` and a `run`.
//!
//! Subcommands must not know each other.

pub(crate) mod client;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod man;
pub(crate) mod modes;
pub(crate) mod scan;
pub(crate) mod server;
