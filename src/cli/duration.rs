//! Durations as people write them: `90m`, `1h 30m`, `2 hours`.

use jiff::{SignedDuration, Span, SpanRelativeTo};

/// Reads a duration of more than zero; a day is 24 hours. The error is a sentence.
pub fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    text.trim()
        .parse::<Span>()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .ok()
        .filter(SignedDuration::is_positive)
        .ok_or_else(|| format!("«{text}» is not a duration. Write it like 20m, 4h or \"1h 30m\"."))
}
