//! What a scenario leaves behind: that the library under test was the one in use, which modes it saw, that
//! nothing crashed. Must not know how processes are started.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail, ensure};
use serde_json::Value;
use ssl_mode::SslMode;

/// Environment variables that leave the evidence in `folder`.
pub(crate) fn variables(folder: &Path) -> [(&'static str, String); 3] {
    let file = |name: &str| folder.join(name).display().to_string();
    [
        // The loader writes which files it maps, to one file for each process.
        ("LD_DEBUG", "files".to_owned()),
        ("LD_DEBUG_OUTPUT", file(LOADED)),
        ("SSL_MODE_REPORT", file(MODES)),
    ]
}

/// True if the process runs and has libssl.so.3 from `library` in its memory.
pub(crate) fn maps(process: u32, library: &Path) -> bool {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap_or_default();
    maps.contains(&format!("{}/libssl.so.3", library.display()))
}

/// At least one process mapped libssl.so.3 from `library`, as `seen` or as the loader told, and none from
/// elsewhere.
pub(crate) fn library_was_used(folder: &Path, library: &Path, seen: bool) -> Result<()> {
    let ours = format!("{}/", library.display());
    let mut used = seen;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(LOADED) {
            continue;
        }
        let log = fs::read(entry.path())?;
        for line in String::from_utf8_lossy(&log).lines() {
            let Some((_, path)) = line.split_once("calling init: ") else {
                continue;
            };
            if path.ends_with("/libssl.so.3") {
                ensure!(path.starts_with(&ours), "a program under test used {path}");
                used = true;
            }
        }
    }
    if !used {
        bail!("no program used the library under test");
    }
    Ok(())
}

/// The names of the modes that programs set, and of those that they cleared, from the library's report: one JSON
/// object a line.
pub(crate) fn modes(folder: &Path) -> Vec<String> {
    let report = fs::read_to_string(folder.join(MODES)).unwrap_or_default();
    let (mut set, mut cleared) = (SslMode::empty(), SslMode::empty());
    for line in report.lines() {
        // The last line of a process that was killed may lack its end.
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        set |= bits(&line, "set") | bits(&line, "context_set");
        cleared |= bits(&line, "cleared") | bits(&line, "context_cleared");
    }
    let names = |modes: SslMode, before: &str| -> Vec<String> {
        let names = modes.iter_names();
        names.map(|(name, _)| format!("{before}{name}")).collect()
    };
    [names(set, ""), names(cleared, "clears ")].concat()
}

fn bits(line: &Value, key: &str) -> SslMode {
    let bits = line[key].as_u64().and_then(|bits| u32::try_from(bits).ok());
    SslMode::from_bits_retain(bits.unwrap_or_default())
}

/// A sign, in the log of a server, that one of its processes crashed.
pub(crate) fn crash(log: &str) -> Option<&'static str> {
    CRASHES.iter().find(|sign| log.contains(**sign)).copied()
}

/// How servers and Rust programs report it.
const CRASHES: &[&str] = &[
    "exited on signal 11",
    "exited on signal 6",
    "exit signal Segmentation",
    "exit signal Abort",
    "terminated by signal 11",
    "terminated by signal 6",
    "killed with signal 11",
    "killed with signal 6",
    "Segmentation fault",
    "panicked at",
    "exited with code 139",
    "exited with code 134",
];

const LOADED: &str = "loaded";
const MODES: &str = "modes.jsonl";

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn the_library_has_to_be_the_one_under_test() {
        let library = Path::new("/opt/lib");
        let used = |log: &str| {
            let folder = folder(&[
                ("loaded.17", log),
                ("other", "calling init: /x/libssl.so.3"),
            ]);
            library_was_used(folder.path(), library, false).is_ok()
        };
        assert!(used("17:\tcalling init: /opt/lib/libssl.so.3\n"));
        assert!(!used("17:\tcalling init: /usr/lib/libssl.so.3\n"));
        assert!(!used("17:\tcalling init: /opt/lib/libcrypto.so.3\n"));
    }

    #[test]
    fn modes_of_all_connections() {
        let report = "{\"set\":1,\"cleared\":0,\"context_set\":16}\n{\"set\":\n{\"context_cleared\":4,\"context_set\":0}\n";
        let folder = folder(&[(MODES, report)]);
        assert_eq!(
            modes(folder.path()),
            [
                "ENABLE_PARTIAL_WRITE",
                "RELEASE_BUFFERS",
                "clears AUTO_RETRY"
            ]
        );
    }
}
