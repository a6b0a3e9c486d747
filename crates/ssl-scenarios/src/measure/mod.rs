//! What real programs cost under the library: processor time for a piece of work, memory for clients that do nothing.
//!
//! Owns the commands, one a line on standard input, each answered with `ok` and numbers, or with `none` where the
//! program is not installed. `cargo xtask bench programs` asks one process on each library, in turn, and compares;
//! see benches/src/harness/programs.rs. Clients and what stands behind a proxy are on the system's library always.
//!
//! - `nginx FILE kept|new KEY COUNT`: microseconds of the server per response with that file of the data folder, on
//!   connections that are kept alive or on one for each, with that certificate
//! - `haproxy FILE kept|new KEY COUNT`: the same of a proxy that ends TLS before a plain server
//! - `redis BYTES COUNT`: microseconds of the server per command, of so many pipelined SET and GET of such values
//! - `curl MIB`: milliseconds of the client per GiB, of a download of so many MiB
//! - `idle COUNT`: KiB resident in nginx's worker with so many clients that keep their connections and do nothing, the
//!   worker's proportional share of them, and bytes that each client added

mod clients;
mod curl;
mod haproxy;
mod load;
mod nginx;
mod process;
mod redis;

use std::io::{BufRead, Write};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::stage::{self, Stage};
use crate::world::World;
use load::Load;

/// Where measurements take place.
struct Place {
    world: &'static World,
    /// A program below which the measured one runs, if any.
    below: String,
    /// How many measurements there were.
    count: usize,
}

/// Answers each line of `commands` until they end.
pub(crate) fn run(
    world: &'static World,
    below: &str,
    commands: impl BufRead,
    mut answers: impl Write,
) -> Result<()> {
    let mut place = Place {
        world,
        below: below.to_owned(),
        count: 0,
    };
    for command in commands.lines() {
        let command = command?;
        match place.answer(&command) {
            Ok(Some(numbers)) => {
                let numbers = numbers.iter().map(|number| format!(" {number}"));
                writeln!(answers, "ok{}", numbers.collect::<String>())?;
            }
            Ok(None) => writeln!(answers, "none")?,
            Err(error) => {
                let reason = format!("{error:#}").replace('\n', " | ");
                writeln!(answers, "error {command}: {reason}")?;
            }
        }
        answers.flush()?;
    }
    Ok(())
}

impl Place {
    fn answer(&mut self, command: &str) -> Result<Option<Vec<f64>>> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let lacking = needed(words.first().copied().unwrap_or_default())
            .iter()
            .find(|program| stage::find(program).is_err());
        if let Some(program) = lacking {
            eprintln!("not measured, as {program} is not installed: {command}");
            return Ok(None);
        }
        self.count += 1;
        let name = format!("measure-{}", self.count);
        let stage = Stage::open(self.world, &name, LIMIT)?;
        let below = &self.below;
        let result = match words.as_slice() {
            ["nginx", load @ ..] => nginx::serves(&stage, below, &Load::read(load)?),
            ["haproxy", load @ ..] => haproxy::ends_tls(&stage, below, &Load::read(load)?),
            ["redis", bytes, count] => {
                redis::pipelined(&stage, below, bytes.parse()?, count.parse()?)
            }
            ["curl", mib] => curl::downloads(&stage, below, mib.parse()?),
            ["idle", count] => nginx::idle(&stage, below, count.parse()?),
            _ => bail!("not a command"),
        };
        let closed = stage.close();
        match (result, closed) {
            (Ok(numbers), Ok(())) => Ok(Some(numbers)),
            (Err(error), _) | (Ok(_), Err(error)) => {
                eprintln!("{}", stage.logs());
                Err(error)
            }
        }
    }
}

/// The programs that a command needs.
fn needed(command: &str) -> &'static [&'static str] {
    match command {
        "nginx" => &["nginx", "ab"],
        "haproxy" => &["haproxy", "nginx", "ab"],
        "redis" => &["redis-server", "redis-benchmark"],
        "curl" => &["curl", "nginx"],
        "idle" => &["nginx"],
        _ => &[],
    }
}

/// How long a measurement may take.
const LIMIT: Duration = Duration::from_secs(600);
