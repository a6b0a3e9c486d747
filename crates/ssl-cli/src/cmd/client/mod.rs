//! `client`: connects standard input and output to a TLS server.
//!
//! Owns the arguments and the order of events; connecting, relaying and reporting have their files.

mod connect;
mod progress;
mod relay;
mod report;
mod sessions;
mod wait;

use std::path::PathBuf;
use std::time::Duration;

use ssl_record::config::{ClientConfig, Roots, ServerTrust};
use ssl_record::{Context, KeyUpdateRequest};

use crate::failure::{Failure, note};
use crate::options::{self, TlsOptions, configured};
use crate::target::Target;
use crate::trace;
use sessions::Sessions;

/// Arguments of `client`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server
    #[arg(value_name = "HOST:PORT")]
    target: Target,
    /// Authorities to trust: a PEM file, or "system" for the platform's [default: Mozilla's]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Certificate chain to show if the server asks, PEM, leaf first
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// Its private key, PEM [default: the file of --cert]
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Name to ask for and to verify [default: HOST]
    #[arg(long, value_name = "NAME")]
    servername: Option<String>,
    /// Verify nothing: anyone on the path can read and change the traffic
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
    /// Connect twice and say whether the second connection resumed the session of the first
    #[arg(long)]
    resume: bool,
    /// Resume the session in this file, if there is one, and write the newest session to it at the end.
    /// It is secret. Who resumes a session does not verify the server again, so use one file for one --ca
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    session_file: Option<PathBuf>,
    /// Change the keys once the handshake is done (TLS 1.3)
    #[arg(long)]
    key_update: bool,
    /// Seconds to wait for the connection and for the handshake
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// Do not say what was negotiated
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    tls: TlsOptions,
}

/// Connects, relays until both directions are closed.
///
/// # Errors
/// The one line that says what went wrong.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    if args.tls.trace {
        trace::start();
    }
    if args.insecure {
        note(
            "ssl-cli: WARNING: --insecure: the server is NOT verified; anyone on the path can read and change the traffic",
        );
    }
    let context = context(args)?;
    args.tls.set_modes(&context);
    let server_name = args.servername.as_deref().unwrap_or(args.target.host());
    let connector = connect::Connector {
        context: &context,
        target: &args.target,
        server_name,
        timeout: Duration::from_secs(args.timeout),
    };
    let mut sessions = Sessions::open(args.session_file.as_deref(), &context, server_name);
    if args.resume {
        let mut first = connector.connect()?;
        tell(args, &first);
        connector.close_politely(&mut first)?;
        sessions.note(first.connection());
    }
    let mut stream = connector.connect()?;
    tell(args, &stream);
    if args.key_update {
        let connection = stream.connection_mut();
        connection
            .key_update(KeyUpdateRequest::Requested)
            .map_err(|error| Failure::call(&args.target, &error.into()))?;
        connector.handshake(&mut stream)?;
    }
    let progress = progress::Progress::start();
    let relay = relay::Relay::new(&mut stream, &args.target, &mut sessions, progress)?;
    let relayed = relay.run();
    let saved = sessions.finish(stream.connection());
    relayed.and(saved)
}

fn tell(args: &Args, stream: &connect::Stream) {
    if !args.quiet {
        report::negotiated(&args.target, stream);
    }
}

fn context(args: &Args) -> Result<Context, Failure> {
    let config = match &args.ca {
        _ if args.insecure => ClientConfig::with_trust(ServerTrust::Anyone),
        None => ClientConfig::new(Roots::webpki()),
        Some(path) if path.as_os_str() == "system" => ClientConfig::new(options::platform_roots()?),
        Some(path) => ClientConfig::new(options::roots("--ca", path)?),
    };
    let mut config = configured!(config, &args.tls).export_sessions(args.session_file.is_some());
    if let Some(path) = args
        .tls
        .keylog
        .clone()
        .or_else(options::environment_key_log)
    {
        config = config.key_log(options::key_log(&path)?);
    }
    if let Some(cert) = &args.cert {
        config = config.identity(options::identity(cert, args.key.as_deref())?);
    }
    Context::client(config).map_err(|error| Failure::config(&"configuration", &error))
}
