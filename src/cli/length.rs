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
