//! The extensions of a ClientHello: the list, and a reader for each that a server looks at.
//!
//! Each reader demands what OpenSSL 3.0 demands of the same extension, and answers with its alert and reason.
//! `None` or `false` is an absent extension.

use super::reader::{Malformed, Reader, whole8, whole16};
use super::values::{KeyShares, Names, Numbers, StatusRequest, key_share};
use super::{ClientHello, HelloFault, kind};
use crate::reason::Reason;
use crate::record::AlertDescription;

impl<'a> ClientHello<'a> {
    /// All extensions, type and contents, in the client's order.
    pub fn extensions(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        entries(self.extensions).map_while(Result::ok)
    }

    /// The list of extensions in the client's bytes, without its length.
    pub fn extensions_raw(&self) -> &'a [u8] {
        self.extensions
    }

    /// The contents of the first extension of this type.
    pub fn extension(&self, kind: u16) -> Option<&'a [u8]> {
        self.extensions()
            .find_map(|(found, contents)| (found == kind).then_some(contents))
    }

    /// The versions offered (RFC 8446 section 4.2.1).
    ///
    /// # Errors
    /// protocol_version if it is not a list of numbers.
    pub fn supported_versions(&self) -> Result<Option<Numbers<'a>>, HelloFault> {
        const FAULT: HelloFault =
            HelloFault::new(AlertDescription::PROTOCOL_VERSION, Reason::LENGTH_MISMATCH);
        self.read(kind::SUPPORTED_VERSIONS, FAULT, |contents| {
            numbers(whole8(contents)?)
        })
    }

    /// The host the client wants to reach (RFC 6066 section 3), which need be neither UTF-8 nor a name.
    ///
    /// # Errors
    /// decode_error if there is not exactly one host name; unrecognized_name if it is longer than 255 bytes or
    /// has a zero byte.
    pub fn server_name(&self) -> Result<Option<&'a [u8]>, HelloFault> {
        let name = self.read(kind::SERVER_NAME, BAD_EXTENSION, |contents| {
            let mut entry = Reader::new(whole16(contents)?);
            if entry.u8()? != HOST_NAME {
                return Err(Malformed);
            }
            let name = entry.vec16()?;
            entry.end().map(|()| name)
        })?;
        if name.is_some_and(|name| name.len() > MAX_HOST_NAME || name.contains(&0)) {
            return Err(HelloFault::new(
                AlertDescription::UNRECOGNIZED_NAME,
                Reason::BAD_EXTENSION,
            ));
        }
        Ok(name)
    }

    /// The application protocols offered (RFC 7301), most wanted first; none of them is empty.
    ///
    /// # Errors
    /// decode_error if it is not a list of such names.
    pub fn alpn_protocols(&self) -> Result<Option<Names<'a>>, HelloFault> {
        self.read(kind::ALPN, BAD_EXTENSION, |contents| {
            let list = whole16(contents)?;
            let mut reader = Reader::new(list);
            loop {
                if reader.vec8()?.is_empty() {
                    return Err(Malformed);
                }
                if reader.is_empty() {
                    return Ok(Names(list));
                }
            }
        })
    }

    /// The key exchange groups offered (RFC 8446 section 4.2.7).
    ///
    /// # Errors
    /// decode_error if it is not a list of at least one number.
    pub fn supported_groups(&self) -> Result<Option<Numbers<'a>>, HelloFault> {
        self.read(kind::SUPPORTED_GROUPS, BAD_EXTENSION, |contents| {
            some_numbers(whole16(contents)?)
        })
    }

    /// The key shares offered (RFC 8446 section 4.2.8); there may be none of them.
    ///
    /// # Errors
    /// decode_error if it is not a list of them.
    pub fn key_shares(&self) -> Result<Option<KeyShares<'a>>, HelloFault> {
        self.read(kind::KEY_SHARE, super::LENGTH_MISMATCH, |contents| {
            let shares = Reader::new(whole16(contents)?);
            let mut reader = shares;
            while !reader.is_empty() {
                key_share(&mut reader)?;
            }
            Ok(KeyShares(shares))
        })
    }

    /// The signature schemes for the handshake (RFC 8446 section 4.2.3).
    ///
    /// # Errors
    /// decode_error if it is not a list of at least one number.
    pub fn signature_algorithms(&self) -> Result<Option<Numbers<'a>>, HelloFault> {
        self.read(kind::SIGNATURE_ALGORITHMS, BAD_EXTENSION, |contents| {
            some_numbers(whole16(contents)?)
        })
    }

    /// The signature schemes for certificates, if they differ.
    ///
    /// # Errors
    /// decode_error if it is not a list of at least one number.
    pub fn signature_algorithms_cert(&self) -> Result<Option<Numbers<'a>>, HelloFault> {
        self.read(kind::SIGNATURE_ALGORITHMS_CERT, BAD_EXTENSION, |contents| {
            some_numbers(whole16(contents)?)
        })
    }

    /// Whether pre-shared keys are offered: a TLS 1.3 client that wants to resume.
    pub fn offers_psk(&self) -> bool {
        self.extension(kind::PRE_SHARED_KEY).is_some()
    }

    /// The ways in which a pre-shared key may be used (RFC 8446 section 4.2.9): 1 is with a key exchange.
    ///
    /// # Errors
    /// decode_error if it is not a list of at least one byte.
    pub fn psk_key_exchange_modes(&self) -> Result<Option<&'a [u8]>, HelloFault> {
        self.read(kind::PSK_KEY_EXCHANGE_MODES, BAD_EXTENSION, some_bytes)
    }

    /// Whether early data follows.
    ///
    /// # Errors
    /// decode_error if the extension is not empty.
    pub fn offers_early_data(&self) -> Result<bool, HelloFault> {
        self.flag(kind::EARLY_DATA, BAD_EXTENSION)
    }

    /// Whether the client would authenticate after the handshake.
    ///
    /// # Errors
    /// decode_error if the extension is not empty.
    pub fn offers_post_handshake_auth(&self) -> Result<bool, HelloFault> {
        let fault = HelloFault::new(AlertDescription::DECODE_ERROR, POST_HANDSHAKE_AUTH_ENCODING);
        self.flag(kind::POST_HANDSHAKE_AUTH, fault)
    }

    /// How the client can read points (RFC 8422 section 5.1.2): 0 is uncompressed.
    ///
    /// # Errors
    /// decode_error if it is not a list of at least one byte.
    pub fn ec_point_formats(&self) -> Result<Option<&'a [u8]>, HelloFault> {
        self.read(kind::EC_POINT_FORMATS, BAD_EXTENSION, some_bytes)
    }

    /// The OCSP response wanted; `None` also if another kind of status is.
    ///
    /// # Errors
    /// decode_error if the lists do not fit.
    pub fn status_request(&self) -> Result<Option<StatusRequest<'a>>, HelloFault> {
        let found = self.read(kind::STATUS_REQUEST, BAD_EXTENSION, |contents| {
            let mut reader = Reader::new(contents);
            if reader.u8()? != OCSP {
                return Ok(None);
            }
            let responder_ids = reader.vec16()?;
            let mut ids = Reader::new(responder_ids);
            while !ids.is_empty() {
                if ids.vec16()?.is_empty() {
                    return Err(Malformed);
                }
            }
            let request_extensions = reader.vec16()?;
            reader.end()?;
            Ok(Some(StatusRequest {
                responder_ids,
                request_extensions,
            }))
        });
        found.map(Option::flatten)
    }

    /// Whether the client can derive its master secret from the transcript (RFC 7627).
    ///
    /// # Errors
    /// decode_error if the extension is not empty.
    pub fn offers_extended_master_secret(&self) -> Result<bool, HelloFault> {
        self.flag(kind::EXTENDED_MASTER_SECRET, BAD_EXTENSION)
    }

    /// The ticket of TLS 1.2 (RFC 5077); empty from a client that would like one.
    pub fn session_ticket(&self) -> Option<&'a [u8]> {
        self.extension(kind::SESSION_TICKET)
    }

    /// What the client binds a renegotiation to (RFC 5746); empty in a first handshake.
    ///
    /// # Errors
    /// decode_error if it is shorter than it says.
    pub fn renegotiation_info(&self) -> Result<Option<&'a [u8]>, HelloFault> {
        let fault = HelloFault::new(AlertDescription::DECODE_ERROR, RENEGOTIATION_ENCODING);
        self.read(kind::RENEGOTIATION_INFO, fault, |contents| {
            Reader::new(contents).vec8()
        })
    }

    /// The code of the longest fragment the client wants (RFC 6066 section 4): 1 to 4 for 512 to 4096 bytes.
    ///
    /// # Errors
    /// decode_error if it is not one byte, illegal_parameter if it is none of these.
    pub fn max_fragment_length(&self) -> Result<Option<u8>, HelloFault> {
        let code = self.read(kind::MAX_FRAGMENT_LENGTH, BAD_EXTENSION, |contents| {
            let mut reader = Reader::new(contents);
            let code = reader.u8()?;
            reader.end().map(|()| code)
        })?;
        match code {
            None | Some(1..=4) => Ok(code),
            Some(_) => Err(HelloFault::new(
                AlertDescription::ILLEGAL_PARAMETER,
                INVALID_MAX_FRAGMENT_LENGTH,
            )),
        }
    }

    /// Bytes of padding (RFC 7685).
    pub fn padding(&self) -> Option<usize> {
        self.extension(kind::PADDING).map(<[u8]>::len)
    }

    fn flag(&self, kind: u16, fault: HelloFault) -> Result<bool, HelloFault> {
        match self.extension(kind) {
            None => Ok(false),
            Some([]) => Ok(true),
            Some(_) => Err(fault),
        }
    }

    fn read<T>(
        &self,
        kind: u16,
        fault: HelloFault,
        parse: impl FnOnce(&'a [u8]) -> Result<T, Malformed>,
    ) -> Result<Option<T>, HelloFault> {
        let contents = self.extension(kind);
        contents.map(parse).transpose().map_err(|Malformed| fault)
    }
}

/// Checks the list as a whole: lengths, no known extension twice, pre_shared_key last if the client sent it.
pub(super) fn check_list(list: &[u8], from_client: bool) -> Result<(), HelloFault> {
    const ILLEGAL: HelloFault =
        HelloFault::new(AlertDescription::ILLEGAL_PARAMETER, Reason::BAD_EXTENSION);
    let mut seen = [false; kind::KNOWN.len()];
    let mut last_was_psk = false;
    for entry in entries(list) {
        if last_was_psk && from_client {
            return Err(ILLEGAL);
        }
        let (kind, _) = entry.map_err(|Malformed| BAD_EXTENSION)?;
        last_was_psk = kind == kind::PRE_SHARED_KEY;
        // OpenSSL lets unknown ones pass twice.
        if let Some(index) = kind::KNOWN.iter().position(|&known| known == kind)
            && core::mem::replace(&mut seen[index], true)
        {
            return Err(ILLEGAL);
        }
    }
    Ok(())
}

/// The entries of a list of extensions, up to the first malformed one.
pub(super) fn entries(list: &[u8]) -> impl Iterator<Item = Result<(u16, &[u8]), Malformed>> {
    let mut reader = Reader::new(list);
    core::iter::from_fn(move || {
        if reader.is_empty() {
            return None;
        }
        let mut entry = || Ok((reader.u16()?, reader.vec16()?));
        let entry = entry();
        if entry.is_err() {
            reader = Reader::new(&[]);
        }
        Some(entry)
    })
}

fn numbers(bytes: &[u8]) -> Result<Numbers<'_>, Malformed> {
    match bytes.len() % 2 {
        0 => Ok(Numbers::new(bytes)),
        _ => Err(Malformed),
    }
}

fn some_numbers(bytes: &[u8]) -> Result<Numbers<'_>, Malformed> {
    match bytes {
        [] => Err(Malformed),
        bytes => numbers(bytes),
    }
}

fn some_bytes(contents: &[u8]) -> Result<&[u8], Malformed> {
    match whole8(contents)? {
        [] => Err(Malformed),
        bytes => Ok(bytes),
    }
}

/// The only type of name (RFC 6066 section 3).
const HOST_NAME: u8 = 0;
/// Longest host name, bytes, as in OpenSSL.
const MAX_HOST_NAME: usize = 255;
/// The only type of status (RFC 6066 section 8).
const OCSP: u8 = 1;

const BAD_EXTENSION: HelloFault =
    HelloFault::new(AlertDescription::DECODE_ERROR, Reason::BAD_EXTENSION);
const INVALID_MAX_FRAGMENT_LENGTH: Reason = Reason(232);
const POST_HANDSHAKE_AUTH_ENCODING: Reason = Reason(278);
const RENEGOTIATION_ENCODING: Reason = Reason(336);
