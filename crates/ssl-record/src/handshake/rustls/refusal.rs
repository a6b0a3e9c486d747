//! Why a handshake ends here although rustls would go on, and what the peer is told of it.

use super::stack::Broken;
use crate::error::Error;
use crate::reason::Reason;
use crate::record::AlertDescription;

/// Why a handshake ends, and what the peer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) alert: AlertDescription,
    pub(super) reason: Reason,
}

impl Refusal {
    pub(super) const INTERNAL: Self = Self {
        alert: AlertDescription::INTERNAL_ERROR,
        reason: Reason::INTERNAL_ERROR,
    };
}

impl From<Broken> for Refusal {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Panicked => Self::INTERNAL,
            Broken::NoStack => Self {
                reason: Reason::MALLOC_FAILURE,
                ..Self::INTERNAL
            },
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused {
            alert: refusal.alert,
            reason: refusal.reason,
        }
    }
}
