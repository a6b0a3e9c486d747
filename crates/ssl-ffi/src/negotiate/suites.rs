//! The cipher suites we have, with everything OpenSSL tells about a suite.
//!
//! The address of an entry is what C programs know as a `const SSL_CIPHER *`. Knows nothing of lists and of
//! what is enabled.

use std::ffi::CStr;

use ssl_record::config::CipherSuite;
use ssl_record::record::ProtocolVersion;

use super::nid;

/// One cipher suite.
#[derive(Debug)]
pub(crate) struct Suite {
    /// The suite as the engine knows it.
    pub(crate) engine: CipherSuite,
    /// OpenSSL's name.
    pub(crate) name: &'static CStr,
    /// The name in the IANA registry.
    pub(crate) standard_name: &'static CStr,
    /// How keys are exchanged.
    pub(crate) key_exchange: KeyExchange,
    /// How the server proves who it is.
    pub(crate) authentication: Authentication,
    /// What seals the records.
    pub(crate) encryption: Encryption,
    /// The line `SSL_CIPHER_description` gives, with its line end.
    pub(crate) description: &'static CStr,
}

/// Key exchange of a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyExchange {
    /// Not the suite's business: TLS 1.3.
    Any,
    /// Ephemeral keys on a curve.
    Ecdhe,
}

/// Authentication of a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authentication {
    /// Not the suite's business: TLS 1.3.
    Any,
    /// An RSA key, RSA-PSS keys among them.
    Rsa,
    /// An ECDSA key, and in TLS 1.2 also Ed25519.
    Ecdsa,
}

/// The AEAD of a suite with the hash of its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// AES-128-GCM and SHA-256.
    Aes128Gcm,
    /// AES-256-GCM and SHA-384.
    Aes256Gcm,
    /// ChaCha20-Poly1305 and SHA-256.
    ChaCha20Poly1305,
}

macro_rules! suites {
    ($($engine:ident, $name:literal, $standard:literal, $kx:ident, $auth:ident, $enc:ident, $text:literal;)*) => {
        /// All of them, in OpenSSL's order of preference.
        pub(crate) static SUITES: [Suite; CipherSuite::ALL.len()] = [$(Suite {
            engine: CipherSuite::$engine,
            name: $name,
            standard_name: $standard,
            key_exchange: KeyExchange::$kx,
            authentication: Authentication::$auth,
            encryption: Encryption::$enc,
            description: $text,
        }),*];
    };
}

suites! {
    Aes256GcmSha384, c"TLS_AES_256_GCM_SHA384", c"TLS_AES_256_GCM_SHA384", Any, Any, Aes256Gcm,
        c"TLS_AES_256_GCM_SHA384         TLSv1.3 Kx=any      Au=any   Enc=AESGCM(256)            Mac=AEAD\n";
    Chacha20Poly1305Sha256, c"TLS_CHACHA20_POLY1305_SHA256", c"TLS_CHACHA20_POLY1305_SHA256", Any, Any, ChaCha20Poly1305,
        c"TLS_CHACHA20_POLY1305_SHA256   TLSv1.3 Kx=any      Au=any   Enc=CHACHA20/POLY1305(256) Mac=AEAD\n";
    Aes128GcmSha256, c"TLS_AES_128_GCM_SHA256", c"TLS_AES_128_GCM_SHA256", Any, Any, Aes128Gcm,
        c"TLS_AES_128_GCM_SHA256         TLSv1.3 Kx=any      Au=any   Enc=AESGCM(128)            Mac=AEAD\n";
    EcdheEcdsaAes256Gcm, c"ECDHE-ECDSA-AES256-GCM-SHA384", c"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", Ecdhe, Ecdsa, Aes256Gcm,
        c"ECDHE-ECDSA-AES256-GCM-SHA384  TLSv1.2 Kx=ECDH     Au=ECDSA Enc=AESGCM(256)            Mac=AEAD\n";
    EcdheRsaAes256Gcm, c"ECDHE-RSA-AES256-GCM-SHA384", c"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", Ecdhe, Rsa, Aes256Gcm,
        c"ECDHE-RSA-AES256-GCM-SHA384    TLSv1.2 Kx=ECDH     Au=RSA   Enc=AESGCM(256)            Mac=AEAD\n";
    EcdheEcdsaChacha20, c"ECDHE-ECDSA-CHACHA20-POLY1305", c"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", Ecdhe, Ecdsa, ChaCha20Poly1305,
        c"ECDHE-ECDSA-CHACHA20-POLY1305  TLSv1.2 Kx=ECDH     Au=ECDSA Enc=CHACHA20/POLY1305(256) Mac=AEAD\n";
    EcdheRsaChacha20, c"ECDHE-RSA-CHACHA20-POLY1305", c"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Ecdhe, Rsa, ChaCha20Poly1305,
        c"ECDHE-RSA-CHACHA20-POLY1305    TLSv1.2 Kx=ECDH     Au=RSA   Enc=CHACHA20/POLY1305(256) Mac=AEAD\n";
    EcdheEcdsaAes128Gcm, c"ECDHE-ECDSA-AES128-GCM-SHA256", c"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", Ecdhe, Ecdsa, Aes128Gcm,
        c"ECDHE-ECDSA-AES128-GCM-SHA256  TLSv1.2 Kx=ECDH     Au=ECDSA Enc=AESGCM(128)            Mac=AEAD\n";
    EcdheRsaAes128Gcm, c"ECDHE-RSA-AES128-GCM-SHA256", c"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Ecdhe, Rsa, Aes128Gcm,
        c"ECDHE-RSA-AES128-GCM-SHA256    TLSv1.2 Kx=ECDH     Au=RSA   Enc=AESGCM(128)            Mac=AEAD\n";
}

impl Suite {
    /// The suite with this number on the wire.
    pub(crate) fn from_wire(number: u16) -> Option<&'static Self> {
        SUITES.iter().find(|suite| suite.wire() == number)
    }

    /// The suite of the engine's.
    pub(crate) fn of(engine: CipherSuite) -> &'static Self {
        // The table has a row for each of the engine's; a test counts them.
        let found = SUITES.iter().find(|suite| suite.engine == engine);
        found.unwrap_or(&SUITES[0])
    }

    /// The suite with this IANA name.
    pub(crate) fn from_standard_name(name: &[u8]) -> Option<&'static Self> {
        SUITES
            .iter()
            .find(|suite| suite.standard_name.to_bytes() == name)
    }

    /// The number on the wire.
    pub(crate) fn wire(&self) -> u16 {
        self.engine.wire()
    }

    /// OpenSSL's own number: the wire's below the mark of SSL 3.
    pub(crate) fn id(&self) -> u32 {
        0x0300_0000 | u32::from(self.wire())
    }

    /// The one version it is for.
    pub(crate) fn version(&self) -> ProtocolVersion {
        self.engine.version()
    }

    /// `TLSv1.2` or `TLSv1.3`.
    pub(crate) fn version_text(&self) -> &'static CStr {
        match self.version() {
            ProtocolVersion::Tls12 => c"TLSv1.2",
            ProtocolVersion::Tls13 => c"TLSv1.3",
        }
    }

    /// Bits of strength, which for all of these are the bits of the key as well.
    pub(crate) fn bits(&self) -> u16 {
        match self.encryption {
            Encryption::Aes128Gcm => 128,
            Encryption::Aes256Gcm | Encryption::ChaCha20Poly1305 => 256,
        }
    }

    /// NID of the key exchange.
    pub(crate) fn key_exchange_nid(&self) -> i32 {
        match self.key_exchange {
            KeyExchange::Any => nid::KX_ANY,
            KeyExchange::Ecdhe => nid::KX_ECDHE,
        }
    }

    /// NID of the authentication.
    pub(crate) fn authentication_nid(&self) -> i32 {
        match self.authentication {
            Authentication::Any => nid::AUTH_ANY,
            Authentication::Rsa => nid::AUTH_RSA,
            Authentication::Ecdsa => nid::AUTH_ECDSA,
        }
    }

    /// NID of the AEAD.
    pub(crate) fn cipher_nid(&self) -> i32 {
        match self.encryption {
            Encryption::Aes128Gcm => nid::AES_128_GCM,
            Encryption::Aes256Gcm => nid::AES_256_GCM,
            Encryption::ChaCha20Poly1305 => nid::CHACHA20_POLY1305,
        }
    }

    /// NID of the digest that hashes the handshake and derives keys.
    pub(crate) fn handshake_digest_nid(&self) -> i32 {
        match self.encryption {
            Encryption::Aes256Gcm => nid::SHA384,
            Encryption::Aes128Gcm | Encryption::ChaCha20Poly1305 => nid::SHA256,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_of_the_engine_has_its_row() {
        for &engine in CipherSuite::ALL {
            let suite = Suite::of(engine);
            assert_eq!(suite.engine, engine);
            assert_eq!(suite.name.to_str(), Ok(engine.name()));
            assert!(std::ptr::eq(
                Suite::from_wire(engine.wire()).unwrap(),
                suite
            ));
            let named = Suite::from_standard_name(suite.standard_name.to_bytes());
            assert!(std::ptr::eq(named.unwrap(), suite));
        }
        assert!(Suite::from_wire(0x002f).is_none());
        assert!(Suite::from_standard_name(b"ECDHE-RSA-AES128-GCM-SHA256").is_none());
    }

    #[test]
    fn the_openssl_program_describes_them_so() {
        let output = std::process::Command::new("openssl")
            .args(["ciphers", "-V", "ALL"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        for suite in &SUITES {
            let [high, low] = suite.wire().to_be_bytes();
            let number = format!("0x{high:02X},0x{low:02X} - ");
            let line = text
                .lines()
                .find_map(|line| line.trim_start().strip_prefix(&number));
            let description = suite.description.to_str().unwrap();
            assert_eq!(line, description.strip_suffix('\n'), "{number}");
        }
    }

    #[test]
    fn the_openssl_program_names_them_so() {
        let output = std::process::Command::new("openssl")
            .args(["ciphers", "-stdname", "ALL"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        for suite in &SUITES {
            let name = suite.name.to_str().unwrap();
            let line = text
                .lines()
                .map(|line| line.split_whitespace().collect::<Vec<_>>())
                .find(|words| words.get(2) == Some(&name));
            assert_eq!(line.unwrap()[0], suite.standard_name.to_str().unwrap());
        }
    }

    #[test]
    fn numbers_as_a_c_program_gets_them() {
        let suite = Suite::of(CipherSuite::EcdheRsaChacha20);
        assert_eq!(suite.id(), 0x0300_cca8);
        assert_eq!(suite.bits(), 256);
        assert_eq!(suite.key_exchange_nid(), 1038);
        assert_eq!(suite.authentication_nid(), 1046);
        assert_eq!(suite.cipher_nid(), 1018);
        assert_eq!(suite.handshake_digest_nid(), 672);
        assert_eq!(suite.version_text(), c"TLSv1.2");
        let suite = Suite::of(CipherSuite::Aes256GcmSha384);
        assert_eq!(suite.id(), 0x0300_1302);
        assert_eq!(
            (suite.key_exchange_nid(), suite.authentication_nid()),
            (1063, 1064)
        );
        assert_eq!(
            (suite.cipher_nid(), suite.handshake_digest_nid()),
            (901, 673)
        );
        assert_eq!(suite.version_text(), c"TLSv1.3");
    }
}
