//! Measurements in rows and columns: a row is a candidate, a column a workload.
//!
//! Owns medians, spreads and ratios.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// One table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Grid {
    pub(super) title: String,
    pub(super) unit: String,
    /// Whether less is better.
    pub(super) less_is_better: bool,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// What one candidate did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) candidate: String,
    /// One per column; one number per round in each, none where the candidate cannot take part.
    pub(super) cells: Vec<Vec<f64>>,
}

impl Grid {
    /// The numbers of a candidate in a column, round by round.
    pub(super) fn cell(&self, candidate: &str, column: &str) -> Option<&[f64]> {
        let at = self.columns.iter().position(|known| known == column)?;
        let row = self.rows.iter().find(|row| row.candidate == candidate)?;
        Some(row.cells.get(at)?.as_slice()).filter(|cell| !cell.is_empty())
    }

    /// How many times better `candidate` is than `other`: the median of the ratios of one round.
    pub(super) fn ratio(&self, candidate: &str, other: &str, column: &str) -> Option<f64> {
        let (ours, theirs) = (self.cell(candidate, column)?, self.cell(other, column)?);
        let (more, less) = match self.less_is_better {
            true => (theirs, ours),
            false => (ours, theirs),
        };
        median(more.iter().zip(less).map(|(more, less)| more / less))
    }

    /// The table, in Markdown that is legible as text too: median, spread, how many times better the first row is.
    pub(super) fn table(&self) -> String {
        let mut lines = vec![self.heading()];
        for row in &self.rows {
            let mut line = vec![row.candidate.clone()];
            line.extend(
                self.columns
                    .iter()
                    .map(|column| self.text(&row.candidate, column)),
            );
            lines.push(line);
        }
        aligned(&lines)
    }

    fn heading(&self) -> Vec<String> {
        let mut heading = vec![self.unit.clone()];
        heading.extend(self.columns.iter().cloned());
        heading
    }

    fn text(&self, candidate: &str, column: &str) -> String {
        let Some(cell) = self.cell(candidate, column) else {
            return "-".to_owned();
        };
        let middle = median(cell.iter().copied()).unwrap_or_default();
        let mut text = number(middle);
        if cell.len() > 1 && middle > 0.0 {
            let (low, high) = bounds(cell);
            let _ = write!(text, " ±{:.0} %", 50.0 * (high - low) / middle);
        }
        let first = self.rows.first().map(|row| row.candidate.as_str());
        let other = first.filter(|first| *first != candidate);
        let ratio = other.and_then(|first| self.ratio(first, candidate, column));
        if let Some(ratio) = ratio.filter(|ratio| ratio.is_finite()) {
            let _ = write!(text, " ({ratio:.2}x)");
        }
        text
    }
}

/// The middle one, or the mean of the middle two.
pub(super) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

fn bounds(cell: &[f64]) -> (f64, f64) {
    let low = cell.iter().copied().fold(f64::INFINITY, f64::min);
    let high = cell.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (low, high)
}

/// Three significant digits where there are fewer before the point.
fn number(value: f64) -> String {
    match value {
        value if value >= 100.0 || value.fract() == 0.0 => grouped(value),
        value if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// With a comma between thousands.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digit.is_ascii_digit() && (digits.len() - at) % 3 == 0 && !text.ends_with('-')
        {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A Markdown table whose columns stand below each other, the first to the left and the others to the right.
pub(super) fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let length = |text: &str| text.chars().count();
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            lines
                .iter()
                .map(|line| length(&line[at]))
                .max()
                .unwrap_or(0)
                .max(3)
        })
        .collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (at, cell) in line.iter().enumerate() {
            let blanks = " ".repeat(widths[at] - length(cell));
            let _ = match at {
                0 => write!(text, "| {cell}{blanks} |"),
                _ => write!(text, " {blanks}{cell} |"),
            };
        }
        text.push('\n');
        if number == 0 {
            for (at, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(*width);
                let _ = match at {
                    0 => write!(text, "| {dashes} |"),
                    _ => write!(text, " {}: |", &dashes[1..]),
                };
            }
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(less_is_better: bool) -> Grid {
        let row = |candidate: &str, cell: &[f64]| Row {
            candidate: candidate.to_owned(),
            cells: vec![cell.to_vec(), Vec::new()],
        };
        Grid {
            title: String::new(),
            unit: "MB/s".to_owned(),
            less_is_better,
            columns: vec!["a".to_owned(), "b".to_owned()],
            rows: vec![
                row("ours", &[10.0, 30.0, 20.0]),
                row("theirs", &[5.0, 10.0, 20.0]),
            ],
        }
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds() {
        assert_eq!(grid(false).ratio("ours", "theirs", "a"), Some(2.0));
        assert_eq!(grid(true).ratio("ours", "theirs", "a"), Some(0.5));
        assert_eq!(grid(true).ratio("ours", "theirs", "b"), None);
    }

    #[test]
    fn who_cannot_take_part_has_a_dash() {
        let table = grid(false).table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[3], "| theirs | 10 ±75 % (2.00x) |   - |");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(1_234_567.0), "1,234,567");
        assert_eq!(grouped(123.0), "123");
        assert_eq!(grouped(-1234.0), "-1,234");
        assert_eq!(number(2.345), "2.35");
    }
}
