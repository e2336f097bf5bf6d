//! `quietctl people`: the person's own card, then where to find others.

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::Page;
use crate::config::Card;

/// Where a person finds somebody to talk to in most countries. An address only: a number goes out of date unseen.
const FINDER: &str = "findahelpline.com";

/// The day somebody last looked whether it is still there.
const FINDER_CHECKED: Date = date(2026, 11, 23);

/// For people: large, a thing on each line.
pub fn page(page: &Page, cards: &[Card], file: &str, trouble: Option<&str>) -> String {
    let mut out = String::new();
    if !cards.is_empty() {
        out.push_str(&page.heading("Your people"));
        for card in cards {
            out.push('\n');
            out.push_str(&entry(page, card));
        }
        out.push('\n');
    } else if trouble.is_none() {
        out.push_str(&page.heading("Nobody is on your card yet."));
        out.push_str(&page.advice(0, &format!("To put someone on it, write in {file}:")));
        out.push_str("\n  [[people.card]]\n  name = \"Mum\"\n  call = \"the number\"\n\n");
    }
    if let Some(trouble) = trouble {
        out.push_str(&page.advice(0, trouble));
        out.push('\n');
    }
    out.push_str(&page.heading("Someone to talk to, in most countries"));
    out.push('\n');
    let finder = Card { name: FINDER.to_owned(), checked: Some(FINDER_CHECKED), ..Card::default() };
    out.push_str(&entry(page, &finder));
    out.push('\n');
    out.push_str(&page.advice(0, "If it is urgent, call the emergency number where you are."));
    out
}

fn entry(page: &Page, card: &Card) -> String {
    let name = if card.name.is_empty() { "No name" } else { &card.name };
    let mut out: String =
        page.advice(2, name).lines().map(|line| page.strong(line) + "\n").collect();
    let checked = card.checked.map_or_else(
        || "not checked yet".to_owned(),
        |day| format!("checked {}", day.strftime("%-d %b %Y")),
    );
    for text in [card.call.as_deref(), card.note.as_deref(), Some(&*checked)].into_iter().flatten()
    {
        out.push_str(&page.advice(4, text));
    }
    out
}

/// For programs.
pub fn json(cards: &[Card], file: &str, trouble: Option<&str>) -> Value {
    let cards = cards.iter().map(|card| {
        json!({
            "name": card.name,
            "call": card.call,
            "note": card.note,
            "checked": card.checked.map(|day| day.to_string()),
        })
    });
    json!({
        "people": cards.collect::<Value>(),
        "finder": { "address": FINDER, "checked": FINDER_CHECKED.to_string() },
        "file": file,
        "trouble": trouble,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    const FILE: &str = "~/.config/quietd/config.toml";

    fn cards() -> Vec<Card> {
        let mum = Card {
            name: "Mum".into(),
            call: Some("+49 30 1234567".into()),
            note: Some("any time, at night too".into()),
            checked: Some(date(2026, 10, 1)),
        };
        vec![mum, Card { name: "Ada\u{1b}[2J".into(), ..Card::default() }]
    }

    #[test]
    fn the_persons_own_come_first() {
        insta::assert_snapshot!(page(&sample::page(), &cards(), FILE, None), @r"
        Your people

          Mum
            +49 30 1234567
            any time, at night too
            checked 1 Oct 2026

          Ada�[2J
            not checked yet

        Someone to talk to, in most countries

          findahelpline.com
            checked 23 Nov 2026

        If it is urgent, call the emergency number where you are.
        ");
    }

    #[test]
    fn an_empty_card_says_how_to_begin() {
        insta::assert_snapshot!(page(&sample::page(), &[], FILE, None), @r#"
        Nobody is on your card yet.
        To put someone on it, write in ~/.config/quietd/config.toml:

          [[people.card]]
          name = "Mum"
          call = "the number"

        Someone to talk to, in most countries

          findahelpline.com
            checked 23 Nov 2026

        If it is urgent, call the emergency number where you are.
        "#);
        let broken = page(&sample::page(), &[], FILE, Some("It is broken."));
        assert!(broken.starts_with("It is broken.\n\nSomeone"), "{broken}");
    }

    #[test]
    fn it_holds_on_a_narrow_page_and_says_no_number_of_its_own() {
        let narrow = Page { width: 24, ..sample::page() };
        let text = page(&narrow, &cards(), FILE, None);
        assert!(text.lines().all(|line| line.chars().count() <= 24), "{text}");
        let own = page(&sample::page(), &[], "config.toml", None);
        let without_dates = own.replace("23 Nov 2026", "");
        assert!(!without_dates.chars().any(|letter| letter.is_ascii_digit()), "{own}");
    }

    #[test]
    fn programs_read_the_same_keys_always() {
        let full = json(&cards(), FILE, None);
        assert_eq!(full["people"][0]["checked"], "2026-10-01");
        assert_eq!(full["people"][1]["call"], Value::Null);
        assert_eq!(full["trouble"], Value::Null);
        let empty = json(&[], FILE, Some("It is broken."));
        assert!(full.as_object().unwrap().keys().eq(empty.as_object().unwrap().keys()));
    }
}
