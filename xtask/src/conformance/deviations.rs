//! deviations.toml: the checks that our library fails on purpose.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use toml_edit::{DocumentMut, Table};

/// Where they stand.
pub(super) const FILE: &str = "crates/ssl-ffi/deviations.toml";

/// One check.
#[derive(Debug)]
pub(super) struct Deviation {
    /// What ours gives where OpenSSL gives something else, as the check prints it behind `actual`.
    pub(super) ours: String,
}

/// Reads the rows, by id.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, Deviation>> {
    let document: DocumentMut = text
        .parse()
        .with_context(|| format!("{FILE} is not TOML"))?;
    let mut rows = BTreeMap::new();
    let tables = document
        .get("deviation")
        .and_then(|item| item.as_array_of_tables());
    for table in tables.into_iter().flatten() {
        let id = value(table, "id")?;
        value(table, "why")?;
        let row = Deviation {
            ours: value(table, "ours")?,
        };
        ensure!(
            rows.insert(id.clone(), row).is_none(),
            "{FILE} has {id} twice"
        );
    }
    Ok(rows)
}

fn value(table: &Table, key: &str) -> Result<String> {
    let value = table
        .get(key)
        .and_then(|item| item.as_str())
        .filter(|text| !text.is_empty());
    Ok(value
        .with_context(|| format!("a row of {FILE} lacks `{key}`"))?
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_reason() {
        let row = "[[deviation]]\nid = \"a\"\nours = \"0\"\n";
        assert!(read(row).is_err());
        assert_eq!(
            read(&format!("{row}why = \"so\"\n")).unwrap()["a"].ours,
            "0"
        );
        assert!(read(&format!("{row}why = \"so\"\n{row}why = \"so\"\n")).is_err());
        assert!(read("").unwrap().is_empty());
    }
}
