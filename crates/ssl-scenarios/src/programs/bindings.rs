//! Bindings of scripting languages beside their own: pyOpenSSL, M2Crypto, LuaSec and tcltls.

use super::python;
use super::scripts::{Language, Script};
use crate::scenario::{Lesson, Program, Scenario};

const PYOPENSSL: Program = Program {
    name: "pyOpenSSL",
    file: "/usr/lib/python3/dist-packages/OpenSSL/SSL.py",
};

const M2CRYPTO: Program = Program {
    name: "M2Crypto",
    file: "/usr/lib/python3/dist-packages/M2Crypto/__init__.py",
};

const LUASEC: Program = Program {
    name: "LuaSec",
    file: "/usr/share/lua/5.3/ssl.lua",
};

const TCLTLS: Program = Program {
    name: "tcltls",
    file: "/usr/lib/tcltk/x86_64-linux-gnu/tcltls1.7.22/tcltls.so",
};

const LUA: Language = Language {
    interpreter: "lua5.3",
    options: "",
    common: None,
};

const TCL: Language = Language {
    interpreter: "tclsh",
    options: "",
    common: None,
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(PYOPENSSL, "callbacks", |stage| {
        python::LANGUAGE.both(stage, PYOPENSSL_SCRIPT)
    })
    .holds(&[
        Lesson::ModeGetter,
        Lesson::SessionsResume,
        Lesson::KeyLog,
        Lesson::KeyMismatch,
        Lesson::PassPhrases,
        Lesson::ClientAuthorities,
    ]),
    Scenario::new(M2CRYPTO, "echo", |stage| {
        python::LANGUAGE.both(stage, M2CRYPTO_SCRIPT)
    })
    .holds(&[
        Lesson::WrongAuthority,
        Lesson::ClientOfAStranger,
        Lesson::KeyMismatch,
    ]),
    Scenario::new(LUASEC, "echo", |stage| LUA.both(stage, LUASEC_SCRIPT)).holds(&[
        Lesson::WrongAuthority,
        Lesson::ClientWithoutCertificate,
        Lesson::ClientOfAStranger,
        Lesson::KeyMismatch,
        Lesson::CipherStrings,
    ]),
    Scenario::new(TCLTLS, "echo", |stage| TCL.both(stage, TCLTLS_SCRIPT)).holds(&[
        Lesson::WrongAuthority,
        Lesson::ClientWithoutCertificate,
        Lesson::ClientOfAStranger,
    ]),
];

const PYOPENSSL_SCRIPT: Script = (
    "pyopenssl.py",
    include_str!("../../scripts/python/pyopenssl.py"),
);
const M2CRYPTO_SCRIPT: Script = (
    "m2crypto.py",
    include_str!("../../scripts/python/m2crypto.py"),
);
const LUASEC_SCRIPT: Script = ("echo.lua", include_str!("../../scripts/lua/echo.lua"));
const TCLTLS_SCRIPT: Script = ("echo.tcl", include_str!("../../scripts/tcl/echo.tcl"));
