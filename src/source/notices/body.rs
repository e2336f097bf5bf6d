//! The body of a call that shows a notification, looked through without making anything of it.
//!
//! A notification may carry a picture of megabytes, and a value read as one is made of it byte by byte. Here arrays are
//! stepped over by their length (D-Bus Specification, "Marshaling").

use zbus::wire::Endian;

/// Whose name our own notifications carry.
const OURS: &[u8] = b"quietd";

/// How deep a value may hold others before it is taken for nonsense.
const DEPTH_AT_MOST: u8 = 64;

/// What `Notify` says (`susssasa{sv}i`), as far as it can be said again. Texts that are none are empty.
#[derive(Debug)]
pub(super) struct Notify<'b> {
    pub app: &'b str,
    pub replaces: u32,
    pub icon: &'b str,
    pub title: &'b str,
    pub text: &'b str,
    /// Names and words, in turn.
    pub actions: Vec<&'b str>,
    /// The hints of simple types, and pictures.
    pub hints: Vec<(&'b str, Value<'b>)>,
    pub expires: i32,
}

impl<'b> Notify<'b> {
    /// Reads a body; none where it is no such body.
    pub(super) fn read(bytes: &'b [u8], endian: Endian) -> Option<Self> {
        let mut body = Body { bytes, at: 0, endian };
        let app = body.string()?;
        let replaces = body.u32()?;
        let (icon, title, text) = (body.string()?, body.string()?, body.string()?);
        let (mut actions, mut hints) = (Vec::new(), Vec::new());
        body.strings(|action| {
            if actions.len() < ACTIONS_AT_MOST {
                actions.push(action);
            }
        })?;
        body.hints(|key, value| {
            if hints.len() < HINTS_AT_MOST && !matches!(value, Value::Other) {
                hints.push((as_str(key), value));
            }
        })?;
        let expires = body.u32()?.cast_signed();
        Some(Self { app, replaces, icon, title, text, actions, hints, expires })
    }

    /// Tells whether it is one that waits: a new one, not urgent, not transient, not ours.
    pub(super) fn waits(&self) -> bool {
        let is_transient = self.number("transient").is_some_and(|transient| transient != 0);
        !self.is_ours() && self.replaces == 0 && !self.is_urgent() && !is_transient
    }

    /// Tells whether it is one of our own.
    pub(super) fn is_ours(&self) -> bool {
        self.app.as_bytes() == OURS
    }

    /// Tells whether it is urgent (2 is critical) and so comes through without us, where urgent ones do.
    pub(super) fn is_urgent(&self) -> bool {
        self.number("urgency").is_some_and(|urgency| urgency >= 2)
    }

    /// Tells whether it says so as the specification has it, in a byte: some services take no other number for it.
    pub(super) fn is_urgent_for_all(&self) -> bool {
        let is = |(key, value): &(&str, Value<'_>)| {
            *key == "urgency" && matches!(value, Value::Number(b'y', urgency) if *urgency >= 2)
        };
        self.hints.iter().any(is)
    }

    /// A hint that is text; empty where it is none.
    pub(super) fn hint(&self, name: &str) -> &'b str {
        let found = self.hints.iter().find_map(|(key, value)| match value {
            Value::Text(text) if *key == name => Some(as_str(text)),
            _ => None,
        });
        found.unwrap_or_default()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.hints.iter().find_map(|(key, value)| match value {
            Value::Number(_, number) if *key == name => Some(*number),
            _ => None,
        })
    }
}

/// What `AddNotification` says (`ssa{sv}`).
#[derive(Debug, Default)]
pub(super) struct AddNotification<'b> {
    pub app: &'b str,
    /// The app's own name for it.
    pub id: &'b str,
    pub title: &'b str,
    pub category: &'b str,
    pub urgent: bool,
}

impl<'b> AddNotification<'b> {
    /// Reads a body; none where it is no such body.
    pub(super) fn read(bytes: &'b [u8], endian: Endian) -> Option<Self> {
        let mut body = Body { bytes, at: 0, endian };
        let (app, id) = (body.string()?, body.string()?);
        let mut said = Self { app, id, ..Self::default() };
        body.hints(|key, value| match (key, value) {
            (b"title", Value::Text(title)) => said.title = as_str(title),
            (b"category", Value::Text(category)) => said.category = as_str(category),
            (b"priority", Value::Text(priority)) => said.urgent = priority == b"urgent",
            _ => {}
        })?;
        Some(said)
    }
}

/// Reads the number a call was answered with; none where it is no such answer.
pub(super) fn number(bytes: &[u8], endian: Endian) -> Option<u32> {
    Body { bytes, at: 0, endian }.u32()
}

/// Reads two texts, as `RemoveNotification` says them; none where there are none.
pub(super) fn two(bytes: &[u8], endian: Endian) -> Option<(&str, &str)> {
    let mut body = Body { bytes, at: 0, endian };
    Some((body.string()?, body.string()?))
}

/// The D-Bus Specification has texts in UTF-8; the bus checks it.
fn as_str(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}

/// How many words of actions, and hints, are looked at; more is nonsense.
const ACTIONS_AT_MOST: usize = 32;
const HINTS_AT_MOST: usize = 64;

/// A value, as far as it matters here.
#[derive(Debug)]
pub(super) enum Value<'b> {
    /// A number, with its type's letter.
    Number(u8, u64),
    /// A text.
    Text(&'b [u8]),
    /// A picture: width, height, bytes in a row, whether it has an alpha channel, bits, channels; then all rows.
    Picture((i32, i32, i32, bool, i32, i32), &'b [u8]),
    /// Anything else.
    Other,
}

/// The type of a picture: the hints `image-data`, `image_data` and `icon_data`.
const PICTURE: &[u8] = b"(iiibiiay)";

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

    fn string(&mut self) -> Option<&'b str> {
        self.text().map(as_str)
    }

    /// Looks at each of an `as`.
    fn strings(&mut self, mut look: impl FnMut(&'b str)) -> Option<()> {
        let length = self.length()?;
        let end = self.at.checked_add(length)?;
        while self.at < end {
            look(self.string()?);
        }
        Some(())
    }

    fn picture(&mut self) -> Option<Value<'b>> {
        self.align(8);
        let mut number = || self.u32();
        let [width, height, row, alpha, bits, channels] =
            [number()?, number()?, number()?, number()?, number()?, number()?];
        let [width, height, row, bits, channels] =
            [width, height, row, bits, channels].map(u32::cast_signed);
        let length = self.length()?;
        Some(Value::Picture((width, height, row, alpha != 0, bits, channels), self.take(length)?))
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
    fn hints(&mut self, mut look: impl FnMut(&'b [u8], Value<'b>)) -> Option<()> {
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
        if let Some(rest) = signature.strip_prefix(PICTURE) {
            return Some((self.picture()?, rest));
        }
        let (kind, rest) = signature.split_first()?;
        let mut rest = rest;
        let value = match kind {
            b'y' => Value::Number(*kind, self.number(1)?),
            b'n' | b'q' => Value::Number(*kind, self.number(2)?),
            b'b' | b'i' | b'u' => Value::Number(*kind, self.number(4)?),
            b'h' => self.number(4).map(|_| Value::Other)?,
            b'x' | b't' => Value::Number(*kind, self.number(8)?),
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
        Notify::read(body.data().bytes(), endian).unwrap().waits()
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
    fn what_is_said_is_read_whole() {
        let list = hints(&[
            ("urgency", Variant::from(1_u8)),
            ("category", Variant::from("call.incoming")),
            ("nested", Variant::new(Variant::from(vec![("a", 1_u16)]))),
            ("image-data", picture(13)),
            ("x", Variant::from(-5_i32)),
        ]);
        let body = ("chat", 7_u32, "icon", "Ümlaut", "<b>", &["a", "Answer"][..], list, -1_i32);
        let message = Message::method_call("/", "Notify").build(&body).unwrap();
        let (body, endian) = (message.body(), message.body().data().context().endian());
        let notify = Notify::read(body.data().bytes(), endian).unwrap();
        let texts = (notify.app, notify.icon, notify.title, notify.text);
        assert_eq!(texts, ("chat", "icon", "Ümlaut", "<b>"));
        assert_eq!((notify.replaces, notify.expires, notify.hints.len()), (7, -1, 4));
        assert_eq!(notify.actions, ["a", "Answer"]);
        assert_eq!((notify.hint("category"), notify.hint("urgency")), ("call.incoming", ""));
        let picture = notify.hints.iter().find(|(key, _)| *key == "image-data");
        let Some((_, Value::Picture(shape, data))) = picture else { panic!("{notify:?}") };
        assert_eq!((*shape, data.len()), ((1, 1, 4, true, 8, 4), 13));
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
            !AddNotification::read(data.bytes(), data.context().endian()).unwrap().urgent
        };
        assert!(waits("normal") && waits("high") && !waits("urgent"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200), little: bool) {
            let endian = if little { Endian::Little } else { Endian::Big };
            if let Some(notify) = Notify::read(&bytes, endian) {
                prop_assert!(notify.actions.len() <= ACTIONS_AT_MOST && notify.hints.len() <= HINTS_AT_MOST);
            }
            AddNotification::read(&bytes, endian);
            number(&bytes, endian);
            two(&bytes, endian);
        }

        #[test]
        fn no_signature_is_too_odd(signature in "[yuxsgvoad(){}]{0,90}", bytes in prop::collection::vec(0..9_u8, 0..300)) {
            let mut body = Body { bytes: &bytes, at: 0, endian: Endian::Little };
            body.value(signature.as_bytes(), 0);
        }
    }
}
