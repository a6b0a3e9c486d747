//! The two BIOs of a connection.
//!
//! Owns their references, by OpenSSL's rules: one object in both places is counted once.

use std::cell::RefCell;

use libc::c_int;
use openssl_sys::BIO;

use crate::crypto::{Bio, queue, sys};

/// Read and write BIO; either may be missing, and both may be the same.
#[derive(Default)]
pub(crate) struct Bios {
    read: RefCell<Option<Bio>>,
    write: RefCell<Option<Bio>>,
}

impl Bios {
    /// A reference of one's own, so that a callback may replace the BIO while it is used.
    pub(crate) fn read(&self) -> Option<Bio> {
        self.read.borrow().clone()
    }

    /// As [`Bios::read`].
    pub(crate) fn write(&self) -> Option<Bio> {
        self.write.borrow().clone()
    }

    /// The pointer that C gets, not counted.
    pub(crate) fn read_ptr(&self) -> *mut BIO {
        pointer(&self.read)
    }

    /// As [`Bios::read_ptr`].
    pub(crate) fn write_ptr(&self) -> *mut BIO {
        pointer(&self.write)
    }

    /// Takes over one reference and drops that of the old one (`SSL_set0_rbio`).
    pub(crate) fn set_read(&self, new: Option<Bio>) {
        // The old one ends outside the borrow: freeing it may call back.
        let old = self.read.replace(new);
        drop(old);
    }

    /// As [`Bios::set_read`].
    pub(crate) fn set_write(&self, new: Option<Bio>) {
        let old = self.write.replace(new);
        drop(old);
    }

    /// `SSL_set_bio`: if both are new and the same, one reference is taken over for the two; what is
    /// there already is not replaced by itself.
    ///
    /// # Safety
    /// Each is NULL or live, and comes with the references that SSL_set_bio(3) demands.
    pub(crate) unsafe fn set(&self, read: *mut BIO, write: *mut BIO) {
        let (old_read, old_write) = (self.read_ptr(), self.write_ptr());
        if read == old_read && write == old_write {
            return;
        }
        // SAFETY: the caller's promise; which references it gives follows from the four pointers.
        unsafe {
            if read == old_read {
                // If it stands in both places now, the one reference given is for the second.
                self.set_write(Bio::from_owned(write));
                return;
            }
            // Only where the two differed: that is how OpenSSL counts.
            if write == old_write && old_write != old_read {
                self.set_read(Bio::from_owned(read));
                return;
            }
            let new_write = if read == write {
                Bio::from_borrowed(write)
            } else {
                Bio::from_owned(write)
            };
            self.set_read(Bio::from_owned(read));
            self.set_write(new_write);
        }
    }

    /// `SSL_set_fd`: a socket BIO for both directions.
    pub(crate) fn set_descriptor(&self, fd: c_int) -> bool {
        let Some(bio) = socket(fd) else {
            return false;
        };
        self.set_read(Some(bio.clone()));
        self.set_write(Some(bio));
        true
    }

    /// `SSL_set_rfd`: shares the write BIO if it is a socket BIO on the same descriptor.
    pub(crate) fn set_read_descriptor(&self, fd: c_int) -> bool {
        let shared = self.write().filter(|bio| is_on(bio, fd));
        let bio = shared.or_else(|| socket(fd));
        let made = bio.is_some();
        if made {
            self.set_read(bio);
        }
        made
    }

    /// `SSL_set_wfd`, likewise.
    pub(crate) fn set_write_descriptor(&self, fd: c_int) -> bool {
        let shared = self.read().filter(|bio| is_on(bio, fd));
        let bio = shared.or_else(|| socket(fd));
        let made = bio.is_some();
        if made {
            self.set_write(bio);
        }
        made
    }
}

/// The descriptor of a BIO or of one behind it; -1 if there is none.
pub(crate) fn descriptor(bio: Option<&Bio>) -> c_int {
    bio.and_then(|bio| bio.descriptor(sys::BIO_TYPE_DESCRIPTOR))
        .unwrap_or(-1)
}

fn pointer(place: &RefCell<Option<Bio>>) -> *mut BIO {
    place
        .borrow()
        .as_ref()
        .map_or(std::ptr::null_mut(), Bio::as_ptr)
}

fn socket(fd: c_int) -> Option<Bio> {
    let bio = Bio::socket(fd, 0);
    if bio.is_none() {
        queue::raise(queue::common::BUF_LIB);
    }
    bio
}

fn is_on(bio: &Bio, fd: c_int) -> bool {
    bio.method_type() == sys::BIO_TYPE_SOCKET && bio.descriptor(sys::BIO_TYPE_SOCKET) == Some(fd)
}
