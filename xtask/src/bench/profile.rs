//! `cargo xtask profile`: one candidate at one benchmark under callgrind, which counts instructions. The counts are the
//! same however busy the machine is. Where `perf` and inferno are, a flame graph as well.
//!
//! Owns the tools. What the candidates do is in benches/.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use serde_json::Value;
use xshell::{Shell, cmd};

use super::{Heavy, candidates};
use crate::cargo;

/// What to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Application data, client and server in one thread.
    Bulk,
    /// Full handshakes.
    Handshake,
    /// Resumed handshakes.
    Resumed,
}

/// The command line.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// What to count.
    #[arg(value_enum)]
    subject: Subject,
    /// Who does it, by the name in the tables of `cargo xtask bench`.
    #[arg(long, default_value = "ours")]
    candidate: String,
    /// Version and AEAD: tls13 or tls12, and aes128gcm, aes256gcm or chacha20.
    #[arg(long, default_value = "tls13-aes128gcm")]
    suite: String,
    /// Bytes per write, for bulk.
    #[arg(long, default_value_t = 16 * 1024)]
    size: usize,
    /// The server's key, for handshakes: p256 or rsa2048.
    #[arg(long, default_value = "p256")]
    key: String,
    /// How many handshakes, or MiB of data; 32 or 16 if it is not given.
    #[arg(long)]
    times: Option<u32>,
    /// How many functions are shown.
    #[arg(long, default_value_t = 20)]
    top: usize,
    /// Build this too, so that it can be the candidate.
    #[arg(long, value_enum, value_name = "PEER")]
    with: Vec<Heavy>,
}

/// Counts, and draws if it can.
pub(crate) fn run(sh: &Shell, flags: &Flags) -> Result<()> {
    ensure!(
        is_there("valgrind"),
        "no valgrind: apt-get install valgrind, or cargo xtask setup"
    );
    let folder = cargo::target_dir(sh, "bench")?;
    std::fs::create_dir_all(&folder)?;
    let built = candidates::build(sh, &folder, &flags.with)?;
    let (harness, credentials) = (&built.harness, folder.join("credentials"));
    cmd!(sh, "{harness} credentials {credentials}")
        .quiet()
        .run()?;
    let candidate = Candidate::find(&built.candidates, &flags.candidate)?;
    let profiles = cargo::target_dir(sh, "profile")?;
    std::fs::create_dir_all(&profiles)?;
    let (question, times) = question(flags);
    let counts = count(&candidate, &question, &profiles, flags)?;
    println!("{}: {question}\n", flags.candidate);
    print!("{}", counts.table(times, flags.top));
    println!("\ncallgrind's file: {}", counts.file.display());
    println!(
        "  callgrind_annotate --inclusive=yes --tree=caller prints who called, kcachegrind shows it"
    );
    match flame(&candidate, &question, &profiles, flags)? {
        Flame::Drawn(file) => println!("flame graph: {}", file.display()),
        Flame::Lacking(what) => println!("no flame graph: {what}"),
    }
    Ok(())
}

/// The command for the candidate, and how many units of work it is.
fn question(flags: &Flags) -> (String, u32) {
    let Flags {
        suite, size, key, ..
    } = flags;
    match flags.subject {
        Subject::Bulk => {
            let times = flags.times.unwrap_or(16);
            (format!("bulk {suite} {size} {times}x 0"), times)
        }
        Subject::Handshake => {
            let times = flags.times.unwrap_or(32);
            (format!("handshake {suite} {key} full {times}x"), times)
        }
        Subject::Resumed => {
            let times = flags.times.unwrap_or(32);
            (format!("handshake {suite} {key} resumed {times}x"), times)
        }
    }
}

/// A candidate's command line.
struct Candidate {
    words: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Candidate {
    fn find(all: &[Value], name: &str) -> Result<Self> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let found = all.iter().find(|candidate| candidate["name"] == name);
        let found = found.with_context(|| {
            let names: Vec<String> = all.iter().map(|known| text(&known["name"])).collect();
            format!("no candidate {name:?}; there are: {}", names.join("; "))
        })?;
        let words = found["command"].as_array().into_iter().flatten();
        let environment = found["environment"].as_object().into_iter().flatten();
        Ok(Self {
            words: words.map(text).collect(),
            environment: environment
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
        })
    }

    /// The candidate below another program, which is asked the question.
    fn ask_below(&self, program: &str, arguments: &[String], question: &str) -> Result<String> {
        use std::io::Write as _;
        let mut child = Command::new(program)
            .args(arguments)
            .args(&self.words)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            // valgrind counts a copy or a fill with one repeated instruction as one for each byte.
            .env("GLIBC_TUNABLES", NO_REPEATED_INSTRUCTIONS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {program}"))?;
        let mut input = child.stdin.take().context("no standard input")?;
        writeln!(input, "{question}")?;
        drop(input);
        let output = child.wait_with_output()?;
        let (answer, complaint) = (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        );
        ensure!(
            output.status.success() && answer.lines().any(|line| line.starts_with("ok ")),
            "{program}: the candidate answered {:?}\n{complaint}",
            answer.trim_end()
        );
        Ok(answer)
    }
}

/// Instructions by function.
struct Counts {
    file: PathBuf,
    total: u64,
    /// The most first.
    functions: Vec<(String, u64)>,
}

fn count(candidate: &Candidate, question: &str, folder: &Path, flags: &Flags) -> Result<Counts> {
    let file = folder.join(file_name(flags, "callgrind"));
    let arguments = [
        "--tool=callgrind".to_owned(),
        format!("--callgrind-out-file={}", file.display()),
        // What the candidates do over and over, in Rust and in C; without what came before.
        "--toggle-collect=*per_second*".to_owned(),
    ];
    candidate.ask_below("valgrind", &arguments, question)?;
    let output = Command::new("callgrind_annotate")
        .arg(&file)
        .args(["--threshold=100", "--auto=no"])
        .output()
        .context("cannot run callgrind_annotate, which comes with valgrind")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let counts = Counts::read(&text, file)?;
    ensure!(counts.total > 0, "callgrind counted nothing");
    Ok(counts)
}

impl Counts {
    /// Reads what callgrind_annotate prints: `1,234 (5.6%)  FILE:FUNCTION [OBJECT]`. A function that others were
    /// inlined into has several lines.
    fn read(text: &str, file: PathBuf) -> Result<Self> {
        let (mut total, mut counts) = (0, BTreeMap::<String, u64>::new());
        for line in text.lines() {
            let Some((number, rest)) = line.trim_start().split_once(" (") else {
                continue;
            };
            let Ok(number) = number.replace(',', "").parse::<u64>() else {
                continue;
            };
            let (_, place) = rest.split_once(')').context("callgrind_annotate")?;
            match place.trim() {
                "PROGRAM TOTALS" => total = number,
                place => *counts.entry(function(place)).or_default() += number,
            }
        }
        let mut functions: Vec<_> = counts.into_iter().collect();
        functions.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Ok(Self {
            file,
            total,
            functions,
        })
    }

    fn table(&self, times: u32, top: usize) -> String {
        let each = |count: u64| count as f64 / f64::from(times);
        let mut text = format!("{:>7}  {:>14}  function\n", "share", "each time");
        let mut line = |share: f64, count: u64, name: &str| {
            text += &format!("{share:6.2}%  {:>14.0}  {name}\n", each(count));
        };
        let shown = self.functions.iter().take(top);
        for (name, count) in shown.clone() {
            line(100.0 * *count as f64 / self.total as f64, *count, name);
        }
        let rest = self.total - shown.map(|(_, count)| count).sum::<u64>().min(self.total);
        line(
            100.0 * rest as f64 / self.total as f64,
            rest,
            "(all others)",
        );
        line(100.0, self.total, "(together)");
        text
    }
}

/// The name of the function, and of the object if that is a library.
fn function(place: &str) -> String {
    let (place, object) = match place.strip_suffix(']').and_then(|p| p.rsplit_once(" [")) {
        Some((place, object)) => (place, object.rsplit('/').next().unwrap_or_default()),
        None => (place, ""),
    };
    // A path has no colon; a function has them in pairs.
    let name = match place.split_once(':') {
        Some((_, name)) => name,
        None => place,
    };
    match object.contains(".so") {
        true => format!("{name} [{object}]"),
        false => name.to_owned(),
    }
}

/// What came of the flame graph.
enum Flame {
    Drawn(PathBuf),
    Lacking(String),
}

fn flame(candidate: &Candidate, question: &str, folder: &Path, flags: &Flags) -> Result<Flame> {
    let missing: Vec<&str> = FLAME_TOOLS
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, remedy)| *remedy)
        .collect();
    if !missing.is_empty() {
        let remedies = missing.join("; ");
        return Ok(Flame::Lacking(format!("install what draws it: {remedies}")));
    }
    let samples = folder.join(file_name(flags, "perf"));
    let arguments = ["record", "--quiet", "--call-graph=dwarf", "--output"].map(str::to_owned);
    let arguments = [
        &arguments[..],
        &[samples.display().to_string(), "--".to_owned()],
    ]
    .concat();
    // By time here: perf takes samples, and needs some hundred.
    let question = by_time(question);
    if let Err(error) = candidate.ask_below("perf", &arguments, &question) {
        return Ok(Flame::Lacking(format!(
            "{error:#}\nperf has to be allowed: sysctl kernel.perf_event_paranoid=1, or be root"
        )));
    }
    let drawn = folder.join(file_name(flags, "svg"));
    let sh = Shell::new()?;
    let script = cmd!(sh, "perf script --input {samples}")
        .quiet()
        .ignore_stderr();
    let folded = cmd!(sh, "inferno-collapse-perf")
        .stdin(script.read()?)
        .quiet()
        .ignore_stderr()
        .read()?;
    let picture = cmd!(sh, "inferno-flamegraph")
        .stdin(folded)
        .quiet()
        .read()?;
    std::fs::write(&drawn, picture).with_context(|| format!("cannot write {}", drawn.display()))?;
    Ok(Flame::Drawn(drawn))
}

/// The same work for two seconds, however often that is.
fn by_time(question: &str) -> String {
    let words = question.split(' ').map(|word| {
        let is_times = word
            .strip_suffix('x')
            .is_some_and(|n| n.parse::<u32>().is_ok());
        if is_times { "2000" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn file_name(flags: &Flags, extension: &str) -> String {
    let subject = flags.subject.to_possible_value();
    let subject = subject.as_ref().map_or("", |value| value.get_name());
    let name = format!("{subject} {} {}", flags.candidate, flags.suite);
    let words: Vec<&str> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    format!("{}.{extension}", words.join("-"))
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| File::open(folder.join(program)).is_ok())
}

/// What a flame graph needs, each with where it comes from.
const FLAME_TOOLS: &[(&str, &str)] = &[
    ("perf", "perf (apt-get install linux-perf)"),
    ("inferno-collapse-perf", "inferno (cargo install inferno)"),
];

/// Copies and fills of the C library in a loop.
const NO_REPEATED_INSTRUCTIONS: &str = "glibc.cpu.x86_rep_movsb_threshold=0x7fffffffffff:glibc.cpu.x86_rep_stosb_threshold=0x7fffffffffff";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_function_are_added_up() {
        let text = "1,000 (100.0%)  PROGRAM TOTALS\n\n\
            600 (60.0%)  src/a.rs:a::<b::C as d>::e [/x/candidate]\n\
            300 (30.0%)  src/f.rs:a::<b::C as d>::e [/x/candidate]\n\
            100 (10.0%)  ./string/m.S:memcpy [/lib/libc.so.6]\n";
        let counts = Counts::read(text, PathBuf::new()).unwrap();
        assert_eq!(counts.total, 1000);
        let expected = [("a::<b::C as d>::e", 900), ("memcpy [libc.so.6]", 100)];
        assert_eq!(
            counts.functions,
            expected.map(|(name, count)| (name.to_owned(), count))
        );
        let table = counts.table(10, 1);
        assert!(
            table.contains(" 90.00%              90  a::<b::C as d>::e\n"),
            "{table}"
        );
        assert!(
            table.contains(" 10.00%              10  (all others)\n"),
            "{table}"
        );
    }

    #[test]
    fn a_flame_graph_is_of_the_same_work_for_some_time() {
        assert_eq!(
            by_time("bulk tls13-x 16384 16x 0"),
            "bulk tls13-x 16384 2000 0"
        );
    }
}
