//! Early data around a delegated handshake: what a client may seal before the server has answered, and
//! what a server has received before the client is done.
//!
//! Owns when it is allowed and where it waits. The records are sealed by the write path.

use super::early::{Incoming, Relay};
use crate::error::{Error, PeerFault};
use crate::handshake::delegate::EarlyData;
use crate::protect::{TrafficKeys, Usage};
use crate::record::{ContentType, RecordHeader};

use super::super::messages;
use super::{Delegated, State, early};

impl Delegated {
    /// Takes a record of early data, or its end.
    pub(super) fn feed_early(&mut self, header: RecordHeader, body: &[u8]) -> Result<(), Error> {
        let (State::Ready(direct), Some(incoming)) = (&mut self.state, &mut self.early.incoming)
        else {
            return Err(PeerFault::UnexpectedMessage(0).into());
        };
        let mut on = Vec::new();
        let (inner, message) = incoming.record(header, body, &mut on)?;
        let mut record = header.encode().to_vec();
        record.extend_from_slice(body);
        self.wire.log_early(false, &record, inner, &message);
        direct.feed_raw(on);
        Ok(())
    }

    /// Whether early data can be sent or received now, or what a server sends as early as it can.
    pub(crate) fn is_early(&self) -> bool {
        if self.wire.is_client {
            !self.early.is_over && self.early.offered.is_some()
        } else {
            self.wire.has_answered() && !self.wire.has_tickets
        }
    }

    /// How much early data a client may send, bytes.
    pub(crate) fn early_limit(&self) -> Option<u32> {
        self.early.offered.map(|(_, most)| most)
    }

    /// The keys for what is sent early; `None` if there are none.
    pub(crate) fn early_keys(&self) -> Option<TrafficKeys> {
        let capture = self.wire.capture.as_ref()?;
        if self.wire.is_client {
            let secret = capture.captured().client_early.clone()?;
            let (suite, _) = self.early.offered?;
            return early::keys(suite, secret, Usage::Seal, 0);
        }
        let secret = capture.captured().server_traffic.clone()?;
        early::keys(self.wire.facts.suite?, secret, Usage::Seal, 0)
    }

    /// How many records were sealed with these keys.
    pub(crate) fn set_sealed_early(&mut self, records: u64) {
        self.wire.sealed_early = records;
    }

    /// Early data that was received; `None` at its end.
    pub(crate) fn take_early(&mut self, out: &mut [u8]) -> Option<usize> {
        let incoming = self.early.incoming.as_mut()?;
        if incoming.is_empty() && incoming.has_ended() {
            return None;
        }
        Some(incoming.take(out))
    }

    /// Whether early data waits to be taken.
    pub(crate) fn has_early(&self) -> bool {
        let incoming = self.early.incoming.as_ref();
        incoming.is_some_and(|incoming| !incoming.is_empty())
    }

    /// What rustls sends as the peer is to see it, where records were sealed under the same keys before.
    pub(super) fn pass_on(&mut self, flight: Vec<u8>) -> Option<Vec<u8>> {
        let wire = &mut self.wire;
        let has_records = |flight: &[u8]| early::split_first(flight).is_some();
        if wire.is_client {
            let is_accepted = wire.facts.early_data == EarlyData::Accepted;
            if !is_accepted || self.early.has_ended || !has_records(&flight) {
                wire.sending(&flight);
                return Some(flight);
            }
            self.early.has_ended = true;
            let secret = wire.capture.as_ref()?.captured().client_early.clone()?;
            let (suite, _) = self.early.offered?;
            let mut relay = Relay::new(suite, &secret, 0, wire.sealed_early)?;
            let flight = relay.pass_on(&flight, 1, |_| None)?;
            let (end, rest) = early::split_first(&flight)?;
            wire.log_early(true, &end, ContentType::Handshake, &END_OF_EARLY_DATA);
            wire.sending(&rest);
            return Some(flight);
        }
        let allows = self.early.allows;
        let is_changed = wire.sealed_early > 0 || allows > 0;
        let has_tickets = wire.has_answered() && has_records(&flight);
        wire.has_tickets |= has_tickets;
        if !has_tickets || !is_changed {
            wire.sending(&flight);
            return Some(flight);
        }
        let secret = wire.capture.as_ref()?.captured().server_traffic.clone()?;
        let mut relay = Relay::new(wire.facts.suite?, &secret, 0, wire.sealed_early)?;
        let edit = |content: &[u8]| match allows {
            0 => None,
            _ => early::with_early_data(content, allows),
        };
        let flight = relay.pass_on(&flight, usize::MAX, edit)?;
        wire.sending(&flight);
        Some(flight)
    }

    /// After the flight of a server that accepts early data.
    pub(super) fn await_early(&mut self) {
        if !self.wire.has_answered() || self.early.is_over {
            return;
        }
        self.early.is_over = true;
        if self.wire.facts.early_data != EarlyData::Accepted {
            return;
        }
        self.early.skips = None;
        let captured = self
            .wire
            .capture
            .as_ref()
            .map(|it| it.captured().client_early.clone());
        let relay = captured.flatten().zip(self.wire.facts.suite);
        let relay = relay.and_then(|(secret, suite)| Relay::new(suite, &secret, 0, 0));
        self.early.incoming = relay.map(|relay| Box::new(Incoming::new(relay, self.early.limit)));
    }
}

/// The message.
const END_OF_EARLY_DATA: [u8; 4] = [messages::kind::END_OF_EARLY_DATA, 0, 0, 0];
