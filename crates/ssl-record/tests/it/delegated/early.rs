//! Early data: what is sent before the handshake is over, and what becomes of it.

use ssl_record::MessageTap;
use ssl_record::delegate::{ClientPlan, EarlyData};
use ssl_record::io::{CallError, drive};
use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::{Tls12, Tls13};
use ssl_record::{EarlyRead, Error, Misuse, Outcome, Reason, SslMode, Want};

use super::owner::{Half, Pair, client_plan, tls};

/// What the tickets allow.
const ALLOWED: u32 = 40_000;

/// A plan with a session that allows early data.
fn plan() -> ClientPlan {
    let mut plan = client_plan(Tls13);
    let mut pair = Pair::fresh(&plan);
    pair.server.owner.server_plan.max_early_data = ALLOWED;
    pair.server.owner.server_plan.tls13_tickets = 2;
    pair.handshake();
    pair.exchange();
    let mut sessions = pair.client.connection.take_sessions();
    assert_eq!(sessions.len(), 2);
    for session in &sessions {
        assert_eq!(session.parts().max_early_data, ALLOWED);
    }
    (plan.session, plan.early_data) = (sessions.pop(), true);
    plan
}

/// A pair whose server accepts so much, and sends tickets that allow as much again.
fn pair(plan: &ClientPlan, accepted: Option<u32>) -> Pair {
    let mut pair = Pair::fresh(plan);
    pair.server.owner.server_plan.early_data = accepted.is_some();
    pair.server.owner.server_plan.early_data_limit = accepted.unwrap_or(ALLOWED);
    pair.server.owner.server_plan.max_early_data = ALLOWED;
    pair
}

fn write(half: &mut Half, data: &[u8]) -> Result<Outcome<usize>, CallError> {
    drive::early_write(&mut half.connection, &mut half.end, data)
}

/// Writes early data that there is room for.
#[track_caller]
fn sent(pair: &mut Pair, data: &[u8]) {
    let written = write(&mut pair.client, data).unwrap();
    assert_eq!(written, Outcome::Done(data.len()));
}

/// Reads early data; answers what is asked in between.
fn read(half: &mut Half, out: &mut [u8]) -> Result<Outcome<EarlyRead>, CallError> {
    loop {
        let outcome = drive::early_read(&mut half.connection, &mut half.end, out)?;
        let Some(question) = half.connection.question() else {
            return Ok(outcome);
        };
        let answer = half.owner.decide(question).unwrap();
        half.connection.answer(answer);
    }
}

/// All early data that has arrived, and whether its end has.
fn read_all(half: &mut Half) -> (Vec<u8>, bool) {
    let (mut all, mut piece) = (Vec::new(), [0; 1000]);
    loop {
        match read(half, &mut piece).unwrap() {
            Outcome::Done(EarlyRead::Data(n)) => all.extend_from_slice(&piece[..n]),
            Outcome::Done(EarlyRead::End) => return (all, true),
            Outcome::Want(want) => {
                assert_eq!(want, Want::Read);
                return (all, false);
            }
        }
    }
}

#[track_caller]
fn assert_fate(pair: &Pair, expected: EarlyData) {
    for half in [&pair.client, &pair.server] {
        let facts = half.connection.progress_facts().unwrap();
        assert_eq!(facts.early_data, expected);
    }
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 % 251) as u8).collect()
}

#[test]
fn accepted_data_arrives_before_the_handshake_is_over() {
    for tapped in [false, true] {
        let mut pair = pair(&plan(), Some(ALLOWED));
        let tap = if tapped {
            MessageTap::Frames
        } else {
            MessageTap::Off
        };
        pair.client.connection.set_message_tap(tap);
        pair.server.connection.set_message_tap(tap);
        let data = bytes(ALLOWED as usize);
        for part in data.chunks(20_000) {
            let written = write(&mut pair.client, part).unwrap();
            assert_eq!(written, Outcome::Done(part.len()));
        }
        assert_eq!(read_all(&mut pair.server), (data, false));
        pair.handshake();
        assert_fate(&pair, EarlyData::Accepted);
        assert!(pair.client.connection.negotiated().unwrap().resumed);
        pair.exchange();
        let messages: Vec<_> = [&mut pair.client, &mut pair.server]
            .map(|half| half.connection.take_messages())
            .concat();
        let ends = messages.iter().filter(|it| it.bytes == [5, 0, 0, 0]);
        assert_eq!(ends.count(), if tapped { 2 } else { 0 });
        let tickets = messages
            .iter()
            .filter(|it| it.bytes[0] == 4 && it.content_type == 22);
        assert_eq!(tickets.count(), if tapped { 2 } else { 0 });
    }
}

#[test]
fn the_end_of_early_data_is_told() {
    let mut pair = pair(&plan(), Some(ALLOWED));
    sent(&mut pair, b"early");
    assert_eq!(read_all(&mut pair.server), (b"early".to_vec(), false));
    let _ = pair.client.handshake().unwrap();
    assert_eq!(read_all(&mut pair.server), (Vec::new(), true));
    assert_eq!(read_all(&mut pair.server), (Vec::new(), true));
    pair.handshake();
    pair.exchange();
}

#[test]
fn none_need_be_sent() {
    let mut pair = pair(&plan(), Some(ALLOWED));
    let _ = pair.client.handshake().unwrap();
    let _ = read_all(&mut pair.server);
    let _ = pair.client.handshake().unwrap();
    assert_eq!(read_all(&mut pair.server), (Vec::new(), true));
    pair.handshake();
    assert_fate(&pair, EarlyData::Accepted);
    pair.exchange();
}

#[test]
fn rejected_data_is_skipped() {
    let mut pair = pair(&plan(), None);
    for _ in 0..3 {
        assert_eq!(
            write(&mut pair.client, &bytes(10_000)).unwrap(),
            Outcome::Done(10_000)
        );
    }
    assert_eq!(read_all(&mut pair.server), (Vec::new(), true));
    pair.handshake();
    assert_fate(&pair, EarlyData::Rejected);
    assert!(pair.client.connection.negotiated().unwrap().resumed);
    pair.exchange();
}

#[test]
fn not_everything_is_skipped() {
    let mut pair = pair(&plan(), None);
    pair.server.owner.server_plan.early_data_limit = 9_000;
    sent(&mut pair, &bytes(10_000));
    assert_eq!(read_all(&mut pair.server), (Vec::new(), true));
    let error = tls(pair.server.handshake());
    assert_eq!(error.reason(), Some(Reason::TOO_MUCH_EARLY_DATA));
}

#[test]
fn a_full_handshake_rejects() {
    let mut pair = pair(&plan(), Some(ALLOWED));
    pair.server.owner.server_plan.tickets = false;
    sent(&mut pair, b"in vain");
    assert_eq!(read_all(&mut pair.server), (Vec::new(), true));
    pair.handshake();
    assert_fate(&pair, EarlyData::Rejected);
    pair.exchange();
}

#[test]
fn a_retried_hello_rejects() {
    use ssl_record::config::NamedGroup;
    let mut pair = pair(&plan(), Some(ALLOWED));
    pair.server.owner.server_plan.groups = vec![NamedGroup::Secp256r1];
    for _ in 0..3 {
        sent(&mut pair, &bytes(9_000));
    }
    let _ = read(&mut pair.server, &mut [0; 10]).unwrap();
    pair.handshake();
    assert_fate(&pair, EarlyData::Rejected);
    pair.exchange();

    let mut pair = self::pair(&plan(), None);
    pair.server.owner.server_plan.groups = vec![NamedGroup::Secp256r1];
    pair.server.owner.server_plan.early_data_limit = 8_000;
    sent(&mut pair, &bytes(9_000));
    let error = tls(read(&mut pair.server, &mut [0; 10]));
    assert_eq!(error.reason(), Some(Reason::TOO_MUCH_EARLY_DATA));
}

#[test]
fn w37_a_blocked_early_write_is_resumed_and_reports_all() {
    let mut pair = pair(&plan(), Some(ALLOWED));
    pair.client
        .connection
        .set_mode(SslMode::ENABLE_PARTIAL_WRITE);
    let data = bytes(30_000);
    let link = pair.client.end.outgoing();
    let mut received = Vec::new();
    for budget in (0..40_000).step_by(1_000) {
        link.set_budget(Some(budget.min(1_000)));
        match write(&mut pair.client, &data).unwrap() {
            Outcome::Want(want) => assert_eq!(want, Want::Write),
            Outcome::Done(n) => {
                assert_eq!(n, data.len());
                break;
            }
        }
        received.extend(read_all(&mut pair.server).0);
    }
    link.set_budget(None);
    received.extend(read_all(&mut pair.server).0);
    assert_eq!(received, data);
    assert!(
        pair.client
            .connection
            .mode()
            .contains(SslMode::ENABLE_PARTIAL_WRITE)
    );
    pair.handshake();
    pair.exchange();
}

#[test]
fn a_half_sent_early_write_is_completed_by_the_handshake() {
    let mut pair = pair(&plan(), Some(ALLOWED));
    sent(&mut pair, b"first");
    let link = pair.client.end.outgoing();
    link.set_budget(Some(10));
    let blocked = write(&mut pair.client, b"second").unwrap();
    assert_eq!(blocked, Outcome::Want(Want::Write));
    link.set_budget(None);
    let _ = pair.client.handshake().unwrap();
    assert_eq!(read_all(&mut pair.server).0, b"firstsecond");
    pair.handshake();
}

#[test]
fn a_server_answers_early() {
    for (accepted, fate) in [
        (Some(ALLOWED), EarlyData::Accepted),
        (None, EarlyData::Rejected),
    ] {
        let mut pair = pair(&plan(), accepted);
        sent(&mut pair, b"request");
        let _ = read_all(&mut pair.server);
        for part in [b"an answer", b", in two "] {
            let written = write(&mut pair.server, part).unwrap();
            assert_eq!(written, Outcome::Done(part.len()));
        }
        pair.handshake();
        assert_fate(&pair, fate);
        assert_eq!(pair.client.read(), b"an answer, in two ");
        pair.exchange();
        // The tickets behind the answer allow early data as well.
        let sessions = pair.client.connection.take_sessions();
        assert_eq!(sessions.len(), 1);
        assert_eq!(sessions[0].parts().max_early_data, ALLOWED);
    }
}

/// A ticket that waits for the transport has the number that the next early record would have.
#[test]
fn behind_its_tickets_a_server_answers_no_more_early() {
    let mut pair = pair(&plan(), Some(ALLOWED));
    sent(&mut pair, b"request");
    let _ = read_all(&mut pair.server);
    let written = write(&mut pair.server, b"an answer").unwrap();
    assert_eq!(written, Outcome::Done(9));
    let _ = pair.client.handshake().unwrap();
    let link = pair.server.end.outgoing();
    link.set_budget(Some(0));
    let outcome = pair.server.handshake().unwrap();
    assert_eq!(outcome, Outcome::Want(Want::Write));
    assert!(pair.server.connection.in_init());
    let refused = tls(write(&mut pair.server, b", and more"));
    assert_eq!(refused, Misuse::NotEarly.into());
    link.set_budget(None);
    pair.handshake();
    assert_eq!(pair.client.read(), b"an answer");
    pair.exchange();
    assert_eq!(pair.client.connection.take_sessions().len(), 1);
}

#[test]
fn there_are_limits() {
    let mut pair = pair(&plan(), Some(1_000));
    let error = tls(write(&mut pair.client, &bytes(ALLOWED as usize + 1)));
    assert_eq!(error.reason(), Some(Reason::TOO_MUCH_EARLY_DATA));

    let mut pair = self::pair(&plan(), Some(1_000));
    sent(&mut pair, &bytes(1_001));
    let error = tls(read(&mut pair.server, &mut [0; 10]));
    assert_eq!(error.reason(), Some(Reason::TOO_MUCH_EARLY_DATA));
    let told = tls(pair.client.read_or_finish());
    assert_eq!(
        told,
        Error::AlertReceived(AlertDescription::UNEXPECTED_MESSAGE)
    );
}

#[test]
fn forged_early_data_is_refused() {
    let mut pair = pair(&plan(), Some(ALLOWED));
    sent(&mut pair, b"early");
    let link = pair.client.end.outgoing();
    let mut raw = link.take_raw();
    *raw.last_mut().unwrap() ^= 1;
    link.push_raw(&raw);
    let error = tls(read(&mut pair.server, &mut [0; 10]));
    assert_eq!(
        error.reason(),
        Some(Reason::DECRYPTION_FAILED_OR_BAD_RECORD_MAC)
    );
}

#[test]
fn without_a_session_for_it_none_is_written() {
    let with_session = plan();
    for plan in [
        client_plan(Tls13),
        client_plan(Tls12),
        ClientPlan {
            early_data: false,
            ..with_session
        },
    ] {
        let mut pair = pair(&plan, Some(ALLOWED));
        let error = tls(write(&mut pair.client, b"early"));
        assert_eq!(error, Error::Misuse(Misuse::NotEarly));
        assert_eq!(read_all(&mut pair.server), (Vec::new(), false));
        pair.handshake();
        pair.exchange();
        let error = tls(write(&mut pair.client, b"late"));
        assert_eq!(error, Error::Misuse(Misuse::NotEarly));
    }
}
