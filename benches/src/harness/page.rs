//! `docs/benchmarks.md`: all results as a page.
//!
//! Owns its words and their order.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::machine::Machine;
use super::plan::Plan;
use super::results::{Results, Section};
use super::{bars, plots};

/// Sections in their order: subject, heading, what to know before reading.
const SECTIONS: &[(&str, &str, &str)] = &[
    (
        "bulk",
        "Bulk",
        "A client writes so many bytes in one call, a server reads them: sealed and opened in one thread. `AEAD alone` \
         seals and opens in place, with no record around it; no record layer can be faster.",
    ),
    (
        "handshake",
        "Handshakes",
        "Client and server in one thread, the certificate verified up to its root, X25519 unless the title says otherwise. A \
         resumed handshake brings the next ticket; a full one brings none. Allocations are those of both ends, from making \
         them to dropping them; candidates in C count what libcrypto's allocator is asked for.",
    ),
    (
        "memory",
        "Memory",
        "A connection is idle after a handshake, a request and a response. Heap is what the allocator was asked for, for \
         the server's end alone; what its context shares is not in it, and neither is what aws-lc takes from C's. `Folded` \
         is with the keys of idle connections folded back to their secrets (`Context::fold_idle_keys`). Resident memory is \
         both ends', and before a figure counts each connection has carried another byte both ways. rustls's unbuffered interface leaves buffers to the \
         application; here its connections share them.",
    ),
    (
        "syscalls",
        "Transport calls",
        "Reads and writes that carried bytes, of both ends together, as on a blocking socket.",
    ),
    (
        "programs",
        "Programs",
        "The same Debian packages on our libssl.so.3 and on the system's, in turn: user and system time of the server's \
         processes, or of curl, as the kernel counts it, for a piece of work. Clients, and the server behind HAProxy, are on \
         the system's library on both sides. All settled on TLS 1.3, X25519 and AES-256-GCM, the programs' defaults; the \
         settings are the same, and the kernel leaves TLS to the library. Much of this time is the kernel's, for sockets, and \
         the programs' own: no library saves that.",
    ),
];

/// Writes the page.
pub(super) fn write(results: &Results, plan: &Plan) -> Result<()> {
    let text = page(
        results,
        &plan.plots.file_name().unwrap_or_default().to_string_lossy(),
    );
    std::fs::write(&plan.page, text)
        .with_context(|| format!("cannot write {}", plan.page.display()))?;
    println!("\nwritten: {}", plan.page.display());
    Ok(())
}

fn page(results: &Results, plots: &str) -> String {
    let about = wrapped(
        "\
         Made by `cargo xtask bench`, which anybody can repeat: every candidate is a process that does the same work over \
         the same transport in memory, and all take part in each round, so that a slower moment of the machine slows all. \
         A figure is the median of the rounds, with half the distance between the lowest and the highest behind it; in \
         brackets, how many times better the first row is, the median of the ratios of one round. Times are those of the \
         thread, not of the clock on the wall. Figures of another machine are other figures: compare within a table.",
    );
    let mut text = format!("# Benchmarks\n\n{about}\n\n## To reach\n\n");
    for line in bars::lines(results) {
        let _ = writeln!(text, "{line}");
    }
    for (subject, heading, about) in SECTIONS {
        if let Some(section) = results.sections.get(*subject) {
            let _ = write!(text, "\n## {heading}\n\n{}\n", wrapped(about));
            for plot in plots::of(subject, section) {
                let _ = write!(text, "\n![{}]({plots}/{})\n", plot.title, plot.file);
            }
            tables(&mut text, section);
            about_machine(&mut text, &section.machine, section.rounds);
        }
    }
    text
}

fn tables(text: &mut String, section: &Section) {
    for grid in &section.grids {
        let _ = write!(text, "\n### {}\n\n{}", grid.title, grid.table());
    }
}

fn about_machine(text: &mut String, machine: &Machine, rounds: usize) {
    let versions: Vec<String> = machine
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let measured = format!(
        "On {}, {} processors, Linux {}; {}. What takes time was measured in {rounds} rounds.",
        machine.processor,
        machine.processors,
        machine.kernel,
        versions.join(", "),
    );
    let _ = write!(text, "\n{}\n", wrapped(&measured));
}

/// The words in lines of at most [`WIDTH`] characters.
fn wrapped(words: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        let is_full = width + 1 + length > WIDTH;
        match (width, is_full) {
            (0, _) => {}
            (_, true) => text.push('\n'),
            (_, false) => text.push(' '),
        }
        width = if is_full || width == 0 {
            length
        } else {
            width + 1 + length
        };
        text.push_str(word);
    }
    text
}

const WIDTH: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words() {
        let text = wrapped(&"four ".repeat(50));
        let longest = text.lines().map(str::len).max();
        assert_eq!((longest, text.lines().count()), (Some(119), 3));
        assert_eq!(wrapped("a  b"), "a b");
    }
}
