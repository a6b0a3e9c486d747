//! A peer that says whatever the fuzzer says, in pieces of any size, before any handshake.

use std::io::{ErrorKind, Read, Result, Write};

use arbitrary::Arbitrary;
use ssl_record::io::{CallError, drive};
use ssl_record::{Connection, Error, Outcome, SslMode};

use crate::pair::{self, HOST};

/// How the bytes reach which side.
#[derive(Arbitrary, Debug)]
pub struct Script {
    to_server: bool,
    tls12: bool,
    read_ahead: bool,
    release: bool,
    ends: bool,
    /// Sizes of the pieces, one more than given, over and over; all at once if there are none.
    pieces: Vec<u8>,
    bytes: Vec<u8>,
}

struct Chunks {
    script: Script,
    read: usize,
    piece: usize,
    /// The last read blocked between two pieces.
    paused: bool,
}

impl Read for Chunks {
    fn read(&mut self, space: &mut [u8]) -> Result<usize> {
        let rest = &self.script.bytes[self.read..];
        self.paused = !self.paused;
        if rest.is_empty() && self.script.ends {
            return Ok(0);
        }
        if rest.is_empty() || !self.paused {
            return Err(ErrorKind::WouldBlock.into());
        }
        let pieces = &self.script.pieces;
        let piece = match pieces.get(self.piece % pieces.len().max(1)) {
            Some(&size) => usize::from(size) + 1,
            None => rest.len(),
        };
        self.piece += 1;
        let n = piece.min(rest.len()).min(space.len());
        space[..n].copy_from_slice(&rest[..n]);
        self.read += n;
        Ok(n)
    }
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A connection without a handshake never delivers anything: it wants more, or it fails for good.
pub fn run(script: Script) {
    let (client, server) = pair::contexts(script.tls12);
    let mut connection = if script.to_server {
        Connection::server(server).unwrap()
    } else {
        Connection::client(client, HOST).unwrap()
    };
    connection.set_read_ahead(script.read_ahead);
    if script.release {
        connection.set_mode(SslMode::RELEASE_BUFFERS);
    }
    let mut transport = Chunks {
        read: 0,
        piece: 0,
        paused: false,
        script,
    };
    let mut out = [0; 100];
    // Each call reads a byte at least, or blocks before it does.
    for _ in 0..2 * transport.script.bytes.len() + 4 {
        match drive::read(&mut connection, &mut transport, &mut out) {
            Ok(Outcome::Want(_)) => {}
            Ok(Outcome::Done(received)) => panic!("{received:?} without a handshake"),
            Err(CallError::Transport(error)) => panic!("{error}"),
            Err(CallError::Tls(error)) => {
                assert!(error.is_final() && connection.is_failed(), "{error}");
                let again = drive::read(&mut connection, &mut transport, &mut out);
                assert!(matches!(again, Err(CallError::Tls(Error::AlreadyFailed))));
                return;
            }
        }
    }
    assert_eq!(
        transport.read,
        transport.script.bytes.len(),
        "bytes left unread"
    );
    assert!(!transport.script.ends, "the end was not noticed");
}
