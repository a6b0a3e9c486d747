//! Spellings of modes, the two kinds of list, and each error with its place and its advice.

use ssl_mode::{MODES, ModeEdit, ModeRow, ParseModeError, SslMode};

fn bits(text: &str) -> u32 {
    match text.parse::<SslMode>() {
        Ok(mask) => mask.bits(),
        Err(error) => panic!("{text:?}: {error}"),
    }
}

fn edited(mask: u32, edit: &str) -> u32 {
    match edit.parse::<ModeEdit>() {
        Ok(edit) => edit.apply(SslMode::from_bits_retain(mask)).bits(),
        Err(error) => panic!("{edit:?}: {error}"),
    }
}

#[test]
fn every_name_is_understood_in_every_style() {
    for row in &MODES {
        let kebab = row.name.to_lowercase().replace('_', "-");
        for text in [
            row.name,
            row.short,
            &kebab,
            &format!("SSL_MODE_{}", row.name),
        ] {
            assert_eq!(bits(text), row.bit.bits(), "{text}");
            assert_eq!(bits(&format!("  {text} ")), row.bit.bits(), "{text}");
            assert_eq!(bits(&text.to_uppercase()), row.bit.bits(), "{text}");
        }
        for alias in row.aliases {
            assert_eq!(bits(alias), row.bit.bits(), "{alias}");
        }
    }
}

#[test]
fn spellings() {
    for (text, expected) in [
        ("partial-write", 0x1),
        ("moving-buffer", 0x2),
        ("moving_write_buffer", 0x2),
        ("Release", 0x10),
        ("ssl-mode-async", 0x100),
        ("scsv", 0x80),
        ("0", 0),
        ("19", 0x13),
        ("0x13", 0x13),
        ("0XfF", 0xff),
        ("0xffffffff", u32::MAX),
        ("4294967295", u32::MAX),
        ("0x00000000000000010", 0x10),
    ] {
        assert_eq!(bits(text), expected, "{text}");
    }
}

#[test]
fn lists_are_joined() {
    assert_eq!(bits("partial-write,moving-buffer"), 0x3);
    assert_eq!(
        bits("SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS"),
        0x11
    );
    assert_eq!(bits("async|0x40000000,4"), 0x4000_0104);
    assert_eq!(bits("async,async"), 0x100);
}

#[test]
fn display_names_what_has_a_name() {
    for (bits, expected) in [
        (0x0, "0"),
        (0x4, "AUTO_RETRY"),
        (
            0x13,
            "ENABLE_PARTIAL_WRITE|ACCEPT_MOVING_WRITE_BUFFER|RELEASE_BUFFERS",
        ),
        (0x4000_0005, "ENABLE_PARTIAL_WRITE|AUTO_RETRY|0x40000000"),
        (0x0000_0a00, "0xa00"),
        (0x0000_0600, "DTLS_SCTP_LABEL_LENGTH_BUG|0x200"),
    ] {
        assert_eq!(SslMode::from_bits_retain(bits).to_string(), expected);
    }
}

#[test]
fn edits_change_or_replace() {
    for (mask, edit, expected) in [
        (0x4, "+partial-write", 0x5),
        (0x4, "-auto-retry", 0x0),
        (0x4, "+partial-write,-auto-retry", 0x1),
        (0x4, "+0x40000000 | -4", 0x4000_0000),
        (0x14, "+async,-async", 0x14),
        (0x14, "-async,+async", 0x114),
        (0x4000_0004, "-0xff,+1", 0x4000_0001),
        (0x14, "partial-write", 0x1),
        (0x14, "partial-write|0x2", 0x3),
        (0x14, "0", 0x0),
    ] {
        assert_eq!(edited(mask, edit), expected, "{edit} on {mask:#x}");
    }
}

#[test]
fn an_edit_says_what_to_set_and_what_to_clear() {
    let change: ModeEdit = "+partial-write,-auto-retry".parse().unwrap();
    assert_eq!(change.sets(), SslMode::ENABLE_PARTIAL_WRITE);
    assert_eq!(change.clears(), SslMode::AUTO_RETRY);

    let undone: ModeEdit = "-async,+async".parse().unwrap();
    assert_eq!(
        (undone.sets(), undone.clears()),
        (SslMode::ASYNC, SslMode::empty())
    );

    let replace: ModeEdit = "0x13".parse().unwrap();
    assert_eq!(replace.sets().bits(), 0x13);
    assert_eq!(replace.clears().bits(), !0x13);
}

#[test]
fn errors_of_masks() {
    type Error = ParseModeError;
    for (text, expected) in [
        ("", Error::Empty { at: 0..0 }),
        ("  ", Error::Empty { at: 2..2 }),
        ("async,,4", Error::Empty { at: 6..6 }),
        ("async,", Error::Empty { at: 6..6 }),
        (
            "nonsense",
            Error::UnknownName {
                at: 0..8,
                nearest: None,
            },
        ),
        (
            "async, asink",
            Error::UnknownName {
                at: 7..12,
                nearest: Some("ASYNC"),
            },
        ),
        (
            "moving-bufer",
            Error::UnknownName {
                at: 0..12,
                nearest: Some("moving-buffer"),
            },
        ),
        (
            "SSL_MODE_AUTO_RETRI",
            Error::UnknownName {
                at: 0..19,
                nearest: Some("AUTO_RETRY"),
            },
        ),
        (
            "SSL_MODE_",
            Error::UnknownName {
                at: 0..9,
                nearest: None,
            },
        ),
        (
            "é",
            Error::UnknownName {
                at: 0..2,
                nearest: None,
            },
        ),
        ("0x", Error::BadNumber { at: 0..2 }),
        ("0x+1", Error::BadNumber { at: 0..4 }),
        ("13h", Error::BadNumber { at: 0..3 }),
        ("4, 0x100000000", Error::NumberTooLarge { at: 3..14 }),
        ("4294967296", Error::NumberTooLarge { at: 0..10 }),
        ("+async", Error::UnexpectedSign { at: 0..6 }),
        ("async,-1", Error::UnexpectedSign { at: 6..8 }),
    ] {
        assert_eq!(text.parse::<SslMode>(), Err(expected), "{text:?}");
    }
}

#[test]
fn errors_of_edits() {
    type Error = ParseModeError;
    for (text, expected) in [
        ("", Error::Empty { at: 0..0 }),
        ("+", Error::Empty { at: 0..1 }),
        ("+async,-", Error::Empty { at: 7..8 }),
        (
            "+asnyc",
            Error::UnknownName {
                at: 0..6,
                nearest: Some("ASYNC"),
            },
        ),
        ("+async, 4", Error::MixedSigns { at: 8..9 }),
        ("4,+async", Error::MixedSigns { at: 2..8 }),
        (
            "++async",
            Error::UnknownName {
                at: 0..7,
                nearest: Some("ASYNC"),
            },
        ),
        (
            "--1",
            Error::UnknownName {
                at: 0..3,
                nearest: None,
            },
        ),
    ] {
        assert_eq!(text.parse::<ModeEdit>(), Err(expected), "{text:?}");
    }
}

#[test]
fn errors_are_one_line_that_says_what_to_do() {
    for (text, expected) in [
        (
            "",
            "no mode at byte 0; write a name such as partial-write or a number such as 0x13",
        ),
        ("asyn", "unknown mode at bytes 0..4; did you mean ASYNC?"),
        (
            "nonsense",
            "unknown mode at bytes 0..8; write a name such as partial-write or a number such as 0x13",
        ),
        (
            "1x",
            "bad number at bytes 0..2; write it as 0x13 (hexadecimal) or 19 (decimal)",
        ),
        (
            "0x100000000",
            "number too large at bytes 0..11; a mask ends at 0xffffffff",
        ),
        (
            "+1,2",
            "sign mismatch at bytes 3..4; put + or - before every entry or before none",
        ),
    ] {
        assert_eq!(text.parse::<ModeEdit>().unwrap_err().to_string(), expected);
    }
    assert_eq!(
        "+1".parse::<SslMode>().unwrap_err().to_string(),
        "unexpected sign at bytes 0..2; list the modes of the mask without + or -"
    );
}

#[test]
fn errors_are_errors() {
    let error: Box<dyn core::error::Error> = Box::new("x".parse::<SslMode>().unwrap_err());
    assert!(error.source().is_none());
}

#[test]
fn rows_are_found_by_name_only() {
    for row in &MODES {
        assert_eq!(
            ModeRow::find(row.short).map(|found| found.name),
            Some(row.name)
        );
    }
    for text in ["", "0x1", "1", "partial-write,", " async"] {
        assert!(ModeRow::find(text).is_none(), "{text:?}");
    }
}
