//! What a scan found, for programs.
//!
//! Owns the names of the fields.

use serde_json::{Value, json};

use super::ask::Server;
use super::find::{Accepted, Preference};
use super::flight::Flight;
use super::groups;
use super::offer::Version;
use super::report::suite_names;
use super::survey::{Fallback, Findings, Verdict};

/// All of it as one object.
pub(super) fn report(server: &Server<'_>, findings: &Findings) -> Value {
    let versions = findings.versions.iter().map(|(version, refusal)| {
        json!({
            "version": version.name(),
            "accepted": refusal.is_none(),
            "refusal": refusal.as_ref().map(ToString::to_string),
        })
    });
    let suites = findings.suites.iter().map(|(version, suites)| {
        let rows = suites.numbers.iter().map(|&number| suite(number));
        list(*version, suites, "suites", rows.collect())
    });
    let groups = findings.groups.iter().map(|(version, groups)| {
        let rows = groups.numbers.iter().map(|&number| group(number));
        list(*version, groups, "groups", rows.collect())
    });
    let flights = findings.flights.iter().map(|(version, found)| match found {
        Ok(found) => flight(*version, found),
        Err(reason) => json!({ "version": version.name(), "not_measured": reason }),
    });
    json!({
        "target": server.target.to_string(),
        "address": server.addr().to_string(),
        "server_name": server.server_name,
        "connections": server.connections(),
        "versions": versions.collect::<Vec<_>>(),
        "fallback_scsv": fallback(findings),
        "suites": suites.collect::<Vec<_>>(),
        "groups": groups.collect::<Vec<_>>(),
        "dhe": findings.dhe.map(|(version, bits)| json!({ "version": version.name(), "prime_bits": bits })),
        "flights": flights.collect::<Vec<_>>(),
    })
}

fn fallback(findings: &Findings) -> Value {
    let verdict = match findings.verdict() {
        Verdict::Enforced => "enforced",
        Verdict::Partly => "partly",
        Verdict::NotEnforced => "not enforced",
        Verdict::NothingToFallBackFrom => "nothing to fall back from",
        Verdict::Unclear => "unclear",
    };
    let probes = findings.fallbacks.iter().map(|(version, fallback)| {
        let answer = match fallback {
            Fallback::Refused => "alert inappropriate_fallback".to_owned(),
            Fallback::Accepted => "accepted".to_owned(),
            Fallback::Unclear(refusal) => refusal.to_string(),
        };
        json!({ "version": version.name(), "answer": answer })
    });
    json!({ "verdict": verdict, "fallbacks": probes.collect::<Vec<_>>() })
}

fn list(version: Version, accepted: &Accepted, name: &str, rows: Vec<Value>) -> Value {
    json!({
        "version": version.name(),
        "preference": accepted.preference.map(Preference::name),
        "complete": accepted.complete,
        name: rows,
    })
}

fn suite(number: u16) -> Value {
    let (iana, openssl) = suite_names(number);
    let openssl = Some(openssl).filter(|name| !name.is_empty());
    json!({ "number": number, "iana": iana, "openssl": openssl })
}

fn group(number: u16) -> Value {
    json!({ "number": number, "name": groups::name(number) })
}

fn flight(version: Version, flight: &Flight) -> Value {
    json!({
        "version": version.name(),
        "records": flight.sizes.records,
        "bytes": flight.sizes.bytes,
        "largest_record": flight.sizes.largest,
        "certificates": flight.certificates,
        "fits_initial_window": flight.fits_initial_window(),
    })
}
