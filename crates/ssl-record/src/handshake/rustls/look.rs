//! One look of rustls at what it has, for handshakes that may run on a stack of their own.

use super::Direct;
use crate::error::Error;
use crate::handshake::Progress;

/// Itself, what it wants to send, what it came to.
pub(super) struct Look {
    pub(super) direct: Box<Direct>,
    pub(super) out: Vec<u8>,
    pub(super) result: Result<Progress, Error>,
}

/// Lets rustls look.
pub(super) fn look(mut direct: Box<Direct>) -> Look {
    let mut out = Vec::new();
    let result = direct.advance(&mut out);
    Look {
        direct,
        out,
        result,
    }
}
