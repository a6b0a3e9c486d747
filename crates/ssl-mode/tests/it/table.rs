//! `MODES` against the constants, against itself, and against the pages in `docs/modes`.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use ssl_mode::{MODES, SslMode, Support};

#[test]
fn every_constant_has_its_row_and_in_order() {
    let rows: Vec<_> = MODES.iter().map(|row| (row.name, row.bit)).collect();
    let constants: Vec<_> = SslMode::all().iter_names().collect();
    assert_eq!(rows, constants);
}

#[test]
fn rows_are_well_formed() {
    let mut spellings = HashSet::new();
    for row in &MODES {
        let name = row.name;
        assert_eq!(row.bit.bits().count_ones(), 1, "{name}");
        assert_eq!(row.page, format!("docs/modes/{}.md", row.short), "{name}");
        assert!(!row.acts_on.is_empty(), "{name}");
        assert!(
            row.since.starts_with(|c: char| c.is_ascii_digit()),
            "{name}"
        );
        let folded = [row.name, row.short]
            .into_iter()
            .chain(row.aliases.iter().copied());
        for spelling in folded.map(|name| name.to_lowercase().replace('-', "_")) {
            // A name that is its own short form, such as AUTO_RETRY, appears twice in its row.
            let own = spelling == row.name.to_lowercase();
            assert!(
                spellings.insert(spelling.clone()) || own,
                "{spelling} is used twice"
            );
        }
    }
}

#[test]
fn lines_fit_a_terminal() {
    for row in &MODES {
        let calls = row.acts_on.iter().map(|entry| entry.effect);
        let users = row.set_by.iter().map(|user| user.why);
        for line in [row.effect].into_iter().chain(calls).chain(users) {
            assert!(line.len() <= 80, "{line}");
            assert!(
                !line.ends_with('.') && !line.contains(['\n', '|']),
                "{line}"
            );
        }
    }
}

#[test]
fn m3_the_default_is_marked() {
    let default = MODES
        .iter()
        .filter(|row| row.default)
        .map(|row| row.bit)
        .collect::<SslMode>();
    assert_eq!(default, SslMode::default());
}

#[test]
fn support_is_told_truthfully() {
    let with = |support| {
        MODES
            .iter()
            .filter(|row| row.support == support)
            .map(|row| row.bit)
            .collect::<SslMode>()
    };
    assert_eq!(with(Support::Acts).bits(), 0x1f7);
    assert_eq!(with(Support::ActsInC).bits(), 0x8);
    assert_eq!(with(Support::NothingToActOn).bits(), 0x400);
}

#[test]
fn every_mode_has_its_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if !root.join("docs/modes").is_dir() {
        println!("skipped: docs/modes is not part of the packaged crate");
        return;
    }
    for row in &MODES {
        let page = fs::read_to_string(root.join(row.page)).unwrap_or_default();
        assert!(
            page.starts_with(&format!("# SSL_MODE_{}\n", row.name)),
            "{}",
            row.page
        );
        let text = page.split_whitespace().collect::<Vec<_>>().join(" ");
        let says = match row.support {
            Support::Acts => "Here: acts.",
            Support::ActsInC => "Here: acts in `libssl.so.3`",
            _ => "does not act",
        };
        assert!(text.contains(says), "{}: {says}", row.page);
    }
}
