//! Laws that hold for every mask, checked with random ones.

use proptest::prelude::*;
use ssl_mode::{MODES, ModeEdit, ModeRegister, ModeRow, SharedModeRegister, SslMode};

fn any_mask() -> impl Strategy<Value = SslMode> {
    any::<u32>().prop_map(SslMode::from_bits_retain)
}

/// A call on a register: set or clear, with C's argument.
fn any_calls() -> impl Strategy<Value = Vec<(bool, i64)>> {
    prop::collection::vec((any::<bool>(), any::<i64>()), 0..20)
}

/// `+name` or `-0x..` entries, with the bits they mean.
fn any_change() -> impl Strategy<Value = Vec<(bool, SslMode)>> {
    prop::collection::vec((any::<bool>(), any_mask()), 1..8)
}

/// What a user might type: pieces of the grammar in any order.
fn almost_a_list() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "+",
            "-",
            ",",
            "|",
            " ",
            "0x",
            "SSL_MODE_",
            "é",
            "_",
            "9"
        ]),
        prop::sample::select(MODES.iter().map(|row| row.short).collect::<Vec<_>>()),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn set_adds_and_clear_removes(start in any_mask(), modes in any_mask()) {
        let mut register = ModeRegister::new(start);
        prop_assert_eq!(register.set(modes).bits(), start.bits() | modes.bits());
        prop_assert_eq!(register.clear(modes).bits(), start.bits() & !modes.bits());
    }

    #[test]
    fn set_and_clear_are_idempotent(start in any_mask(), modes in any_mask()) {
        let mut register = ModeRegister::new(start);
        prop_assert_eq!(register.set(modes), register.set(modes));
        prop_assert_eq!(register.clear(modes), register.clear(modes));
    }

    #[test]
    fn order_within_sets_or_within_clears_does_not_matter(
        start in any_mask(), a in any_mask(), b in any_mask(),
    ) {
        let (mut one, mut other) = (ModeRegister::new(start), ModeRegister::new(start));
        one.set(a);
        other.set(b);
        prop_assert_eq!(one.set(b), other.set(a));
        one.clear(a);
        other.clear(b);
        prop_assert_eq!(one.clear(b), other.clear(a));
    }

    #[test]
    fn m4_m5_every_return_value_is_the_mask(calls in any_calls()) {
        let mut register = ModeRegister::default();
        for (set, modes) in calls {
            let returned =
                if set { register.set_long(modes) } else { register.clear_long(modes) };
            prop_assert_eq!(returned, i64::from(register.get().bits()));
        }
    }

    #[test]
    fn m7_m8_m9_longs_are_u32_arithmetic(start in any_mask(), modes in any::<i64>()) {
        let low = (modes & 0xffff_ffff) as u32;
        let mut register = ModeRegister::new(start);
        prop_assert_eq!(register.set_long(modes), i64::from(start.bits() | low));
        prop_assert_eq!(register.clear_long(modes), i64::from(start.bits() & !low));
    }

    #[test]
    fn m12_m13_m14_context_and_connection_go_their_own_ways(
        start in any_mask(), on_context in any_calls(), on_connection in any_calls(),
    ) {
        let (context, alone) = (SharedModeRegister::new(start), SharedModeRegister::new(start));
        let mut connection = context.inherit();
        let mut lonely = ModeRegister::new(start);
        for (set, modes) in on_context {
            if set { context.set_long(modes) } else { context.clear_long(modes) };
            if set { alone.set_long(modes) } else { alone.clear_long(modes) };
        }
        for (set, modes) in on_connection {
            if set { connection.set_long(modes) } else { connection.clear_long(modes) };
            if set { lonely.set_long(modes) } else { lonely.clear_long(modes) };
        }
        prop_assert_eq!(context.get(), alone.get());
        prop_assert_eq!(connection, lonely);
    }

    #[test]
    fn both_registers_follow_the_same_rules(start in any_mask(), calls in any_calls()) {
        let shared = SharedModeRegister::new(start);
        let mut plain = ModeRegister::new(start);
        for (set, modes) in calls {
            if set {
                prop_assert_eq!(shared.set_long(modes), plain.set_long(modes));
            } else {
                prop_assert_eq!(shared.clear_long(modes), plain.clear_long(modes));
            }
        }
        prop_assert_eq!(shared.inherit(), plain);
    }

    #[test]
    fn m6_display_and_parse_round_trip(mask in any_mask()) {
        let text = mask.to_string();
        prop_assert_eq!(text.parse(), Ok(mask), "{}", text);
    }

    #[test]
    fn numbers_round_trip(mask in any_mask()) {
        prop_assert_eq!(mask.bits().to_string().parse(), Ok(mask));
        prop_assert_eq!(format!("{mask:#x}").parse(), Ok(mask));
        prop_assert_eq!(format!("{mask:#010X}").parse(), Ok(mask));
    }

    #[test]
    fn a_change_acts_from_left_to_right(start in any_mask(), change in any_change()) {
        let mut text = String::new();
        let mut register = ModeRegister::new(start);
        for (set, modes) in change {
            let sign = if set { '+' } else { '-' };
            let separator = if text.is_empty() { "" } else { "," };
            text += &format!("{separator}{sign}{modes:#x}");
            if set { register.set(modes) } else { register.clear(modes) };
        }
        let edit: ModeEdit = text.parse().unwrap();
        prop_assert_eq!(edit.apply(start), register.get(), "{}", text);
        prop_assert!(!edit.sets().intersects(edit.clears()), "{}", text);
    }

    #[test]
    fn a_replacement_forgets_the_mask(start in any_mask(), mask in any_mask()) {
        let edit: ModeEdit = mask.to_string().parse().unwrap();
        prop_assert_eq!(edit, ModeEdit::replace(mask));
        prop_assert_eq!(edit.apply(start), mask);
    }

    #[test]
    fn an_edit_is_its_sets_and_its_clears_in_any_order(
        start in any_mask(), text in almost_a_list(),
    ) {
        let Ok(edit) = text.parse::<ModeEdit>() else { return Ok(()) };
        let (mut one, mut other) = (ModeRegister::new(start), ModeRegister::new(start));
        one.set(edit.sets());
        other.clear(edit.clears());
        prop_assert_eq!(one.clear(edit.clears()), edit.apply(start));
        prop_assert_eq!(other.set(edit.sets()), edit.apply(start));
    }

    #[test]
    fn errors_point_into_the_text(text in prop_oneof![almost_a_list(), any::<String>()]) {
        if let Err(error) = text.parse::<ModeEdit>() {
            prop_assert!(text.get(error.span()).is_some(), "{error:?} {text:?}");
            prop_assert!(!error.to_string().contains('\n'));
        }
        if let Err(error) = text.parse::<SslMode>() {
            prop_assert!(text.get(error.span()).is_some(), "{error:?} {text:?}");
        }
    }

    #[test]
    fn one_typing_mistake_is_corrected(
        row in prop::sample::select(&MODES[..]),
        at in any::<prop::sample::Index>(),
        letter in "[b-z]",
    ) {
        let at = at.index(row.name.len());
        let mistyped = format!("{}{letter}{}", &row.name[..at], &row.name[at + 1..]);
        prop_assume!(ModeRow::find(&mistyped).is_none());
        let error = mistyped.parse::<SslMode>().unwrap_err();
        prop_assert_eq!(error.nearest(), Some(row.name));
    }
}
