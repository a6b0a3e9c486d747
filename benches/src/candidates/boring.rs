//! BoringSSL, through the crate `boring`: a stream over a transport that it owns.
//!
//! It has no choice of suites in TLS 1.3, where AES-128-GCM comes first on processors that have AES, and to offer a session
//! is unsafe code; both are beyond it here. It releases its buffers always.

use std::io::{ErrorKind, Read as _};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use boring::pkey::PKey;
use boring::ssl::{
    HandshakeError, MidHandshakeSslStream, Ssl, SslContext, SslContextBuilder, SslMethod,
    SslOptions, SslSessionCacheMode, SslStream, SslVerifyMode, SslVersion,
};
use boring::x509::X509;

use super::{Beyond, End, Stack};
use crate::lent::Lent;
use crate::wire::Port;
use crate::{Credentials, Key, Terms};

struct Boring {
    client: SslContext,
    server: SslContext,
}

/// Sets the candidate up.
pub(super) fn make(terms: &Terms, credentials: &Credentials) -> Result<Box<dyn Stack>> {
    if terms.suite.tls13 && terms.suite.number != FIRST_SUITE {
        bail!(Beyond("no choice of suites in TLS 1.3"));
    }
    if terms.resume {
        bail!(Beyond("sessions are offered by unsafe code alone"));
    }
    let identity = credentials.identity(terms.key);
    let mut client = context(terms)?;
    for root in X509::stack_from_pem(identity.root_pem().as_bytes())? {
        client.cert_store_mut().add_cert(&root)?;
    }
    client.set_verify(SslVerifyMode::PEER);
    let mut server = context(terms)?;
    let key = PKey::private_key_from_pem(identity.key_pem().as_bytes())?;
    server.set_private_key(&key)?;
    let mut chain = X509::stack_from_pem(identity.chain_pem().as_bytes())?.into_iter();
    server.set_certificate(&*chain.next().context("no certificate")?)?;
    chain.try_for_each(|above| server.add_extra_chain_cert(above))?;
    Ok(Box::new(Boring {
        client: client.build(),
        server: server.build(),
    }))
}

fn context(terms: &Terms) -> Result<SslContextBuilder> {
    let mut context = SslContext::builder(SslMethod::tls())?;
    let version = match terms.suite.tls13 {
        true => SslVersion::TLS1_3,
        false => SslVersion::TLS1_2,
    };
    context.set_min_proto_version(Some(version))?;
    context.set_max_proto_version(Some(version))?;
    let end = match terms.suite.name {
        "tls12-aes128gcm" => "AES128-GCM-SHA256",
        "tls12-aes256gcm" => "AES256-GCM-SHA384",
        _ => "CHACHA20-POLY1305",
    };
    let signed = match terms.key {
        Key::P256 => "ECDSA",
        Key::Rsa2048 => "RSA",
    };
    if !terms.suite.tls13 {
        context.set_cipher_list(&format!("ECDHE-{signed}-{end}"))?;
    }
    // The first is what is used; the second is there for the curve of a TLS 1.2 certificate.
    let first = if terms.hybrid {
        "X25519MLKEM768"
    } else {
        "X25519"
    };
    context.set_curves_list(&format!("{first}:P-256"))?;
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_options(SslOptions::NO_TICKET);
    Ok(context)
}

impl Stack for Boring {
    fn has_hybrid(&self) -> bool {
        true
    }

    fn client(&self) -> Result<Box<dyn End>> {
        let mut ssl = Ssl::new(&self.client)?;
        ssl.param_mut().set_host(Credentials::HOST)?;
        ssl.set_hostname(Credentials::HOST)?;
        Ok(Box::new(Stream::Handshake(
            ssl.setup_connect(Lent::default()),
        )))
    }

    fn server(&self) -> Result<Box<dyn End>> {
        let ssl = Ssl::new(&self.server)?;
        Ok(Box::new(Stream::Handshake(
            ssl.setup_accept(Lent::default()),
        )))
    }
}

/// One end, which changes its type when the handshake is over.
enum Stream {
    Handshake(MidHandshakeSslStream<Lent>),
    Connected(SslStream<Lent>),
    Failed,
}

impl Stream {
    fn transport(&mut self) -> Option<&mut Lent> {
        match self {
            Self::Handshake(stream) => Some(stream.get_mut()),
            Self::Connected(stream) => Some(stream.get_mut()),
            Self::Failed => None,
        }
    }

    /// Does it with the port's wires.
    fn over<T>(&mut self, port: &mut Port<'_>, work: impl FnOnce(&mut Self) -> T) -> T {
        self.transport()
            .into_iter()
            .for_each(|lent| lent.exchange(port));
        let done = work(self);
        self.transport()
            .into_iter()
            .for_each(|lent| lent.exchange(port));
        done
    }

    fn connected(&mut self) -> Result<&mut SslStream<Lent>> {
        match self {
            Self::Connected(stream) => Ok(stream),
            _ => Err(anyhow!("not connected")),
        }
    }

    fn shake(&mut self) -> Result<bool> {
        let (next, result) = match std::mem::replace(self, Self::Failed) {
            Self::Handshake(stream) => match stream.handshake() {
                Ok(stream) => {
                    let suite = stream
                        .ssl()
                        .current_cipher()
                        .map(|suite| suite.protocol_id());
                    (
                        Self::Connected(stream),
                        suite.map(|_| true).context("no suite"),
                    )
                }
                Err(HandshakeError::WouldBlock(stream)) => (Self::Handshake(stream), Ok(false)),
                Err(error) => (Self::Failed, Err(anyhow!("{error}"))),
            },
            done => (done, Ok(true)),
        };
        *self = next;
        result
    }
}

impl End for Stream {
    fn handshake(&mut self, port: &mut Port<'_>) -> Result<bool> {
        self.over(port, Self::shake)
    }

    fn write(&mut self, port: &mut Port<'_>, data: &[u8]) -> Result<()> {
        let written = self.over(port, |stream| {
            stream.connected()?.ssl_write(data).map_err(Into::into)
        });
        let written: Result<usize> = written;
        ensure!(written? == data.len(), "not all was written");
        Ok(())
    }

    fn read(&mut self, port: &mut Port<'_>, out: &mut [u8]) -> Result<usize> {
        self.over(port, |stream| match stream.connected()?.read(out) {
            Ok(n) => Ok(n),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error.into()),
        })
    }

    fn resumed(&self) -> bool {
        matches!(self, Self::Connected(stream) if stream.ssl().session_reused())
    }
}

/// TLS_AES_128_GCM_SHA256.
const FIRST_SUITE: u16 = 0x1301;
