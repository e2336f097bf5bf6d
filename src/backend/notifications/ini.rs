//! One key of the `[General]` section of a file that Qt's `QSettings` keeps, changed with everything else left as it is.
//!
//! The syntax is `QSettings::IniFormat` of Qt 5 and 6: `;` begins a comment, `\\` takes the next character as it is, a text
//! in quotes may go over several lines, keys before any section belong to `[General]`, and the last of two wins.

use std::ops::Range;

/// Finds the value, as it is written.
pub fn find<'text>(text: &'text str, key: &str) -> Option<&'text str> {
    Some(&text[entry(text, key)?.value])
}

/// The text with the value set, or with its line taken away.
pub fn with(text: &str, key: &str, value: Option<&str>) -> String {
    let mut text = text.to_owned();
    match (entry(&text, key), value) {
        (Some(entry), Some(value)) => text.replace_range(entry.value, value),
        (Some(entry), None) => text.replace_range(entry.line, ""),
        (None, Some(value)) => {
            let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
            let (at, is_open) = place(&text);
            let before = if is_open { end } else { "" };
            text.insert_str(at, &format!("{before}{key}={value}{end}"));
        }
        (None, None) => {}
    }
    text
}

/// Where the key is.
struct Entry {
    /// With the end of its line.
    line: Range<usize>,
    value: Range<usize>,
}

/// The last entry of that key.
fn entry(text: &str, key: &str) -> Option<Entry> {
    let mut is_general = true;
    let mut found = None;
    for line in lines(text) {
        if let Some(general) = section(&text[line.clone()]) {
            is_general = general;
            continue;
        }
        let Some(equals) = unquoted(&text[line.clone()], b'=') else { continue };
        let equals = line.start + equals;
        if is_general && text[line.start..equals].trim_end() == key {
            let value = &text[equals + 1..line.end];
            let from = equals + 1 + value.len() - value.trim_start().len();
            let value = from..from + value.trim().len();
            found = Some(Entry { line: whole(text, line), value });
        }
    }
    found
}

/// Where a new key goes: below the heading of `[General]`, else before everything. And whether the line it follows has no
/// end yet.
fn place(text: &str) -> (usize, bool) {
    match lines(text).find(|line| section(&text[line.clone()]) == Some(true)) {
        Some(heading) => {
            let below = end(text, heading.end);
            (below, !text[..below].ends_with(['\n', '\r']))
        }
        None => (first(text), false),
    }
}

/// Whether a line begins the general section, or another one; none where it begins none.
fn section(line: &str) -> Option<bool> {
    let name = line.strip_prefix('[')?;
    let name = name.split(']').next().unwrap_or(name);
    Some(name.trim().eq_ignore_ascii_case("general"))
}

/// A line with its end, and with what stands before it.
fn whole(text: &str, line: Range<usize>) -> Range<usize> {
    let start = text[..line.start].rfind(['\n', '\r']).map_or(first(text), |end| end + 1);
    // A comment behind it stays.
    let end = if text[line.end..].starts_with(';') { line.end } else { end(text, line.end) };
    start..end
}

/// Behind the end of the line that `from` is in.
fn end(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    match rest.find(['\n', '\r']) {
        Some(at) if rest[at..].starts_with("\r\n") => from + at + 2,
        Some(at) => from + at + 1,
        None => text.len(),
    }
}

/// After the mark that some editors put at the beginning of UTF-8.
fn first(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

/// The lines that say something, as Qt takes them: without leading blanks, comments and ends.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = first(text);
    std::iter::from_fn(move || {
        loop {
            let rest = &text[at..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            at += blank;
            let rest = &text[at..];
            if rest.is_empty() {
                return None;
            }
            if rest.starts_with(';') {
                at += rest.find(['\n', '\r']).unwrap_or(rest.len());
                continue;
            }
            let start = at;
            let ends = |byte| matches!(byte, b'\n' | b'\r' | b';');
            at += scan(rest, ends).unwrap_or(rest.len());
            return Some(start..at);
        }
    })
}

fn unquoted(line: &str, byte: u8) -> Option<usize> {
    scan(line, |at| at == byte)
}

/// Finds a byte outside quotes that nothing escapes.
fn scan(text: &str, is_it: impl Fn(u8) -> bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut quoted) = (0, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => {
                // An end of a line may be two characters.
                let two = matches!(bytes.get(at + 1..at + 3), Some(b"\r\n" | b"\n\r"));
                at += if two { 2 } else { 1 };
            }
            b'"' => quoted = !quoted,
            byte if !quoted && is_it(byte) => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Option<&str> {
        find(text, "quiet")
    }

    fn set(text: &str, value: &str) -> String {
        with(text, "quiet", Some(value))
    }

    #[test]
    fn finds_what_qt_finds() {
        for (text, value) in [
            ("", None),
            ("[General]\nquiet=true\n", Some("true")),
            ("[GENERAL]\r\n quiet = true \r\nb=1\r\n", Some("true")),
            ("quiet=true\n[Other]\nquiet=false\n", Some("true")),
            ("[Other]\nquiet=true\n", None),
            ("[%General]\nquiet=true\n", None),
            ("[General]\nquiet=true\nquiet=false", Some("false")),
            ("[Other]\na=1\n[General]\nquiet=1", Some("1")),
            ("[General]\n; quiet=true\n", None),
            ("[General]\nquiet=true ; for now\n", Some("true")),
            ("[General]\nQuiet=true\nquieter=true\n", None),
            ("[General]\na=\"two\nquiet=true\n\"\n", None),
            ("[General]\na=one\\\nquiet=true\n", None),
            ("[General]\na=\\\"\nquiet=true\n", Some("true")),
            ("[General]\nquiet=\"true\"", Some("\"true\"")),
            ("[General]\nquiet=", Some("")),
            ("\u{feff}quiet=true\n", Some("true")),
            ("[General\nquiet=true", Some("true")),
        ] {
            assert_eq!(found(text), value, "{text:?}");
        }
    }

    #[test]
    fn changes_nothing_but_the_value() {
        let text = "; mine\n[General]\na = 1\n quiet = false ; for now\n\n[Other]\nquiet=x\n";
        assert_eq!(set(text, "true"), text.replace("false", "true"));
    }

    #[test]
    fn a_new_key_stands_first_in_its_section() {
        for (text, wanted) in [
            ("", "quiet=true\n"),
            ("[General]", "[General]\nquiet=true\n"),
            ("[Other]\na=1\n", "quiet=true\n[Other]\na=1\n"),
            ("; mine\r\n[General]\r\na=1\r\n", "; mine\r\n[General]\r\nquiet=true\r\na=1\r\n"),
            ("\u{feff}a=1", "\u{feff}quiet=true\na=1"),
            ("[General] ; mine\na=1\n", "[General] ; mine\nquiet=true\na=1\n"),
        ] {
            assert_eq!(set(text, "true"), wanted);
        }
    }

    #[test]
    fn what_stands_behind_the_key_stays() {
        let text = "[General]\nquiet=true; a note\na=1\n";
        assert_eq!(with(text, "quiet", None), "[General]\n; a note\na=1\n");
    }

    proptest! {
        #[test]
        fn any_text_is_given_back(text in r#"([ \t\r\n;"=\[\]\\a1é]|quiet|general|\[General\]\n){0,24}"#) {
            let before = found(&text).map(str::to_owned);
            let set = set(&text, "true");
            if let Some(before) = before {
                prop_assert_eq!(found(&set), Some("true"));
                prop_assert_eq!(with(&set, "quiet", Some(&before)), text);
            } else if found(&set) == Some("true") {
                let back = with(&set, "quiet", None);
                // A heading at the end of the file has an end of its line from then on.
                let as_before = ["", "\n", "\r\n"].map(|end| format!("{text}{end}"));
                prop_assert!(as_before.contains(&back), "{back:?}");
            }
        }
    }
}
