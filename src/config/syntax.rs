//! What is not TOML, in words for people.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    names::shown,
    notes::{KEPT_AT_MOST, Notes},
};

/// How many of the parser's errors are looked at.
const LOOKED_AT_AT_MOST: usize = 5_000;

/// Notes what the parser could not read, and leaves out of `notes` what may only follow from that.
pub(super) fn report(
    text: &str,
    document: &DeTable<'_>,
    errors: &[toml::de::Error],
    notes: &mut Notes<'_>,
) {
    if errors.is_empty() {
        return;
    }
    let mut broken: Vec<Broken> =
        errors.iter().take(LOOKED_AT_AT_MOST).map(|error| Broken::new(text, error)).collect();
    broken.sort_by_key(|broken| broken.span.start);
    let places: Vec<usize> = broken.iter().map(|broken| broken.span.start).collect();
    for broken in &mut broken {
        let start = match broken.sort {
            // An open list ends with the file; an open table ends at the first thing that cannot be in one.
            Sort::Open('[') => opening(text, document, '[', &[broken.span.start]),
            Sort::Open(bracket) => opening(text, document, bracket, &places),
            Sort::Heading | Sort::Line => None,
        };
        broken.span = start.map_or(broken.span.clone(), |start| start..start + 1);
    }
    broken.sort_by_key(|broken| broken.span.start);
    let first = |is: fn(Sort) -> bool| {
        broken.iter().find(|broken| is(broken.sort)).map(|broken| broken.span.start)
    };
    // What is opened and never closed swallows the rest of the file; after a broken heading keys are in the wrong table.
    let swallowed_from = first(|sort| matches!(sort, Sort::Open(_)));
    let lost_from = first(|sort| !matches!(sort, Sort::Line));
    broken.retain(|broken| swallowed_from.is_none_or(|from| broken.span.start <= from));
    // The parser stumbles more than once over one line; the first says it.
    broken.dedup_by_key(|broken| notes.line(&broken.span));
    broken.truncate(KEPT_AT_MOST);
    let spans: Vec<Range<usize>> = broken.iter().map(|broken| broken.span.clone()).collect();
    notes.keep_what_syntax_allows(&spans, lost_from);
    for Broken { span, title, label, help, .. } in broken {
        notes.mistake(&span, title, label, help);
    }
}

struct Broken {
    span: Range<usize>,
    title: String,
    label: &'static str,
    help: String,
    sort: Sort,
}

/// How much of the file is lost.
#[derive(Clone, Copy)]
enum Sort {
    Line,
    Heading,
    Open(char),
}

impl Broken {
    fn new(text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        let found = text.get(span.clone()).unwrap_or_default();
        let message = error.message();
        let (reason, _) = message.split_once(", expected").unwrap_or((message, ""));
        let sort = match reason {
            "unclosed array" => Sort::Open('['),
            "unclosed inline table" => Sort::Open('{'),
            "unclosed table" | "unclosed array table" => Sort::Heading,
            _ => Sort::Line,
        };
        let wants_quote = message.contains("expected `\"") || message.contains("expected `'");
        let (title, label, help): (String, &str, String) = match reason {
            "string values must be quoted" => (
                "text stands without quotes".into(),
                "not in quotes",
                format!("Write it as {}.", shown(found)),
            ),
            "missing comma between key-value pairs" | "missing comma between array elements" => (
                "a comma is missing".into(),
                "a comma belongs here",
                "Write a comma between the two.".into(),
            ),
            "extra comma in array" | "extra comma in inline table" => (
                "there is a comma too many".into(),
                "nothing stands before this comma",
                "Take it out.".into(),
            ),
            "key with no value"
            | "missing value for key"
            | "missing value"
            | "invalid key-value pair" => (
                "a key has no value".into(),
                "a value is missing",
                "Write `key = value`; text goes between quotes.".into(),
            ),
            "unquoted keys cannot be empty" | "missing key for inline table element" => {
                ("a value has no key".into(), "a key is missing", "Write `key = value`.".into())
            }
            "extra `=`" | "unexpected `=` in array" => (
                "there is an equals sign too many".into(),
                "not expected here",
                "Write `key = value`, one to a line, or in braces with commas between.".into(),
            ),
            "duplicate key" => (
                format!("{} is written twice", shown(found)),
                "written before",
                "Keep one of the two.".into(),
            ),
            "unclosed array" => (
                "a list is opened and never closed".into(),
                "opened here",
                "Write `]` where it ends.".into(),
            ),
            "unclosed inline table" => (
                "a table is opened and never closed".into(),
                "opened here",
                "Write `}` where it ends.".into(),
            ),
            "unclosed table" | "unclosed array table" => (
                "a heading is not closed".into(),
                "a bracket is missing",
                "Write `[name]`, or `[[name]]` for a rule.".into(),
            ),
            reason if reason.ends_with("string") && wants_quote => (
                "text has no closing quote".into(),
                "a quote is missing",
                "Write text between two quotes, on one line.".into(),
            ),
            reason if reason.ends_with("string") => (
                "text is not written as TOML reads it".into(),
                "not understood",
                "Write a backslash twice, or the text between single quotes.".into(),
            ),
            reason if is_of_a_number(reason) => unquoted(text, &span, reason),
            reason if reason.contains("recurs") => (
                "lists or tables stand too deep within each other".into(),
                "too deep",
                String::new(),
            ),
            _ => (
                format!("this is not TOML: {message}"),
                "not understood",
                "Write `key = value`, with text between quotes.".into(),
            ),
        };
        Self { span, title, label, help, sort }
    }
}

/// Tells whether the parser took something for a number, a day or a time that is none.
fn is_of_a_number(reason: &str) -> bool {
    let kinds = ["date", "time", "integer", "float", "mantissa", "fraction", "exponent"];
    let invalid = reason.strip_prefix("invalid ");
    invalid.is_some_and(|what| kinds.iter().any(|kind| what.starts_with(kind)))
        || matches!(
            reason,
            "unexpected leading zero" | "redundant numeric sign" | "unexpected sign"
        )
        || reason.starts_with("`_` may")
}

/// What to say of such a value; on the person's card it is a number to call.
fn unquoted(text: &str, span: &Range<usize>, reason: &str) -> (String, &'static str, String) {
    let (key, value) = assignment(text, span.start).unwrap_or_default();
    let written = if value.is_empty() { text.get(span.clone()).unwrap_or_default() } else { value };
    if matches!(key, "name" | "call" | "note") {
        let title = if written.starts_with('0') {
            "a number that begins with 0 needs quotes"
        } else {
            "text stands without quotes"
        };
        return (title.into(), "not in quotes", format!("Write `{key} = {}`.", shown(written)));
    }
    if reason == "unexpected leading zero" {
        let number = written.trim_start_matches('0');
        let number = if number.is_empty() { "0" } else { number };
        return (
            "a number cannot begin with 0".into(),
            "a 0 too many",
            format!("Write `{key} = {number}`, or with quotes where it is text."),
        );
    }
    let is_time = written.contains(':') || reason.starts_with("invalid time");
    if is_time && !written.contains('-') {
        return (
            format!("{} is not a time of day", shown(written)),
            "no such time",
            "Write a time from \"00:00\" to \"23:59\" between quotes.".into(),
        );
    }
    if key == "checked" || reason.starts_with("invalid date") && written.contains('-') {
        return (
            format!("{} is not a day", shown(written)),
            "no such day",
            "Write a day as 2026-12-31: year, month, day.".into(),
        );
    }
    (
        format!("{} is not a number", shown(written)),
        "not understood",
        "Write digits alone, or text between quotes.".into(),
    )
}

/// The key and the whole value around a place, where both stand on its line.
fn assignment(text: &str, place: usize) -> Option<(&str, &str)> {
    let begins = text.get(..place)?.rfind(['\n', ',', '{']).map_or(0, |at| at + 1);
    let (key, value) = text.get(begins..)?.lines().next()?.split_once('=')?;
    let value = value.split([',', '}', '#']).next()?;
    Some((key.trim(), value.trim()))
}

/// The bracket that opens the list or table which is never closed: the outermost that holds one of these places.
fn opening(text: &str, document: &DeTable<'_>, bracket: char, places: &[usize]) -> Option<usize> {
    places.iter().find_map(|place| {
        document.values().find_map(|value| outermost(text, value, bracket, *place))
    })
}

fn outermost(
    text: &str,
    value: &Spanned<DeValue<'_>>,
    bracket: char,
    place: usize,
) -> Option<usize> {
    let span = value.span();
    let mut inner: Box<dyn Iterator<Item = &Spanned<DeValue<'_>>>> = match value.get_ref() {
        DeValue::Array(values) => Box::new(values.iter()),
        DeValue::Table(table) => Box::new(table.values()),
        _ => return None,
    };
    // Where a table has a heading, its span is the heading, and what it holds is elsewhere.
    let opens = text.get(span.start..).is_some_and(|rest| rest.starts_with(bracket));
    if opens && span.start <= place && place <= span.end {
        return Some(span.start);
    }
    inner.find_map(|value| outermost(text, value, bracket, place))
}
