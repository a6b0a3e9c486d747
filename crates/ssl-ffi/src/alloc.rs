//! The global allocator: libcrypto's, so that `CRYPTO_set_mem_functions` governs our memory as it does
//! OpenSSL's own.
//!
//! Owns nothing but the mapping, and memory that passes from and to C. What needs a stricter alignment than libcrypto promises comes
//! from the C library instead; the layout tells the two apart when it is freed.

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::c_char;

use libc::c_int;

unsafe extern "C" {
    fn CRYPTO_malloc(num: usize, file: *const c_char, line: c_int) -> *mut libc::c_void;
    fn CRYPTO_realloc(
        addr: *mut libc::c_void,
        num: usize,
        file: *const c_char,
        line: c_int,
    ) -> *mut libc::c_void;
    fn CRYPTO_free(ptr: *mut libc::c_void, file: *const c_char, line: c_int);
}

/// What `malloc` guarantees on the platforms of Debian.
const MALLOC_ALIGN: usize = 16;

/// Shown to the application's memory functions as the place of the allocation.
const FILE: &std::ffi::CStr = c"ssl";

struct Libcrypto;

#[global_allocator]
static ALLOCATOR: Libcrypto = Libcrypto;

// SAFETY: CRYPTO_malloc and posix_memalign return memory of at least the size asked for, aligned as
// asked for, or NULL; which of the two was used follows from the layout alone, which the caller
// promises to repeat.
unsafe impl GlobalAlloc for Libcrypto {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > MALLOC_ALIGN {
            return aligned(layout);
        }
        // SAFETY: any size may be asked for; the file name is a constant.
        unsafe { CRYPTO_malloc(layout.size(), FILE.as_ptr(), 0).cast() }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        if layout.align() > MALLOC_ALIGN {
            // SAFETY: `alloc` took it from posix_memalign, as the layout says.
            unsafe { libc::free(ptr.cast()) }
        } else {
            // SAFETY: `alloc` took it from CRYPTO_malloc, as the layout says.
            unsafe { CRYPTO_free(ptr.cast(), FILE.as_ptr(), 0) }
        }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if layout.align() > MALLOC_ALIGN {
            let Ok(wanted) = Layout::from_size_align(new_size, layout.align()) else {
                return std::ptr::null_mut();
            };
            let new = aligned(wanted);
            if !new.is_null() {
                let both = layout.size().min(new_size);
                // SAFETY: two live allocations of at least `both` bytes; `ptr` came from here with
                // this layout.
                unsafe {
                    std::ptr::copy_nonoverlapping(ptr, new, both);
                    self.dealloc(ptr, layout);
                }
            }
            return new;
        }
        // SAFETY: `ptr` came from CRYPTO_malloc, as the layout says; a new size of 0 is not asked for.
        unsafe { CRYPTO_realloc(ptr.cast(), new_size, FILE.as_ptr(), 0).cast() }
    }
}

/// A copy in memory that C frees with `OPENSSL_free`; NULL without memory.
pub(crate) fn copy(bytes: &[u8]) -> *mut u8 {
    // SAFETY: any size may be asked for; the file name is a constant.
    let to: *mut u8 = unsafe { CRYPTO_malloc(bytes.len(), FILE.as_ptr(), 0) }.cast();
    if !to.is_null() {
        // SAFETY: the memory is new and has that size.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    }
    to
}

/// Frees what C allocated with `OPENSSL_malloc`.
///
/// # Safety
/// `memory` is NULL or the caller's to give away.
pub(crate) unsafe fn free(memory: *mut u8) {
    // SAFETY: the caller's promise; the file name is a constant.
    unsafe { CRYPTO_free(memory.cast(), FILE.as_ptr(), 0) }
}

fn aligned(layout: Layout) -> *mut u8 {
    let mut ptr = std::ptr::null_mut();
    // SAFETY: the alignment of a Layout is a power of two, and above 16 a multiple of a pointer's size.
    let failed = unsafe { libc::posix_memalign(&raw mut ptr, layout.align(), layout.size()) };
    if failed == 0 {
        ptr.cast()
    } else {
        std::ptr::null_mut()
    }
}
