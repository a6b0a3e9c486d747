//! Python's `ssl` under the library, against Python on the system's, and the other way round. The steps are
//! scripts, each with both roles: a server and its client.

use anyhow::{Context as _, Result};

use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::Stage;
use crate::tool::Tool;

/// The distribution's, whatever else is in the path.
const PYTHON: Program = Program {
    name: "Python",
    file: "/usr/bin/python3",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(PYTHON, "contexts", contexts).holds(&[
        Lesson::KeyMismatch,
        Lesson::CipherStrings,
        Lesson::PassPhrases,
        Lesson::DhParameters,
        Lesson::FileAndDirectory,
    ]),
    Scenario::new(PYTHON, "echo", |stage| both(stage, "echo")),
    Scenario::new(PYTHON, "verification", |stage| both(stage, "verify")).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
        Lesson::ClientWithoutCertificate,
        Lesson::ClientOfAStranger,
    ]),
    Scenario::new(PYTHON, "memory_bio", |stage| both(stage, "memory")),
    Scenario::new(PYTHON, "asyncio", |stage| both(stage, "tasks")),
    Scenario::new(PYTHON, "threads", |stage| both(stage, "threads")),
    Scenario::new(PYTHON, "sessions", |stage| both(stage, "sessions"))
        .holds(&[Lesson::SessionsResume]),
    Scenario::new(PYTHON, "server_names", |stage| both(stage, "names")),
    Scenario::new(PYTHON, "ends", |stage| both(stage, "ends")).holds(&[Lesson::EndOfFile]),
    Scenario::new(PYTHON, "nonblocking", |stage| both(stage, "nonblocking"))
        .holds(&[Lesson::SentOnce]),
    Scenario::new(PYTHON, "key_log", |stage| both(stage, "keylog")).holds(&[Lesson::KeyLog]),
    Scenario::new(PYTHON, "http", http),
];

fn script(name: &str) -> Result<&'static str> {
    let found = SCRIPTS.iter().find(|(known, _)| *known == name);
    Ok(found.context("no such script")?.1)
}

/// A script, with `role` in front of the port.
fn play<'a>(stage: &'a Stage, tool: Tool<'a>, name: &str, role: &str) -> Result<Tool<'a>> {
    stage.write("common.py", script("common")?)?;
    let file = stage.write(&format!("{name}.py"), script(name)?)?;
    let tool = tool.env("PKI", &stage.pki()).env("DATA", &stage.data());
    Ok(tool.words("-B -u").arg(file).words(role))
}

/// First the server is under the library, then the client.
fn both(stage: &Stage, name: &str) -> Result<()> {
    for server_first in [true, false] {
        let tool = |is_server: bool| match is_server == server_first {
            true => stage.under_test(PYTHON.file),
            false => stage.peer(PYTHON.file),
        };
        let server =
            stage.serve(|[port]| play(stage, tool(true)?, name, &format!("server {port}")))?;
        let role = format!("client {}", server.port());
        play(stage, tool(false)?, name, &role)?
            .run()?
            .success()?
            .prints("done")?;
        server.process.finish()?.success()?.prints("done")?;
    }
    Ok(())
}

fn contexts(stage: &Stage) -> Result<()> {
    let tool = play(stage, stage.under_test(PYTHON.file)?, "contexts", "")?;
    tool.run()?.success()?.prints("done")?;
    Ok(())
}

fn http(stage: &Stage) -> Result<()> {
    for server_first in [true, false] {
        let tool = |is_server: bool| match is_server == server_first {
            true => stage.under_test(PYTHON.file),
            false => stage.peer(PYTHON.file),
        };
        // The server serves until it is stopped.
        let server =
            stage.serve(|[port]| play(stage, tool(true)?, "web", &format!("server {port}")))?;
        let role = format!("client {}", server.port());
        play(stage, tool(false)?, "web", &role)?.run()?.success()?;
    }
    Ok(())
}

const SCRIPTS: &[(&str, &str)] = &[
    ("common", include_str!("../../scripts/python/common.py")),
    ("contexts", include_str!("../../scripts/python/contexts.py")),
    ("echo", include_str!("../../scripts/python/echo.py")),
    ("verify", include_str!("../../scripts/python/verify.py")),
    ("memory", include_str!("../../scripts/python/memory.py")),
    ("tasks", include_str!("../../scripts/python/tasks.py")),
    ("threads", include_str!("../../scripts/python/threads.py")),
    ("sessions", include_str!("../../scripts/python/sessions.py")),
    ("names", include_str!("../../scripts/python/names.py")),
    ("ends", include_str!("../../scripts/python/ends.py")),
    (
        "nonblocking",
        include_str!("../../scripts/python/nonblocking.py"),
    ),
    ("keylog", include_str!("../../scripts/python/keylog.py")),
    ("web", include_str!("../../scripts/python/web.py")),
];
