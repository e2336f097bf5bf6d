//! Breaks and suggestions: `breaks` in a profile, `[breaks]` for every day, and `[suggestions]`.

use jiff::{SignedDuration, civil};

use super::{
    Breaks, DIM_AT_MOST, DailyBreaks, Suggestions,
    duration::write_duration,
    names::shown,
    notes::Notes,
    value::{self, Key, Section, Value},
};

pub(super) const BREAKS: Key = Key {
    name: "breaks",
    takes: "a table or \"off\"",
    example: "breaks = { every = \"20m\", for = \"20s\" }",
};
pub(super) const DAILY: Key = Key { name: "breaks", takes: "a table", example: "[breaks]" };
pub(super) const SUGGESTIONS: Key =
    Key { name: "suggestions", takes: "a table", example: "[suggestions]" };
const EVERY: Key = Key { name: "every", takes: "a duration", example: "every = \"20m\"" };
const FOR: Key = Key { name: "for", takes: "a duration", example: "for = \"20s\"" };
const DIM: Key = Key { name: "dim", takes: "whole percent from 0 to 75", example: "dim = 20" };
const A_DAY: Key = Key { name: "a-day", takes: "a number from 0 to 10", example: "a-day = 3" };
const HOURS: Key = Key {
    name: "hours",
    takes: "two times of day with a hyphen between",
    example: "hours = \"08:00-22:00\"",
};

/// What `breaks` of a profile says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// These.
    These(Breaks),
    /// `"off"`: none, and none of every day's either.
    Off,
}

/// Reads `breaks` of a profile.
pub(super) fn breaks(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<Written> {
    if value.is_text() {
        let text = value.text(notes)?;
        if text.value.trim().eq_ignore_ascii_case("off") {
            return Some(Written::Off);
        }
        value.odd(&shown(text.value), "does not say when there are breaks", notes);
        return None;
    }
    let section = value.section("the table of breaks", &[&EVERY, &FOR], notes)?;
    course(&section, notes).map(Written::These)
}

/// Reads `[breaks]`.
pub(super) fn daily(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<DailyBreaks> {
    let section = value.section("[breaks]", &[&EVERY, &FOR, &DIM], notes)?;
    let dim =
        section.get(&DIM).and_then(|value| value.number(0..u16::from(DIM_AT_MOST) + 1, notes));
    let dim = dim.and_then(|dim| u8::try_from(dim.value).ok()).unwrap_or(0);
    Some(DailyBreaks { breaks: course(&section, notes)?, dim })
}

fn course(section: &Section<'_>, notes: &mut Notes<'_>) -> Option<Breaks> {
    let mut time = |key| section.need(key, notes).and_then(|value| value.some_time(notes));
    let (every, lasts) = (time(&EVERY), time(&FOR));
    let (every, lasts) = (every?, lasts?);
    if lasts.value >= every.value {
        notes.mistake(
            &lasts.span,
            format!(
                "a break of {} every {} leaves no time between",
                write_duration(lasts.value),
                write_duration(every.value)
            ),
            "not shorter than `every`",
            format!("Write for example `{}`.", BREAKS.example),
        );
        return None;
    }
    if every.value < BREAKS_APART {
        let text = format!("a break every {}", write_duration(every.value));
        notes.mistake(
            &every.span,
            format!("{text} is no quiet"),
            "more often than every minute",
            format!("Write for example `{}`.", EVERY.example),
        );
        return None;
    }
    Some(Breaks { every: every.value, lasts: lasts.value })
}

/// Breaks are at least so far apart.
const BREAKS_APART: SignedDuration = SignedDuration::from_mins(1);

/// Reads `[suggestions]`.
pub(super) fn suggestions(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<Suggestions> {
    if value.means_off() {
        switch_off(value, "Write the heading [suggestions], and `a-day = 0` below it.", notes);
        return None;
    }
    let section = value.section("[suggestions]", &[&A_DAY, &HOURS], notes)?;
    let mut read = Suggestions::default();
    if let Some(value) = section.get(&A_DAY) {
        if value.means_off() {
            switch_off(&value, "Write `a-day = 0`.", notes);
        } else if let Some(number) = value.number(0..11, notes) {
            read.a_day = number.value;
        }
    }
    if let Some(value) = section.get(&HOURS)
        && let Some(text) = value.text(notes)
    {
        match hours(text.value) {
            Some((from, until)) => (read.from, read.until) = (from, until),
            None => value.odd(&shown(text.value), "does not say from when until when", notes),
        }
    }
    Some(read)
}

/// Notes that suggestions are switched off in another way.
fn switch_off(value: &Value<'_>, help: &str, notes: &mut Notes<'_>) {
    let title = "suggestions are switched off by a number of 0 a day";
    notes.mistake(&value.span, title, "not written so", help);
}

/// Reads `08:00-22:00`; past midnight is meant where the second is the earlier one.
fn hours(text: &str) -> Option<(civil::Time, civil::Time)> {
    let (from, until) = text.split_once(['-', '–'])?;
    let (from, until) = (value::time(from)?, value::time(until)?);
    (from != until).then_some((from, until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn mistakes(text: &str) -> Vec<String> {
        let mistakes = parse(text, "config.toml").unwrap_err();
        mistakes.diagnostics.into_iter().map(|it| it.title).collect()
    }

    #[test]
    fn breaks_of_every_day_and_of_a_profile() {
        let text = "[breaks]\nevery = '30m'\nfor = '5m'\ndim = 20\n[profiles.a]\nbreaks = 'off'\n\
                    [profiles.b]\nbreaks = { every = '20m', for = '20s' }\n";
        let config = parse(text, "config.toml").unwrap().config;
        let minutes = SignedDuration::from_mins;
        let breaks = Breaks { every: minutes(30), lasts: minutes(5) };
        assert_eq!(config.breaks, Some(DailyBreaks { breaks, dim: 20 }));
        let [a, b] = ["a", "b"].map(|name| &config.profiles[name].measures);
        assert_eq!((a.breaks, a.breaks_off, a.is_open()), (None, true, true));
        assert_eq!(b.breaks.map(|it| it.every), Some(minutes(20)));
        // What asks for breaks is stricter than what asks for none.
        let both = a.strictest(b);
        assert_eq!((both.breaks, both.breaks_off), (b.breaks, true));
        assert_eq!(parse("", "config.toml").unwrap().config.breaks, None);
    }

    #[test]
    fn suggestions_have_a_number_and_hours() {
        let read = |text: &str| parse(text, "config.toml").unwrap().config.suggestions;
        assert_eq!(read(""), Suggestions::default());
        assert_eq!(read("[suggestions]\na-day = 0\n").a_day, 0);
        let late = read("[suggestions]\nhours = '20:00-01:30'\n");
        let time = |hour, minute| civil::Time::constant(hour, minute, 0, 0);
        assert_eq!((late.from, late.until), (time(20, 0), time(1, 30)));
        assert!(late.at(time(23, 0)) && late.at(time(1, 29)) && !late.at(time(1, 30)));
        assert!(Suggestions::default().at(time(8, 0)) && !Suggestions::default().at(time(22, 0)));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (text, says) in [
            ("[breaks]\nevery = '5m'\n", "[breaks] needs the key `for`"),
            ("[breaks]\nevery = '5m'\nfor = '5m'\n", "leaves no time between"),
            ("[breaks]\nevery = '30s'\nfor = '5s'\n", "a break every 30s is no quiet"),
            ("[breaks]\nevery = '5m'\nfor = '5s'\ndim = 90\n", "`dim = 90` is out of range"),
            ("[profiles.a]\nbreaks = 'on'\n", "\"on\" does not say when there are breaks"),
            ("[suggestions]\na-day = 11\n", "`a-day = 11` is out of range"),
            ("[suggestions]\nhours = '9'\n", "\"9\" does not say from when until when"),
            ("[suggestions]\nhours = '09:00-09:00'\n", "does not say from when until when"),
            ("[suggestions]\nperday = 2\n", "unknown key \"perday\" in [suggestions]"),
        ] {
            let said = mistakes(text);
            assert!(said.len() == 1 && said[0].contains(says), "{text}: {said:?}");
        }
    }

    #[test]
    fn whoever_switches_suggestions_off_in_another_way_is_told_how() {
        for (text, help) in [
            ("suggestions = false\n", "Write the heading [suggestions], and `a-day = 0` below it."),
            ("suggestions = 'off'\n", "Write the heading [suggestions], and `a-day = 0` below it."),
            ("[suggestions]\na-day = 'Off'\n", "Write `a-day = 0`."),
            ("[suggestions]\na-day = false\n", "Write `a-day = 0`."),
        ] {
            let told = parse(text, "config.toml").unwrap_err().diagnostics;
            assert_eq!((told.len(), told[0].help.as_deref()), (1, Some(help)), "{text}");
        }
        assert_eq!(
            mistakes("suggestions = true\n"),
            ["`suggestions` takes a table, not true or false"]
        );
    }
}
