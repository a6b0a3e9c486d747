//! ClientHellos of any version, with any suites and groups: what a library would not offer.
//!
//! Owns the bytes of the offer. Holds no key: no offer can become a connection. What comes back is for `ask`.

use ssl_record::hello::{TLS_EMPTY_RENEGOTIATION_INFO_SCSV, TLS_FALLBACK_SCSV};
use ssl_record::record::{ContentType, RecordHeader};

/// The versions there are, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    Ssl30,
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

/// What to offer a server.
#[derive(Clone, Debug)]
pub(super) struct Offer<'a> {
    pub(super) version: Version,
    /// Most wanted first.
    pub(super) suites: &'a [u16],
    /// Most wanted first.
    pub(super) groups: &'a [u16],
    /// Whether TLS 1.3 brings a share of X25519, if that is among the groups. Without any share the server has to
    /// ask for one: that names its choice, and costs it no computation.
    pub(super) share: bool,
    pub(super) server_name: Option<&'a str>,
    /// Whether to say that this is a retry at a lower version (RFC 7507).
    pub(super) fallback: bool,
}

impl Version {
    pub(super) const ALL: [Self; 5] = [
        Self::Tls13,
        Self::Tls12,
        Self::Tls11,
        Self::Tls10,
        Self::Ssl30,
    ];

    /// The number in hellos.
    pub(super) fn wire(self) -> u16 {
        0x0300 + self as u16
    }

    pub(super) fn from_wire(number: u16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|version| version.wire() == number)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ssl30 => "SSL 3.0",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Offer<'_> {
    /// The record to send. The random bytes make the hello's random, its session ID and its share: any 32 bytes are
    /// a public key of X25519 (RFC 7748 section 5).
    pub(super) fn record(&self, random: &[u8; 96]) -> Vec<u8> {
        let message = [vec![CLIENT_HELLO], vec24(&self.body(random))].concat();
        let header = RecordHeader {
            content_type: ContentType::Handshake,
            // Servers of old look at it; RFC 8446 section 5.1 allows it.
            version: self.version.min(Version::Tls10).wire(),
            len: len16(&message),
        };
        [&header.encode()[..], &message].concat()
    }

    fn body(&self, random: &[u8; 96]) -> Vec<u8> {
        let (random, rest) = random.split_at(32);
        let (session_id, public_key) = rest.split_at(32);
        let mut body = numbers(&[self.version.min(Version::Tls12).wire()]);
        body.extend(random);
        match self.version {
            // Makes the hello look like one of TLS 1.2 to what is between (RFC 8446 appendix D.4).
            Version::Tls13 => body.extend(vec8(session_id)),
            _ => body.extend(vec8(&[])),
        }
        let mut suites = self.suites.to_vec();
        suites.extend((self.version < Version::Tls13).then_some(TLS_EMPTY_RENEGOTIATION_INFO_SCSV));
        suites.extend(self.fallback.then_some(TLS_FALLBACK_SCSV));
        body.extend(vec16(&numbers(&suites)));
        body.extend(vec8(&[NO_COMPRESSION]));
        if self.version > Version::Ssl30 {
            body.extend(vec16(&self.extensions(public_key)));
        }
        body
    }

    fn extensions(&self, public_key: &[u8]) -> Vec<u8> {
        let mut list = Vec::new();
        let mut add = |kind: u16, contents: Vec<u8>| {
            list.extend(kind.to_be_bytes());
            list.extend(vec16(&contents));
        };
        if let Some(name) = self.server_name {
            let entry = [vec![HOST_NAME], vec16(name.as_bytes())].concat();
            add(SERVER_NAME, vec16(&entry));
        }
        if !self.groups.is_empty() {
            add(SUPPORTED_GROUPS, vec16(&numbers(self.groups)));
            add(EC_POINT_FORMATS, vec8(&[UNCOMPRESSED]));
        }
        if self.version >= Version::Tls12 {
            let older = match self.version {
                Version::Tls13 => &[],
                _ => OLDER_SIGNATURE_SCHEMES,
            };
            let schemes = [SIGNATURE_SCHEMES, older].concat();
            add(SIGNATURE_ALGORITHMS, vec16(&numbers(&schemes)));
        }
        if self.version == Version::Tls13 {
            add(SUPPORTED_VERSIONS, vec8(&numbers(&[self.version.wire()])));
            add(PSK_KEY_EXCHANGE_MODES, vec8(&[PSK_WITH_DHE]));
            let share = match self.share && self.groups.contains(&X25519) {
                true => [numbers(&[X25519]), vec16(public_key)].concat(),
                false => Vec::new(),
            };
            add(KEY_SHARE, vec16(&share));
        } else {
            add(EXTENDED_MASTER_SECRET, Vec::new());
        }
        list
    }
}

fn numbers(list: &[u16]) -> Vec<u8> {
    list.iter()
        .flat_map(|number| number.to_be_bytes())
        .collect()
}

/// Bytes with their length before them. What is offered is bounded by our own tables and by the length of a name
/// that was checked, so no length is ever cut.
fn vec8(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8], bytes].concat()
}

fn vec16(bytes: &[u8]) -> Vec<u8> {
    [&len16(bytes).to_be_bytes(), bytes].concat()
}

fn vec24(bytes: &[u8]) -> Vec<u8> {
    [&[0], &len16(bytes).to_be_bytes()[..], bytes].concat()
}

fn len16(bytes: &[u8]) -> u16 {
    bytes.len() as u16
}

/// Of handshake messages, RFC 8446 section 4.
const CLIENT_HELLO: u8 = 1;
const NO_COMPRESSION: u8 = 0;
const HOST_NAME: u8 = 0;
const UNCOMPRESSED: u8 = 0;
const PSK_WITH_DHE: u8 = 1;
const X25519: u16 = 29;
/// Of extensions, IANA registry "TLS ExtensionType Values".
const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const EC_POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
const EXTENDED_MASTER_SECRET: u16 = 23;
const SUPPORTED_VERSIONS: u16 = 43;
const PSK_KEY_EXCHANGE_MODES: u16 = 45;
const KEY_SHARE: u16 = 51;
/// All that a certificate may need (IANA registry "TLS SignatureScheme"): no server fails for lack of one.
const SIGNATURE_SCHEMES: &[u16] = &[
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081a, 0x081b, 0x081c, 0x0804, 0x0805, 0x0806, 0x0809,
    0x080a, 0x080b, 0x0401, 0x0501, 0x0601, 0x0904, 0x0905, 0x0906, 0x0203, 0x0201,
];
/// DSA and SHA-224, which TLS 1.3 does not have.
const OLDER_SIGNATURE_SCHEMES: &[u16] = &[0x0303, 0x0301, 0x0402, 0x0302, 0x0202];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::scan::groups::GROUPS;
    use crate::cmd::scan::suites::SUITES;
    use ssl_record::hello::ClientHello;

    fn message(offer: &Offer<'_>) -> Vec<u8> {
        let record = offer.record(&[7; 96]);
        let (header, message) = record.split_first_chunk().unwrap();
        let header = RecordHeader::decode(*header).unwrap();
        assert_eq!(usize::from(header.len), message.len());
        message.to_vec()
    }

    #[test]
    fn an_offer_reads_back() {
        let (suites, groups) = ([0xc02f, 0x009e], [29, 23]);
        for version in Version::ALL {
            for fallback in [false, true] {
                let message = message(&Offer {
                    version,
                    suites: &suites,
                    groups: &groups,
                    share: fallback,
                    server_name: Some("example.org"),
                    fallback,
                });
                let hello = ClientHello::parse_message(&message).unwrap();
                assert_eq!(hello.offers_fallback_scsv(), fallback);
                assert!(hello.cipher_suites().take(2).eq(suites));
                assert_eq!(hello.legacy_version(), version.wire().min(0x0303));
                let offered = hello.supported_versions().unwrap();
                let is_tls13 = version == Version::Tls13;
                assert_eq!(
                    offered.map(Iterator::collect),
                    is_tls13.then(|| vec![0x0304])
                );
                let shares = hello.key_shares().unwrap();
                let shares = shares.map(|shares| shares.map(|(group, key)| (group, key.len())));
                let expected = fallback.then_some((29, 32)).into_iter().collect::<Vec<_>>();
                assert_eq!(shares.map(Iterator::collect), is_tls13.then_some(expected));
                if version == Version::Ssl30 {
                    assert!(hello.extensions_raw().is_empty());
                    continue;
                }
                assert_eq!(hello.server_name(), Ok(Some(&b"example.org"[..])));
                assert!(hello.supported_groups().unwrap().unwrap().eq(groups));
            }
        }
    }

    #[test]
    fn the_longest_offer_fits_one_record() {
        let suites: Vec<u16> = SUITES.iter().map(|suite| suite.number).collect();
        let groups: Vec<u16> = GROUPS.iter().map(|&(number, _)| number).collect();
        let name = "a".repeat(255);
        let message = message(&Offer {
            version: Version::Tls13,
            suites: &suites,
            groups: &groups,
            share: true,
            server_name: Some(&name),
            fallback: true,
        });
        let hello = ClientHello::parse_message(&message).unwrap();
        assert_eq!(hello.cipher_suites().len(), suites.len() + 1);
        assert!(hello.supported_groups().unwrap().unwrap().eq(groups));
    }
}
