//! What `ca.desrt.dconf.Writer.Change` takes: a `GVariant` of type `a{smv}` in the order of this machine.
//!
//! `GVariant` Specification 1.0: framing offsets are always little-endian, as wide as the size of their container needs.

use std::collections::BTreeMap;

use super::value::{Order, Value};

/// Keys and their values; none stands for unset.
pub type Settings = BTreeMap<String, Option<Value>>;

/// Serialises a change; a key without a value is reset.
pub fn encode(settings: &Settings) -> Vec<u8> {
    let mut body = Vec::new();
    let mut ends = Vec::new();
    for (key, value) in settings {
        pad(&mut body);
        body.extend(entry(key, value.as_ref()));
        ends.push(body.len());
    }
    close(body, &ends)
}

/// Reads a change; none if these bytes are none.
pub fn decode(bytes: &[u8]) -> Option<Settings> {
    let mut settings = Settings::new();
    if bytes.is_empty() {
        return Some(settings);
    }
    let width = width(bytes.len());
    let table = offset(bytes, bytes.len().checked_sub(width)?, width)?;
    let mut start = 0;
    for at in (table..bytes.len()).step_by(width) {
        let end = offset(bytes, at, width)?;
        let (key, value) = read_entry(bytes.get(start..end)?)?;
        settings.insert(key, value);
        start = aligned(end);
    }
    Some(settings)
}

fn entry(key: &str, value: Option<&Value>) -> Vec<u8> {
    let mut body: Vec<u8> = key.bytes().chain([0]).collect();
    let end = body.len();
    pad(&mut body);
    if let Some(value) = value {
        body.extend(value.to_variant(Order::HOST));
        body.push(0);
    }
    close(body, &[end])
}

fn read_entry(bytes: &[u8]) -> Option<(String, Option<Value>)> {
    let width = width(bytes.len());
    let body = bytes.len().checked_sub(width)?;
    let end = offset(bytes, body, width)?;
    let (0, key) = bytes.get(..end)?.split_last()? else { return None };
    let value = match bytes.get(aligned(end)..body)? {
        [] => None,
        [variant @ .., 0] => Some(Value::from_variant(variant, Order::HOST).ok()?),
        _ => return None,
    };
    Some((String::from_utf8(key.to_vec()).ok()?, value))
}

/// Appends the framing offsets.
pub(super) fn close(mut body: Vec<u8>, ends: &[usize]) -> Vec<u8> {
    let width = [1, 2, 4]
        .into_iter()
        .find(|width| self::width(body.len() + width * ends.len()) <= *width)
        .unwrap_or(8);
    for end in ends {
        body.extend(&end.to_le_bytes()[..width]);
    }
    body
}

pub(super) fn width(size: usize) -> usize {
    match size {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    }
}

pub(super) fn offset(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let mut wide = [0; size_of::<usize>()];
    wide.get_mut(..width)?.copy_from_slice(bytes.get(at..at + width)?);
    Some(usize::from_le_bytes(wide))
}

fn aligned(at: usize) -> usize {
    at.next_multiple_of(8)
}

fn pad(body: &mut Vec<u8>) {
    body.resize(aligned(body.len()), 0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write as _;
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn one(key: &str, value: Option<Value>) -> Settings {
        Settings::from([(key.to_owned(), value)])
    }

    const SHOW_BANNERS: &str = "/org/gnome/desktop/notifications/show-banners";
    const SHOW_BANNERS_HEX: &str = "2f6f72672f676e6f6d652f6465736b746f702f6e6f74696669636174696f6e732f73686f772d62616e6e65727300";

    // What `gsettings set` and `gsettings reset` of GLib 2.74 send.
    #[cfg(target_endian = "little")]
    #[test]
    fn the_bytes_are_those_of_gsettings() {
        assert_eq!(
            hex(&encode(&one(SHOW_BANNERS, Some(Value::Bool(false))))),
            format!("{SHOW_BANNERS_HEX}0000000062002e35").replace("62002e35", "62002e35")
        );
        assert_eq!(hex(&encode(&one(SHOW_BANNERS, None))), format!("{SHOW_BANNERS_HEX}00002e31"));
        let double = encode(&one(
            "/org/gnome/desktop/a11y/magnifier/brightness-red",
            Some(Value::Double(-0.5)),
        ));
        assert!(hex(&double).ends_with("00000000000000e0bf0064003144"), "{}", hex(&double));
    }

    #[test]
    fn the_offsets_grow_with_what_they_frame() {
        for length in [100, 190, 240, 256, 65_400, 65_536, 70_000] {
            let settings = BTreeMap::from([
                ("/a/text".to_owned(), Some(Value::Str("x".repeat(length)))),
                ("/b/unset".to_owned(), None),
            ]);
            assert_eq!(decode(&encode(&settings)), Some(settings), "{length}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(settings in prop::collection::btree_map(
            "/[a-z/-]{0,80}",
            prop::option::of(prop_oneof![
                any::<bool>().prop_map(Value::Bool),
                any::<u32>().prop_map(Value::Uint),
                (-1.0..1.0).prop_map(Value::Double),
                "[a-z]{0,300}".prop_map(Value::Str),
            ]),
            0..9,
        )) {
            prop_assert_eq!(decode(&encode(&settings)), Some(settings));
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = decode(&bytes);
        }
    }
}
