//! The OCSP response of a connection: received on clients, to be sent on servers.
//!
//! Owns its two C forms: lent out as a pointer, and taken over from the application's memory.

use libc::c_long;

use super::Ssl;
use crate::alloc;

impl Ssl {
    /// `SSL_get_tlsext_status_type`: what a client asks for, or what a server is asked for; -1 if nothing.
    pub(crate) fn status_type(&self) -> i32 {
        const OCSP: i32 = 1;
        if self.is_server() && self.facts().status_requested {
            return OCSP;
        }
        self.settings().status_type
    }

    /// `SSL_get_tlsext_status_ocsp_resp`: the length, -1 without a response.
    ///
    /// # Safety
    /// `place` is writable.
    pub(crate) unsafe fn lend_staple(&self, place: *mut *const u8) -> c_long {
        let facts = self.facts();
        let (ptr, len) = match &facts.ocsp {
            Some(response) => (
                response.as_ptr(),
                c_long::try_from(response.len()).unwrap_or(-1),
            ),
            None => (std::ptr::null(), -1),
        };
        // SAFETY: the caller's promise. The bytes stay until the connection is cleared, freed or given
        // another response.
        unsafe { place.write(ptr) };
        len
    }

    /// `SSL_set_tlsext_status_ocsp_resp`: the memory, from `OPENSSL_malloc`, passes to the connection.
    ///
    /// # Safety
    /// `response` is NULL or has `len` bytes.
    pub(crate) unsafe fn take_staple(&self, response: *mut u8, len: c_long) -> c_long {
        // SAFETY: the caller's promise.
        let copy = usize::try_from(len)
            .ok()
            .filter(|_| !response.is_null())
            .map(|len| unsafe { crate::entry::slice::bytes(response, len) }.to_vec());
        self.facts.borrow_mut().ocsp = copy;
        // SAFETY: the memory is ours now, from libcrypto's allocator.
        unsafe { alloc::free(response) };
        1
    }
}
