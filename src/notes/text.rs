//! What of a text is kept: what can be read, and no more than fits.

/// The longest text of a note, in characters.
pub const TEXT_AT_MOST: usize = 4_000;

/// The longest question, in characters.
pub const ASK_AT_MOST: usize = 500;

/// A text has more characters than are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} has {length} characters; at most {at_most} are kept. Nothing was kept.")]
pub struct TooLong {
    /// What it is, as a sentence begins: "The note".
    pub what: &'static str,
    /// Its characters.
    pub length: usize,
    /// How many fit.
    pub at_most: usize,
}

/// Takes out of a text what steers terminals and programs and cannot be read; none if nothing is left.
///
/// Line breaks stay, a tab becomes a space, and what surrounds the text goes.
pub fn clean(what: &'static str, text: &str, at_most: usize) -> Result<Option<String>, TooLong> {
    let text = text.replace("\r\n", "\n");
    let kept: String = text.chars().filter_map(kept).collect();
    let kept = kept.trim();
    let length = kept.chars().count();
    if length > at_most {
        return Err(TooLong { what, length, at_most });
    }
    Ok((!kept.is_empty()).then(|| kept.to_owned()))
}

/// Cuts a text into parts that fit, at the ends of lines or between words where there are any.
pub fn split(text: &str, at_most: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while let Some((end, _)) = rest.char_indices().nth(at_most) {
        let fits = &rest[..end];
        // What follows may begin just there.
        let whole = rest[end..].starts_with(char::is_whitespace).then_some(end);
        let end = whole.or_else(|| fits.rfind('\n')).or_else(|| fits.rfind(' ')).unwrap_or(end);
        parts.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    parts.extend((!rest.is_empty()).then(|| rest.to_owned()));
    parts
}

fn kept(letter: char) -> Option<char> {
    match letter {
        '\t' => Some(' '),
        // Of old Macs, and those of Unicode: a line is a line.
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        // What turns the direction of all that follows, and what nobody sees (Unicode: Bidi_Control, the byte-order mark).
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => None,
        letter if letter.is_control() => None,
        letter => Some(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Option<String> {
        clean("The note", text, 20).unwrap()
    }

    #[test]
    fn what_can_be_read_stays() {
        for text in ["three words are", "<b>&amp;\"'</b>", "zwölf 十二 👩‍👧", "one\n\ntwo"]
        {
            assert_eq!(kept(text).as_deref(), Some(text));
        }
        assert_eq!(kept("  a\tb\r\nc\rd\u{2028}e \n\n").as_deref(), Some("a b\nc\nd\ne"));
    }

    #[test]
    fn what_steers_is_taken_out() {
        assert_eq!(kept("a\u{1b}[2Jb\0\u{7f}\u{9b}c\u{202e}d").as_deref(), Some("a[2Jbcd"));
        for nothing in ["", " \n\t ", "\0\u{1}\u{202e}\u{feff}"] {
            assert_eq!(kept(nothing), None, "{nothing:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parts_fit_and_nothing_but_the_space_between_them_is_lost(text in "[a-c ä\n]{0,60}", at_most in 1_usize..12) {
            let parts = split(&text, at_most);
            let plain = |text: &str| text.chars().filter(|it| !it.is_whitespace()).collect::<String>();
            proptest::prop_assert_eq!(plain(&parts.concat()), plain(&text));
            for part in &parts {
                proptest::prop_assert!(!part.is_empty() && part.chars().count() <= at_most, "{parts:?}");
            }
        }
    }

    #[test]
    fn a_long_text_is_cut_between_lines_or_words() {
        assert_eq!(split("one two three", 7), ["one two", "three"]);
        assert_eq!(split("one\ntwo three", 8), ["one", "two", "three"]);
        assert_eq!(split("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(split(" short ", 9), ["short"]);
    }

    #[test]
    fn a_long_text_is_refused_whole_and_counted_in_characters() {
        assert_eq!(kept(&"ä".repeat(20)), Some("ä".repeat(20)));
        let error = clean("The note", &"ä".repeat(21), 20).unwrap_err().to_string();
        assert_eq!(error, "The note has 21 characters; at most 20 are kept. Nothing was kept.");
    }
}
