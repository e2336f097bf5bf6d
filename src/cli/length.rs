//! How long, as an argument: the words after `start PROFILE`, `pause`, `unlock WHAT`.

use jiff::SignedDuration;

use super::{CommandError, render::lasting};
use crate::config::parse_duration;

/// Reads a duration from words, quoted or not; none if there are none. `thing` is what may last at most so long.
pub fn of(
    words: &[String],
    thing: &str,
    at_most: SignedDuration,
) -> Result<Option<SignedDuration>, CommandError> {
    let text = words.join(" ");
    let text = text.strip_prefix("for ").unwrap_or(&text);
    if text.is_empty() {
        return Ok(None);
    }
    let lasts = parse_duration(text).map_err(CommandError::usage)?;
    // On the bus nothing would stand for the default.
    match odd(lasts, text, thing, at_most) {
        Some(why) => Err(CommandError::usage(format!("{why} Nothing was changed."))
            .hint("Write it like 20m, 4h or \"1h 30m\".")),
        None => Ok(Some(lasts)),
    }
}

/// What is wrong with a duration, if anything.
fn odd(lasts: SignedDuration, text: &str, thing: &str, at_most: SignedDuration) -> Option<String> {
    if lasts.is_zero() {
        return Some(format!("{text} is no time at all."));
    }
    let too_long = || format!("{text} is too long: {thing} lasts at most {}.", lasting(at_most));
    (lasts > at_most).then(too_long)
}

/// Reads how long a timer runs, in minutes: `5` is five of them, and `90s` is read as well.
pub fn minutes(
    words: &[String],
    thing: &str,
    at_most: SignedDuration,
) -> Result<Option<SignedDuration>, CommandError> {
    let text = words.join(" ");
    if text.is_empty() {
        return Ok(None);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let read = if is_number { parse_duration(&format!("{text}m")) } else { parse_duration(&text) };
    let why = match read {
        Ok(lasts) => odd(lasts, &text, thing, at_most),
        // What the reader says is of a text that was not typed.
        Err(_) => Some(format!("«{text}» is not a number of minutes.")),
    };
    match why {
        Some(why) => Err(CommandError::usage(why).hint(format!(
            "Write how many minutes, up to {}: 5, 2.5, or a time like 90s.",
            at_most.as_mins()
        ))),
        None => Ok(read.ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<SignedDuration>, CommandError> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        of(&words, "a pause", SignedDuration::from_hours(72))
    }

    #[test]
    fn words_need_no_quotes() {
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("20m"), Ok(Some(SignedDuration::from_mins(20))));
        assert_eq!(read("1h 30m"), Ok(Some(SignedDuration::from_mins(90))));
        assert_eq!(read("for 2 hours"), Ok(Some(SignedDuration::from_hours(2))));
        assert_eq!(read("3d"), Ok(Some(SignedDuration::from_hours(72))));
    }

    #[test]
    fn a_number_alone_is_minutes() {
        let read = |text: &str| {
            let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            minutes(&words, "this", SignedDuration::from_hours(1))
        };
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("5"), Ok(Some(SignedDuration::from_mins(5))));
        assert_eq!(read("0.5"), Ok(Some(SignedDuration::from_secs(30))));
        assert_eq!(read("90s"), Ok(Some(SignedDuration::from_secs(90))));
        assert_eq!(read("10 minutes"), Ok(Some(SignedDuration::from_mins(10))));
        let hint = "Write how many minutes, up to 60: 5, 2.5, or a time like 90s.";
        for (wrong, said) in [
            ("0", "0 is no time at all."),
            ("61", "61 is too long: this lasts at most 1 hour."),
            ("2h", "2h is too long: this lasts at most 1 hour."),
            ("1e9", "«1e9» is not a number of minutes."),
            ("-3", "«-3» is not a number of minutes."),
            ("nan", "«nan» is not a number of minutes."),
            ("1.2.3", "«1.2.3» is not a number of minutes."),
            ("99999999999999999999", "«99999999999999999999» is not a number of minutes."),
            ("soon", "«soon» is not a number of minutes."),
        ] {
            let error = read(wrong).unwrap_err();
            assert_eq!((&*error.message, &*error.hints), (said, &[hint.to_owned()][..]));
            assert_eq!(error.kind, super::super::error::Kind::Usage);
        }
    }

    #[test]
    fn what_is_too_long_says_how_long_it_may_be() {
        let error = read("5000h").unwrap_err();
        assert_eq!(
            error.message,
            "5000h is too long: a pause lasts at most 3 days. Nothing was changed."
        );
        assert!(read("a while").unwrap_err().message.contains("a while"));
        assert!(read("0m").is_err());
        assert!(read("99999999999999999999h").is_err());
    }
}
