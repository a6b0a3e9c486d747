//! Waiting for several descriptors at once: poll(2), level-triggered.
//!
//! poll and not epoll, because standard input may be a regular file, which epoll refuses.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What is waited for on one descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Interest {
    pub(super) read: bool,
    pub(super) write: bool,
}

/// The descriptors of one wait.
#[derive(Default)]
pub(super) struct Waiter<'fd> {
    fds: Vec<PollFd<'fd>>,
}

impl<'fd> Waiter<'fd> {
    /// Adds a descriptor; the answer for it has the returned index. Without interest it is left out.
    pub(super) fn add(&mut self, fd: BorrowedFd<'fd>, interest: Interest) -> Option<usize> {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, interest.read);
        flags.set(PollFlags::OUT, interest.write);
        if flags.is_empty() {
            return None;
        }
        self.fds.push(PollFd::from_borrowed_fd(fd, flags));
        Some(self.fds.len() - 1)
    }

    /// Waits until one of them is ready; returns at once if there is none.
    ///
    /// # Errors
    /// The system refuses; not that a signal interrupted.
    pub(super) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        if self.fds.is_empty() {
            return Ok(());
        }
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        });
        match poll(&mut self.fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What became possible on the descriptor with this index. A failure counts as both: the next call
    /// will report it.
    pub(super) fn ready(&self, index: Option<usize>) -> Interest {
        let Some(fd) = index.and_then(|index| self.fds.get(index)) else {
            return Interest::default();
        };
        let (happened, failed) = (fd.revents(), PollFlags::ERR | PollFlags::NVAL);
        Interest {
            read: happened.intersects(PollFlags::IN | PollFlags::HUP | failed),
            write: happened.intersects(PollFlags::OUT | PollFlags::HUP | failed),
        }
    }
}
