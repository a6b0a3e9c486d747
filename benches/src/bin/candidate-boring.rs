//! BoringSSL in a process of its own: its cryptography has the names of other libraries'.
#![forbid(unsafe_code)]

fn main() -> anyhow::Result<()> {
    ssl_bench::serve::alone("BoringSSL", std::env::args().nth(1), None)
}
