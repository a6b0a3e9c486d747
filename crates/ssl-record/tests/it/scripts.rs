//! Random scripts for the tests that compare with a model.
//!
//! Owns how many are tried: `SSL_MODEL_CASES`, 256 if unset. Does not know what is in a script.

use core::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Plays scripts until one fails, which is then made as short as possible, or all are done.
pub(crate) fn play_all<S: Debug>(
    scripts: &impl Strategy<Value = S>,
    play: impl Fn(S) -> Result<(), TestCaseError>,
) {
    let cases = std::env::var("SSL_MODEL_CASES").map_or(256, |cases| cases.parse().unwrap());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    if let Err(difference) = TestRunner::new(config).run(scripts, play) {
        panic!("{difference}");
    }
}
