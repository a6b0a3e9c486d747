//! Which certificate a server shows, and which name it was asked for.

use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::capture;
use super::provider::{self, Next};

/// Certificates by the name they are for; without a name, for every name.
#[derive(Debug)]
pub(super) struct ByName {
    identities: Vec<(Option<String>, Arc<CertifiedKey>)>,
}

impl ByName {
    pub(super) fn new(identities: Vec<(Option<String>, Arc<CertifiedKey>)>) -> Self {
        Self { identities }
    }
}

impl ResolvesServerCert for ByName {
    /// Chooses, and notes the name that rustls does not report.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        capture::note_server_name(hello.server_name());
        self.choose(&hello)
    }
}

impl ByName {
    /// The first certificate for the name asked for that the client can verify; else the first for
    /// every name that it can verify; else the first for every name, so that the client is told why.
    fn choose(&self, hello: &ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let verifiable =
            |key: &CertifiedKey| key.key.choose_scheme(hello.signature_schemes()).is_some();
        let named = |wanted: &str| {
            let mut matching = self.identities.iter().filter(|(name, _)| {
                name.as_deref()
                    .is_some_and(|name| name_matches(name, wanted))
            });
            matching
                .find(|(_, key)| verifiable(key))
                .map(|(_, key)| key)
        };
        let default = || {
            let mut default = self
                .identities
                .iter()
                .filter(|(name, _)| name.is_none())
                .map(|(_, key)| key);
            let mut rest = default.clone();
            let first = rest.next();
            // Without a choice nothing is to be looked at.
            match rest.next() {
                None => first,
                Some(_) => default.find(|key| verifiable(key)).or(first),
            }
        };
        hello
            .server_name()
            .and_then(named)
            .or_else(default)
            .cloned()
    }
}

/// The same for servers whose hello says the time: rustls chooses just before it draws the hello's random.
#[derive(Debug)]
pub(super) struct BeforeRandom(pub(super) Arc<ByName>);

impl ResolvesServerCert for BeforeRandom {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let chosen = self.0.resolve(hello);
        provider::expect(Next::HelloRandom);
        chosen
    }
}

/// Whether `pattern`, in lower case, stands for `name`; `*.` stands for exactly one label.
fn name_matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix("*.") {
        None => name.eq_ignore_ascii_case(pattern),
        Some(parent) => name
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(parent)),
    }
}

#[cfg(test)]
mod tests {
    use super::name_matches;

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(name_matches("a.example", "A.example"));
        assert!(name_matches("*.example", "b.example"));
        assert!(!name_matches("*.example", "c.b.example"));
        assert!(!name_matches("*.example", "example"));
        assert!(!name_matches("*.example", ".example"));
    }
}
