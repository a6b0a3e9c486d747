//! Ports for servers. Owns the choice; must not know who listens.
//!
//! They lie below the range from which the kernel takes ports for outgoing connections, so that no client of
//! another scenario can sit on one between its choice and its use. Runs beside each other on one machine take
//! theirs from different blocks.

use std::fs::File;
use std::net::TcpListener;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::fs::{FlockOperation, flock};

/// `N` ports that nobody listens on and that this process has not handed out lately.
pub(crate) fn free<const N: usize>() -> [u16; N] {
    let block = BLOCK.get_or_init(Block::take);
    [(); N].map(|()| block.port())
}

/// A part of the range that this process has for itself.
struct Block {
    first: u16,
    next: AtomicU16,
    /// Locked for as long as the process lives.
    _lock: Option<File>,
}

impl Block {
    fn take() -> Self {
        let blocks = (0..BLOCKS).map(|number| {
            let name = format!("ssl-scenarios-ports-{number}.lock");
            let file = File::create(std::env::temp_dir().join(name)).ok()?;
            flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
            Some((number, file))
        });
        let taken = blocks.flatten().next();
        // With more runs than blocks, two of them share the last and rely on the check of each port.
        let (number, lock) =
            taken.map_or((BLOCKS - 1, None), |(number, file)| (number, Some(file)));
        Self {
            first: FIRST + number * SIZE,
            next: AtomicU16::new(0),
            _lock: lock,
        }
    }

    fn port(&self) -> u16 {
        loop {
            let step = self.next.fetch_add(1, Ordering::Relaxed);
            let port = self.first + step % SIZE;
            if TcpListener::bind(("0.0.0.0", port)).is_ok() {
                return port;
            }
        }
    }
}

static BLOCK: OnceLock<Block> = OnceLock::new();

/// Above what Debian's services use. Linux gives outgoing connections ports from 32768.
const FIRST: u16 = 18_000;

const BLOCKS: u16 = 7;

/// Ports in a block: more than all servers of a run need at a time, many times over.
const SIZE: u16 = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_all_different() {
        let mut ports = free::<50>();
        ports.sort_unstable();
        assert!(ports.windows(2).all(|pair| pair[0] != pair[1]));
        let _listener = TcpListener::bind(("127.0.0.1", ports[0])).unwrap();
        assert!(!free::<50>().contains(&ports[0]));
    }

    #[test]
    fn another_run_has_other_ports() {
        let (one, other) = (Block::take(), Block::take());
        assert_ne!(one.first, other.first);
    }
}
