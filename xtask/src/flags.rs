//! The command line of `cargo xtask`. Says what there is; what it does is in the file of each chore.

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};

use crate::{bench, ci, fuzz, scenarios};

/// Chores of this workspace. Before you send a change: `cargo xtask ci`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) chore: Chore,
}

/// One chore.
#[derive(Debug, Subcommand)]
pub(crate) enum Chore {
    /// Check everything, as the continuous integration does, in this order; or only the steps named.
    #[command(after_help = ci::list())]
    Ci {
        /// Steps to run; all of them, if none is named.
        #[arg(value_name = "STEP", value_parser = PossibleValuesParser::new(ci::names()), hide_possible_values = true)]
        steps: Vec<String>,
    },
    /// Install what the checks need and this machine lacks.
    Setup,
    /// Check the rules of CONTRIBUTING.md that a machine can check.
    Tidy {
        /// Mend what needs no thought: trailing blanks, generated tables.
        #[arg(long)]
        fix: bool,
    },
    /// Check which module and which crate names which.
    Layers,
    /// Write the generated tables: modes in README.md and docs/modes, docs/statements.md.
    Matrix,
    /// Fuzz every target of fuzz/, or the one named, on nightly Rust.
    Fuzz {
        /// How long each target runs.
        #[arg(long, default_value_t = fuzz::SECONDS)]
        seconds: u32,
        /// The target; all of them, if none is named.
        target: Option<String>,
    },
    /// Run the tests of ssl-record under AddressSanitizer, on nightly Rust.
    Asan,
    /// Measure ours beside other libraries, and write docs/benchmarks.md.
    Bench(bench::Flags),
    /// Count the instructions of one candidate at one of the benchmarks, by function.
    Profile(bench::profile::Flags),
    /// Run real programs under the drop-in library, against peers on the system's.
    Scenarios {
        /// The library that the programs get.
        #[arg(long, value_enum, default_value = "ours")]
        library: scenarios::Library,
        /// Only scenarios whose `program/name` contains one of these.
        #[arg(value_name = "FILTER")]
        filters: Vec<String>,
    },
    /// Write the shell completions and manual pages of ssl-cli to target/dist.
    Dist,
    /// Run a program of this machine on our libssl.so.3.
    Dropin {
        /// Build it without optimisation.
        #[arg(long)]
        debug: bool,
        /// The program and its arguments, behind `--`.
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Check what our libssl.so.3 exports and needs, and every prototype against OpenSSL's headers.
    Abi {
        /// Check the optimised library.
        #[arg(long)]
        release: bool,
    },
    /// Run the C checks of the modes on the system's libssl.so.3 and on ours.
    Conformance {
        /// Use the optimised library.
        #[arg(long)]
        release: bool,
        /// Part of the name of a program, such as `write`, or the start of a check's id, such as `W62`.
        filter: Option<String>,
    },
    /// Run the C programs that have to print the same on the system's libssl.so.3 and on ours.
    Capi {
        /// Use the optimised library.
        #[arg(long)]
        release: bool,
        /// Part of the name of a program.
        filter: Option<String>,
    },
    /// Run the C programs under valgrind's memcheck, on the system's libssl.so.3 and on ours.
    Valgrind {
        /// Only a few programs: a minute instead of many.
        #[arg(long)]
        smoke: bool,
        /// Part of the name of a program.
        filter: Option<String>,
    },
    /// Run the C programs whose keys are in an engine that signs later (SSL_MODE_ASYNC).
    Engine {
        /// Use the library without optimisation.
        #[arg(long)]
        debug: bool,
        /// How many connections a program makes, instead of its own number.
        #[arg(long)]
        count: Option<u32>,
        /// Part of the name of a program.
        filter: Option<String>,
    },
    /// Run the C programs with many threads, many connections and many loads of our libssl.so.3.
    Stress {
        /// Use the library without optimisation.
        #[arg(long)]
        debug: bool,
        /// Part of the name of a program.
        filter: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Flags::command().debug_assert();
    }

    #[test]
    fn a_step_has_to_exist() {
        assert!(Flags::try_parse_from(["xtask", "ci", "tidy", "fmt"]).is_ok());
        assert!(Flags::try_parse_from(["xtask", "ci", "tidiness"]).is_err());
    }
}
