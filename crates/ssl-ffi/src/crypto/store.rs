//! What trust stores are filled from: files, folders, URIs, and the places libcrypto knows by itself.
//!
//! Owns the calls. A store may be the application's, which uses it at the same time; libcrypto locks it.

use std::ffi::{CStr, c_int, c_long};
use std::ptr::{null, null_mut};

use openssl_sys as ffi;

use super::refs::X509Store;
use super::{queue, sys};

/// Where certificates are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// In a file, read at once.
    File,
    /// In a folder, looked up by the hash of their names.
    Folder,
    /// Behind a URI, looked up.
    Store,
}

impl X509Store {
    /// Adds what is there; false, with entries, if it cannot be. Without a name the queue says so.
    pub(crate) fn load(&self, source: Source, name: Option<&CStr>) -> bool {
        let (store, name) = (self.as_ptr(), name.map_or(null(), CStr::as_ptr));
        // SAFETY: the store is live, the name a string or NULL.
        let loaded = unsafe {
            match source {
                Source::File => sys::X509_STORE_load_file(store, name),
                Source::Folder => sys::X509_STORE_load_path(store, name),
                Source::Store => sys::X509_STORE_load_store(store, name),
            }
        };
        loaded == 1
    }

    /// `X509_STORE_set_default_paths`.
    pub(crate) fn add_defaults(&self) -> bool {
        // SAFETY: the store is live.
        unsafe { ffi::X509_STORE_set_default_paths(self.as_ptr()) == 1 }
    }

    /// Adds the default file, folder or URI, whether there is anything or not.
    pub(crate) fn add_default(&self, source: Source) -> bool {
        // SAFETY: the methods are static.
        let (method, command, form) = unsafe {
            match source {
                Source::File => (ffi::X509_LOOKUP_file(), FILE_LOAD, FORM_DEFAULT),
                Source::Folder => (ffi::X509_LOOKUP_hash_dir(), ADD_DIR, FORM_DEFAULT),
                Source::Store => (sys::X509_LOOKUP_store(), ADD_STORE, 0),
            }
        };
        // SAFETY: the store is live; the lookup is its own.
        let lookup = unsafe { ffi::X509_STORE_add_lookup(self.as_ptr(), method) };
        if lookup.is_null() {
            return false;
        }
        queue::quiet(|| {
            // SAFETY: the lookup is live; these commands take a name or NULL, and no place for a result.
            unsafe { ffi::X509_LOOKUP_ctrl(lookup, command, null(), form, null_mut()) }
        });
        true
    }
}

/// `X509_L_FILE_LOAD`.
const FILE_LOAD: c_int = 1;
/// `X509_L_ADD_DIR`.
const ADD_DIR: c_int = 2;
/// `X509_L_ADD_STORE`.
const ADD_STORE: c_int = 3;
/// `X509_FILETYPE_DEFAULT`.
const FORM_DEFAULT: c_long = 3;
