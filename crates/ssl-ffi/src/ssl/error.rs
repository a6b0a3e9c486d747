//! `SSL_get_error` and `SSL_want`: what became of the last call (section G of the statements).
//!
//! Owns the decision table. Reads the BIO's flags and the error queue when it is asked, never before
//! (statements G2 to G5, T10), and changes neither.

use super::Ssl;
use crate::crypto::{Bio, queue, sys};

/// The last obstacle: `SSL_NOTHING` and its relatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Want {
    Nothing = 1,
    Writing = 2,
    Reading = 3,
    X509Lookup = 4,
    AsyncPaused = 5,
    AsyncNoJobs = 6,
    ClientHelloCallback = 7,
    RetryVerify = 8,
}

/// `SSL_ERROR_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Verdict {
    None = 0,
    Ssl = 1,
    WantRead = 2,
    WantWrite = 3,
    WantX509Lookup = 4,
    Syscall = 5,
    ZeroReturn = 6,
    WantConnect = 7,
    WantAccept = 8,
    WantAsync = 9,
    WantAsyncJob = 10,
    WantClientHelloCallback = 11,
    WantRetryVerify = 12,
}

impl Ssl {
    /// What the result `ret` of the last call means (statement G50).
    pub(crate) fn verdict(&self, ret: i32) -> Verdict {
        if ret > 0 {
            return Verdict::None;
        }
        match queue::peek_first() {
            0 => {}
            error if queue::library_of(error) == sys::ERR_LIB_SYS => return Verdict::Syscall,
            _ => return Verdict::Ssl,
        }
        let obstacle = match self.want.get() {
            Want::Reading => verdict_of(self.bios.read(), Verdict::WantRead),
            Want::Writing => verdict_of(self.bios.write(), Verdict::WantWrite),
            Want::X509Lookup => Some(Verdict::WantX509Lookup),
            Want::RetryVerify => Some(Verdict::WantRetryVerify),
            Want::AsyncPaused => Some(Verdict::WantAsync),
            Want::AsyncNoJobs => Some(Verdict::WantAsyncJob),
            Want::ClientHelloCallback => Some(Verdict::WantClientHelloCallback),
            Want::Nothing => None,
        };
        if let Some(verdict) = obstacle {
            return verdict;
        }
        if self.received_shutdown() && self.warning.get() == 0 {
            return Verdict::ZeroReturn;
        }
        Verdict::Syscall
    }
}

/// What the flags of the BIO that was in the way say; `None` if they say nothing.
fn verdict_of(bio: Option<Bio>, own: Verdict) -> Option<Verdict> {
    let bio = bio?;
    let (read, write) = (bio.should_read(), bio.should_write());
    match own {
        Verdict::WantRead if read => Some(Verdict::WantRead),
        _ if write => Some(Verdict::WantWrite),
        _ if read => Some(Verdict::WantRead),
        _ if bio.should_io_special() => Some(match bio.retry_reason() {
            sys::BIO_RR_CONNECT => Verdict::WantConnect,
            sys::BIO_RR_ACCEPT => Verdict::WantAccept,
            _ => Verdict::Syscall,
        }),
        _ => None,
    }
}
