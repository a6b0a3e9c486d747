//! `ParseModeError`: what was wrong with a list of modes, where, and what to write instead.
//!
//! Must not know how lists are parsed.

use core::fmt;
use core::ops::Range;

/// Why a text is no list of modes.
///
/// Each variant says which bytes of the text are to blame, the sign included and blanks around
/// them not; [`span`](Self::span) gives them for any variant. `Display` is one line that says what
/// to do.
///
/// ```
/// use ssl_mode::{ParseModeError, SslMode};
///
/// let text = "auto-retry,partal-write";
/// let error = text.parse::<SslMode>().unwrap_err();
///
/// assert_eq!(&text[error.span()], "partal-write");
/// assert_eq!(error.nearest(), Some("partial-write"));
/// assert_eq!(error.to_string(), "unknown mode at bytes 11..23; did you mean partial-write?");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseModeError {
    /// Nothing stands where a mode should: an empty text, `a,,b`, or a sign alone.
    Empty {
        /// The sign alone, or the empty place.
        at: Range<usize>,
    },
    /// No mode is called that.
    UnknownName {
        /// The name, with its sign.
        at: Range<usize>,
        /// The known name that is fewest typing mistakes away, if any is close.
        nearest: Option<&'static str>,
    },
    /// It starts with a digit and is no number.
    BadNumber {
        /// The entry.
        at: Range<usize>,
    },
    /// The number needs more than the 32 bits of a mask.
    NumberTooLarge {
        /// The number.
        at: Range<usize>,
    },
    /// Some entries have a sign and some have not.
    MixedSigns {
        /// The first entry that differs from those before it.
        at: Range<usize>,
    },
    /// A sign where a mask is expected, which has nothing to add to or remove from.
    UnexpectedSign {
        /// The entry with the sign.
        at: Range<usize>,
    },
}

impl ParseModeError {
    /// The bytes of the text that are to blame; always a valid range of it.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Empty { at }
            | Self::UnknownName { at, .. }
            | Self::BadNumber { at }
            | Self::NumberTooLarge { at }
            | Self::MixedSigns { at }
            | Self::UnexpectedSign { at } => at.clone(),
        }
    }

    /// The known name that was probably meant.
    #[must_use]
    pub const fn nearest(&self) -> Option<&'static str> {
        match self {
            Self::UnknownName { nearest, .. } => *nearest,
            _ => None,
        }
    }
}

impl fmt::Display for ParseModeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Range { start, end } = self.span();
        match self {
            Self::Empty { .. } => write!(f, "no mode at byte {start}; write {EXAMPLES}"),
            Self::UnknownName {
                nearest: Some(name),
                ..
            } => {
                write!(
                    f,
                    "unknown mode at bytes {start}..{end}; did you mean {name}?"
                )
            }
            Self::UnknownName { nearest: None, .. } => {
                write!(f, "unknown mode at bytes {start}..{end}; write {EXAMPLES}")
            }
            Self::BadNumber { .. } => write!(
                f,
                "bad number at bytes {start}..{end}; write it as 0x13 (hexadecimal) or 19 (decimal)"
            ),
            Self::NumberTooLarge { .. } => write!(
                f,
                "number too large at bytes {start}..{end}; a mask ends at 0xffffffff"
            ),
            Self::MixedSigns { .. } => write!(
                f,
                "sign mismatch at bytes {start}..{end}; put + or - before every entry or before none"
            ),
            Self::UnexpectedSign { .. } => write!(
                f,
                "unexpected sign at bytes {start}..{end}; list the modes of the mask without + or -"
            ),
        }
    }
}

impl core::error::Error for ParseModeError {}

const EXAMPLES: &str = "a name such as partial-write or a number such as 0x13";
