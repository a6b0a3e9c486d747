//! Lists between colons, as libcrypto's `CONF_parse_list` takes them apart, and what can be wrong with one.
//!
//! Knows nothing of what is listed.

/// Why a list is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListFault {
    /// Nothing is listed; `SSL_R_BAD_LENGTH`.
    Empty,
    /// A name nobody knows; `ERR_R_PASSED_INVALID_ARGUMENT` where a group is meant, silence elsewhere.
    Unknown(String),
    /// An empty or overlong element, or one that is there twice. OpenSSL leaves no error behind.
    Malformed,
}

impl ListFault {
    /// For this name.
    pub(crate) fn unknown(name: &[u8]) -> Self {
        Self::Unknown(String::from_utf8_lossy(name).into_owned())
    }
}

/// The elements between colons, without the blanks around them. There is always one, perhaps empty.
pub(crate) fn elements(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    separated(text, b':')
}

/// The same between other signs.
pub(crate) fn separated(text: &[u8], sign: u8) -> impl Iterator<Item = &[u8]> {
    text.split(move |&byte| byte == sign).map(trim)
}

fn trim(mut element: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = element
        && is_space(*first)
    {
        element = rest;
    }
    while let [rest @ .., last] = element
        && is_space(*last)
    {
        element = rest;
    }
    element
}

/// `isspace` of the C locale.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_an_element_are_not_its_own() {
        let found: Vec<&[u8]> = elements(b" a b\t:: \n:c").collect();
        assert_eq!(found, [&b"a b"[..], b"", b"", b"c"]);
        assert_eq!(elements(b"").collect::<Vec<_>>(), [b""]);
    }
}
