//! Scripts with two roles, a server and its client: first the server is under the library, then the client, the
//! other side on the system's. Must not know what a script does.

use anyhow::Result;

use crate::stage::Stage;
use crate::tool::{Running, Tool};

/// A language whose interpreter is linked against libssl.
pub(super) struct Language {
    /// The distribution's interpreter, whatever else is in the path.
    pub(super) interpreter: &'static str,
    /// Its options before the script.
    pub(super) options: &'static str,
    /// File and text of what the scripts share, if anything.
    pub(super) common: Option<(&'static str, &'static str)>,
}

/// Name and text of a script.
pub(super) type Script = (&'static str, &'static str);

impl Language {
    /// Both roles, in both ways. Each has to end well and say so.
    pub(super) fn both(&self, stage: &Stage, script: Script) -> Result<()> {
        self.roles(stage, script, |server| {
            server.finish()?.success()?.prints("done")?;
            Ok(())
        })
    }

    /// The same for a server that serves until it is stopped.
    pub(super) fn both_endless(&self, stage: &Stage, script: Script) -> Result<()> {
        self.roles(stage, script, Running::stop)
    }

    /// A script without roles, under the library.
    pub(super) fn alone(&self, stage: &Stage, script: Script, arguments: &str) -> Result<()> {
        let tool = self.play(
            stage,
            stage.under_test(self.interpreter)?,
            script,
            arguments,
        )?;
        tool.run()?.success()?.prints("done")?;
        Ok(())
    }

    fn roles(
        &self,
        stage: &Stage,
        script: Script,
        end: impl Fn(&Running) -> Result<()>,
    ) -> Result<()> {
        for ours in [true, false] {
            let side = |is_under_test: bool| stage.under_test_if(is_under_test, self.interpreter);
            let server = stage
                .serve(|[port]| self.play(stage, side(ours)?, script, &format!("server {port}")))?;
            let role = format!("client {}", server.port());
            let client = self.play(stage, side(!ours)?, script, &role)?;
            client.run()?.success()?.prints("done")?;
            end(&server.process)?;
        }
        Ok(())
    }

    fn play<'a>(
        &self,
        stage: &'a Stage,
        tool: Tool<'a>,
        (name, text): Script,
        arguments: &str,
    ) -> Result<Tool<'a>> {
        if let Some((name, text)) = self.common {
            stage.write(name, text)?;
        }
        let file = stage.write(name, text)?;
        let tool = tool.env("PKI", &stage.pki()).env("DATA", &stage.data());
        Ok(tool.words(self.options).arg(file).words(arguments))
    }
}
