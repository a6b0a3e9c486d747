//! What the checks of one library said: lines `ok <id>` and `FAIL <id> expected .. actual ..`.

use std::collections::BTreeMap;

/// The results of a run, by id. A check can run more than once.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    by_id: BTreeMap<String, Result>,
}

#[derive(Debug, Default)]
struct Result {
    /// How often it passed.
    passed: usize,
    /// How often it failed.
    failed: usize,
    /// What the first failure said.
    failure: String,
}

impl Outcome {
    /// Adds the output of a program.
    pub(super) fn read(&mut self, output: &str) {
        for line in output.lines() {
            let mut words = line.splitn(3, ' ');
            let (verdict, id) = (words.next(), words.next());
            let rest = words.next().unwrap_or_default();
            match (verdict, id) {
                (Some("ok"), Some(id)) => self.entry(id).passed += 1,
                (Some("FAIL"), Some(id)) => {
                    let result = self.entry(id);
                    result.failed += 1;
                    if result.failed == 1 {
                        rest.clone_into(&mut result.failure);
                    }
                }
                _ => {}
            }
        }
    }

    /// Forgets all checks whose id does not begin with `prefix`.
    pub(super) fn keep(&mut self, prefix: &str) {
        self.by_id.retain(|id, _| id.starts_with(prefix));
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// How many checks ran.
    pub(super) fn checks(&self) -> usize {
        self.by_id.values().map(|one| one.passed + one.failed).sum()
    }

    /// The checks that passed whenever they ran, with how often that was.
    pub(super) fn passes(&self) -> impl Iterator<Item = (&str, usize)> {
        let passed = self.by_id.iter().filter(|(_, result)| result.failed == 0);
        passed.map(|(id, result)| (id.as_str(), result.passed))
    }

    /// How often a check passed.
    pub(super) fn passed(&self, id: &str) -> usize {
        self.by_id.get(id).map_or(0, |result| result.passed)
    }

    /// The ids that failed, with what they said.
    pub(super) fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        let failed = self.by_id.iter().filter(|(_, result)| result.failed > 0);
        failed.map(|(id, result)| (id.as_str(), result.failure.as_str()))
    }

    /// Why the check is not passed, if it is not: it has to run `times`, and pass.
    pub(super) fn failure(&self, id: &str, times: usize) -> Option<String> {
        match self.by_id.get(id) {
            Some(result) if result.failed > 0 => Some(result.failure.clone()),
            Some(result) if result.passed >= times => None,
            Some(result) => Some(format!("ran {} of {times} times", result.passed)),
            None => Some("did not run".to_owned()),
        }
    }

    fn entry(&mut self, id: &str) -> &mut Result {
        self.by_id.entry(id.to_owned()).or_default()
    }

    #[cfg(test)]
    pub(super) fn of(output: &str) -> Self {
        let mut outcome = Self::default();
        outcome.read(output);
        outcome
    }
}
