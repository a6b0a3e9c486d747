//! s2n-tls in a process of its own: it brings cryptography of its own.
#![forbid(unsafe_code)]

fn main() -> anyhow::Result<()> {
    ssl_bench::serve::alone("s2n-tls", std::env::args().nth(1), None)
}
