//! C pointers and the objects behind them.
//!
//! Owns the names that C knows the objects by, and the only conversions between a C pointer and the
//! `Arc` it stands for. One pointer type has one kind of ownership: each `SSL*`, `SSL_CTX*` and
//! `SSL_SESSION*` that C holds is one strong count of an `Arc`.

use std::sync::Arc;

#[allow(clippy::upper_case_acronyms, reason = "the name in OpenSSL's headers")]
pub(crate) type SSL = crate::ssl::Ssl;
#[allow(non_camel_case_types, reason = "the name in OpenSSL's headers")]
pub(crate) type SSL_CTX = crate::ctx::Ctx;
#[allow(non_camel_case_types, reason = "the name in OpenSSL's headers")]
pub(crate) type SSL_SESSION = crate::session::Session;
#[allow(non_camel_case_types, reason = "the name in OpenSSL's headers")]
pub(crate) type SSL_METHOD = crate::method::Method;

/// An object that C holds by counted pointers.
pub(crate) trait Counted: Sized {
    /// What an entry point holds while it works on the object.
    type Held<'object>
    where
        Self: 'object;

    /// Takes it.
    fn hold(&self) -> Self::Held<'_>;

    /// Hands one count to C.
    fn into_c(this: Arc<Self>) -> *mut Self {
        Arc::into_raw(this).cast_mut()
    }

    /// Takes C's count back; `None` for NULL.
    ///
    /// # Safety
    /// `ptr` is NULL or came from [`Counted::into_c`], and its count is not used again.
    unsafe fn from_c(ptr: *mut Self) -> Option<Arc<Self>> {
        if ptr.is_null() {
            return None;
        }
        // SAFETY: the caller gives up one count of a pointer that `into_c` made.
        Some(unsafe { Arc::from_raw(ptr.cast_const()) })
    }

    /// Another count of an object that C keeps; `None` for NULL.
    ///
    /// # Safety
    /// `ptr` is NULL or a live pointer from [`Counted::into_c`].
    unsafe fn share(ptr: *const Self) -> Option<Arc<Self>> {
        if ptr.is_null() {
            return None;
        }
        // SAFETY: the pointer is live, so its count is at least one; the new count is the `Arc`'s.
        unsafe {
            Arc::increment_strong_count(ptr);
            Some(Arc::from_raw(ptr))
        }
    }

    /// Looks at an object that C keeps; `None` for NULL.
    ///
    /// # Safety
    /// `ptr` is NULL or a live pointer from [`Counted::into_c`] that stays live for `'a`.
    unsafe fn peek<'a>(ptr: *const Self) -> Option<&'a Self> {
        // SAFETY: the caller's promise. The objects are only ever shared: `&mut` to them is not made.
        unsafe { ptr.as_ref() }
    }
}

impl Counted for SSL {
    type Held<'object> = crate::ssl::Held<'object>;

    fn hold(&self) -> Self::Held<'_> {
        self.take_baton()
    }
}

impl Counted for SSL_CTX {
    type Held<'object> = ();

    fn hold(&self) {}
}

impl Counted for SSL_SESSION {
    type Held<'object> = ();

    fn hold(&self) {}
}
