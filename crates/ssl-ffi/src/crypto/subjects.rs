//! Subjects of certification authorities, as `SSL_load_client_CA_file` and its relatives collect them.
//!
//! Owns which are left out, as they are there already, and the order that the lists end up in. Does not
//! know what becomes of the lists.

use std::collections::HashSet;
use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::ptr::{NonNull, null, null_mut};

use openssl_sys as ffi;

use super::pem::{self, Certificates, Password};
use super::queue::{self, common};
use super::refs::{X509, X509Name};
use super::stack::NameStack;
use super::{reason, sys};

/// The subjects of the certificates in a file, in its order, each once; `None`, with entries in the
/// queue, if there is no certificate. With names the queue is cleared.
pub(crate) fn of_file(path: &CStr) -> Option<NameStack> {
    let certificates = open(path)?;
    let mut names = None;
    let mut seen = HashSet::new();
    while let Some(certificate) = certificates.read() {
        let subject = certificate.subject()?;
        if names.is_none() {
            names = NameStack::new();
        }
        if seen.insert(subject.to_der()?) {
            names.as_mut()?.push(subject).then_some(())?;
        }
    }
    if names.is_some() {
        queue::clear();
    }
    names
}

/// Adds the subjects of a file's certificates to the caller's list, and clears the queue. A file without
/// certificates adds nothing. The list gets sorted on the way, as libcrypto searches it by halves.
///
/// # Safety
/// `stack` is a live list of live names.
pub(crate) unsafe fn add_file(stack: *mut ffi::stack_st_X509_NAME, path: &CStr) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        comparing(stack, || {
            let Some(certificates) = open(path) else {
                return false;
            };
            while let Some(certificate) = certificates.read() {
                if !add(stack, &certificate) {
                    return false;
                }
            }
            queue::clear();
            true
        })
    }
}

/// [`add_file`] for each file of a folder.
///
/// # Safety
/// `stack` is a live list of live names.
pub(crate) unsafe fn add_folder(stack: *mut ffi::stack_st_X509_NAME, folder: &CStr) -> bool {
    let files = match std::fs::read_dir(OsStr::from_bytes(folder.to_bytes())) {
        Ok(files) => files,
        Err(error) => return unreadable(folder, &error),
    };
    for file in files {
        let name = match file {
            Ok(file) => file.file_name(),
            Err(error) => return unreadable(folder, &error),
        };
        let path = [folder.to_bytes(), b"/", name.as_bytes()].concat();
        if path.len() >= PATH_ROOM {
            queue::raise(reason::PATH_TOO_LONG);
            return false;
        }
        let Ok(path) = CString::new(path) else {
            return false;
        };
        // SAFETY: the caller's promise.
        if !unsafe { add_file(stack, &path) } {
            return false;
        }
    }
    true
}

/// Adds the subjects of what an `OSSL_STORE` has under a URI and, if that is a folder, in its entries.
///
/// # Safety
/// `stack` is a live list of live names.
pub(crate) unsafe fn add_store(stack: *mut ffi::stack_st_X509_NAME, uri: &CStr) -> bool {
    // SAFETY: the caller's promise; the URI is a C string.
    unsafe { comparing(stack, || add_entries(stack, uri.as_ptr(), true)) }
}

/// # Safety
/// `stack` is a live list of live names; `uri` is a C string.
unsafe fn add_entries(
    stack: *mut ffi::stack_st_X509_NAME,
    uri: *const c_char,
    descend: bool,
) -> bool {
    // SAFETY: the caller's promise; without a UI, passwords are asked for on the terminal.
    let Some(store) = (unsafe { Store::open(uri) }) else {
        return false;
    };
    let mut ok = true;
    while let Some(entry) = store.next() {
        let Some(entry) = entry else { continue };
        // SAFETY: the entry is live and lends what it has; the list is the caller's promise.
        unsafe {
            match sys::OSSL_STORE_INFO_get_type(entry.0.as_ptr()) {
                sys::OSSL_STORE_INFO_NAME if descend => {
                    let name = sys::OSSL_STORE_INFO_get0_NAME(entry.0.as_ptr());
                    // The last of the entries decides, as in OpenSSL.
                    ok = add_entries(stack, name, false);
                }
                sys::OSSL_STORE_INFO_CERT => {
                    let raw = sys::OSSL_STORE_INFO_get0_CERT(entry.0.as_ptr());
                    let certificate = X509::from_borrowed(raw);
                    if !certificate.is_some_and(|certificate| add(stack, &certificate)) {
                        return false;
                    }
                }
                _ => {}
            }
        }
    }
    queue::clear();
    ok
}

fn open(path: &CStr) -> Option<Certificates> {
    let Some(file) = pem::file() else {
        queue::raise(common::MALLOC_FAILURE);
        return None;
    };
    pem::read_from(&file, path).then(|| Certificates::of(file, Password::DEFAULT))
}

fn unreadable(folder: &CStr, error: &io::Error) -> bool {
    let text = format!("calling OPENSSL_dir_read({})", folder.to_string_lossy());
    queue::raise_lib_data(sys::ERR_LIB_SYS, error.raw_os_error().unwrap_or(0), &text);
    queue::raise(common::SYS_LIB);
    false
}

/// Adds a certificate's subject unless it is there.
///
/// # Safety
/// `stack` is a live list of live names that is compared by [`compare`].
unsafe fn add(stack: *mut ffi::stack_st_X509_NAME, certificate: &X509) -> bool {
    let Some(subject) = certificate.subject() else {
        return false;
    };
    // SAFETY: the caller's promise; the list takes the name over if it can.
    unsafe {
        if sys::OPENSSL_sk_find(stack.cast(), subject.as_ptr().cast()) >= 0 {
            return true;
        }
        let subject = subject.into_raw();
        let pushed = ffi::OPENSSL_sk_push(stack.cast(), subject.cast()) > 0;
        if !pushed {
            drop(X509Name::from_owned(subject));
        }
        pushed
    }
}

/// Runs `work` while the list compares its names by their encodings.
///
/// # Safety
/// `stack` is a live list of live names.
unsafe fn comparing<T>(stack: *mut ffi::stack_st_X509_NAME, work: impl FnOnce() -> T) -> T {
    // SAFETY: the caller's promise; the function compares names.
    let before = unsafe { sys::OPENSSL_sk_set_cmp_func(stack.cast(), Some(compare)) };
    let result = work();
    // SAFETY: as above; the function is the one that was there.
    unsafe { sys::OPENSSL_sk_set_cmp_func(stack.cast(), before) };
    result
}

/// Orders names by the length of their encodings, then by their bytes.
unsafe extern "C" fn compare(one: *const *const c_void, other: *const *const c_void) -> c_int {
    // SAFETY: libcrypto compares places of the list's elements, which are live names.
    let (one, other) = unsafe { (encoding((*one).cast()), encoding((*other).cast())) };
    let order = one.len().cmp(&other.len()).then_with(|| one.cmp(other));
    order as c_int
}

/// The encoding that a name keeps; empty if it cannot be encoded.
///
/// # Safety
/// The name is live, and not changed during `'a`.
unsafe fn encoding<'a>(name: *const ffi::X509_NAME) -> &'a [u8] {
    let (mut der, mut length) = (null(), 0);
    // SAFETY: the caller's promise; the bytes stay the name's.
    unsafe {
        if sys::X509_NAME_get0_der(name, &raw mut der, &raw mut length) != 1 || der.is_null() {
            return &[];
        }
        std::slice::from_raw_parts(der, length)
    }
}

struct Store(NonNull<sys::Store>);

/// One thing that a store has.
struct Entry(NonNull<sys::StoreInfo>);

impl Store {
    /// # Safety
    /// `uri` is a C string.
    unsafe fn open(uri: *const c_char) -> Option<Self> {
        // SAFETY: the caller's promise; all else may be NULL.
        let raw = unsafe { sys::OSSL_STORE_open(uri, null(), null_mut(), null(), null_mut()) };
        NonNull::new(raw).map(Self)
    }

    /// The next thing; the inner `None` is one that cannot be read.
    fn next(&self) -> Option<Option<Entry>> {
        let store = self.0.as_ptr();
        // SAFETY: the store is open; what is loaded is ours.
        unsafe {
            let over = sys::OSSL_STORE_eof(store) != 0 || sys::OSSL_STORE_error(store) != 0;
            (!over).then(|| NonNull::new(sys::OSSL_STORE_load(store)).map(Entry))
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: the store is ours, and this is its end.
        unsafe { sys::OSSL_STORE_close(self.0.as_ptr()) };
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // SAFETY: the entry is ours, and this is its end.
        unsafe { sys::OSSL_STORE_INFO_free(self.0.as_ptr()) }
    }
}

/// Paths of this length and above are refused.
const PATH_ROOM: usize = 1024;

#[cfg(test)]
#[path = "subjects_tests.rs"]
mod tests;
