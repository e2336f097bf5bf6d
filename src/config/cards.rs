//! The person's card in a config that is broken, in whatever way: no mistake takes a name or a number away.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    TEXT_AT_MOST,
    notes::Notes,
    people::{CHECKED, Card, ENTRIES_AT_MOST, PEOPLE, Written, one_line},
    value::Value,
};

/// The card in a config that may have mistakes: what can be read of it, in its order.
pub fn cards_in(text: &str) -> Vec<Card> {
    // No config is so large; its lines are looked at all the same.
    if text.len() > TEXT_AT_MOST {
        return by_lines(text);
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    let value = document.get_ref().get(PEOPLE.name);
    let read = |value| Written::read(&Value::new(&PEOPLE, value), &mut Notes::new(text));
    let whole = value.map(|value| read(value).people.cards).unwrap_or_default();
    if errors.is_empty() {
        return whole;
    }
    let mut cards = by_lines(text);
    let is_new = |card: &Card| {
        cards.iter().all(|it| it.name != card.name && (it.call != card.call || it.call.is_none()))
    };
    let more: Vec<Card> = whole.into_iter().filter(is_new).collect();
    cards.extend(more);
    cards.truncate(ENTRIES_AT_MOST);
    cards
}

/// Each heading of an entry with the lines below it, up to the next heading; whatever else stands in the file.
fn by_lines(text: &str) -> Vec<Card> {
    let mut cards: Vec<Card> = Vec::new();
    let mut below = false;
    for line in text.split(['\n', '\r']) {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.starts_with('[') {
            below = is_heading(line);
            if below {
                cards.push(Card::default());
            }
        } else if below && let Some(card) = cards.last_mut() {
            card.add(line);
        }
        if !below {
            cards.extend(in_braces(line));
        }
    }
    cards.retain(|card| *card != Card::default());
    cards.truncate(ENTRIES_AT_MOST);
    cards
}

/// `[[people.card]]`, also where a bracket is missing.
fn is_heading(line: &str) -> bool {
    let bare = |letter: &char| !letter.is_whitespace() && !matches!(letter, '"' | '\'' | '[');
    line.chars().filter(bare).collect::<String>().starts_with("people.card")
}

/// The entries in a line like `card = [{ name = "Mum", call = "112" }]`.
fn in_braces(line: &str) -> Vec<Card> {
    let inner = line.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let card = |inner: &str| {
        let mut card = Card::default();
        inner.split(',').for_each(|part| card.add(part.trim()));
        card
    };
    // Other tables have names too.
    inner.map(card).filter(|card| !card.name.is_empty() && card.call.is_some()).collect()
}

impl Card {
    /// Takes what a line says. Where two say different things, as after a merge that went wrong, both stay.
    fn add(&mut self, line: &str) {
        let Some((key, written)) = line.split_once('=') else { return };
        let (document, errors) = DeTable::parse_recoverable(line);
        let value = document.get_ref().values().next().filter(|_| errors.is_empty());
        let said = || match value.map(Spanned::get_ref) {
            Some(DeValue::String(text)) => one_line(text),
            _ => one_line(bare(written)),
        };
        let call = |slot: &mut Option<String>| join(slot.get_or_insert_default(), &said());
        match key.trim().trim_matches(['"', '\'']) {
            "name" => join(&mut self.name, &said()),
            "call" => call(&mut self.call),
            "note" => call(&mut self.note),
            "checked" => {
                let date = |value| Value::new(&CHECKED, value).date(&mut Notes::new(line));
                self.checked = value.and_then(date).map(|day| day.value).or(self.checked);
            }
            _ => {}
        }
        for slot in [&mut self.call, &mut self.note] {
            slot.take_if(|text| text.is_empty());
        }
    }
}

fn join(there: &mut String, more: &str) {
    if there.is_empty() {
        more.clone_into(there);
    } else if !more.is_empty() && !there.contains(more) {
        *there = one_line(&format!("{there} or {more}"));
    }
}

/// A value that is not written as TOML wants it: without its quotes, as far as there are any, and what is said beside it.
fn bare(written: &str) -> &str {
    let written = written.trim();
    let Some(quote) = written.chars().next().filter(|letter| matches!(letter, '"' | '\'')) else {
        return written.split(" #").next().unwrap_or(written);
    };
    let inner = written.trim_start_matches(quote);
    inner.split(quote).next().unwrap_or(inner)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::{super::people::LETTERS_AT_MOST, *};
    use crate::config::parse;

    const TEXT: &str = r#"
[people]
twice = false
apps = ["org.signal.Signal", "discord"]

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
    fn a_config_without_mistakes_is_read_as_it_is() {
        let people = parse(TEXT, "").unwrap().config.people;
        assert_eq!(cards_in(TEXT), people.cards);
        assert_eq!(by_lines(TEXT), people.cards, "its lines say the same");
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

    #[test]
    fn a_number_is_shown_as_it_is_written() {
        for (written, shown) in [
            ("0301234", "0301234"),
            ("112", "112"),
            ("+49301234567", "+49301234567"),
            ("+49 30 1234567", "+49 30 1234567"),
            ("030 1234567 # home", "030 1234567"),
            ("030-1234567", "030-1234567"),
            ("030/1234567", "030/1234567"),
            ("0x12", "0x12"),
            ("2026-10-01", "2026-10-01"),
            ("\"030 1234567", "030 1234567"),
            ("'030 1234567", "030 1234567"),
            ("mum@example.org", "mum@example.org"),
            ("\"\\d030\"", "\\d030"),
        ] {
            let text = format!("[[people.card]]\nname = \"Mum\"\ncall = {written}\n");
            let cards = cards_in(&text);
            assert_eq!(cards.len(), 1, "{text}: {cards:?}");
            assert_eq!((&*cards[0].name, cards[0].call.as_deref()), ("Mum", Some(shown)), "{text}");
            assert!(parse(&text, "").is_err(), "{text}");
        }
    }

    #[test]
    fn both_sides_of_a_merge_that_went_wrong_stay() {
        let text = "[[people.card]]\n<<<<<<< HEAD\nname = 'Mum'\ncall = '1'\n=======\nname = 'Mum'\n\
                    call = '2'\nchecked = 2026-10-01\n>>>>>>> other\n";
        let mum = Card {
            name: "Mum".into(),
            call: Some("1 or 2".into()),
            checked: Some(date(2026, 10, 1)),
            ..Card::default()
        };
        assert_eq!(cards_in(text), [mum]);
    }

    #[test]
    fn other_ways_to_write_it_are_found_too() {
        for text in [
            "x = [\npeople.card = [{ name = \"Mum\", call = \"112\" }]\n",
            "[people\ncard = [\n  { name = \"Mum\", call = \"112\" },\n]\n",
            "\"\"\"\n[[people . 'card']]\nname = \"Mum\"\ncall = \"112\"",
            "[[people.card]\nname = \"Mum\"\ncall = \"112\"",
            "\u{feff}[[people.card]]\r\nname = Mum\r\ncall = \"112\"\r\n",
        ] {
            let cards = cards_in(text);
            assert_eq!(cards.len(), 1, "{text}: {cards:?}");
            assert_eq!((&*cards[0].name, cards[0].call.as_deref()), ("Mum", Some("112")), "{text}");
        }
        let other = "x = [\nweekly = [{ name = \"a\", from = \"08:00\" }]\n";
        assert_eq!(cards_in(other), []);
    }

    #[test]
    fn a_file_of_any_length_is_looked_through() {
        let large = format!("{}{TEXT}", "# a long line of nothing\n".repeat(60_000));
        assert!(large.len() > TEXT_AT_MOST);
        assert_eq!(cards_in(&large), cards_in(TEXT));
    }

    fn garbage() -> impl Strategy<Value = String> {
        let ways = [
            "[people",
            "[[after",
            "<<<<<<< HEAD",
            "=======",
            "\"\"\"",
            "'''",
            "x = \"\"\"",
            "x = [",
            "x = {",
            "people = 1",
            "people = {}",
            "people.card = 1",
            "[people.card]",
            "people = [",
            "[[people]]",
            "[people.card.x]",
            "[[people.card]]",
            "name = \"",
            "x = \"\u{fffd}",
            "\u{0}",
            "call = 0301",
            "# [",
            "[x] = {",
            "people.card = [",
            "[people]\ncard = 5",
        ];
        let strange = proptest::string::string_regex("[^\n]{0,40}").expect("a pattern");
        prop_oneof![proptest::sample::select(ways.to_vec()).prop_map(str::to_owned), strange]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn whatever_stands_before_a_card_its_name_and_number_are_shown(
            before in proptest::collection::vec(garbage(), 1..4),
        ) {
            let text = format!("{}\n{TEXT}", before.join("\n"));
            let cards = cards_in(&text);
            let is_mum = |card: &&Card| card.name == "Mum";
            let mum = cards.iter().find(is_mum).and_then(|card| card.call.as_deref());
            prop_assert_eq!(mum, Some("+49 30 1234567"), "{:?}", cards);
            prop_assert!(cards.iter().any(|card| card.name == "Ada"));
        }

        #[test]
        fn nothing_is_too_odd_to_look_for_a_card_in(text in "\\PC*", at in 0..300_usize) {
            let at = TEXT.floor_char_boundary(at);
            let (before, after) = TEXT.split_at(at);
            for card in cards_in(&format!("{before}{text}{after}")) {
                prop_assert!(card.name.chars().count() <= LETTERS_AT_MOST);
                prop_assert!(!card.name.chars().any(char::is_control));
            }
        }
    }
}
