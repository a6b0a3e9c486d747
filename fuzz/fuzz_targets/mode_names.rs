//! Texts as masks and changes of masks: no panic, errors point into the text, masks survive the round trip.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ssl_mode::{ModeEdit, ModeRow, ParseModeError, SslMode};

fn check(text: &str, error: &ParseModeError) {
    assert!(
        text.get(error.span()).is_some(),
        "{error:?} does not point into {text:?}"
    );
    assert!(!error.to_string().contains('\n'));
}

fuzz_target!(|input: (u32, &str)| {
    let (bits, text) = input;
    let mask = SslMode::from_bits_retain(bits);
    assert_eq!(mask.to_string().parse(), Ok(mask));
    match text.parse::<SslMode>() {
        Ok(mask) => {
            assert_eq!(mask.to_string().parse(), Ok(mask));
            assert!(text.parse::<ModeEdit>().is_ok());
        }
        Err(error) => check(text, &error),
    }
    if let Err(error) = text.parse::<ModeEdit>() {
        check(text, &error);
    }
    if let Some(row) = ModeRow::find(text) {
        let same = ModeRow::find(row.short).map(|same| same.name);
        assert_eq!(same, Some(row.name));
    }
});
