//! Key exchange groups: names, numbers, strength, and the lists that programs set.
//!
//! Knows all groups OpenSSL 3.0 knows, because a program may list any of them; which of them the engine can
//! use is a column. Does not choose one; that is selection's.

use std::ffi::CStr;

use ssl_record::config::NamedGroup;

use super::list::{self, ListFault};
use super::nid;

/// A group OpenSSL 3.0 knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// The number on the wire.
    pub(crate) id: u16,
    /// The name in TLS.
    pub(crate) name: &'static CStr,
    /// Other names that lists may use: of the NIST and of libcrypto.
    aliases: &'static [&'static str],
    /// The number of libcrypto's object.
    pub(crate) nid: i32,
    /// Bits of strength.
    pub(crate) bits: u16,
    /// Whether it may be used in TLS 1.2, in TLS 1.3.
    versions: (bool, bool),
}

/// A list of groups as a program set it, most wanted first. It may name groups that the engine lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupList(Vec<u16>);

impl Group {
    /// The engine's group, if it has it.
    pub(crate) fn engine(&self) -> Option<NamedGroup> {
        NamedGroup::from_wire(self.id)
    }

    /// Whether TLS 1.3 may use it; all but the FFDHE groups may be used in TLS 1.2.
    pub(crate) fn in_tls13(&self) -> bool {
        self.versions.1
    }

    /// Whether TLS 1.2 may use it.
    pub(crate) fn in_tls12(&self) -> bool {
        self.versions.0
    }
}

/// The group with this number on the wire.
pub(crate) fn from_wire(id: u16) -> Option<&'static Group> {
    GROUPS.iter().find(|group| group.id == id)
}

/// The group with this name, in the exact case.
pub(crate) fn from_name(name: &str) -> Option<&'static Group> {
    GROUPS
        .iter()
        .find(|group| group.name.to_bytes() == name.as_bytes() || group.aliases.contains(&name))
}

/// The group with this NID, or with this number behind the mark for those without.
pub(crate) fn from_nid(nid: i32) -> Option<&'static Group> {
    match u16::try_from(nid ^ UNKNOWN_NID) {
        Ok(id) => from_wire(id),
        Err(_) => GROUPS.iter().find(|group| group.nid == nid),
    }
}

/// What C programs get for a group on the wire: its NID, or its number behind a mark.
pub(crate) fn nid_of(id: u16) -> i32 {
    from_wire(id).map_or(UNKNOWN_NID | i32::from(id), |group| group.nid)
}

impl GroupList {
    /// From names between colons, `P-256:X25519`.
    ///
    /// # Errors
    /// [`ListFault`] at a name OpenSSL 3.0 does not know, an empty one, or one of a group named before.
    pub(crate) fn from_names(text: &[u8]) -> Result<Self, ListFault> {
        let mut ids = Vec::new();
        for name in list::elements(text) {
            if name.is_empty() || name.len() > MAX_NAME {
                return Err(ListFault::Malformed);
            }
            let group = std::str::from_utf8(name).ok().and_then(from_name);
            let group = group.ok_or_else(|| ListFault::unknown(name))?;
            if ids.contains(&group.id) {
                return Err(ListFault::Malformed);
            }
            ids.push(group.id);
        }
        Ok(Self(ids))
    }

    /// From NIDs.
    ///
    /// # Errors
    /// [`ListFault`] if there is none, one that is not a group's, or one that is there twice.
    pub(crate) fn from_nids(nids: &[i32]) -> Result<Self, ListFault> {
        if nids.is_empty() {
            return Err(ListFault::Empty);
        }
        let mut ids = Vec::new();
        for nid in nids {
            let group = GROUPS.iter().find(|group| group.nid == *nid);
            let id = group.ok_or(ListFault::Malformed)?.id;
            if ids.contains(&id) {
                return Err(ListFault::Malformed);
            }
            ids.push(id);
        }
        Ok(Self(ids))
    }

    /// The numbers on the wire, all of them.
    pub(crate) fn wire(&self) -> &[u16] {
        &self.0
    }

    /// Those of the list that the engine has, in order.
    pub(crate) fn engine(&self) -> impl Iterator<Item = NamedGroup> + '_ {
        self.0.iter().copied().filter_map(NamedGroup::from_wire)
    }
}

impl Default for GroupList {
    /// OpenSSL 3.0's.
    fn default() -> Self {
        Self(DEFAULT.to_vec())
    }
}

/// `TLSEXT_nid_unknown`: marks numbers of groups without an NID.
const UNKNOWN_NID: i32 = 0x0100_0000;
/// Longest name OpenSSL reads, bytes.
const MAX_NAME: usize = 63;
/// X25519, P-256, X448, P-521, P-384, then FFDHE from 2048 to 8192 bits.
const DEFAULT: [u16; 10] = [29, 23, 30, 25, 24, 0x100, 0x101, 0x102, 0x103, 0x104];

const BOTH: (bool, bool) = (true, true);
const TLS12: (bool, bool) = (true, false);
const TLS13: (bool, bool) = (false, true);

macro_rules! groups {
    ($($id:literal, $name:literal, [$($alias:literal),*], $nid:ident, $bits:literal, $versions:ident;)*) => {
        static GROUPS: &[Group] = &[$(Group {
            id: $id,
            name: $name,
            aliases: &[$($alias),*],
            nid: nid::$nid,
            bits: $bits,
            versions: $versions,
        }),*];
    };
}

groups! {
    1, c"sect163k1", ["K-163"], SECT163K1, 80, TLS12;
    2, c"sect163r1", [], SECT163R1, 80, TLS12;
    3, c"sect163r2", ["B-163"], SECT163R2, 80, TLS12;
    4, c"sect193r1", [], SECT193R1, 80, TLS12;
    5, c"sect193r2", [], SECT193R2, 80, TLS12;
    6, c"sect233k1", ["K-233"], SECT233K1, 112, TLS12;
    7, c"sect233r1", ["B-233"], SECT233R1, 112, TLS12;
    8, c"sect239k1", [], SECT239K1, 112, TLS12;
    9, c"sect283k1", ["K-283"], SECT283K1, 128, TLS12;
    10, c"sect283r1", ["B-283"], SECT283R1, 128, TLS12;
    11, c"sect409k1", ["K-409"], SECT409K1, 192, TLS12;
    12, c"sect409r1", ["B-409"], SECT409R1, 192, TLS12;
    13, c"sect571k1", ["K-571"], SECT571K1, 256, TLS12;
    14, c"sect571r1", ["B-571"], SECT571R1, 256, TLS12;
    15, c"secp160k1", [], SECP160K1, 80, TLS12;
    16, c"secp160r1", [], SECP160R1, 80, TLS12;
    17, c"secp160r2", [], SECP160R2, 80, TLS12;
    18, c"secp192k1", [], SECP192K1, 80, TLS12;
    19, c"secp192r1", ["prime192v1", "P-192"], PRIME192V1, 80, TLS12;
    20, c"secp224k1", [], SECP224K1, 112, TLS12;
    21, c"secp224r1", ["P-224"], SECP224R1, 112, TLS12;
    22, c"secp256k1", [], SECP256K1, 128, TLS12;
    23, c"secp256r1", ["prime256v1", "P-256"], PRIME256V1, 128, BOTH;
    24, c"secp384r1", ["P-384"], SECP384R1, 192, BOTH;
    25, c"secp521r1", ["P-521"], SECP521R1, 256, BOTH;
    26, c"brainpoolP256r1", [], BRAINPOOL_P256R1, 128, TLS12;
    27, c"brainpoolP384r1", [], BRAINPOOL_P384R1, 192, TLS12;
    28, c"brainpoolP512r1", [], BRAINPOOL_P512R1, 256, TLS12;
    29, c"x25519", ["X25519"], X25519, 128, BOTH;
    30, c"x448", ["X448"], X448, 224, BOTH;
    0x100, c"ffdhe2048", [], FFDHE2048, 112, TLS13;
    0x101, c"ffdhe3072", [], FFDHE3072, 128, TLS13;
    0x102, c"ffdhe4096", [], FFDHE4096, 128, TLS13;
    0x103, c"ffdhe6144", [], FFDHE6144, 128, TLS13;
    0x104, c"ffdhe8192", [], FFDHE8192, 192, TLS13;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(text: &str) -> Result<Vec<u16>, ListFault> {
        GroupList::from_names(text.as_bytes()).map(|list| list.wire().to_vec())
    }

    #[test]
    fn lists_by_name() {
        assert_eq!(wire("X25519:P-256:secp384r1"), Ok(vec![29, 23, 24]));
        assert_eq!(wire(" x25519 : prime256v1 "), Ok(vec![29, 23]));
        assert_eq!(wire("P-521:X448:ffdhe2048"), Ok(vec![25, 30, 0x100]));
        assert_eq!(wire("P-256:p-384"), Err(ListFault::unknown(b"p-384")));
        assert_eq!(
            wire("X25519MLKEM768"),
            Err(ListFault::unknown(b"X25519MLKEM768"))
        );
        for bad in ["", ":P-256", "P-256:", "P-256::P-384", "P-256:prime256v1"] {
            assert_eq!(wire(bad), Err(ListFault::Malformed), "{bad:?}");
        }
        let long = "x".repeat(64);
        assert_eq!(wire(&long), Err(ListFault::Malformed));
    }

    #[test]
    fn lists_by_nid() {
        let wire = |nids: &[i32]| GroupList::from_nids(nids).map(|list| list.wire().to_vec());
        assert_eq!(wire(&[715, 415, 1034]), Ok(vec![24, 23, 29]));
        assert_eq!(wire(&[]), Err(ListFault::Empty));
        assert_eq!(wire(&[415, 415]), Err(ListFault::Malformed));
        assert_eq!(wire(&[415, 6]), Err(ListFault::Malformed));
        assert_eq!(wire(&[UNKNOWN_NID | 23]), Err(ListFault::Malformed));
    }

    #[test]
    fn numbers_lead_back() {
        for group in GROUPS {
            assert_eq!(from_nid(group.nid), Some(group));
            assert_eq!(from_nid(UNKNOWN_NID | i32::from(group.id)), Some(group));
            assert_eq!(nid_of(group.id), group.nid);
            assert!(group.in_tls12() || group.in_tls13());
        }
        assert_eq!(nid_of(0x1234), 0x0100_1234);
        assert_eq!(from_nid(0), None);
    }

    #[test]
    fn what_the_engine_has_of_the_default() {
        let engine: Vec<_> = GroupList::default().engine().collect();
        let expected = [
            NamedGroup::X25519,
            NamedGroup::Secp256r1,
            NamedGroup::Secp384r1,
        ];
        assert_eq!(engine, expected);
        for group in expected {
            assert!(from_wire(group.wire()).unwrap().in_tls13());
        }
    }
}
