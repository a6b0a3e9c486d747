//! Someone on the path who changes what is under way.

use arbitrary::Arbitrary;
use ssl_record::io::CallError;
use ssl_record::{Outcome, Received};

use crate::pair::{Pair, stream};

/// What is written and what is done to it.
#[derive(Arbitrary, Debug)]
pub struct Script {
    tls12: bool,
    to_server: bool,
    read_ahead: bool,
    /// The transport ends behind the records.
    ends: bool,
    /// Lengths of the writes.
    writes: [u8; 3],
    changes: Vec<Change>,
}

/// Places are taken modulo the length of what is under way.
#[derive(Arbitrary, Debug)]
enum Change {
    Flip {
        at: u16,
        bit: u8,
    },
    Set {
        at: u16,
        byte: u8,
    },
    Insert {
        at: u16,
        bytes: Vec<u8>,
    },
    /// A record header of a possible length, with as many bytes behind it.
    InsertRecord {
        content_type: u8,
        version: u8,
        len: u8,
        at_end: bool,
    },
    Remove {
        at: u16,
        len: u8,
    },
    Repeat {
        at: u16,
        len: u8,
    },
}

impl Change {
    fn apply(&self, wire: &mut Vec<u8>) {
        let place = |at: u16| usize::from(at) % wire.len().max(1);
        let part = |at: u16, len: u8| {
            let start = place(at).min(wire.len());
            start..(start + usize::from(len)).min(wire.len())
        };
        match self {
            &Self::Flip { at, bit } => {
                let at = place(at);
                if let Some(byte) = wire.get_mut(at) {
                    *byte ^= 1 << (bit % 8);
                }
            }
            &Self::Set { at, byte } => {
                let at = place(at);
                if let Some(old) = wire.get_mut(at) {
                    *old = byte;
                }
            }
            Self::Insert { at, bytes } => {
                let at = place(*at);
                wire.splice(at..at, bytes.iter().copied());
            }
            &Self::InsertRecord {
                content_type,
                version,
                len,
                at_end,
            } => {
                let mut record = vec![20 + content_type % 5, 3, version % 5, 0, len];
                record.resize(5 + usize::from(len), 1);
                let at = if at_end { wire.len() } else { 0 };
                wire.splice(at..at, record);
            }
            &Self::Remove { at, len } => drop(wire.drain(part(at, len))),
            &Self::Repeat { at, len } => {
                let part = part(at, len);
                let copy = wire[part.clone()].to_vec();
                wire.splice(part.end..part.end, copy);
            }
        }
    }
}

/// What is read is a beginning of what was written, and all of it if nobody interfered.
pub fn run(script: &Script) {
    let mut pair = Pair::take(script.tls12, false);
    let (from, to) = if script.to_server {
        (&mut pair.client, &mut pair.server)
    } else {
        (&mut pair.server, &mut pair.client)
    };
    // The tickets of a fresh pair are not what is changed here.
    for half in [&mut *from, &mut *to] {
        assert!(matches!(half.read_stream(&mut 0), Ok(Outcome::Want(_))));
    }
    let mut written = 0;
    for len in script.writes {
        let data = stream(written, len.into());
        assert_eq!(from.write(&data).unwrap(), Outcome::Done(data.len()));
        written += data.len() as u64;
    }
    let link = from.outgoing();
    let sent = link.take_raw();
    let mut wire = sent.clone();
    for change in &script.changes {
        change.apply(&mut wire);
    }
    link.push_raw(&wire);
    if script.ends {
        link.close();
    }
    to.connection.set_read_ahead(script.read_ahead);
    let mut read = 0;
    let end = to.read_stream(&mut read);
    assert!(read <= written);
    if let Err(CallError::Transport(error)) = &end {
        panic!("{error}");
    }
    assert!(
        !matches!(end, Ok(Outcome::Done(Received::Closed))),
        "nobody closed"
    );
    if wire == sent {
        assert_eq!(read, written);
        assert_eq!(end.is_err(), script.ends);
        if !script.ends {
            pair.give_back();
        }
    } else if end.is_err() {
        assert!(to.connection.is_failed());
        assert!(to.read(&mut [0; 10]).is_err() && to.write(b"x").is_err());
    }
}
