//! Ports for servers. Owns the choice; must not know who listens.
//!
//! They lie below the range from which the kernel takes ports for outgoing connections, so that no client of
//! another scenario can sit on one between its choice and its use.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// `N` ports that nobody listens on and that this process has not handed out lately.
pub(crate) fn free<const N: usize>() -> [u16; N] {
    [(); N].map(|()| one())
}

fn one() -> u16 {
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        // Runs beside each other on one machine begin at different places.
        let start = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap_or_default();
        let port = FIRST + start.wrapping_add(step) % COUNT;
        if TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}

static NEXT: AtomicU16 = AtomicU16::new(0);

/// Above what Debian's services use.
const FIRST: u16 = 18_000;

/// Linux gives outgoing connections ports from 32768.
const COUNT: u16 = 14_000;

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
}
