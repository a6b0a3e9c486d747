//! The panic stop: what stands between Rust code and a C caller.
//!
//! Owns the rule that nothing unwinds into C. Knows nothing of what the entry points do.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of an entry point; a panic becomes `fallback`.
///
/// A panic is a defect of ours. The C caller gets the function's failure value and can go on with its
/// other connections; the panic hook has already said on standard error what happened and where. A fuzzer
/// has to see it, so there it is the end.
pub(crate) fn guard<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        if cfg!(fuzzing) {
            std::process::abort();
        }
        fallback
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_fallback() {
        assert_eq!(guard(-1, || 5), 5);
        assert_eq!(guard(-1, || panic!("stopped here")), -1);
    }
}
