//! The result as a table: a row for each letter of the statements, and the total.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::deviations::Deviations;
use super::outcome::Outcome;

#[derive(Clone, Copy, Default)]
struct Row {
    checks: usize,
    theirs: usize,
    ours: usize,
    listed: usize,
}

/// Writes the table.
pub(super) fn write(theirs: &Outcome, ours: &Outcome, listed: &Deviations) -> String {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut total = Row::default();
    for (id, times) in theirs.passes() {
        let letter: String = id.chars().take_while(char::is_ascii_alphabetic).collect();
        for row in [rows.entry(letter).or_default(), &mut total] {
            row.checks += times;
            row.theirs += times;
            row.ours += ours.passed(id).min(times);
            row.listed += usize::from(listed.contains_key(id));
        }
    }
    for (id, _) in theirs.failures() {
        let letter: String = id.chars().take_while(char::is_ascii_alphabetic).collect();
        rows.entry(letter).or_default().checks += 1;
        total.checks += 1;
    }
    let mut text = format!(
        "{:<10}{:>8}{:>9}{:>7}{:>8}\n",
        "", "checks", "OpenSSL", "ours", "listed"
    );
    for (name, row) in rows
        .iter()
        .map(|(name, row)| (name.as_str(), *row))
        .chain([("total", total)])
    {
        let _infallible = writeln!(
            text,
            "{name:<10}{:>8}{:>9}{:>7}{:>8}",
            row.checks, row.theirs, row.ours, row.listed
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_counted_by_letter() {
        let theirs = Outcome::of("ok M1.a\nok M1.a\nok W2.b\n");
        let ours =
            Outcome::of("ok M1.a\nok M1.a\nFAIL W2.b expected 1 (0x1) actual 2 (0x2)  [x]\n");
        let text = write(&theirs, &ours, &Deviations::new());
        let rows: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(rows[1], ["M", "2", "2", "2", "0"]);
        assert_eq!(rows[2], ["W", "1", "1", "0", "0"]);
        assert_eq!(rows[3], ["total", "3", "3", "2", "0"]);
    }
}
