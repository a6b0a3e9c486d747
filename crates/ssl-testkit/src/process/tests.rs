//! Owns the tests of [`process`](super): shell commands as children.
//! It must not know other users of the module.

use super::*;

fn shell(script: &str) -> Process {
    Process::spawn(Command::new("sh").args(["-c", script])).unwrap()
}

#[test]
fn output_and_status_are_collected() {
    let mut process = shell("echo out; echo err >&2; exit 3");
    assert_eq!(process.wait().unwrap().code(), Some(3));
    assert_eq!(process.stdout_text(), "out\n");
    assert_eq!(process.stderr_text(), "err\n");
    assert_eq!(process.stdout_len(), 4);
    assert_eq!(process.stdout_sha256(), digest::sha256(b"out\n"));
}

#[test]
fn a_missing_text_is_reported_with_the_output() {
    let process = shell("echo here; echo there >&2");
    process.wait_for_stdout("here").unwrap();
    process.wait_for_stderr("there").unwrap();
    let error = process.wait_for_stdout("nowhere").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    let text = error.to_string();
    assert!(
        text.contains("before nowhere") && text.contains("there\n"),
        "{text}"
    );
}

#[test]
fn input_is_sent_or_fed() {
    let mut process = shell("read line; echo got $line; cat | wc -c");
    process.send(b"first\n").unwrap();
    process.wait_for_stdout("got first").unwrap();
    let fed = process.feed_and_close(crate::pattern::Pattern::new(1).take(1 << 20));
    assert_eq!(fed.join().unwrap().unwrap(), 1 << 20);
    process
        .wait_for_stdout_len("got first\n1048576".len())
        .unwrap();
    assert!(process.wait().unwrap().success());
    assert!(process.stdout_text().contains("1048576"));
    assert_eq!(
        process.send(b"x").unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
}

#[test]
fn dropping_kills() {
    let process = shell("echo up; cat");
    process.wait_for_stdout("up").unwrap();
    let id = process.id();
    drop(process);
    assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
}

#[test]
fn a_search_continues_across_pieces() {
    let mut search = Search::new("abc");
    assert!(!search.found_in(b"xxab"));
    assert!(search.found_in(b"xxabc"));
    assert!(Search::new("").found_in(b""));
    assert!(!Search::new("a").found_in(b""));
}

#[test]
fn missing_programs_are_named() {
    let reason = version("no-such-program", "--version").unwrap_err();
    assert!(reason.contains("no-such-program"), "{reason}");
    let mut command = Command::new("no-such-program");
    let error = Process::spawn(&mut command).unwrap_err();
    assert!(error.to_string().contains("no-such-program"), "{error}");
    assert!(version("false", "").is_err());
    assert!(usable(&Ok(String::new())).unwrap());
    let missing = usable(&Err("cannot run x".into()));
    assert_eq!(missing.is_err(), env::var_os("CI").is_some());
}
