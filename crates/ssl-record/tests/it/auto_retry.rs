//! AUTO_RETRY: whether a read goes on by itself after a record without application data.

use std::io;

use ssl_record::io::{Transport, drive};
use ssl_record::record::ProtocolVersion::{Tls12, Tls13};
use ssl_record::{
    Connection, Context, KeyUpdateRequest, Outcome, Received, Shutdown, SslMode, Want,
};
use ssl_testkit::pipe::End;

use crate::forge::{ALERT, DATA, Forged, HANDSHAKE, KEY_UPDATE, ticket};
use crate::pair::{Half, Pair, configs, contexts};

const WANT_READ: Outcome<Received> = Outcome::Want(Want::Read);

fn data(n: usize) -> Outcome<Received> {
    Outcome::Done(Received::Data(n))
}

fn read(half: &mut Half) -> Outcome<Received> {
    half.read(&mut [0; 10]).unwrap()
}

fn off(half: &mut Half) {
    half.connection.clear_mode(SslMode::AUTO_RETRY);
}

/// A pair whose client has so many tickets unread.
fn with_tickets(tickets: usize) -> Pair {
    let (client, server) = configs(Tls13);
    let mut pair = Pair::of(client, server.tls13_tickets(tickets));
    pair.handshake();
    pair
}

#[test]
fn r10_on_a_read_goes_past_tickets_to_the_data() {
    let mut pair = with_tickets(2);
    let _ = pair.server.write(b"hello").unwrap();
    assert_eq!(read(&mut pair.client), data(5));
    assert_eq!(read(&mut pair.client), WANT_READ);
}

#[test]
fn r11_off_each_ticket_costs_one_want() {
    let mut forged = Forged::established(Tls13);
    off(&mut forged.pair.client);
    forged.send_to_client(HANDSHAKE, &ticket(7));
    forged.send_to_client(HANDSHAKE, &ticket(8));
    forged.send_to_client(DATA, b"hello");
    let client = &mut forged.pair.client;
    let link = client.end.incoming();
    for left in [24 + 22 + 27, 27] {
        assert_eq!(link.unread(), left + 24 + 22);
        assert_eq!(read(client), WANT_READ);
        assert_eq!(link.unread(), left);
        assert_eq!(client.connection.pending(), 0);
        assert!(!client.connection.has_pending() && !client.connection.in_init());
    }
    assert_eq!(client.peek(&mut [0; 10]).unwrap(), data(5));
    assert_eq!(read(client), data(5));
}

#[test]
fn r11_off_the_tickets_of_a_real_server_cost_two_wants() {
    let mut pair = with_tickets(2);
    off(&mut pair.client);
    let _ = pair.server.write(b"hello").unwrap();
    for expected in [WANT_READ, WANT_READ, data(5), WANT_READ] {
        assert_eq!(read(&mut pair.client), expected);
    }
}

#[test]
fn r11_off_peek_is_interrupted_like_read() {
    let mut pair = with_tickets(1);
    off(&mut pair.client);
    let _ = pair.server.write(b"hello").unwrap();
    assert_eq!(pair.client.peek(&mut [0; 10]).unwrap(), WANT_READ);
    assert_eq!(pair.client.peek(&mut [0; 10]).unwrap(), data(5));
}

#[test]
fn r12_off_with_bytes_read_ahead_a_read_goes_on() {
    let mut pair = with_tickets(2);
    off(&mut pair.client);
    pair.client.connection.set_read_ahead(true);
    let _ = pair.server.write(b"hello").unwrap();
    assert_eq!(read(&mut pair.client), data(5));
}

#[test]
fn r12_off_with_read_ahead_the_last_message_still_interrupts() {
    let mut pair = with_tickets(2);
    off(&mut pair.client);
    pair.client.connection.set_read_ahead(true);
    let link = pair.client.end.incoming();
    let blocked = link.counts().blocked_reads;
    assert_eq!(read(&mut pair.client), WANT_READ);
    assert_eq!(link.counts().blocked_reads, blocked);
}

#[test]
fn r13_key_updates_interrupt_only_when_off() {
    let mut pair = Pair::established(Tls13);
    let send = |pair: &mut Pair| {
        let update = pair
            .server
            .connection
            .key_update(KeyUpdateRequest::NotRequested);
        update.unwrap();
        assert_eq!(pair.server.write(b"hello").unwrap(), Outcome::Done(5));
    };
    send(&mut pair);
    assert_eq!(read(&mut pair.client), data(5));
    off(&mut pair.client);
    send(&mut pair);
    assert_eq!(read(&mut pair.client), WANT_READ);
    assert_eq!(read(&mut pair.client), data(5));
}

#[test]
fn r14_a_read_that_ends_the_handshake_goes_on_to_data() {
    for version in [Tls12, Tls13] {
        for auto_retry in [true, false] {
            let (client, server) = contexts(version);
            let mut pair = Pair::fresh(&client, &server);
            if !auto_retry {
                off(&mut pair.server);
            }
            assert_eq!(read(&mut pair.client), WANT_READ);
            assert!(pair.client.end.outgoing().unread() > 100);
            assert_eq!(read(&mut pair.server), WANT_READ);
            let written = pair.client.write(b"hello").unwrap();
            if version == Tls12 {
                // One more round trip: the server speaks last.
                assert_eq!(written, Outcome::Want(Want::Read));
                assert_eq!(read(&mut pair.server), WANT_READ);
                assert_eq!(pair.client.write(b"hello").unwrap(), Outcome::Done(5));
            } else {
                assert_eq!(written, Outcome::Done(5));
                assert!(pair.server.connection.in_init());
            }
            assert_eq!(read(&mut pair.server), data(5));
            assert!(!pair.server.connection.in_init());
        }
    }
}

#[test]
fn r15_r16_off_empty_records_and_user_canceled_do_not_interrupt() {
    let mut forged = Forged::established(Tls13);
    off(&mut forged.pair.client);
    forged.send_to_client(DATA, b"");
    assert_eq!(read(&mut forged.pair.client), WANT_READ);
    for (content_type, fragment) in [(DATA, &b""[..]), (ALERT, &[1, 90]), (DATA, b"abc")] {
        forged.send_to_client(content_type, fragment);
    }
    assert_eq!(read(&mut forged.pair.client), data(3));
}

#[test]
fn r29_off_two_tickets_in_one_record_interrupt_twice() {
    let mut forged = Forged::established(Tls13);
    off(&mut forged.pair.client);
    forged.send_to_client(HANDSHAKE, &[ticket(7), ticket(8)].concat());
    forged.send_to_client(DATA, b"abc");
    let client = &mut forged.pair.client;
    assert_eq!(read(client), WANT_READ);
    assert_eq!(client.connection.pending(), 0);
    assert!(client.connection.has_pending());
    assert_eq!(read(client), WANT_READ);
    assert!(!client.connection.has_pending());
    assert_eq!(read(client), data(3));
}

#[test]
fn r29_on_two_tickets_in_one_record_are_passed_over() {
    let mut forged = Forged::established(Tls13);
    forged.send_to_client(HANDSHAKE, &[ticket(7), ticket(8)].concat());
    forged.send_to_client(DATA, b"abc");
    assert_eq!(read(&mut forged.pair.client), data(3));
}

#[test]
fn r29_off_a_message_in_two_records_interrupts_once() {
    let mut forged = Forged::established(Tls13);
    off(&mut forged.pair.client);
    let ticket = ticket(7);
    forged.send_to_client(HANDSHAKE, &ticket[..10]);
    forged.send_to_client(HANDSHAKE, &ticket[10..]);
    forged.send_to_client(DATA, b"abc");
    assert_eq!(read(&mut forged.pair.client), WANT_READ);
    assert_eq!(read(&mut forged.pair.client), data(3));
}

#[test]
fn r29_r54_off_a_message_over_two_calls_does_not_interrupt() {
    let mut forged = Forged::established(Tls13);
    off(&mut forged.pair.client);
    let ticket = ticket(7);
    forged.send_to_client(HANDSHAKE, &ticket[..10]);
    assert_eq!(read(&mut forged.pair.client), WANT_READ);
    forged.send_to_client(HANDSHAKE, &ticket[10..]);
    forged.send_to_client(DATA, b"abc");
    assert_eq!(read(&mut forged.pair.client), data(3));
}

#[test]
fn r29_off_a_record_over_two_calls_interrupts() {
    let mut pair = with_tickets(1);
    off(&mut pair.client);
    let link = pair.client.end.incoming();
    let record = link.take_raw();
    let (last, first) = record.split_last().unwrap();
    link.push_raw(first);
    assert_eq!(read(&mut pair.client), WANT_READ);
    assert!(!pair.client.connection.in_init());
    link.push_raw(&[*last]);
    let _ = pair.server.write(b"abc").unwrap();
    assert_eq!(read(&mut pair.client), WANT_READ);
    assert_eq!(read(&mut pair.client), data(3));
}

#[test]
fn r55_a_half_received_message_does_not_stop_writes() {
    // OpenSSL has one state machine and makes the write read first; we need not imitate that.
    let mut forged = Forged::established(Tls13);
    forged.send_to_client(HANDSHAKE, &ticket(7)[..10]);
    let client = &mut forged.pair.client;
    assert_eq!(read(client), WANT_READ);
    assert_eq!(client.write(b"a").unwrap(), Outcome::Done(1));
    assert_eq!(client.shutdown().unwrap(), Outcome::Done(Shutdown::Sent));
    assert_eq!(read(&mut forged.pair.server), data(1));
}

/// A transport that counts how often it is told of a forced want.
struct Told {
    end: End,
    forced: usize,
}

impl Transport for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Transport::write(&mut self.end, bytes)
    }

    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        Transport::read(&mut self.end, space)
    }

    fn flush(&mut self) -> io::Result<()> {
        Transport::flush(&mut self.end)
    }

    fn force_want_read(&mut self) {
        self.forced += 1;
    }
}

#[test]
fn r54_a_forced_want_is_told_to_the_transport_and_a_real_one_is_not() {
    let mut pair = with_tickets(2);
    off(&mut pair.client);
    let _ = pair.server.write(b"hello").unwrap();
    let Half {
        mut connection,
        end,
    } = pair.client;
    let mut told = Told { end, forced: 0 };
    let read = |connection: &mut Connection, told: &mut Told| {
        drive::read(connection, told, &mut [0; 10]).unwrap()
    };
    for expected in [1, 2] {
        assert_eq!(read(&mut connection, &mut told), WANT_READ);
        assert_eq!(told.forced, expected);
    }
    assert_eq!(read(&mut connection, &mut told), data(5));
    assert_eq!(read(&mut connection, &mut told), WANT_READ);
    assert_eq!(told.forced, 2);
}

#[test]
fn r13_a_mode_changed_between_calls_counts_from_the_next() {
    let mut forged = Forged::established(Tls13);
    for auto_retry in [false, true, false] {
        let connection = &mut forged.pair.client.connection;
        connection.clear_mode(SslMode::AUTO_RETRY);
        if auto_retry {
            connection.set_mode(SslMode::AUTO_RETRY);
        }
        forged.send_to_client(HANDSHAKE, &KEY_UPDATE);
        forged.server.update();
        forged.send_to_client(DATA, b"abc");
        if !auto_retry {
            assert_eq!(read(&mut forged.pair.client), WANT_READ);
        }
        assert_eq!(read(&mut forged.pair.client), data(3));
    }
}

#[test]
fn s16_waiting_for_close_notify_handles_tickets() {
    let mut pair = with_tickets(2);
    let _ = pair.server.shutdown().unwrap();
    assert_eq!(
        pair.client.shutdown().unwrap(),
        Outcome::Done(Shutdown::Sent)
    );
    let complete = Outcome::Done(Shutdown::Complete);
    assert_eq!(pair.client.shutdown().unwrap(), complete);
}

#[test]
fn s16_off_each_ticket_interrupts_shutdown() {
    let mut pair = with_tickets(2);
    off(&mut pair.client);
    let _ = pair.server.shutdown().unwrap();
    assert_eq!(
        pair.client.shutdown().unwrap(),
        Outcome::Done(Shutdown::Sent)
    );
    for _ in 0..2 {
        assert_eq!(pair.client.shutdown().unwrap(), Outcome::Want(Want::Read));
    }
    let complete = Outcome::Done(Shutdown::Complete);
    assert_eq!(pair.client.shutdown().unwrap(), complete);
}

#[test]
fn r10_a_connection_takes_the_mode_from_its_context() {
    let (client, server) = configs(Tls13);
    let (client, server) = (
        Context::client(client).unwrap(),
        Context::server(server).unwrap(),
    );
    client.clear_mode(SslMode::AUTO_RETRY);
    let mut pair = Pair::fresh(&client, &server);
    pair.handshake();
    let _ = pair.server.write(b"hello").unwrap();
    assert_eq!(read(&mut pair.client), WANT_READ);
}
