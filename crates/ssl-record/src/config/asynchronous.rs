//! What a handshake may have to wait for: signatures made elsewhere, and the application's opinion of
//! the peer.
//!
//! Owns the two traits. Knows neither handshakes nor executors.

use core::future::Future;
use core::pin::Pin;

/// Work in progress, to be polled by the connection that waits for it.
///
/// A connection with `ASYNC` set polls it in each call until it is ready, with the waker of
/// [`Connection::set_waker`](crate::Connection::set_waker); one without the bit polls it until it is
/// ready and blocks its thread meanwhile. Dropping it gives the work up.
pub type Operation<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A private key that may take its time: one in a device, in another process, or on a pool of threads.
///
/// Used with [`Identity::with_signer`](super::Identity::with_signer). With `ASYNC` set a signature that
/// is not ready ends the call with [`Want::Async`](crate::Want::Async) (statements A1 to A5).
///
/// ```
/// use ssl_record::LocalKey;
/// use ssl_record::config::{AsyncSigner, Operation, SigningFailed};
/// use std::sync::{Arc, mpsc};
///
/// /// A key whose signatures are made on a thread of their own.
/// struct OnAThread(mpsc::Sender<Box<dyn FnOnce() + Send>>, LocalKey);
///
/// impl AsyncSigner for OnAThread {
///     fn schemes(&self) -> Vec<u16> {
///         self.1.schemes()
///     }
///
///     fn sign(&self, scheme: u16, message: Vec<u8>) -> Operation<Result<Vec<u8>, SigningFailed>> {
///         let key = self.1.clone();
///         let (done, signature) = tokio::sync::oneshot::channel();
///         let work = Box::new(move || drop(done.send(key.sign(scheme, &message))));
///         let sent = self.0.send(work);
///         Box::pin(async move {
///             sent.map_err(|_| SigningFailed)?;
///             signature.await.map_err(|_| SigningFailed)?
///         })
///     }
/// }
/// ```
pub trait AsyncSigner: Send + Sync {
    /// The signature schemes of the key, by their numbers (RFC 8446 section 4.2.3), in the order of
    /// preference: the first that the peer accepts and the version allows is used. Asked once for each
    /// context.
    fn schemes(&self) -> Vec<u16>;

    /// Starts a signature of `message`, which is not hashed yet.
    ///
    /// Called on the stack of whoever called the connection, as are the polls of the result: it may call
    /// out, drive other connections, or take its time.
    fn sign(&self, scheme: u16, message: Vec<u8>) -> Operation<Result<Vec<u8>, SigningFailed>>;
}

/// No signature was made; the handshake ends with an internal error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the private key made no signature")]
pub struct SigningFailed;

/// A decision about a peer whose certificate chain has passed verification: to ask a revocation service,
/// a directory, a person.
///
/// Not asked about a resumed session, whose peer was accepted before, nor about a peer without a
/// certificate. Used with [`ClientConfig::peer_check`](super::ClientConfig::peer_check) and
/// [`ServerConfig::peer_check`](super::ServerConfig::peer_check).
pub trait PeerCheck: Send + Sync {
    /// Whether to go on with the peer that showed this chain, DER, leaf first. If not, it gets the alert
    /// access_denied, and the call ends with
    /// [`CertificateFault::Declined`](crate::CertificateFault::Declined).
    fn accepts(&self, chain: Vec<Vec<u8>>) -> Operation<bool>;
}
