//! Ruby's `openssl` under the library.

use super::scripts::{Language, Script};
use crate::scenario::{Lesson, Program, Scenario};

const RUBY: Program = Program {
    name: "Ruby",
    file: LANGUAGE.interpreter,
};

const LANGUAGE: Language = Language {
    interpreter: "/usr/bin/ruby",
    options: "",
    common: Some(("common.rb", include_str!("../../scripts/ruby/common.rb"))),
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(RUBY, "echo", |stage| LANGUAGE.both(stage, ECHO))
        .holds(&[Lesson::SessionsResume]),
    Scenario::new(RUBY, "verification", |stage| LANGUAGE.both(stage, VERIFY)).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
        Lesson::ClientWithoutCertificate,
        Lesson::ClientOfAStranger,
    ]),
    Scenario::new(RUBY, "nonblocking", |stage| {
        LANGUAGE.both(stage, NONBLOCKING)
    })
    .holds(&[Lesson::SentOnce, Lesson::KeyMismatch, Lesson::CipherStrings]),
];

const ECHO: Script = ("echo.rb", include_str!("../../scripts/ruby/echo.rb"));
const VERIFY: Script = ("verify.rb", include_str!("../../scripts/ruby/verify.rb"));
const NONBLOCKING: Script = (
    "nonblocking.rb",
    include_str!("../../scripts/ruby/nonblocking.rb"),
);
