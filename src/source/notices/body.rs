//! The body of a call that shows a notification, looked through without making anything of it.
//!
//! A notification may carry a picture of megabytes, and a value read as one is made of it byte by byte. Here arrays are
//! stepped over by their length (D-Bus Specification, "Marshaling").

use zbus::wire::Endian;

/// Whose name our own notifications carry.
const OURS: &[u8] = b"quietd";

/// How deep a value may hold others before it is taken for nonsense.
const DEPTH_AT_MOST: u8 = 64;

/// Tells whether `Notify`'s body (`susssasa{sv}i`) is one that waits: a new one, not urgent, not transient, not ours. None
/// where it is no such body.
pub(super) fn notify_waits(bytes: &[u8], endian: Endian) -> Option<bool> {
    let mut body = Body { bytes, at: 0, endian };
    let app = body.text()?;
    let replaces = body.u32()?;
    for _icon_summary_body in 0..3 {
        body.text()?;
    }
    body.array(4)?;
    let mut waits = app != OURS && replaces == 0;
    body.hints(|key, value| {
        waits &= match (key, value) {
            // Desktop Notifications Specification 1.2: 2 is critical.
            (b"urgency", Value::Number(urgency)) => urgency < 2,
            (b"transient", Value::Number(transient)) => transient == 0,
            _ => true,
        }
    })?;
    Some(waits)
}

/// Tells whether `AddNotification`'s body (`ssa{sv}`) is one that waits: not urgent. None where it is no such body.
pub(super) fn add_notification_waits(bytes: &[u8], endian: Endian) -> Option<bool> {
    let mut body = Body { bytes, at: 0, endian };
    body.text()?;
    body.text()?;
    let mut waits = true;
    body.hints(|key, value| {
        waits &= !matches!((key, value), (b"priority", Value::Text(b"urgent")));
    })?;
    Some(waits)
}

/// A value, as far as it matters here.
enum Value<'b> {
    Number(u64),
    Text(&'b [u8]),
    Other,
}

/// A place in the bytes of a body; every step is none where they end too soon.
struct Body<'b> {
    bytes: &'b [u8],
    at: usize,
    endian: Endian,
}

impl<'b> Body<'b> {
    fn align(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to);
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// A number of 1, 2, 4 or 8 bytes.
    fn number(&mut self, size: usize) -> Option<u64> {
        self.align(size);
        let bytes = self.take(size)?;
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(match self.endian {
            Endian::Little => bytes.iter().rev().fold(0, add),
            Endian::Big => bytes.iter().fold(0, add),
        })
    }

    fn u32(&mut self) -> Option<u32> {
        self.number(4).and_then(|number| u32::try_from(number).ok())
    }

    fn length(&mut self) -> Option<usize> {
        self.u32().and_then(|length| usize::try_from(length).ok())
    }

    fn text(&mut self) -> Option<&'b [u8]> {
        let length = self.length()?;
        let text = self.take(length)?;
        self.take(1)?;
        Some(text)
    }

    fn signature(&mut self) -> Option<&'b [u8]> {
        let length = usize::from(*self.take(1)?.first()?);
        let signature = self.take(length)?;
        self.take(1)?;
        Some(signature)
    }

    /// Steps over an array; its elements begin at multiples of `align`.
    fn array(&mut self, align: usize) -> Option<()> {
        let length = self.length()?;
        self.align(align);
        self.take(length).map(|_| ())
    }

    /// Looks at each entry of an `a{sv}`.
    fn hints(&mut self, mut look: impl FnMut(&[u8], Value<'b>)) -> Option<()> {
        let length = self.length()?;
        self.align(8);
        let end = self.at.checked_add(length)?;
        while self.at < end {
            self.align(8);
            let key = self.text()?;
            let signature = self.signature()?;
            let (value, _) = self.value(signature, 0)?;
            look(key, value);
        }
        Some(())
    }

    /// Reads the value of the first type of a signature, and gives back the rest of the signature.
    fn value<'s>(&mut self, signature: &'s [u8], depth: u8) -> Option<(Value<'b>, &'s [u8])> {
        let depth = Some(depth + 1).filter(|depth| *depth <= DEPTH_AT_MOST)?;
        let (kind, rest) = signature.split_first()?;
        let mut rest = rest;
        let value = match kind {
            b'y' => Value::Number(self.number(1)?),
            b'n' | b'q' => Value::Number(self.number(2)?),
            b'b' | b'i' | b'u' | b'h' => Value::Number(self.number(4)?),
            b'x' | b't' => Value::Number(self.number(8)?),
            b'd' => self.number(8).map(|_| Value::Other)?,
            b's' | b'o' => Value::Text(self.text()?),
            b'g' => self.signature().map(|_| Value::Other)?,
            b'v' => {
                let inner = self.signature()?;
                self.value(inner, depth)?;
                Value::Other
            }
            b'a' => {
                self.array(alignment(*rest.first()?))?;
                rest = after_type(rest, depth)?;
                Value::Other
            }
            b'(' => {
                self.align(8);
                while rest.first() != Some(&b')') {
                    (_, rest) = self.value(rest, depth)?;
                }
                rest = &rest[1..];
                Value::Other
            }
            _ => return None,
        };
        Some((value, rest))
    }
}

/// At multiples of what the values of a type begin.
fn alignment(kind: u8) -> usize {
    match kind {
        b'n' | b'q' => 2,
        b'b' | b'i' | b'u' | b'h' | b's' | b'o' | b'a' => 4,
        b'x' | b't' | b'd' | b'(' | b'{' => 8,
        _ => 1,
    }
}

/// What follows the first type of a signature.
fn after_type(signature: &[u8], depth: u8) -> Option<&[u8]> {
    let depth = Some(depth + 1).filter(|depth| *depth <= DEPTH_AT_MOST)?;
    let (kind, mut rest) = signature.split_first()?;
    let close = match kind {
        b'a' => return after_type(rest, depth),
        b'(' => b')',
        b'{' => b'}',
        _ => return Some(rest),
    };
    while rest.first() != Some(&close) {
        rest = after_type(rest, depth)?;
    }
    Some(&rest[1..])
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use zbus::{Message, Variant};

    use super::*;

    type Hints<'h> = HashMap<&'h str, Variant<'h>>;

    fn notify(app: &str, replaces: u32, hints: Hints<'_>, endian: Endian) -> bool {
        let body = (app, replaces, "icon", "Ümlaut", "", &["default", "Open"][..], hints, -1_i32);
        let message = Message::method_call("/org/freedesktop/Notifications", "Notify")
            .endian(endian)
            .build(&body)
            .unwrap();
        let body = message.body();
        assert_eq!(body.data().context().endian(), endian);
        notify_waits(body.data().bytes(), endian).unwrap()
    }

    fn hints<'h>(hints: &[(&'h str, Variant<'h>)]) -> Hints<'h> {
        hints.iter().map(|(key, value)| (*key, value.try_clone().unwrap())).collect()
    }

    fn picture(bytes: usize) -> Variant<'static> {
        Variant::from((1_i32, 1_i32, 4_i32, true, 8_i32, 4_i32, vec![0_u8; bytes]))
    }

    #[test]
    fn a_new_ordinary_one_waits() {
        for endian in [Endian::Little, Endian::Big] {
            let waits = |app, replaces, list: &[_]| notify(app, replaces, hints(list), endian);
            assert!(waits("mail", 0, &[]));
            assert!(!waits("mail", 7, &[]), "it replaces another");
            assert!(!waits("quietd", 0, &[]), "it is ours");
            let urgency = |urgency: u8| ("urgency", Variant::from(urgency));
            assert!(waits("mail", 0, &[urgency(0)]) && waits("mail", 0, &[urgency(1)]));
            assert!(!waits("mail", 0, &[urgency(2)]));
            assert!(
                !waits("mail", 0, &[("urgency", Variant::from(2_i32))]),
                "some send another type"
            );
            assert!(!waits("mail", 0, &[("transient", Variant::from(true))]));
            assert!(waits("mail", 0, &[("transient", Variant::from(false))]));
            let odd = [
                ("image-data", picture(13)),
                ("x", Variant::from(1.5)),
                ("nested", Variant::new(Variant::from(vec![("a", 1_u16)]))),
                ("empty", Variant::from(Vec::<u64>::new())),
                ("table", Variant::from(HashMap::from([("a", "b")]))),
                ("y", Variant::from(7_i64)),
            ];
            assert!(waits("mail", 0, &odd));
            assert!(!waits("mail", 0, &[&odd[..], &[urgency(2)]].concat()));
        }
    }

    #[test]
    fn of_gtks_the_urgent_do_not_wait() {
        let waits = |priority: &str| {
            let notification = hints(&[
                ("title", Variant::from("T")),
                ("icon", Variant::new(Variant::from(("bytes", Variant::from(vec![1_u8, 2]))))),
                ("priority", Variant::from(priority)),
                ("buttons", Variant::from(vec![HashMap::from([("label", Variant::from("B"))])])),
            ]);
            let message = Message::method_call("/org/gtk/Notifications", "AddNotification")
                .build(&("org.example.App", "id", notification))
                .unwrap();
            let body = message.body();
            let data = body.data();
            add_notification_waits(data.bytes(), data.context().endian()).unwrap()
        };
        assert!(waits("normal") && waits("high") && !waits("urgent"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200), little: bool) {
            let endian = if little { Endian::Little } else { Endian::Big };
            notify_waits(&bytes, endian);
            add_notification_waits(&bytes, endian);
        }

        #[test]
        fn no_signature_is_too_odd(signature in "[yuxsgvoad(){}]{0,90}", bytes in prop::collection::vec(0..9_u8, 0..300)) {
            let mut body = Body { bytes: &bytes, at: 0, endian: Endian::Little };
            body.value(signature.as_bytes(), 0);
        }
    }
}
