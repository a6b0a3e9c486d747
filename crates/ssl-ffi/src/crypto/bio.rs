//! What the drive loop needs of a BIO: transfers with their raw results, flags, questions.
//!
//! Owns no policy: whether a failure ends the connection is decided by whoever called. A BIO may be the
//! application's own and call back into the library, so no borrow of a connection may be held here.

use std::ffi::{c_int, c_long, c_void};

use openssl_sys as ffi;

use super::refs::Bio;
use super::sys;

/// What one `BIO_read` or `BIO_write` came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// This many bytes moved; at least one.
    Transferred(usize),
    /// Nothing moved, and the BIO wants to be called again. `raw` is 0 or negative.
    Retry { raw: c_int },
    /// Nothing moved, and the BIO asks for nothing. `raw` is 0 or negative; [`Bio::is_eof`] tells the end.
    Failed { raw: c_int },
}

impl Transfer {
    /// Bytes that moved.
    pub(crate) fn count(self) -> usize {
        match self {
            Self::Transferred(n) => n,
            Self::Retry { .. } | Self::Failed { .. } => 0,
        }
    }
}

impl Bio {
    /// `BIO_read` with errno cleared before.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> Transfer {
        let length = c_int::try_from(buffer.len()).unwrap_or(c_int::MAX);
        clear_errno();
        // SAFETY: the BIO is live; the buffer has at least `length` bytes.
        let raw = unsafe { ffi::BIO_read(self.as_ptr(), buffer.as_mut_ptr().cast(), length) };
        self.transfer(raw, buffer.len())
    }

    /// `BIO_write` with errno cleared before.
    pub(crate) fn write(&self, bytes: &[u8]) -> Transfer {
        let length = c_int::try_from(bytes.len()).unwrap_or(c_int::MAX);
        clear_errno();
        // SAFETY: the BIO is live; there are at least `length` bytes.
        let raw = unsafe { ffi::BIO_write(self.as_ptr(), bytes.as_ptr().cast(), length) };
        self.transfer(raw, bytes.len())
    }

    /// `BIO_flush`: 1 when all is out, else 0 or negative, and [`should_retry`](Self::should_retry) tells.
    pub(crate) fn flush(&self) -> c_long {
        self.ask(ffi::BIO_CTRL_FLUSH)
    }

    /// `BIO_ctrl`.
    ///
    /// # Safety
    /// `larg` and `parg` are what the command asks for.
    pub(crate) unsafe fn ctrl(&self, command: c_int, larg: c_long, parg: *mut c_void) -> c_long {
        // SAFETY: the BIO is live, the rest is the caller's promise.
        unsafe { ffi::BIO_ctrl(self.as_ptr(), command, larg, parg) }
    }

    /// Whether `BIO_eof` says anything but 0.
    pub(crate) fn is_eof(&self) -> bool {
        self.ask(ffi::BIO_CTRL_EOF) != 0
    }

    /// `BIO_pending`: bytes that can be read at once.
    pub(crate) fn pending(&self) -> c_long {
        self.ask(sys::BIO_CTRL_PENDING)
    }

    /// `BIO_wpending`: bytes written that are not out yet.
    pub(crate) fn write_pending(&self) -> c_long {
        self.ask(sys::BIO_CTRL_WPENDING)
    }

    pub(crate) fn set_flags(&self, flags: c_int) {
        // SAFETY: the BIO is live.
        unsafe { ffi::BIO_set_flags(self.as_ptr(), flags) }
    }

    pub(crate) fn clear_flags(&self, flags: c_int) {
        // SAFETY: the BIO is live.
        unsafe { ffi::BIO_clear_flags(self.as_ptr(), flags) }
    }

    /// Those of `flags` that are set.
    pub(crate) fn test_flags(&self, flags: c_int) -> c_int {
        // SAFETY: the BIO is live.
        unsafe { sys::BIO_test_flags(self.as_ptr(), flags) }
    }

    pub(crate) fn clear_retry_flags(&self) {
        self.clear_flags(ffi::BIO_FLAGS_RWS | ffi::BIO_FLAGS_SHOULD_RETRY);
    }

    pub(crate) fn should_retry(&self) -> bool {
        self.test_flags(ffi::BIO_FLAGS_SHOULD_RETRY) != 0
    }

    pub(crate) fn should_read(&self) -> bool {
        self.test_flags(ffi::BIO_FLAGS_READ) != 0
    }

    pub(crate) fn should_write(&self) -> bool {
        self.test_flags(ffi::BIO_FLAGS_WRITE) != 0
    }

    pub(crate) fn should_io_special(&self) -> bool {
        self.test_flags(ffi::BIO_FLAGS_IO_SPECIAL) != 0
    }

    /// What an "io special" retry waits for, as `BIO_RR_CONNECT`.
    pub(crate) fn retry_reason(&self) -> c_int {
        // SAFETY: the BIO is live.
        unsafe { sys::BIO_get_retry_reason(self.as_ptr()) }
    }

    /// The next BIO of the chain, lent.
    pub(crate) fn next(&self) -> *mut ffi::BIO {
        // SAFETY: the BIO is live.
        unsafe { sys::BIO_next(self.as_ptr()) }
    }

    pub(crate) fn method_type(&self) -> c_int {
        // SAFETY: the BIO is live.
        unsafe { sys::BIO_method_type(self.as_ptr()) }
    }

    /// The descriptor of the first BIO of the chain that has the type given (`BIO_TYPE_DESCRIPTOR`).
    pub(crate) fn descriptor(&self, kind: c_int) -> Option<c_int> {
        // SAFETY: the BIO is live.
        let found = unsafe { sys::BIO_find_type(self.as_ptr(), kind) };
        if found.is_null() {
            return None;
        }
        let mut fd = -1;
        // SAFETY: part of a live chain; the command writes an int.
        unsafe { ffi::BIO_ctrl(found, sys::BIO_C_GET_FD, 0, (&raw mut fd).cast()) };
        Some(fd)
    }

    /// A socket BIO on a descriptor; it closes the descriptor when freed if `close` is `BIO_CLOSE` (1).
    pub(crate) fn socket(fd: c_int, close: c_int) -> Option<Self> {
        // SAFETY: no preconditions; the reference is ours.
        let bio = unsafe { Self::from_owned(ffi::BIO_new(sys::BIO_s_socket())) }?;
        bio.set_descriptor(fd, close);
        Some(bio)
    }

    /// `BIO_set_fd`.
    pub(crate) fn set_descriptor(&self, fd: c_int, close: c_int) {
        // SAFETY: the BIO is live; the command reads an int.
        unsafe { sys::BIO_int_ctrl(self.as_ptr(), sys::BIO_C_SET_FD, c_long::from(close), fd) };
    }

    /// `BIO_dup_chain`; `None` if one of the chain cannot be copied.
    pub(crate) fn duplicate_chain(&self) -> Option<Self> {
        // SAFETY: the BIO is live; the reference is ours.
        unsafe { Self::from_owned(sys::BIO_dup_chain(self.as_ptr())) }
    }

    /// A BIO that gives these bytes and then asks to be called again.
    pub(crate) fn memory(bytes: &[u8]) -> Option<Self> {
        // SAFETY: no preconditions; the reference is ours.
        let bio = unsafe { Self::from_owned(ffi::BIO_new(ffi::BIO_s_mem())) }?;
        (bytes.is_empty() || bio.write(bytes) == Transfer::Transferred(bytes.len())).then_some(bio)
    }

    /// A BIO of this method.
    ///
    /// # Safety
    /// `method` is NULL or live.
    pub(crate) unsafe fn of_method(method: *const ffi::BIO_METHOD) -> Option<Self> {
        // SAFETY: the caller's promise; the reference is ours.
        unsafe { Self::from_owned(ffi::BIO_new(method)) }
    }

    /// A BIO that connects to where it is told.
    pub(crate) fn connecting() -> Option<Self> {
        // SAFETY: the method is static.
        unsafe { Self::of_method(sys::BIO_s_connect()) }
    }

    /// A filter that gathers what is written.
    pub(crate) fn buffering() -> Option<Self> {
        // SAFETY: the method is static.
        unsafe { Self::of_method(sys::BIO_f_buffer()) }
    }

    /// A BIO on a file, which stays open at its end.
    ///
    /// # Safety
    /// `file` is open as long as the BIO lives.
    pub(crate) unsafe fn of_file(file: *mut libc::FILE) -> Option<Self> {
        const NOCLOSE: c_int = 0;
        // SAFETY: the caller's promise; the reference is ours.
        unsafe { Self::from_owned(ffi::BIO_new_fp(file.cast(), NOCLOSE)) }
    }

    /// `BIO_push`: the chain of this one and those behind it, which pass to it.
    pub(crate) fn before(self, rest: Self) -> Self {
        // SAFETY: both are live, and the reference to the rest passes to the chain.
        unsafe { sys::BIO_push(self.as_ptr(), rest.into_raw()) };
        self
    }

    /// The first of this chain that has the type given.
    pub(crate) fn find(&self, kind: c_int) -> Option<Self> {
        // SAFETY: the BIO is live, and so is what is found in its chain.
        unsafe { Self::from_borrowed(sys::BIO_find_type(self.as_ptr(), kind)) }
    }

    /// Writes all of it; false where the BIO takes no more, whether it wants to be called again or not.
    pub(crate) fn write_all(&self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let Transfer::Transferred(count) = self.write(bytes) else {
                return false;
            };
            bytes = bytes.get(count..).unwrap_or_default();
        }
        true
    }

    /// `BIO_dump_indent`: bytes in lines of hexadecimal and text.
    pub(crate) fn dump(&self, bytes: &[u8], indent: c_int) -> bool {
        let length = c_int::try_from(bytes.len()).unwrap_or(c_int::MAX);
        // SAFETY: the BIO is live; there are at least `length` bytes.
        unsafe { sys::BIO_dump_indent(self.as_ptr(), bytes.as_ptr().cast(), length, indent) > 0 }
    }

    fn ask(&self, command: c_int) -> c_long {
        // SAFETY: the BIO is live; the commands used here take no arguments.
        unsafe { ffi::BIO_ctrl(self.as_ptr(), command, 0, std::ptr::null_mut()) }
    }

    fn transfer(&self, raw: c_int, room: usize) -> Transfer {
        match usize::try_from(raw) {
            // A BIO of the application's may claim more than it was given.
            Ok(moved @ 1..) => Transfer::Transferred(moved.min(room)),
            _ if self.should_retry() => Transfer::Retry { raw },
            _ => Transfer::Failed { raw },
        }
    }
}

/// Sets errno to 0, so that afterwards it tells of this transfer alone.
pub(crate) fn clear_errno() {
    // SAFETY: the address is the calling thread's own.
    unsafe { *libc::__errno_location() = 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::queue;

    #[test]
    fn a_memory_bio_gives_then_asks_for_a_retry() {
        let bio = Bio::memory(b"abc").unwrap();
        let mut buffer = [0; 8];
        assert_eq!(bio.pending(), 3);
        assert_eq!(bio.read(&mut buffer), Transfer::Transferred(3));
        assert_eq!(bio.read(&mut buffer), Transfer::Retry { raw: -1 });
        assert!(bio.should_read() && bio.is_eof());
        // SAFETY: the command takes a number.
        unsafe { bio.ctrl(ffi::BIO_C_SET_BUF_MEM_EOF_RETURN, 0, std::ptr::null_mut()) };
        assert_eq!(bio.read(&mut buffer), Transfer::Failed { raw: 0 });
        assert_eq!(bio.flush(), 1);
    }

    #[test]
    fn a_socket_bio_tells_its_descriptor_and_errors() {
        let mut pair = [0; 2];
        // SAFETY: room for two descriptors.
        let made =
            unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, pair.as_mut_ptr()) };
        assert_eq!(made, 0);
        let (ours, peer) = (
            Bio::socket(pair[0], 1).unwrap(),
            Bio::socket(pair[1], 1).unwrap(),
        );
        assert_eq!(ours.descriptor(sys::BIO_TYPE_SOCKET), Some(pair[0]));
        assert_eq!(ours.method_type(), sys::BIO_TYPE_SOCKET);
        assert!(ours.next().is_null());
        let mut buffer = [0; 4];
        assert_eq!(peer.write(b"xy"), Transfer::Transferred(2));
        assert_eq!(ours.read(&mut buffer), Transfer::Transferred(2));
        // SAFETY: the descriptor is open.
        unsafe { libc::fcntl(pair[0], libc::F_SETFL, libc::O_NONBLOCK) };
        assert_eq!(ours.read(&mut buffer), Transfer::Retry { raw: -1 });
        drop(peer);
        assert_eq!(ours.read(&mut buffer), Transfer::Failed { raw: 0 });
        assert!(ours.is_eof());
        ours.set_descriptor(-1, 0);
        assert_eq!(ours.read(&mut buffer), Transfer::Failed { raw: -1 });
        assert_eq!(
            std::io::Error::last_os_error().raw_os_error(),
            Some(libc::EBADF)
        );
        queue::clear();
    }

    #[test]
    fn flags_are_set_tested_and_cleared() {
        let bio = Bio::memory(b"").unwrap();
        bio.set_flags(ffi::BIO_FLAGS_IO_SPECIAL | ffi::BIO_FLAGS_SHOULD_RETRY);
        assert!(bio.should_retry() && bio.should_io_special() && !bio.should_write());
        bio.clear_retry_flags();
        assert!(!bio.should_retry() && !bio.should_io_special());
    }
}
