//! SSL_export_keying_material(3), SSL_get_finished(3): what both ends of a connection can derive alike.

use libc::{c_char, c_int, c_uchar};

use super::slice::{bytes, bytes_mut};
use super::with;
use crate::crypto::queue;
use crate::handle::SSL;

/// # Safety
/// `ssl` is NULL or live; `out` has `olen` writable bytes, `label` `llen` and `context`, if used,
/// `contextlen` readable ones.
pub(crate) unsafe extern "C" fn SSL_export_keying_material(
    ssl: *mut SSL,
    out: *mut c_uchar,
    olen: usize,
    label: *const c_char,
    llen: usize,
    context: *const c_uchar,
    contextlen: usize,
    use_context: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, -1, |ssl| {
            let context = (use_context != 0).then(|| bytes(context, contextlen));
            let (out, label) = (bytes_mut(out, olen), bytes(label.cast(), llen));
            let exported =
                ssl.look(|engine| engine.export_keying_material(out, label, context).is_ok());
            match exported {
                Some(true) => 1,
                // Before the end of the handshake there is nothing to derive from.
                Some(false) | None => -1,
            }
        })
    }
}

/// Early data is not accepted without a handshake behind it here, so that nothing is derived before.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_export_keying_material_early(
    ssl: *mut SSL,
    _out: *mut c_uchar,
    _olen: usize,
    _label: *const c_char,
    _llen: usize,
    _context: *const c_uchar,
    _contextlen: usize,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, -1, |_| {
            queue::raise(queue::common::SHOULD_NOT_HAVE_BEEN_CALLED);
            -1
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; `buf` has `count` writable bytes.
pub(crate) unsafe extern "C" fn SSL_get_finished(
    ssl: *const SSL,
    buf: *mut libc::c_void,
    count: usize,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            give(&ssl.facts().finished, bytes_mut(buf.cast(), count))
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; `buf` has `count` writable bytes.
pub(crate) unsafe extern "C" fn SSL_get_peer_finished(
    ssl: *const SSL,
    buf: *mut libc::c_void,
    count: usize,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            give(&ssl.facts().peer_finished, bytes_mut(buf.cast(), count))
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_is_dtls(_ssl: *const SSL) -> c_int {
    0
}

/// Copies as much as fits; the whole length.
fn give(what: &[u8], out: &mut [u8]) -> usize {
    let both = what.len().min(out.len());
    out[..both].copy_from_slice(&what[..both]);
    what.len()
}
