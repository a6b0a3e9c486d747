//! What is asked of real programs, and the tables of it.
//!
//! Owns workloads and columns. How a program is run and measured is in crates/ssl-scenarios, `--measure`.

use anyhow::Result;

use super::grid::{Grid, Row};
use super::peer::Peer;
use super::plan::Plan;
use super::subjects::{empty, finished, first, push, rounds, start};

/// What one table is of.
struct Program {
    title: &'static str,
    unit: &'static str,
    workloads: &'static [Workload],
}

/// One column.
struct Workload {
    /// The column, and the same in the summary.
    name: &'static str,
    short: &'static str,
    /// The command without its last word, which is how much of it.
    command: &'static str,
    /// How much when a measurement takes [`WHOLE`].
    amount: u32,
    size: Size,
}

/// Whether most of the work is to move bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Small,
    Large,
}

const PROGRAMS: &[Program] = &[
    Program {
        title: NGINX,
        unit: "µs per response",
        workloads: &[
            Workload {
                size: Size::Small,
                name: "1 KiB",
                short: "nginx 1 KiB",
                command: "nginx 1k.bin kept ecdsa",
                amount: 20_000,
            },
            Workload {
                size: Size::Small,
                name: "1 KiB, new connection, P-256",
                short: "nginx P-256",
                command: "nginx 1k.bin new ecdsa",
                amount: 1500,
            },
            Workload {
                size: Size::Small,
                name: "1 KiB, new connection, RSA-2048",
                short: "nginx RSA",
                command: "nginx 1k.bin new rsa",
                amount: 750,
            },
            Workload {
                size: Size::Large,
                name: "10 MiB",
                short: "nginx",
                command: "nginx 10m.bin kept ecdsa",
                amount: 100,
            },
            Workload {
                size: Size::Large,
                name: "10 MiB, new connection",
                short: "nginx new",
                command: "nginx 10m.bin new ecdsa",
                amount: 100,
            },
        ],
    },
    Program {
        title: HAPROXY,
        unit: "µs per response",
        workloads: &[
            Workload {
                size: Size::Small,
                name: "1 KiB",
                short: "HAProxy 1 KiB",
                command: "haproxy 1k.bin kept ecdsa",
                amount: 20_000,
            },
            Workload {
                size: Size::Small,
                name: "1 KiB, new connection, P-256",
                short: "HAProxy P-256",
                command: "haproxy 1k.bin new ecdsa",
                amount: 1500,
            },
            Workload {
                size: Size::Large,
                name: "10 MiB",
                short: "HAProxy",
                command: "haproxy 10m.bin kept ecdsa",
                amount: 60,
            },
        ],
    },
    Program {
        title: REDIS,
        unit: "µs per command",
        workloads: &[
            Workload {
                size: Size::Small,
                name: "100 bytes",
                short: "Redis 100 B",
                command: "redis 100",
                amount: 200_000,
            },
            Workload {
                size: Size::Large,
                name: "64 KiB",
                short: "Redis 64 KiB",
                command: "redis 65536",
                amount: 8000,
            },
        ],
    },
    Program {
        title: CURL,
        unit: "ms per GiB",
        workloads: &[Workload {
            size: Size::Large,
            name: "1 GiB",
            short: "curl",
            command: "curl",
            amount: 1024,
        }],
    },
];

/// Titles of tables that something else refers to.
pub(super) const SMALL: &str = "Programs: small responses and new connections";
pub(super) const LARGE: &str = "Programs: large responses";
pub(super) const NGINX: &str = "nginx, processor time";
const HAPROXY: &str = "HAProxy before a plain server, processor time";
const REDIS: &str = "Redis, 16 commands under way, processor time";
const CURL: &str = "curl, processor time of a download";

/// The columns of the two summaries.
pub(super) fn columns() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = PROGRAMS.iter().flat_map(|program| program.workloads);
    all.map(|workload| (summary(workload.size), workload.short))
}

fn summary(size: Size) -> &'static str {
    match size {
        Size::Small => SMALL,
        Size::Large => LARGE,
    }
}

/// Measures every program on both libraries: the summaries first, then what they are made of.
pub(super) fn measure(plan: &Plan) -> Result<Vec<Grid>> {
    let mut peers = start(plan.programs.iter().collect())?;
    let mut grids = Vec::new();
    for program in PROGRAMS {
        let columns = program.workloads.iter().map(|w| w.name.to_owned());
        let grid = empty(program.title, program.unit, true, columns.collect());
        grids.push(rounds(plan, &mut peers, grid, |peer, column| {
            let workload = &program.workloads[column];
            let amount = (workload.amount * plan.millis / WHOLE).max(1);
            first(peer, &format!("{} {amount}", workload.command))
        })?);
    }
    let summaries = [Size::Small, Size::Large].map(|size| finished(summarised(size, &grids)));
    let idle = idle(plan, &mut peers)?;
    Ok(summaries.into_iter().chain(grids).chain([idle]).collect())
}

/// How many times less processor time: the other library's over that of each, round by round.
fn summarised(size: Size, grids: &[Grid]) -> Grid {
    let mut columns = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    for (program, grid) in PROGRAMS.iter().zip(grids) {
        for workload in program.workloads.iter().filter(|w| w.size == size) {
            columns.push(workload.short.to_owned());
            let theirs = grid.rows.last().map(|row| row.candidate.clone());
            let theirs = theirs.and_then(|name| grid.cell(&name, workload.name));
            for row in &grid.rows {
                let own = grid.cell(&row.candidate, workload.name);
                let cell = own.zip(theirs).map(|(own, theirs)| {
                    let pairs = own.iter().zip(theirs);
                    pairs.map(|(own, theirs)| theirs / own).collect()
                });
                let known = rows.iter().position(|r| r.candidate == row.candidate);
                let at = known.unwrap_or_else(|| {
                    rows.push(Row {
                        candidate: row.candidate.clone(),
                        cells: Vec::new(),
                    });
                    rows.len() - 1
                });
                // Programs that are not there leave their columns empty.
                rows[at].cells.resize(columns.len() - 1, Vec::new());
                rows[at].cells.push(cell.unwrap_or_default());
            }
        }
    }
    for row in &mut rows {
        row.cells.resize(columns.len(), Vec::new());
    }
    Grid {
        rows,
        ..empty(summary(size), "times", false, columns)
    }
}

/// Memory of a server with clients that do nothing. As often as the rest: pages are a matter of luck.
fn idle(plan: &Plan, peers: &mut [Peer]) -> Result<Grid> {
    let most = plan.connections.iter().copied().max().unwrap_or_default();
    let clients = most.min(CLIENTS);
    let columns = [
        format!("RSS, {clients} clients"),
        format!("PSS, {clients} clients"),
        "RSS that each added".to_owned(),
    ];
    let mut grid = empty(IDLE, "KiB", true, columns.to_vec());
    for peer in peers {
        let mut cells = vec![Vec::new(); columns.len()];
        for _ in 0..IDLE_ROUNDS {
            if let Some(numbers) = peer.ask(&format!("idle {clients}"))? {
                let kib = [numbers[0], numbers[1], numbers[2] / 1024.0];
                cells
                    .iter_mut()
                    .zip(kib)
                    .for_each(|(cell, kib)| cell.push(kib));
            }
        }
        push(&mut grid, peer.name(), cells);
    }
    Ok(finished(grid))
}

/// Where clients do nothing.
const IDLE: &str = "nginx's worker with idle clients that keep their connections";
const CLIENTS: u64 = 10_000;
const IDLE_ROUNDS: usize = 3;

/// Milliseconds that a measurement takes of which nothing is spared.
const WHOLE: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_every_workload_of_its_size() {
        let grids: Vec<Grid> = PROGRAMS
            .iter()
            .map(|program| {
                let columns: Vec<String> = program
                    .workloads
                    .iter()
                    .map(|w| w.name.to_owned())
                    .collect();
                let row = |candidate: &str, cell: f64| Row {
                    candidate: candidate.to_owned(),
                    cells: vec![vec![cell, 2.0 * cell]; columns.len()],
                };
                // Redis is not there.
                let rows = match program.title {
                    REDIS => Vec::new(),
                    _ => vec![row("ours", 2.0), row("theirs", 3.0)],
                };
                Grid {
                    rows,
                    ..empty(program.title, program.unit, true, columns)
                }
            })
            .collect();
        let large = summarised(Size::Large, &grids);
        assert_eq!(
            large.columns,
            ["nginx", "nginx new", "HAProxy", "Redis 64 KiB", "curl"]
        );
        assert_eq!(large.cell("ours", "HAProxy"), Some([1.5, 1.5].as_slice()));
        assert_eq!(large.cell("theirs", "curl"), Some([1.0, 1.0].as_slice()));
        assert_eq!(large.cell("ours", "Redis 64 KiB"), None);
        assert_eq!(
            summarised(Size::Small, &grids).columns.len() + 5,
            columns().count()
        );
    }
}
