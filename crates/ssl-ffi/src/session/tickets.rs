//! The keys of a context's tickets, and tickets sealed and opened with them.
//!
//! Owns the format, which is OpenSSL's, so that processes that share keys share tickets: 16 bytes of key
//! name, the IV, the contents under a cipher, a MAC over all of it. An application's callback chooses key,
//! cipher and MAC instead of the context's keys. Does not know what the contents are.

use std::ffi::{c_int, c_uchar, c_void};

use openssl_sys::{EVP_CIPHER_CTX, EVP_MAC_CTX, HMAC_CTX};
use zeroize::{Zeroize, Zeroizing};

use crate::crypto::ticket::{self, CIPHER_KEY, Direction, IV_MAX, MAC_KEY, Mac, Protection};
use crate::crypto::{queue, random};

/// The keys that a context uses unless the application has a callback.
#[derive(Clone)]
pub(crate) struct TicketKeys {
    name: [u8; NAME],
    mac: [u8; MAC_KEY],
    cipher: [u8; CIPHER_KEY],
}

/// `SSL_CTX_set_tlsext_ticket_key_cb`: `SSL*`, key name, IV, cipher, MAC, 1 to seal and 0 to open.
pub(crate) type HmacCallback = unsafe extern "C" fn(
    *mut c_void,
    *mut c_uchar,
    *mut c_uchar,
    *mut EVP_CIPHER_CTX,
    *mut HMAC_CTX,
    c_int,
) -> c_int;

/// `SSL_CTX_set_tlsext_ticket_key_evp_cb`.
pub(crate) type MacCallback = unsafe extern "C" fn(
    *mut c_void,
    *mut c_uchar,
    *mut c_uchar,
    *mut EVP_CIPHER_CTX,
    *mut EVP_MAC_CTX,
    c_int,
) -> c_int;

/// Who chooses the keys of a ticket. Copied out of the context before it is used: the callbacks may
/// change the context.
#[derive(Clone)]
pub(crate) enum Sealer {
    Keys(TicketKeys),
    Hmac(HmacCallback),
    Mac(MacCallback),
}

/// What came of sealing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sealed {
    Ticket(Vec<u8>),
    /// The callback wants none: TLS 1.2 sends an empty ticket, TLS 1.3 none.
    Declined,
    /// The callback failed; the handshake does too.
    CallbackFailed,
    /// libcrypto failed, or the contents are too long for a ticket.
    Failed,
}

/// What came of opening.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// The contents, and whether the client is to get a new ticket for them.
    Contents {
        contents: Zeroizing<Vec<u8>>,
        renew: bool,
    },
    /// Not sealed with a key that is known, or changed on its way: a full handshake follows.
    Unknown,
    /// The callback or libcrypto failed; the handshake does too.
    Failed,
}

impl TicketKeys {
    /// Fresh keys; `None` if the generator fails.
    pub(crate) fn random() -> Option<Self> {
        let mut bytes = Zeroizing::new([0; KEYS]);
        random::fill(bytes.as_mut_slice()).then(|| Self::from_bytes(&bytes))
    }

    /// As `SSL_CTX_set_tlsext_ticket_keys` takes them.
    pub(crate) fn from_bytes(bytes: &[u8; KEYS]) -> Self {
        let mut keys = Self {
            name: [0; NAME],
            mac: [0; MAC_KEY],
            cipher: [0; CIPHER_KEY],
        };
        keys.name.copy_from_slice(&bytes[..NAME]);
        keys.mac.copy_from_slice(&bytes[NAME..NAME + MAC_KEY]);
        keys.cipher.copy_from_slice(&bytes[NAME + MAC_KEY..]);
        keys
    }

    /// As `SSL_CTX_get_tlsext_ticket_keys` gives them.
    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; KEYS]> {
        let mut bytes = Zeroizing::new([0; KEYS]);
        bytes[..NAME].copy_from_slice(&self.name);
        bytes[NAME..NAME + MAC_KEY].copy_from_slice(&self.mac);
        bytes[NAME + MAC_KEY..].copy_from_slice(&self.cipher);
        bytes
    }
}

impl Drop for TicketKeys {
    fn drop(&mut self) {
        self.mac.zeroize();
        self.cipher.zeroize();
    }
}

impl std::fmt::Debug for TicketKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TicketKeys")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Sealer {
    /// Whether no callback is involved.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Self::Keys(_))
    }

    /// Makes a ticket of the contents. `ssl` is what a callback gets.
    pub(crate) fn seal(&self, ssl: *mut c_void, contents: &[u8]) -> Sealed {
        if contents.len() > CONTENTS_MAX {
            return Sealed::Failed;
        }
        let (mut name, mut iv) = ([0; NAME], [0; IV_MAX]);
        let Some(mut protection) = self.protection() else {
            return Sealed::Failed;
        };
        match self.choose(&mut protection, ssl, &mut name, &mut iv, Direction::Seal) {
            Choice::Made { .. } => {}
            Choice::None => return Sealed::Declined,
            Choice::CallbackFailed => return Sealed::CallbackFailed,
            Choice::Failed => return Sealed::Failed,
        }
        let sealed = protection.iv_length().and_then(|iv_length| {
            let mut ticket = name.to_vec();
            ticket.extend_from_slice(iv.get(..iv_length)?);
            protection.cipher(contents, &mut ticket)?;
            let mac = protection.mac(&ticket)?;
            ticket.extend_from_slice(&mac);
            Some(ticket)
        });
        sealed.map_or(Sealed::Failed, Sealed::Ticket)
    }

    /// Opens a ticket from a client. `ssl` is what a callback gets.
    pub(crate) fn open(&self, ssl: *mut c_void, ticket: &[u8]) -> Opened {
        let Some((name, rest)) = ticket.split_first_chunk::<NAME>() else {
            return Opened::Unknown;
        };
        let Some(iv) = rest.first_chunk::<IV_MAX>() else {
            return Opened::Unknown;
        };
        // Copies: a callback is given pointers that it may write to.
        let (mut name, mut iv) = (*name, *iv);
        let Some(mut protection) = self.protection() else {
            return Opened::Failed;
        };
        let choice = self.choose(&mut protection, ssl, &mut name, &mut iv, Direction::Open);
        let renew = match choice {
            Choice::Made { renew } => renew,
            Choice::None => return Opened::Unknown,
            Choice::CallbackFailed | Choice::Failed => return Opened::Failed,
        };
        open_with(&mut protection, ticket, renew)
    }

    fn protection(&self) -> Option<Protection> {
        match self {
            Self::Hmac(_) => Protection::new(Mac::hmac()?),
            Self::Keys(_) | Self::Mac(_) => Protection::new(Mac::evp()?),
        }
    }

    /// Sets keys and IV up, or lets the callback do it.
    fn choose(
        &self,
        protection: &mut Protection,
        ssl: *mut c_void,
        name: &mut [u8; NAME],
        iv: &mut [u8; IV_MAX],
        direction: Direction,
    ) -> Choice {
        let (cipher, mac) = protection.pointers();
        let (name_at, iv_at) = (name.as_mut_ptr(), iv.as_mut_ptr());
        let seal = direction as c_int;
        let answer = match self {
            Self::Keys(keys) => return keys.choose(protection, name, iv, direction),
            // SAFETY: the application promised a function of this type; name and IV have the sizes that
            // the manual states, the contexts live in `protection`, no borrow or lock of ours is held.
            Self::Hmac(callback) => unsafe {
                callback(ssl, name_at, iv_at, cipher, mac.cast(), seal)
            },
            // SAFETY: as above.
            Self::Mac(callback) => unsafe {
                callback(ssl, name_at, iv_at, cipher, mac.cast(), seal)
            },
        };
        match answer {
            ..0 => Choice::CallbackFailed,
            0 => Choice::None,
            _ => Choice::Made {
                renew: answer == RENEW,
            },
        }
    }
}

impl TicketKeys {
    fn choose(
        &self,
        protection: &mut Protection,
        name: &mut [u8; NAME],
        iv: &mut [u8; IV_MAX],
        direction: Direction,
    ) -> Choice {
        match direction {
            Direction::Open if *name != self.name => return Choice::None,
            Direction::Open => {}
            Direction::Seal if !random::fill(iv) => return Choice::Failed,
            Direction::Seal => *name = self.name,
        }
        if protection.set_keys(&self.cipher, iv, &self.mac, direction) {
            Choice::Made { renew: false }
        } else {
            Choice::Failed
        }
    }
}

/// Checks the MAC and deciphers the contents.
fn open_with(protection: &mut Protection, ticket: &[u8], renew: bool) -> Opened {
    let mac_length = protection.mac_length();
    let Some(iv_length) = protection.iv_length().filter(|_| mac_length != 0) else {
        return Opened::Failed;
    };
    let Some(body) = ticket.len().checked_sub(mac_length) else {
        return Opened::Unknown;
    };
    if body <= NAME + iv_length {
        return Opened::Unknown;
    }
    let (sealed, mac) = ticket.split_at(body);
    let Some(expected) = protection.mac(sealed) else {
        return Opened::Failed;
    };
    if !ticket::same(&expected, mac) {
        return Opened::Unknown;
    }
    let mut contents = Zeroizing::new(Vec::new());
    // A block that does not end as it should comes from another cipher: not our ticket, and no error, as
    // the handshake goes on.
    match queue::quiet(|| protection.cipher(&sealed[NAME + iv_length..], &mut contents)) {
        Some(()) => Opened::Contents { contents, renew },
        None => Opened::Unknown,
    }
}

/// What the keys or a callback said.
enum Choice {
    Made { renew: bool },
    None,
    CallbackFailed,
    Failed,
}

/// All keys: `SSL_CTRL_SET_TLSEXT_TICKET_KEYS` takes this many bytes.
pub(crate) const KEYS: usize = NAME + MAC_KEY + CIPHER_KEY;
/// `TLSEXT_KEYNAME_LENGTH`.
const NAME: usize = 16;
/// With what is added, a ticket has to fit into two bytes of length.
const CONTENTS_MAX: usize = 0xff00;
/// A callback's answer: opened with an old key, so send a new ticket.
const RENEW: c_int = 2;

#[cfg(test)]
#[path = "tickets_tests.rs"]
mod tests;
