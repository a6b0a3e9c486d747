//! What a connection gives up while it has nothing to do, but for its buffers: expanded keys.
//!
//! Owns when keys are folded and when they are wanted back.

use super::{Connection, Phase};

impl Connection {
    /// Folds the expanded keys of both directions back to the secrets they are made of, whatever the context
    /// says of idle connections; the next record each way expands them again. False, and no change, during the
    /// handshake and while anything is unread, partly received or not fully transmitted.
    ///
    /// For owners that know better than a read that finds nothing when a connection is idle: a timer, say. An
    /// expanded AES-128-GCM key takes more than half a KiB, and each direction has one; expanding one takes
    /// about a microsecond. See [`Context::fold_idle_keys`](crate::Context::fold_idle_keys).
    ///
    /// ```
    /// use ssl_record::config::{ClientConfig, Roots};
    /// use ssl_record::{Connection, Context};
    ///
    /// let context = Context::client(ClientConfig::new(Roots::webpki()))?;
    /// let mut connection = Connection::client(&context, "example.org")?;
    /// assert!(!connection.fold_keys()); // there are none yet
    /// # Ok::<(), ssl_record::config::ConfigError>(())
    /// ```
    ///
    /// Source: RFC 8446 section 7.3, by which keys follow from traffic secrets.
    pub fn fold_keys(&mut self) -> bool {
        let is_idle = self.is_idle();
        if is_idle {
            self.wake_keys();
            let both = [self.read.keys_mut(), self.write.keys_mut()];
            both.into_iter().flatten().for_each(|keys| keys.fold());
        }
        is_idle
    }

    /// A read found nothing: leaves the keys to the context's stock, if it has one and nothing is under way.
    pub(super) fn rest_keys(&mut self) {
        let stock = self.context.keys();
        if stock.recent().is_none() || !self.is_idle() {
            return;
        }
        let both = [self.read.keys_mut(), self.write.keys_mut()];
        both.into_iter().flatten().for_each(|keys| keys.rest(stock));
    }

    /// A record arrives: the key to open it with is wanted back.
    #[inline]
    pub(super) fn wake_opening(&mut self) {
        if let Some(keys) = self.read.keys_mut() {
            keys.wake(self.context.keys());
        }
    }

    /// Something is to be sent.
    #[inline]
    pub(super) fn wake_sealing(&mut self) {
        if let Some(keys) = self.write.keys_mut() {
            keys.wake(self.context.keys());
        }
    }

    /// Nothing of this connection stays behind in the stock.
    pub(super) fn wake_keys(&mut self) {
        self.wake_opening();
        self.wake_sealing();
    }

    fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Established(_)) && self.read.is_idle() && self.write.is_idle()
    }
}
