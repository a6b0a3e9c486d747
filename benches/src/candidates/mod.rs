//! The candidates: what each does as one end of a connection, and the list of them.

mod aead;
#[cfg(feature = "boring")]
mod boring;
mod ours;
mod rustls_buffered;
mod rustls_setup;
mod rustls_unbuffered;
#[cfg(feature = "s2n-tls")]
mod s2n;

use anyhow::{Context as _, Result, bail, ensure};

use crate::wire::{Port, Wires};
use crate::{Credentials, Terms};

/// A library set up for some terms: what its connections share.
pub trait Stack {
    /// A new client, which has sent nothing yet.
    ///
    /// # Errors
    /// The library refuses.
    fn client(&self) -> Result<Box<dyn End>>;

    /// A new server, which has read nothing yet.
    ///
    /// # Errors
    /// The library refuses.
    fn server(&self) -> Result<Box<dyn End>>;

    /// Whether it heeds [`Terms::hybrid`].
    fn has_hybrid(&self) -> bool {
        false
    }
}

/// One end of a connection.
pub trait End {
    /// Runs the handshake as far as the transport allows; whether it is over.
    ///
    /// # Errors
    /// It failed.
    fn handshake(&mut self, port: &mut Port<'_>) -> Result<bool>;

    /// Writes all of `data`, with as few calls as the interface allows.
    ///
    /// # Errors
    /// Whatever keeps the bytes from leaving.
    fn write(&mut self, port: &mut Port<'_>, data: &[u8]) -> Result<()>;

    /// Reads what has arrived; 0 if that is nothing for the application.
    ///
    /// # Errors
    /// Whatever keeps the bytes from arriving.
    fn read(&mut self, port: &mut Port<'_>, out: &mut [u8]) -> Result<usize>;

    /// Whether the handshake resumed a session.
    fn resumed(&self) -> bool;
}

/// A connected client and server in one thread.
pub trait Candidate {
    /// The client writes `data`, the server reads as many bytes into `out`, and both leave nothing behind.
    ///
    /// # Errors
    /// Whatever keeps the bytes from arriving.
    fn carry(&mut self, data: &[u8], out: &mut [u8]) -> Result<()>;

    /// Whether `out` holds the bytes afterwards: not if the candidate copies nothing.
    fn delivers(&self) -> bool {
        true
    }
}

/// What makes a candidate.
#[derive(Clone, Copy)]
pub enum Maker {
    /// A TLS library.
    Library(fn(&Terms, &Credentials) -> Result<Box<dyn Stack>>),
    /// Cryptography without a protocol: it carries bytes, and that is all.
    Cryptography(fn(&Terms) -> Result<Box<dyn Candidate>>),
}

impl Maker {
    /// Connects the candidate.
    ///
    /// # Errors
    /// The library refuses, or the handshake fails.
    pub fn connected(self, terms: &Terms, credentials: &Credentials) -> Result<Box<dyn Candidate>> {
        match self {
            Self::Library(make) => Ok(Box::new(Pair::connected(&*make(terms, credentials)?)?)),
            Self::Cryptography(make) => make(terms),
        }
    }
}

/// Every candidate by name; the first is what the others are compared with.
pub const ALL: &[(&str, Maker)] = &[
    ("ours", Maker::Library(ours::read_ahead)),
    (
        "ours, no read-ahead",
        Maker::Library(ours::record_by_record),
    ),
    ("ours, folded", Maker::Library(ours::folded)),
    ("rustls unbuffered", Maker::Library(rustls_unbuffered::make)),
    ("rustls buffered", Maker::Library(rustls_buffered::make)),
    ("AEAD, two copies", Maker::Cryptography(aead::over_the_wire)),
    (CEILING, Maker::Cryptography(aead::alone)),
    #[cfg(feature = "boring")]
    ("BoringSSL", Maker::Library(boring::make)),
    #[cfg(feature = "s2n-tls")]
    ("s2n-tls", Maker::Library(s2n::make)),
];

/// The candidate that does nothing but seal and open: no record layer can be faster.
pub const CEILING: &str = "AEAD alone";

/// That a candidate cannot do what the terms ask for. It is no failure: there is no figure then.
#[derive(Clone, Copy, Debug)]
pub struct Beyond(pub &'static str);

impl core::fmt::Display for Beyond {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for Beyond {}

/// What makes the candidate of that name.
///
/// # Errors
/// There is none.
pub fn named(name: &str) -> Result<Maker> {
    let known = ALL.iter().find(|(known, _)| *known == name);
    Ok(known.with_context(|| format!("no candidate {name:?}"))?.1)
}

/// A client, a server and the wires between them.
pub struct Pair {
    /// The end that writes.
    pub client: Box<dyn End>,
    /// The end that reads.
    pub server: Box<dyn End>,
    /// What they talk over.
    pub wires: Wires,
}

impl Pair {
    /// Connects two new ends over wires of their own.
    ///
    /// # Errors
    /// The library refuses, or the handshake fails.
    pub fn connected(stack: &dyn Stack) -> Result<Self> {
        let mut pair = Self {
            client: stack.client()?,
            server: stack.server()?,
            wires: Wires::new(),
        };
        connect(&mut *pair.client, &mut *pair.server, &mut pair.wires)?;
        Ok(pair)
    }
}

/// Runs a handshake until both ends have done their part and the client has read its ticket.
///
/// # Errors
/// It failed, or does not end.
pub fn connect(client: &mut dyn End, server: &mut dyn End, wires: &mut Wires) -> Result<()> {
    for _ in 0..20 {
        let client_is_done = client.handshake(&mut wires.client())?;
        let server_is_done = server.handshake(&mut wires.server())?;
        if client_is_done && server_is_done {
            let read = client.read(&mut wires.client(), &mut [0])?;
            ensure!(read == 0, "data after the handshake");
            return Ok(());
        }
    }
    bail!("the handshake does not end")
}

impl Candidate for Pair {
    fn carry(&mut self, data: &[u8], out: &mut [u8]) -> Result<()> {
        self.client.write(&mut self.wires.client(), data)?;
        let mut read = 0;
        while read < out.len() {
            let n = self
                .server
                .read(&mut self.wires.server(), &mut out[read..])?;
            ensure!(n > 0, "blocked after {read} bytes");
            read += n;
        }
        Ok(())
    }
}
