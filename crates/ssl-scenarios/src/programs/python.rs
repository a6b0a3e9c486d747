//! Python's `ssl` under the library.

use super::scripts::{Language, Script};
use crate::scenario::{Lesson, Program, Scenario};

const PYTHON: Program = Program {
    name: "Python",
    file: LANGUAGE.interpreter,
};

pub(super) const LANGUAGE: Language = Language {
    interpreter: "/usr/bin/python3",
    options: "-B -u",
    common: Some(("common.py", include_str!("../../scripts/python/common.py"))),
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(PYTHON, "contexts", |stage| {
        LANGUAGE.alone(stage, CONTEXTS, "")
    })
    .holds(&[
        Lesson::KeyMismatch,
        Lesson::CipherStrings,
        Lesson::PassPhrases,
        Lesson::DhParameters,
        Lesson::FileAndDirectory,
    ]),
    Scenario::new(PYTHON, "echo", |stage| LANGUAGE.both(stage, ECHO)),
    Scenario::new(PYTHON, "verification", |stage| LANGUAGE.both(stage, VERIFY)).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
        Lesson::ClientWithoutCertificate,
        Lesson::ClientOfAStranger,
    ]),
    Scenario::new(PYTHON, "memory_bio", |stage| LANGUAGE.both(stage, MEMORY)),
    Scenario::new(PYTHON, "asyncio", |stage| LANGUAGE.both(stage, TASKS)),
    Scenario::new(PYTHON, "threads", |stage| LANGUAGE.both(stage, THREADS)),
    Scenario::new(PYTHON, "sessions", |stage| LANGUAGE.both(stage, SESSIONS))
        .holds(&[Lesson::SessionsResume]),
    Scenario::new(PYTHON, "server_names", |stage| LANGUAGE.both(stage, NAMES)),
    Scenario::new(PYTHON, "ends", |stage| LANGUAGE.both(stage, ENDS)).holds(&[Lesson::EndOfFile]),
    Scenario::new(PYTHON, "nonblocking", |stage| {
        LANGUAGE.both(stage, NONBLOCKING)
    })
    .holds(&[Lesson::SentOnce]),
    Scenario::new(PYTHON, "key_log", |stage| LANGUAGE.both(stage, KEYLOG)).holds(&[Lesson::KeyLog]),
    Scenario::new(PYTHON, "http", |stage| LANGUAGE.both_endless(stage, WEB)),
];

const CONTEXTS: Script = (
    "contexts.py",
    include_str!("../../scripts/python/contexts.py"),
);
const ECHO: Script = ("echo.py", include_str!("../../scripts/python/echo.py"));
const VERIFY: Script = ("verify.py", include_str!("../../scripts/python/verify.py"));
const MEMORY: Script = ("memory.py", include_str!("../../scripts/python/memory.py"));
const TASKS: Script = ("tasks.py", include_str!("../../scripts/python/tasks.py"));
const THREADS: Script = (
    "threads.py",
    include_str!("../../scripts/python/threads.py"),
);
const SESSIONS: Script = (
    "sessions.py",
    include_str!("../../scripts/python/sessions.py"),
);
const NAMES: Script = ("names.py", include_str!("../../scripts/python/names.py"));
const ENDS: Script = ("ends.py", include_str!("../../scripts/python/ends.py"));
const NONBLOCKING: Script = (
    "nonblocking.py",
    include_str!("../../scripts/python/nonblocking.py"),
);
const KEYLOG: Script = ("keylog.py", include_str!("../../scripts/python/keylog.py"));
const WEB: Script = ("web.py", include_str!("../../scripts/python/web.py"));
