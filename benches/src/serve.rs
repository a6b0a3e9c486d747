//! What a candidate's process does: reads a command a line, answers with `ok` and numbers, or with `none` if the
//! command means nothing to this candidate.
//!
//! Owns the workloads. It must not know which candidate it holds, nor what is made of the numbers. The program in
//! `c/` answers the same commands; both have to change together:
//!
//! - `bulk SUITE SIZE SLICE RELEASE`: MB/s of application data
//! - `handshake SUITE KEY full|resumed|hybrid SLICE`: handshakes a second; a hybrid one is a full one with
//!   X25519MLKEM768
//! - `allocations SUITE full|resumed`: heap allocations and bytes allocated of a handshake, both ends
//! - `allocations SUITE SIZE`: the same of a write of so many bytes and of reading them, in steady state
//! - `owned SUITE RELEASE`: bytes and blocks of heap that an idle server connection owns
//! - `idle COUNT`: bytes of resident memory that so many idle connections take, both ends
//! - `listen COUNT`, `accept COUNT`, `pong` and `connect PORT COUNT`, `ping`: server and client in two processes, see
//!   `sockets.rs`
//! - `calls SUITE`: calls of the transport for a handshake and a byte each way, those that found nothing, write
//!   calls for a write of 1 MiB and read calls for reading it
//!
//! A slice is a number of milliseconds, or with an `x` behind it so many times: megabytes, handshakes. That is for profiles,
//! which are to be of the same work each time.
//!
//! Times are the thread's own, so that what else the machine does counts less.

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::time::{ClockId, clock_gettime};

use crate::candidates::{self, Beyond, End, Maker, Pair, Stack, connect};
use crate::sockets::Sockets;
use crate::{Credentials, Key, Lane, MAX_FRAGMENT, Suite, Terms, Wires};

/// What a candidate's program does, with the certificates in a folder or with new ones.
///
/// # Errors
/// There is no such candidate, no certificates, or its standard streams fail.
pub fn alone(name: &str, folder: Option<String>, counter: Option<Counter>) -> Result<()> {
    let credentials = match folder {
        Some(folder) => Credentials::read(Path::new(&folder))?,
        None => Credentials::new()?,
    };
    let mut service = Service::new(candidates::named(name)?, &credentials, counter);
    service.run(std::io::stdin().lock(), std::io::stdout().lock())
}

/// What a closure did to the heap.
pub type Counter = fn(&mut dyn FnMut()) -> Counts;

/// What was allocated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Bytes that were left.
    pub bytes: i64,
    /// Blocks that were left.
    pub blocks: i64,
    /// How often memory was allocated, or allocated anew.
    pub allocations: u64,
    /// How many bytes at all.
    pub allocated: u64,
}

/// Application bytes between two looks at the clock, which costs as much as sealing a short record.
const BATCH: usize = 1 << 20;
const MEBIBYTE: usize = 1 << 20;
/// What is exchanged before a connection is left idle.
pub(crate) const REQUEST: &[u8] = b"request";
pub(crate) const RESPONSE: &[u8] = b"response";

/// A candidate and what it has been prepared for.
pub struct Service<'a> {
    maker: Maker,
    credentials: &'a Credentials,
    counter: Option<Counter>,
    lanes: Vec<(Terms, Lane<'a>)>,
    sockets: Option<Sockets>,
}

impl<'a> Service<'a> {
    /// A service for the candidate; `counter` needs an allocator that counts.
    pub fn new(maker: Maker, credentials: &'a Credentials, counter: Option<Counter>) -> Self {
        Self {
            maker,
            credentials,
            counter,
            lanes: Vec::new(),
            sockets: None,
        }
    }

    /// Answers each line of `commands` until they end.
    ///
    /// # Errors
    /// The streams fail; a command that fails is answered with `error` and its reason.
    pub fn run(&mut self, commands: impl BufRead, mut answers: impl Write) -> Result<()> {
        for command in commands.lines() {
            let command = command?;
            match self.answer(&command) {
                Ok(Some(numbers)) => {
                    write!(answers, "ok")?;
                    for number in numbers {
                        write!(answers, " {number}")?;
                    }
                    writeln!(answers)?;
                }
                Ok(None) => writeln!(answers, "none")?,
                Err(error) if error.is::<Beyond>() => writeln!(answers, "none")?,
                Err(error) => writeln!(answers, "error {command}: {error:#}")?,
            }
            answers.flush()?;
        }
        Ok(())
    }

    fn answer(&mut self, command: &str) -> Result<Option<Vec<f64>>> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let library = match self.maker {
            Maker::Library(make) => Some(make),
            Maker::Cryptography(_) => None,
        };
        let stack = |terms: Terms| {
            library
                .map(|make| make(&terms, self.credentials))
                .transpose()
        };
        match words.as_slice() {
            ["bulk", suite, size, slice, release] => {
                let mut terms = Terms::of(Suite::named(suite)?);
                terms.release = *release == "1";
                let lane = self.lane(terms)?;
                Ok(Some(vec![rate(lane, size.parse()?, Slice::named(slice)?)?]))
            }
            ["handshake", suite, key, kind, slice] => {
                let mut terms = Terms::of(Suite::named(suite)?);
                terms.key = Key::named(key)?;
                terms.resume = *kind == "resumed";
                terms.hybrid = *kind == "hybrid";
                let slice = Slice::named(slice)?;
                if terms.hybrid && !stack(Terms::of(terms.suite))?.is_some_and(|it| it.has_hybrid())
                {
                    return Ok(None);
                }
                let rate = stack(terms)?.map(|stack| handshakes(&*stack, terms.resume, slice));
                Ok(rate.transpose()?.map(|rate| vec![rate]))
            }
            ["owned", suite, release] => {
                let mut terms = Terms::of(Suite::named(suite)?);
                terms.resume = true;
                terms.release = *release == "1";
                let (Some(stack), Some(counter)) = (stack(terms)?, self.counter) else {
                    return Ok(None);
                };
                let (bytes, blocks) = owned(&*stack, counter)?;
                Ok(Some(vec![bytes as f64, blocks as f64]))
            }
            ["allocations", suite, what] => {
                let mut terms = Terms::of(Suite::named(suite)?);
                terms.resume = *what == "resumed";
                let Some(counter) = self.counter else {
                    return Ok(None);
                };
                let counts = match what.parse() {
                    Ok(size) => Some(allocated_by_traffic(self.lane(terms)?, size, counter)?),
                    Err(_) => stack(terms)?
                        .map(|stack| allocated_by_handshake(&*stack, terms.resume, counter))
                        .transpose()?,
                };
                Ok(counts.map(|counts| vec![counts.allocations as f64, counts.allocated as f64]))
            }
            ["idle", count] => {
                let mut terms = Terms::of(Suite::ALL[0]);
                terms.release = true;
                let count = count.parse()?;
                let resident = stack(terms)?.map(|stack| idle(&*stack, count));
                Ok(resident.transpose()?.map(|bytes| vec![bytes as f64]))
            }
            ["listen" | "accept" | "connect" | "ping" | "pong", ..] => {
                let mut terms = Terms::of(Suite::ALL[0]);
                terms.release = true;
                if self.sockets.is_none() {
                    self.sockets = stack(terms)?.map(Sockets::new);
                }
                let sockets = self.sockets.as_mut();
                let number = sockets.map(|sockets| sockets.answer(&words)).transpose()?;
                Ok(number.map(|number| vec![number]))
            }
            ["calls", suite] => {
                let mut terms = Terms::of(Suite::named(suite)?);
                terms.resume = true;
                let counts = stack(terms)?.map(|stack| calls(&*stack));
                Ok(counts.transpose()?)
            }
            _ => bail!("not a command"),
        }
    }

    /// The lane for the terms, connected at the first use.
    fn lane(&mut self, terms: Terms) -> Result<&mut Lane<'a>> {
        let known = self.lanes.iter().position(|(of, _)| *of == terms);
        let at = match known {
            Some(at) => at,
            None => {
                let lane = Lane::new(self.maker, terms, self.credentials)?;
                self.lanes.push((terms, lane));
                self.lanes.len() - 1
            }
        };
        Ok(&mut self.lanes[at].1)
    }
}

/// How long a measurement takes.
#[derive(Clone, Copy)]
enum Slice {
    Time(Duration),
    Times(u32),
}

impl Slice {
    fn named(word: &str) -> Result<Self> {
        Ok(match word.strip_suffix('x') {
            Some(times) => Self::Times(times.parse()?),
            None => Self::Time(Duration::from_millis(word.parse()?)),
        })
    }
}

/// How long this thread has run.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Calls `work` until that is over; how often a second. Never inline, as it is what a profile is taken of.
#[inline(never)]
fn per_second(slice: Slice, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let start = thread_time();
    let mut times = 0_u32;
    loop {
        work()?;
        times += 1;
        let elapsed = thread_time().saturating_sub(start);
        let is_over = match slice {
            Slice::Time(time) => elapsed >= time,
            Slice::Times(most) => times >= most,
        };
        if is_over {
            return Ok(f64::from(times) / elapsed.as_secs_f64());
        }
    }
}

fn rate(lane: &mut Lane<'_>, size: usize, slice: Slice) -> Result<f64> {
    let batch = (BATCH / size).max(1);
    let batches = per_second(slice, || {
        (0..batch).try_for_each(|_| lane.carry(black_box(size)))
    })?;
    Ok(batches * (batch * size) as f64 / 1e6)
}

fn handshakes(stack: &dyn Stack, resume: bool, slice: Slice) -> Result<f64> {
    let mut wires = Wires::new();
    warmed_up(stack, resume, &mut wires)?;
    per_second(slice, || handshake(stack, &mut wires).map(drop))
}

/// A handshake whose ends are dropped; whether a session was resumed.
fn handshake(stack: &dyn Stack, wires: &mut Wires) -> Result<bool> {
    let (mut client, mut server) = (stack.client()?, stack.server()?);
    connect(&mut *client, &mut *server, wires)?;
    Ok(server.resumed())
}

/// The first handshake has no session to offer, and warms caches up.
fn warmed_up(stack: &dyn Stack, resume: bool, wires: &mut Wires) -> Result<()> {
    handshake(stack, wires)?;
    let resumed = handshake(stack, wires)?;
    ensure!(resumed == resume, "resumed, or not, against the terms");
    Ok(())
}

/// What a handshake allocates, both ends.
fn allocated_by_handshake(stack: &dyn Stack, resume: bool, counter: Counter) -> Result<Counts> {
    let mut wires = Wires::new();
    warmed_up(stack, resume, &mut wires)?;
    let mut result = Ok(false);
    let counts = counter(&mut || result = handshake(stack, &mut wires));
    result?;
    Ok(counts)
}

/// What a write of `size` bytes and reading them allocate.
fn allocated_by_traffic(lane: &mut Lane<'_>, size: usize, counter: Counter) -> Result<Counts> {
    lane.carry(size)?;
    let mut result = Ok(());
    let counts = counter(&mut || result = lane.carry(size));
    result?;
    Ok(counts)
}

/// Connects and exchanges a request and a response; the server's calls go through `counted`.
fn left_idle(
    stack: &dyn Stack,
    wires: &mut Wires,
    counted: &mut dyn FnMut(&mut dyn FnMut()),
) -> Result<(Box<dyn End>, Box<dyn End>)> {
    let mut client = stack.client()?;
    let mut made = None;
    counted(&mut || made = Some(stack.server()));
    let mut server = made.context("no server")??;
    let mut done = (false, false);
    for _ in 0..20 {
        done.0 = client.handshake(&mut wires.client())?;
        let mut result = Ok(false);
        counted(&mut || result = server.handshake(&mut wires.server()));
        done.1 = result?;
        if done == (true, true) {
            break;
        }
    }
    ensure!(done == (true, true), "the handshake does not end");
    client.write(&mut wires.client(), REQUEST)?;
    let (mut space, mut result) = ([0; 64], Ok(()));
    counted(&mut || result = answered(&mut *server, wires, &mut space));
    result?;
    ensure!(client.read(&mut wires.client(), &mut space)? == RESPONSE.len());
    Ok((client, server))
}

/// The server reads the request, answers, and looks for the next one, which has not come.
fn answered(server: &mut dyn End, wires: &mut Wires, space: &mut [u8]) -> Result<()> {
    ensure!(server.read(&mut wires.server(), space)? == REQUEST.len());
    server.write(&mut wires.server(), RESPONSE)?;
    ensure!(server.read(&mut wires.server(), space)? == 0);
    Ok(())
}

/// Heap of one server connection, once what its context shares is there.
fn owned(stack: &dyn Stack, counter: Counter) -> Result<(i64, i64)> {
    let mut wires = Wires::new();
    let warm = left_idle(stack, &mut wires, &mut |work| work())?;
    let (mut bytes, mut blocks) = (0, 0);
    let counted = left_idle(stack, &mut wires, &mut |work| {
        let more = counter(work);
        bytes += more.bytes;
        blocks += more.blocks;
    })?;
    drop((warm, counted));
    Ok((bytes, blocks))
}

/// Resident memory of so many connections, each of which then still carries a byte both ways.
fn idle(stack: &dyn Stack, count: usize) -> Result<i64> {
    let mut wires = Wires::new();
    let warm = left_idle(stack, &mut wires, &mut |work| work())?;
    let mut held = Vec::with_capacity(count);
    let before = resident()?;
    for _ in 0..count {
        held.push(left_idle(stack, &mut wires, &mut |work| work())?);
    }
    let after = resident()?;
    for (client, server) in &mut held {
        ping(&mut **client, &mut **server, &mut wires)?;
    }
    drop(warm);
    Ok(after - before)
}

/// A byte each way.
fn ping(client: &mut dyn End, server: &mut dyn End, wires: &mut Wires) -> Result<()> {
    let mut space = [0];
    client.write(&mut wires.client(), b"?")?;
    ensure!(server.read(&mut wires.server(), &mut space)? == 1 && space == *b"?");
    server.write(&mut wires.server(), b"!")?;
    ensure!(client.read(&mut wires.client(), &mut space)? == 1 && space == *b"!");
    Ok(())
}

/// Bytes of this process in memory, of which `/proc/self/statm` has the pages second.
pub(crate) fn resident() -> Result<i64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: i64 = statm.split(' ').nth(1).context("statm")?.parse()?;
    Ok(pages * i64::try_from(rustix::param::page_size())?)
}

fn calls(stack: &dyn Stack) -> Result<Vec<f64>> {
    let (mut client, mut server) = (stack.client()?, stack.server()?);
    let mut wires = Wires::new();
    // Not `connect`: the client reads its ticket with the byte, as it would from a socket.
    for _ in 0..20 {
        let is_done = client.handshake(&mut wires.client())?;
        if server.handshake(&mut wires.server())? && is_done {
            break;
        }
    }
    ping(&mut *client, &mut *server, &mut wires)?;
    let small = wires.calls();
    let mut pair = Pair {
        client,
        server,
        wires,
    };
    let mut space = vec![0; MAX_FRAGMENT * 8];
    pair.client
        .write(&mut pair.wires.client(), &vec![1; MEBIBYTE])?;
    let mut left = MEBIBYTE;
    while left > 0 {
        let n = pair.server.read(&mut pair.wires.server(), &mut space)?;
        ensure!(n > 0, "blocked with {left} bytes left");
        left -= n;
    }
    let all = pair.wires.calls();
    Ok(vec![
        (small.writes + small.reads) as f64,
        small.blocked_reads as f64,
        (all.writes - small.writes) as f64,
        (all.reads - small.reads) as f64,
    ])
}
