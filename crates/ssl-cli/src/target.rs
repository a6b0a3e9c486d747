//! Which server to connect to, as it is typed, and the connection.
//!
//! Owns the spelling of a target and the choice among its addresses. Must not know what the connection is for.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use crate::failure::Failure;

/// A host and a port.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// A host name or an address, without brackets.
    host: String,
    port: u16,
}

impl Target {
    /// A target whose port may be left out: then it is 443.
    ///
    /// # Errors
    /// What to write instead.
    pub(crate) fn or_https(text: &str) -> Result<Self, String> {
        match text.ends_with(']') || !text.contains(':') {
            true => format!("{text}:443").parse(),
            false => text.parse(),
        }
    }

    /// The host name or address, without brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Connects to the first of its addresses that answers; each has this long.
    ///
    /// # Errors
    /// The name has no address, or nobody answers.
    pub(crate) fn connect(&self, timeout: Duration) -> Result<TcpStream, Failure> {
        let Self { host, port } = self;
        let addresses = (host.as_str(), *port).to_socket_addrs().map_err(|error| {
            Failure::line(format_args!(
                "no address for {host}: {error}; check the name"
            ))
        })?;
        let mut last = None;
        for address in addresses {
            match TcpStream::connect_timeout(&address, timeout) {
                Ok(tcp) => return Ok(tcp),
                Err(error) => last = Some(error),
            }
        }
        let error = last.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into());
        Err(Failure::line(format_args!(
            "cannot connect to {self}: {error}; is a server listening there?"
        )))
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write HOST:PORT, such as example.org:443 or [::1]:443".to_owned();
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let bare = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let ambiguous = bare.is_none() && host.contains([':', '[', ']']);
        let host = bare.unwrap_or(host);
        match port.parse() {
            Ok(port) if !host.is_empty() && !ambiguous => Ok(Self {
                host: host.to_owned(),
                port,
            }),
            _ => Err(wrong()),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_target_is_a_host_and_a_port() {
        let shown = |text: &str| text.parse::<Target>().map(|target| target.to_string());
        assert_eq!(shown("example.org:443").as_deref(), Ok("example.org:443"));
        assert_eq!(shown("[::1]:443").as_deref(), Ok("[::1]:443"));
        for wrong in [
            "example.org",
            "example.org:",
            ":443",
            "::1:443",
            "a:99999",
            "[]:1",
        ] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_port_may_be_left_out_where_there_is_a_default() {
        let shown = |text: &str| Target::or_https(text).map(|target| target.to_string());
        assert_eq!(shown("example.org").as_deref(), Ok("example.org:443"));
        assert_eq!(shown("example.org:1").as_deref(), Ok("example.org:1"));
        assert_eq!(shown("[::1]").as_deref(), Ok("[::1]:443"));
        assert_eq!(shown("[::1]:1").as_deref(), Ok("[::1]:1"));
        assert_eq!(shown("192.0.2.1").as_deref(), Ok("192.0.2.1:443"));
        for wrong in ["", "[]", "::1", "::1:443", "example.org:", "]"] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }
}
