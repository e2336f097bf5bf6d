//! Typed access to the values of a TOML document; what has the wrong type is noted with an example of the right one.

use std::ops::Range;

use jiff::{SignedDuration, civil};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    duration,
    names::{nearest, shown},
    notes::Notes,
};

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// A key of the config: its name, what its value is ("takes …"), and an example of the whole.
#[derive(Debug)]
pub(super) struct Key {
    pub name: &'static str,
    pub takes: &'static str,
    pub example: &'static str,
}

/// A table of the config.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    /// What it is: "a profile".
    what: &'static str,
    table: &'a DeTable<'a>,
    /// Its heading, or all of it where it is written in braces.
    pub span: Range<usize>,
}

/// The value of a key.
#[derive(Debug)]
pub(super) struct Value<'a> {
    key: &'static Key,
    is: &'a DeValue<'a>,
    pub span: Range<usize>,
}

impl<'a> Section<'a> {
    /// Opens a table that has only these keys; notes the others.
    pub(super) fn open(
        what: &'static str,
        keys: &[&'static Key],
        table: &'a DeTable<'a>,
        span: Range<usize>,
        notes: &mut Notes<'_>,
    ) -> Self {
        for key in table.keys() {
            if keys.iter().any(|known| known.name == key.get_ref()) {
                continue;
            }
            let names = || keys.iter().map(|key| key.name);
            let help = match nearest(key.get_ref(), names()) {
                // A line below a heading belongs to that heading, which is easily forgotten.
                _ if key.get_ref() == "batches" => {
                    "Write it at the top of the file, above the first heading; there it is for all profiles."
                        .to_owned()
                }
                Some(near) => format!("Did you mean `{near}`?"),
                None => format!(
                    "Take it out; {what} takes {}.",
                    names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                ),
            };
            let title = format!("unknown key {} in {what}", shown(key.get_ref()));
            notes.mistake(&key.span(), title, "not known here", help);
        }
        Self { what, table, span }
    }

    /// Opens a table whose keys somebody else looks at.
    pub(super) fn bare(what: &'static str, table: &'a DeTable<'a>, span: Range<usize>) -> Self {
        Self { what, table, span }
    }

    /// The value of a key, if it is written.
    pub(super) fn get(&self, key: &'static Key) -> Option<Value<'a>> {
        self.table.get(key.name).map(|value| Value::new(key, value))
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, key: &'static Key, notes: &mut Notes<'_>) -> Option<Value<'a>> {
        let found = self.get(key);
        if found.is_none() {
            notes.absence(
                &self.span,
                format!("{} needs the key `{}`", self.what, key.name),
                format!("`{}` is missing", key.name),
                format!("Add for example `{}`.", key.example),
            );
        }
        found
    }
}

impl<'a> Value<'a> {
    pub(super) fn new(key: &'static Key, value: &'a Spanned<DeValue<'a>>) -> Self {
        Self { key, is: value.get_ref(), span: value.span() }
    }

    fn wrong_type<T>(&self, notes: &mut Notes<'_>) -> Option<T> {
        let is = match self.is {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or a time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let Key { name, takes, example } = self.key;
        notes.mistake(
            &self.span,
            format!("`{name}` takes {takes}, not {is}"),
            format!("this is {is}"),
            format!("Write for example `{example}`."),
        );
        None
    }

    /// Notes that the value is of the right type and makes no sense; `why` completes "VALUE …".
    pub(super) fn odd(&self, value: &str, why: &str, notes: &mut Notes<'_>) {
        let Key { name, takes, example } = self.key;
        notes.mistake(
            &self.span,
            format!("{value} {why}"),
            format!("`{name}` takes {takes}"),
            format!("Write for example `{example}`."),
        );
    }

    /// The key with its text, for a sentence.
    pub(super) fn written(&self) -> String {
        let text = self.is.as_str().unwrap_or_default();
        format!("`{} = {}`", self.key.name, shown(text))
    }

    fn at<T>(&self, value: T) -> At<T> {
        At { value, span: self.span.clone() }
    }

    /// Tells whether it is text.
    pub(super) fn is_text(&self) -> bool {
        self.is.is_str()
    }

    pub(super) fn text(&self, notes: &mut Notes<'_>) -> Option<At<&'a str>> {
        let Some(text) = self.is.as_str() else { return self.wrong_type(notes) };
        if text.trim().is_empty() {
            self.odd("an empty text", "says nothing", notes);
            return None;
        }
        Some(self.at(text))
    }

    pub(super) fn flag(&self, notes: &mut Notes<'_>) -> Option<At<bool>> {
        match self.is.as_bool() {
            Some(flag) => Some(self.at(flag)),
            None => self.wrong_type(notes),
        }
    }

    /// A whole number within a range.
    pub(super) fn number(&self, range: Range<u16>, notes: &mut Notes<'_>) -> Option<At<u16>> {
        let DeValue::Integer(number) = self.is else { return self.wrong_type(notes) };
        let value = i64::from_str_radix(number.as_str(), number.radix()).ok();
        match value.and_then(|value| u16::try_from(value).ok()) {
            Some(value) if range.contains(&value) => Some(self.at(value)),
            _ => {
                let value = format!("`{} = {number}`", self.key.name);
                self.odd(&value, "is out of range", notes);
                None
            }
        }
    }

    pub(super) fn duration(&self, notes: &mut Notes<'_>) -> Option<At<SignedDuration>> {
        let Some(text) = self.is.as_str() else { return self.wrong_type(notes) };
        match duration::read(text) {
            Ok(duration) => Some(self.at(duration)),
            Err(why) => {
                notes.mistake(
                    &self.span,
                    format!("{} {why}", shown(text)),
                    format!("`{}` takes {}", self.key.name, self.key.takes),
                    format!("Write for example {}.", duration::EXAMPLES),
                );
                None
            }
        }
    }

    /// A duration longer than nothing.
    pub(super) fn some_time(&self, notes: &mut Notes<'_>) -> Option<At<SignedDuration>> {
        let duration = self.duration(notes)?;
        if duration.value.is_zero() {
            self.odd(&self.written(), "lasts no time at all", notes);
            return None;
        }
        Some(duration)
    }

    /// A time of day, as `"21:30"` or as TOML's own local time.
    pub(super) fn time(&self, notes: &mut Notes<'_>) -> Option<At<civil::Time>> {
        let read = match self.is {
            DeValue::String(text) => time(text),
            DeValue::Datetime(toml::value::Datetime {
                date: None,
                time: Some(at),
                offset: None,
            }) => {
                let is_whole = at.second.unwrap_or(0) == 0 && at.nanosecond.unwrap_or(0) == 0;
                is_whole.then(|| clock(at.hour, at.minute)).flatten()
            }
            // The parser noted what only looks like a time.
            DeValue::Datetime(toml::value::Datetime { date: None, time: None, offset: None }) => {
                return None;
            }
            _ => return self.wrong_type(notes),
        };
        let Some(read) = read else {
            let written = self.as_written();
            let help = match written.trim() {
                "24:00" => "Midnight is \"00:00\".".to_owned(),
                _ => format!(
                    "Write hours and minutes from \"00:00\" to \"23:59\", for example `{}`.",
                    self.key.example
                ),
            };
            let title = format!("{} is not a time of day", shown(&written));
            notes.mistake(&self.span, title, "no such time", help);
            return None;
        };
        Some(self.at(read))
    }

    /// A day, as TOML's own local date or the same in quotes.
    pub(super) fn date(&self, notes: &mut Notes<'_>) -> Option<At<civil::Date>> {
        let read = match self.is {
            DeValue::String(text) => text.trim().parse().ok(),
            DeValue::Datetime(toml::value::Datetime { date: Some(day), time: None, .. }) => {
                let [month, day_of_month] = [day.month, day.day].map(i8::try_from);
                let year = i16::try_from(day.year).ok();
                let parts = year.zip(month.ok()).zip(day_of_month.ok());
                parts.and_then(|((year, month), day)| civil::Date::new(year, month, day).ok())
            }
            DeValue::Datetime(_) => None,
            _ => return self.wrong_type(notes),
        };
        if read.is_none() {
            self.odd(&shown(&self.as_written()), "is not a day", notes);
        }
        read.map(|date| self.at(date))
    }

    /// Tells whether it is a single value without quotes: where it should have been text, what is written is meant.
    pub(super) fn is_bare(&self) -> bool {
        !matches!(self.is, DeValue::String(_) | DeValue::Array(_) | DeValue::Table(_))
    }

    /// Tells whether somebody means that there is to be none of it.
    pub(super) fn means_off(&self) -> bool {
        let is_off =
            |text: &str| matches!(&*text.trim().to_lowercase(), "off" | "no" | "none" | "never");
        self.is.as_bool() == Some(false) || self.is.as_str().is_some_and(is_off)
    }

    fn as_written(&self) -> String {
        match self.is {
            DeValue::Datetime(written) => written.to_string(),
            value => value.as_str().unwrap_or_default().to_owned(),
        }
    }

    /// A list of times of day, or a single one.
    pub(super) fn times(&self, notes: &mut Notes<'_>) -> Vec<At<civil::Time>> {
        match self.is {
            DeValue::Array(values) => {
                let each = values.iter().filter_map(|value| Self::new(self.key, value).time(notes));
                each.collect()
            }
            _ => self.time(notes).into_iter().collect(),
        }
    }

    /// Tells whether it is `[]`.
    pub(super) fn is_empty_list(&self) -> bool {
        matches!(self.is, DeValue::Array(values) if values.is_empty())
    }

    /// A list of texts, or a single one.
    pub(super) fn texts(&self, notes: &mut Notes<'_>) -> Vec<At<&'a str>> {
        match self.is {
            DeValue::Array(values) => {
                let each = values.iter().filter_map(|value| Self::new(self.key, value).text(notes));
                each.collect()
            }
            _ => self.text(notes).into_iter().collect(),
        }
    }

    /// A list of tables. An entry that is none is noted.
    pub(super) fn sections(
        &self,
        what: &'static str,
        keys: &[&'static Key],
        notes: &mut Notes<'_>,
    ) -> Option<Vec<Section<'a>>> {
        let DeValue::Array(values) = self.is else { return self.wrong_type(notes) };
        let each =
            values.iter().filter_map(|value| Self::new(self.key, value).section(what, keys, notes));
        Some(each.collect())
    }

    pub(super) fn section(
        &self,
        what: &'static str,
        keys: &[&'static Key],
        notes: &mut Notes<'_>,
    ) -> Option<Section<'a>> {
        match self.is {
            DeValue::Table(table) => {
                Some(Section::open(what, keys, table, self.span.clone(), notes))
            }
            _ => self.wrong_type(notes),
        }
    }

    /// A table whose keys are names the person chose, each of them with a table.
    pub(super) fn named_sections(
        &self,
        what: &'static str,
        entry: &'static Key,
        keys: &[&'static Key],
        notes: &mut Notes<'_>,
    ) -> Vec<(At<&'a str>, Section<'a>)> {
        let DeValue::Table(table) = self.is else {
            self.wrong_type::<()>(notes);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (name, value) in table {
            let text: &'a str = name.get_ref();
            let is_odd = text.trim() != text || text.is_empty() || text.starts_with(['@', '-']);
            if is_odd || text.chars().any(char::is_control) || text.chars().count() > 64 {
                notes.mistake(
                    &name.span(),
                    format!("{} cannot be the name of {what}", shown(text)),
                    "not a name",
                    format!("Write a word or two, for example `{}`.", entry.example),
                );
            }
            if let Some(section) = Self::new(entry, value).section(what, keys, notes) {
                sections.push((At { value: text, span: name.span() }, section));
            }
        }
        sections
    }
}

/// Reads `21:30`.
pub(super) fn time(text: &str) -> Option<civil::Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hour) || hour.len() > 2 || !is_number(minute) || minute.len() != 2 {
        return None;
    }
    clock(hour.parse().ok()?, minute.parse().ok()?)
}

fn clock(hour: u8, minute: u8) -> Option<civil::Time> {
    civil::Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}
