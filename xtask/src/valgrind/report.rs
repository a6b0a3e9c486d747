//! What memcheck says, read from its XML: one element a line, as it writes it.

use std::fmt;

use anyhow::{Result, ensure};

/// One fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    kind: String,
    what: String,
    /// Innermost first.
    frames: Vec<Frame>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Frame {
    function: String,
    object: String,
    file: String,
    line: String,
}

/// Reads the report of one process.
pub(super) fn read(xml: &str) -> Result<Vec<Fault>> {
    ensure!(
        xml.contains("</valgrindoutput>"),
        "a report of valgrind has no end"
    );
    let mut faults = Vec::new();
    let mut fault: Option<Fault> = None;
    // The first stack is where it happened; others say where memory came from.
    let mut stacks = 0;
    for line in xml.lines() {
        let line = line.trim();
        match (line, &mut fault) {
            ("<error>" | "<fatal_signal>", _) => {
                let kind = line.trim_matches(['<', '>']).to_owned();
                fault = Some(Fault {
                    kind,
                    ..Fault::default()
                });
                stacks = 0;
            }
            ("</error>" | "</fatal_signal>", Some(_)) => faults.extend(fault.take()),
            ("<stack>", Some(_)) => stacks += 1,
            ("<frame>", Some(fault)) if stacks == 1 => fault.frames.push(Frame::default()),
            (_, Some(fault)) => {
                if let Some((name, value)) = element(line) {
                    fault.note(name, value, stacks);
                }
            }
            (_, None) => {}
        }
    }
    Ok(faults)
}

impl Fault {
    fn note(&mut self, name: &str, value: String, stacks: usize) {
        match (name, self.frames.last_mut()) {
            ("kind", _) => self.kind = value,
            ("what" | "text" | "signame", _) => self.what = value,
            ("fn", Some(frame)) if stacks == 1 => frame.function = value,
            ("obj", Some(frame)) if stacks == 1 => frame.object = value,
            ("file", Some(frame)) if stacks == 1 => frame.file = value,
            ("line", Some(frame)) if stacks == 1 => frame.line = value,
            _ => {}
        }
    }

    pub(super) fn is_leak(&self) -> bool {
        self.kind.starts_with("Leak_")
    }

    /// True if a function of a library whose name begins with `library` is in the stack.
    pub(super) fn names(&self, library: &str) -> bool {
        self.frames.iter().any(|frame| frame.is_in(library))
    }

    /// What the program knows of it: its kind, and which of the program's functions were running.
    pub(super) fn seen_from(&self, program: &str) -> (String, Vec<String>) {
        let frames = self.frames.iter().filter(|frame| frame.is_in(program));
        let functions = frames.map(|frame| frame.function.clone()).collect();
        (self.kind.clone(), functions)
    }

    /// The innermost place that has a name.
    pub(super) fn place(&self) -> String {
        let named = self.frames.iter().find(|frame| !frame.file.is_empty());
        named
            .map(|frame| format!("{}:{}", frame.file, frame.line))
            .unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn of(kind: &str, frames: &[(&str, &str)]) -> Self {
        let frame = |(function, object): &(&str, &str)| Frame {
            function: (*function).to_owned(),
            object: (*object).to_owned(),
            ..Frame::default()
        };
        Self {
            kind: kind.to_owned(),
            frames: frames.iter().map(frame).collect(),
            ..Self::default()
        }
    }
}

impl Frame {
    fn is_in(&self, library: &str) -> bool {
        let name = self.object.rsplit('/').next().unwrap_or_default();
        name.starts_with(library)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}: {}", self.kind, self.what)?;
        for frame in self
            .frames
            .iter()
            .filter(|frame| !frame.function.is_empty())
        {
            write!(f, "\n    {}", frame.function)?;
            if !frame.file.is_empty() {
                write!(f, " ({}:{})", frame.file, frame.line)?;
            }
        }
        Ok(())
    }
}

/// The name and the contents of an element that begins and ends in the line.
fn element(line: &str) -> Option<(&str, String)> {
    let (name, rest) = line.strip_prefix('<')?.split_once('>')?;
    let value = rest
        .strip_suffix('>')?
        .strip_suffix(name)?
        .strip_suffix("</")?;
    let value = value
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "<valgrindoutput>
<error>
  <kind>InvalidRead</kind>
  <what>Invalid read of size 8</what>
  <stack>
    <frame>
      <obj>/b/libssl.so</obj>
      <fn>a&lt;b&gt;</fn>
      <file>io.rs</file>
      <line>7</line>
    </frame>
    <frame>
      <obj>/a/mask</obj>
      <fn>main</fn>
    </frame>
  </stack>
  <auxwhat>Address 0x1 is 0 bytes inside a block of size 8 free'd</auxwhat>
  <stack>
    <frame>
      <fn>free</fn>
    </frame>
  </stack>
</error>
<fatal_signal>
  <signo>11</signo>
  <signame>SIGSEGV</signame>
  <stack>
    <frame>
      <fn>crash</fn>
    </frame>
  </stack>
</fatal_signal>
</valgrindoutput>";

    #[test]
    fn a_report_is_read() {
        let faults = read(REPORT).unwrap();
        assert_eq!(faults.len(), 2);
        assert_eq!(
            faults[0].to_string(),
            "  InvalidRead: Invalid read of size 8\n    a<b> (io.rs:7)\n    main"
        );
        assert!(faults[0].names("libssl.so") && !faults[0].names("libcrypto"));
        assert_eq!(faults[0].seen_from("mask").1, ["main"]);
        assert_eq!(faults[0].place(), "io.rs:7");
        assert_eq!(faults[1].to_string(), "  fatal_signal: SIGSEGV\n    crash");
    }

    #[test]
    fn a_report_that_breaks_off_is_no_report() {
        assert!(read(&REPORT[..100]).is_err());
    }
}
