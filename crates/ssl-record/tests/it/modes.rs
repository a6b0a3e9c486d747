//! The mask of contexts and connections, and when a change of it acts.

use ssl_record::record::ProtocolVersion::Tls13;
use ssl_record::{Outcome, SslMode};
use ssl_testkit::script::WriteStep::{Block, Take, TakeAll};

use crate::pair::{Pair, contexts};
use crate::sending::{FRAGMENT, MOVING, N, PARTIAL, RELEASE, Sender, WANT_WRITE, data, wrote};

#[test]
fn m12_a_connection_starts_with_the_mask_of_its_context() {
    let (client, server) = contexts(Tls13);
    let unnamed = SslMode::from_bits_retain(0x4000_0200);
    assert_eq!(
        client.set_mode(PARTIAL | unnamed),
        SslMode::AUTO_RETRY | PARTIAL | unnamed
    );
    assert_eq!(server.clear_mode(SslMode::AUTO_RETRY), SslMode::empty());
    let pair = Pair::fresh(&client, &server);
    assert_eq!(pair.client.connection.mode(), client.mode());
    assert_eq!(pair.server.connection.mode(), SslMode::empty());
}

#[test]
fn m12_the_inherited_mask_acts() {
    let (client, server) = contexts(Tls13);
    client.set_mode(PARTIAL);
    let mut pair = Pair::connected(&client, &server);
    assert_eq!(pair.client.write(&data(N)).unwrap(), wrote(FRAGMENT));
    assert_eq!(pair.server.write(&data(N)).unwrap(), wrote(N));
}

#[test]
fn m13_a_connection_does_not_see_later_changes_of_its_context() {
    let (client, server) = contexts(Tls13);
    let mut pair = Pair::connected(&client, &server);
    client.set_mode(PARTIAL | MOVING | RELEASE);
    client.clear_mode(SslMode::AUTO_RETRY);
    assert_eq!(pair.client.connection.mode(), SslMode::AUTO_RETRY);
    assert_eq!(pair.client.write(&data(N)).unwrap(), wrote(N));
}

#[test]
fn m14_a_context_does_not_see_changes_of_its_connections() {
    let (client, server) = contexts(Tls13);
    let mut pair = Pair::fresh(&client, &server);
    let connection = &mut pair.client.connection;
    assert_eq!(connection.set_mode(PARTIAL), SslMode::AUTO_RETRY | PARTIAL);
    assert_eq!(
        connection.set_mode(SslMode::empty()),
        SslMode::AUTO_RETRY | PARTIAL
    );
    assert_eq!(connection.clear_mode(SslMode::AUTO_RETRY), PARTIAL);
    assert_eq!(connection.clear_mode(MOVING), PARTIAL);
    assert_eq!(connection.mode(), PARTIAL);
    assert_eq!(client.mode(), SslMode::AUTO_RETRY);
    let other = Pair::fresh(&client, &server).client.connection;
    assert_eq!(other.mode(), SslMode::AUTO_RETRY);
}

#[test]
fn m17_clearing_a_connection_keeps_its_mask_and_settings() {
    let mut sender = Sender::scripted(PARTIAL | MOVING, &[]);
    assert!(sender.connection.set_split_send_fragment(1000));
    sender.connection.clear_mode(SslMode::AUTO_RETRY);
    sender.connection.set_read_ahead(true);
    sender.connection.clear().unwrap();
    assert_eq!(sender.connection.mode(), PARTIAL | MOVING);
    assert!(sender.connection.read_ahead());
    assert_eq!(sender.connection.max_send_fragment(), FRAGMENT);
    assert!(sender.connection.in_init());
}

/// Each call of one blocked write with another mask.
#[test]
fn m21_a_change_acts_from_the_next_call_on() {
    let script = [Take(100), Block, TakeAll, Block, TakeAll, TakeAll, Block];
    let mut sender = Sender::scripted(SslMode::empty(), &script);
    let (a, b) = (data(70_000), data(70_000));
    assert_eq!(sender.write(&a).unwrap(), WANT_WRITE);
    sender.connection.set_mode(MOVING);
    assert_eq!(sender.write(&b).unwrap(), WANT_WRITE);
    sender.connection.clear_mode(MOVING);
    sender.connection.set_mode(PARTIAL);
    assert_eq!(sender.write(&b).unwrap(), wrote(3 * FRAGMENT));
    sender.connection.clear_mode(PARTIAL);
    assert_eq!(sender.write(&b[3 * FRAGMENT..]).unwrap(), WANT_WRITE);
    assert_eq!(
        sender.write(&b[3 * FRAGMENT..]).unwrap(),
        wrote(70_000 - 3 * FRAGMENT)
    );
    assert_eq!(sender.peer_reads(), a);
}

#[test]
fn m21_auto_retry_acts_from_the_next_read_on() {
    let (mut sender, mut forge) = Sender::forged(Tls13);
    let mut read_after_ticket = |sender: &mut Sender, on: bool| {
        if on {
            sender.connection.set_mode(SslMode::AUTO_RETRY);
        } else {
            sender.connection.clear_mode(SslMode::AUTO_RETRY);
        }
        let records = [
            forge.seal(crate::forge::HANDSHAKE, &crate::forge::ticket(0)),
            forge.seal(crate::forge::DATA, b"x"),
        ];
        sender.transport.push_inbound(&records.concat());
        let outcome = sender.read(&mut [0; 9]).unwrap();
        let interrupted = outcome.want().is_some();
        if interrupted {
            assert!(matches!(
                sender.read(&mut [0; 9]).unwrap(),
                Outcome::Done(_)
            ));
        }
        interrupted
    };
    let interrupted = [true, false, true].map(|on| read_after_ticket(&mut sender, on));
    assert_eq!(interrupted, [false, true, false]);
}
