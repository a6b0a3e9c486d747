//! The statements of section M that a mask alone can hold. Those about the C entry points (M2, M10,
//! M11) and about objects other than a context and its connections (M15 to M20) are not ours.

use std::thread;

use ssl_mode::{ModeRegister, SharedModeRegister, SslMode};

/// A bit that OpenSSL never named.
const UNNAMED: SslMode = SslMode::from_bits_retain(0x4000_0000);

fn mask(bits: u32) -> SslMode {
    SslMode::from_bits_retain(bits)
}

#[test]
fn m1_bits_are_openssls() {
    for (mode, bits) in [
        (SslMode::ENABLE_PARTIAL_WRITE, 0x001),
        (SslMode::ACCEPT_MOVING_WRITE_BUFFER, 0x002),
        (SslMode::AUTO_RETRY, 0x004),
        (SslMode::NO_AUTO_CHAIN, 0x008),
        (SslMode::RELEASE_BUFFERS, 0x010),
        (SslMode::SEND_CLIENTHELLO_TIME, 0x020),
        (SslMode::SEND_SERVERHELLO_TIME, 0x040),
        (SslMode::SEND_FALLBACK_SCSV, 0x080),
        (SslMode::ASYNC, 0x100),
        (SslMode::DTLS_SCTP_LABEL_LENGTH_BUG, 0x400),
    ] {
        assert_eq!(mode.bits(), bits, "{mode}");
    }
}

#[test]
fn m3_a_context_starts_with_auto_retry_alone() {
    assert_eq!(SslMode::default().bits(), 0x4);
    assert_eq!(SharedModeRegister::default().get().bits(), 0x4);
    assert_eq!(ModeRegister::default().get().bits(), 0x4);
}

#[test]
fn m4_set_returns_the_new_mask() {
    let context = SharedModeRegister::default();
    assert_eq!(context.set(SslMode::RELEASE_BUFFERS), mask(0x14));
    assert_eq!(
        context.set(SslMode::RELEASE_BUFFERS | SslMode::ASYNC),
        mask(0x114)
    );

    let mut connection = ModeRegister::default();
    assert_eq!(connection.set(SslMode::ENABLE_PARTIAL_WRITE), mask(0x5));
}

#[test]
fn m4_setting_nothing_reads() {
    let context = SharedModeRegister::new(mask(0x13));
    assert_eq!(context.set_long(0), 0x13);
    assert_eq!(context.set(SslMode::empty()), context.get());

    let mut connection = context.inherit();
    assert_eq!(connection.set_long(0), 0x13);
}

#[test]
fn m5_clear_returns_what_remains() {
    let context = SharedModeRegister::new(mask(0x17));
    assert_eq!(context.clear(SslMode::AUTO_RETRY), mask(0x13));

    let mut connection = ModeRegister::new(mask(0x17));
    assert_eq!(connection.clear(SslMode::AUTO_RETRY), mask(0x13));
}

#[test]
fn m5_clearing_what_is_not_set_changes_nothing() {
    let context = SharedModeRegister::default();
    assert_eq!(context.clear(SslMode::ASYNC), mask(0x4));
    assert_eq!(context.clear_long(0), 0x4);

    let mut connection = ModeRegister::default();
    assert_eq!(connection.clear(SslMode::ASYNC), mask(0x4));
    assert_eq!(connection.clear_long(0), 0x4);
}

#[test]
fn m6_unnamed_bits_are_stored_returned_and_inherited() {
    let context = SharedModeRegister::default();
    assert_eq!(context.set(UNNAMED), mask(0x4000_0004));

    let mut connection = context.inherit();
    assert_eq!(connection.get(), mask(0x4000_0004));
    assert_eq!(connection.get().unnamed(), UNNAMED);
    assert_eq!(connection.clear(SslMode::AUTO_RETRY), UNNAMED);
    assert_eq!(connection.clear(UNNAMED), SslMode::empty());
}

#[test]
fn m7_bit_31_comes_back_positive() {
    let context = SharedModeRegister::new(SslMode::empty());
    assert_eq!(context.set_long(0x8000_0000), 2_147_483_648);

    let mut connection = ModeRegister::new(SslMode::empty());
    assert_eq!(connection.set_long(0x8000_0000), 2_147_483_648);
    assert_eq!(connection.clear_long(0), 2_147_483_648);
}

#[test]
fn m8_bits_above_31_are_dropped() {
    let context = SharedModeRegister::default();
    assert_eq!(context.set_long(0x1_0000_0000), 0x4);
    assert_eq!(context.set_long(0x7fff_ffff_0000_0010), 0x14);
    assert_eq!(context.clear_long(0x1_0000_0004), 0x10);

    let mut connection = ModeRegister::default();
    assert_eq!(connection.set_long(0x1_0000_0000), 0x4);
    assert_eq!(connection.clear_long(0x1_0000_0000), 0x4);
}

#[test]
fn m9_minus_one_is_every_bit() {
    let context = SharedModeRegister::default();
    assert_eq!(context.set_long(-1), 4_294_967_295);
    assert_eq!(context.clear_long(-1), 0);

    let mut connection = ModeRegister::default();
    assert_eq!(connection.set_long(-1), 4_294_967_295);
    assert_eq!(connection.clear_long(-1), 0);
}

#[test]
fn m9_a_long_of_32_bits_gets_minus_one() {
    let mut connection = ModeRegister::default();
    let argument: i32 = -1;
    assert_eq!(connection.set_long(i64::from(argument)) as i32, -1);
}

#[test]
fn m12_a_connection_starts_with_the_mask_of_its_context() {
    let context = SharedModeRegister::default();
    context.set(SslMode::ENABLE_PARTIAL_WRITE | UNNAMED);
    assert_eq!(context.inherit().get(), mask(0x4000_0005));
}

#[test]
fn m13_a_connection_does_not_see_later_changes_of_its_context() {
    let context = SharedModeRegister::default();
    let connection = context.inherit();
    context.set(SslMode::RELEASE_BUFFERS);
    context.clear(SslMode::AUTO_RETRY);
    assert_eq!(connection.get(), mask(0x4));
    assert_eq!(context.inherit().get(), mask(0x10));
}

#[test]
fn m14_a_context_does_not_see_changes_of_its_connections() {
    let context = SharedModeRegister::default();
    let mut connection = context.inherit();
    assert_eq!(connection.set_long(0x3), 0x7);
    assert_eq!(connection.clear_long(0x4), 0x3);
    assert_eq!(context.get(), mask(0x4));
    assert_eq!(context.inherit().get(), mask(0x4));
}

#[test]
fn m50_threads_that_set_modes_lose_none() {
    let context = SharedModeRegister::new(SslMode::empty());
    thread::scope(|scope| {
        for bit in 0..8 {
            let context = &context;
            scope.spawn(move || {
                let mine = mask(1 << bit);
                for _ in 0..1000 {
                    assert!(context.set(mine).contains(mine));
                    assert!(!context.clear(mine).intersects(mine));
                }
                context.set(mine);
            });
        }
    });
    assert_eq!(context.get(), mask(0xff));
}
