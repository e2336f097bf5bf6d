//! `[people]`: whose notifications come through while others are held back, and the person's own card.

use std::collections::BTreeSet;

use jiff::civil;
use toml::de::DeTable;

use super::{
    Diagnostic,
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
    /// The days on which entries of the card were checked.
    checked: Vec<At<civil::Date>>,
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
pub(super) static CHECKED: Key = key("checked", "a day", "checked = 2026-10-01");

/// How many letters a text on the card may have.
pub(super) const LETTERS_AT_MOST: usize = 200;

/// How many entries the card, and each list, may have.
pub(super) const ENTRIES_AT_MOST: usize = 200;

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
        let cards = || cards.iter().take(ENTRIES_AT_MOST);
        // What is no day is noted with its card.
        let day = |card: &Section<'_>| card.get(&CHECKED)?.date(&mut Notes::new(""));
        let checked = cards().filter_map(day).collect();
        let cards = cards().map(|card| Card::read(card, notes));
        let cards = cards.filter(|card| *card != Card::default()).collect();
        let people = People { cards, senders, calls, alarms, twice, ..People::default() };
        Self { people, apps, checked }
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

/// A text of one line. A number without its quotes is a mistake, and still the number, as it is written.
fn text(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<String> {
    match value.text(notes) {
        Some(text) => Some(line(&text, notes)),
        None if value.is_bare() => Some(one_line(notes.written(&value.span))),
        None => None,
    }
    .filter(|text| !text.is_empty())
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
    one_line(text.value)
}

/// As much of a text as stands on the card.
pub(super) fn one_line(text: &str) -> String {
    let plain = text.trim().chars().take(LETTERS_AT_MOST);
    plain.map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Warns of each entry of the card that was checked on a day after today: a slip that would never be noticed.
pub fn checked_later(text: &str, today: civil::Date) -> Vec<Diagnostic> {
    let (document, _) = DeTable::parse_recoverable(text);
    let Some(value) = document.get_ref().get(PEOPLE.name) else { return Vec::new() };
    let read = Written::read(&Value::new(&PEOPLE, value), &mut Notes::new(""));
    let mut notes = Notes::new(text);
    for day in read.checked.iter().filter(|day| day.value > today) {
        notes.warning(
            &day.span,
            format!("{} is still to come, so nothing was checked then", day.value),
            "after today",
            format!("Write the day you last looked, for example `checked = {today}`."),
        );
    }
    notes.finish().1
}

#[cfg(test)]
mod tests {
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
            ("[[people.card]]\nname = \"a\"\nchecked = 2026-13-01", "2026-13-01\" is not a day"),
            ("[[people.card]]\nname = \"a\"\nchecked = 2026-13-01", "Write a day as 2026-12-31"),
            ("[[people.card]]\nname = \"a\"\ncall = 0301", "begins with 0 needs quotes"),
            ("[[people.card]]\nname = \"a\"\ncall = 0301", "`call = \"0301\"`"),
            ("[[people.card]]\nname = \"a\"\ncall = 030-1234", "`call = \"030-1234\"`"),
            ("[profiles.a]\ndim = 040", "`dim = 40`"),
        ] {
            let told = parse(text, "").unwrap_err().render(false);
            assert!(told.contains(said), "{text}: {told}");
        }
    }

    #[test]
    fn a_day_to_come_is_told() {
        assert_eq!(checked_later(TEXT, civil::date(2026, 10, 1)), []);
        let told = checked_later(TEXT, civil::date(2026, 9, 30));
        assert_eq!((told.len(), told[0].line), (1, 11), "{told:?}");
        assert!(told[0].title.contains("2026-10-01 is still to come"), "{told:?}");
    }
}
