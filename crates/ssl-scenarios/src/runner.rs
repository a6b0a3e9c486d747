//! Runs scenarios, several at a time, each on a stage of its own. Must not know any of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow};

use crate::packages;
use crate::report::{Failure, Outcome};
use crate::scenario::Scenario;
use crate::stage::Stage;
use crate::world::World;

/// Runs all of them, `jobs` at a time, and calls `told` as each ends. The outcomes are in the order given.
pub(crate) fn run(
    world: &'static World,
    scenarios: &[&'static Scenario],
    jobs: usize,
    told: impl Fn(&Outcome) + Sync,
) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, scenarios.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(scenario) = scenarios.get(number) else {
                        return;
                    };
                    let outcome = one(world, scenario);
                    told(&outcome);
                    let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
                    outcomes.push((number, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn one(world: &'static World, scenario: &'static Scenario) -> Outcome {
    let start = Instant::now();
    let (modes, result) = match Stage::open(world, &scenario.id(), scenario.limit) {
        Ok(stage) => {
            let steps = AssertUnwindSafe(|| (scenario.run)(&stage));
            let result = catch_unwind(steps).unwrap_or_else(|_| Err(anyhow!("a step panicked")));
            // Ended first, so that the logs are complete; the first problem is the one to report.
            let result = match (result, stage.close()) {
                (Err(error), _) | (Ok(()), Err(error)) => Err((error, stage.logs())),
                (Ok(()), Ok(())) => Ok(()),
            };
            (stage.modes(), result)
        }
        Err(error) => (Vec::new(), Err((error, String::new()))),
    };
    Outcome {
        scenario,
        version: packages::version(scenario.program),
        modes,
        failure: result.err().map(|(error, logs)| Failure {
            reason: format!("{error:#}"),
            logs,
        }),
        took: start.elapsed(),
    }
}

/// The scenarios whose id contains one of the filters; all, if there is no filter.
pub(crate) fn select(
    all: impl Iterator<Item = &'static Scenario>,
    filters: &[String],
) -> Result<Vec<&'static Scenario>> {
    let chosen: Vec<_> = all
        .filter(|scenario| {
            let id = scenario.id();
            filters.is_empty() || filters.iter().any(|filter| id.contains(filter.as_str()))
        })
        .collect();
    if chosen.is_empty() {
        return Err(anyhow!("no scenario matches; --list shows them"));
    }
    Ok(chosen)
}
