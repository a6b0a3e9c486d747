//! Text to mask and back, for command lines and logs.
//!
//! Owns the grammar: which spellings of a mode, which lists of them. Must not know how masks are
//! stored; what a mode is called comes from `MODES`.

use core::fmt;
use core::ops::Range;
use core::str::FromStr;

use crate::{MODES, ModeRow, SslMode};

mod error;
mod nearest;

pub use error::ParseModeError;

/// Writes the names from the lowest bit up, then what has no name as one number:
/// `ENABLE_PARTIAL_WRITE|AUTO_RETRY|0x40000000`. The empty mask is `0`. Parsing the text gives the
/// same mask again.
///
/// ```
/// use ssl_mode::SslMode;
///
/// let mask = SslMode::from_bits_retain(0x4000_0005);
/// assert_eq!(mask.to_string(), "ENABLE_PARTIAL_WRITE|AUTO_RETRY|0x40000000");
/// assert_eq!(SslMode::empty().to_string(), "0");
/// ```
impl fmt::Display for SslMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("0");
        }
        let mut separator = "";
        for (name, _) in self.iter_names() {
            write!(f, "{separator}{name}")?;
            separator = "|";
        }
        let unnamed = self.unnamed();
        if !unnamed.is_empty() {
            write!(f, "{separator}{:#x}", unnamed.bits())?;
        }
        Ok(())
    }
}

/// Parses a mask: modes separated by `,` or `|`, their bits taken together.
///
/// A mode is OpenSSL's name with or without `SSL_MODE_`, a short name such as `partial-write`, or
/// a number, hexadecimal after `0x` and decimal otherwise. Case does not matter, `-` and `_` are
/// the same, blanks around a mode are skipped. Fails with a [`ParseModeError`] that says where.
///
/// ```
/// use ssl_mode::SslMode;
///
/// assert_eq!("SSL_MODE_ASYNC | auto-retry".parse(), Ok(SslMode::from_bits_retain(0x104)));
/// assert_eq!("0x13".parse(), "partial-write,moving-buffer,release-buffers".parse::<SslMode>());
/// ```
impl FromStr for SslMode {
    type Err = ParseModeError;

    fn from_str(text: &str) -> Result<Self, ParseModeError> {
        let mut mask = Self::empty();
        for token in tokens(text) {
            if token.sign.is_some() {
                return Err(ParseModeError::UnexpectedSign { at: token.at });
            }
            mask |= token.value()?;
        }
        Ok(mask)
    }
}

/// What a list of modes does to a mask: replaces it, or adds and removes bits.
///
/// `partial-write,0x10` (any list that [`SslMode`] parses) replaces the mask.
/// `+partial-write,-auto-retry` keeps the other bits; entries act from left to right, so of two
/// that name the same bit the later one counts. A list is one or the other: either every entry has
/// a sign or none has.
///
/// ```
/// use ssl_mode::{ModeEdit, SslMode};
///
/// let change: ModeEdit = "+partial-write,-auto-retry".parse()?;
/// assert_eq!(change.apply(SslMode::from_bits_retain(0x14)).bits(), 0x11);
///
/// let replace: ModeEdit = "0x13".parse()?;
/// assert_eq!(replace.apply(SslMode::from_bits_retain(0x14)).bits(), 0x13);
/// # Ok::<(), ssl_mode::ParseModeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModeEdit {
    // Disjoint; a replacement sets some bits and clears all others.
    sets: SslMode,
    clears: SslMode,
}

impl ModeEdit {
    /// The edit that turns any mask into `mask`.
    #[must_use]
    pub const fn replace(mask: SslMode) -> Self {
        Self {
            sets: mask,
            clears: mask.complement(),
        }
    }

    /// The mask that `mask` becomes.
    #[must_use]
    pub const fn apply(self, mask: SslMode) -> SslMode {
        mask.intersection(self.clears.complement()).union(self.sets)
    }

    /// The bits to set; none of them is in [`clears`](Self::clears). What a register's `set`
    /// takes.
    #[must_use]
    pub const fn sets(self) -> SslMode {
        self.sets
    }

    /// The bits to clear: for a replacement, all that it does not set. What a register's `clear`
    /// takes.
    #[must_use]
    pub const fn clears(self) -> SslMode {
        self.clears
    }

    /// Adds one signed entry to the right end of the list.
    fn then(self, sign: Sign, bits: SslMode) -> Self {
        let others = bits.complement();
        match sign {
            Sign::Plus => Self {
                sets: self.sets | bits,
                clears: self.clears & others,
            },
            Sign::Minus => Self {
                sets: self.sets & others,
                clears: self.clears | bits,
            },
        }
    }
}

/// Parses `+name,-name` as a change and a list without signs as a replacement.
impl FromStr for ModeEdit {
    type Err = ParseModeError;

    fn from_str(text: &str) -> Result<Self, ParseModeError> {
        let is_change = tokens(text)
            .next()
            .is_some_and(|token| token.sign.is_some());
        if !is_change {
            return text
                .parse()
                .map(Self::replace)
                .map_err(|error| match error {
                    ParseModeError::UnexpectedSign { at } => ParseModeError::MixedSigns { at },
                    error => error,
                });
        }
        let mut edit = Self {
            sets: SslMode::empty(),
            clears: SslMode::empty(),
        };
        for token in tokens(text) {
            let bits = token.value()?;
            let sign = token
                .sign
                .ok_or(ParseModeError::MixedSigns { at: token.at })?;
            edit = edit.then(sign, bits);
        }
        Ok(edit)
    }
}

impl ModeRow {
    /// The row that `name` means, in any spelling that [`SslMode`] parses except a number.
    ///
    /// ```
    /// use ssl_mode::ModeRow;
    ///
    /// let row = ModeRow::find("moving-buffer").unwrap();
    /// assert_eq!(row.name, "ACCEPT_MOVING_WRITE_BUFFER");
    /// assert!(ModeRow::find("0x2").is_none());
    /// ```
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        let name = without_prefix(name);
        MODES
            .iter()
            .find(|row| row.spellings().any(|known| same(known, name)))
    }

    /// Every name this row answers to; OpenSSL's first.
    fn spellings(&self) -> impl Iterator<Item = &'static str> + use<> {
        [self.name, self.short]
            .into_iter()
            .chain(self.aliases.iter().copied())
    }
}

/// `+` or `-` in front of an entry.
#[derive(Clone, Copy)]
enum Sign {
    Plus,
    Minus,
}

/// One entry of a list, blanks and sign removed.
struct Token<'a> {
    text: &'a str,
    sign: Option<Sign>,
    /// Where the entry is in the whole text, sign included; in bytes.
    at: Range<usize>,
}

impl<'a> Token<'a> {
    /// `entry` is what stands between two separators, from byte `start` of the whole text.
    fn new(entry: &'a str, start: usize) -> Self {
        let blanks = entry.len() - entry.trim_start().len();
        let text = entry.trim();
        let at = start + blanks..start + blanks + text.len();
        let (sign, text) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(rest), _) => (Some(Sign::Plus), rest),
            (_, Some(rest)) => (Some(Sign::Minus), rest),
            _ => (None, text),
        };
        Self { text, sign, at }
    }

    fn value(&self) -> Result<SslMode, ParseModeError> {
        if self.text.is_empty() {
            return Err(ParseModeError::Empty {
                at: self.at.clone(),
            });
        }
        if self.text.starts_with(|c: char| c.is_ascii_digit()) {
            return self.number();
        }
        ModeRow::find(self.text)
            .map(|row| row.bit)
            .ok_or_else(|| ParseModeError::UnknownName {
                at: self.at.clone(),
                nearest: nearest::name(without_prefix(self.text)),
            })
    }

    fn number(&self) -> Result<SslMode, ParseModeError> {
        let hexadecimal = self
            .text
            .strip_prefix("0x")
            .or_else(|| self.text.strip_prefix("0X"));
        let (digits, radix) = hexadecimal.map_or((self.text, 10), |digits| (digits, 16));
        if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
            return Err(ParseModeError::BadNumber {
                at: self.at.clone(),
            });
        }
        // Only digits are left, so size is the one thing that can be wrong.
        u32::from_str_radix(digits, radix)
            .map(SslMode::from_bits_retain)
            .map_err(|_| ParseModeError::NumberTooLarge {
                at: self.at.clone(),
            })
    }
}

/// The entries of a list; a text without separators has one, an empty text one empty one.
fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    text.split(SEPARATORS).scan(0, |start, entry| {
        let token = Token::new(entry, *start);
        *start += entry.len() + 1;
        Some(token)
    })
}

/// `name` without `SSL_MODE_`, if it has that.
fn without_prefix(name: &str) -> &str {
    match name.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if same(prefix, PREFIX) => rest,
        _ => name,
    }
}

/// Whether two names differ in nothing but case and `-` against `_`.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).all(|(a, b)| fold(a) == fold(b))
}

/// The form in which the bytes of names are compared.
const fn fold(byte: u8) -> u8 {
    match byte {
        b'-' => b'_',
        byte => byte.to_ascii_uppercase(),
    }
}

const PREFIX: &str = "SSL_MODE_";

/// One byte each; `tokens` counts on it.
const SEPARATORS: [char; 2] = [',', '|'];
