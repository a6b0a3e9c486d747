//! Registers: where a mask lives, and the only three things that happen to it.
//!
//! Owns the set/clear/get rules, the truncation of C's `long`, and inheritance from context to
//! connection. Must not know what any bit means.

#[cfg(all(target_has_atomic = "32", not(loom)))]
use core::sync::atomic::{AtomicU32, Ordering};
#[cfg(loom)]
use loom::sync::atomic::{AtomicU32, Ordering};

use crate::SslMode;

/// The mask of one connection.
///
/// A plain value: a connection is used by one thread at a time, and copying the register is what
/// `SSL_dup` does with the mask (M15). Changes stay here; no context ever sees them (M14).
///
/// ```
/// use ssl_mode::{ModeRegister, SslMode};
///
/// let mut ssl = ModeRegister::default();
/// assert_eq!(ssl.set(SslMode::ENABLE_PARTIAL_WRITE).bits(), 0x5);
/// assert_eq!(ssl.clear(SslMode::AUTO_RETRY).bits(), 0x1);
/// assert_eq!(ssl.get(), SslMode::ENABLE_PARTIAL_WRITE);
/// ```
///
/// Source: `SSL_set_mode(3)`; M4 to M9, M12 to M14.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ModeRegister {
    mask: SslMode,
}

impl ModeRegister {
    /// A register that holds `mask`. A context's own start value is [`Default`] (M3).
    #[must_use]
    pub const fn new(mask: SslMode) -> Self {
        Self { mask }
    }

    /// The mask. Reads only; the same as setting nothing (M4).
    #[must_use]
    pub const fn get(self) -> SslMode {
        self.mask
    }

    /// Adds the bits of `modes` and returns the new mask (M4).
    ///
    /// Bits that were set stay set; bits without a name are kept like any other (M6).
    pub const fn set(&mut self, modes: SslMode) -> SslMode {
        self.mask = self.mask.union(modes);
        self.mask
    }

    /// Removes the bits of `modes` and returns the new mask (M5).
    ///
    /// Removing bits that are not set changes nothing.
    pub const fn clear(&mut self, modes: SslMode) -> SslMode {
        self.mask = self.mask.intersection(modes.complement());
        self.mask
    }

    /// [`set`](Self::set) as C calls it, with the `long` of `SSL_ctrl` widened to 64 bits.
    ///
    /// Bits above 31 of `modes` are dropped (M8). The result is the new mask, zero-extended: never
    /// negative, even with bit 31 set (M7). Where C's `long` has 32 bits, cast the result down to
    /// get OpenSSL's answer there (M9).
    ///
    /// ```
    /// use ssl_mode::ModeRegister;
    ///
    /// let mut ssl = ModeRegister::default();
    /// assert_eq!(ssl.set_long(0x7_0000_0001), 0x5);
    /// assert_eq!(ssl.set_long(-1), 4_294_967_295);
    /// assert_eq!(ssl.clear_long(-1), 0);
    /// ```
    pub const fn set_long(&mut self, modes: i64) -> i64 {
        to_long(self.set(from_long(modes)))
    }

    /// [`clear`](Self::clear) as C calls it; truncation and result as in
    /// [`set_long`](Self::set_long) (M7, M8, M9).
    pub const fn clear_long(&mut self, modes: i64) -> i64 {
        to_long(self.clear(from_long(modes)))
    }
}

/// The mask of one context, shared by the threads that make connections from it.
///
/// OpenSSL uses an unguarded field, so setting a mode while another thread calls `SSL_new` is a
/// data race there (M50). Here each change is one atomic instruction: nothing blocks, no bit is
/// lost, and a connection made at the same time gets the mask from before or after the change.
/// Every access is relaxed, because no other memory is published through the mask.
///
/// Absent on targets without 32-bit atomics.
///
/// ```
/// use ssl_mode::{SharedModeRegister, SslMode};
///
/// static CONTEXT: SharedModeRegister = SharedModeRegister::new(SslMode::AUTO_RETRY);
///
/// let before = CONTEXT.inherit();
/// CONTEXT.set(SslMode::RELEASE_BUFFERS);
/// assert_eq!(CONTEXT.get().bits(), 0x14);
/// assert_eq!(before.get().bits(), 0x4);
/// ```
///
/// Source: `SSL_CTX_set_mode(3)`; M4 to M9, M12, M13, M50.
#[cfg(target_has_atomic = "32")]
#[derive(Debug)]
pub struct SharedModeRegister {
    bits: AtomicU32,
}

#[cfg(target_has_atomic = "32")]
impl SharedModeRegister {
    /// A register that holds `mask`. A new context's is [`Default`] (M3).
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new(mask: SslMode) -> Self {
        Self {
            bits: AtomicU32::new(mask.bits()),
        }
    }

    /// As above; loom's atomics cannot be made in a constant.
    #[cfg(loom)]
    #[must_use]
    pub fn new(mask: SslMode) -> Self {
        Self {
            bits: AtomicU32::new(mask.bits()),
        }
    }

    /// The mask. Reads only; the same as setting nothing (M4).
    #[must_use]
    pub fn get(&self) -> SslMode {
        SslMode::from_bits_retain(self.bits.load(Ordering::Relaxed))
    }

    /// Adds the bits of `modes` and returns the new mask (M4), unnamed bits included (M6).
    pub fn set(&self, modes: SslMode) -> SslMode {
        let before = self.bits.fetch_or(modes.bits(), Ordering::Relaxed);
        SslMode::from_bits_retain(before | modes.bits())
    }

    /// Removes the bits of `modes` and returns the new mask (M5).
    pub fn clear(&self, modes: SslMode) -> SslMode {
        let before = self.bits.fetch_and(!modes.bits(), Ordering::Relaxed);
        SslMode::from_bits_retain(before & !modes.bits())
    }

    /// [`set`](Self::set) as C calls it; see [`ModeRegister::set_long`] (M7, M8, M9).
    pub fn set_long(&self, modes: i64) -> i64 {
        to_long(self.set(from_long(modes)))
    }

    /// [`clear`](Self::clear) as C calls it; see [`ModeRegister::set_long`] (M7, M8, M9).
    pub fn clear_long(&self, modes: i64) -> i64 {
        to_long(self.clear(from_long(modes)))
    }

    /// The register of a new connection: a copy of the mask as it is now (M12).
    ///
    /// The copy does not follow later changes here (M13) and its own changes stay with it (M14).
    #[must_use]
    pub fn inherit(&self) -> ModeRegister {
        ModeRegister::new(self.get())
    }
}

/// As [`SslMode::default`]: `AUTO_RETRY` alone (M3).
#[cfg(target_has_atomic = "32")]
impl Default for SharedModeRegister {
    fn default() -> Self {
        Self::new(SslMode::default())
    }
}

/// Keeps bits 0 to 31 (M8); the cast is the rule.
const fn from_long(modes: i64) -> SslMode {
    SslMode::from_bits_retain(modes as u32)
}

/// Widens without a sign (M7).
const fn to_long(mask: SslMode) -> i64 {
    mask.bits() as i64
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::{SharedModeRegister, SslMode};
    use loom::sync::Arc;

    #[test]
    fn loom_threads_that_change_different_bits_lose_none() {
        loom::model(|| {
            let context = Arc::new(SharedModeRegister::new(SslMode::AUTO_RETRY));
            let sets = Arc::clone(&context);
            let setter = loom::thread::spawn(move || sets.set(SslMode::RELEASE_BUFFERS));
            let clears = Arc::clone(&context);
            let clearer = loom::thread::spawn(move || clears.clear(SslMode::AUTO_RETRY));
            let inherited = context.inherit().get();
            assert!(setter.join().unwrap().contains(SslMode::RELEASE_BUFFERS));
            assert!(!clearer.join().unwrap().contains(SslMode::AUTO_RETRY));
            assert_eq!(context.get(), SslMode::RELEASE_BUFFERS);
            let possible = SslMode::AUTO_RETRY | SslMode::RELEASE_BUFFERS;
            assert!(possible.contains(inherited), "{inherited} was never set");
        });
    }
}
