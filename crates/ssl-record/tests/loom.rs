//! Every interleaving of threads that share one context: its mode mask and its buffer pool.
//!
//! Built only under `--cfg loom`: `RUSTFLAGS="--cfg loom" cargo test -p ssl-record --release --test
//! loom`. It must not do a handshake: one would be repeated for each interleaving.

// Clippy does not count helpers of integration tests as tests.
#![allow(clippy::unwrap_used)]
#![cfg(loom)]

use loom::thread;
use ssl_record::config::{ClientConfig, ServerTrust};
use ssl_record::{Connection, Context, SslMode};

fn context(pool_bound: usize) -> Context {
    let config = ClientConfig::with_trust(ServerTrust::Anyone);
    Context::client(config.pool_bound(pool_bound)).unwrap()
}

#[test]
fn m50_a_connection_made_meanwhile_gets_a_mask_from_before_or_after() {
    const BITS: [SslMode; 2] = [SslMode::ENABLE_PARTIAL_WRITE, SslMode::RELEASE_BUFFERS];
    loom::model(|| {
        let context = context(1);
        let threads = BITS.map(|bit| {
            let context = context.clone();
            thread::spawn(move || assert!(context.set_mode(bit).contains(bit)))
        });
        let made = Connection::client(&context, "localhost").unwrap().mode();
        let possible = SslMode::AUTO_RETRY | BITS[0] | BITS[1];
        assert!(made.contains(SslMode::AUTO_RETRY) && possible.contains(made));
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(context.mode(), possible);
    });
}

#[test]
fn m50_no_thread_undoes_what_another_sets() {
    loom::model(|| {
        let context = context(1);
        let other = context.clone();
        let thread = thread::spawn(move || other.clear_mode(SslMode::AUTO_RETRY));
        context.set_mode(SslMode::ENABLE_PARTIAL_WRITE);
        thread.join().unwrap();
        assert_eq!(context.mode(), SslMode::ENABLE_PARTIAL_WRITE);
    });
}

#[test]
fn b2_the_pool_is_bounded_whoever_gives_back_when() {
    loom::model(|| {
        let context = context(3);
        let use_buffers = |context: &Context| {
            let mut connection = Connection::client(context, "localhost").unwrap();
            assert!(connection.alloc_buffers());
            assert!(connection.free_buffers());
        };
        let other = context.clone();
        let thread = thread::spawn(move || use_buffers(&other));
        use_buffers(&context);
        thread.join().unwrap();
        assert!((2..=3).contains(&context.idle_buffers()));
    });
}
