//! How far a transfer has come, for a person who watches one.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};

/// A line on standard error, if that is a terminal and the data does not go there too.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Starts counting.
    pub(super) fn start() -> Self {
        let redirected = !io::stdin().is_terminal() && !io::stdout().is_terminal();
        if !io::stderr().is_terminal() || !redirected {
            return Self(None);
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {bytes} {bytes_per_sec}") {
            bar.set_style(style);
        }
        Self(Some(bar))
    }

    /// So many more bytes were sent or received.
    pub(super) fn add(&self, bytes: usize) {
        if let Some(bar) = &self.0 {
            bar.inc(bytes as u64);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
