//! s2n-tls, through the crate `s2n-tls-tokio`: a stream over a transport that it owns, polled by hand. The calls beneath
//! it take raw pointers.
//!
//! Suites and groups come in named policies. One of them begins with TLS 1.3, AES-128-GCM and X25519; none has X25519 first
//! and TLS 1.2 alone, so that TLS 1.2, other suites and sessions are beyond it here.

use std::cell::RefCell;
use std::future::Future;
use std::io::{ErrorKind, Read as _, Write as _};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use anyhow::{Result, anyhow, bail, ensure};
use s2n_tls::config::Config;
use s2n_tls::connection::Connection;
use s2n_tls::error::Error;
use s2n_tls::security::Policy;
use s2n_tls_tokio::{TlsAcceptor, TlsConnector, TlsStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Beyond, End, Stack};
use crate::lent::Lent;
use crate::wire::Port;
use crate::{Credentials, Terms};

struct S2n {
    client: TlsConnector,
    server: TlsAcceptor,
    release: bool,
}

/// Sets the candidate up.
pub(super) fn make(terms: &Terms, credentials: &Credentials) -> Result<Box<dyn Stack>> {
    if terms.suite.number != SUITE {
        bail!(Beyond("no policy has that suite first"));
    }
    if terms.hybrid {
        bail!(Beyond(
            "no policy has that suite first, and the hybrid group"
        ));
    }
    if terms.resume {
        bail!(Beyond("sessions need a callback of their own"));
    }
    let policy = Policy::from_version(POLICY)?;
    let identity = credentials.identity(terms.key);
    let mut client = Config::builder();
    client
        .with_system_certs(false)?
        .set_security_policy(&policy)?
        .trust_pem(identity.root_pem().as_bytes())?;
    let mut server = Config::builder();
    server
        .with_system_certs(false)?
        .set_security_policy(&policy)?
        .load_pem(
            identity.chain_pem().as_bytes(),
            identity.key_pem().as_bytes(),
        )?;
    Ok(Box::new(S2n {
        client: TlsConnector::new(client.build()?),
        server: TlsAcceptor::new(server.build()?),
        release: terms.release,
    }))
}

impl Stack for S2n {
    fn client(&self) -> Result<Box<dyn End>> {
        let (connector, transport) = (self.client.clone(), Transport::default());
        let theirs = transport.clone();
        let handshake = async move { connector.connect(Credentials::HOST, theirs).await };
        Ok(self.end(transport, Box::pin(handshake)))
    }

    fn server(&self) -> Result<Box<dyn End>> {
        let (acceptor, transport) = (self.server.clone(), Transport::default());
        let theirs = transport.clone();
        let handshake = async move { acceptor.accept(theirs).await };
        Ok(self.end(transport, Box::pin(handshake)))
    }
}

impl S2n {
    fn end(&self, transport: Transport, handshake: Handshake) -> Box<dyn End> {
        Box::new(Stream {
            transport,
            state: State::Handshake(handshake),
            release: self.release,
        })
    }
}

/// The wires, as the stream sees them and as they are exchanged.
#[derive(Clone, Default)]
struct Transport(Rc<RefCell<Lent>>);

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let read = self.0.borrow_mut().read(space.initialize_unfilled());
        polled(read).map_ok(|n| space.advance(n))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        polled(self.0.borrow_mut().write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Blocked is pending; nobody is woken, as the other end is driven next.
fn polled<T>(result: std::io::Result<T>) -> Poll<std::io::Result<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}

type Handshake = Pin<Box<dyn Future<Output = Result<TlsStream<Transport, Connection>, Error>>>>;

/// One end, whose handshake is a future of its own.
struct Stream {
    transport: Transport,
    state: State,
    release: bool,
}

enum State {
    Handshake(Handshake),
    Connected(Box<TlsStream<Transport, Connection>>),
}

impl Stream {
    /// Does it with the port's wires.
    fn over<T>(
        &mut self,
        port: &mut Port<'_>,
        work: impl FnOnce(&mut State, &mut Context<'_>) -> T,
    ) -> T {
        self.transport.0.borrow_mut().exchange(port);
        let done = work(&mut self.state, &mut Context::from_waker(Waker::noop()));
        self.transport.0.borrow_mut().exchange(port);
        done
    }
}

impl State {
    fn connected(&mut self) -> Result<Pin<&mut TlsStream<Transport, Connection>>> {
        match self {
            Self::Connected(stream) => Ok(Pin::new(&mut **stream)),
            Self::Handshake(_) => Err(anyhow!("not connected")),
        }
    }
}

impl End for Stream {
    fn handshake(&mut self, port: &mut Port<'_>) -> Result<bool> {
        self.over(port, |state, context| {
            let State::Handshake(handshake) = state else {
                return Ok(true);
            };
            let Poll::Ready(stream) = handshake.as_mut().poll(context) else {
                return Ok(false);
            };
            let stream = stream?;
            let connection: &Connection = stream.as_ref();
            let (suite, group) = (
                connection.cipher_suite()?,
                connection.selected_key_exchange_group(),
            );
            ensure!(
                (suite, group) == ("TLS_AES_128_GCM_SHA256", Some("x25519")),
                "settled on {suite} and {group:?}"
            );
            *state = State::Connected(Box::new(stream));
            Ok(true)
        })
    }

    fn write(&mut self, port: &mut Port<'_>, data: &[u8]) -> Result<()> {
        self.over(port, |state, context| {
            let mut left = data;
            while !left.is_empty() {
                match state.connected()?.poll_write(context, left)? {
                    Poll::Ready(n) => left = &left[n..],
                    Poll::Pending => bail!("blocked"),
                }
            }
            ensure!(
                state.connected()?.poll_flush(context)?.is_ready(),
                "blocked"
            );
            Ok(())
        })
    }

    fn read(&mut self, port: &mut Port<'_>, out: &mut [u8]) -> Result<usize> {
        let release = self.release;
        self.over(port, |state, context| {
            let mut space = ReadBuf::new(out);
            let read = state.connected()?.poll_read(context, &mut space)?;
            let n = space.filled().len();
            if read.is_pending() && release {
                let mut stream = state.connected()?;
                let connection: &mut Connection = stream.as_mut().get_mut().as_mut();
                connection.release_buffers()?;
            }
            Ok(n)
        })
    }

    fn resumed(&self) -> bool {
        match &self.state {
            State::Connected(stream) => {
                let connection: &Connection = (**stream).as_ref();
                connection.resumed()
            }
            State::Handshake(_) => false,
        }
    }
}

/// TLS_AES_128_GCM_SHA256, with which the policy begins.
const SUITE: u16 = 0x1301;
const POLICY: &str = "20240603";
