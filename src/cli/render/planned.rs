//! `quietctl planned`: the sessions that the calendar plans.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Page, moment};
use crate::api::PlannedEntry;

/// The fewest letters of an id that are shown.
const SHORTEST: usize = 4;

/// A row for each.
pub fn list(page: &Page, all: &[PlannedEntry]) -> String {
    if all.is_empty() {
        return page.advice(
            0,
            "Nothing is planned. [calendar] in your config says which appointments plan a session.",
        );
    }
    let length = enough(all);
    let rows: Vec<[String; 3]> =
        all.iter().map(|it| [brief(it, length), when(page, it.ends), state(page, it)]).collect();
    let mut out = page.heading("From your calendar");
    out.push_str(&page.columns(&rows));
    out.push('\n');
    out.push_str(&page.commands(&[
        ("quietctl planned confirm ID", "lets it begin without asking"),
        ("quietctl planned move ID 17:00", "moves it"),
        ("quietctl planned drop ID", "leaves it out"),
    ]));
    out
}

fn when(page: &Page, usec: u64) -> String {
    moment(usec).map_or_else(String::new, |at| page.when(at))
}

fn state(page: &Page, it: &PlannedEntry) -> String {
    match &*it.state {
        "confirmed" => "begins without asking".to_owned(),
        "moved" => format!("moved by you; the calendar says {}", when(page, it.written)),
        "dropped" => "left out".to_owned(),
        _ => "begins by itself".to_owned(),
    }
}

/// As many letters as tell them all apart.
fn enough(all: &[PlannedEntry]) -> usize {
    let differ = |length: usize| {
        let mut seen = std::collections::BTreeSet::new();
        all.iter().all(|it| seen.insert(brief(it, length)))
    };
    (SHORTEST..32).find(|length| differ(*length)).unwrap_or(32)
}

fn brief(it: &PlannedEntry, length: usize) -> String {
    let id = it.id.strip_prefix("cal-").unwrap_or(&it.id);
    id.chars().take(length).collect()
}

/// For programs.
pub fn json(page: &Page, all: &[PlannedEntry]) -> Value {
    let row = |it: &PlannedEntry| {
        json!({
            "id": it.id,
            "ends": page.iso(it.ends),
            "calendar": page.iso(it.written),
            "state": it.state,
        })
    };
    all.iter().map(row).collect()
}

/// One begins without a question.
pub fn confirmed(page: &Page, it: &PlannedEntry) -> String {
    page.advice(0, &format!("Quiet begins {} without asking.", when(page, it.ends)))
}

/// One was moved.
pub fn moved(page: &Page, to: Timestamp) -> String {
    page.advice(0, &format!("Moved: quiet begins {}, whatever the calendar says.", page.when(to)))
}

/// One was left out.
pub fn dropped(page: &Page, it: &PlannedEntry) -> String {
    page.advice(
        0,
        &format!(
            "Left out: nothing begins {}. `quietctl planned confirm` takes that back.",
            when(page, it.ends)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    fn entry(id: &str, ends: &str, state: &str) -> PlannedEntry {
        PlannedEntry {
            id: format!("cal-{id}"),
            ends: sample::usec(ends),
            written: sample::usec("2026-11-26T15:00+01"),
            state: state.into(),
        }
    }

    #[test]
    fn what_is_planned() {
        let all = [
            entry("0a1b2c3d", "2026-11-25T17:00+01", "planned"),
            entry("0a1b2f3d", "2026-11-26T17:00+01", "moved"),
            entry("77", "2026-11-28T17:00+01", "dropped"),
            entry("99aabb", "2026-12-28T17:00+01", "confirmed"),
        ];
        insta::assert_snapshot!(list(&sample::page(), &all), @r"
        From your calendar
          0a1b2c  17:00              begins by itself
          0a1b2f  Thursday 17:00     moved by you; the calendar says Thursday 15:00
          77      Saturday 17:00     left out
          99aabb  28 December 17:00  begins without asking

        quietctl planned confirm ID     lets it begin without asking
        quietctl planned move ID 17:00  moves it
        quietctl planned drop ID        leaves it out
        ");
    }
}
