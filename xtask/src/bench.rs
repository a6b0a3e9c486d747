//! `cargo xtask bench`: runs the benchmarks of benches/. What they measure is said there.

use anyhow::{Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::cargo;

/// criterion's settings for a first impression: about a second per benchmark.
const QUICK: &[&str] = &[
    "--warm-up-time",
    "0.3",
    "--measurement-time",
    "0.7",
    "--sample-size",
    "10",
    "--noplot",
];

/// Runs every benchmark; `quick` measures less.
pub(crate) fn run(sh: &Shell, quick: bool) -> Result<()> {
    let benches = bench_targets(&cargo::metadata(sh)?);
    ensure!(!benches.is_empty(), "benches/Cargo.toml lists no [[bench]]");
    // One by one: given to the whole package, criterion's settings would reach its library's tests too.
    for bench in benches {
        let settings = if quick { QUICK } else { &[] };
        cmd!(
            sh,
            "cargo bench -p ssl-bench --bench {bench} -- {settings...}"
        )
        .run()?;
    }
    Ok(())
}

fn bench_targets(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let ours = packages.filter(|package| package["name"] == "ssl-bench");
    let targets = ours.flat_map(|package| package["targets"].as_array().into_iter().flatten());
    let benches = targets.filter(|target| target["kind"][0] == "bench");
    benches
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bench_targets_of_the_bench_package() {
        let target = |name: &str, kind: &str| serde_json::json!({ "name": name, "kind": [kind] });
        let metadata = serde_json::json!({ "packages": [
            { "name": "ssl-bench", "targets": [target("ssl_bench", "lib"), target("write_path", "bench")] },
            { "name": "other", "targets": [target("other", "bench")] },
        ]});
        assert_eq!(bench_targets(&metadata), ["write_path"]);
    }
}
