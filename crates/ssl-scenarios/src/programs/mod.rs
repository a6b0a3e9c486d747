//! The scenarios, one file a program or a family of programs. Each file lists what it has in `SCENARIOS`.

mod s_client;
mod s_server;

use crate::scenario::Scenario;

/// All scenarios, in the order in which they are reported.
pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
    [s_client::SCENARIOS, s_server::SCENARIOS]
        .into_iter()
        .flatten()
}
