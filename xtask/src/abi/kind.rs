//! What a value is at the C boundary: enough to tell whether two prototypes pass it alike.

use std::collections::BTreeMap;
use std::fmt;

use crate::source::Type;

/// A kind of value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Void,
    /// Bits, and whether it has a sign; `None` where the compiler chooses or nobody computes with it.
    Integer(u32, Option<bool>),
    Pointer(Box<Self>),
    Function,
    /// Behind a pointer: an object, or bytes of no type.
    Object,
}

impl Kind {
    /// Reads what the program of `header.rs` writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(pointee) = text.strip_prefix('*') {
            return Some(Self::Pointer(Box::new(Self::parse(pointee)?)));
        }
        let integer = |sign| text[1..].parse().ok().map(|bits| Self::Integer(bits, sign));
        match text {
            "void" => Some(Self::Void),
            "fn" => Some(Self::Function),
            "_" => Some(Self::Object),
            _ if text.starts_with('i') => integer(Some(true)),
            _ if text.starts_with('u') => integer(Some(false)),
            _ if text.starts_with('e') => integer(None),
            _ => None,
        }
    }

    /// What a Rust type is; `Err` names the type that is not known.
    pub(super) fn of(written: &Type, aliases: &BTreeMap<String, Type>) -> Result<Self, String> {
        match written {
            Type::Unit => Ok(Self::Void),
            Type::Function => Ok(Self::Function),
            Type::Pointer(to) => {
                let pointee = Self::of(to, aliases).unwrap_or(Self::Object);
                Ok(Self::Pointer(Box::new(pointee)))
            }
            Type::Named(name) => match (plain(name), aliases.get(name)) {
                (Some(kind), _) => Ok(kind),
                (None, Some(to)) if to != written => Self::of(to, aliases),
                _ => Err(name.clone()),
            },
        }
    }

    /// True if both are passed alike and, behind pointers, have the same size.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Integer(8, _), Self::Integer(8, _)) => true,
            (Self::Integer(a, sign), Self::Integer(b, other)) => {
                a == b && (sign == other || sign.is_none() || other.is_none())
            }
            (Self::Pointer(a), Self::Pointer(b)) => {
                let has_no_type = |kind: &Self| matches!(kind, Self::Object | Self::Void);
                has_no_type(a) || has_no_type(b) || a.agrees(b)
            }
            (a, b) => a == b,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => f.write_str("void"),
            Self::Integer(bits, Some(true)) => write!(f, "i{bits}"),
            Self::Integer(bits, Some(false)) => write!(f, "u{bits}"),
            Self::Integer(bits, None) => write!(f, "enum of {bits} bits"),
            Self::Pointer(to) => write!(f, "*{to}"),
            Self::Function => f.write_str("function"),
            Self::Object => f.write_str("object"),
        }
    }
}

/// The types that stand for themselves. Sizes are those of 64-bit Unix, on which the checks run.
fn plain(name: &str) -> Option<Kind> {
    let (bits, signed) = match name {
        "c_char" | "c_schar" | "i8" => (8, true),
        "c_uchar" | "u8" | "bool" => (8, false),
        "c_short" | "i16" => (16, true),
        "c_ushort" | "u16" => (16, false),
        "c_int" | "i32" => (32, true),
        "c_uint" | "u32" => (32, false),
        "c_long" | "c_longlong" | "i64" | "isize" | "ssize_t" | "off_t" | "time_t" => (64, true),
        "c_ulong" | "c_ulonglong" | "u64" | "usize" | "size_t" => (64, false),
        "c_void" => return Some(Kind::Object),
        // openssl-sys's; its source is not read here.
        "pem_password_cb" => return Some(Kind::Function),
        _ => return None,
    };
    Some(Kind::Integer(bits, Some(signed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees(c: &str, rust: &Type) -> bool {
        let aliases = BTreeMap::from([("SSL".to_owned(), Type::Named("c_void".to_owned()))]);
        let kind = Kind::of(rust, &aliases);
        kind.is_ok_and(|kind| Kind::parse(c).unwrap().agrees(&kind))
    }

    fn named(name: &str) -> Type {
        Type::Named(name.to_owned())
    }

    fn pointer(to: Type) -> Type {
        Type::Pointer(Box::new(to))
    }

    #[test]
    fn numbers_agree_by_size_and_sign() {
        assert!(agrees("i32", &named("c_int")));
        assert!(!agrees("u32", &named("c_int")));
        assert!(!agrees("u64", &named("c_uint")));
        assert!(agrees("e32", &named("c_int")) && agrees("e32", &named("c_uint")));
        assert!(agrees("void", &Type::Unit) && !agrees("i32", &Type::Unit));
    }

    #[test]
    fn pointers_agree_by_what_is_behind_them() {
        assert!(agrees("*_", &pointer(named("SSL"))));
        assert!(agrees("*_", &pointer(named("Unheard"))));
        assert!(agrees("*u64", &pointer(named("usize"))));
        assert!(!agrees("*u64", &pointer(named("c_uint"))));
        assert!(agrees("**u8", &pointer(pointer(named("c_char")))));
        assert!(!agrees("**u8", &pointer(named("u8"))));
        assert!(agrees("fn", &Type::Function) && !agrees("fn", &pointer(named("c_void"))));
    }

    #[test]
    fn what_is_not_known_is_named() {
        assert_eq!(
            Kind::of(&named("Unheard"), &BTreeMap::new()),
            Err("Unheard".to_owned())
        );
    }
}
