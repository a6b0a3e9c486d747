//! `MODES`: what there is to say about each mode, once.
//!
//! The command line, the README and the index of `docs/modes` are generated from these rows, so a
//! fact is written here and nowhere else. Must not know how masks are stored or parsed.

use core::fmt;

use crate::SslMode;

/// Everything this project says about one mode.
///
/// ```
/// use ssl_mode::{MODES, Support};
///
/// for row in MODES.iter().filter(|row| row.support == Support::Acts) {
///     println!("{:<28} {:#05x}  {}", row.name, row.bit, row.effect);
/// }
/// ```
///
/// Source: M1 for names, bits and calls.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ModeRow {
    /// OpenSSL's name without `SSL_MODE_`.
    pub name: &'static str,
    /// The name for command lines: kebab case, and the stem of [`page`](Self::page).
    pub short: &'static str,
    /// Further spellings that are understood; `name` and `short` are not repeated.
    pub aliases: &'static [&'static str],
    /// The bit; exactly one.
    pub bit: SslMode,
    /// The first OpenSSL release that has it.
    pub since: &'static str,
    /// Whether a new context starts with it (M3).
    pub default: bool,
    /// One line: what the bit, when set, changes for the caller.
    pub effect: &'static str,
    /// What each call does differently while the bit is set.
    pub acts_on: &'static [CallEffect],
    /// Well-known programs that set or clear it, not all of them.
    pub set_by: &'static [ModeUser],
    /// Whether this workspace does what the bit asks.
    pub support: Support,
    /// Its page, relative to the root of the repository.
    pub page: &'static str,
}

/// What one call does differently while a bit is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallEffect {
    /// The C function, without parentheses; its `_ex` form is meant too.
    pub call: &'static str,
    /// One line, starting with a verb.
    pub effect: &'static str,
}

/// A program or library that touches a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeUser {
    /// As its authors spell it.
    pub program: &'static str,
    /// What it does to the bit.
    pub does: Use,
    /// One line: for what reason, or when.
    pub why: &'static str,
}

/// What a program does to a bit. `Display` writes the verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// Sets it.
    Sets,
    /// Clears it.
    Clears,
    /// Does both on a live connection.
    Toggles,
}

/// Whether this workspace does what a bit asks. Every bit is stored, returned and inherited
/// regardless. `Display` writes a short phrase for tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Support {
    /// The calls named in [`ModeRow::acts_on`] behave as described.
    Acts,
    /// The drop-in `libssl.so.3` does it; a Rust connection has nothing of the kind.
    ActsInC,
    /// The bit concerns a protocol that this workspace does not speak.
    NothingToActOn,
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sets => "sets",
            Self::Clears => "clears",
            Self::Toggles => "toggles",
        })
    }
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Acts => "acts",
            Self::ActsInC => "acts in libssl.so.3 only",
            Self::NothingToActOn => "stored, nothing to act on",
        })
    }
}

/// One row per mode that OpenSSL named, lowest bit first.
///
/// ```
/// use ssl_mode::{MODES, SslMode};
///
/// let named = MODES.iter().fold(SslMode::empty(), |mask, row| mask | row.bit);
/// assert_eq!(named.bits(), 0x5ff);
/// ```
pub static MODES: [ModeRow; 10] = [
    ModeRow {
        name: "ENABLE_PARTIAL_WRITE",
        short: "partial-write",
        aliases: &["partial"],
        bit: SslMode::ENABLE_PARTIAL_WRITE,
        since: "0.9.4",
        default: false,
        effect: "a write may report success after one record instead of all",
        acts_on: &[CallEffect {
            call: "SSL_write",
            effect: "returns after one record; the retry of a blocked write after one more",
        }],
        set_by: &[
            sets("HAProxy", "ring buffers take whatever part is ready"),
            sets("Ruby", "syswrite_nonblock returns short counts"),
            sets("stunnel", "slides its own ring buffers between calls"),
            sets(
                "lighttpd",
                "writes a queue of chunks and expects short counts",
            ),
            toggles(
                "redis",
                "clears it around a synchronous write, which must go out whole",
            ),
        ],
        support: Support::Acts,
        page: "docs/modes/partial-write.md",
    },
    ModeRow {
        name: "ACCEPT_MOVING_WRITE_BUFFER",
        short: "moving-buffer",
        aliases: &["moving-write-buffer", "accept-moving-buffer", "moving"],
        bit: SslMode::ACCEPT_MOVING_WRITE_BUFFER,
        since: "0.9.4",
        default: false,
        effect: "the retry of a blocked write may pass another address",
        acts_on: &[CallEffect {
            call: "SSL_write",
            effect: "skips the address check when it retries a blocked write",
        }],
        set_by: &[
            sets(
                "PostgreSQL",
                "the output buffer may be enlarged between retries",
            ),
            sets("CPython", "each retry may pass a fresh bytes object"),
            sets("libevent", "pins its buffer chains anew for each retry"),
            sets("HAProxy", "ring buffers move between retries"),
        ],
        support: Support::Acts,
        page: "docs/modes/moving-buffer.md",
    },
    ModeRow {
        name: "AUTO_RETRY",
        short: "auto-retry",
        aliases: &[],
        bit: SslMode::AUTO_RETRY,
        since: "0.9.6",
        default: true,
        effect: "a read goes on after a record without application data",
        acts_on: &[
            CallEffect {
                call: "SSL_read",
                effect: "handles a ticket or KeyUpdate and reads on instead of wanting read",
            },
            CallEffect {
                call: "SSL_peek",
                effect: "does as SSL_read",
            },
            CallEffect {
                call: "SSL_shutdown",
                effect: "waits past tickets for the peer's close_notify",
            },
        ],
        set_by: &[
            clears(
                "Apache",
                "its input filter wants control back after a ticket",
            ),
            clears("socat", "it selects and must not block in a read"),
            clears("openssl s_client", "it selects on the descriptor"),
            clears("cpp-httplib", "while it polls"),
            sets("Node.js", "on each connection"),
        ],
        support: Support::Acts,
        page: "docs/modes/auto-retry.md",
    },
    ModeRow {
        name: "NO_AUTO_CHAIN",
        short: "no-auto-chain",
        aliases: &[],
        bit: SslMode::NO_AUTO_CHAIN,
        since: "0.9.7a",
        default: false,
        effect: "the certificate message is not completed from the trust store",
        acts_on: &[
            CallEffect {
                call: "SSL_accept",
                effect: "sends the leaf alone if no chain was given",
            },
            CallEffect {
                call: "SSL_connect",
                effect: "does so for a client certificate that the server asks for",
            },
        ],
        set_by: &[
            sets(
                "nginx",
                "a CA file for clients must not leak into its own chain",
            ),
            sets("squid", "on its contexts"),
            sets("FreeRADIUS", "on its contexts"),
            clears("hostapd", "deployments rely on the completed chain"),
            clears("Node.js", "on its contexts"),
        ],
        support: Support::ActsInC,
        page: "docs/modes/no-auto-chain.md",
    },
    ModeRow {
        name: "RELEASE_BUFFERS",
        short: "release-buffers",
        aliases: &["release"],
        bit: SslMode::RELEASE_BUFFERS,
        since: "1.0.0",
        default: false,
        effect: "an idle connection holds no record buffers",
        acts_on: &[
            CallEffect {
                call: "SSL_read",
                effect: "gives the read buffer back when nothing is left in it",
            },
            CallEffect {
                call: "SSL_peek",
                effect: "does as SSL_read, but keeps what it showed",
            },
            CallEffect {
                call: "SSL_write",
                effect: "gives the write buffer back when the write is complete",
            },
        ],
        set_by: &[
            sets("nginx", "on every context"),
            sets("Apache", "memory per idle connection"),
            sets("curl", "on every context, until 2024"),
            sets("memcached", "on every context"),
            sets("mosquitto", "on every context"),
        ],
        support: Support::Acts,
        page: "docs/modes/release-buffers.md",
    },
    ModeRow {
        name: "SEND_CLIENTHELLO_TIME",
        short: "clienthello-time",
        aliases: &["client-hello-time"],
        bit: SslMode::SEND_CLIENTHELLO_TIME,
        since: "1.0.1f",
        default: false,
        effect: "the client random starts with the time of day",
        acts_on: &[CallEffect {
            call: "SSL_connect",
            effect: "puts the time into the first four bytes of the client random",
        }],
        set_by: &[],
        support: Support::Acts,
        page: "docs/modes/clienthello-time.md",
    },
    ModeRow {
        name: "SEND_SERVERHELLO_TIME",
        short: "serverhello-time",
        aliases: &["server-hello-time"],
        bit: SslMode::SEND_SERVERHELLO_TIME,
        since: "1.0.1f",
        default: false,
        effect: "the server random starts with the time of day",
        acts_on: &[CallEffect {
            call: "SSL_accept",
            effect: "puts the time into the first four bytes of the server random",
        }],
        set_by: &[],
        support: Support::Acts,
        page: "docs/modes/serverhello-time.md",
    },
    ModeRow {
        name: "SEND_FALLBACK_SCSV",
        short: "fallback-scsv",
        aliases: &["scsv"],
        bit: SslMode::SEND_FALLBACK_SCSV,
        since: "1.0.1j",
        default: false,
        effect: "the ClientHello says that it is a retry at a lower version",
        acts_on: &[CallEffect {
            call: "SSL_connect",
            effect: "ends the suite list with 0x5600, so that a better server refuses",
        }],
        set_by: &[
            sets("openssl s_client", "with -fallback_scsv"),
            sets("sslscan", "tests whether servers honour it"),
            sets("Ruby", "by SSLContext#enable_fallback_scsv"),
            sets("links", "when it retries at a lower version"),
        ],
        support: Support::Acts,
        page: "docs/modes/fallback-scsv.md",
    },
    ModeRow {
        name: "ASYNC",
        short: "async",
        aliases: &[],
        bit: SslMode::ASYNC,
        since: "1.1.0",
        default: false,
        effect: "a call may pause for a slow key operation and be resumed by repeating it",
        acts_on: &[
            CallEffect {
                call: "SSL_do_handshake",
                effect: "may want async; repeat it to resume",
            },
            CallEffect {
                call: "SSL_read",
                effect: "may want async; repeat it to resume",
            },
            CallEffect {
                call: "SSL_peek",
                effect: "may want async; repeat it to resume",
            },
            CallEffect {
                call: "SSL_write",
                effect: "may want async; repeat it to resume",
            },
            CallEffect {
                call: "SSL_shutdown",
                effect: "may want async; repeat it to resume",
            },
        ],
        set_by: &[
            toggles("HAProxy", "with ssl-mode-async"),
            toggles("Traffic Server", "with proxy.config.ssl.async"),
            sets("openssl s_server", "with -async"),
        ],
        support: Support::Acts,
        page: "docs/modes/async.md",
    },
    ModeRow {
        name: "DTLS_SCTP_LABEL_LENGTH_BUG",
        short: "sctp-label-bug",
        aliases: &["dtls-sctp-label-bug"],
        bit: SslMode::DTLS_SCTP_LABEL_LENGTH_BUG,
        since: "1.1.1b",
        default: false,
        effect: "DTLS over SCTP repeats a key-derivation mistake of OpenSSL up to 1.1.1a",
        acts_on: &[
            CallEffect {
                call: "SSL_connect",
                effect: "over SCTP only: counts the label's terminating zero byte",
            },
            CallEffect {
                call: "SSL_accept",
                effect: "over SCTP only: counts the label's terminating zero byte",
            },
        ],
        set_by: &[sets(
            "openssl s_client",
            "with -sctp_label_bug, in builds with SCTP",
        )],
        support: Support::NothingToActOn,
        page: "docs/modes/sctp-label-bug.md",
    },
];

const fn sets(program: &'static str, why: &'static str) -> ModeUser {
    ModeUser {
        program,
        does: Use::Sets,
        why,
    }
}

const fn clears(program: &'static str, why: &'static str) -> ModeUser {
    ModeUser {
        program,
        does: Use::Clears,
        why,
    }
}

const fn toggles(program: &'static str, why: &'static str) -> ModeUser {
    ModeUser {
        program,
        does: Use::Toggles,
        why,
    }
}
