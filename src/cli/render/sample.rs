//! What the renderings are tested with: a Wednesday afternoon, an hour after a session that ended at 14:00.

use jiff::Timestamp;

use super::{Colour, Page};
use crate::{
    api::{MeasuresEntry, PeriodEntry, ProblemEntry},
    cli::state::State,
};

pub fn page() -> Page {
    let now = "2026-11-25T15:00:00+01:00[Europe/Berlin]".parse().unwrap();
    Page { now, width: 80, colour: Colour::Plain }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn usec(text: &str) -> u64 {
    at(text).as_microsecond().unsigned_abs()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub fn settle() -> MeasuresEntry {
    MeasuresEntry {
        notifications: Some("urgent".into()),
        batches: None,
        dim: Some(40),
        warmth: Some(3400),
        greyscale: Some(true),
        apps: Some(names(&[
            "com.discordapp.Discord",
            "org.telegram.desktop",
            "steam",
            "thunderbird",
        ])),
        sites: Some(names(&[
            "facebook.com",
            "instagram.com",
            "news.ycombinator.com",
            "reddit.com",
            "tiktok.com",
            "x.com",
            "youtube.com",
        ])),
        breaks: Some(900_000_000),
    }
}

pub fn quiet() -> MeasuresEntry {
    MeasuresEntry { dim: Some(25), warmth: Some(4000), greyscale: None, apps: None, ..settle() }
}

pub fn ease() -> MeasuresEntry {
    MeasuresEntry {
        notifications: Some("batched".into()),
        batches: Some(names(&["09:00", "13:00", "18:00"])),
        warmth: Some(5000),
        ..MeasuresEntry::default()
    }
}

fn phase(
    number: usize,
    profile: &str,
    measures: MeasuresEntry,
    from: &str,
    until: &str,
) -> PeriodEntry {
    PeriodEntry {
        run: "session:7".into(),
        reason: format!("after a session that ended 14:00, phase {number} of 3"),
        profile: profile.into(),
        from: usec(from),
        until: usec(until),
        measures,
    }
}

pub fn ahead() -> Vec<PeriodEntry> {
    vec![
        phase(1, "settle", settle(), "2026-11-25T14:00+01", "2026-11-25T18:00+01"),
        phase(2, "quiet", quiet(), "2026-11-25T18:00+01", "2026-11-26T14:00+01"),
        phase(3, "ease", ease(), "2026-11-26T14:00+01", "2026-11-28T14:00+01"),
        PeriodEntry {
            run: "weekly:evenings@2026-11-29".into(),
            reason: "every week: evenings".into(),
            profile: "ease".into(),
            from: usec("2026-11-29T21:30+01"),
            until: usec("2026-11-30T07:00+01"),
            measures: ease(),
        },
    ]
}

pub fn settling() -> State {
    State {
        quiet: true,
        profile: "settle".into(),
        until: usec("2026-11-28T14:00+01"),
        next_change: usec("2026-11-25T18:00+01"),
        measures: settle(),
        reasons: ahead()[..1].to_vec(),
        version: "0.1.0".into(),
        ..State::default()
    }
}

pub fn dim_problem() -> ProblemEntry {
    ProblemEntry {
        measure: "dim".into(),
        backend: "logind-backlight".into(),
        text: "The screens could not be dimmed: no backlight was found. Turn the screens down at \
               their own buttons if that is better for you."
            .into(),
    }
}
