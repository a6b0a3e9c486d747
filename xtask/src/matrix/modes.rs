//! The table of modes in README.md and docs/modes/README.md, from `ssl_mode::MODES`.

use ssl_mode::MODES;

/// One line per mode. Links are relative to `folder`, which ends in `/` or is empty.
pub(super) fn table(folder: &str) -> String {
    let mut out = "| Mode | Bit | Default | Effect | Here |\n|---|---|---|---|---|\n".to_owned();
    for row in &MODES {
        let page = row.page.strip_prefix(folder).unwrap_or(row.page);
        let default = if row.default { "on" } else { "off" };
        let (bit, name, effect, here) = (row.bit.bits(), row.name, row.effect, row.support);
        let line = format!("| [{name}]({page}) | {bit:#05x} | {default} | {effect} | {here} |\n");
        out.push_str(&line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_has_its_line() {
        let root = table("");
        assert_eq!(root.lines().count(), 2 + MODES.len());
        let first = "| [ENABLE_PARTIAL_WRITE](docs/modes/partial-write.md) | 0x001 | off | a write";
        assert!(root.contains(first), "{root}");
        assert!(root.contains("| [AUTO_RETRY](docs/modes/auto-retry.md) | 0x004 | on |"));
        assert!(table("docs/modes/").contains("](partial-write.md)"));
    }
}
