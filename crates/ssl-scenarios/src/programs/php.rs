//! PHP's streams under the library.

use super::scripts::{Language, Script};
use crate::scenario::{Lesson, Program, Scenario};

const PHP: Program = Program {
    name: "PHP",
    file: LANGUAGE.interpreter,
};

const LANGUAGE: Language = Language {
    interpreter: "/usr/bin/php",
    options: "-n",
    common: Some(("common.php", include_str!("../../scripts/php/common.php"))),
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(PHP, "echo", |stage| LANGUAGE.both(stage, ECHO)),
    Scenario::new(PHP, "verification", |stage| LANGUAGE.both(stage, VERIFY)).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
        Lesson::ClientOfAStranger,
        Lesson::KeyMismatch,
        Lesson::PassPhrases,
        Lesson::CipherStrings,
    ]),
];

const ECHO: Script = ("echo.php", include_str!("../../scripts/php/echo.php"));
const VERIFY: Script = ("verify.php", include_str!("../../scripts/php/verify.php"));
