//! What came of each scenario, as a line for people and as a JSON line for programs.

use std::time::Duration;

use serde_json::json;

use crate::scenario::Scenario;

/// What came of one scenario.
pub(crate) struct Outcome {
    pub(crate) scenario: &'static Scenario,
    /// Of the program's Debian package.
    pub(crate) version: String,
    /// Names of the modes that the library saw set.
    pub(crate) modes: Vec<String>,
    /// Why it failed, with everything its processes printed; `None` if it did not.
    pub(crate) failure: Option<Failure>,
    pub(crate) took: Duration,
}

/// Why a scenario failed.
pub(crate) struct Failure {
    /// In one line.
    pub(crate) reason: String,
    pub(crate) logs: String,
}

impl Outcome {
    /// One JSON object in a line.
    pub(crate) fn json(&self, library: &str) -> String {
        let result = if self.failure.is_none() {
            "ok"
        } else {
            "failed"
        };
        json!({
            "program": self.scenario.program.name,
            "version": self.version,
            "scenario": self.scenario.name,
            "library": library,
            "result": result,
            "reason": self.failure.as_ref().map(|failure| &failure.reason),
            "modes": self.modes,
            "seconds": (self.took.as_secs_f64() * 100.0).round() / 100.0,
        })
        .to_string()
    }

    /// What is printed when it ends.
    pub(crate) fn text(&self) -> String {
        let (id, took) = (self.scenario.id(), self.took.as_secs_f64());
        match &self.failure {
            None => format!("ok      {took:5.1} s  {id}"),
            Some(Failure { reason, logs }) => {
                let logs: String = logs.lines().map(|line| format!("    {line}\n")).collect();
                format!("FAILED  {took:5.1} s  {id}: {reason}\n{logs}")
            }
        }
    }
}
