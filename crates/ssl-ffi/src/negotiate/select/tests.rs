//! Choices for hellos that are put together here.

use super::*;

/// A hello: suites, groups, groups with a key share.
struct Offer {
    suites: &'static [u16],
    groups: &'static [u16],
    shares: &'static [u16],
}

const RSA_AES256: u16 = 0xc030;
const RSA_AES128: u16 = 0xc02f;
const RSA_CHACHA: u16 = 0xcca8;
const ECDSA_AES128: u16 = 0xc02b;

impl Offer {
    fn body(&self) -> Vec<u8> {
        let bytes = |numbers: &[u16]| -> Vec<u8> {
            let each = numbers.iter().flat_map(|number| number.to_be_bytes());
            each.collect()
        };
        let with_len = |contents: Vec<u8>| {
            let mut all = (contents.len() as u16).to_be_bytes().to_vec();
            all.extend(contents);
            all
        };
        let shares: Vec<u8> = self
            .shares
            .iter()
            .flat_map(|group| [bytes(&[*group]), vec![0, 1, 9]].concat())
            .collect();
        let extensions = [
            bytes(&[10]),
            with_len(with_len(bytes(self.groups))),
            bytes(&[51]),
            with_len(with_len(shares)),
        ];
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.push(0);
        body.extend(with_len(bytes(self.suites)));
        body.extend([1, 0]);
        body.extend(with_len(extensions.concat()));
        body
    }
}

fn list(numbers: &[u16]) -> Vec<&'static Suite> {
    let found = numbers.iter().map(|&number| Suite::from_wire(number));
    found.map(Option::unwrap).collect()
}

fn schemes(numbers: &[u16]) -> Vec<&'static Scheme> {
    let found = numbers.iter().map(|&number| sigalgs::from_wire(number));
    found.map(Option::unwrap).collect()
}

fn candidate(kind: KeyKind, curve: i32, able: &[u16]) -> Candidate {
    Candidate {
        kind,
        curve,
        able: able.to_vec(),
        may_sign: true,
        signed_with: Some((nid::SHA256, nid::RSA)),
    }
}

fn rsa() -> Candidate {
    candidate(KeyKind::Rsa, 0, &[0x0804, 0x0805, 0x0401, 0x0301])
}

fn p256() -> Candidate {
    candidate(KeyKind::Ec, nid::PRIME256V1, &[0x0403, 0x0503, 0x0203])
}

fn wanted(suites_offered: &'static [u16], ours: &[u16], preference: Preference) -> Vec<u16> {
    let offer = Offer {
        suites: suites_offered,
        groups: &[],
        shares: &[],
    };
    let body = offer.body();
    let hello = ClientHello::parse(&body).unwrap();
    let found = suites(ProtocolVersion::Tls12, &hello, &list(ours), preference);
    found.iter().map(|suite| suite.wire()).collect()
}

#[test]
fn the_clients_order_counts_unless_ours_is_preferred() {
    const THEIRS: &[u16] = &[0x1301, RSA_AES128, 0x002f, RSA_AES256, RSA_CHACHA];
    let ours = [0x1302, RSA_CHACHA, RSA_AES256, RSA_AES128];
    let by = |preference| wanted(THEIRS, &ours, preference);
    assert_eq!(
        by(Preference::default()),
        [RSA_AES128, RSA_AES256, RSA_CHACHA]
    );
    let server = Preference {
        server: true,
        ..Preference::default()
    };
    assert_eq!(by(server), [RSA_CHACHA, RSA_AES256, RSA_AES128]);
    let suite_b = Preference {
        suite_b: true,
        ..Preference::default()
    };
    assert_eq!(by(suite_b), [RSA_CHACHA, RSA_AES256, RSA_AES128]);
}

#[test]
fn chacha_comes_first_where_the_client_wants_it_first() {
    let chacha = Preference {
        server: true,
        chacha: true,
        suite_b: false,
    };
    let ours = [RSA_AES256, RSA_CHACHA, RSA_AES128];
    let grease_first: &'static [u16] = &[0x1a1a, RSA_CHACHA, RSA_AES256, RSA_AES128];
    assert_eq!(
        wanted(grease_first, &ours, chacha),
        [RSA_CHACHA, RSA_AES256, RSA_AES128]
    );
    let last: &'static [u16] = &[RSA_AES128, RSA_CHACHA, RSA_AES256];
    assert_eq!(
        wanted(last, &ours, chacha),
        [RSA_AES256, RSA_CHACHA, RSA_AES128]
    );
}

#[test]
fn a_suite_of_tls12_needs_a_certificate_that_the_client_can_use() {
    let offer = |groups| Offer {
        suites: &[ECDSA_AES128, RSA_AES128],
        groups,
        shares: &[],
    };
    let ours = list(&[RSA_AES128, ECDSA_AES128]);
    let choose = |groups, candidates: &[Candidate], shared: &[u16]| {
        let body = offer(groups).body();
        let hello = ClientHello::parse(&body).unwrap();
        let wanted = suites(ProtocolVersion::Tls12, &hello, &ours, Preference::default());
        let shared = schemes(shared);
        let verifiable = Verifiable {
            shared: &shared,
            certificates: None,
        };
        let groups = [NamedGroup::X25519];
        let suite = suite12(&wanted, &hello, candidates, verifiable, &groups)?;
        let scheme = scheme12(suite, &hello, candidates, verifiable, false);
        Some((suite.wire(), scheme.map(|(scheme, kind)| (scheme.id, kind))))
    };
    let both = [rsa(), p256()];
    let all: &[u16] = &[0x0403, 0x0804, 0x0401];
    let ec = Some((ECDSA_AES128, Some((0x0403, KeyKind::Ec))));
    let with_rsa = Some((RSA_AES128, Some((0x0804, KeyKind::Rsa))));
    assert_eq!(choose(&[29, 23], &both, all), ec);
    // The client does not name the curve of the certificate.
    assert_eq!(choose(&[29], &both, all), with_rsa);
    assert_eq!(choose(&[29, 23], &both, &[0x0804]), with_rsa);
    // RSA is tried without looking at the schemes, and fails then.
    assert_eq!(
        choose(&[29, 23], &both, &[0x0302]),
        Some((RSA_AES128, None))
    );
    assert_eq!(choose(&[29, 23], &[], all), None);
    let not_for_signing = Candidate {
        may_sign: false,
        ..p256()
    };
    assert_eq!(choose(&[29, 23], &[not_for_signing], all), None);
    let ed25519 = candidate(KeyKind::Ed25519, 0, &[0x0807]);
    assert_eq!(
        choose(&[29], &[ed25519], &[0x0403, 0x0807]),
        Some((ECDSA_AES128, Some((0x0807, KeyKind::Ed25519))))
    );
    // What the engine cannot sign with is passed over.
    assert_eq!(
        choose(&[29], &[rsa()], &[0x0301, 0x0401])
            .unwrap()
            .1
            .unwrap()
            .0,
        0x0401
    );
}

#[test]
fn tls13_binds_ecdsa_to_the_curve_and_has_no_pkcs1() {
    let choose = |candidates: &[Candidate], shared: &[u16]| {
        let shared = schemes(shared);
        let verifiable = Verifiable {
            shared: &shared,
            certificates: None,
        };
        scheme13(candidates, verifiable).map(|(scheme, kind)| (scheme.id, kind))
    };
    let both = [rsa(), p256()];
    assert_eq!(
        choose(&both, &[0x0503, 0x0403, 0x0804]),
        Some((0x0403, KeyKind::Ec))
    );
    assert_eq!(
        choose(&both, &[0x0401, 0x0804, 0x0403]),
        Some((0x0804, KeyKind::Rsa))
    );
    assert_eq!(choose(&both, &[0x0401, 0x0203, 0x0503]), None);
    // The key is too small for this one.
    assert_eq!(choose(&both, &[0x0806]), None);
}

#[test]
fn a_list_for_certificates_binds_their_own_signatures() {
    let shared = schemes(&[0x0403, 0x0804]);
    let choose = |certificates: &[u16]| {
        let verifiable = Verifiable {
            shared: &shared,
            certificates: Some(certificates),
        };
        scheme13(&[p256(), rsa()], verifiable).map(|(scheme, _)| scheme.id)
    };
    assert_eq!(choose(&[0x0403, 0x0401]), Some(0x0403));
    assert_eq!(choose(&[0x0403, 0x0804]), None);
}

#[test]
fn the_group_is_that_of_the_first_usable_share() {
    let ours = [
        NamedGroup::Secp384r1,
        NamedGroup::X25519,
        NamedGroup::Secp256r1,
    ];
    let choose = |groups, shares| {
        let offer = Offer {
            suites: &[0x1301],
            groups,
            shares,
        };
        let body = offer.body();
        let hello = ClientHello::parse(&body).unwrap();
        group13(&hello, &ours)
            .map(NamedGroup::wire)
            .map_err(|fault| (fault.alert.0, fault.reason.0))
    };
    assert_eq!(choose(&[29, 23, 24], &[23, 29]), Ok(23));
    assert_eq!(choose(&[30, 29, 23], &[30, 29]), Ok(29));
    // None usable: the client is asked for the first of ours that it has.
    assert_eq!(choose(&[30, 29, 24], &[30]), Ok(24));
    assert_eq!(choose(&[29, 23], &[]), Ok(29));
    assert_eq!(choose(&[30, 25], &[30]), Err((40, 101)));
    assert_eq!(choose(&[29], &[23]), Err((47, 108)));
}

#[test]
fn a_client_signs_tls12_with_its_current_certificate() {
    let shared = schemes(&[0x0403, 0x0804, 0x0401]);
    let verifiable = Verifiable {
        shared: &shared,
        certificates: None,
    };
    let scheme = |current: &Candidate| client_scheme12(current, verifiable).map(|scheme| scheme.id);
    assert_eq!(scheme(&rsa()), Some(0x0804));
    assert_eq!(scheme(&p256()), Some(0x0403));
    assert_eq!(scheme(&candidate(KeyKind::Ed25519, 0, &[0x0807])), None);
}
