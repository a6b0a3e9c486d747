//! The key exchange groups that servers in use know: numbers and names.
//!
//! Data from the IANA registry "TLS Supported Groups". Knows nothing of servers.

/// IANA's name of a group.
pub(super) fn name(number: u16) -> Option<&'static str> {
    GROUPS
        .iter()
        .find_map(|&(found, name)| (found == number).then_some(name))
}

/// Those that may be offered in TLS 1.3, or before it: a server may refuse the whole hello for one that may not
/// (RFC 8446 section 4.2.7, RFC 8734 section 3).
pub(super) fn allowed(is_tls13: bool) -> Vec<u16> {
    let numbers = GROUPS.iter().map(|&(number, _)| number);
    let allowed = numbers.filter(|number| match number {
        1..=22 | 26..=28 => !is_tls13,
        31..=33 | 41 | 0x0200..=0x0202 | 0x1000.. => is_tls13,
        _ => true,
    });
    allowed.collect()
}

/// All of them, those a client would prefer first.
pub(super) static GROUPS: &[(u16, &str)] = &[
    (0x11ec, "X25519MLKEM768"),
    (0x11eb, "SecP256r1MLKEM768"),
    (0x11ed, "SecP384r1MLKEM1024"),
    (0x6399, "X25519Kyber768Draft00"),
    (0x639a, "SecP256r1Kyber768Draft00"),
    (0x0200, "MLKEM512"),
    (0x0201, "MLKEM768"),
    (0x0202, "MLKEM1024"),
    (29, "x25519"),
    (23, "secp256r1"),
    (30, "x448"),
    (24, "secp384r1"),
    (25, "secp521r1"),
    (256, "ffdhe2048"),
    (257, "ffdhe3072"),
    (258, "ffdhe4096"),
    (259, "ffdhe6144"),
    (260, "ffdhe8192"),
    (26, "brainpoolP256r1"),
    (27, "brainpoolP384r1"),
    (28, "brainpoolP512r1"),
    (31, "brainpoolP256r1tls13"),
    (32, "brainpoolP384r1tls13"),
    (33, "brainpoolP512r1tls13"),
    (41, "curveSM2"),
    (22, "secp256k1"),
    (21, "secp224r1"),
    (20, "secp224k1"),
    (19, "secp192r1"),
    (18, "secp192k1"),
    (17, "secp160r2"),
    (16, "secp160r1"),
    (15, "secp160k1"),
    (14, "sect571r1"),
    (13, "sect571k1"),
    (12, "sect409r1"),
    (11, "sect409k1"),
    (10, "sect283r1"),
    (9, "sect283k1"),
    (8, "sect239k1"),
    (7, "sect233r1"),
    (6, "sect233k1"),
    (5, "sect193r2"),
    (4, "sect193r1"),
    (3, "sect163r2"),
    (2, "sect163r1"),
    (1, "sect163k1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_is_offered_in_some_version() {
        let (tls13, older) = (allowed(true), allowed(false));
        for &(number, name) in GROUPS {
            let offered = tls13.contains(&number) || older.contains(&number);
            assert!(offered, "{name}");
            assert_eq!(super::name(number), Some(name), "number given twice");
        }
        let in_both: Vec<&u16> = tls13
            .iter()
            .filter(|number| older.contains(number))
            .collect();
        assert_eq!(
            in_both,
            [&29, &23, &30, &24, &25, &256, &257, &258, &259, &260]
        );
    }
}
