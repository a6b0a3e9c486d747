//! What the kernel says of a process: its processor time and its memory. Must not know what it does.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

/// Nanoseconds that a process and all it started have run, as long as they live: user and system time.
///
/// From `schedstat`, which is exact; `stat` counts in hundredths of a second.
pub(super) fn nanoseconds(leader: u32) -> Result<u64> {
    let mut total = 0;
    for process in group(leader)? {
        for task in fs::read_dir(format!("/proc/{process}/task"))
            .into_iter()
            .flatten()
        {
            // A thread that has ended meanwhile.
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else {
                continue;
            };
            let word = text.split_whitespace().next().context("schedstat")?;
            total += word.parse::<u64>()?;
        }
    }
    ensure!(total > 0, "process {leader} has not run");
    Ok(total)
}

/// KiB of a process in memory, and its share of what it has in common with others.
pub(super) fn resident(process: u32) -> Result<(f64, f64)> {
    let path = format!("/proc/{process}/smaps_rollup");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let kib = |name: &str| -> Result<f64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number
            .with_context(|| format!("{path} has no {name}"))?
            .parse()?)
    };
    Ok((kib("Rss:")?, kib("Pss:")?))
}

/// The process that this one started; there has to be one alone.
pub(super) fn child(parent: u32) -> Result<u32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let children = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let mut children = children.split_whitespace();
    let (first, more) = (children.next(), children.next());
    ensure!(more.is_none(), "process {parent} has several children");
    Ok(first
        .with_context(|| format!("process {parent} has no child"))?
        .parse()?)
}

/// The processes of a group, by its leader.
fn group(leader: u32) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let path: PathBuf = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(process) = name.and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
        // Behind the name, in which anything may stand: state, parent, group.
        let fields = stat.rsplit_once(") ").map(|(_, fields)| fields);
        let group = fields.and_then(|fields| fields.split(' ').nth(2)?.parse::<u32>().ok());
        if group == Some(leader) {
            found.push(process);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_run_and_has_memory() {
        let own = std::process::id();
        let (rss, pss) = resident(own).unwrap();
        assert!(rss >= pss && pss > 0.0);
        let group = rustix::process::getpgrp().as_raw_nonzero().get();
        let before = nanoseconds(u32::try_from(group).unwrap()).unwrap();
        assert!(before > 0);
    }
}
