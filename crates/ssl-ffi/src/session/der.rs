//! As much DER as an encoded session needs: sequences, integers, octet strings, explicit tags.
//!
//! Owns lengths and tags. Does not know what a session is. Reads untrusted bytes: every length is
//! checked against what is there, nothing recurses and nothing is allocated.

/// Bytes that are not DER, or not what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadDer;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const SEQUENCE: u8 = 0x30;
/// A primitive of implicit context tag 0.
pub(crate) const CONTEXT_PRIMITIVE: u8 = 0x80;
/// A constructed value of context tag 0, around an explicitly tagged one.
pub(crate) const CONTEXT_CONSTRUCTED: u8 = 0xa0;

/// Reads one element after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next element's tag, if there is an element.
    pub(crate) fn tag(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The contents of the next element, whatever its tag. Only tags below 31 exist here.
    pub(crate) fn any(&mut self) -> Result<(u8, &'a [u8]), BadDer> {
        let (&tag, rest) = self.rest.split_first().ok_or(BadDer)?;
        if tag & 0x1f == 0x1f {
            return Err(BadDer);
        }
        let (length, rest) = length(rest)?;
        let (contents, rest) = rest.split_at_checked(length).ok_or(BadDer)?;
        self.rest = rest;
        Ok((tag, contents))
    }

    /// The contents of the next element, which has to have this tag.
    pub(crate) fn contents(&mut self, wanted: u8) -> Result<&'a [u8], BadDer> {
        if self.tag() != Some(wanted) {
            return Err(BadDer);
        }
        Ok(self.any()?.1)
    }

    /// The next element of this explicit tag, if it is the next one.
    pub(crate) fn explicit(&mut self, number: u8) -> Result<Option<Self>, BadDer> {
        let wanted = CONTEXT_CONSTRUCTED | number;
        if self.tag() != Some(wanted) {
            return Ok(None);
        }
        Ok(Some(Self::new(self.contents(wanted)?)))
    }

    pub(crate) fn octets(&mut self) -> Result<&'a [u8], BadDer> {
        self.contents(OCTET_STRING)
    }

    /// A signed integer in the shortest form.
    pub(crate) fn integer(&mut self) -> Result<i128, BadDer> {
        let contents = self.contents(INTEGER)?;
        // Nine bytes hold every u64.
        let (&first, more) = contents.split_first().ok_or(BadDer)?;
        if more.len() > 8 {
            return Err(BadDer);
        }
        let padded = more
            .first()
            .is_some_and(|next| matches!((first, next >> 7), (0x00, 0) | (0xff, 1)));
        if padded {
            return Err(BadDer);
        }
        let sign = i128::from(first.cast_signed());
        Ok(more
            .iter()
            .fold(sign, |value, &byte| value << 8 | i128::from(byte)))
    }
}

/// A definite length in the shortest form, and what follows it.
fn length(bytes: &[u8]) -> Result<(usize, &[u8]), BadDer> {
    let (&first, rest) = bytes.split_first().ok_or(BadDer)?;
    if first < 0x80 {
        return Ok((first.into(), rest));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return Err(BadDer);
    }
    let (digits, rest) = rest.split_at_checked(count).ok_or(BadDer)?;
    let value = digits
        .iter()
        .fold(0, |value: usize, &byte| value << 8 | usize::from(byte));
    let shortest = digits[0] != 0 && value >= 0x80;
    if shortest {
        Ok((value, rest))
    } else {
        Err(BadDer)
    }
}

/// Appends one element.
pub(crate) fn write(out: &mut Vec<u8>, tag: u8, contents: &[u8]) {
    out.push(tag);
    write_length(out, contents.len());
    out.extend_from_slice(contents);
}

/// Appends an integer in the shortest form.
pub(crate) fn write_integer(out: &mut Vec<u8>, value: i128) {
    let bytes = value.to_be_bytes();
    let redundant = bytes
        .windows(2)
        .take_while(|pair| matches!((pair[0], pair[1] >> 7), (0x00, 0) | (0xff, 1)))
        .count();
    write(out, INTEGER, &bytes[redundant..]);
}

/// Appends an integer in an explicit tag.
pub(crate) fn write_explicit_integer(out: &mut Vec<u8>, number: u8, value: i128) {
    out.push(CONTEXT_CONSTRUCTED | number);
    let length_at = out.len();
    out.push(0);
    write_integer(out, value);
    // At most 2 + 16 bytes.
    out[length_at] = (out.len() - length_at - 1) as u8;
}

/// Appends an octet string in an explicit tag.
pub(crate) fn write_explicit_octets(out: &mut Vec<u8>, number: u8, contents: &[u8]) {
    out.push(CONTEXT_CONSTRUCTED | number);
    write_length(out, 1 + length_size(contents.len()) + contents.len());
    write(out, OCTET_STRING, contents);
}

fn write_length(out: &mut Vec<u8>, length: usize) {
    let bytes = length.to_be_bytes();
    let size = length_size(length);
    if size > 1 {
        out.push(0x80 | (size - 1) as u8);
        out.extend_from_slice(&bytes[bytes.len() - (size - 1)..]);
    } else {
        out.push(length as u8);
    }
}

/// How many bytes a length takes.
fn length_size(length: usize) -> usize {
    if length < 0x80 {
        return 1;
    }
    let digits = (usize::BITS - length.leading_zeros()).div_ceil(8);
    1 + digits as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_survive_in_the_shortest_form() {
        let cases: [(i128, &[u8]); 8] = [
            (0, &[2, 1, 0]),
            (127, &[2, 1, 0x7f]),
            (128, &[2, 2, 0, 0x80]),
            (-1, &[2, 1, 0xff]),
            (-128, &[2, 1, 0x80]),
            (-129, &[2, 2, 0xff, 0x7f]),
            (0x6553_f100, &[2, 4, 0x65, 0x53, 0xf1, 0]),
            (
                u64::MAX as i128,
                &[2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255],
            ),
        ];
        for (value, encoded) in cases {
            let mut out = Vec::new();
            write_integer(&mut out, value);
            assert_eq!(out, encoded, "{value}");
            assert_eq!(Reader::new(&out).integer(), Ok(value));
        }
    }

    #[test]
    fn padded_and_oversized_integers_are_refused() {
        for bytes in [
            &[2, 0][..],
            &[2, 2, 0, 1],
            &[2, 2, 0xff, 0x80],
            &[2, 10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(Reader::new(bytes).integer(), Err(BadDer), "{bytes:?}");
        }
    }

    #[test]
    fn lengths_of_every_size_survive() {
        for size in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let mut out = Vec::new();
            write_explicit_octets(&mut out, 3, &vec![7; size]);
            let mut reader = Reader::new(&out);
            let mut inner = reader.explicit(3).unwrap().unwrap();
            assert_eq!(inner.octets().unwrap().len(), size);
            assert!(inner.is_empty() && reader.is_empty());
        }
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for bytes in [
            &[][..],
            &[4],
            &[4, 1],
            &[4, 0x80, 0, 0],
            &[4, 0x81, 0x7f],
            &[4, 0x82, 0, 0x80],
            &[4, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[4, 0x85, 1, 0, 0, 0, 0],
            &[0x1f, 0],
        ] {
            assert_eq!(Reader::new(bytes).any(), Err(BadDer), "{bytes:?}");
        }
    }
}
