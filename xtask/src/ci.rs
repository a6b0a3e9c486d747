//! `cargo xtask ci`: the one list of steps, and the loop that runs and times them. The workflows under
//! .github call these steps by name, so what they run is what a laptop runs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use xshell::Shell;

use crate::library::Profile;
use crate::tidy::Fix;
use crate::{
    abi, asan, capi, cargo, conformance, engine, examples, fuzz, layers, loom, model, scenarios,
    setup, stress, tidy, valgrind,
};

/// How a step ended that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran.
    Done,
    /// It could not run here, for this reason.
    Skipped(String),
}

/// One step.
struct Step {
    name: &'static str,
    /// What it does, for `cargo xtask ci --help`.
    about: &'static str,
    run: fn(&Shell) -> Result<Outcome>,
}

/// Every step, in the order they run: cheap ones first, so that a slip shows early.
const STEPS: &[Step] = &[
    Step {
        name: "setup",
        about: "install what the other steps need and this machine lacks",
        run: |sh| done(setup::run(sh)),
    },
    Step {
        name: "fmt",
        about: "rustfmt would change nothing",
        run: |sh| done(cargo::fmt(sh)),
    },
    Step {
        name: "tidy",
        about: "the rules a machine can check; see cargo xtask tidy",
        run: |_| done(tidy::run(Fix::Report)),
    },
    Step {
        name: "layers",
        about: "who may name whom; see cargo xtask layers",
        run: |sh| done(layers::run(sh)),
    },
    Step {
        name: "clippy",
        about: "no warning in any feature set",
        run: |sh| done(cargo::clippy(sh)),
    },
    Step {
        name: "test",
        about: "all tests, and those of ssl-record on aws-lc-rs",
        run: |sh| done(cargo::test(sh)),
    },
    Step {
        name: "doctest",
        about: "the examples in doc comments",
        run: |sh| done(cargo::doctest(sh)),
    },
    Step {
        name: "doc",
        about: "the documentation builds without a warning",
        run: |sh| done(cargo::doc(sh)),
    },
    Step {
        name: "examples",
        about: "the examples build; those without arguments run",
        run: |sh| done(examples::run(sh)),
    },
    Step {
        name: "deny",
        about: "licences, bans and sources of dependencies; see deny.toml",
        run: |sh| done(cargo::deny(sh)),
    },
    Step {
        name: "abi",
        about: "the C library exports what OpenSSL's does, with the header's prototypes",
        run: |sh| done(abi::run(sh, Profile::Release)),
    },
    Step {
        name: "conformance",
        about: "868 checks of the modes in C, on OpenSSL and on ours",
        run: |sh| done(conformance::run(sh, Profile::Release, None)),
    },
    Step {
        name: "capi",
        about: "C programs say the same on OpenSSL and on ours",
        run: |sh| done(capi::run(sh, Profile::Release, None)),
    },
    Step {
        name: "stress",
        about: "64 threads on a context, 10,000 connections, loading and unloading",
        run: |sh| done(stress::run(sh, Profile::Release, None)),
    },
    Step {
        name: "engine",
        about: "C programs whose keys sign later, and many of them at once",
        run: |sh| done(engine::run(sh, Profile::Release, None, None)),
    },
    Step {
        name: "scenarios",
        about: "real programs on our libssl.so.3 against peers on the system's",
        run: |sh| {
            done(scenarios::run(
                sh,
                scenarios::Library::Ours,
                &[],
                scenarios::Page::Keep,
            ))
        },
    },
    Step {
        name: "valgrind",
        about: "some C programs under memcheck; cargo xtask valgrind runs all",
        run: |sh| done(valgrind::run(sh, true, None)),
    },
    Step {
        name: "fuzz",
        about: "each fuzz target for ten seconds; needs nightly",
        run: |sh| fuzz::run(sh, fuzz::SECONDS, None),
    },
    Step {
        name: "asan",
        about: "ssl-record's tests under AddressSanitizer; needs nightly",
        run: asan::run,
    },
    Step {
        name: "loom",
        about: "every interleaving of what threads share",
        run: |sh| done(loom::run(sh)),
    },
    Step {
        name: "model",
        about: "random writes against the reference model, many cases",
        run: |sh| done(model::run(sh)),
    },
];

/// The names of the steps.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|step| step.name)
}

/// The steps with what each does, for the help text.
pub(crate) fn list() -> String {
    let line = |step: &Step| format!("  {:<11} {}\n", step.name, step.about);
    format!("Steps:\n{}", STEPS.iter().map(line).collect::<String>())
}

/// Runs the steps named, or all, in the order of the list; the first failure ends it.
pub(crate) fn run(sh: &Shell, wanted: &[String]) -> Result<()> {
    let is_wanted = |step: &&Step| wanted.is_empty() || wanted.iter().any(|name| name == step.name);
    run_steps(sh, &STEPS.iter().filter(is_wanted).collect::<Vec<_>>())
}

/// Turns the outcome of a step that is also a chore into that chore's result: asked for by name, it
/// must not be passed over in silence.
pub(crate) fn alone(outcome: Result<Outcome>) -> Result<()> {
    match outcome? {
        Outcome::Done => Ok(()),
        Outcome::Skipped(reason) => anyhow::bail!("{reason}"),
    }
}

fn run_steps(sh: &Shell, steps: &[&Step]) -> Result<()> {
    let start = Instant::now();
    let mut skipped = Vec::new();
    for (done, step) in steps.iter().enumerate() {
        let name = step.name;
        println!("==> {name}: {}", step.about);
        let step_start = Instant::now();
        let outcome = (step.run)(sh);
        let took = seconds(step_start.elapsed());
        match outcome {
            Ok(Outcome::Done) => println!("<== {name}: ok in {took}"),
            Ok(Outcome::Skipped(reason)) => {
                println!("<== {name}: SKIPPED: {reason}");
                skipped.push(name);
            }
            Err(error) => {
                println!("<== {name}: FAILED in {took}");
                println!(
                    "ci: FAILED at {name}, {done} of {} steps before it ok",
                    steps.len()
                );
                return Err(error)
                    .with_context(|| format!("to repeat this step: cargo xtask ci {name}"));
            }
        }
    }
    println!("{}", summary(steps.len(), &skipped, start.elapsed()));
    Ok(())
}

fn summary(steps: usize, skipped: &[&str], took: Duration) -> String {
    let ok = steps - skipped.len();
    let skipped = match skipped {
        [] => String::new(),
        names => format!(", {} skipped ({})", names.len(), names.join(", ")),
    };
    format!("ci: ok, {ok} steps passed{skipped} in {}", seconds(took))
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

fn done(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: Step = Step {
        name: "ok",
        about: "",
        run: |_| Ok(Outcome::Done),
    };
    const SKIP: Step = Step {
        name: "skip",
        about: "",
        run: |_| Ok(Outcome::Skipped("why".to_owned())),
    };
    const FAIL: Step = Step {
        name: "fail",
        about: "",
        run: |_| anyhow::bail!("broken"),
    };
    const NEVER: Step = Step {
        name: "never",
        about: "",
        run: |_| unreachable!("runs after a failure"),
    };

    #[test]
    fn the_first_failure_ends_the_run_and_says_how_to_repeat_it() {
        let error = run_steps(&Shell::new().unwrap(), &[&OK, &FAIL, &NEVER]).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "to repeat this step: cargo xtask ci fail: broken"
        );
    }

    #[test]
    fn a_skipped_step_is_named_in_the_summary() {
        assert!(run_steps(&Shell::new().unwrap(), &[&OK, &SKIP]).is_ok());
        let line = summary(3, &["fuzz"], Duration::from_millis(1500));
        assert_eq!(line, "ci: ok, 2 steps passed, 1 skipped (fuzz) in 1.5 s");
    }

    #[test]
    fn a_chore_asked_for_by_name_is_not_skipped_in_silence() {
        assert!(alone(Ok(Outcome::Done)).is_ok());
        assert!(alone(Ok(Outcome::Skipped("no nightly".to_owned()))).is_err());
    }

    #[test]
    fn steps_have_names_of_their_own() {
        let all: std::collections::BTreeSet<_> = names().collect();
        assert_eq!(all.len(), STEPS.len());
    }
}
