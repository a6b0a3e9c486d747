//! deviations.toml: the checks that our library fails on purpose, grouped by reason.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use toml_edit::{DocumentMut, Table};

/// Where they stand.
pub(super) const FILE: &str = "crates/ssl-ffi/deviations.toml";

/// What ours gives where OpenSSL gives something else, by the id of the check.
pub(super) type Deviations = BTreeMap<String, String>;

/// Reads the rows.
pub(super) fn read(text: &str) -> Result<Deviations> {
    let document: DocumentMut = text
        .parse()
        .with_context(|| format!("{FILE} is not TOML"))?;
    let mut all = Deviations::new();
    let rows = document
        .get("deviation")
        .and_then(|item| item.as_array_of_tables());
    for row in rows.into_iter().flatten() {
        reason(row)?;
        let ours = row.get("ours").and_then(|item| item.as_table_like());
        let ours = ours.with_context(|| format!("a row of {FILE} lacks `ours`"))?;
        for (id, given) in ours.iter() {
            let given = given.as_str().filter(|text| !text.is_empty());
            let given = given.with_context(|| format!("{FILE} does not say what {id} gives"))?;
            let is_new = all.insert(id.to_owned(), given.to_owned()).is_none();
            ensure!(is_new, "{FILE} has {id} twice");
        }
    }
    Ok(all)
}

/// True if a check failed in the way listed: `ours` as the check prints it behind `actual`, or what the
/// run says of a check that did not run.
pub(super) fn is_as_listed(failure: &str, ours: &str) -> bool {
    let Some((_, actual)) = failure.split_once("actual ") else {
        return failure == ours;
    };
    actual
        .strip_prefix(ours)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn reason(row: &Table) -> Result<&str> {
    row.get("why")
        .and_then(|item| item.as_str())
        .filter(|text| !text.is_empty())
        .with_context(|| format!("a row of {FILE} lacks `why`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_reason_and_no_check_is_there_twice() {
        let row = "[[deviation]]\nours = { \"a\" = \"0\", \"b\" = \"1\" }\n";
        let with_reason = format!("{row}why = \"so\"\n");
        assert!(read(row).is_err());
        assert_eq!(read(&with_reason).unwrap()["b"], "1");
        assert!(read(&format!("{with_reason}{with_reason}")).is_err());
        assert!(read("[[deviation]]\nwhy = \"so\"\n").is_err());
        assert!(read("").unwrap().is_empty());
    }

    #[test]
    fn what_ours_gives_is_compared_whole() {
        let failure = "expected 1 (0x1) actual 10 (0xa)  [x]";
        assert!(is_as_listed(failure, "10"));
        assert!(!is_as_listed(failure, "1"));
        assert!(is_as_listed("expected true actual false  [x]", "false"));
        assert!(is_as_listed("did not run", "did not run"));
        assert!(!is_as_listed("did not run", "0"));
    }
}
