//! What we set out to reach, beside what was measured.
//!
//! Owns the list. Nothing fails when a bar is missed: figures of one machine are no verdict.

use super::grid::aligned;
use super::programs::{self, LARGE};
use super::results::Results;
use super::subjects::{
    CALLS, FULL, HYBRID, OWNED, RELEASED, RESUMED, STEADY, handshake_columns, size_name,
    suite_title,
};
use crate::Suite;
use crate::candidates::CEILING;

pub(super) const OURS: &str = "ours";
pub(super) const FOLDED: &str = "ours, folded";
const AWS: &str = "ours on aws-lc-rs";
const C_LIBRARY: &str = "ours, C library";
const OPENSSL: &str = "OpenSSL, system's";
const NEWEST: &str = "OpenSSL, newest";
const UNBUFFERED: &str = "rustls unbuffered";

/// One figure to reach.
struct Bar {
    section: &'static str,
    grid: String,
    column: String,
    of: &'static str,
    measure: Measure,
}

enum Measure {
    /// At least so many times as good as another.
    Times(&'static str, f64),
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
}

fn bars() -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut bar = |section, grid: &str, column: &str, of, measure| {
        bars.push(Bar {
            section,
            grid: grid.to_owned(),
            column: column.to_owned(),
            of,
            measure,
        });
    };
    let main = suite_title(Suite::ALL[0]);
    let times = Measure::Times;
    for (size, of, other, least) in [
        (16 * 1024, OURS, CEILING, 0.92),
        (16 * 1024, OURS, UNBUFFERED, 1.25),
        (16 * 1024, OURS, NEWEST, 1.1),
        (16 * 1024, AWS, NEWEST, 1.4),
        (16 * 1024, OURS, OPENSSL, 2.0),
        (1024, OURS, UNBUFFERED, 1.5),
        (1024, OURS, NEWEST, 2.0),
        (64, OURS, NEWEST, 1.5),
    ] {
        bar("bulk", &main, &size_name(size), of, times(other, least));
    }
    bar(
        "bulk",
        RELEASED,
        &size_name(16 * 1024),
        OURS,
        Measure::AtLeast(97.0),
    );
    for (grid, column) in [FULL, RESUMED].into_iter().flat_map(|grid| {
        let columns = handshake_columns().into_iter();
        columns.map(move |(column, _)| (grid, column))
    }) {
        bar("handshake", grid, &column, OURS, times(UNBUFFERED, 0.97));
    }
    bar(
        "handshake",
        HYBRID,
        "TLS 1.3 P-256",
        AWS,
        times("rustls unbuffered on aws-lc-rs", 0.97),
    );
    for (column, of, other, least) in [
        ("TLS 1.3 P-256", OURS, OPENSSL, 1.9),
        ("TLS 1.3 RSA-2048", OURS, OPENSSL, 1.1),
        ("TLS 1.3 P-256", C_LIBRARY, OPENSSL, 1.2),
        ("TLS 1.3 RSA-2048", C_LIBRARY, OPENSSL, 1.0),
    ] {
        bar("handshake", FULL, column, of, times(other, least));
    }
    bar(
        "memory",
        OWNED,
        "TLS 1.3, released",
        OURS,
        Measure::AtMost(2048.0),
    );
    for column in ["TLS 1.3, released", "TLS 1.2, released"] {
        bar("memory", OWNED, column, FOLDED, Measure::AtMost(1024.0));
    }
    bar(
        "memory",
        OWNED,
        "TLS 1.3, released",
        C_LIBRARY,
        Measure::AtMost(4096.0),
    );
    bar(
        "memory",
        STEADY,
        "16 KiB, TLS 1.3",
        OURS,
        Measure::AtMost(0.0),
    );
    let handshake = "handshake, a byte each way, TLS 1.3";
    bar("syscalls", CALLS, handshake, OURS, Measure::AtMost(12.0));
    bar(
        "syscalls",
        CALLS,
        "writes of 1 MiB",
        OURS,
        times(OPENSSL, 4.0),
    );
    // Processor time of real programs on the C library.
    for (summary, column) in programs::columns() {
        let least = if summary == LARGE { 1.3 } else { 1.0 };
        bar(
            "programs",
            summary,
            column,
            C_LIBRARY,
            times(OPENSSL, least),
        );
    }
    bars
}

/// A table of the bars whose candidates have been measured.
pub(super) fn lines(results: &Results) -> Vec<String> {
    let mut lines = vec![
        ["what", "to reach", "measured", ""]
            .map(str::to_owned)
            .to_vec(),
    ];
    for bar in bars() {
        lines.extend(line(&bar, results));
    }
    aligned(&lines).lines().map(str::to_owned).collect()
}

fn line(bar: &Bar, results: &Results) -> Option<Vec<String>> {
    let grid = results.grid(bar.section, &bar.grid)?;
    let value = || {
        let cell = grid.cell(bar.of, &bar.column)?;
        super::grid::median(cell.iter().copied())
    };
    let what = format!("{}, {}: {}", bar.grid, bar.column, bar.of);
    let (what, to_reach, measured, is_reached) = match bar.measure {
        Measure::Times(other, least) => {
            let ratio = grid.ratio(bar.of, other, &bar.column)?;
            let what = format!("{what} to {other}");
            (
                what,
                format!("{least:.2}x"),
                format!("{ratio:.2}x"),
                ratio >= least,
            )
        }
        Measure::AtLeast(least) => {
            let value = value()?;
            (
                what,
                format!("at least {least:.0}"),
                format!("{value:.1}"),
                value >= least,
            )
        }
        Measure::AtMost(most) => {
            let value = value()?;
            (
                what,
                format!("at most {most:.0}"),
                format!("{value:.0}"),
                value <= most,
            )
        }
    };
    let verdict = if is_reached { "reached" } else { "missed" };
    Some(vec![what, to_reach, measured, verdict.to_owned()])
}
