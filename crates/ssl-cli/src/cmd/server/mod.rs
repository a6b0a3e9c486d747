//! `server`: echo, files or a proxy over TLS.
//!
//! Owns the arguments and the set-up; accepting, pumping and HTTP have their files.

mod accept;
mod pump;
mod www;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ssl_record::Context;
use ssl_record::config::{ClientTrust, Identity, ServerConfig};

use crate::certificate;
use crate::failure::{Failure, note};
use crate::options::{self, TlsOptions, configured};
use crate::trace;

/// Arguments of `server`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to listen; port 0 lets the system choose one, which is printed
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4433")]
    listen: SocketAddr,
    /// Serve the files below this directory over HTTP/1.1 instead of echoing
    #[arg(long, value_name = "DIR", conflicts_with = "forward")]
    www: Option<PathBuf>,
    /// Pass the data to this TCP server, in the clear, instead of echoing
    #[arg(long, value_name = "HOST:PORT")]
    forward: Option<String>,
    /// Certificate chain, PEM, leaf first [default: one made on the spot]
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// Its private key, PEM [default: the file of --cert]
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Names of the certificate that is made on the spot
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "localhost,127.0.0.1,::1",
        conflicts_with = "cert"
    )]
    names: Vec<String>,
    /// Where to write the authority that issued that certificate, PEM; - prints it
    #[arg(long, value_name = "FILE", conflicts_with = "cert")]
    ca_out: Option<PathBuf>,
    /// Ask clients for a certificate that one of these authorities issued, PEM
    #[arg(long, value_name = "FILE")]
    client_ca: Option<PathBuf>,
    /// Refuse clients without such a certificate
    #[arg(long, requires = "client_ca")]
    require_client_cert: bool,
    /// Threads that serve connections [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Seconds that connections get to finish after SIGINT or SIGTERM
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    grace: u64,
    /// Do not say who connects
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    tls: TlsOptions,
}

/// What is done with the data.
enum Service {
    Echo,
    Www(PathBuf),
    Forward(String),
}

/// Serves until told to stop.
///
/// # Errors
/// The one line that says what went wrong.
pub(crate) fn run(args: &Args, out: &mut dyn Write) -> Result<(), Failure> {
    if args.tls.trace {
        trace::start();
    }
    let service = service(args)?;
    let context = context(args, out)?;
    args.tls.set_modes(&context);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = args.threads {
        runtime.worker_threads(threads.into());
    }
    let runtime = runtime
        .enable_all()
        .build()
        .map_err(|error| Failure::line(format_args!("cannot start threads: {error}")))?;
    let server = accept::Server {
        context,
        service,
        quiet: args.quiet,
        grace: Duration::from_secs(args.grace),
    };
    let result = runtime.block_on(accept::run(server, args.listen, out));
    // Connections that did not finish in time must not hold the program up.
    runtime.shutdown_background();
    result
}

fn service(args: &Args) -> Result<Service, Failure> {
    match (&args.www, &args.forward) {
        (Some(directory), _) if directory.is_dir() => Ok(Service::Www(directory.clone())),
        (Some(directory), _) => Err(Failure::usage(format_args!(
            "--www {}: not a directory",
            directory.display()
        ))),
        (None, Some(target)) => Ok(Service::Forward(target.clone())),
        (None, None) => Ok(Service::Echo),
    }
}

fn context(args: &Args, out: &mut dyn Write) -> Result<Context, Failure> {
    let identity = identity(args, out)?;
    let config = configured!(ServerConfig::new(identity), &args.tls);
    let mut config = match &args.www {
        Some(_) if args.tls.alpn.is_empty() => config.alpn(["http/1.1"]),
        _ => config,
    };
    if let Some(path) = &args.tls.keylog {
        config = config.key_log(options::key_log(path)?);
    }
    if let Some(path) = &args.client_ca {
        let roots = options::roots("--client-ca", path)?;
        config = config.client_trust(if args.require_client_cert {
            ClientTrust::Required(roots)
        } else {
            ClientTrust::Requested(roots)
        });
    }
    Context::server(config).map_err(|error| Failure::config(&"configuration", &error))
}

fn identity(args: &Args, out: &mut dyn Write) -> Result<Identity, Failure> {
    if let Some(cert) = &args.cert {
        return options::identity(cert, args.key.as_deref());
    }
    let made = certificate::generate(&args.names)
        .map_err(|error| Failure::usage(format_args!("--names: {error}")))?;
    match args.ca_out.as_deref() {
        Some(path) if path == Path::new("-") => write!(out, "{}", made.ca_pem)?,
        Some(path) => std::fs::write(path, &made.ca_pem).map_err(|error| {
            Failure::line(format_args!("cannot write {}: {error}", path.display()))
        })?,
        None => note("clients need the authority of this certificate to trust it; see --ca-out"),
    }
    let leaf = made.identity.chain().next().unwrap_or_default();
    writeln!(out, "certificate sha256 {}", certificate::fingerprint(leaf))?;
    Ok(made.identity)
}
