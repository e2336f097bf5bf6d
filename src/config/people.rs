//! `[people]`: whose notifications come through while others are held back, and the person's own card.

use std::collections::BTreeSet;

use jiff::civil;
use toml::de::DeTable;

use super::{
    TEXT_AT_MOST,
    names::shown,
    notes::Notes,
    value::{At, Key, Section, Value},
};

/// Who comes through, and who stands on the person's card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// Whom the person can call, in their order: `[[people.card]]`.
    pub cards: Vec<Card>,
    /// Apps whose notifications come through, as they are written; they are never locked either.
    pub apps: BTreeSet<String>,
    /// Senders whose notifications come through, as their titles have them.
    pub senders: Vec<String>,
    /// Whether calls come through.
    pub calls: bool,
    /// Whether alarms come through.
    pub alarms: bool,
    /// Whether a caller who tries again within three minutes comes through.
    pub twice: bool,
}

impl Default for People {
    fn default() -> Self {
        let (cards, apps, senders) = Default::default();
        Self { cards, apps, senders, calls: true, alarms: true, twice: true }
    }
}

/// One entry of the card. Every text is one line of at most 200 letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// Who it is.
    pub name: String,
    /// A number or an address, as the person writes it.
    pub call: Option<String>,
    /// Anything else.
    pub note: Option<String>,
    /// The day the person last looked whether it is still so.
    pub checked: Option<civil::Date>,
}

/// `[people]` as written: apps are checked where it is known what is locked.
#[derive(Debug, Default)]
pub(super) struct Written<'a> {
    pub people: People,
    pub apps: Vec<At<&'a str>>,
}

const fn key(name: &'static str, takes: &'static str, example: &'static str) -> Key {
    Key { name, takes, example }
}

/// The table.
pub(super) static PEOPLE: Key = key("people", "a table", "[people]");
static CARD: Key = key("card", "a list of tables", "[[people.card]]");
static APPS: Key = key("apps", "a list of apps", "apps = [\"org.signal.Signal\"]");
static SENDERS: Key = key("senders", "a list of names", "senders = [\"Mum\"]");
static CALLS: Key = key("calls", "true or false", "calls = true");
static ALARMS: Key = key("alarms", "true or false", "alarms = true");
static TWICE: Key = key("twice", "true or false", "twice = true");
static NAME: Key = key("name", "text", "name = \"Mum\"");
static CALL: Key = key("call", "a number or an address, in quotes", "call = \"030 1234567\"");
static NOTE: Key = key("note", "text", "note = \"any time\"");
static CHECKED: Key = key("checked", "a day", "checked = 2026-10-01");

/// How many letters a text on the card may have.
const LETTERS_AT_MOST: usize = 200;

/// How many entries the card, and each list, may have.
const ENTRIES_AT_MOST: usize = 200;

impl<'a> Written<'a> {
    /// Reads the table; what it answers beside a mistake is what can be read.
    pub(super) fn read(value: &Value<'a>, notes: &mut Notes<'_>) -> Self {
        let keys = [&CALLS, &ALARMS, &TWICE, &APPS, &SENDERS, &CARD];
        let Some(section) = value.section("[people]", &keys, notes) else { return Self::default() };
        let mut flag = |key| {
            let value = section.get(key).and_then(|value| value.flag(notes));
            value.is_none_or(|flag| flag.value)
        };
        let (calls, alarms, twice) = (flag(&CALLS), flag(&ALARMS), flag(&TWICE));
        let mut list = |key| section.get(key).map(|value| value.texts(notes)).unwrap_or_default();
        let (apps, senders) = (list(&APPS), list(&SENDERS));
        let senders = senders.iter().map(|name| line(name, notes));
        let senders = senders.take(ENTRIES_AT_MOST).collect();
        let card_keys = [&NAME, &CALL, &NOTE, &CHECKED];
        let written = section.get(&CARD);
        let cards = written.as_ref().and_then(|value| value.sections("a card", &card_keys, notes));
        let cards = cards.unwrap_or_default();
        if let Some(one_too_many) = cards.get(ENTRIES_AT_MOST) {
            notes.mistake(
                &one_too_many.span,
                format!("there are more than {ENTRIES_AT_MOST} cards"),
                "one too many",
                "Keep those you would call.",
            );
        }
        let cards = cards.iter().take(ENTRIES_AT_MOST).map(|card| Card::read(card, notes));
        let cards = cards.filter(|card| *card != Card::default()).collect();
        let people = People { cards, senders, calls, alarms, twice, ..People::default() };
        Self { people, apps }
    }
}

impl Card {
    fn read(section: &Section<'_>, notes: &mut Notes<'_>) -> Self {
        let name = section.need(&NAME, notes).and_then(|value| text(&value, notes));
        let mut optional = |key| section.get(key).and_then(|value| text(&value, notes));
        let (call, note) = (optional(&CALL), optional(&NOTE));
        let checked = section.get(&CHECKED).and_then(|value| value.date(notes));
        Self {
            name: name.unwrap_or_default(),
            call,
            note,
            checked: checked.map(|checked| checked.value),
        }
    }
}

/// A text of one line. A number without its quotes is a mistake, and still the number.
fn text(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<String> {
    match value.text(notes) {
        Some(text) => Some(line(&text, notes)),
        None => value.digits(),
    }
}

/// One line, and not a long one.
fn line(text: &At<&str>, notes: &mut Notes<'_>) -> String {
    let is_long = text.value.chars().count() > LETTERS_AT_MOST;
    if is_long || text.value.chars().any(char::is_control) {
        notes.mistake(
            &text.span,
            format!("{} is not one short line", shown(text.value)),
            if is_long { "too long" } else { "more than a line" },
            format!("Write at most {LETTERS_AT_MOST} letters, on one line."),
        );
    }
    let plain = text.value.trim().chars().take(LETTERS_AT_MOST);
    plain.map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// The card in a config that may have mistakes: what can be read of it, in its order.
pub fn cards_in(text: &str) -> Vec<Card> {
    let end = text.floor_char_boundary(TEXT_AT_MOST);
    let text = &text[..end];
    let (document, _) = DeTable::parse_recoverable(text);
    let document = document.get_ref();
    let Some(value) = document.get(PEOPLE.name) else { return Vec::new() };
    Written::read(&Value::new(&PEOPLE, value), &mut Notes::new(text)).people.cards
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::parse;

    const TEXT: &str = r#"
[people]
twice = false
apps = ["org.signal.Signal", "discord"]
senders = ["Mum"]

[[people.card]]
name = "Mum"
call = "+49 30 1234567"
note = "any time"
checked = 2026-10-01

[[people.card]]
name = "Ada"
checked = "2026-09-30"
"#;

    #[test]
    fn people_are_read_in_the_persons_order() {
        let people = parse(TEXT, "").unwrap().config.people;
        let names: Vec<&str> = people.cards.iter().map(|card| &*card.name).collect();
        assert_eq!(names, ["Mum", "Ada"]);
        assert_eq!(people.cards[0].call.as_deref(), Some("+49 30 1234567"));
        assert_eq!(people.cards[0].checked, Some(civil::date(2026, 10, 1)));
        assert_eq!(people.cards[1].checked, Some(civil::date(2026, 9, 30)));
        assert!(people.calls && people.alarms && !people.twice);
        assert_eq!(people.senders, ["Mum"]);
        assert_eq!(parse("", "").unwrap().config.people, People::default());
        assert_eq!(cards_in(TEXT), people.cards);
    }

    #[test]
    fn an_app_of_the_people_is_never_locked() {
        let config = parse(TEXT, "").unwrap().config;
        assert!(config.is_never_app("Discord.desktop"));
        assert!(!config.groups["chat"].apps.contains("discord"), "built-in groups leave it out");
        let locked = format!("{TEXT}\n[profiles.mine]\nlock = [\"discord\"]\n");
        let mistakes = parse(&locked, "").unwrap_err();
        assert!(mistakes.summary().contains("stands under [people]"), "{}", mistakes.summary());
    }

    #[test]
    fn mistakes_are_told() {
        for (text, said) in [
            ("people = 1", "`people` takes a table"),
            ("[people]\nsender = []", "Did you mean `senders`?"),
            ("[people]\ncalls = \"yes\"", "`calls` takes true or false"),
            ("[people]\napps = [\"/usr/bin/x\"]", "is a path"),
            ("[[people.card]]\ncall = \"1\"", "a card needs the key `name`"),
            ("[[people.card]]\nname = \"a\\nb\"", "is not one short line"),
            ("[[people.card]]\nname = \"a\"\ncall = 112", "`call` takes a number or an address"),
            ("[[people.card]]\nname = \"a\"\nchecked = \"May\"", "is not a day"),
            ("[[people.card]]\nname = \"a\"\nchecked = 2026-10-01T08:00:00", "is not a day"),
            ("[[people.card]]\nname = \"a\"\nchecked = 5", "`checked` takes a day"),
        ] {
            let told = parse(text, "").unwrap_err().render(false);
            assert!(told.contains(said), "{text}: {told}");
        }
    }

    #[test]
    fn a_card_is_read_out_of_a_broken_file() {
        let broken =
            format!("profile = \nafter = 5\n{TEXT}\n[[people.card]]\ncall = 112\n[[weekly\n");
        assert!(parse(&broken, "").is_err());
        let cards = cards_in(&broken);
        assert_eq!(cards[0].call.as_deref(), Some("+49 30 1234567"));
        assert_eq!((cards.len(), cards[2].call.as_deref()), (3, Some("112")));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn nothing_is_too_odd_to_look_for_a_card_in(text in "\\PC*", at in 0..400_usize) {
            let at = TEXT.floor_char_boundary(at);
            let (before, after) = TEXT.split_at(at);
            for card in cards_in(&format!("{before}{text}{after}")) {
                prop_assert!(card.name.chars().count() <= LETTERS_AT_MOST);
                prop_assert!(!card.name.chars().any(char::is_control));
            }
        }
    }
}
