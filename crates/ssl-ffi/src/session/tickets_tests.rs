//! Tickets with the context's keys, with callbacks of both forms, and with anything that is no ticket.

use std::ptr::null_mut;

use openssl_sys as ffi;

use super::*;
use crate::crypto::sys;

const CONTENTS: &[u8] = b"what a server wants to remember of a session";

fn keys(name: u8) -> TicketKeys {
    let mut bytes = [7; KEYS];
    bytes[..NAME].fill(name);
    TicketKeys::from_bytes(&bytes)
}

fn sealed(sealer: &Sealer) -> Vec<u8> {
    match sealer.seal(null_mut(), CONTENTS) {
        Sealed::Ticket(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

fn contents(renew: bool) -> Opened {
    Opened::Contents {
        contents: Zeroizing::new(CONTENTS.to_vec()),
        renew,
    }
}

#[test]
fn processes_that_share_keys_share_tickets() {
    let ticket = sealed(&Sealer::Keys(keys(1)));
    assert_eq!(ticket[..NAME], [1; NAME]);
    // Name, IV, contents padded to blocks of 16, HMAC-SHA256.
    assert_eq!(ticket.len(), 16 + 16 + 48 + 32);
    let copy = TicketKeys::from_bytes(&keys(1).to_bytes());
    assert_eq!(
        Sealer::Keys(copy).open(null_mut(), &ticket),
        contents(false)
    );
}

#[test]
fn other_keys_know_nothing_of_it() {
    let ticket = sealed(&Sealer::Keys(keys(1)));
    assert_eq!(
        Sealer::Keys(keys(2)).open(null_mut(), &ticket),
        Opened::Unknown
    );
    let random = TicketKeys::random().unwrap();
    assert_ne!(random.to_bytes(), TicketKeys::random().unwrap().to_bytes());
    assert_eq!(
        Sealer::Keys(random).open(null_mut(), &ticket),
        Opened::Unknown
    );
}

#[test]
fn a_changed_or_shortened_ticket_is_unknown() {
    let sealer = Sealer::Keys(keys(1));
    let ticket = sealed(&sealer);
    for at in 0..ticket.len() {
        let mut changed = ticket.clone();
        changed[at] ^= 1;
        assert_eq!(
            sealer.open(null_mut(), &changed),
            Opened::Unknown,
            "byte {at}"
        );
        assert_eq!(
            sealer.open(null_mut(), &ticket[..at]),
            Opened::Unknown,
            "{at} bytes"
        );
    }
}

#[test]
fn what_does_not_fit_into_a_ticket_is_refused() {
    let sealer = Sealer::Keys(keys(1));
    assert_eq!(
        sealer.seal(null_mut(), &[0; CONTENTS_MAX + 1]),
        Sealed::Failed
    );
    assert!(matches!(
        sealer.seal(null_mut(), &[0; CONTENTS_MAX]),
        Sealed::Ticket(_)
    ));
}

/// What the callbacks below answer is in the place that `ssl` leads to.
unsafe fn answer(ssl: *mut c_void) -> c_int {
    // SAFETY: the tests pass a number.
    unsafe { *ssl.cast::<c_int>() }
}

/// AES-128-CBC with a key of 16 times 5.
unsafe fn set_cipher(ctx: *mut EVP_CIPHER_CTX, iv: *mut c_uchar, seal: c_int) {
    let key = [5; 16];
    // SAFETY: key and IV have the cipher's lengths.
    unsafe {
        let (none, key, iv) = (null_mut(), key.as_ptr(), iv.cast_const());
        let cipher = ffi::EVP_aes_128_cbc();
        let done = match seal {
            1 => ffi::EVP_EncryptInit_ex(ctx, cipher, none, key, iv),
            _ => ffi::EVP_DecryptInit_ex(ctx, cipher, none, key, iv),
        };
        assert_eq!(done, 1);
    }
}

/// Sets key name and IV of a new ticket; those of an old one have to be the same.
unsafe fn name_and_iv(name: *mut c_uchar, iv: *mut c_uchar, seal: c_int) {
    // SAFETY: name and IV have 16 bytes.
    unsafe {
        if seal == 1 {
            name.write_bytes(b'n', 16);
            iv.write_bytes(b'i', 16);
        }
        assert_eq!(std::slice::from_raw_parts(name, 16), [b'n'; 16]);
        assert_eq!(std::slice::from_raw_parts(iv, 16), [b'i'; 16]);
    }
}

unsafe extern "C" fn with_hmac(
    ssl: *mut c_void,
    name: *mut c_uchar,
    iv: *mut c_uchar,
    cipher: *mut EVP_CIPHER_CTX,
    mac: *mut HMAC_CTX,
    seal: c_int,
) -> c_int {
    // SAFETY: name and IV have 16 bytes, the contexts live.
    unsafe {
        name_and_iv(name, iv, seal);
        let answer = answer(ssl);
        if answer > 0 {
            set_cipher(cipher, iv, seal);
            let key = c"mac key".as_ptr().cast();
            assert_eq!(
                ffi::HMAC_Init_ex(mac, key, 7, ffi::EVP_sha1(), null_mut()),
                1
            );
        }
        answer
    }
}

unsafe extern "C" fn with_mac(
    ssl: *mut c_void,
    name: *mut c_uchar,
    iv: *mut c_uchar,
    cipher: *mut EVP_CIPHER_CTX,
    mac: *mut EVP_MAC_CTX,
    seal: c_int,
) -> c_int {
    // SAFETY: as above; the names are constants, the list is terminated.
    unsafe {
        name_and_iv(name, iv, seal);
        let answer = answer(ssl);
        if answer > 0 {
            set_cipher(cipher, iv, seal);
            let digest = c"SHA1".as_ptr().cast_mut();
            let parameters = [
                sys::OSSL_PARAM_construct_utf8_string(c"digest".as_ptr(), digest, 0),
                ffi::OSSL_PARAM_construct_end(),
            ];
            let key = c"mac key".as_ptr().cast();
            assert_eq!(ffi::EVP_MAC_init(mac, key, 7, parameters.as_ptr()), 1);
        }
        answer
    }
}

fn place(answer: &mut c_int) -> *mut c_void {
    std::ptr::from_mut(answer).cast()
}

#[test]
fn a_callback_of_either_form_chooses_cipher_and_mac() {
    let forms = [Sealer::Hmac(with_hmac), Sealer::Mac(with_mac)];
    let tickets = forms
        .clone()
        .map(|form| match form.seal(place(&mut 1), CONTENTS) {
            Sealed::Ticket(ticket) => ticket,
            other => panic!("{other:?}"),
        });
    // The same keys, so the same ticket: HMAC-SHA1 has 20 bytes.
    assert_eq!(tickets[0], tickets[1]);
    assert_eq!(tickets[0].len(), 16 + 16 + 48 + 20);
    for form in &forms {
        assert_eq!(form.open(place(&mut 1), &tickets[0]), contents(false));
        assert_eq!(form.open(place(&mut 2), &tickets[0]), contents(true));
        assert_eq!(form.open(place(&mut 3), &tickets[0]), contents(false));
    }
}

/// The MAC of [`with_mac`], and a cipher with another key where a ticket is opened.
unsafe extern "C" fn with_another_cipher_to_open(
    ssl: *mut c_void,
    name: *mut c_uchar,
    iv: *mut c_uchar,
    cipher: *mut EVP_CIPHER_CTX,
    mac: *mut EVP_MAC_CTX,
    seal: c_int,
) -> c_int {
    // SAFETY: our own arguments; key and IV have the cipher's lengths.
    unsafe {
        let answer = with_mac(ssl, name, iv, cipher, mac, seal);
        let (none, key) = (null_mut(), [6; 32]);
        let aes = ffi::EVP_aes_256_cbc();
        if seal == 0 {
            assert_eq!(
                ffi::EVP_DecryptInit_ex(cipher, aes, none, key.as_ptr(), iv),
                1
            );
        }
        answer
    }
}

#[test]
fn what_does_not_decipher_is_unknown_and_no_error() {
    queue::clear();
    let form = Sealer::Mac(with_another_cipher_to_open);
    let Sealed::Ticket(ticket) = form.seal(place(&mut 1), CONTENTS) else {
        panic!("not sealed");
    };
    assert_eq!(form.open(place(&mut 1), &ticket), Opened::Unknown);
    assert!(queue::is_empty());
}

#[test]
fn a_callback_may_decline_or_fail() {
    let ticket = [vec![b'n'; 16], vec![b'i'; 16], vec![0; 80]].concat();
    for form in [Sealer::Hmac(with_hmac), Sealer::Mac(with_mac)] {
        assert_eq!(form.seal(place(&mut 0), CONTENTS), Sealed::Declined);
        assert_eq!(form.seal(place(&mut -1), CONTENTS), Sealed::CallbackFailed);
        assert_eq!(form.open(place(&mut 0), &ticket), Opened::Unknown);
        assert_eq!(form.open(place(&mut -1), &ticket), Opened::Failed);
    }
}

unsafe extern "C" fn sets_nothing_up(
    _: *mut c_void,
    _: *mut c_uchar,
    _: *mut c_uchar,
    _: *mut EVP_CIPHER_CTX,
    _: *mut EVP_MAC_CTX,
    _: c_int,
) -> c_int {
    1
}

#[test]
fn a_callback_that_sets_nothing_up_does_no_harm() {
    let form = Sealer::Mac(sets_nothing_up);
    assert_eq!(form.seal(null_mut(), CONTENTS), Sealed::Failed);
    assert_eq!(form.open(null_mut(), &[0; 200]), Opened::Failed);
    queue::clear();
}
