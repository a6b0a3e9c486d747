//! The cipher string: OpenSSL's language for lists of TLS 1.2 suites (ciphers(1), "CIPHER LIST FORMAT").
//!
//! Owns its grammar and the order that comes of it. Suites we lack are in no result, and have no influence on
//! the order of ours. Knows nothing of TLS 1.3, whose suites have a list of their own.

mod keywords;
#[cfg(test)]
mod tests;

use super::suite_b::SuiteB;
use super::suites::{KeyExchange, SUITES, Suite};
use keywords::Criteria;

/// What came of a cipher string.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The level a `@SECLEVEL` set, which stays even if the string is refused later on.
    pub(crate) level: Option<i32>,
    /// The profile a `SUITEB...` string began, or the one that was on before.
    pub(crate) suite_b: Option<SuiteB>,
    /// The suites of TLS 1.2, most wanted first.
    pub(crate) suites: Result<Vec<&'static Suite>, CipherStringFault>,
}

/// Why a cipher string is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CipherStringFault {
    /// A command that is none, or nothing where a word should be: `SSL_R_INVALID_COMMAND`. The list that was
    /// set before stays.
    InvalidCommand,
    /// No suite is left: `SSL_R_NO_CIPHER_MATCH`. The list is empty from now on.
    NoMatch,
}

impl CipherStringFault {
    /// OpenSSL's reason.
    pub(crate) fn reason(self) -> u16 {
        match self {
            Self::InvalidCommand => 280,
            Self::NoMatch => 185,
        }
    }
}

/// Reads a cipher string. `profile` is the Suite B profile that is on; while one is, no string can add to it.
pub(crate) fn parse(text: &[u8], profile: Option<SuiteB>) -> Outcome {
    let (suite_b, text) = match SuiteB::of_cipher_string(text) {
        Some((profile, suites)) => (Some(profile), suites),
        None => (
            profile,
            profile.map_or(text, |profile| profile.cipher_string()),
        ),
    };
    let mut rules = Rules::new();
    let syntax = rules.run(text);
    let suites = match (syntax, rules.active()) {
        (Err(InvalidCommand), _) => Err(CipherStringFault::InvalidCommand),
        (Ok(()), suites) if suites.is_empty() => Err(CipherStringFault::NoMatch),
        (Ok(()), suites) => Ok(suites),
    };
    Outcome {
        level: rules.level,
        suite_b,
        suites,
    }
}

/// The suites in their order, while the words of a string move them about.
struct Rules {
    /// Never those that were killed.
    order: Vec<Entry>,
    level: Option<i32>,
}

#[derive(Clone, Copy)]
struct Entry {
    suite: &'static Suite,
    /// Whether it is in the list, or only has its place in case it comes back.
    active: bool,
}

/// What a word does to the suites it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Appends those that are not in the list.
    Add,
    /// `-`: takes them out; they may come back, and then first.
    Delete,
    /// `!`: takes them out for good.
    Kill,
    /// `+`: moves those in the list to its end.
    MoveToEnd,
}

struct InvalidCommand;

impl Rules {
    fn new() -> Self {
        let suites = SUITES
            .iter()
            .filter(|suite| suite.key_exchange == KeyExchange::Ecdhe);
        Self {
            order: suites
                .map(|suite| Entry {
                    suite,
                    active: false,
                })
                .collect(),
            level: None,
        }
    }

    fn active(&self) -> Vec<&'static Suite> {
        let active = self.order.iter().filter(|entry| entry.active);
        active.map(|entry| entry.suite).collect()
    }

    fn run(&mut self, text: &[u8]) -> Result<(), InvalidCommand> {
        // Only at the very start is it a word, and then it needs nothing behind it.
        let Some(rest) = text.strip_prefix(b"DEFAULT") else {
            return self.words(text);
        };
        self.words(DEFAULT)?;
        self.words(rest.strip_prefix(b":").unwrap_or(rest))
    }

    fn words(&mut self, mut text: &[u8]) -> Result<(), InvalidCommand> {
        let mut result = Ok(());
        while let [first, rest @ ..] = text {
            text = match first {
                b':' | b' ' | b';' | b',' => rest,
                b'@' => {
                    let (word, rest) = split_word(rest)?;
                    // A command that is none spoils the string, but what follows is carried out.
                    result = result.and(self.command(word));
                    skip_element(rest)
                }
                b'-' => self.word(Rule::Delete, rest)?,
                b'+' => self.word(Rule::MoveToEnd, rest)?,
                b'!' => self.word(Rule::Kill, rest)?,
                _ => self.word(Rule::Add, text)?,
            };
        }
        result
    }

    /// Carries out one word, or several joined by `+`; what is left of the text.
    fn word<'a>(&mut self, rule: Rule, mut text: &'a [u8]) -> Result<&'a [u8], InvalidCommand> {
        let mut meant = Criteria::EVERYTHING;
        loop {
            let (word, rest) = split_word(text)?;
            // An unknown word, or a contradiction, is passed over with all that is joined to it.
            let Some(both) = keywords::find(word).and_then(|word| meant.and(word)) else {
                return Ok(skip_element(rest));
            };
            meant = both;
            match rest {
                [b'+', rest @ ..] => text = rest,
                _ => {
                    self.apply(rule, |suite| meant.admits(suite));
                    return Ok(rest);
                }
            }
        }
    }

    fn command(&mut self, word: &[u8]) -> Result<(), InvalidCommand> {
        match word {
            b"STRENGTH" => self.sort_by_strength(),
            [
                b'S',
                b'E',
                b'C',
                b'L',
                b'E',
                b'V',
                b'E',
                b'L',
                b'=',
                digit @ b'0'..=b'5',
            ] => {
                self.level = Some(i32::from(digit - b'0'));
            }
            _ => return Err(InvalidCommand),
        }
        Ok(())
    }

    fn sort_by_strength(&mut self) {
        for bits in [256, 128] {
            self.apply(Rule::MoveToEnd, |suite| suite.bits() == bits);
        }
    }

    fn apply(&mut self, rule: Rule, meant: impl Fn(&Suite) -> bool) {
        let affected = |entry: &Entry| {
            let moved = match rule {
                Rule::Add => !entry.active,
                Rule::Delete | Rule::MoveToEnd => entry.active,
                Rule::Kill => true,
            };
            moved && meant(entry.suite)
        };
        let (mut moved, mut kept): (Vec<Entry>, Vec<Entry>) =
            self.order.iter().copied().partition(affected);
        for entry in &mut moved {
            entry.active = rule != Rule::Delete;
        }
        self.order = match rule {
            Rule::Add | Rule::MoveToEnd => {
                kept.append(&mut moved);
                kept
            }
            Rule::Delete => {
                moved.append(&mut kept);
                moved
            }
            Rule::Kill => kept,
        };
    }
}

/// The word at the start of the text, which must not be empty, and the rest.
fn split_word(text: &[u8]) -> Result<(&[u8], &[u8]), InvalidCommand> {
    let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'=');
    let len = text
        .iter()
        .position(|byte| !belongs(byte))
        .unwrap_or(text.len());
    match len {
        0 => Err(InvalidCommand),
        len => Ok(text.split_at(len)),
    }
}

/// The text from the next separator on.
fn skip_element(text: &[u8]) -> &[u8] {
    let is_separator = |byte: &u8| matches!(byte, b':' | b' ' | b';' | b',');
    let len = text.iter().position(is_separator).unwrap_or(text.len());
    &text[len..]
}

/// What `DEFAULT` stands for (`OSSL_default_cipher_list`).
const DEFAULT: &[u8] = b"ALL:!COMPLEMENTOFDEFAULT:!eNULL";
