//! symbols.txt: what the library exports, and what each function does.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result, bail, ensure};

use crate::tree::Tree;

/// Where they stand.
pub(crate) const FILE: &str = "crates/ssl-ffi/symbols.txt";

/// The symbols, by name.
#[derive(Debug)]
pub(crate) struct Symbols {
    pub(super) by_name: BTreeMap<String, Status>,
}

/// What a function does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Implemented,
    /// Fails, by configuration; the name of the reason it leaves, or `-`.
    Refused(String),
    /// Has nothing to do, and why.
    Inert(String),
}

impl Symbols {
    pub(crate) fn read(tree: &Tree) -> Result<Self> {
        Self::parse(&tree.read(FILE)?)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut by_name = BTreeMap::new();
        let mut last = "";
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (name, rest) = line
                .split_once(' ')
                .with_context(|| format!("{FILE}: {line}"))?;
            let (status, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            let status = match (status, rest) {
                ("implemented", "") => Status::Implemented,
                ("refused", reason) if !reason.is_empty() => Status::Refused(reason.to_owned()),
                ("inert", why) if !why.is_empty() => Status::Inert(why.to_owned()),
                _ => bail!("{FILE}: `{line}` is not NAME implemented, refused REASON or inert WHY"),
            };
            ensure!(last < name, "{FILE}: {name} is out of order");
            last = name;
            by_name.insert(name.to_owned(), status);
        }
        Ok(Self { by_name })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The reasons that failures leave.
    pub(super) fn reasons(&self) -> impl Iterator<Item = &str> {
        self.by_name.values().filter_map(|status| match status {
            Status::Refused(reason) if reason != "-" => Some(reason.as_str()),
            _ => None,
        })
    }

    /// The tables of docs/symbols.md.
    pub(crate) fn tables(&self) -> String {
        let of = |wanted: fn(&Status) -> Option<String>| {
            let rows = self.by_name.iter();
            rows.filter_map(move |(name, status)| Some((name.as_str(), wanted(status)?)))
                .collect::<Vec<_>>()
        };
        let implemented = of(|status| matches!(status, Status::Implemented).then(String::new));
        let refused = of(|status| match status {
            Status::Refused(reason) if reason == "-" => {
                Some("nothing: returns no value".to_owned())
            }
            Status::Refused(reason) => Some(format!("`{reason}`")),
            _ => None,
        });
        let inert = of(|status| match status {
            Status::Inert(why) => Some(why.clone()),
            _ => None,
        });
        let mut text = String::from("| status | symbols |\n|---|---|\n");
        for (name, count) in [
            ("implemented", implemented.len()),
            ("refused by configuration", refused.len()),
            ("inert by nature", inert.len()),
            ("all", self.by_name.len()),
        ] {
            let _infallible = writeln!(text, "| {name} | {count} |");
        }
        text + &rows("Refused", "in the error queue", &refused)
            + &rows("Inert", "why", &inert)
            + &rows("Implemented", "", &implemented)
    }
}

fn rows(title: &str, column: &str, rows: &[(&str, String)]) -> String {
    if column.is_empty() {
        let names: Vec<String> = rows.iter().map(|(name, _)| format!("`{name}`")).collect();
        return format!("\n## {title}\n\n{}\n", names.join(",\n"));
    }
    let lines = rows
        .iter()
        .map(|(name, text)| format!("| `{name}` | {text} |\n"));
    let lines: String = lines.collect();
    format!("\n## {title}\n\n| symbol | {column} |\n|---|---|\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_symbol() {
        let symbols =
            Symbols::parse("# c\nA implemented\nB refused SSL_R_X\nC inert no B\n").unwrap();
        assert_eq!(symbols.names().collect::<Vec<_>>(), ["A", "B", "C"]);
        assert_eq!(symbols.reasons().collect::<Vec<_>>(), ["SSL_R_X"]);
        assert!(symbols.tables().contains("| inert by nature | 1 |"));
        for wrong in [
            "B implemented\nA implemented\n",
            "A\n",
            "A refused\n",
            "A done\n",
            "A implemented x\n",
        ] {
            assert!(Symbols::parse(wrong).is_err(), "{wrong}");
        }
    }
}
