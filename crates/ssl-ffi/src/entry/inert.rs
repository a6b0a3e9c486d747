//! What has nothing to do by nature: callbacks that no handshake of ours can call, questions with one
//! answer, memory that is taken over and freed.
//!
//! Looks into no object. The protocols behind these functions are named in symbols.txt.

use std::ffi::{c_char, c_int, c_uchar, c_uint, c_ulong, c_void};
use std::ptr;

use openssl_sys::{BIGNUM, EVP_PKEY, X509};

use super::refused::{self, NeverCalled};
use crate::boundary::guard;
use crate::crypto::{EvpPkey, legacy};
use crate::handle::{SSL, SSL_CTX, SSL_SESSION};

// Next protocol negotiation, the draft that ALPN replaced.

pub(crate) extern "C" fn SSL_CTX_set_next_proto_select_cb(
    _: *mut SSL_CTX,
    _: NeverCalled,
    _: *mut c_void,
) {
}

pub(crate) extern "C" fn SSL_CTX_set_next_protos_advertised_cb(
    _: *mut SSL_CTX,
    _: NeverCalled,
    _: *mut c_void,
) {
}

/// # Safety
/// `data` and `len` can be written to.
pub(crate) unsafe extern "C" fn SSL_get0_next_proto_negotiated(
    _: *const SSL,
    data: *mut *const c_uchar,
    len: *mut c_uint,
) {
    // SAFETY: the caller's promise.
    guard((), || unsafe {
        *data = ptr::null();
        *len = 0;
    });
}

// Compression, which TLS 1.3 removed and TLS 1.2 is not safe with.

pub(crate) extern "C" fn SSL_COMP_get_compression_methods() -> *mut c_void {
    ptr::null_mut()
}

/// Leaves the list with the caller, as if it had been the one before.
pub(crate) extern "C" fn SSL_COMP_set0_compression_methods(methods: *mut c_void) -> *mut c_void {
    methods
}

/// Says 1: not added.
pub(crate) extern "C" fn SSL_COMP_add_compression_method(_: c_int, _: *mut c_void) -> c_int {
    1
}

pub(crate) extern "C" fn SSL_COMP_get0_name(_: *const c_void) -> *const c_char {
    ptr::null()
}

pub(crate) extern "C" fn SSL_COMP_get_id(_: *const c_void) -> c_int {
    -1
}

pub(crate) extern "C" fn SSL_COMP_get_name(_: *const c_void) -> *const c_char {
    ptr::null()
}

pub(crate) extern "C" fn SSL_get_current_compression(_: *const SSL) -> *const c_void {
    ptr::null()
}

pub(crate) extern "C" fn SSL_get_current_expansion(_: *const SSL) -> *const c_void {
    ptr::null()
}

pub(crate) extern "C" fn SSL_SESSION_get_compress_id(_: *const SSL_SESSION) -> c_uint {
    0
}

// Finite-field Diffie-Hellman: no suite with it is offered or taken.

pub(crate) extern "C" fn SSL_CTX_set_tmp_dh_callback(_: *mut SSL_CTX, _: NeverCalled) {}

pub(crate) extern "C" fn SSL_set_tmp_dh_callback(_: *mut SSL, _: NeverCalled) {}

/// # Safety
/// `key` is NULL or the caller's to give away.
pub(crate) unsafe extern "C" fn SSL_CTX_set0_tmp_dh_pkey(
    _: *mut SSL_CTX,
    key: *mut EVP_PKEY,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { take_key(key) }
}

/// # Safety
/// `key` is NULL or the caller's to give away.
pub(crate) unsafe extern "C" fn SSL_set0_tmp_dh_pkey(_: *mut SSL, key: *mut EVP_PKEY) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { take_key(key) }
}

// Cookies, which DTLS and SSL_stateless send.

pub(crate) extern "C" fn SSL_CTX_set_cookie_generate_cb(_: *mut SSL_CTX, _: NeverCalled) {}

pub(crate) extern "C" fn SSL_CTX_set_cookie_verify_cb(_: *mut SSL_CTX, _: NeverCalled) {}

pub(crate) extern "C" fn SSL_CTX_set_stateless_cookie_generate_cb(_: *mut SSL_CTX, _: NeverCalled) {
}

pub(crate) extern "C" fn SSL_CTX_set_stateless_cookie_verify_cb(_: *mut SSL_CTX, _: NeverCalled) {}

// Datagrams and SRTP.

pub(crate) extern "C" fn DTLS_set_timer_cb(_: *mut SSL, _: NeverCalled) {}

pub(crate) extern "C" fn DTLS_get_data_mtu(_: *const SSL) -> usize {
    0
}

pub(crate) extern "C" fn SSL_get_selected_srtp_profile(_: *mut SSL) -> *mut c_void {
    ptr::null_mut()
}

pub(crate) extern "C" fn SSL_get_srtp_profiles(_: *mut SSL) -> *mut c_void {
    ptr::null_mut()
}

// SRP and external PSKs.

pub(crate) extern "C" fn SSL_CTX_SRP_CTX_free(_: *mut SSL_CTX) -> c_int {
    1
}

pub(crate) extern "C" fn SSL_SRP_CTX_free(_: *mut SSL) -> c_int {
    1
}

pub(crate) extern "C" fn SSL_get_srp_N(_: *mut SSL) -> *mut BIGNUM {
    ptr::null_mut()
}

pub(crate) extern "C" fn SSL_get_srp_g(_: *mut SSL) -> *mut BIGNUM {
    ptr::null_mut()
}

pub(crate) extern "C" fn SSL_get_srp_userinfo(_: *mut SSL) -> *mut c_char {
    ptr::null_mut()
}

pub(crate) extern "C" fn SSL_get_srp_username(_: *mut SSL) -> *mut c_char {
    ptr::null_mut()
}

pub(crate) extern "C" fn SSL_get_psk_identity(_: *const SSL) -> *const c_char {
    ptr::null()
}

pub(crate) extern "C" fn SSL_get_psk_identity_hint(_: *const SSL) -> *const c_char {
    ptr::null()
}

// DANE and certificate transparency.

pub(crate) extern "C" fn SSL_CTX_dane_set_flags(_: *mut SSL_CTX, _: c_ulong) -> c_ulong {
    0
}

pub(crate) extern "C" fn SSL_CTX_dane_clear_flags(_: *mut SSL_CTX, _: c_ulong) -> c_ulong {
    0
}

pub(crate) extern "C" fn SSL_dane_set_flags(_: *mut SSL, _: c_ulong) -> c_ulong {
    0
}

pub(crate) extern "C" fn SSL_dane_clear_flags(_: *mut SSL, _: c_ulong) -> c_ulong {
    0
}

pub(crate) extern "C" fn SSL_get0_dane(_: *mut SSL) -> *mut c_void {
    ptr::null_mut()
}

pub(crate) extern "C" fn SSL_get0_dane_authority(
    _: *mut SSL,
    _: *mut *mut X509,
    _: *mut *mut EVP_PKEY,
) -> c_int {
    -1
}

pub(crate) extern "C" fn SSL_get0_dane_tlsa(
    _: *mut SSL,
    _: *mut u8,
    _: *mut u8,
    _: *mut u8,
    _: *mut *const c_uchar,
    _: *mut usize,
) -> c_int {
    -1
}

pub(crate) extern "C" fn SSL_CTX_ct_is_enabled(_: *const SSL_CTX) -> c_int {
    0
}

pub(crate) extern "C" fn SSL_ct_is_enabled(_: *const SSL) -> c_int {
    0
}

pub(crate) extern "C" fn SSL_get0_peer_scts(_: *mut SSL) -> *const c_void {
    ptr::null()
}

pub(crate) extern "C" fn SSL_CTX_get0_ctlog_store(_: *const SSL_CTX) -> *const c_void {
    ptr::null()
}

/// # Safety
/// `logs` is NULL or the caller's to give away.
pub(crate) unsafe extern "C" fn SSL_CTX_set0_ctlog_store(_: *mut SSL_CTX, logs: *mut c_void) {
    // SAFETY: the caller's promise.
    guard((), || unsafe { legacy::free_logs(logs) });
}

// The rest.

pub(crate) extern "C" fn SSL_client_hello_isv2(_: *mut SSL) -> c_int {
    0
}

pub(crate) extern "C" fn SSL_renegotiate_pending(_: *const SSL) -> c_int {
    0
}

pub(crate) extern "C" fn SSL_set_debug(_: *mut SSL, _: c_int) {}

pub(crate) extern "C" fn SSL_test_functions() -> *const c_void {
    ptr::null()
}

/// # Safety
/// `key` is NULL or the caller's to give away.
unsafe fn take_key(key: *mut EVP_PKEY) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { EvpPkey::from_owned(key) } {
        Some(_freed) => 1,
        None => refused::no_key(),
    }
}
