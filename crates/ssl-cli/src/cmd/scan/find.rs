//! What a server accepts out of a list, and in whose order it chooses: found by asking again without what it chose.
//!
//! Owns the strategy. Must not know what the numbers stand for, or how a server is asked.

/// Numbers that a server accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// In the order in which the server chose them.
    pub(super) numbers: Vec<u16>,
    /// Whose order it was; `None` if there are not two to choose from.
    pub(super) preference: Option<Preference>,
    /// Whether it was the end of the list that ended the search, and not a server that answers no more.
    pub(super) complete: bool,
}

/// What came of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Chose(u16),
    /// None of what was offered.
    Refused,
    /// Nothing can be said.
    Unclear,
}

/// Whose order decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preference {
    Server,
    Client,
    /// Neither alone, such as for servers that heed the client's first choice only.
    Mixed,
}

impl Preference {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Mixed => "mixed",
        }
    }
}

/// Whether numbers already found are needed beside the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// They are left out.
    LeftOut,
    /// They are left out, and offered last if the server then refuses: a server whose certificate is on a curve
    /// refuses every client that does not offer this curve (RFC 8422 section 5.1).
    MayBeNeeded,
}

/// Asks for each that is accepted, and once more for the order and to see that the server still answers.
///
/// # Errors
/// What `ask` returns. `ask` offers a list and tells what came of it.
pub(super) fn accepted<E>(
    candidates: &[u16],
    found: Found,
    mut ask: impl FnMut(&[u16]) -> Result<Reply, E>,
) -> Result<Accepted, E> {
    let mut left = candidates.to_vec();
    let mut numbers = Vec::new();
    let mut reply = Reply::Refused;
    while !left.is_empty() {
        reply = ask(&left)?;
        if reply == Reply::Refused && found == Found::MayBeNeeded && !numbers.is_empty() {
            reply = ask(&[&left[..], &numbers].concat())?;
        }
        // Another number was not offered, or is not new.
        let chosen = left
            .iter()
            .position(|&number| reply == Reply::Chose(number));
        let Some(index) = chosen else {
            break;
        };
        numbers.push(left.remove(index));
    }
    let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else {
        return Ok(Accepted {
            numbers,
            preference: None,
            complete: false,
        });
    };
    let reversed: Vec<u16> = numbers.iter().rev().copied().collect();
    let again = ask(&reversed)?;
    let preference = match again {
        _ if first == last => None,
        Reply::Chose(chosen) if chosen == first => Some(Preference::Server),
        Reply::Chose(chosen) if chosen == last => Some(Preference::Client),
        Reply::Chose(_) => Some(Preference::Mixed),
        Reply::Refused | Reply::Unclear => None,
    };
    Ok(Accepted {
        complete: reply != Reply::Unclear && matches!(again, Reply::Chose(_)),
        numbers,
        preference,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn find(
        found: Found,
        mut server: impl FnMut(&[u16]) -> Option<u16>,
    ) -> (Vec<u16>, Option<Preference>, usize) {
        let mut asked = 0;
        let result = accepted(&[1, 2, 3, 4, 5], found, |offered| {
            asked += 1;
            Ok::<_, Infallible>(server(offered).map_or(Reply::Refused, Reply::Chose))
        });
        let Ok(accepted) = result;
        (accepted.numbers, accepted.preference, asked)
    }

    fn first_of(order: &[u16], offered: &[u16]) -> Option<u16> {
        order
            .iter()
            .copied()
            .find(|number| offered.contains(number))
    }

    #[test]
    fn a_server_with_an_order_of_its_own() {
        let found = find(Found::LeftOut, |offered| first_of(&[4, 2, 9], offered));
        assert_eq!(found, (vec![4, 2], Some(Preference::Server), 4));
    }

    #[test]
    fn a_server_that_follows_the_client() {
        let found = find(Found::LeftOut, |offered| first_of(offered, &[4, 2, 9]));
        assert_eq!(found, (vec![2, 4], Some(Preference::Client), 4));
    }

    #[test]
    fn a_server_with_an_order_that_changes() {
        let found = find(Found::LeftOut, |offered| match offered {
            [1, ..] => Some(5),
            [5, ..] => Some(3),
            other => first_of(&[3, 4], other),
        });
        assert_eq!(found.1, None);
        let found = find(Found::LeftOut, |offered| match offered {
            [5, 4, 3] => Some(4),
            other => first_of(other, &[3, 4, 5]),
        });
        assert_eq!(found.1, Some(Preference::Mixed));
    }

    #[test]
    fn none_one_and_all() {
        assert_eq!(find(Found::MayBeNeeded, |_| None), (vec![], None, 1));
        let one = |offered: &[u16]| first_of(offered, &[3]);
        assert_eq!(find(Found::LeftOut, one), (vec![3], None, 3));
        let all = find(Found::LeftOut, |offered| offered.last().copied());
        assert_eq!(all.0, [5, 4, 3, 2, 1]);
    }

    #[test]
    fn a_number_that_was_not_offered_ends_the_search() {
        assert_eq!(find(Found::LeftOut, |_| Some(77)), (vec![], None, 1));
        assert_eq!(find(Found::LeftOut, |_| Some(2)).0, [2]);
    }

    #[test]
    fn a_server_that_answers_no_more_leaves_the_list_incomplete() {
        let search = |last_answers: usize, silence: Reply| {
            let mut asked = 0;
            let Ok(found) = accepted(&[1, 2, 3], Found::LeftOut, |offered| {
                asked += 1;
                Ok::<_, Infallible>(match first_of(&[1, 2], offered) {
                    _ if asked > last_answers => silence,
                    Some(number) => Reply::Chose(number),
                    None => Reply::Refused,
                })
            });
            (found.numbers.len(), found.complete)
        };
        assert_eq!(search(9, Reply::Refused), (2, true));
        // The refusal of the third looks like the end of the list; that of the question for the order does not.
        assert_eq!(search(2, Reply::Refused), (2, false));
        assert_eq!(search(1, Reply::Unclear), (1, false));
        assert_eq!(search(0, Reply::Refused), (0, false));
    }

    #[test]
    fn a_server_that_insists_on_one_number() {
        // Its certificate is on curve 2.
        let insists = |offered: &[u16]| {
            let chosen = first_of(offered, &[2, 3, 5]);
            chosen.filter(|_| offered.contains(&2))
        };
        assert_eq!(find(Found::LeftOut, insists).0, [2]);
        assert_eq!(find(Found::MayBeNeeded, insists).0, [2, 3, 5]);
    }
}
