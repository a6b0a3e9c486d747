//! SSL_read(3), SSL_write(3), SSL_pending(3), SSL_alloc_buffers(3), SSL_key_update(3).

use libc::{c_int, c_void};
use ssl_record::KeyUpdateRequest;

use super::with;
use crate::boundary::guard;
use crate::crypto::{queue::raise, reason};
use crate::entry::slice::{bytes, bytes_mut};
use crate::handle::{Counted, SSL};
use crate::ssl::drive::Stop;
use crate::ssl::io::Reading;

/// # Safety
/// As SSL_read(3) demands.
pub(crate) unsafe extern "C" fn SSL_read(ssl: *mut SSL, buf: *mut c_void, num: c_int) -> c_int {
    // SAFETY: the caller's promise, passed on.
    guard(-1, || unsafe { read_int(ssl, buf, num, Reading::Consume) })
}

/// # Safety
/// As SSL_read(3) demands.
pub(crate) unsafe extern "C" fn SSL_peek(ssl: *mut SSL, buf: *mut c_void, num: c_int) -> c_int {
    // SAFETY: the caller's promise, passed on.
    guard(-1, || unsafe { read_int(ssl, buf, num, Reading::Peek) })
}

/// # Safety
/// As SSL_read(3) demands.
pub(crate) unsafe extern "C" fn SSL_read_ex(
    ssl: *mut SSL,
    buf: *mut c_void,
    num: usize,
    read: *mut usize,
) -> c_int {
    // SAFETY: the caller's promise, passed on.
    guard(0, || unsafe {
        read_size(ssl, buf, num, read, Reading::Consume)
    })
}

/// # Safety
/// As SSL_read(3) demands.
pub(crate) unsafe extern "C" fn SSL_peek_ex(
    ssl: *mut SSL,
    buf: *mut c_void,
    num: usize,
    read: *mut usize,
) -> c_int {
    // SAFETY: the caller's promise, passed on.
    guard(0, || unsafe {
        read_size(ssl, buf, num, read, Reading::Peek)
    })
}

/// # Safety
/// As SSL_write(3) demands.
pub(crate) unsafe extern "C" fn SSL_write(ssl: *mut SSL, buf: *const c_void, num: c_int) -> c_int {
    guard(-1, || {
        // SAFETY: the caller passes a live connection.
        let Some(ssl) = (unsafe { SSL::peek(ssl) }) else {
            return -1;
        };
        let _held = ssl.hold();
        let Ok(num) = usize::try_from(num) else {
            raise(reason::BAD_LENGTH);
            return -1;
        };
        // SAFETY: the caller passes `num` readable bytes.
        match ssl.write(unsafe { bytes(buf.cast(), num) }) {
            Ok(n) => int(n),
            Err(Stop(ret)) => ret,
        }
    })
}

/// # Safety
/// As SSL_write(3) demands.
pub(crate) unsafe extern "C" fn SSL_write_ex(
    ssl: *mut SSL,
    buf: *const c_void,
    num: usize,
    written: *mut usize,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller passes a live connection.
        let Some(ssl) = (unsafe { SSL::peek(ssl) }) else {
            return 0;
        };
        let _held = ssl.hold();
        // SAFETY: the caller passes `num` readable bytes.
        let result = ssl.write(unsafe { bytes(buf.cast(), num) });
        // SAFETY: `written` is NULL or writable.
        unsafe { count(ssl, result, written) }
    })
}

/// # Safety
/// `ssl` is a live connection.
pub(crate) unsafe extern "C" fn SSL_pending(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| int(ssl.pending())) }
}

/// # Safety
/// `ssl` is a live connection.
pub(crate) unsafe extern "C" fn SSL_has_pending(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.has_pending().into()) }
}

/// # Safety
/// `ssl` is a live connection.
pub(crate) unsafe extern "C" fn SSL_alloc_buffers(ssl: *mut SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.alloc_buffers().into()) }
}

/// # Safety
/// `ssl` is a live connection.
pub(crate) unsafe extern "C" fn SSL_free_buffers(ssl: *mut SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.free_buffers().into()) }
}

/// # Safety
/// `ssl` is a live connection.
pub(crate) unsafe extern "C" fn SSL_key_update(ssl: *mut SSL, update_type: c_int) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let Some(ssl) = (unsafe { SSL::peek(ssl) }) else {
            return 0;
        };
        let _held = ssl.hold();
        let request = match update_type {
            0 => KeyUpdateRequest::NotRequested,
            1 => KeyUpdateRequest::Requested,
            _ => {
                raise(reason::INVALID_KEY_UPDATE_TYPE);
                return 0;
            }
        };
        ssl.key_update(request).into()
    })
}

/// # Safety
/// `ssl` is a live connection.
pub(crate) unsafe extern "C" fn SSL_get_key_update_type(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, -1, SSL::key_update_type) }
}

/// Kernel TLS does not exist here, and without it the function is refused (statement W33).
///
/// # Safety
/// `ssl` is a live connection.
pub(crate) unsafe extern "C" fn SSL_sendfile(
    ssl: *mut SSL,
    _fd: c_int,
    _offset: libc::off_t,
    _size: usize,
    _flags: c_int,
) -> libc::ssize_t {
    guard(-1, || {
        // SAFETY: the caller's promise.
        if unsafe { SSL::peek(ssl) }.is_some() {
            raise(reason::UNINITIALIZED);
        }
        -1
    })
}

/// # Safety
/// `ssl` is live or NULL; `buf` has `num` writable bytes.
unsafe fn read_int(ssl: *mut SSL, buf: *mut c_void, num: c_int, reading: Reading) -> c_int {
    // SAFETY: the caller's promise.
    let Some(ssl) = (unsafe { SSL::peek(ssl) }) else {
        return -1;
    };
    let _held = ssl.hold();
    let Ok(num) = usize::try_from(num) else {
        raise(reason::BAD_LENGTH);
        return -1;
    };
    // SAFETY: the caller's promise.
    match ssl.read(unsafe { bytes_mut(buf.cast(), num) }, reading) {
        Ok(n) => int(n),
        Err(Stop(ret)) => ret,
    }
}

/// # Safety
/// `ssl` is live or NULL; `buf` has `num` writable bytes; `read` is NULL or writable.
unsafe fn read_size(
    ssl: *mut SSL,
    buf: *mut c_void,
    num: usize,
    read: *mut usize,
    reading: Reading,
) -> c_int {
    // SAFETY: the caller's promise.
    let Some(ssl) = (unsafe { SSL::peek(ssl) }) else {
        return 0;
    };
    let _held = ssl.hold();
    // SAFETY: the caller's promise.
    let result = ssl.read(unsafe { bytes_mut(buf.cast(), num) }, reading);
    match result {
        // Nothing was read, which is no success here (statement R6).
        Ok(0) => 0,
        // SAFETY: `read` is NULL or writable.
        result => unsafe { count(ssl, result, read) },
    }
}

/// The result of an `_ex` function: 1 with the count, or 0 and the count untouched (statements W7, R1)
/// unless a job was to write it (statement A51).
///
/// # Safety
/// `place` is NULL or writable.
unsafe fn count(ssl: &SSL, result: Result<usize, Stop>, place: *mut usize) -> c_int {
    let told = result.ok().or_else(|| ssl.count_of_job());
    if let Some(n) = told.filter(|_| !place.is_null()) {
        // SAFETY: the caller's promise.
        unsafe { place.write(n) };
    }
    result.is_ok().into()
}

/// A count for C, which knows no larger one.
fn int(n: usize) -> c_int {
    c_int::try_from(n).unwrap_or(c_int::MAX)
}
