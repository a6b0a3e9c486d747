//! What the figures were measured on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::Plan;

/// A machine and the software that took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Machine {
    pub(super) processor: String,
    pub(super) processors: usize,
    pub(super) kernel: String,
    pub(super) versions: BTreeMap<String, String>,
}

impl Machine {
    /// This one.
    pub(super) fn here(plan: &Plan) -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let information = read("/proc/cpuinfo");
        let value = |key: &str| {
            let line = information.lines().find(|line| line.starts_with(key));
            let value = line.and_then(|line| line.split_once(':'));
            value.map_or("?", |(_, value)| value.trim()).to_owned()
        };
        let processor = format!(
            "{} (family {}, model {})",
            value("model name"),
            value("cpu family"),
            value("model\t")
        );
        Self {
            processor,
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            versions: plan.versions.clone(),
        }
    }
}

/// Memory that a program can have without taking another's, in KiB; without bound if the system does not say.
pub(super) fn available_kib() -> f64 {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.unwrap_or(f64::INFINITY)
}
