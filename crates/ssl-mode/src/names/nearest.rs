//! Which known name a mistyped one was probably meant to be.
//!
//! Owns the edit distance and how close is close enough. Must not know how lists are parsed.

use super::fold;
use crate::MODES;

/// The known spelling that is fewest edits away from `typed`, or nothing if none is close.
///
/// Of several equally near ones the first of `MODES` wins.
pub(super) fn name(typed: &str) -> Option<&'static str> {
    MODES
        .iter()
        .flat_map(|row| row.spellings())
        .filter_map(|known| Some((distance(typed, known)?, known)))
        .filter(|&(edits, known)| edits <= tolerance(known))
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, known)| known)
}

/// How many edits still count as a typing mistake: two in a short name, more in a long one.
const fn tolerance(known: &str) -> usize {
    1 + known.len() / 5
}

/// How many bytes have to be inserted, deleted or replaced to make `known` of `typed` (Levenshtein
/// distance), case and `-` against `_` aside. Nothing if `typed` is too long to be any name.
fn distance(typed: &str, known: &str) -> Option<usize> {
    // row[i] is the distance of the part of `known` seen so far to the first i bytes of `typed`.
    let mut row = [0; LONGEST + 1];
    let row = row.get_mut(..=typed.len())?;
    for (i, cell) in row.iter_mut().enumerate() {
        *cell = i;
    }
    for (seen, known) in known.bytes().enumerate() {
        let mut diagonal = seen;
        let mut left = seen + 1;
        row[0] = left;
        for (cell, typed) in row[1..].iter_mut().zip(typed.bytes()) {
            let replaced = diagonal + usize::from(fold(typed) != fold(known));
            diagonal = *cell;
            left = replaced.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    row.last().copied()
}

/// Longer input cannot be close to a name: the longest has 26 bytes.
const LONGEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_single_edits() {
        for (typed, known, edits) in [
            ("async", "ASYNC", 0),
            ("asyn", "ASYNC", 1),
            ("asyync", "ASYNC", 1),
            ("azync", "ASYNC", 1),
            ("asnyc", "ASYNC", 2),
            ("", "ASYNC", 5),
            ("auto-retry", "AUTO_RETRY", 0),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(typed, known), Some(edits), "{typed} {known}");
        }
    }

    #[test]
    fn distance_gives_up_on_long_input() {
        let long = str::from_utf8(&[b'A'; LONGEST + 1]).unwrap();
        assert_eq!(distance(&long[..LONGEST], "A"), Some(LONGEST - 1));
        assert_eq!(distance(long, "A"), None);
    }

    #[test]
    fn every_name_fits() {
        for known in MODES.iter().flat_map(|row| row.spellings()) {
            assert!(known.len() + tolerance(known) <= LONGEST, "{known}");
        }
    }
}
