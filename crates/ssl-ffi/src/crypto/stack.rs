//! Owners of libcrypto's stacks (`STACK_OF(T)`).
//!
//! Owns the stack and, where the type says so, a reference to each element. The layout of a stack is
//! libcrypto's, so any of them can be handed to C.

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::ptr::NonNull;

use openssl_sys as ffi;

use super::refs::{X509, X509Name};
use super::sys;

/// What an owning stack holds.
pub(crate) trait Element: Sized {
    /// The element's C type.
    type Raw;
    /// The C type of a stack of them.
    type RawStack;
    /// Another reference or copy; `None` for NULL or without memory.
    ///
    /// # Safety
    /// `raw` is NULL or live.
    unsafe fn share(raw: *mut Self::Raw) -> Option<Self>;
    /// Gives the reference away.
    fn release(self) -> *mut Self::Raw;
    /// Gives a reference back.
    ///
    /// # Safety
    /// `raw` is an element of a stack that owned it.
    unsafe extern "C" fn free(raw: *mut c_void);
}

/// `STACK_OF(X509)` with its certificates.
pub(crate) type X509Stack = Stack<X509>;

/// `STACK_OF(X509_NAME)` with its names.
pub(crate) type NameStack = Stack<X509Name>;

/// A stack that owns its elements.
#[derive(Debug)]
pub(crate) struct Stack<T: Element>(NonNull<ffi::OPENSSL_STACK>, PhantomData<T>);

// SAFETY: nothing but this value leads to the stack, and its elements may be given back on any thread.
unsafe impl<T: Element + Send> Send for Stack<T> {}
// SAFETY: shared access only reads the stack, and takes references to elements that may be shared.
unsafe impl<T: Element + Sync> Sync for Stack<T> {}

impl<T: Element> Stack<T> {
    /// An empty stack; `None` without memory.
    pub(crate) fn new() -> Option<Self> {
        // SAFETY: no preconditions.
        NonNull::new(unsafe { ffi::OPENSSL_sk_new_null() }).map(|stack| Self(stack, PhantomData))
    }

    /// Takes the caller's stack with its elements; `None` for NULL.
    ///
    /// # Safety
    /// `raw` is NULL or a live stack of live elements that is the caller's to give away.
    pub(crate) unsafe fn from_owned(raw: *mut T::RawStack) -> Option<Self> {
        NonNull::new(raw.cast()).map(|stack| Self(stack, PhantomData))
    }

    /// A stack of its own with further references to the elements; `None` for NULL or without memory.
    ///
    /// # Safety
    /// `raw` is NULL or a live stack of live elements.
    pub(crate) unsafe fn from_borrowed(raw: *const T::RawStack) -> Option<Self> {
        if raw.is_null() {
            return None;
        }
        let mut copy = Self::new()?;
        // SAFETY: live by the caller's promise.
        for element in unsafe { shared::<T>(raw.cast()) } {
            copy.push(element?).then_some(())?;
        }
        Some(copy)
    }

    /// Appends; false without memory.
    pub(crate) fn push(&mut self, element: T) -> bool {
        self.insert(usize::MAX, element)
    }

    /// Inserts before the element `at`, or appends; false without memory.
    pub(crate) fn insert(&mut self, at: usize, element: T) -> bool {
        let raw = element.release().cast();
        let at = c_int::try_from(at).unwrap_or(-1);
        // SAFETY: the stack is ours and takes the reference if it can.
        if unsafe { sys::OPENSSL_sk_insert(self.0.as_ptr(), raw, at) } > 0 {
            return true;
        }
        // SAFETY: the stack did not take the reference, so it is ours to give back.
        unsafe { T::free(raw) };
        false
    }

    /// Takes out the element at `at`.
    pub(crate) fn remove(&mut self, at: usize) -> Option<T> {
        let element = self.element(at)?;
        let at = c_int::try_from(at).ok()?;
        // SAFETY: the stack is live, and nobody else uses it. Its reference to the element ends.
        unsafe { T::free(sys::OPENSSL_sk_delete(self.0.as_ptr(), at)) };
        Some(element)
    }

    pub(crate) fn len(&self) -> usize {
        // SAFETY: the stack is ours.
        usize::try_from(unsafe { ffi::OPENSSL_sk_num(self.0.as_ptr()) }).unwrap_or(0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Another reference to the element `at`.
    pub(crate) fn element(&self, at: usize) -> Option<T> {
        let at = c_int::try_from(at).ok()?;
        // SAFETY: the stack and its elements live; an index beyond the end gives NULL.
        unsafe { T::share(ffi::OPENSSL_sk_value(self.0.as_ptr(), at).cast()) }
    }

    /// Further references to all elements.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        // SAFETY: the stack and its elements live as long as `self`.
        unsafe { shared::<T>(self.0.as_ptr()) }.flatten()
    }

    /// The stack, for C to look at.
    pub(crate) fn as_ptr(&self) -> *mut T::RawStack {
        self.0.as_ptr().cast()
    }

    /// Gives stack and elements to the caller.
    pub(crate) fn into_raw(self) -> *mut T::RawStack {
        std::mem::ManuallyDrop::new(self).0.as_ptr().cast()
    }

    /// A stack with further references to the same elements; `None` without memory.
    pub(crate) fn duplicate(&self) -> Option<Self> {
        // SAFETY: ours, so live.
        unsafe { Self::from_borrowed(self.as_ptr()) }
    }
}

impl<T: Element> Drop for Stack<T> {
    fn drop(&mut self) {
        // SAFETY: stack and elements are ours, and this is their end.
        unsafe { ffi::OPENSSL_sk_pop_free(self.0.as_ptr(), Some(T::free)) }
    }
}

impl Element for X509 {
    type Raw = ffi::X509;
    type RawStack = ffi::stack_st_X509;

    unsafe fn share(raw: *mut ffi::X509) -> Option<Self> {
        // SAFETY: the caller's promise.
        unsafe { Self::from_borrowed(raw) }
    }

    fn release(self) -> *mut ffi::X509 {
        self.into_raw()
    }

    unsafe extern "C" fn free(raw: *mut c_void) {
        // SAFETY: the caller's promise.
        unsafe { ffi::X509_free(raw.cast()) }
    }
}

impl Element for X509Name {
    type Raw = ffi::X509_NAME;
    type RawStack = ffi::stack_st_X509_NAME;

    unsafe fn share(raw: *mut ffi::X509_NAME) -> Option<Self> {
        // SAFETY: the caller's promise.
        unsafe { Self::from_borrowed(raw) }
    }

    fn release(self) -> *mut ffi::X509_NAME {
        self.into_raw()
    }

    unsafe extern "C" fn free(raw: *mut c_void) {
        // SAFETY: the caller's promise.
        unsafe { ffi::X509_NAME_free(raw.cast()) }
    }
}

/// A stack of pointers that belong to nobody, such as those to static cipher suites.
#[derive(Debug)]
pub(crate) struct PointerStack(NonNull<ffi::OPENSSL_STACK>);

// SAFETY: the elements are never followed; the stack itself is reached through this value alone.
unsafe impl Send for PointerStack {}
// SAFETY: shared access only reads.
unsafe impl Sync for PointerStack {}

impl PointerStack {
    /// An empty stack; `None` without memory.
    pub(crate) fn new() -> Option<Self> {
        // SAFETY: no preconditions.
        NonNull::new(unsafe { ffi::OPENSSL_sk_new_null() }).map(Self)
    }

    /// A stack of these pointers; `None` without memory.
    pub(crate) fn of<T>(pointers: impl IntoIterator<Item = *const T>) -> Option<Self> {
        let mut stack = Self::new()?;
        for pointer in pointers {
            stack.push(pointer.cast()).then_some(())?;
        }
        Some(stack)
    }

    /// Appends; false without memory.
    pub(crate) fn push(&mut self, pointer: *const c_void) -> bool {
        // SAFETY: the stack is ours; it does not follow the pointer.
        unsafe { ffi::OPENSSL_sk_push(self.0.as_ptr(), pointer) > 0 }
    }

    pub(crate) fn len(&self) -> usize {
        // SAFETY: the stack is ours.
        usize::try_from(unsafe { ffi::OPENSSL_sk_num(self.0.as_ptr()) }).unwrap_or(0)
    }

    /// The pointer `at`; NULL beyond the end.
    pub(crate) fn value(&self, at: usize) -> *mut c_void {
        // SAFETY: the stack is ours; an index beyond the end gives NULL.
        unsafe { ffi::OPENSSL_sk_value(self.0.as_ptr(), c_int::try_from(at).unwrap_or(-1)) }
    }

    /// The stack, to be cast to the `STACK_OF` that the C function returns.
    pub(crate) fn as_ptr(&self) -> *mut ffi::OPENSSL_STACK {
        self.0.as_ptr()
    }

    /// Gives the stack to the caller, who frees it with `sk_free`.
    pub(crate) fn into_raw(self) -> *mut ffi::OPENSSL_STACK {
        std::mem::ManuallyDrop::new(self).0.as_ptr()
    }

    /// A stack of the same pointers; `None` without memory.
    pub(crate) fn duplicate(&self) -> Option<Self> {
        // SAFETY: the stack is ours; the copy is too.
        NonNull::new(unsafe { sys::OPENSSL_sk_dup(self.0.as_ptr()) }).map(Self)
    }
}

impl Drop for PointerStack {
    fn drop(&mut self) {
        // SAFETY: the stack is ours, its elements are nobody's.
        unsafe { ffi::OPENSSL_sk_free(self.0.as_ptr()) }
    }
}

/// References to the elements of any stack. The length is asked for again at each step.
///
/// # Safety
/// `raw` is a live stack of live elements while the iterator is used.
unsafe fn shared<T: Element>(raw: *const ffi::OPENSSL_STACK) -> impl Iterator<Item = Option<T>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        // SAFETY: live by the caller's promise.
        if at >= unsafe { ffi::OPENSSL_sk_num(raw) } {
            return None;
        }
        // SAFETY: the index is below the length.
        let element = unsafe { T::share(ffi::OPENSSL_sk_value(raw, at).cast()) };
        at += 1;
        Some(element)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing;

    #[test]
    fn a_copy_outlives_the_stack() {
        let one = testing::self_signed(testing::Kind::P256, "one").certificate;
        let two = testing::self_signed(testing::Kind::P256, "two").certificate;
        let mut stack = X509Stack::new().unwrap();
        assert!(stack.push(two.clone()) && stack.insert(0, one.clone()));
        let copy = stack.duplicate().unwrap();
        // SAFETY: `into_raw` gave the stack away.
        drop(unsafe { X509Stack::from_owned(stack.into_raw()) });
        assert_eq!(copy.len(), 2);
        assert!(copy.element(0).unwrap().is_same(&one));
        assert!(copy.iter().nth(1).unwrap().is_same(&two));
        assert!(copy.element(2).is_none());
    }

    #[test]
    fn names_are_copied() {
        let name = testing::self_signed(testing::Kind::P256, "one")
            .certificate
            .subject()
            .unwrap();
        let mut names = NameStack::new().unwrap();
        assert!(names.push(name.duplicate().unwrap()));
        let copy = names.duplicate().unwrap();
        drop(names);
        assert!(copy.element(0).unwrap().is_same(&name));
    }

    #[test]
    fn pointers_are_not_followed() {
        let places = [1_u8, 2];
        let stack = PointerStack::of([&raw const places[0], &raw const places[1]]).unwrap();
        let copy = stack.duplicate().unwrap();
        drop(stack);
        assert_eq!(copy.len(), 2);
        assert_eq!(copy.value(1).cast_const(), (&raw const places[1]).cast());
        assert!(copy.value(2).is_null());
    }
}
