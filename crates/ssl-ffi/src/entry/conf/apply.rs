//! Commands carried out: on a context, on a connection, or on neither to check the value.
//!
//! Owns what each value means. The effects are those of the C functions that do the same.

use std::ffi::CStr;
use std::ptr::null_mut;

use libc::c_int;

use super::ConfContext;
use super::flags::{Bits, Flag, OPTIONS, PROTOCOLS, VERIFY_MODES};
use super::table::{Action, CERTIFICATE, CLIENT, CMDLINE, FILE, REQUIRE_PRIVATE, SERVER};
use super::target::Target;
use crate::crypto::store::Source;
use crate::crypto::{EvpPkey, NameStack, X509Store, pem, queue, reason};
use crate::entry::*;
use crate::handle::{SSL, SSL_CTX};
use crate::negotiate::list;
use crate::negotiate::versions::{Bound, BoundFault};

/// What came of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    BadValue,
    MissingValue,
    /// Not one that the caller may use.
    Unknown,
}

impl From<bool> for Outcome {
    fn from(done: bool) -> Self {
        if done { Self::Done } else { Self::BadValue }
    }
}

impl ConfContext {
    /// Carries out a command.
    ///
    /// # Safety
    /// The target is live.
    pub(super) unsafe fn apply(&mut self, action: Action, value: &CStr) -> Outcome {
        // SAFETY: the caller's promise, for each of the functions.
        unsafe {
            match action {
                Action::Switch(flag) => {
                    self.set_flag(flag, true);
                    Outcome::Done
                }
                Action::SignatureAlgorithms => self.list(98, value),
                Action::ClientSignatureAlgorithms => self.list(102, value),
                Action::Groups => self.list(92, value),
                Action::OneGroup => self.one_group(value),
                Action::CipherString => self.each(
                    |ctx| SSL_CTX_set_cipher_list(ctx, value.as_ptr()),
                    |ssl| SSL_set_cipher_list(ssl, value.as_ptr()),
                ),
                Action::Ciphersuites => self.each(
                    |ctx| SSL_CTX_set_ciphersuites(ctx, value.as_ptr()),
                    |ssl| SSL_set_ciphersuites(ssl, value.as_ptr()),
                ),
                Action::Protocol => self.flags_named(PROTOCOLS, value),
                Action::Options => self.flags_named(OPTIONS, value),
                Action::VerifyMode => self.flags_named(VERIFY_MODES, value),
                Action::MinProtocol => self.bound(Bound::Oldest, value),
                Action::MaxProtocol => self.bound(Bound::Newest, value),
                Action::RecordPadding => self.number(
                    value,
                    |ctx, n| SSL_CTX_set_block_padding(ctx, n),
                    |ssl, n| SSL_set_block_padding(ssl, n),
                ),
                Action::NumTickets => self.number(
                    value,
                    |ctx, n| SSL_CTX_set_num_tickets(ctx, n),
                    |ssl, n| SSL_set_num_tickets(ssl, n),
                ),
                _ => self.load(action, value),
            }
        }
    }

    /// The commands about files.
    unsafe fn load(&mut self, action: Action, value: &CStr) -> Outcome {
        // SAFETY: the caller's promise, for each of the functions.
        unsafe {
            match action {
                Action::Certificate => self.certificate(value),
                Action::PrivateKey => self.private_key(value),
                Action::ServerInfoFile => self.each(
                    |ctx| SSL_CTX_use_serverinfo_file(ctx, value.as_ptr()),
                    |_| 1,
                ),
                Action::ChainFile => self.store(Use::Chain, Source::File, value),
                Action::ChainFolder => self.store(Use::Chain, Source::Folder, value),
                Action::ChainStore => self.store(Use::Chain, Source::Store, value),
                Action::VerifyFile => self.store(Use::Verify, Source::File, value),
                Action::VerifyFolder => self.store(Use::Verify, Source::Folder, value),
                Action::VerifyStore => self.store(Use::Verify, Source::Store, value),
                Action::NamesOfFile => {
                    self.names(|names| SSL_add_file_cert_subjects_to_stack(names, value.as_ptr()))
                }
                Action::NamesOfFolder => {
                    self.names(|names| SSL_add_dir_cert_subjects_to_stack(names, value.as_ptr()))
                }
                Action::NamesOfStore => {
                    self.names(|names| SSL_add_store_cert_subjects_to_stack(names, value.as_ptr()))
                }
                Action::DhParameters => self.parameters(value),
                _ => Outcome::Unknown,
            }
        }
    }

    /// The keys that certificates lack are looked for in their own files; names that were collected are
    /// set.
    ///
    /// # Safety
    /// The target is live.
    pub(super) unsafe fn finish(&mut self) -> bool {
        let files = std::mem::take(&mut self.certificate_files);
        for (kind, file) in files {
            let has_key = self
                .target
                .look(|settings| settings.certificates.place(kind).key().is_some());
            // SAFETY: the caller's promise.
            if has_key == Some(false) && unsafe { self.private_key(&file) } != Outcome::Done {
                return false;
            }
        }
        if let Some(names) = self.names.take() {
            match self.target {
                // SAFETY: the caller's promise; the list passes over.
                Target::Ssl(ssl) => unsafe { SSL_set0_CA_list(ssl, names.into_raw()) },
                // SAFETY: as above.
                Target::Ctx(ctx) => unsafe { SSL_CTX_set0_CA_list(ctx, names.into_raw()) },
                Target::None => {}
            }
        }
        true
    }

    /// What the function for the target says; without one, everything is right.
    fn each(
        &self,
        on_ctx: impl FnOnce(*mut SSL_CTX) -> c_int,
        on_ssl: impl FnOnce(*mut SSL) -> c_int,
    ) -> Outcome {
        let result = match self.target {
            Target::Ctx(ctx) => on_ctx(ctx),
            Target::Ssl(ssl) => on_ssl(ssl),
            Target::None => 1,
        };
        (result > 0).into()
    }

    /// A list of groups or signature schemes, which is checked even without a target.
    unsafe fn list(&self, command: c_int, value: &CStr) -> Outcome {
        let text = value.as_ptr().cast_mut().cast();
        // SAFETY: the caller's promise; the commands take a string.
        let result = unsafe {
            match self.target {
                Target::Ssl(ssl) => SSL_ctrl(ssl, command, 0, text),
                Target::Ctx(ctx) => SSL_CTX_ctrl(ctx, command, 0, text),
                Target::None => SSL_CTX_ctrl(null_mut(), command, 0, text),
            }
        };
        (result > 0).into()
    }

    unsafe fn one_group(&self, value: &CStr) -> Outcome {
        let text = value.to_bytes();
        let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
        let in_file = self.flags & FILE != 0 && (is(b"+automatic") || is(b"automatic"));
        let on_line = self.flags & CMDLINE != 0 && text == b"auto";
        if in_file || on_line {
            return Outcome::Done;
        }
        if text.contains(&b':') {
            return Outcome::BadValue;
        }
        match self.target {
            Target::None => Outcome::Done,
            // SAFETY: the caller's promise.
            _ => unsafe { self.list(92, value) },
        }
    }

    /// Names between commas, each with a plus or minus before it or none.
    fn flags_named(&self, known: &[Flag], value: &CStr) -> Outcome {
        for element in list::separated(value.to_bytes(), b',') {
            let (on, name) = match element {
                [b'+', name @ ..] => (true, name),
                [b'-', name @ ..] => (false, name),
                name => (true, name),
            };
            let meant = known.iter().find(|flag| {
                flag.sides & self.flags & (CLIENT | SERVER) != 0
                    && flag.name.as_bytes().eq_ignore_ascii_case(name)
            });
            let Some(flag) = meant else {
                return Outcome::BadValue;
            };
            self.set_flag(flag, on);
        }
        Outcome::Done
    }

    fn set_flag(&self, flag: &Flag, on: bool) {
        let on = on != flag.is_inverse;
        self.target.change(|settings| match flag.bits {
            Bits::Options(bits) if on => settings.options |= bits,
            Bits::Options(bits) => settings.options &= !bits,
            Bits::Certificates(bits) if on => settings.cert_flags |= bits,
            Bits::Certificates(bits) => settings.cert_flags &= !bits,
            Bits::Verify(bits) if on => settings.verify.mode |= bits,
            Bits::Verify(bits) => settings.verify.mode &= !bits,
        });
        if let Some(ssl) = self.target.ssl() {
            // The engine has options of its own.
            ssl.reconfigure();
        }
    }

    fn bound(&self, which: Bound, value: &CStr) -> Outcome {
        let version = match value.to_bytes() {
            b"None" => 0,
            b"SSLv3" => 0x0300,
            b"TLSv1" => 0x0301,
            b"TLSv1.1" => 0x0302,
            b"TLSv1.2" => 0x0303,
            b"TLSv1.3" => 0x0304,
            // For methods of the other kind, which are configured by the same file.
            b"DTLSv1" => 0xfeff,
            b"DTLSv1.2" => 0xfefd,
            _ => return Outcome::BadValue,
        };
        let Some(method) = self.target.method() else {
            return Outcome::BadValue;
        };
        let of_datagrams = matches!(version, 0xfefd | 0xfeff);
        let means_nothing =
            method.version.is_some() || (version != 0 && of_datagrams != method.datagram);
        if means_nothing {
            return Outcome::Done;
        }
        if !of_datagrams && which.check(version.into()) == Err(BoundFault::TooOld) {
            queue::raise(reason::UNSUPPORTED_PROTOCOL);
            return Outcome::BadValue;
        }
        self.target.change(|settings| match which {
            Bound::Oldest => settings.min_version = version,
            Bound::Newest => settings.max_version = version,
        });
        Outcome::Done
    }

    fn number(
        &self,
        value: &CStr,
        on_ctx: impl FnOnce(*mut SSL_CTX, usize) -> c_int,
        on_ssl: impl FnOnce(*mut SSL, usize) -> c_int,
    ) -> Outcome {
        // SAFETY: a string.
        let number = unsafe { libc::atoi(value.as_ptr()) };
        let Ok(number) = usize::try_from(number) else {
            return Outcome::BadValue;
        };
        match self.target {
            Target::Ctx(ctx) => (on_ctx(ctx, number) > 0).into(),
            Target::Ssl(ssl) => (on_ssl(ssl, number) > 0).into(),
            Target::None => Outcome::BadValue,
        }
    }

    unsafe fn certificate(&mut self, file: &CStr) -> Outcome {
        // SAFETY: the caller's promise.
        let outcome = unsafe {
            self.each(
                |ctx| SSL_CTX_use_certificate_chain_file(ctx, file.as_ptr()),
                |ssl| SSL_use_certificate_chain_file(ssl, file.as_ptr()),
            )
        };
        if outcome == Outcome::Done && self.flags & REQUIRE_PRIVATE != 0 {
            let kind = self
                .target
                .look(|settings| settings.certificates.current_kind());
            if let Some(kind) = kind {
                self.certificate_files.retain(|(other, _)| *other != kind);
                self.certificate_files.push((kind, file.to_owned()));
            }
        }
        outcome
    }

    unsafe fn private_key(&self, file: &CStr) -> Outcome {
        const PEM: c_int = 1;
        if self.flags & CERTIFICATE == 0 {
            return Outcome::Unknown;
        }
        // SAFETY: the caller's promise.
        unsafe {
            self.each(
                |ctx| SSL_CTX_use_PrivateKey_file(ctx, file.as_ptr(), PEM),
                |ssl| SSL_use_PrivateKey_file(ssl, file.as_ptr(), PEM),
            )
        }
    }

    /// Adds to one of the two stores beside the certificates.
    fn store(&self, used: Use, source: Source, name: &CStr) -> Outcome {
        let known = self.target.look(|settings| match used {
            Use::Chain => settings.certificates.chain_store.clone(),
            Use::Verify => settings.certificates.verify_store.clone(),
        });
        let Some(known) = known else {
            return Outcome::Done;
        };
        let Some(store) = known.or_else(X509Store::new) else {
            return Outcome::BadValue;
        };
        self.target.change(|settings| {
            let certificates = std::sync::Arc::make_mut(&mut settings.certificates);
            match used {
                Use::Chain => certificates.chain_store = Some(store.clone()),
                Use::Verify => certificates.verify_store = Some(store.clone()),
            }
        });
        store.load(source, Some(name)).into()
    }

    fn names(
        &mut self,
        add: impl FnOnce(*mut openssl_sys::stack_st_X509_NAME) -> c_int,
    ) -> Outcome {
        if self.names.is_none() {
            self.names = NameStack::new();
        }
        let names = self.names.as_ref().map_or(null_mut(), NameStack::as_ptr);
        (add(names) > 0).into()
    }

    /// Parameters that nothing uses have to be some all the same.
    unsafe fn parameters(&self, file: &CStr) -> Outcome {
        if matches!(self.target, Target::None) {
            return Outcome::Done;
        }
        let Some(parameters) = pem::dh_parameters(file) else {
            return Outcome::BadValue;
        };
        let key = parameters.into_raw();
        // SAFETY: the caller's promise. A key that is not taken is freed here.
        unsafe {
            let outcome = self.each(
                |ctx| SSL_CTX_set0_tmp_dh_pkey(ctx, key),
                |ssl| SSL_set0_tmp_dh_pkey(ssl, key),
            );
            if outcome != Outcome::Done {
                drop(EvpPkey::from_owned(key));
            }
            outcome
        }
    }
}

/// Which of the two stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Chain,
    Verify,
}
