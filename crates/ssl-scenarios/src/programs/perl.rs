//! Perl's IO::Socket::SSL and Net::SSLeay under the library.

use super::scripts::{Language, Script};
use crate::scenario::{Lesson, Program, Scenario};

const PERL: Program = Program {
    name: "Perl",
    file: "/usr/share/perl5/IO/Socket/SSL.pm",
};

const LANGUAGE: Language = Language {
    interpreter: "/usr/bin/perl",
    options: "",
    common: Some(("common.pm", include_str!("../../scripts/perl/common.pm"))),
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(PERL, "echo", |stage| LANGUAGE.both(stage, ECHO))
        .holds(&[Lesson::SessionsResume]),
    Scenario::new(PERL, "verification", |stage| LANGUAGE.both(stage, VERIFY)).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
        Lesson::ClientWithoutCertificate,
        Lesson::ClientOfAStranger,
        Lesson::KeyMismatch,
        Lesson::PassPhrases,
    ]),
];

const ECHO: Script = ("echo.pl", include_str!("../../scripts/perl/echo.pl"));
const VERIFY: Script = ("verify.pl", include_str!("../../scripts/perl/verify.pl"));
