//! What a scan found, for people.
//!
//! Owns the layout and the wording.

use std::io::{self, Write};

use super::ask::Server;
use super::find::{Accepted, Preference};
use super::flight::{Flight, INITIAL_WINDOW};
use super::groups;
use super::offer::Version;
use super::suites::Suite;
use super::survey::{Fallback, Findings, Verdict};
use crate::failure::Failure;

/// Prints all of it.
///
/// # Errors
/// Standard output is closed.
pub(super) fn print(
    server: &Server<'_>,
    findings: &Findings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let name = match server.server_name {
        Some(name) => format!("asked for {}", name.escape_default()),
        None => "asked for no name".to_owned(),
    };
    let (target, addr, count) = (server.target, server.addr(), server.connections());
    writeln!(out, "{target} ({addr}), {name}, {count} connections\n")?;
    versions(findings, out)?;
    fallback(findings, out)?;
    for (version, suites) in &findings.suites {
        let order = order(suites);
        writeln!(out, "\n{version} suites{order}")?;
        for &number in &suites.numbers {
            let (iana, openssl) = suite_names(number);
            writeln!(out, "  {:<54}{openssl}", format!("{number:#06x} {iana}"))?;
        }
    }
    for (version, groups) in &findings.groups {
        let order = order(groups);
        let names: Vec<String> = groups.numbers.iter().copied().map(group_name).collect();
        let names = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        writeln!(out, "\n{version} groups{order}\n  {names}")?;
    }
    if let Some((version, bits)) = findings.dhe {
        writeln!(out, "\n{version} DHE\n  a prime of {bits} bits")?;
    }
    writeln!(out, "\nfirst flight")?;
    for (version, found) in &findings.flights {
        match found {
            Ok(found) => flight(*version, found, out)?,
            Err(reason) => writeln!(out, "  {version}: not measured: {reason}")?,
        }
    }
    Ok(())
}

fn versions(findings: &Findings, out: &mut dyn Write) -> io::Result<()> {
    for (version, refusal) in &findings.versions {
        match refusal {
            None => writeln!(out, "{version}  accepted")?,
            Some(refusal) => writeln!(out, "{version}  refused: {refusal}")?,
        }
    }
    Ok(())
}

fn fallback(findings: &Findings, out: &mut dyn Write) -> io::Result<()> {
    let verdict = match findings.verdict() {
        Verdict::Enforced => "enforced",
        Verdict::Partly => "enforced in part",
        Verdict::NotEnforced => {
            "NOT enforced: who disturbs a first handshake can make clients use an older version"
        }
        Verdict::NothingToFallBackFrom => "one version only, so there is nothing to fall back from",
        Verdict::Unclear => "unclear",
    };
    writeln!(out, "\nTLS_FALLBACK_SCSV  {verdict}")?;
    for (version, fallback) in &findings.fallbacks {
        let text = match fallback {
            Fallback::Refused => "refused with inappropriate_fallback".to_owned(),
            Fallback::Accepted => "accepted".to_owned(),
            Fallback::Unclear(refusal) => refusal.to_string(),
        };
        writeln!(out, "  fallback to {version}: {text}")?;
    }
    Ok(())
}

fn flight(version: Version, flight: &Flight, out: &mut dyn Write) -> io::Result<()> {
    let sizes = flight.sizes;
    let (chain, count): (usize, usize) =
        (flight.certificates.iter().sum(), flight.certificates.len());
    let plural = if count == 1 { "" } else { "s" };
    let fits = match flight.fits_initial_window() {
        true => "fits",
        false => "does not fit",
    };
    writeln!(
        out,
        "  {version}: {} bytes in {} records, the largest with {}; {count} certificate{plural} of {chain} bytes; \
         {fits} the usual initial window of {INITIAL_WINDOW} bytes",
        sizes.bytes, sizes.records, sizes.largest
    )
}

fn order(accepted: &Accepted) -> String {
    let order = match accepted.preference {
        Some(Preference::Server) => ", in the server's order",
        Some(Preference::Client) => "; the client's order decides",
        Some(Preference::Mixed) => "; neither side's order decides alone",
        None => "",
    };
    let complete = match accepted.complete {
        true => "",
        false => "; perhaps there are more: the server answered no longer as before",
    };
    format!("{order}{complete}")
}

/// IANA's and OpenSSL's name.
pub(super) fn suite_names(number: u16) -> (&'static str, &'static str) {
    Suite::find(number).map_or(("unknown", ""), |suite| (suite.iana, suite.openssl))
}

fn group_name(number: u16) -> String {
    match groups::name(number) {
        Some(name) => name.to_owned(),
        None => format!("{number:#06x}"),
    }
}
