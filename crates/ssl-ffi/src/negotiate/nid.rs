//! Numbers of libcrypto's objects (`NID_*`) that negotiation speaks of.
//!
//! Numbers only, so that negotiation needs no libcrypto; a test holds them against its header.

/// `NID_undef`: no object.
pub(crate) const UNDEF: i32 = 0;

macro_rules! nids {
    ($($constant:ident = $number:literal, $header:literal;)*) => {
        $(#[doc = concat!("`NID_", $header, "`.")]
        pub(crate) const $constant: i32 = $number;)*

        #[cfg(test)]
        const ALL: &[(i32, &str)] = &[$(($number, $header)),*];
    };
}

nids! {
    // Key exchange, authentication and encryption of suites.
    KX_ANY = 1063, "kx_any";
    KX_ECDHE = 1038, "kx_ecdhe";
    AUTH_ANY = 1064, "auth_any";
    AUTH_RSA = 1046, "auth_rsa";
    AUTH_ECDSA = 1047, "auth_ecdsa";
    AES_128_GCM = 895, "aes_128_gcm";
    AES_256_GCM = 901, "aes_256_gcm";
    CHACHA20_POLY1305 = 1018, "chacha20_poly1305";

    // Digests.
    SHA1 = 64, "sha1";
    SHA224 = 675, "sha224";
    SHA256 = 672, "sha256";
    SHA384 = 673, "sha384";
    SHA512 = 674, "sha512";

    // Kinds of keys.
    RSA = 6, "rsaEncryption";
    RSA_PSS = 912, "rsassaPss";
    DSA = 116, "dsa";
    EC = 408, "X9_62_id_ecPublicKey";
    ED25519 = 1087, "ED25519";
    ED448 = 1088, "ED448";

    // Signatures as certificates name them.
    SHA1_WITH_RSA = 65, "sha1WithRSAEncryption";
    SHA224_WITH_RSA = 671, "sha224WithRSAEncryption";
    SHA256_WITH_RSA = 668, "sha256WithRSAEncryption";
    SHA384_WITH_RSA = 669, "sha384WithRSAEncryption";
    SHA512_WITH_RSA = 670, "sha512WithRSAEncryption";
    ECDSA_WITH_SHA1 = 416, "ecdsa_with_SHA1";
    ECDSA_WITH_SHA224 = 793, "ecdsa_with_SHA224";
    ECDSA_WITH_SHA256 = 794, "ecdsa_with_SHA256";
    ECDSA_WITH_SHA384 = 795, "ecdsa_with_SHA384";
    ECDSA_WITH_SHA512 = 796, "ecdsa_with_SHA512";
    DSA_WITH_SHA1 = 113, "dsaWithSHA1";
    DSA_WITH_SHA256 = 803, "dsa_with_SHA256";

    // Groups.
    SECT163K1 = 721, "sect163k1";
    SECT163R1 = 722, "sect163r1";
    SECT163R2 = 723, "sect163r2";
    SECT193R1 = 724, "sect193r1";
    SECT193R2 = 725, "sect193r2";
    SECT233K1 = 726, "sect233k1";
    SECT233R1 = 727, "sect233r1";
    SECT239K1 = 728, "sect239k1";
    SECT283K1 = 729, "sect283k1";
    SECT283R1 = 730, "sect283r1";
    SECT409K1 = 731, "sect409k1";
    SECT409R1 = 732, "sect409r1";
    SECT571K1 = 733, "sect571k1";
    SECT571R1 = 734, "sect571r1";
    SECP160K1 = 708, "secp160k1";
    SECP160R1 = 709, "secp160r1";
    SECP160R2 = 710, "secp160r2";
    SECP192K1 = 711, "secp192k1";
    PRIME192V1 = 409, "X9_62_prime192v1";
    SECP224K1 = 712, "secp224k1";
    SECP224R1 = 713, "secp224r1";
    SECP256K1 = 714, "secp256k1";
    PRIME256V1 = 415, "X9_62_prime256v1";
    SECP384R1 = 715, "secp384r1";
    SECP521R1 = 716, "secp521r1";
    BRAINPOOL_P256R1 = 927, "brainpoolP256r1";
    BRAINPOOL_P384R1 = 931, "brainpoolP384r1";
    BRAINPOOL_P512R1 = 933, "brainpoolP512r1";
    X25519 = 1034, "X25519";
    X448 = 1035, "X448";
    FFDHE2048 = 1126, "ffdhe2048";
    FFDHE3072 = 1127, "ffdhe3072";
    FFDHE4096 = 1128, "ffdhe4096";
    FFDHE6144 = 1129, "ffdhe6144";
    FFDHE8192 = 1130, "ffdhe8192";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_the_same() {
        // Part of the package that the crate is built with.
        let path = std::env::var("OPENSSL_DIR").unwrap_or_else(|_| "/usr".to_owned());
        let header = std::fs::read_to_string(path + "/include/openssl/obj_mac.h").unwrap();
        for (number, name) in ALL {
            let defined = header.lines().find_map(|line| {
                let mut words = line.strip_prefix("#define NID_")?.split_whitespace();
                (words.next()? == *name).then_some(words.next()?)
            });
            assert_eq!(defined, Some(number.to_string().as_str()), "{name}");
        }
    }
}
