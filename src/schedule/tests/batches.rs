//! Notifications in batches: when they come through.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use proptest::prelude::*;

use super::{
    super::{Evaluation, Start},
    world::{World, after, any_world, at, hours, quickly, session, steps, weekly},
};
use crate::config::{BATCH_LASTS, Measures, Notifications, Profile};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

fn level(notifications: Notifications) -> Measures {
    Measures { notifications, ..Measures::default() }
}

/// Batched for two days after a session that ended at noon in the zone, at these times of the day.
fn batched(zone: &str, ended: &str, batches: &[&str]) -> World {
    let mut world = World { zone: TimeZone::get(zone).unwrap(), ..World::default() };
    world.config.after = vec![after(&[48])];
    world.config.after[0].phases[0].measures = level(Notifications::Batched);
    world.config.batches = batches.iter().map(|time| time.parse().unwrap()).collect();
    world.sessions = vec![session("one", at(ended))];
    world
}

/// From when until when they come through, as it stands on the wall, followed from change to change.
fn windows(world: &World) -> Vec<String> {
    let wall = |at: Timestamp| at.to_zoned(world.zone.clone()).strftime("%a %H:%M%:::z");
    let mut found = Vec::new();
    let mut now = world.sessions[0].ended;
    let over = now + hours(48);
    while let Some(next) = world.at(now).next_change.filter(|next| *next < over) {
        if let Some(until) = world.at(next).let_through
            && world.at(now).let_through.is_none()
        {
            found.push(format!("{} to {}", wall(next), wall(until)));
        }
        now = next;
    }
    found
}

fn is_let_through(evaluation: &Evaluation) -> bool {
    assert_eq!(evaluation.measures.notifications, Notifications::Batched);
    evaluation.let_through.is_some()
}

#[test]
fn they_come_through_for_five_minutes_at_each_time() {
    let world = batched("Europe/Berlin", "2026-06-01T12:00:00+02", &["09:00", "13:00", "18:00"]);
    assert_eq!(
        windows(&world),
        [
            "Mon 13:00+02 to Mon 13:05+02",
            "Mon 18:00+02 to Mon 18:05+02",
            "Tue 09:00+02 to Tue 09:05+02",
            "Tue 13:00+02 to Tue 13:05+02",
            "Tue 18:00+02 to Tue 18:05+02",
            "Wed 09:00+02 to Wed 09:05+02",
        ]
    );
    let before = world.at(at("2026-06-01T12:30:00+02"));
    assert!(!is_let_through(&before));
    assert_eq!(before.next_batch, Some(at("2026-06-01T13:00:00+02")));
    assert_eq!(before.next_change, before.next_batch);
    let during = world.at(at("2026-06-01T13:00:00+02"));
    assert!(is_let_through(&during) && during.is_quiet());
    assert_eq!(during.until, before.until, "a batch lengthens nothing");
    assert_eq!(during.next_change, Some(at("2026-06-01T13:05:00+02")));
    assert_eq!(during.next_batch, Some(at("2026-06-01T18:00:00+02")));
    let last = world.at(at("2026-06-03T10:00:00+02"));
    assert_eq!(last.next_batch, None, "quiet is over before the next one");
}

#[test]
fn batches_that_touch_are_one() {
    let world = batched("UTC", "2026-06-01T12:00:00Z", &["13:00", "13:03", "13:08", "13:14"]);
    let first = &windows(&world)[..2];
    assert_eq!(first, ["Mon 13:00+00 to Mon 13:13+00", "Mon 13:14+00 to Mon 13:19+00"]);
    let during = world.at(at("2026-06-01T13:01:00Z"));
    assert_eq!(during.next_batch, Some(at("2026-06-01T13:14:00Z")));
}

#[test]
fn a_time_that_the_clocks_skip_is_where_the_gap_ends() {
    let world = batched("Europe/Berlin", "2026-03-28T12:00:00+01", &["02:30"]);
    let shown = ["Sun 03:00+02 to Sun 03:05+02", "Mon 02:30+02 to Mon 02:35+02"];
    assert_eq!(windows(&world), shown);
    let world = batched("Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", &["02:10"]);
    assert_eq!(windows(&world)[0], "Sun 02:30+11 to Sun 02:35+11");
    let two = batched("Europe/Berlin", "2026-03-28T12:00:00+01", &["02:15", "02:45", "03:00"]);
    assert_eq!(windows(&two)[0], "Sun 03:00+02 to Sun 03:05+02");
}

#[test]
fn a_time_that_the_clocks_show_twice_comes_once() {
    let world = batched("Europe/Berlin", "2026-10-24T12:00:00+02", &["02:30"]);
    let shown = ["Sun 02:30+02 to Sun 02:35+02", "Mon 02:30+01 to Mon 02:35+01"];
    assert_eq!(windows(&world), shown);
}

#[test]
fn a_date_that_the_zone_skips_has_none() {
    let world = batched("Pacific/Apia", "2011-12-29T12:00:00-10", &["13:00"]);
    let shown = ["Thu 13:00-10 to Thu 13:05-10", "Sat 13:00+14 to Sat 13:05+14"];
    assert_eq!(windows(&world)[..2], shown);
}

#[test]
fn what_is_stricter_lets_none_through() {
    let mut world = batched("UTC", "2026-06-01T12:00:00Z", &["13:00", "18:00"]);
    let mut urgent = weekly("lunch", &[], "12:30", "14:00");
    urgent.measures = level(Notifications::Urgent);
    world.config.weekly = vec![urgent];
    let shown = ["Mon 18:00+00 to Mon 18:05+00", "Tue 18:00+00 to Tue 18:05+00"];
    assert_eq!(windows(&world), shown);
    assert_eq!(world.at(at("2026-06-01T12:10:00Z")).next_batch, Some(at("2026-06-01T18:00:00Z")));
    let during = world.at(at("2026-06-01T13:00:00Z"));
    assert_eq!((during.let_through, during.next_batch), (None, None));
    world.config.weekly[0].from = "13:02".parse().unwrap();
    let cut = world.at(at("2026-06-01T13:00:00Z"));
    assert_eq!(cut.let_through, Some(at("2026-06-01T13:02:00Z")));
}

#[test]
fn what_begins_during_a_batch_holds_at_once() {
    let mut world = World::default();
    let measures = level(Notifications::Batched);
    world.config.profiles.insert("calm".into(), Profile { measures, ..Profile::default() });
    world.config.batches = vec!["13:00".parse().unwrap()];
    let now = at("2026-06-01T13:02:00Z");
    let start =
        |from| Start { id: "x".into(), profile: "calm".into(), from, until: now + hours(2) };
    world.by_hand.starts = vec![start(now)];
    assert!(!is_let_through(&world.at(now)));
    world.by_hand.starts = vec![start(now - hours(1))];
    assert!(is_let_through(&world.at(now)));
}

#[test]
fn a_batch_where_one_period_follows_another_comes() {
    let mut world = World::default();
    let mut early = weekly("early", &[], "12:00", "13:00");
    let mut late = weekly("late", &[], "13:00", "14:00");
    early.measures = level(Notifications::Urgent);
    late.measures = level(Notifications::Batched);
    world.config.weekly = vec![early, late];
    world.config.batches = vec!["13:00".parse().unwrap()];
    let now = at("2026-06-01T13:00:00Z");
    assert!(is_let_through(&world.at(now)));
    assert!(is_let_through(&world.at(now + SignedDuration::from_mins(4))));
    world.config.weekly.remove(0);
    assert!(!is_let_through(&world.at(now)));
}

#[test]
fn a_pause_and_an_off_have_no_batches() {
    let mut world = batched("UTC", "2026-06-01T12:00:00Z", &["13:00"]);
    let now = at("2026-06-01T13:00:00Z");
    world.by_hand.paused_until = Some(now + hours(1));
    assert_eq!((world.at(now).let_through, world.at(now).next_batch), (None, None));
    world.by_hand.offs = vec![now];
    assert_eq!((world.at(now).let_through, world.at(now).next_batch), (None, None));
}

#[test]
fn a_batch_that_was_slept_through_comes_on_waking() {
    let mut world = batched("UTC", "2026-06-01T12:00:00Z", &["13:00", "18:00"]);
    let (asleep, awake) = (at("2026-06-01T12:50:00Z"), at("2026-06-01T13:20:00Z"));
    assert!(!is_let_through(&world.at(awake)));
    world.slept = Some((asleep, awake));
    assert_eq!(world.at(awake).let_through, Some(awake + BATCH_LASTS));
    assert!(!is_let_through(&world.at(awake + BATCH_LASTS)));
    assert!(!is_let_through(&world.at(awake - SECOND)));
    // Waking in the middle of it, the person has the whole of it.
    let late = at("2026-06-01T13:04:00Z");
    world.slept = Some((asleep, late));
    assert_eq!(world.at(late).let_through, Some(late + BATCH_LASTS));
    // Asleep between two batches, or before there was quiet: nothing was missed.
    world.slept = Some((at("2026-06-01T13:06:00Z"), awake));
    assert!(!is_let_through(&world.at(awake)));
    world.sessions[0].ended = at("2026-06-01T13:10:00Z");
    world.slept = Some((asleep, awake));
    assert!(!is_let_through(&world.at(awake)));
}

proptest! {
    #![proptest_config(quickly())]

    #[test]
    fn a_batch_opens_only_what_is_batched((world, noon) in any_world(), minute in -1800..1800i64) {
        let now = steps(noon, 0) + SignedDuration::from_mins(minute);
        let evaluation = world.at(now);
        let strictest = evaluation.periods.iter().map(|it| it.measures.notifications).max();
        let open = evaluation.let_through;
        if open.or(evaluation.next_batch).is_some() {
            prop_assert_eq!(strictest, Some(Notifications::Batched));
            prop_assert_eq!(evaluation.paused_until, None);
            prop_assert!(evaluation.is_quiet());
        }
        prop_assert!(open.is_none_or(|open| now < open));
        let next = evaluation.next_batch;
        prop_assert!(next.is_none_or(|next| now < next && evaluation.next_change <= Some(next)));
        // What is told of the next one is so, if nothing is paused until then.
        if let Some(next) = next {
            prop_assert!(world.at(next).let_through.is_some());
        }
        let without = World {
            config: crate::config::Config { batches: Vec::new(), ..world.config.clone() },
            ..world.clone()
        };
        let same = Evaluation {
            let_through: None,
            next_batch: None,
            next_change: without.at(now).next_change,
            ..evaluation
        };
        prop_assert_eq!(without.at(now), same);
    }
}
