//! The list of suites of a context or connection: those of TLS 1.3, and behind them those of TLS 1.2.
//!
//! The two are set by different calls. Does not judge strength; that is the security level's.

use super::cipher_string::{self, CipherStringFault, Outcome};
use super::list;
use super::suite_b::SuiteB;
use super::suites::Suite;
use ssl_record::config::CipherSuite;
use ssl_record::record::ProtocolVersion;

/// Suites, most wanted first.
#[derive(Clone, Debug)]
pub(crate) struct SuiteList {
    tls13: Vec<&'static Suite>,
    tls12: Vec<&'static Suite>,
}

/// No TLS 1.3 suite of ours was named: `SSL_R_NO_CIPHER_MATCH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoCipherMatch;

impl NoCipherMatch {
    /// OpenSSL's reason.
    pub(crate) const REASON: u16 = 185;
}

impl SuiteList {
    /// Sets the suites of TLS 1.2 by a cipher string; see [`cipher_string::parse`].
    pub(crate) fn set_cipher_string(&mut self, text: &[u8], profile: Option<SuiteB>) -> Outcome {
        let outcome = cipher_string::parse(text, profile);
        match &outcome.suites {
            Ok(suites) => self.tls12.clone_from(suites),
            Err(CipherStringFault::NoMatch) => self.tls12.clear(),
            Err(CipherStringFault::InvalidCommand) => {}
        }
        outcome
    }

    /// Sets the suites of TLS 1.3 by their names between colons; an empty text is none of them. Unknown names
    /// are passed over.
    ///
    /// # Errors
    /// [`NoCipherMatch`] if all were; the list stays.
    pub(crate) fn set_ciphersuites(&mut self, text: &[u8]) -> Result<(), NoCipherMatch> {
        let named = list::elements(text).filter_map(Suite::from_standard_name);
        let suites: Vec<_> = named
            .filter(|suite| suite.version() == ProtocolVersion::Tls13)
            .collect();
        if suites.is_empty() && !text.is_empty() {
            return Err(NoCipherMatch);
        }
        self.tls13 = suites;
        Ok(())
    }

    /// All suites, TLS 1.3 first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static Suite> + '_ {
        self.tls13.iter().chain(&self.tls12).copied()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.tls13.len() + self.tls12.len()
    }

    /// The suites as the engine takes them.
    pub(crate) fn engine(&self) -> Vec<CipherSuite> {
        self.iter().map(|suite| suite.engine).collect()
    }

    /// Whether there are suites for this version.
    pub(crate) fn serves(&self, version: ProtocolVersion) -> bool {
        !match version {
            ProtocolVersion::Tls12 => &self.tls12,
            ProtocolVersion::Tls13 => &self.tls13,
        }
        .is_empty()
    }
}

impl Default for SuiteList {
    /// OpenSSL's default lists, as far as we have them: all suites.
    fn default() -> Self {
        let all = super::suites::SUITES.iter();
        let (tls13, tls12) = all.partition(|suite| suite.version() == ProtocolVersion::Tls13);
        Self { tls13, tls12 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &SuiteList) -> Vec<&'static str> {
        list.iter().map(|suite| suite.engine.name()).collect()
    }

    #[test]
    fn the_default_is_everything_tls13_first() {
        let list = SuiteList::default();
        assert_eq!(list.len(), 9);
        assert_eq!(
            names(&list)[..2],
            ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
        );
        let mut set = list.clone();
        assert!(set.set_cipher_string(b"DEFAULT", None).suites.is_ok());
        assert_eq!(names(&set), names(&list));
    }

    #[test]
    fn the_two_parts_are_set_apart() {
        let mut list = SuiteList::default();
        assert_eq!(
            list.set_ciphersuites(b"TLS_CHACHA20_POLY1305_SHA256: TLS_AES_128_CCM_SHA256 :FOO:"),
            Ok(())
        );
        let outcome = list.set_cipher_string(b"ECDHE-RSA-AES128-GCM-SHA256", None);
        assert!(outcome.suites.is_ok());
        let expected = [
            "TLS_CHACHA20_POLY1305_SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256",
        ];
        assert_eq!(names(&list), expected);
        // OpenSSL would take a suite of TLS 1.2 here, and could not use it.
        for bad in [
            &b"FOO"[..],
            b" ",
            b":",
            b"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        ] {
            assert_eq!(list.set_ciphersuites(bad), Err(NoCipherMatch));
        }
        assert_eq!(names(&list), expected);
        assert_eq!(list.set_ciphersuites(b""), Ok(()));
        assert_eq!(names(&list), expected[1..]);
        assert!(!list.serves(ProtocolVersion::Tls13) && list.serves(ProtocolVersion::Tls12));
    }

    #[test]
    fn a_refused_string_leaves_the_list_but_one_without_match_empties_it() {
        let mut list = SuiteList::default();
        let outcome = list.set_cipher_string(b"@NONSENSE", None);
        assert_eq!(outcome.suites.unwrap_err().reason(), 280);
        assert_eq!(list.len(), 9);
        let outcome = list.set_cipher_string(b"RC4", None);
        assert_eq!(outcome.suites.unwrap_err().reason(), 185);
        assert_eq!(list.len(), 3);
        assert_eq!(list.engine().len(), 3);
    }
}
