//! What each rule and each act by hand means.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{Hold, Reason, SETTLE, Start, Stay, Surroundings, Unlock, here},
    world::{World, after, at, bedroom, dim, hours, session, weekly},
};
use crate::config::{Kinds, Measures, Notifications, PlaceRule, Profile, STRONG_AT_MOST, Sign};

const NOON: &str = "2026-06-01T12:00:00Z";

fn noon() -> Timestamp {
    at(NOON)
}

/// A world with a rule of 4 h, 20 h and 48 h, and a session that ended at noon.
fn after_a_session() -> World {
    let mut world = World::default();
    world.config.after = vec![after(&[4, 20, 48])];
    world.sessions = vec![session("one", noon())];
    world
}

fn start(from: Timestamp, until: Timestamp) -> Start {
    Start { id: "x".into(), profile: "calm".into(), from, until }
}

fn with_profile(mut world: World) -> World {
    world
        .config
        .profiles
        .insert("calm".into(), Profile { measures: dim(30), ..Profile::default() });
    world
}

#[test]
fn phases_are_half_open_and_follow_each_other() {
    let world = after_a_session();
    let seen = [0, 3, 4, 23, 24, 71].map(|passed| {
        let evaluation = world.at(noon() + hours(passed));
        let Reason::After { phase, of: 3, .. } = evaluation.periods[0].reason else { panic!() };
        (phase, evaluation.measures.dim, evaluation.next_change.unwrap().duration_since(noon()))
    });
    let expected = [(1, 50, 4), (1, 50, 4), (2, 40, 24), (2, 40, 24), (3, 30, 72), (3, 30, 72)];
    assert_eq!(seen, expected.map(|(phase, dim, next)| (phase, dim, hours(next))));
    assert_eq!(world.at(noon()).until, Some(noon() + hours(72)));
    let over = world.at(noon() + hours(72));
    assert!(over.periods.is_empty() && over.until.is_none() && over.next_change.is_none());
    let before = world.at(noon() - hours(1));
    assert!(!before.is_quiet());
    assert_eq!(before.next_change, Some(noon()));
}

#[test]
fn a_late_log_lands_in_the_right_phase() {
    let mut world = after_a_session();
    world.sessions[0].logged = noon() + hours(5);
    assert_eq!(world.at(noon() + hours(5)).measures, dim(40));
}

#[test]
fn every_rule_whose_kinds_include_the_session_applies() {
    let mut world = after_a_session();
    world.config.after.push(after(&[2]));
    world.config.after[1].session = Kinds::These(BTreeSet::from(["emdr".into()]));
    assert_eq!(world.at(noon()).periods.len(), 1);
    world.sessions[0].kind = "EMDR".into();
    let periods = world.at(noon()).periods;
    assert_eq!(periods.len(), 2);
    assert!(periods.iter().all(|period| period.run == "session:one"));
    assert_eq!(periods[0].until, Some(noon() + hours(4)), "the one that ends last is first");
}

#[test]
fn a_place_is_known_by_a_monitor_or_a_dock() {
    let mut world = World::default();
    let monitor = |name: &str| PlaceRule {
        name: name.to_owned(),
        sign: Sign::Monitor(name.to_owned()),
        ..bedroom(dim(10))
    };
    let dock = PlaceRule { name: "dock".to_owned(), sign: Sign::Dock, ..bedroom(dim(10)) };
    world.config.places = vec![bedroom(dim(10)), monitor("DP-2"), monitor("dp-2"), dock];
    let monitors = BTreeSet::from(["DP-2".to_owned(), "Bedroom".to_owned()]);
    let around = Surroundings { monitors, ..Surroundings::default() };
    assert_eq!(here(&world.config, &around), BTreeSet::from(["DP-2".to_owned()]));
    let around = Surroundings { docked: true, ..Surroundings::default() };
    assert_eq!(here(&world.config, &around), BTreeSet::from(["dock".to_owned()]));
}

#[test]
fn a_place_is_quiet_while_its_network_is_there() {
    let mut world = World::default();
    world.config.places = vec![bedroom(dim(10))];
    let on = |network: &str| {
        let networks = BTreeSet::from([network.to_owned()]);
        here(&world.config, &Surroundings { networks, ..Surroundings::default() })
    };
    assert!(on("bedroom").is_empty(), "names of networks are compared exactly");
    assert_eq!(on("Bedroom"), BTreeSet::from(["bedroom".to_owned()]));
    world.stays.insert("bedroom".into(), Stay { since: noon(), left: None });
    let evaluation = world.at(noon());
    assert_eq!(evaluation.periods[0].run, "place:bedroom");
    assert_eq!((evaluation.until, evaluation.next_change), (None, None));

    world.by_hand.offs.push(noon() + hours(1));
    assert!(!world.at(noon() + hours(100)).is_quiet(), "off holds for as long as one stays");
    world.stays.insert("bedroom".into(), Stay { since: noon() + hours(2), left: None });
    assert!(world.at(noon() + hours(2)).is_quiet(), "coming back is another run");
    world
        .stays
        .insert("bedroom".into(), Stay { since: noon() + hours(2), left: Some(noon() + hours(3)) });
    let leaving = world.at(noon() + hours(3));
    assert_eq!((leaving.is_quiet(), leaving.next_change), (true, Some(noon() + hours(3) + SETTLE)));
    assert!(!world.at(noon() + hours(3) + SETTLE).is_quiet());
}

#[test]
fn at_a_place_what_is_strong_ends_after_72_hours() {
    let mut world = World::default();
    let strong = Measures { notifications: Notifications::Urgent, ..dim(10) };
    world.config.places = vec![bedroom(strong.clone())];
    world.stays.insert("bedroom".into(), Stay { since: noon(), left: None });
    let first = world.at(noon());
    assert_eq!((first.measures, first.next_change), (strong, Some(noon() + STRONG_AT_MOST)));
    assert_eq!(first.until, None);
    let later = world.at(noon() + STRONG_AT_MOST);
    assert_eq!(later.measures, Measures { notifications: Notifications::Batched, ..dim(10) });
    assert_eq!((later.until, &*later.periods[0].run), (None, "place:bedroom"));
    world.by_hand.offs.push(noon() + hours(1));
    assert!(!world.at(noon() + hours(100)).is_quiet(), "off is off for what follows as well");
}

#[test]
fn a_start_looks_its_profile_up_and_ends() {
    let mut world = with_profile(World::default());
    world.by_hand.starts = vec![start(noon(), noon() + hours(2))];
    let evaluation = world.at(noon() + hours(1));
    assert_eq!((evaluation.measures, evaluation.until), (dim(30), Some(noon() + hours(2))));
    assert!(!world.at(noon() + hours(2)).is_quiet());
    world.config.profiles.clear();
    assert!(world.at(noon() + hours(1)).periods.is_empty());
}

#[test]
fn starts_and_holds_end_after_72_hours_whatever_the_file_says() {
    let mut world = with_profile(World::default());
    world.by_hand.starts = vec![start(noon(), noon() + hours(5000))];
    assert_eq!(world.at(noon()).until, Some(noon() + STRONG_AT_MOST));
    world.by_hand.starts.clear();
    world.by_hand.holds = vec![Hold {
        cookie: 3,
        caller: ":1.3".into(),
        profile: "calm".into(),
        reason: "a call".into(),
        from: noon(),
    }];
    let held = world.at(noon());
    assert_eq!((held.until, &*held.periods[0].run), (Some(noon() + STRONG_AT_MOST), "hold:3"));
    assert!(!world.at(noon() + STRONG_AT_MOST).is_quiet());
}

#[test]
fn the_end_counts_what_follows_without_a_gap() {
    let mut world = with_profile(after_a_session());
    world.config.weekly = vec![weekly("noons", &[], "11:00", "13:00")];
    assert_eq!(world.at(noon()).until, Some(noon() + hours(73)));
    world.by_hand.starts = vec![start(noon() + hours(73), noon() + hours(80))];
    assert_eq!(world.at(noon()).until, Some(noon() + hours(80)));
    world.by_hand.starts[0].from += SignedDuration::from_secs(1);
    assert_eq!(world.at(noon()).until, Some(noon() + hours(73)));
}

#[test]
fn windows_that_leave_no_moment_of_the_week_open_have_no_end() {
    let mut world = World::default();
    world.config.weekly =
        vec![weekly("days", &[], "06:00", "18:00"), weekly("nights", &[], "18:00", "06:00")];
    assert_eq!(world.at(noon()).until, None);
    world.by_hand.offs = vec![noon()];
    assert_eq!(world.at(noon()).next_change, Some(noon() + hours(6)));
    assert_eq!(world.at(noon() - hours(7)).until, Some(noon() - hours(6)));
    assert_eq!(world.at(noon() + hours(6)).until, None);
    let mut started = with_profile(world.clone());
    started.by_hand.starts = vec![start(noon() + hours(1), noon() + hours(5))];
    assert_eq!(
        started.at(noon() + hours(1)).until,
        Some(noon() + hours(5)),
        "in the lifted window"
    );
    world.config.weekly[0].from = "06:01".parse().unwrap();
    assert_eq!(world.at(noon() + hours(6)).until, Some(noon() + hours(18)));
}

#[test]
fn a_pause_opens_the_desktop_and_ends_by_itself() {
    let mut world = after_a_session();
    world.by_hand.paused_until = Some(noon() + hours(1));
    let paused = world.at(noon());
    assert_eq!(paused.measures, Measures::default());
    assert_eq!((paused.paused_until, paused.next_change), {
        let until = Some(noon() + hours(1));
        (until, until)
    });
    assert_eq!((paused.periods.len(), paused.until), (1, Some(noon() + hours(72))));
    assert!(world.at(noon() + hours(1)).is_quiet());
    let idle = world.at(noon() - hours(1));
    assert_eq!((idle.paused_until, idle.next_change), (None, Some(noon())));
}

#[test]
fn an_unlock_ends_when_its_last_one_does() {
    let mut world = after_a_session();
    let unlock = |until| Unlock { what: "mail".into(), from: noon(), until };
    world.by_hand.unlocks = vec![unlock(noon() + hours(2)), unlock(noon() + hours(1))];
    let evaluation = world.at(noon());
    assert_eq!(evaluation.unlocked, BTreeSet::from(["mail".to_owned()]));
    assert_eq!(evaluation.next_change, Some(noon() + hours(2)));
    assert!(world.at(noon() + hours(2)).unlocked.is_empty());
}

#[test]
fn an_unlock_begins_after_its_wait() {
    let mut world = after_a_session();
    world.config.after[0].phases[0].measures.lock.apps = ["mail".to_owned()].into();
    let opens = noon() + SignedDuration::from_secs(20);
    for what in ["mail", "not locked"] {
        let unlock = Unlock { what: what.into(), from: opens, until: noon() + hours(1) };
        world.by_hand.unlocks.push(unlock);
    }
    let waiting = world.at(noon());
    assert_eq!(waiting.unlocked, BTreeSet::new());
    assert_eq!(waiting.waits, [("mail".to_owned(), opens)].into());
    assert_eq!(waiting.next_change, Some(opens));
    let open = world.at(opens);
    assert!(open.unlocked.contains("mail") && open.waits.is_empty());
    assert_eq!(open.next_change, Some(noon() + hours(1)));
    world.by_hand.paused_until = Some(opens);
    assert!(world.at(noon()).waits.is_empty(), "what is not locked now waits for nothing");
}

#[test]
fn off_ends_the_session_with_all_its_phases_and_not_the_next_one() {
    let mut world = after_a_session();
    world.by_hand.offs = vec![noon() + hours(1)];
    for passed in [1, 4, 30, 71] {
        assert!(world.at(noon() + hours(passed)).periods.is_empty());
    }
    let late = session("two", noon() + SignedDuration::from_mins(30));
    world.sessions.push(late);
    assert!(!world.at(noon() + hours(2)).is_quiet(), "it had been logged");
    world.sessions[1].logged = noon() + hours(2);
    assert_eq!(world.at(noon() + hours(2)).periods.len(), 1, "it was logged after off");
}

#[test]
fn off_after_the_clock_was_set_back_still_ends_what_runs() {
    let mut world = after_a_session();
    world.ahead.insert("session:one".into(), hours(5));
    world.by_hand.offs = vec![noon() - hours(4)];
    assert!(world.at(noon() - hours(4)).periods.is_empty());
    assert!(world.at(noon() + hours(10)).periods.is_empty());
}

#[test]
fn a_run_that_is_ahead_ends_that_much_earlier() {
    let mut world = after_a_session();
    world.ahead.insert("session:one".into(), hours(3));
    let evaluation = world.at(noon());
    assert_eq!(evaluation.next_change, Some(noon() + hours(1)));
    assert_eq!(evaluation.until, Some(noon() + hours(69)));
    world.ahead.insert("session:one".into(), hours(-3));
    assert_eq!(world.at(noon()).until, Some(noon() + hours(72)), "none is behind");
}

#[test]
fn a_weekly_run_that_is_ahead_is_seen_wherever_it_is() {
    let mut world = World::default();
    world.config.weekly = vec![weekly("evenings", &[], "21:30", "07:00")];
    world.ahead.insert("weekly:evenings@2026-08-01".into(), hours(24 * 61));
    let periods = world.at(at("2026-06-01T22:00:00Z")).periods;
    let runs: Vec<&str> = periods.iter().map(|period| &*period.run).collect();
    assert_eq!(runs, ["weekly:evenings@2026-06-01", "weekly:evenings@2026-08-01"]);
    assert!(world.at(at("2026-08-01T22:00:00Z")).periods.is_empty());
}

#[test]
fn a_plan_lists_what_runs_or_begins_in_order() {
    let mut world = after_a_session();
    world.config.weekly = vec![weekly("evenings", &[], "21:30", "07:00")];
    let plan = world.between(noon() + hours(1), noon() + hours(24));
    let runs: Vec<(&str, &str)> = plan.iter().map(|p| (&*p.run, &*p.profile)).collect();
    let evening = "weekly:evenings@2026-06-01";
    assert_eq!(runs, [("session:one", "phase 1"), ("session:one", "phase 2"), (evening, "ease")]);
    let endless = world.between(noon(), Timestamp::MAX);
    assert_eq!(endless.len(), 3 + 366, "a plan looks a year ahead at most");
}

#[test]
fn ten_years_of_sessions_change_nothing() {
    let mut world = after_a_session();
    world.config.after.extend((0..1000).map(|_| after(&[4, 20])));
    world.config.weekly =
        (0..1000).map(|n| weekly(&n.to_string(), &[], "21:30", "07:00")).collect();
    let short = world.at(noon());
    let old = (1..50_000).map(|n| session(&n.to_string(), noon() - hours(73 + n)));
    world.sessions.extend(old);
    assert_eq!(world.at(noon()), short);
}
