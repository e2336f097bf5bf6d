//! A notification that is said again, urgent: what is kept of it until the service has told its number.

use std::collections::HashMap;

use serde::{Serialize, Serializer};
use zbus::{Signature, as_variant, wire::Type};

use super::body::{Notify, Value};

/// The largest picture that is said again, in bytes; with a larger one it has its app's icon.
const PICTURE_AT_MOST: usize = 256 << 10;

/// The longest title, text below it, and word of an action or a hint, in bytes.
const TITLE_AT_MOST: usize = 1 << 10;
const TEXT_AT_MOST: usize = 8 << 10;
const WORD_AT_MOST: usize = 4 << 10;

/// How long one stays that nobody can take away, in milliseconds: about as long as a telephone rings.
const A_WHILE: i32 = 30_000;

/// How long one stays at most that is shown beside another, in milliseconds. It goes with that one; but where we are killed
/// nobody takes it away.
const BESIDE_FOR: i32 = 120_000;

/// The hint for how urgent it is: 0, 1 or 2.
const URGENCY: &str = "urgency";

/// A notification, without what is too large.
#[derive(Debug)]
pub(super) struct Again {
    app: String,
    icon: String,
    title: String,
    text: String,
    actions: Vec<String>,
    hints: HashMap<String, Hint>,
    /// How urgent its sender said it is.
    urgency: Option<u8>,
    expires: i32,
}

/// The body of `Notify`.
type Body<'a> =
    (&'a str, u32, &'a str, &'a str, &'a str, &'a [String], &'a HashMap<String, Hint>, i32);

#[derive(Debug)]
pub(super) enum Hint {
    Byte(u8),
    Flag(bool),
    Int(i32),
    Uint(u32),
    Text(String),
    Picture(Picture),
}

type Picture = (i32, i32, i32, bool, i32, i32, Vec<u8>);

impl Again {
    /// Keeps what is to be said again.
    pub(super) fn new(said: &Notify<'_>) -> Self {
        let hints = said.hints.iter().filter(|(name, _)| name.len() <= TITLE_AT_MOST);
        let hints = hints.filter_map(|(name, value)| Some(((*name).to_owned(), Hint::new(value)?)));
        let mut hints: HashMap<String, Hint> = hints.collect();
        let urgency = match hints.insert(URGENCY.to_owned(), Hint::Byte(2)) {
            Some(Hint::Byte(urgency)) => Some(urgency),
            _ => None,
        };
        // A text that is cut could end within its markup; the whole is where past ones are listed.
        let text = Some(said.text).filter(|text| text.len() <= TEXT_AT_MOST).unwrap_or_default();
        let fits = said.actions.iter().all(|word| word.len() <= WORD_AT_MOST);
        let actions = said.actions.iter().filter(|_| fits).map(|word| (*word).to_owned());
        Self {
            app: cut(said.app, TITLE_AT_MOST),
            icon: Some(said.icon)
                .filter(|icon| icon.len() <= WORD_AT_MOST)
                .unwrap_or_default()
                .to_owned(),
            title: cut(said.title, TITLE_AT_MOST),
            text: text.to_owned(),
            actions: actions.collect(),
            hints,
            urgency,
            expires: said.expires,
        }
    }

    /// The same no more urgent than its sender said, with the word by which swaync shows it all the same (0.10 and newer).
    pub(super) fn no_more_urgent(mut self) -> Self {
        match self.urgency {
            Some(urgency) => self.hints.insert(URGENCY.to_owned(), Hint::Byte(urgency)),
            None => self.hints.remove(URGENCY),
        };
        self.hints.insert("SWAYNC_BYPASS_DND".to_owned(), Hint::Flag(true));
        self
    }

    /// The same as one beside it: answers would not reach who sent it, so it has none, and it is not listed a second time.
    pub(super) fn beside(mut self) -> Self {
        self.actions.clear();
        self.hints.insert("transient".to_owned(), Hint::Flag(true));
        if !(1..BESIDE_FOR).contains(&self.expires) {
            self.expires = BESIDE_FOR;
        }
        self
    }

    /// The same where its sender has been told that it is gone: without answers, and it goes by itself.
    pub(super) fn for_a_while(mut self) -> Self {
        self.actions.clear();
        self.expires = A_WHILE;
        self
    }

    /// The same as urgent as Budgie knows it: it takes the number for one of `GNotificationPriority`, of which only the last
    /// comes through (seen on 10.7 and 10.9, the same in the source of 10.10).
    pub(super) fn more_urgent(mut self) -> Self {
        self.hints.insert(URGENCY.to_owned(), Hint::Byte(3));
        self
    }

    /// The same as another: Plasma refuses one that is like the last in all that it compares, within a second of it. Of that
    /// the event is what nobody sees.
    pub(super) fn anew(mut self) -> Self {
        let event =
            self.hints.entry("x-kde-eventId".to_owned()).or_insert(Hint::Text(String::new()));
        if let Hint::Text(event) = event {
            event.push_str(" again");
        }
        self
    }

    /// Says it in the place of another.
    pub(super) fn body(&self, replaces: u32) -> Body<'_> {
        let Self { app, icon, title, text, actions, hints, urgency: _, expires } = self;
        (app, replaces, icon, title, text, actions, hints, *expires)
    }
}

fn cut(text: &str, at_most: usize) -> String {
    text[..text.floor_char_boundary(at_most)].to_owned()
}

impl Hint {
    /// None for what is not said again.
    fn new(value: &Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Number(b'y', number) => Self::Byte(u8::try_from(*number).ok()?),
            Value::Number(b'b', number) => Self::Flag(*number != 0),
            Value::Number(b'i', number) => Self::Int(u32::try_from(*number).ok()?.cast_signed()),
            Value::Number(b'u', number) => Self::Uint(u32::try_from(*number).ok()?),
            Value::Text(text) if text.len() <= WORD_AT_MOST => {
                Self::Text(std::str::from_utf8(text).ok()?.to_owned())
            }
            Value::Picture((width, height, row, alpha, bits, channels), data)
                if data.len() <= PICTURE_AT_MOST =>
            {
                Self::Picture((*width, *height, *row, *alpha, *bits, *channels, data.to_vec()))
            }
            _ => return None,
        })
    }
}

impl Type for Hint {
    const SIGNATURE: &'static Signature = &Signature::Variant;
}

impl Serialize for Hint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Byte(value) => as_variant::Serialize(value).serialize(serializer),
            Self::Flag(value) => as_variant::Serialize(value).serialize(serializer),
            Self::Int(value) => as_variant::Serialize(value).serialize(serializer),
            Self::Uint(value) => as_variant::Serialize(value).serialize(serializer),
            Self::Text(value) => as_variant::Serialize(value).serialize(serializer),
            Self::Picture(value) => as_variant::Serialize(value).serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use zbus::{Message, Variant};

    use super::*;

    /// Says something and says it again; answers how long that is and what `look` makes of it.
    fn again<T>(text: &str, picture: usize, look: impl FnOnce(&Notify<'_>) -> T) -> (usize, T) {
        let pixels = vec![7_u8; picture];
        let hints = HashMap::from([
            ("urgency", Variant::from(1_u8)),
            ("category", Variant::from("call.incoming")),
            ("resident", Variant::from(true)),
            ("value", Variant::from(-3_i32)),
            ("image-data", Variant::from((1_i32, 2_i32, 4_i32, true, 8_i32, 4_i32, pixels))),
        ]);
        let said = ("chat", 0_u32, "icon", text, text, &["answer", "Answer"][..], hints, -1_i32);
        let message = Message::method_call("/", "Notify").build(&said).unwrap();
        let (body, endian) = (message.body(), message.body().data().context().endian());
        let kept = Again::new(&Notify::read(body.data().bytes(), endian).unwrap());
        let message = Message::method_call("/", "Notify").build(&kept.body(9)).unwrap();
        assert_eq!(message.body().signature().to_string(), "(susssasa{sv}i)");
        let (body, endian) = (message.body(), message.body().data().context().endian());
        let read = Notify::read(body.data().bytes(), endian).unwrap();
        (body.data().bytes().len(), look(&read))
    }

    #[test]
    fn all_of_it_is_said_again_and_urgent() {
        again("Ada <b>calls</b> \u{7}", 64, |said| {
            assert!(said.is_urgent());
            assert_eq!((said.replaces, said.title), (9, "Ada <b>calls</b> \u{7}"));
            assert_eq!((said.hint("category"), said.hints.len()), ("call.incoming", 5));
            assert_eq!(said.actions, ["answer", "Answer"]);
            let picture = said
                .hints
                .iter()
                .any(|(_, value)| matches!(value, Value::Picture(_, data) if data.len() == 64));
            assert!(picture, "{said:?}");
        });
    }

    #[test]
    fn one_that_is_gone_for_its_sender_goes_by_itself_and_another_is_as_it_was() {
        let hints = HashMap::from([("urgency", Variant::from(0_u8))]);
        let said = ("chat", 0_u32, "", "Ada", "", &["answer", "Answer"][..], hints, 0_i32);
        let message = Message::method_call("/", "Notify").build(&said).unwrap();
        let body = message.body();
        let read = Notify::read(body.data().bytes(), body.data().context().endian()).unwrap();
        let gone = Again::new(&read).for_a_while();
        assert_eq!((gone.actions.len(), gone.expires), (0, A_WHILE));
        let beside = Again::new(&read).beside();
        assert_eq!((beside.actions.len(), beside.expires), (0, BESIDE_FOR), "should we be killed");
        let other = Again::new(&read).no_more_urgent();
        assert_eq!((other.actions.len(), other.expires), (2, 0));
        assert!(matches!(other.hints[URGENCY], Hint::Byte(0)));
    }

    #[test]
    fn what_is_too_large_is_left_out() {
        let long = "ü".repeat(1 << 20);
        let (bytes, ()) = again(&long, 1 << 20, |said| {
            assert_eq!((said.title.len(), said.text, said.hints.len()), (TITLE_AT_MOST, "", 4));
        });
        assert!(bytes < 4 << 10, "{bytes}");
    }
}
