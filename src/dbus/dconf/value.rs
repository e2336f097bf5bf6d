//! One value of dconf, as bytes and as JSON.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::change::{close, offset, width};

/// A value of a key. Two are equal if their bytes are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// `b`.
    Bool(bool),
    /// `i`.
    Int(i32),
    /// `u`.
    Uint(u32),
    /// `d`.
    Double(#[serde(with = "exact")] f64),
    /// `s`.
    Str(String),
    /// `as`.
    List(Vec<String>),
}

/// The byte order of a file; a change travels in that of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl Order {
    /// The order of this machine.
    pub const HOST: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };
}

impl Value {
    /// Serialises a `GVariant` of type `v`: the value, a zero, its type.
    pub fn to_variant(&self, order: Order) -> Vec<u8> {
        let number = |little: &[u8]| {
            let mut bytes = little.to_vec();
            if order == Order::Big {
                bytes.reverse();
            }
            bytes
        };
        let (mut bytes, kind): (_, &[u8]) = match self {
            Self::Bool(value) => (vec![u8::from(*value)], b"b"),
            Self::Int(value) => (number(&value.to_le_bytes()), b"i"),
            Self::Uint(value) => (number(&value.to_le_bytes()), b"u"),
            Self::Double(value) => (number(&value.to_le_bytes()), b"d"),
            Self::Str(value) => (value.bytes().chain([0]).collect(), b"s"),
            Self::List(values) => (strings(values), b"as"),
        };
        bytes.push(0);
        bytes.extend(kind);
        bytes
    }

    /// Reads a `GVariant` of type `v`. Fails with what is there instead: a type nobody here writes, or bytes that are no
    /// value.
    pub fn from_variant(bytes: &[u8], order: Order) -> Result<Self, String> {
        let end = bytes.iter().rposition(|byte| *byte == 0).ok_or("a value without a type")?;
        let (data, kind) = (&bytes[..end], &bytes[end + 1..]);
        let odd =
            || format!("{} bytes of the type `{}`", data.len(), String::from_utf8_lossy(kind));
        Ok(match kind {
            b"b" => match data {
                [0] => Self::Bool(false),
                [1] => Self::Bool(true),
                _ => return Err(odd()),
            },
            b"i" => Self::Int(i32::from_le_bytes(fixed(data, order).ok_or_else(odd)?)),
            b"u" => Self::Uint(u32::from_le_bytes(fixed(data, order).ok_or_else(odd)?)),
            b"d" => Self::Double(f64::from_le_bytes(fixed(data, order).ok_or_else(odd)?)),
            b"s" => match data.split_last() {
                Some((0, text)) if !text.contains(&0) => {
                    Self::Str(String::from_utf8(text.to_vec()).map_err(|_| odd())?)
                }
                _ => return Err(odd()),
            },
            b"as" => Self::List(read_strings(data).ok_or_else(odd)?),
            _ => return Err(odd()),
        })
    }
}

/// A list's bytes: the strings, and where each ends.
fn strings(values: &[String]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut ends = Vec::new();
    for value in values {
        body.extend(value.bytes().chain([0]));
        ends.push(body.len());
    }
    close(body, &ends)
}

fn read_strings(data: &[u8]) -> Option<Vec<String>> {
    let mut values = Vec::new();
    if data.is_empty() {
        return Some(values);
    }
    let width = width(data.len());
    let table = offset(data, data.len().checked_sub(width)?, width)?;
    let mut start = 0;
    for at in (table..data.len()).step_by(width) {
        let end = offset(data, at, width)?;
        let (0, text) = data.get(start..end)?.split_last()? else { return None };
        values.push(String::from_utf8(text.to_vec()).ok().filter(|text| !text.contains('\0'))?);
        start = end;
    }
    // Nothing is left over, and no other bytes mean the same.
    (strings(&values) == data).then_some(values)
}

/// A number's bytes, least significant first.
fn fixed<const N: usize>(data: &[u8], order: Order) -> Option<[u8; N]> {
    let mut bytes: [u8; N] = data.try_into().ok()?;
    if order == Order::Big {
        bytes.reverse();
    }
    Some(bytes)
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Uint(a), Self::Uint(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(out, "{value}"),
            Self::Int(value) => write!(out, "{value}"),
            Self::Uint(value) => write!(out, "uint32 {value}"),
            Self::Double(value) => write!(out, "{value:?}"),
            Self::Str(value) => write!(out, "{value:?}"),
            Self::List(values) => write!(out, "{values:?}"),
        }
    }
}

/// A double in JSON as text: JSON numbers may come back one bit off, and then what we set would not be ours any more.
mod exact {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{value:?}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            any::<i32>().prop_map(Value::Int),
            any::<u32>().prop_map(Value::Uint),
            prop::num::f64::ANY
                .prop_filter("a number", |value| !value.is_nan())
                .prop_map(Value::Double),
            "[^\u{0}]{0,40}".prop_map(Value::Str),
            prop::collection::vec("[^\u{0}]{0,90}", 0..5).prop_map(Value::List),
        ]
    }

    proptest! {
        #[test]
        fn bytes_and_json_give_back_the_very_same(value in any_value()) {
            for order in [Order::Little, Order::Big] {
                prop_assert_eq!(Value::from_variant(&value.to_variant(order), order), Ok(value.clone()));
            }
            let json = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
            if let Ok(value) = Value::from_variant(&bytes, Order::Little) {
                prop_assert_eq!(value.to_variant(Order::Little), bytes);
            }
        }
    }

    #[test]
    fn a_foreign_type_is_named() {
        assert_eq!(
            Value::from_variant(b"\x01\0\0\0\0ai", Order::Little),
            Err("4 bytes of the type `ai`".to_owned())
        );
    }
}
