//! A session id or an id context: up to 32 bytes, where they are.
//!
//! Owns the bound. C is given pointers into it, so the bytes are part of the object.

use super::encoding::ID_MAX;

/// Up to [`ID_MAX`] bytes; those behind the length are 0.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Id {
    length: u8,
    bytes: [u8; ID_MAX],
}

impl Id {
    pub(crate) const MAX: usize = ID_MAX;

    /// `None` if there are too many.
    pub(crate) fn new(from: &[u8]) -> Option<Self> {
        let mut bytes = [0; ID_MAX];
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        let length = from.len() as u8;
        Some(Self { length, bytes })
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl std::fmt::Debug for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_slice().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_32_bytes_and_no_more() {
        assert_eq!(Id::new(&[7; 32]).unwrap().as_slice(), [7; 32]);
        assert_eq!(Id::new(&[7; 33]), None);
        assert!(Id::new(b"").unwrap().is_empty());
    }
}
