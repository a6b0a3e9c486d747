//! What each subject asks of the candidates.
//!
//! Owns commands and tables. What a command means is in [`crate::serve`].

use anyhow::{Context as _, Result, ensure};

use super::bars::{FOLDED, OURS};
use super::grid::{Grid, Row};
use super::machine;
use super::peer::Peer;
use super::plan::{Candidate, Plan, Subject};
use super::programs;
use crate::{Key, SIZES, Suite};

/// Titles of tables that something else refers to.
pub(super) const RELEASED: &str = "Speed kept with RELEASE_BUFFERS on, TLS 1.3 AES-128-GCM";
pub(super) const FULL: &str = "Full handshakes";
pub(super) const RESUMED: &str = "Resumed handshakes";
pub(super) const HYBRID: &str = "Full handshakes with X25519MLKEM768";
pub(super) const ALLOCATIONS: &str = "Allocations of a handshake, both ends";
pub(super) const STEADY: &str = "Allocations of a write and of reading it, both ends";
pub(super) const OWNED: &str = "Heap of an idle server connection";
pub(super) const RESIDENT: &str = "Resident memory of idle connections, both ends";
const ON_SOCKETS: &str = "Resident memory of idle connections over loopback sockets";
pub(super) const CALLS: &str = "Calls of the transport";

/// Measures one subject with all candidates, and prints each table when it is there.
pub(super) fn measure(subject: Subject, plan: &Plan) -> Result<Vec<Grid>> {
    match subject {
        Subject::Bulk => bulk(plan),
        Subject::Handshake => handshake(plan),
        Subject::Memory => memory(plan),
        Subject::Syscalls => Ok(vec![syscalls(plan)?]),
        Subject::Programs => programs::measure(plan),
    }
}

/// The name of a column of bytes.
pub(super) fn size_name(size: usize) -> String {
    match size {
        size if size < 1024 => format!("{size} B"),
        size => format!("{} KiB", size / 1024),
    }
}

/// The title of the table of a suite.
pub(super) fn suite_title(suite: Suite) -> String {
    let (version, aead) = suite.name.split_once('-').unwrap_or_default();
    let version = if version == "tls13" { "1.3" } else { "1.2" };
    let aead = match aead {
        "aes128gcm" => "AES-128-GCM",
        "aes256gcm" => "AES-256-GCM",
        _ => "ChaCha20-Poly1305",
    };
    format!("TLS {version} {aead}")
}

pub(super) fn empty(title: &str, unit: &str, less_is_better: bool, columns: Vec<String>) -> Grid {
    Grid {
        title: title.to_owned(),
        unit: unit.to_owned(),
        less_is_better,
        columns,
        rows: Vec::new(),
    }
}

pub(super) fn finished(grid: Grid) -> Grid {
    println!("\n{}\n\n{}", grid.title, grid.table());
    grid
}

/// Every candidate's process at once: those that are not asked wait.
pub(super) fn start(candidates: Vec<&Candidate>) -> Result<Vec<Peer>> {
    candidates.into_iter().map(Peer::start).collect()
}

/// Fills a table: in each round, each candidate answers `ask` for each column.
pub(super) fn rounds(
    plan: &Plan,
    peers: &mut [Peer],
    mut grid: Grid,
    mut ask: impl FnMut(&mut Peer, usize) -> Result<Option<f64>>,
) -> Result<Grid> {
    grid.rows = peers
        .iter()
        .map(|peer| Row {
            candidate: peer.name().to_owned(),
            cells: vec![Vec::new(); grid.columns.len()],
        })
        .collect();
    for column in 0..grid.columns.len() {
        for round in 0..=plan.rounds {
            for (peer, row) in peers.iter_mut().zip(&mut grid.rows) {
                let answer = ask(peer, column)?;
                // Round 0 warms caches up.
                if round > 0 {
                    row.cells[column].extend(answer);
                }
            }
        }
    }
    grid.rows
        .retain(|row| row.cells.iter().any(|cell| !cell.is_empty()));
    Ok(finished(grid))
}

pub(super) fn first(peer: &mut Peer, command: &str) -> Result<Option<f64>> {
    Ok(peer.ask(command)?.map(|numbers| numbers[0]))
}

fn bulk(plan: &Plan) -> Result<Vec<Grid>> {
    let mut peers = start(plan.everyone(Subject::Bulk))?;
    let mut grids = Vec::new();
    let millis = plan.millis;
    for suite in Suite::ALL {
        let columns = SIZES.map(size_name).to_vec();
        let grid = empty(&suite_title(suite), "MB/s", false, columns);
        grids.push(rounds(plan, &mut peers, grid, |peer, column| {
            let (suite, size) = (suite.name, SIZES[column]);
            first(peer, &format!("bulk {suite} {size} {millis} 0"))
        })?);
    }
    let columns = SIZES.map(size_name).to_vec();
    let grid = empty(RELEASED, "%", false, columns);
    grids.push(rounds(plan, &mut peers, grid, |peer, column| {
        let (suite, size) = (Suite::ALL[0].name, SIZES[column]);
        let kept = first(peer, &format!("bulk {suite} {size} {millis} 0"))?;
        let released = first(peer, &format!("bulk {suite} {size} {millis} 1"))?;
        Ok(released
            .zip(kept)
            .map(|(released, kept)| 100.0 * released / kept))
    })?);
    Ok(grids)
}

/// Versions and keys of the handshakes: a column's name, and the words for it.
pub(super) fn handshake_columns() -> Vec<(String, String)> {
    let suites = [Suite::ALL[0], Suite::ALL[1]];
    let both = suites
        .into_iter()
        .flat_map(|suite| Key::ALL.map(|key| (suite, key)));
    both.map(|(suite, key)| {
        let version = if suite.tls13 { "1.3" } else { "1.2" };
        let words = format!("{} {}", suite.name, key.name());
        (format!("TLS {version} {}", key_title(key)), words)
    })
    .collect()
}

fn key_title(key: Key) -> &'static str {
    match key {
        Key::P256 => "P-256",
        Key::Rsa2048 => "RSA-2048",
    }
}

fn handshake(plan: &Plan) -> Result<Vec<Grid>> {
    let mut peers = start(plan.originals(Subject::Handshake))?;
    let columns = handshake_columns();
    let millis = plan.millis;
    let mut grids = Vec::new();
    for (title, kind, columns) in [
        (FULL, "full", &columns[..]),
        (RESUMED, "resumed", &columns[..]),
        // It is of TLS 1.3 alone.
        (HYBRID, "hybrid", &columns[..Key::ALL.len()]),
    ] {
        let names = columns.iter().map(|(name, _)| name.clone()).collect();
        let grid = empty(title, "per second and core", false, names);
        grids.push(rounds(plan, &mut peers, grid, |peer, column| {
            let words = &columns[column].1;
            first(peer, &format!("handshake {words} {kind} {millis}"))
        })?);
    }
    grids.push(counted(
        plan,
        Subject::Handshake,
        ALLOCATIONS,
        "allocations",
        &[
            ("full, TLS 1.3", "allocations tls13-aes128gcm full"),
            ("full, TLS 1.2", "allocations tls12-aes128gcm full"),
            ("resumed, TLS 1.3", "allocations tls13-aes128gcm resumed"),
            ("resumed, TLS 1.2", "allocations tls12-aes128gcm resumed"),
        ],
    )?);
    Ok(grids)
}

fn memory(plan: &Plan) -> Result<Vec<Grid>> {
    Ok(vec![
        owned(plan)?,
        steady(plan)?,
        resident(plan)?,
        on_sockets(plan)?,
    ])
}

fn owned(plan: &Plan) -> Result<Grid> {
    let cases = [
        ("TLS 1.3, released", "owned tls13-aes128gcm 1"),
        ("TLS 1.2, released", "owned tls12-aes128gcm 1"),
        ("TLS 1.3, kept", "owned tls13-aes128gcm 0"),
        ("TLS 1.2, kept", "owned tls12-aes128gcm 0"),
    ];
    counted(plan, Subject::Memory, OWNED, "bytes", &cases)
}

fn steady(plan: &Plan) -> Result<Grid> {
    let cases = [
        ("1 KiB, TLS 1.3", "allocations tls13-aes128gcm 1024"),
        ("16 KiB, TLS 1.3", "allocations tls13-aes128gcm 16384"),
        ("128 KiB, TLS 1.3", "allocations tls13-aes128gcm 131072"),
        ("16 KiB, TLS 1.2", "allocations tls12-aes128gcm 16384"),
    ];
    counted(plan, Subject::Memory, STEADY, "allocations", &cases)
}

/// What is counted is the same each time, so it is asked once.
fn counted(
    plan: &Plan,
    subject: Subject,
    title: &str,
    unit: &str,
    cases: &[(&str, &str)],
) -> Result<Grid> {
    let columns = cases.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut grid = empty(title, unit, true, columns);
    for candidate in plan.originals(subject) {
        let Some(mut peer) = Peer::start_counted(candidate)? else {
            continue;
        };
        let mut cells = Vec::new();
        for (_, command) in cases {
            cells.push(first(&mut peer, command)?.into_iter().collect());
        }
        push(&mut grid, &candidate.name, cells);
    }
    Ok(finished(grid))
}

/// One process for each number of connections: what is freed does not always go back. Numbers for which the
/// machine has not the memory are left out, and so are those that would take others too long.
fn resident(plan: &Plan) -> Result<Grid> {
    let columns = plan.connections.iter().map(u64::to_string).collect();
    let mut grid = empty(RESIDENT, "KiB", true, columns);
    for candidate in plan.originals(Subject::Memory) {
        let mut cells = Vec::new();
        let mut each = 0.0;
        for connections in &plan.connections {
            let has_time = *connections <= FOR_ALL || [OURS, FOLDED].contains(&&*candidate.name);
            let kib = match has_time && each * *connections as f64 <= machine::available_kib() {
                true => first(&mut Peer::start(candidate)?, &format!("idle {connections}"))?
                    .map(|bytes| bytes / 1024.0),
                false => None,
            };
            each = kib.map_or(each, |kib| kib / *connections as f64);
            cells.push(kib.into_iter().collect());
        }
        push(&mut grid, &candidate.name, cells);
    }
    Ok(finished(grid))
}

/// Over real sockets, whose own memory is the kernel's and not in it: server and client in a process each.
fn on_sockets(plan: &Plan) -> Result<Grid> {
    let most = plan.connections.iter().copied().max().unwrap_or_default();
    let count = most.min(MOST_SOCKETS);
    let columns = ["servers", "clients"].map(|ends| format!("{count} {ends}"));
    let mut grid = empty(ON_SOCKETS, "KiB", true, columns.to_vec());
    for candidate in plan.originals(Subject::Memory) {
        let (mut server, mut client) = (Peer::start(candidate)?, Peer::start(candidate)?);
        let Some(port) = first(&mut server, &format!("listen {count}"))? else {
            continue;
        };
        let accept = (&mut server, &*format!("accept {count}"));
        let connect = (&mut client, &*format!("connect {port} {count}"));
        let bytes = at_once(accept, connect)?;
        let alive = at_once((&mut server, "pong"), (&mut client, "ping"))?;
        ensure!(
            alive.iter().all(|alive| *alive == count as f64),
            "{}: {alive:?} of {count} answered",
            candidate.name
        );
        let cells = bytes.map(|bytes| vec![bytes / 1024.0]);
        push(&mut grid, &candidate.name, cells.to_vec());
    }
    Ok(finished(grid))
}

/// Two processes that need each other.
fn at_once(one: (&mut Peer, &str), other: (&mut Peer, &str)) -> Result<[f64; 2]> {
    one.0.tell(one.1)?;
    other.0.tell(other.1)?;
    // Read first: if it failed, the other waits for ever.
    let second = other.0.answer(other.1)?;
    let first = one.0.answer(one.1)?;
    let number = |numbers: Option<Vec<f64>>| {
        let numbers = numbers.context("one end answers, the other does not")?;
        Ok::<_, anyhow::Error>(numbers[0])
    };
    Ok([number(first)?, number(second)?])
}

fn syscalls(plan: &Plan) -> Result<Grid> {
    let columns = [
        "handshake, a byte each way, TLS 1.3",
        "TLS 1.2",
        "writes of 1 MiB",
        "reads of 1 MiB",
    ];
    let columns = columns.map(str::to_owned).to_vec();
    let mut grid = empty(CALLS, "calls", true, columns);
    for candidate in plan.everyone(Subject::Syscalls) {
        let mut peer = Peer::start(candidate)?;
        let newest = peer.ask(&format!("calls {}", Suite::ALL[0].name))?;
        let older = peer.ask(&format!("calls {}", Suite::ALL[1].name))?;
        if let (Some(newest), Some(older)) = (newest, older) {
            let cells = [newest[0], older[0], newest[2], newest[3]];
            push(
                &mut grid,
                &candidate.name,
                cells.map(|cell| vec![cell]).to_vec(),
            );
        }
    }
    Ok(finished(grid))
}

pub(super) fn push(grid: &mut Grid, candidate: &str, cells: Vec<Vec<f64>>) {
    if cells.iter().any(|cell| !cell.is_empty()) {
        grid.rows.push(Row {
            candidate: candidate.to_owned(),
            cells,
        });
    }
}

/// Connections over sockets, at the most.
const MOST_SOCKETS: u64 = 10_000;

/// Up to so many connections every candidate leaves idle at once; more, which take minutes, ours alone.
const FOR_ALL: u64 = 100_000;
