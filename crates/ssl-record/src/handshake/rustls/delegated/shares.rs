//! The ephemeral public keys of a handshake, read along: those that both sides agreed by.
//!
//! Owns where they stand in the messages of both versions. What is malformed is left for rustls to refuse.

use super::super::messages::{extensions, kind};
use crate::handshake::delegate::{KeyShare, ProgressFacts};
use crate::hello::ClientHello;
use crate::record::ProtocolVersion;

/// What each side has sent so far.
#[derive(Default)]
pub(super) struct Shares {
    /// Of TLS 1.3, one for each group it guessed.
    client: Vec<KeyShare>,
    server: Option<KeyShare>,
}

impl Shares {
    /// Reads a message, and tells the facts once both sides are known.
    pub(super) fn hear(
        &mut self,
        kind: u8,
        body: &[u8],
        is_clients: bool,
        is_client: bool,
        facts: &mut ProgressFacts,
    ) {
        match (kind, is_clients) {
            (kind::CLIENT_HELLO, true) => self.client = offered(body).unwrap_or_default(),
            (kind::SERVER_HELLO, false) => self.server = selected(body),
            (kind::SERVER_KEY_EXCHANGE, false) => self.server = server_params(body),
            (kind::CLIENT_KEY_EXCHANGE, true) => {
                let group = self.server.as_ref().map(|share| share.group);
                self.client.clear();
                self.client
                    .extend(group.and_then(|group| share(group, counted(body)?)));
            }
            _ => return,
        }
        // In TLS 1.2 the hellos have none of its keys.
        let is_over = facts.version == Some(ProtocolVersion::Tls13) || kind != kind::SERVER_HELLO;
        let Some(server) = self.server.as_ref().filter(|_| is_over) else {
            return;
        };
        let Some(client) = self.client.iter().find(|share| share.group == server.group) else {
            return;
        };
        let (own, peer) = match is_client {
            true => (client, server),
            false => (server, client),
        };
        facts.key_share = Some(own.clone());
        facts.peer_key_share = Some(peer.clone());
    }
}

fn offered(body: &[u8]) -> Option<Vec<KeyShare>> {
    let hello = ClientHello::parse(body).ok()?;
    let shares = hello.key_shares().ok()??;
    Some(
        shares
            .filter_map(|(group, key)| share(group, key))
            .collect(),
    )
}

/// The share of a ServerHello; a HelloRetryRequest has the group alone.
fn selected(body: &[u8]) -> Option<KeyShare> {
    const KEY_SHARE: u16 = 51;
    // Version and random.
    let rest = body.get(34..)?;
    let (&id_len, rest) = rest.split_first()?;
    // The identifier, suite, compression and the length of the extensions.
    let rest = rest.get(usize::from(id_len) + 5..)?;
    let (_, value) = extensions(rest).find(|(kind, _)| *kind == KEY_SHARE)?;
    let (group, rest) = value.split_first_chunk::<2>()?;
    let (len, key) = rest.split_first_chunk::<2>()?;
    let key = key.get(..u16::from_be_bytes(*len).into())?;
    share(u16::from_be_bytes(*group), key)
}

/// The parameters of a ServerKeyExchange (RFC 8422 section 5.4).
fn server_params(body: &[u8]) -> Option<KeyShare> {
    const NAMED_CURVE: u8 = 3;
    let (&[kind, high, low], rest) = body.split_first_chunk::<3>()?;
    let group = u16::from_be_bytes([high, low]);
    (kind == NAMED_CURVE).then(|| share(group, counted(rest)?))?
}

/// Bytes behind their count.
fn counted(body: &[u8]) -> Option<&[u8]> {
    let (&len, rest) = body.split_first()?;
    rest.get(..len.into())
}

fn share(group: u16, public: &[u8]) -> Option<KeyShare> {
    (!public.is_empty()).then(|| KeyShare {
        group,
        public: public.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls12_agrees_by_key_exchange_messages() {
        let mut shares = Shares::default();
        let mut facts = ProgressFacts {
            version: Some(ProtocolVersion::Tls12),
            ..ProgressFacts::default()
        };
        shares.hear(
            12,
            &[3, 0, 29, 2, 7, 8, 4, 3, 0, 0],
            false,
            true,
            &mut facts,
        );
        assert_eq!(facts.key_share, None);
        shares.hear(16, &[2, 5, 6], true, true, &mut facts);
        let share = |public: [u8; 2]| KeyShare {
            group: 29,
            public: public.into(),
        };
        assert_eq!(facts.key_share, Some(share([5, 6])));
        assert_eq!(facts.peer_key_share, Some(share([7, 8])));
    }

    #[test]
    fn what_is_cut_short_tells_nothing() {
        let mut facts = ProgressFacts::default();
        let mut shares = Shares::default();
        for kind in [1, 2, 12, 16] {
            for body in [&[][..], &[3], &[3, 0, 29, 2, 7]] {
                shares.hear(kind, body, kind % 2 == 1 || kind == 16, true, &mut facts);
            }
        }
        assert_eq!(facts, ProgressFacts::default());
    }
}
