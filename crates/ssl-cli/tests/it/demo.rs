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
        ("its ServerHello of TLSv1.2, though both have better", 1),
        ("its ServerHello of TLSv1.2, the best it has", 1),
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
    ] {
        let found = text.matches(expected).count();
        assert_eq!(found, times, "{expected}\nin\n{text}");
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
