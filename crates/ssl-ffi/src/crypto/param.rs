//! Verification parameters: names the peer has to have, purpose, trust.
//!
//! Owns the calls on a parameter object, which the application may hold a pointer to.

use std::ffi::{CStr, c_char, c_int, c_uint};
use std::net::IpAddr;
use std::ptr::{null, null_mut};

use openssl_sys as ffi;

use super::refs::VerifyParam;
use super::sys;

impl VerifyParam {
    /// False, with an entry, for a purpose that there is not.
    pub(crate) fn set_purpose(&self, purpose: c_int) -> bool {
        // SAFETY: the parameters are live.
        unsafe { sys::X509_VERIFY_PARAM_set_purpose(self.as_ptr(), purpose) == 1 }
    }

    /// False, with an entry, for a trust setting that there is not.
    pub(crate) fn set_trust(&self, trust: c_int) -> bool {
        // SAFETY: the parameters are live.
        unsafe { sys::X509_VERIFY_PARAM_set_trust(self.as_ptr(), trust) == 1 }
    }

    /// The only name that is right, or the address if it is one; `None`: any name.
    pub(crate) fn set_host(&self, name: Option<&CStr>) -> bool {
        if let Some(address) = name
            // SAFETY: the parameters are live, the text is a string.
            && unsafe { sys::X509_VERIFY_PARAM_set1_ip_asc(self.as_ptr(), address.as_ptr()) == 1 }
        {
            return true;
        }
        let name = name.map_or(null(), CStr::as_ptr);
        // SAFETY: the parameters are live, the name is a string or NULL.
        unsafe { ffi::X509_VERIFY_PARAM_set1_host(self.as_ptr(), name, 0) == 1 }
    }

    /// One more name that is right; false for a second address.
    pub(crate) fn add_host(&self, name: Option<&CStr>) -> bool {
        let raw = name.map_or(null(), CStr::as_ptr);
        if name.is_some_and(is_address) {
            // SAFETY: the parameters are live, the text is a string.
            return !self.has_address()
                && unsafe { sys::X509_VERIFY_PARAM_set1_ip_asc(self.as_ptr(), raw) == 1 };
        }
        // SAFETY: the parameters are live, the name is a string or NULL.
        unsafe { sys::X509_VERIFY_PARAM_add1_host(self.as_ptr(), raw, 0) == 1 }
    }

    /// `X509_CHECK_FLAG_*`.
    pub(crate) fn set_host_flags(&self, flags: c_uint) {
        // SAFETY: the parameters are live.
        unsafe { ffi::X509_VERIFY_PARAM_set_hostflags(self.as_ptr(), flags) }
    }

    /// The name that matched, or NULL; it stays the parameters'.
    pub(crate) fn peer_name(&self) -> *const c_char {
        // SAFETY: the parameters are live.
        unsafe { sys::X509_VERIFY_PARAM_get0_peername(self.as_ptr()) }
    }

    /// Forgets the name that matched.
    pub(crate) fn forget_peer_name(&self) {
        // SAFETY: the parameters are live; there is nothing to move from.
        unsafe { sys::X509_VERIFY_PARAM_move_peername(self.as_ptr(), null_mut()) }
    }

    fn has_address(&self) -> bool {
        // SAFETY: the parameters are live; the text is ours to free.
        unsafe {
            let text = sys::X509_VERIFY_PARAM_get1_ip_asc(self.as_ptr());
            ffi::CRYPTO_free(text.cast(), c"param".as_ptr(), 0);
            !text.is_null()
        }
    }
}

fn is_address(name: &CStr) -> bool {
    name.to_str()
        .is_ok_and(|name| name.parse::<IpAddr>().is_ok())
}
