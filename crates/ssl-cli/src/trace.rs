//! `--trace`: the library's events on standard error.
//!
//! Owns the format. Must not know which events there are.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Prints each record and each want or retry from now on.
pub(crate) fn start() {
    let ours = Targets::new()
        .with_target("ssl_record", LevelFilter::TRACE)
        .with_target("ssl_cli", LevelFilter::TRACE);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .without_time();
    // Fails only if it was started before, which does no harm.
    drop(
        tracing_subscriber::registry()
            .with(lines.with_filter(ours))
            .try_init(),
    );
}
