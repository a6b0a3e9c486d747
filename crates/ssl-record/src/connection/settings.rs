//! Modes and settings of one connection.

use ssl_mode::SslMode;

use super::{Connection, Phase, ShutdownState};
use crate::error::Error;
use crate::handshake::StartError;
use crate::protect::Fingerprint;

impl Connection {
    /// Sets modes; the new mask. Effective at the next call, also amid a blocked write (statements M4,
    /// M14, M21).
    pub fn set_mode(&mut self, modes: SslMode) -> SslMode {
        self.modes.set(modes)
    }

    /// Clears modes; the new mask (statement M5).
    pub fn clear_mode(&mut self, modes: SslMode) -> SslMode {
        self.modes.clear(modes)
    }

    /// The mask.
    pub fn mode(&self) -> SslMode {
        self.modes.get()
    }

    /// Sets the largest fragment to send, 512 to 16384 bytes; otherwise false and no change. Lowering
    /// it lowers the split size for good (statement W4).
    pub fn set_max_send_fragment(&mut self, n: usize) -> bool {
        self.write.fragmenter_mut().set_max(n)
    }

    /// The largest fragment to send, in bytes.
    pub fn max_send_fragment(&self) -> usize {
        self.write.fragmenter().max()
    }

    /// Sets the size that fragments really get, 1 to the largest; otherwise false and no change
    /// (statement W5).
    pub fn set_split_send_fragment(&mut self, n: usize) -> bool {
        self.write.fragmenter_mut().set_split(n)
    }

    /// Pads TLS 1.3 records to a multiple of `block` bytes, up to a full fragment; 0 or 1 turns padding
    /// off. False, and no change, above 16384 (statement W34).
    pub fn set_block_padding(&mut self, block: usize) -> bool {
        let valid = block <= crate::record::limits::MAX_FRAGMENT;
        if valid {
            self.write.set_block_padding(block as u16);
        }
        valid
    }

    /// Whether to ask the transport for more than the record in hand. Off here; the stream adapters
    /// turn it on (decision 3, statements R3, R7).
    pub fn set_read_ahead(&mut self, on: bool) {
        self.read.deframer_mut().set_read_ahead(on);
    }

    /// Whether read-ahead is on.
    pub fn read_ahead(&self) -> bool {
        self.read.read_ahead()
    }

    /// How much read-ahead asks for at once, if more than a record (statement B11).
    pub fn set_read_buffer_len(&mut self, n: usize) {
        self.read.deframer_mut().set_read_buffer_len(n);
    }

    /// Whether a write seals up to four records before it offers the first to the transport, all in one call.
    /// Off here, where a record is a call (statement W3); the stream adapters turn it on.
    ///
    /// Records that are sealed together are pending together: the retry of a blocked write has to cover all
    /// of them, and with `ENABLE_PARTIAL_WRITE` a write returns once all of them are transmitted. Takes effect
    /// with the next record.
    ///
    /// ```
    /// use ssl_record::config::{ClientConfig, Roots};
    /// use ssl_record::{Connection, Context};
    ///
    /// let context = Context::client(ClientConfig::new(Roots::webpki()))?;
    /// let mut connection = Connection::client(&context, "example.org")?;
    /// connection.set_seal_ahead(true);
    /// assert!(connection.seal_ahead());
    /// # Ok::<(), ssl_record::config::ConfigError>(())
    /// ```
    pub fn set_seal_ahead(&mut self, on: bool) {
        self.write.set_seal_ahead(on);
    }

    /// Whether several records are sealed before the first is offered to the transport.
    pub fn seal_ahead(&self) -> bool {
        self.write.seal_ahead()
    }

    /// Whether `shutdown` closes without telling the peer (statement S12).
    pub fn set_quiet_shutdown(&mut self, on: bool) {
        self.options.quiet_shutdown = on;
    }

    /// Whether an end of the transport passes as the peer's close_notify. **The peer's data may then be
    /// truncated unnoticed** (statement R21).
    pub fn set_ignore_unexpected_eof(&mut self, on: bool) {
        self.options.ignore_unexpected_eof = on;
    }

    /// Whether a write retry must hold the same bytes as the part already sealed.
    ///
    /// OpenSSL never looks (statement W12): with other contents the peer gets a stream spliced from two
    /// buffers. With this check on the retry fails with [`Error::ContentsChanged`] instead. Costs one
    /// HMAC-SHA-256 over everything written. Takes effect for the next write, not for one that is
    /// pending.
    ///
    /// # Errors
    /// [`Error::Handshake`] if the system has no randomness for the key; the connection is unharmed.
    pub fn set_contents_check(&mut self, on: bool) -> Result<(), Error> {
        let check = if on {
            let fingerprint = Fingerprint::new().map_err(|_| {
                Error::Handshake(crate::HandshakeFault {
                    message: "the system has no randomness".to_owned(),
                    reason: crate::Reason::INTERNAL_ERROR,
                })
            })?;
            Some(Box::new(fingerprint))
        } else {
            None
        };
        self.write.set_contents_check(check);
        Ok(())
    }

    /// Makes sure both record buffers are held; always true (statement B7).
    pub fn alloc_buffers(&mut self) -> bool {
        self.read.deframer_mut().alloc_buffer(self.context.pool());
        self.write.alloc_buffer(self.context.pool());
        true
    }

    /// Releases both record buffers. False, and no change, while anything is unread, partly received
    /// or not fully transmitted (statements B7 to B9).
    pub fn free_buffers(&mut self) -> bool {
        let idle = self.read.is_idle() && self.write.is_idle();
        if idle {
            self.read.free_buffer(self.context.pool());
            self.write.free_buffer(self.context.pool());
        }
        idle
    }

    /// How often a record buffer was given back: by RELEASE_BUFFERS, or by the caller.
    pub fn buffers_released(&self) -> u64 {
        self.read.buffers_released() + self.write.buffers_released()
    }

    /// Makes the connection as new, for another handshake with the same peer name. Modes and settings
    /// stay; unread data, a pending write and the session are dropped (statements M17, W35).
    ///
    /// # Errors
    /// An internal failure to start; the connection is then dead.
    pub fn clear(&mut self) -> Result<(), Error> {
        let handshake = self
            .context
            .handshake(&self.server_name)
            .map_err(StartError::Config)?;
        self.wake_keys();
        self.read.clear(self.context.pool());
        self.write.clear(self.context.pool());
        self.phase = Phase::new(handshake);
        self.share_tap();
        self.shutdown = ShutdownState::default();
        self.eof = false;
        Ok(())
    }
}
