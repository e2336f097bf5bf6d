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
    // On the bus it would stand for the default.
    if lasts.is_zero() {
        return Err(CommandError::usage(format!("{text} is no time at all. Nothing was changed."))
            .hint("Write it like 20m, 4h or \"1h 30m\"."));
    }
    if lasts > at_most {
        return Err(CommandError::usage(format!(
            "{text} is too long: {thing} lasts at most {}. Nothing was changed.",
            lasting(at_most)
        ))
        .hint("Write it like 20m, 4h or \"1h 30m\"."));
    }
    Ok(Some(lasts))
}

/// Reads how long a timer runs: `5` is five minutes, anything else as [`of`] reads it.
pub fn minutes(
    words: &[String],
    thing: &str,
    at_most: SignedDuration,
) -> Result<Option<SignedDuration>, CommandError> {
    match words {
        [one] if one.parse::<f64>().is_ok() && !one.starts_with(['-', '+']) => {
            of(&[format!("{one}m")], thing, at_most)
        }
        words => of(words, thing, at_most),
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
        for wrong in ["0", "61", "-3", "nan", "inf", "1e3", "soon"] {
            assert_eq!(read(wrong).unwrap_err().kind, super::super::error::Kind::Usage, "{wrong}");
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
