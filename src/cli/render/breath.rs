//! `quietctl breathe` and `quietctl sit`: the pace, and what is said.

use jiff::{SignedDuration, Timestamp};

use super::Page;

/// How long one breathes in, and how long out: six breaths a minute.
const IN: SignedDuration = SignedDuration::from_secs(4);
const OUT: SignedDuration = SignedDuration::from_secs(6);

/// Said at the end; nothing is counted.
pub const OVER: &str = "The time is over. Take a moment before you go on.";

/// Half a breath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// The first half.
    In,
    /// The second, longer one.
    Out,
}

impl Half {
    /// The word for it; both words have the same width, so that one can stand where the other stood.
    pub fn word(self) -> &'static str {
        match self {
            Self::In => "  in ",
            Self::Out => "  out",
        }
    }
}

/// How long it goes on: whole breaths, so that it ends with one out.
pub fn whole_breaths(lasts: SignedDuration) -> SignedDuration {
    let breath = (IN + OUT).as_secs();
    let breaths = lasts.as_secs().max(1).saturating_add(breath - 1) / breath;
    SignedDuration::from_secs(breaths.saturating_mul(breath))
}

/// Which half of a breath it is so long after the beginning, and when that half ends; none when it is over.
pub fn half(gone: SignedDuration, lasts: SignedDuration) -> Option<(Half, SignedDuration)> {
    if gone >= lasts {
        return None;
    }
    let breath = (IN + OUT).as_secs();
    let begun = SignedDuration::from_secs(gone.as_secs().max(0) / breath * breath);
    let (half, until) = match begun + IN {
        until if gone < until => (Half::In, until),
        until => (Half::Out, until + OUT),
    };
    Some((half, until.min(lasts)))
}

/// The first lines of `quietctl breathe`.
pub fn breathing(page: &Page, until: Timestamp) -> String {
    let text = format!(
        "Breathing until {}. Ctrl-C ends it. Your own pace is as good as this one.",
        page.when(until)
    );
    format!("{}\n", page.advice(0, &text))
}

/// The first line of `quietctl sit`.
pub fn sitting(page: &Page, until: Timestamp) -> String {
    page.advice(0, &format!("Sitting until {}. Ctrl-C ends it.", page.when(until)))
}

/// The last line of both.
pub fn over(page: &Page) -> String {
    page.advice(0, OVER)
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{at, page},
        *,
    };

    fn seconds(seconds: i64) -> SignedDuration {
        SignedDuration::from_secs(seconds)
    }

    #[test]
    fn it_is_six_breaths_a_minute_and_ends_with_one_out() {
        let lasts = whole_breaths(seconds(60));
        let mut halves = Vec::new();
        let mut gone = SignedDuration::ZERO;
        while let Some((half, until)) = half(gone, lasts) {
            assert!(until > gone);
            halves.push((half, (until - gone).as_secs()));
            gone = until;
        }
        assert_eq!(halves, [(Half::In, 4), (Half::Out, 6)].repeat(6));
        assert_eq!(gone, seconds(60));
        for (asked, whole) in
            [(1, 10), (10, 10), (11, 20), (300, 300), (i64::MAX, i64::MAX / 10 * 10)]
        {
            assert_eq!(whole_breaths(seconds(asked)), seconds(whole), "{asked}");
        }
    }

    #[test]
    fn after_a_suspend_it_goes_on_where_it_would_be_or_is_over() {
        let lasts = seconds(300);
        assert_eq!(half(SignedDuration::from_millis(3_999), lasts), Some((Half::In, seconds(4))));
        assert_eq!(half(seconds(4), lasts), Some((Half::Out, seconds(10))));
        assert_eq!(
            half(SignedDuration::from_millis(123_400), lasts),
            Some((Half::In, seconds(124)))
        );
        assert_eq!(half(seconds(300), lasts), None);
        assert_eq!(half(seconds(90_000), lasts), None);
        assert_eq!(half(seconds(-5), lasts).map(|it| it.0), Some(Half::In));
    }

    #[test]
    fn what_is_said_fits() {
        let until = at("2026-11-25T15:05+01");
        insta::assert_snapshot!(breathing(&page(), until), @r"
        Breathing until 15:05. Ctrl-C ends it. Your own pace is as good
        as this one.

        ");
        insta::assert_snapshot!(sitting(&page(), until), @"Sitting until 15:05. Ctrl-C ends it.");
        insta::assert_snapshot!(over(&page()), @"The time is over. Take a moment before you go on.");
        let narrow = Page { width: 24, ..page() };
        for text in [breathing(&narrow, until), sitting(&narrow, until), over(&narrow)] {
            assert!(text.lines().all(|line| line.chars().count() <= 24), "{text}");
        }
        assert_eq!(Half::In.word().len(), Half::Out.word().len());
    }
}
