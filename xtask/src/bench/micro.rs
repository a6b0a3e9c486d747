//! `cargo xtask bench micro`: the benchmarks of every package, most with criterion's statistics. What they measure is said
//! there.

use anyhow::{Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::cargo;

/// Runs every benchmark; `quick` measures less. The word is criterion's, and our own benchmarks know it.
pub(super) fn run(sh: &Shell, quick: bool) -> Result<()> {
    let benches = bench_targets(&cargo::metadata(sh)?);
    ensure!(!benches.is_empty(), "no package lists a [[bench]]");
    // One by one: given to a whole package, criterion's settings would reach its library's tests too.
    for (package, bench) in benches {
        let settings: &[&str] = if quick { &["--quick"] } else { &[] };
        cmd!(
            sh,
            "cargo bench -p {package} --bench {bench} -- {settings...}"
        )
        .run()?;
    }
    Ok(())
}

/// The benchmarks of all packages, each with its package.
fn bench_targets(metadata: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let targets = package["targets"].as_array().into_iter().flatten();
        for target in targets.filter(|target| target["kind"][0] == "bench") {
            let names = (package["name"].as_str(), target["name"].as_str());
            if let (Some(package), Some(bench)) = names {
                found.push((package.to_owned(), bench.to_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bench_target_is_found_with_its_package() {
        let target = |name: &str, kind: &str| serde_json::json!({ "name": name, "kind": [kind] });
        let metadata = serde_json::json!({ "packages": [
            { "name": "ssl-bench", "targets": [target("ssl_bench", "lib"), target("write_path", "bench")] },
            { "name": "other", "targets": [target("waits", "bench")] },
        ]});
        let expected = [("ssl-bench", "write_path"), ("other", "waits")]
            .map(|(package, bench)| (package.to_owned(), bench.to_owned()));
        assert_eq!(bench_targets(&metadata), expected);
    }
}
