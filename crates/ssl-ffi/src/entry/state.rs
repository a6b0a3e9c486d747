//! SSL_get_state(3), SSL_rstate_string(3), SSL_alert_type_string(3): what things are called.

use std::ffi::{CStr, c_char};

use libc::c_int;

use super::with;
use crate::handle::SSL;
use crate::ssl::Stage;
use crate::ssl::state::State;

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_state(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, State::BEFORE.number(), |ssl| ssl.state().number()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_state_string(ssl: *const SSL) -> *const c_char {
    // SAFETY: the caller's promise.
    let name = unsafe {
        with(ssl, State::BEFORE.name(), |ssl| match ssl.stage() {
            Stage::Dead => c"SSLERR",
            _ => ssl.state().name(),
        })
    };
    name.as_ptr()
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_state_string_long(ssl: *const SSL) -> *const c_char {
    // SAFETY: the caller's promise.
    let name = unsafe {
        with(ssl, State::BEFORE.long_name(), |ssl| match ssl.stage() {
            Stage::Dead => c"error",
            _ => ssl.state().long_name(),
        })
    };
    name.as_ptr()
}

/// Between two records. In the middle of one OpenSSL says "read body"; the engine keeps that to itself.
///
/// # Safety
/// None.
pub(crate) unsafe extern "C" fn SSL_rstate_string(_ssl: *const SSL) -> *const c_char {
    c"RH".as_ptr()
}

/// As [`SSL_rstate_string`].
///
/// # Safety
/// None.
pub(crate) unsafe extern "C" fn SSL_rstate_string_long(_ssl: *const SSL) -> *const c_char {
    c"read header".as_ptr()
}

/// # Safety
/// None.
pub(crate) unsafe extern "C" fn SSL_alert_type_string(value: c_int) -> *const c_char {
    let name = match value >> 8 {
        1 => c"W",
        2 => c"F",
        _ => c"U",
    };
    name.as_ptr()
}

/// # Safety
/// None.
pub(crate) unsafe extern "C" fn SSL_alert_type_string_long(value: c_int) -> *const c_char {
    let name = match value >> 8 {
        1 => c"warning",
        2 => c"fatal",
        _ => c"unknown",
    };
    name.as_ptr()
}

/// # Safety
/// None.
pub(crate) unsafe extern "C" fn SSL_alert_desc_string(value: c_int) -> *const c_char {
    alert(value).map_or(c"UK", |(_, short, _)| short).as_ptr()
}

/// # Safety
/// None.
pub(crate) unsafe extern "C" fn SSL_alert_desc_string_long(value: c_int) -> *const c_char {
    alert(value)
        .map_or(c"unknown", |(_, _, long)| long)
        .as_ptr()
}

type Alert = (u8, &'static CStr, &'static CStr);

fn alert(value: c_int) -> Option<&'static Alert> {
    ALERTS
        .iter()
        .find(|(number, ..)| i32::from(*number) == value & 0xff)
}

/// The alerts that have names in OpenSSL.
const ALERTS: &[Alert] = &[
    (0, c"CN", c"close notify"),
    (10, c"UM", c"unexpected_message"),
    (20, c"BM", c"bad record mac"),
    (21, c"DC", c"decryption failed"),
    (22, c"RO", c"record overflow"),
    (30, c"DF", c"decompression failure"),
    (40, c"HF", c"handshake failure"),
    (41, c"NC", c"no certificate"),
    (42, c"BC", c"bad certificate"),
    (43, c"UC", c"unsupported certificate"),
    (44, c"CR", c"certificate revoked"),
    (45, c"CE", c"certificate expired"),
    (46, c"CU", c"certificate unknown"),
    (47, c"IP", c"illegal parameter"),
    (48, c"CA", c"unknown CA"),
    (49, c"AD", c"access denied"),
    (50, c"DE", c"decode error"),
    (51, c"CY", c"decrypt error"),
    (60, c"ER", c"export restriction"),
    (70, c"PV", c"protocol version"),
    (71, c"IS", c"insufficient security"),
    (80, c"IE", c"internal error"),
    (90, c"US", c"user canceled"),
    (100, c"NR", c"no renegotiation"),
    (110, c"UE", c"unsupported extension"),
    (111, c"CO", c"certificate unobtainable"),
    (112, c"UN", c"unrecognized name"),
    (113, c"BR", c"bad certificate status response"),
    (114, c"BH", c"bad certificate hash value"),
    (115, c"UP", c"unknown PSK identity"),
    (120, c"UK", c"no application protocol"),
];
