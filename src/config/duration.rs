//! How long, as people write it: `4h`, `1h 30m`, `20s`, `2 days`.

use jiff::SignedDuration;

/// Units from long to short: seconds, the short name, then what else people write. A day is 24 hours.
const UNITS: [(i64, &str, &[&str]); 5] = [
    (7 * 86_400, "w", &["week", "weeks"]),
    (86_400, "d", &["day", "days"]),
    (3_600, "h", &["hr", "hrs", "hour", "hours"]),
    (60, "m", &["min", "mins", "minute", "minutes"]),
    (1, "s", &["sec", "secs", "second", "seconds"]),
];

/// No duration is longer: a hundred years.
const AT_MOST: SignedDuration = SignedDuration::from_hours(100 * 366 * 24);

/// Examples for people.
pub(super) const EXAMPLES: &str = "\"20s\", \"15m\", \"4h\", \"1h 30m\" or \"2 days\"";

/// Reads a duration: numbers with units, the longer unit first; a day is 24 hours. The error is a full sentence with the
/// value and examples.
pub fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    read(text).map_err(|why| {
        format!("{} {why}; write for example {EXAMPLES}.", super::names::shown(text))
    })
}

/// Reads a duration; the error completes the sentence "VALUE …".
pub(super) fn read(text: &str) -> Result<SignedDuration, &'static str> {
    let lower = text.trim().to_lowercase();
    let mut rest = lower.as_str();
    if rest.is_empty() {
        return Err("is not a duration");
    }
    if rest.starts_with('-') {
        return Err("is negative");
    }
    let mut total = SignedDuration::ZERO;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| !c.is_ascii_digit() && c != '.');
        let (word, after) = split_where(after.trim_start(), |c| !c.is_alphabetic());
        rest = after.trim_start();
        if number.is_empty() {
            return Err("is not a duration");
        }
        if word.is_empty() {
            return Err("has a number without a unit");
        }
        if !UNITS.iter().any(|(_, short, long)| *short == word || long.contains(&word)) {
            return Err("has a unit that is not known");
        }
        // The iterator is used up as it goes, so that a unit comes once and after the longer ones.
        let Some((seconds, ..)) =
            units.find(|(_, short, long)| *short == word || long.contains(&word))
        else {
            return Err("has its units twice or in an odd order");
        };
        let part = times(number, *seconds).ok_or("is not a duration")?;
        total = total.checked_add(part).ok_or("is longer than can be meant")?;
        if total > AT_MOST {
            return Err("is longer than can be meant");
        }
    }
    Ok(total)
}

/// Writes a duration so that [`parse_duration`] reads it back: `1h 30m`. Less than a second is left out.
pub fn write_duration(duration: SignedDuration) -> String {
    let mut rest = duration.as_secs().max(0);
    let mut parts = Vec::new();
    for (seconds, unit, _) in &UNITS[1..] {
        // "72h" and "48h" read easier than days with hours.
        if *seconds == 86_400 && rest % 86_400 != 0 && rest < 4 * 86_400 {
            continue;
        }
        match rest / seconds {
            0 => {}
            1 if *unit == "d" => parts.push("1 day".to_owned()),
            days if *unit == "d" => parts.push(format!("{days} days")),
            number => parts.push(format!("{number}{unit}")),
        }
        rest %= seconds;
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// `1.5` times 3600, to the millisecond. Saturates far above [`AT_MOST`].
fn times(number: &str, seconds: i64) -> Option<SignedDuration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_odd = number.ends_with('.') || fraction.len() > 3 || !digits(fraction);
    if whole.is_empty() || is_odd || !digits(whole) {
        return None;
    }
    let whole = whole.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(seconds);
    let thousandths = format!("{fraction:0<3}").parse::<i64>().ok()?;
    let whole = SignedDuration::from_secs(whole.min(1 << 40));
    Some(whole + SignedDuration::from_millis(thousandths * seconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> i64 {
        parse_duration(text).unwrap().as_secs()
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(seconds("4h"), 4 * 3600);
        assert_eq!(seconds("1h30m"), 5400);
        assert_eq!(seconds("1h 30m"), 5400);
        assert_eq!(seconds(" 1 hour 30 minutes "), 5400);
        assert_eq!(seconds("1.5h"), 5400);
        assert_eq!(seconds("20s"), 20);
        assert_eq!(seconds("2 days"), 172_800);
        assert_eq!(seconds("1 Week"), 604_800);
        assert_eq!(seconds("0s"), 0);
        assert_eq!(seconds("5000h"), 18_000_000);
    }

    #[test]
    fn what_is_not_a_duration_is_refused_with_the_value_and_examples() {
        let refused = [
            "",
            " ",
            "90",
            "h",
            "4x",
            "-4h",
            "4h-",
            "30m 1h",
            "1h 1h",
            "1h30",
            "1.h",
            "1..5h",
            ".5h",
            "half an hour",
            "9999999999999999999999h",
            "٣h",
            "1,5h",
            "∞",
        ];
        for text in refused {
            let sentence = parse_duration(text).unwrap_err();
            assert!(sentence.contains("\"1h 30m\""), "{sentence}");
            assert!(sentence.ends_with('.'), "{sentence}");
        }
        assert_eq!(
            parse_duration("90").unwrap_err(),
            "\"90\" has a number without a unit; write for example \"20s\", \"15m\", \"4h\", \"1h 30m\" or \"2 days\"."
        );
    }

    #[test]
    fn durations_are_written_short() {
        assert_eq!(write_duration(SignedDuration::from_secs(5400)), "1h 30m");
        assert_eq!(write_duration(SignedDuration::from_hours(80)), "80h");
        assert_eq!(write_duration(SignedDuration::from_hours(72)), "3 days");
        assert_eq!(write_duration(SignedDuration::from_hours(24)), "1 day");
        assert_eq!(write_duration(SignedDuration::from_hours(5000)), "208 days 8h");
        assert_eq!(write_duration(SignedDuration::ZERO), "0s");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in 0..3_000_000_000_i64) {
            let duration = SignedDuration::from_secs(seconds);
            prop_assert_eq!(parse_duration(&write_duration(duration)), Ok(duration));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            if let Ok(duration) = parse_duration(&text) {
                prop_assert!(!duration.is_negative() && duration <= AT_MOST);
            }
        }
    }
}
