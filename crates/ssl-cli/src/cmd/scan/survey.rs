//! The questions in their order, and what came of them.
//!
//! Owns what a scan finds out, as values. Must not know how an answer is read or how it is printed.

use ssl_record::hello::{ServerFlight, ServerParams};
use ssl_record::record::AlertDescription;

use super::ask::{Answer, Choice, Refusal, Server, Until};
use super::find::{Accepted, Found, Reply, accepted};
use super::flight::{self, Flight};
use super::groups;
use super::offer::{Offer, Version};
use super::suites::{KeyExchange, SUITES, Suite};
use crate::failure::Failure;

/// All that was found.
#[derive(Debug)]
pub(super) struct Findings {
    /// Each version and how it was refused, if it was; newest first.
    pub(super) versions: Vec<(Version, Option<Refusal>)>,
    /// What became of a fallback to each accepted version but the best, newest first.
    pub(super) fallbacks: Vec<(Version, Fallback)>,
    pub(super) suites: Vec<(Version, Accepted)>,
    pub(super) groups: Vec<(Version, Accepted)>,
    /// Bits of the prime that the server brings, and the version in which it did.
    pub(super) dhe: Option<(Version, usize)>,
    pub(super) flights: Vec<(Version, Result<Flight, String>)>,
}

/// What a server did with a hello that has TLS_FALLBACK_SCSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fallback {
    /// Refused it with inappropriate_fallback.
    Refused,
    /// Went along.
    Accepted,
    /// Anything else.
    Unclear(Refusal),
}

/// What the fallbacks say of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Enforced,
    /// In some versions only.
    Partly,
    NotEnforced,
    /// There is one version.
    NothingToFallBackFrom,
    Unclear,
}

impl Findings {
    /// The accepted versions, newest first.
    pub(super) fn accepted(&self) -> impl Iterator<Item = Version> {
        let accepted = self
            .versions
            .iter()
            .filter(|(_, refusal)| refusal.is_none());
        accepted.map(|&(version, _)| version)
    }

    /// Whether the server enforces TLS_FALLBACK_SCSV (RFC 7507, section 3).
    pub(super) fn verdict(&self) -> Verdict {
        let count = |fallback: &Fallback| {
            let same = |(_, other): &&(Version, Fallback)| other == fallback;
            self.fallbacks.iter().filter(same).count()
        };
        match (count(&Fallback::Refused), count(&Fallback::Accepted)) {
            _ if self.fallbacks.is_empty() => Verdict::NothingToFallBackFrom,
            (refused, _) if refused == self.fallbacks.len() => Verdict::Enforced,
            (0, 0) => Verdict::Unclear,
            (0, _) => Verdict::NotEnforced,
            _ => Verdict::Partly,
        }
    }
}

/// Asks the server everything.
///
/// # Errors
/// It cannot be connected to any more, or it accepts no version at all.
pub(super) fn survey(server: &Server<'_>) -> Result<Findings, Failure> {
    let mut survey = Survey {
        server,
        share: false,
    };
    let versions = survey.versions()?;
    let mut findings = Findings {
        versions,
        fallbacks: Vec::new(),
        suites: Vec::new(),
        groups: Vec::new(),
        dhe: None,
        flights: Vec::new(),
    };
    let accepted: Vec<Version> = findings.accepted().collect();
    for &version in accepted.iter().skip(1) {
        let fallback = survey.fallback(version)?;
        findings.fallbacks.push((version, fallback));
    }
    for &version in &accepted {
        let suites = survey.suites(version)?;
        findings.suites.push((version, suites));
    }
    let tls13 = accepted.iter().find(|&&version| version == Version::Tls13);
    let older = accepted.iter().find(|&&version| version < Version::Tls13);
    for &version in tls13.into_iter().chain(older) {
        survey.details(version, &mut findings)?;
    }
    Ok(findings)
}

struct Survey<'a> {
    server: &'a Server<'a>,
    /// Whether the server answers hellos of TLS 1.3 only if they bring a share.
    share: bool,
}

impl Survey<'_> {
    fn versions(&mut self) -> Result<Vec<(Version, Option<Refusal>)>, Failure> {
        let mut versions = Vec::new();
        for version in Version::ALL {
            let mut refusal = self.version(version)?;
            if version == Version::Tls13 && is_about_the_share(refusal.as_ref()) {
                self.share = true;
                refusal = self.version(version)?;
            }
            versions.push((version, refusal));
            if let Some(hopeless) = hopeless(&versions) {
                return Err(self.no_tls(hopeless));
            }
        }
        Ok(versions)
    }

    /// How a version is refused, if it is.
    fn version(&self, version: Version) -> Result<Option<Refusal>, Failure> {
        let answer = self.ask(self.offer(version, &suites_of(version), &groups_of(version)))?;
        Ok(match answer {
            Answer::Choice(choice, _) => unasked(version, choice),
            Answer::Refusal(refusal) => Some(refusal),
        })
    }

    fn fallback(&self, version: Version) -> Result<Fallback, Failure> {
        let (suites, groups) = (suites_of(version), groups_of(version));
        let offer = Offer {
            fallback: true,
            ..self.offer(version, &suites, &groups)
        };
        Ok(match self.ask(offer)? {
            Answer::Choice(choice, _) => match unasked(version, choice) {
                None => Fallback::Accepted,
                Some(refusal) => Fallback::Unclear(refusal),
            },
            Answer::Refusal(Refusal::Alert(AlertDescription::INAPPROPRIATE_FALLBACK)) => {
                Fallback::Refused
            }
            Answer::Refusal(refusal) => Fallback::Unclear(refusal),
        })
    }

    fn suites(&self, version: Version) -> Result<Accepted, Failure> {
        accepted(&suites_of(version), Found::LeftOut, |suites| {
            let answer = self.ask(self.offer(version, suites, &groups_of(version)))?;
            Ok(reply(version, &answer, |choice| Some(choice.suite)))
        })
    }

    /// Groups, primes and the flight.
    fn details(&self, version: Version, findings: &mut Findings) -> Result<(), Failure> {
        let suites = findings.suites.iter().find(|(found, _)| *found == version);
        let suites = suites.map_or(&[][..], |(_, suites)| &suites.numbers);
        let with = |kind| -> Vec<u16> {
            let suites = suites.iter().copied().filter_map(Suite::find);
            let suites = suites.filter(|suite| suite.key_exchange() == kind);
            suites.map(|suite| suite.number).collect()
        };
        if version == Version::Tls13 {
            let groups = self.tls13_groups(suites)?;
            let flight = flight::of_tls13(self.server, suites, &groups.numbers)?;
            findings.flights.push((version, flight));
            findings.groups.push((version, groups));
            return Ok(());
        }
        let ecdhe = with(KeyExchange::Ecdhe);
        if !ecdhe.is_empty() {
            let groups = self.ecdhe_groups(version, &ecdhe)?;
            findings.groups.push((version, groups));
        }
        let dhe = with(KeyExchange::Dhe);
        if !dhe.is_empty() {
            let bits = self.prime_bits(version, &dhe)?;
            findings.dhe = bits.map(|bits| (version, bits));
        }
        let flight = self.flight(version, suites)?;
        findings.flights.push((version, flight));
        Ok(())
    }

    fn tls13_groups(&self, suites: &[u16]) -> Result<Accepted, Failure> {
        accepted(&groups_of(Version::Tls13), Found::LeftOut, |groups| {
            let answer = self.ask(self.offer(Version::Tls13, suites, groups))?;
            Ok(reply(Version::Tls13, &answer, |choice| choice.group))
        })
    }

    fn ecdhe_groups(&self, version: Version, suites: &[u16]) -> Result<Accepted, Failure> {
        accepted(&groups_of(version), Found::MayBeNeeded, |groups| {
            let flight = match self.whole_flight(version, suites, groups)? {
                Ok(flight) => flight,
                Err(Refusal::Silent) => return Ok(Reply::Unclear),
                Err(_) => return Ok(Reply::Refused),
            };
            Ok(match key_exchange(&flight).map(ServerParams::parse_ecdhe) {
                Some(Ok(ServerParams::NamedGroup { group, .. })) => Reply::Chose(group),
                _ => Reply::Refused,
            })
        })
    }

    fn prime_bits(&self, version: Version, suites: &[u16]) -> Result<Option<usize>, Failure> {
        let flight = self.whole_flight(version, suites, &groups_of(version))?;
        let params = flight.as_ref().ok().and_then(key_exchange);
        Ok(match params.map(ServerParams::parse_dhe) {
            Some(Ok(ServerParams::FiniteField { prime, .. })) => Some(bits(prime)),
            _ => None,
        })
    }

    fn flight(&self, version: Version, suites: &[u16]) -> Result<Result<Flight, String>, Failure> {
        let flight = self.whole_flight(version, suites, &groups_of(version))?;
        let measured = flight.map(|flight| Flight {
            sizes: flight.sizes(),
            certificates: flight.certificates().map(<[u8]>::len).collect(),
        });
        Ok(measured.map_err(|refusal| refusal.to_string()))
    }

    /// The flight up to ServerHelloDone, or why there is none.
    fn whole_flight(
        &self,
        version: Version,
        suites: &[u16],
        groups: &[u16],
    ) -> Result<Result<ServerFlight, Refusal>, Failure> {
        let offer = self.offer(version, suites, groups);
        Ok(match self.server.ask(&offer, Until::Done)? {
            Answer::Choice(_, flight) => Ok(flight),
            Answer::Refusal(refusal) => Err(refusal),
        })
    }

    fn ask(&self, offer: Offer<'_>) -> Result<Answer, Failure> {
        self.server.ask(&offer, Until::Hello)
    }

    fn offer<'o>(&'o self, version: Version, suites: &'o [u16], groups: &'o [u16]) -> Offer<'o> {
        Offer {
            version,
            suites,
            groups,
            share: self.share,
            server_name: self.server.server_name,
            fallback: false,
        }
    }

    fn no_tls(&self, refusal: &Refusal) -> Failure {
        let target = self.server.target;
        let seconds = self.server.timeout().as_secs();
        let what = match refusal {
            Refusal::NotTls(_) => format!("{refusal}; is this the port of a TLS server?"),
            Refusal::Silent => {
                format!("no answer to a hello within {seconds} s; does the server speak TLS?")
            }
            Refusal::Closed => {
                "closes every connection without an answer; does the server speak TLS?".to_owned()
            }
            Refusal::Alert(AlertDescription::UNRECOGNIZED_NAME) => {
                "does not know the name it was asked for; give another with --server-name"
                    .to_owned()
            }
            refusal => format!(
                "accepts no version of TLS: {refusal}; the name it is asked for can be given with --server-name"
            ),
        };
        Failure::line(format_args!("{target}: {what}"))
    }
}

/// The answer that shows that nothing will come of going on: something that is not TLS, silence twice, or none of
/// all versions.
fn hopeless(versions: &[(Version, Option<Refusal>)]) -> Option<&Refusal> {
    let refusals: Vec<&Refusal> = versions
        .iter()
        .filter_map(|(_, refusal)| refusal.as_ref())
        .collect();
    if refusals.len() < versions.len() {
        return None;
    }
    let silent = |refusal: &&&Refusal| **refusal == &Refusal::Silent;
    match refusals[..] {
        [.., last @ Refusal::NotTls(_)] => Some(last),
        [.., last @ Refusal::Silent] if refusals.iter().filter(silent).count() == 2 => Some(last),
        // What it says to the newest version says most.
        [first, ..] if refusals.len() == Version::ALL.len() => Some(first),
        _ => None,
    }
}

/// Whether the choice is another version.
fn unasked(version: Version, choice: Choice) -> Option<Refusal> {
    if choice.version == version.wire() {
        return None;
    }
    Some(Refusal::Other(match Version::from_wire(choice.version) {
        Some(other) => other.to_string(),
        None => format!("version {:#06x}", choice.version),
    }))
}

/// Whether a server may have refused because a hello of TLS 1.3 had no share, which it must not (RFC 8446 section
/// 4.2.8): not if it spoke of versions, and not without an alert.
fn is_about_the_share(refusal: Option<&Refusal>) -> bool {
    match refusal {
        Some(Refusal::Alert(alert)) => *alert != AlertDescription::PROTOCOL_VERSION,
        _ => false,
    }
}

/// What the answer says of the part that is looked for.
fn reply(version: Version, answer: &Answer, part: impl FnOnce(&Choice) -> Option<u16>) -> Reply {
    match answer {
        Answer::Choice(choice, _) if choice.version == version.wire() => {
            part(choice).map_or(Reply::Refused, Reply::Chose)
        }
        Answer::Refusal(Refusal::Silent) => Reply::Unclear,
        _ => Reply::Refused,
    }
}

fn key_exchange(flight: &ServerFlight) -> Option<&[u8]> {
    flight.message(ServerParams::KIND)
}

fn suites_of(version: Version) -> Vec<u16> {
    let is_tls13 = version == Version::Tls13;
    let suites = SUITES.iter().filter(|suite| suite.is_tls13() == is_tls13);
    suites.map(|suite| suite.number).collect()
}

fn groups_of(version: Version) -> Vec<u16> {
    groups::allowed(version == Version::Tls13)
}

/// Bits of a number in big-endian bytes.
fn bits(number: &[u8]) -> usize {
    match number.iter().position(|&byte| byte != 0) {
        Some(first) => 8 * (number.len() - first) - number[first].leading_zeros() as usize,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice;

    #[test]
    fn a_prime_has_bits() {
        assert_eq!(bits(&[]), 0);
        assert_eq!(bits(&[0, 0]), 0);
        assert_eq!(bits(&[0, 1]), 1);
        assert_eq!(bits(&[0x80, 0]), 16);
    }

    #[test]
    fn a_verdict_needs_a_lower_version() {
        let verdict = |fallbacks: &[Fallback]| {
            let versions = [Version::Tls12, Version::Tls11];
            let fallbacks = fallbacks.iter().cloned();
            Findings {
                versions: Vec::new(),
                fallbacks: versions.into_iter().zip(fallbacks).collect(),
                suites: Vec::new(),
                groups: Vec::new(),
                dhe: None,
                flights: Vec::new(),
            }
            .verdict()
        };
        let unclear = Fallback::Unclear(Refusal::Closed);
        assert_eq!(verdict(&[]), Verdict::NothingToFallBackFrom);
        assert_eq!(verdict(&[Fallback::Refused]), Verdict::Enforced);
        assert_eq!(verdict(&[Fallback::Accepted]), Verdict::NotEnforced);
        assert_eq!(verdict(slice::from_ref(&unclear)), Verdict::Unclear);
        assert_eq!(
            verdict(&[Fallback::Accepted, unclear.clone()]),
            Verdict::NotEnforced
        );
        assert_eq!(
            verdict(&[Fallback::Refused, Fallback::Accepted]),
            Verdict::Partly
        );
        assert_eq!(verdict(&[Fallback::Refused, unclear]), Verdict::Partly);
    }

    #[test]
    fn a_scan_is_given_up_when_nothing_will_come_of_it() {
        let given_up = |refusals: &[Option<Refusal>]| {
            let versions: Vec<_> = Version::ALL
                .into_iter()
                .zip(refusals.iter().cloned())
                .collect();
            hopeless(&versions).cloned()
        };
        let (silent, closed) = (Some(Refusal::Silent), Some(Refusal::Closed));
        let http = Some(Refusal::NotTls(b"HTTP".to_vec()));
        assert_eq!(given_up(slice::from_ref(&http)), http);
        assert_eq!(given_up(slice::from_ref(&silent)), None);
        assert_eq!(given_up(&[silent.clone(), silent.clone()]), silent);
        assert_eq!(given_up(&[None, silent.clone(), silent.clone()]), None);
        let alert = Some(Refusal::Alert(AlertDescription::HANDSHAKE_FAILURE));
        let mut all = vec![
            alert.clone(),
            closed.clone(),
            closed.clone(),
            closed.clone(),
        ];
        assert_eq!(given_up(&all), None);
        all.push(closed);
        assert_eq!(given_up(&all), alert);
    }
}
