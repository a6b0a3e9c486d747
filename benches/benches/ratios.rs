//! The candidates in turn, several rounds, and how they compare. Prints tables; asserts nothing.
//!
//! `cargo bench -p ssl-bench --bench ratios -- [--rounds N] [--millis N] [part of a suite's name]`.
//! All candidates take part in each round, so that a slower moment of the machine slows all; a ratio is
//! the median of the ratios of one round.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ssl_bench::candidates::{self, CEILING};
use ssl_bench::{Credentials, Lane, SIZES, Suite};

/// How much is measured, from the command line. Unknown arguments are criterion's and mean nothing here.
struct Plan {
    rounds: usize,
    slice: Duration,
    suites: Option<String>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        return Ok(());
    }
    let plan = Plan::parse(&arguments)?;
    let credentials = Credentials::new()?;
    println!(
        "MB/s of application data, client seals and server opens in one thread; median of {} rounds",
        plan.rounds
    );
    for suite in Suite::ALL {
        let wanted = plan.suites.as_ref();
        if wanted.is_none_or(|part| suite.name.contains(part.as_str())) {
            for size in SIZES {
                compare(&plan, suite, size, &credentials)?;
            }
        }
    }
    Ok(())
}

impl Plan {
    fn parse(arguments: &[String]) -> Result<Self> {
        let has = |name: &str| arguments.iter().any(|argument| argument == name);
        // `cargo test` runs this too, without `--bench`: only to see that it works.
        let (mut rounds, mut millis) = match (has("--bench"), has("--quick")) {
            (false, _) => (1, 1),
            (true, true) => (5, 20),
            (true, false) => (9, 60),
        };
        let mut suites = None;
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut number = || -> Result<usize> {
                let value = rest.next().context("a number is missing")?;
                value.parse().context(value.clone())
            };
            match argument.as_str() {
                "--rounds" => rounds = number()?,
                "--millis" => millis = number()?,
                "--warm-up-time" | "--measurement-time" | "--sample-size" => drop(rest.next()),
                name if !name.starts_with('-') => suites = Some(name.to_owned()),
                _ => {}
            }
        }
        Ok(Self {
            rounds: rounds.max(1),
            slice: Duration::from_millis(millis as u64),
            suites,
        })
    }
}

/// Measures all candidates at one suite and size, and prints the table.
fn compare(plan: &Plan, suite: Suite, size: usize, credentials: &Credentials) -> Result<()> {
    let mut lanes = Vec::new();
    for &(name, maker) in candidates::ALL {
        lanes.push((name, Lane::new(maker, suite, credentials)?, Vec::new()));
    }
    for (_, lane, _) in &mut lanes {
        rate(lane, size, plan.slice)?; // warms caches up, and is not counted
    }
    for _ in 0..plan.rounds {
        for (_, lane, rates) in &mut lanes {
            rates.push(rate(lane, size, plan.slice)?);
        }
    }
    let rates = |wanted: &str| lanes.iter().find(|(name, ..)| *name == wanted);
    let (_, _, ours) = rates(candidates::ALL[0].0).context("no candidate")?;
    let (_, _, ceiling) = rates(CEILING).context("no ceiling")?;
    println!("\n{} {size} B", suite.name);
    println!("  candidate            median   lowest..highest    ours is  of AEAD alone");
    for (name, _, rates) in &lanes {
        let sorted = sorted(rates);
        println!(
            "  {name:<18} {:>8.0}   {:>6.0}..{:<6.0}    {:>6.2} x       {:>5.1} %",
            median(&sorted),
            sorted[0],
            sorted[sorted.len() - 1],
            median_ratio(ours, rates),
            100.0 * median_ratio(rates, ceiling),
        );
    }
    Ok(())
}

/// Application bytes per microsecond, which is MB/s, over about `slice`.
fn rate(lane: &mut Lane<'_>, size: usize, slice: Duration) -> Result<f64> {
    // The clock is read once per 64 KiB or so: it costs as much as sealing a short record.
    let batch = (64 * 1024 / size).max(1);
    let start = Instant::now();
    let mut bytes = 0;
    loop {
        for _ in 0..batch {
            lane.carry(black_box(size))?;
        }
        bytes += batch * size;
        let elapsed = start.elapsed();
        if elapsed >= slice {
            return Ok(bytes as f64 / (elapsed.as_secs_f64() * 1e6));
        }
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

fn median_ratio(of: &[f64], to: &[f64]) -> f64 {
    let ratios: Vec<f64> = of.iter().zip(to).map(|(of, to)| of / to).collect();
    median(&sorted(&ratios))
}
