//! `demo` runs anywhere and shows every mode.

use ssl_mode::MODES;

use crate::program::{complaints, finish};

#[test]
fn every_mode_is_shown() {
    let (code, process) = finish(&["demo"]);
    assert_eq!(code, 0, "{}", process.stderr_text());
    let text = process.stdout_text();
    for row in &MODES {
        assert!(text.contains(row.name), "{} is missing:\n{text}", row.name);
    }
    assert!(process.stderr_text().is_empty());
}

#[test]
fn the_scenes_show_what_the_modes_promise() {
    let (_, process) = finish(&["demo", "--mode", "0x17"]);
    let text = process.stdout_text();
    for expected in [
        "write(40000 bytes)                           -> Done(16384)",
        "16506 bytes of records transmitted, 16306 sealed and pending, 0 reported",
        "-> error: write retry comes from another buffer",
        "OpenSSL's error code 0x0A00007F: bad write retry",
        "\"hello\" after 2 wants",
        "\"hello\" after 0 wants",
        "idle_buffers() after the next write and read -> 2",
    ] {
        assert!(text.contains(expected), "{expected}\nis missing in\n{text}");
    }
    assert!(!text.contains("DIFFERENT"), "{text}");
}

#[test]
fn the_modes_of_the_handshake_act() {
    let (_, process) = finish(&["demo", "--mode", "0x1e0"]);
    let text = process.stdout_text();
    for (expected, times) in [
        ("the offer ends with 0x5600 0x00ff", 2),
        ("server sends 15 03 03 00 02 02 56: ", 1),
        ("its ServerHello of TLSv1.2, though it has better", 1),
        ("its ServerHello of TLSv1.2, the best it has", 1),
        ("the offer ends with 0xcca8 0x00ff", 1),
        (
            "client: peer sent alert: inappropriate_fallback; OpenSSL's error code 0x0A00043E",
            1,
        ),
        (": the time now", 2),
        (": no time", 2),
        (
            "handshake()                                  -> Want(Async)",
            2,
        ),
        (
            "handshake()                                  -> Done(())",
            2,
        ),
        ("woken by the connection's waker              -> false", 1),
        ("woken by the connection's waker              -> true", 1),
        ("had the signature arrived when that returned? yes", 1),
    ] {
        let found = text.matches(expected).count();
        assert_eq!(found, times, "{expected}\nin\n{text}");
    }
}

#[test]
fn hello_times_are_told_as_dates() {
    let (_, process) = finish(&["demo", "--mode", "0x60"]);
    let text = process.stdout_text();
    let times = text.lines().filter(|line| line.ends_with(": the time now"));
    let mut count = 0;
    for line in times {
        let (random, said) = line.split_once(" ..; ").unwrap();
        let bytes: String = random.rsplit(' ').take(8).collect::<Vec<_>>()[4..]
            .iter()
            .rev()
            .copied()
            .collect();
        let seconds = u64::from_str_radix(&bytes, 16).unwrap();
        let (told, date) = said.split_once(" seconds after 1970 it is ").unwrap();
        assert_eq!(told, seconds.to_string());
        let date = httpdate::parse_http_date(date.strip_suffix(": the time now").unwrap());
        let since = date.unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(since.as_secs(), seconds);
        count += 1;
    }
    assert_eq!(count, 2, "{text}");
}

#[test]
fn what_has_nothing_to_act_on_says_why() {
    let (_, process) = finish(&["demo", "--mode", "0x408"]);
    let text = process.stdout_text();
    for expected in [
        "  acts in libssl.so.3 only: there a chain that was not given is completed",
        "certificates shown in mode 0                 -> 1",
        "certificates shown in mode NO_AUTO_CHAIN     -> 1",
        "  stored, nothing to act on: no DTLS is spoken here (docs/modes/sctp-label-bug.md)",
        "mode() of the context, of its connection     -> 0x400, 0x400",
    ] {
        assert!(text.contains(expected), "{expected}\nis missing in\n{text}");
    }
}

#[test]
fn released_buffers_are_measured() {
    let (_, process) = finish(&["demo", "--mode", "release-buffers"]);
    let text = process.stdout_text();
    let heaps: Vec<u32> = text
        .lines()
        .filter(|line| line.contains("heap that each"))
        .map(|line| {
            line.split_whitespace()
                .rev()
                .nth(1)
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    let [held, released] = heaps[..] else {
        panic!("two measurements expected in\n{text}");
    };
    assert!(held > 2 * 16_384, "{text}");
    // What ssl-record's tests/idle.rs allows; the context's certificates and caches must not count.
    assert!(released <= 3072, "{text}");
    assert!(!text.contains("ENABLE_PARTIAL_WRITE ("));
}

#[test]
fn a_mask_without_a_name_shows_nothing() {
    let (code, process) = finish(&["demo", "--mode", "0x200"]);
    assert_eq!(code, 2);
    assert_eq!(complaints(&process).len(), 1);
}
