//! `SslMode`: the mask, one constant per bit that OpenSSL named.
//!
//! Owns the bit values and the contract of each. Must not know how a mask is stored
//! (`register`), spelled (`names`) or described to users (`table`).

bitflags::bitflags! {
    /// A set of `SSL_MODE_*` bits, 32 wide as in OpenSSL's `uint32_t` (M7).
    ///
    /// Every one of the 2<sup>32</sup> values is legal: bits without a name are stored, compared,
    /// inherited and displayed like the others (M6). The values are the same in OpenSSL 3.0, 3.5,
    /// 3.6 and 4.0 (M1); BoringSSL reuses some of them for other purposes.
    ///
    /// [`Default`] is what a new context holds, [`AUTO_RETRY`](Self::AUTO_RETRY) alone (M3);
    /// [`empty`](Self::empty) is the mask without any bit.
    ///
    /// ```
    /// use ssl_mode::SslMode;
    ///
    /// let haproxy = SslMode::from_bits_retain(0x13);
    /// assert!(haproxy.contains(SslMode::RELEASE_BUFFERS));
    /// assert_eq!(SslMode::default().bits(), 0x4);
    /// ```
    ///
    /// Source: `SSL_CTX_set_mode(3)`, `openssl/ssl.h`; M1, M3, M6, M7.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct SslMode: u32 {
        /// A write may report success before all of its bytes are out.
        ///
        /// Without the bit a write returns its full length, once every record of it was accepted
        /// by the transport (W3). With it the call returns as soon as one record was: 16384 of a
        /// 40000-byte input (W6), and the caller passes the other 23616 bytes in its next call.
        /// Inputs of one record or less notice no difference.
        ///
        /// Two things surprise. The retry of a *blocked* write finishes the pending record and
        /// then sends one more, so it returns up to two records' worth (W16). And if that second
        /// record blocks, the retry wants write although a whole record went out in it: the next
        /// retry still starts at the original address (W17).
        ///
        /// The bit concerns application data only (W54), is masked out during
        /// `SSL_write_early_data` (W37), and is looked at anew by every call (M21).
        ///
        /// ```
        /// use ssl_mode::{ModeRegister, SslMode};
        ///
        /// // redis switches a live connection to all-or-nothing and back.
        /// let mut ssl = ModeRegister::new(SslMode::from_bits_retain(0x7));
        /// assert_eq!(ssl.clear(SslMode::ENABLE_PARTIAL_WRITE).bits(), 0x6);
        /// assert_eq!(ssl.set(SslMode::ENABLE_PARTIAL_WRITE).bits(), 0x7);
        /// ```
        const ENABLE_PARTIAL_WRITE = 0x1;

        /// The retry of a blocked write may pass another address.
        ///
        /// Part of a blocked write is sealed already, so OpenSSL insists on being called again
        /// with the same buffer; a moved pointer is a fatal BAD_WRITE_RETRY (W9, W10). This bit
        /// removes exactly that comparison (W11). The length rule stays: a retry must cover what
        /// is sent and sealed (W13, W14) and may be longer (W15). The contents are not compared
        /// with or without the bit; what is sealed goes out as it was (W12).
        ///
        /// ```
        /// use ssl_mode::SslMode;
        ///
        /// // CPython: each retry of a bytes object may come from another place.
        /// let python = SslMode::ACCEPT_MOVING_WRITE_BUFFER | SslMode::AUTO_RETRY;
        /// assert_eq!(python.bits(), 0x6);
        /// ```
        const ACCEPT_MOVING_WRITE_BUFFER = 0x2;

        /// A read goes on by itself after a record that carries no application data.
        ///
        /// The default since OpenSSL 1.1.1 (M3). A session ticket or a KeyUpdate is handled and
        /// the next record is read in the same call (R10, R13), which on a blocking transport may
        /// wait for a record that never comes. Without the bit the read stops after the message
        /// and wants read, even if more data is waiting (R11, R54); programs that poll the
        /// descriptor clear it for that. Bytes already buffered by read-ahead are used first
        /// (R12), and a handshake that completes inside a read is never a reason to stop (R14).
        ///
        /// ```
        /// use ssl_mode::{ModeRegister, SslMode};
        ///
        /// // Apache, socat and `openssl s_client` clear it.
        /// let mut ssl = ModeRegister::default();
        /// assert!(ssl.clear(SslMode::AUTO_RETRY).is_empty());
        /// ```
        const AUTO_RETRY = 0x4;

        /// The certificate message carries the leaf only, unless a chain was given.
        ///
        /// Without the bit OpenSSL completes a chain from its chain store or trust store, root
        /// included (N1, N4). With it only the leaf is sent (N2). A chain given explicitly is sent
        /// as it is, and the bit does not matter (N3).
        ///
        /// ```
        /// use ssl_mode::{SharedModeRegister, SslMode};
        ///
        /// // nginx builds the chain itself.
        /// let context = SharedModeRegister::default();
        /// context.set(SslMode::RELEASE_BUFFERS);
        /// assert_eq!(context.set(SslMode::NO_AUTO_CHAIN).bits(), 0x1c);
        /// ```
        const NO_AUTO_CHAIN = 0x8;

        /// An idle connection holds no record buffers.
        ///
        /// The read buffer goes when a read finds nothing or has handed out its last byte, the
        /// write buffer when a write is complete (B2, B4). What is unread or pending pins its
        /// buffer (B5). No result of any call changes (B10). Setting the bit frees nothing by
        /// itself; the next read or write does (B6).
        ///
        /// ```
        /// use ssl_mode::{SharedModeRegister, SslMode};
        ///
        /// let context = SharedModeRegister::default();
        /// assert_eq!(context.set(SslMode::RELEASE_BUFFERS).bits(), 0x14);
        /// assert!(context.inherit().get().contains(SslMode::RELEASE_BUFFERS));
        /// ```
        const RELEASE_BUFFERS = 0x10;

        /// The client random starts with the time of day instead of four random bytes.
        ///
        /// Seconds since 1970, big-endian, then 28 random bytes, in every version (N6). Nothing
        /// happens on a server.
        ///
        /// ```
        /// use ssl_mode::SslMode;
        ///
        /// assert_eq!("clienthello-time".parse(), Ok(SslMode::SEND_CLIENTHELLO_TIME));
        /// ```
        const SEND_CLIENTHELLO_TIME = 0x20;

        /// The server random starts with the time of day instead of four random bytes.
        ///
        /// As [`SEND_CLIENTHELLO_TIME`](Self::SEND_CLIENTHELLO_TIME), for the other side (N7). The
        /// downgrade sentinel in the last eight bytes still wins (N8).
        ///
        /// ```
        /// use ssl_mode::SslMode;
        ///
        /// let both = SslMode::SEND_CLIENTHELLO_TIME | SslMode::SEND_SERVERHELLO_TIME;
        /// assert_eq!(both.bits(), 0x60);
        /// ```
        const SEND_SERVERHELLO_TIME = 0x40;

        /// The ClientHello says that it is a second attempt at a lower version.
        ///
        /// The suite list ends with TLS_FALLBACK_SCSV, 0x5600 (F2). A server that could have
        /// chosen a higher version then refuses with alert 86 (F4), and the client learns that
        /// somebody between the two forced the downgrade (F5). Only for a client that retries with
        /// a lowered maximum; a server ignores the bit (F7).
        ///
        /// ```
        /// use ssl_mode::SslMode;
        ///
        /// let retry = SslMode::default() | SslMode::SEND_FALLBACK_SCSV;
        /// assert_eq!(retry.to_string(), "AUTO_RETRY|SEND_FALLBACK_SCSV");
        /// ```
        const SEND_FALLBACK_SCSV = 0x80;

        /// Calls run in a job that an engine or a key method may pause.
        ///
        /// A paused call wants async; repeating it resumes (A3). Handshake, read, peek, write and
        /// shutdown start jobs, unless the caller is inside one already (A6, A12, A50). When
        /// nothing pauses, no result changes (A1).
        ///
        /// ```
        /// use ssl_mode::{ModeEdit, SslMode};
        ///
        /// let edit: ModeEdit = "+async".parse()?;
        /// assert_eq!(edit.apply(SslMode::default()).bits(), 0x104);
        /// # Ok::<(), ssl_mode::ParseModeError>(())
        /// ```
        const ASYNC = 0x100;

        /// DTLS over SCTP derives its endpoint-pair secret as OpenSSL up to 1.1.1a did.
        ///
        /// Those versions counted the label's terminating zero byte. The bit brings the mistake
        /// back for peers that still make it (N50); without DTLS over SCTP it does nothing.
        ///
        /// ```
        /// use ssl_mode::{ModeRow, SslMode, Support};
        ///
        /// let row = ModeRow::find("SSL_MODE_DTLS_SCTP_LABEL_LENGTH_BUG").unwrap();
        /// assert_eq!(row.bit, SslMode::DTLS_SCTP_LABEL_LENGTH_BUG);
        /// assert_eq!(row.support, Support::NothingToActOn);
        /// ```
        const DTLS_SCTP_LABEL_LENGTH_BUG = 0x400;

        // The bits without a name are legal too (M6).
        const _ = !0;
    }
}

impl SslMode {
    /// The bits of this mask that have no name.
    ///
    /// They mean nothing to any call, but a program that saves and restores a mask expects to find
    /// them again (M6).
    ///
    /// ```
    /// use ssl_mode::SslMode;
    ///
    /// let mask = SslMode::from_bits_retain(0x4000_0204);
    /// assert_eq!(mask.unnamed().bits(), 0x4000_0200);
    /// ```
    #[must_use]
    pub fn unnamed(self) -> Self {
        let mut named = self.iter_names();
        named.by_ref().for_each(drop);
        *named.remaining()
    }
}

/// What `SSL_CTX_new` starts with: `AUTO_RETRY` alone (M3).
impl Default for SslMode {
    fn default() -> Self {
        Self::AUTO_RETRY
    }
}
