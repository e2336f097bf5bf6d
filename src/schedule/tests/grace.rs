//! Grace: when apps are locked that nobody locked by hand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*};

use super::{
    super::{Grace, LATER, Session, Start, Stay, ToLock, call_off, graces, put_off},
    world::{STEP, World, any_world, at, bedroom, hours, quickly, session, steps, weekly},
};
use crate::config::{AfterRule, Kinds, Lock, Measures, Phase, Profile};

/// A Monday.
const SIX: &str = "2026-06-01T18:00:00Z";
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn locks(apps: &[&str]) -> Measures {
    let apps = apps.iter().map(|app| (*app).to_owned()).collect();
    Measures { lock: Lock { apps, ..Lock::default() }, dim: 10, ..Measures::default() }
}

fn evenings(apps: &[&str]) -> World {
    let mut world = World::default();
    let profile = Profile { measures: locks(apps), grace: MINUTE, ..Profile::default() };
    world.config.profiles.insert("ease".into(), profile);
    let rule = weekly("evenings", &[], "18:00", "22:00");
    world.config.weekly = vec![crate::config::WeeklyRule { measures: locks(apps), ..rule }];
    world
}

fn six() -> Timestamp {
    at(SIX)
}

/// What the daemon does at each turn.
fn note(world: &mut World, now: Timestamp) -> Option<Grace> {
    world.by_hand.graces = graces(&world.facts(), now, |_| false);
    world.by_hand.graces.values().next().copied()
}

fn locked(world: &World, now: Timestamp) -> BTreeSet<String> {
    world.at(now).measures.lock.apps
}

#[test]
fn a_minute_before_a_window_it_is_said() {
    let mut world = evenings(&["game"]);
    let due = six() - MINUTE;
    assert_eq!(note(&mut world, due - MINUTE), None);
    assert!(world.at(due - MINUTE).to_lock.is_empty());
    assert_eq!(world.at(due - MINUTE).next_change, Some(due));
    assert_eq!(note(&mut world, due), Some(Grace { from: six(), begun: false }));
    let soon = world.at(due);
    assert_eq!(soon.to_lock["game"], ToLock { at: six(), said: true });
    assert_eq!(soon.next_change, Some(six()));
    assert_eq!(note(&mut world, six()), Some(Grace { from: six(), begun: true }));
    assert_eq!(world.at(six()).measures, locks(&["game"]));
    assert!(world.at(six()).to_lock.is_empty());
    assert_eq!(note(&mut world, six() + hours(4)), None);
}

#[test]
fn later_moves_the_apps_alone_and_as_often_as_one_likes() {
    let mut world = evenings(&["game"]);
    let mut now = six() - MINUTE / 2;
    note(&mut world, six() - MINUTE);
    for _ in 0..30 {
        let moved = put_off(&mut world.by_hand.graces, now).unwrap();
        assert_eq!(moved, now + LATER);
        assert_eq!(note(&mut world, now).unwrap().from, moved);
        // It is told at once, also where the window is still to come.
        assert_eq!(world.at(now).to_lock.contains_key("game"), moved < six() + hours(4));
        let waiting = world.at(now.max(six()));
        assert_eq!((waiting.measures.dim, waiting.measures.lock.apps.len()), (10, 0));
        if moved < six() + hours(4) {
            assert_eq!(waiting.to_lock["game"], ToLock { at: moved, said: false });
            assert_eq!(waiting.next_change, Some(moved - MINUTE));
        }
        now = moved - MINUTE;
        note(&mut world, now);
        if now >= six() + hours(4) {
            break;
        }
        // Beyond the end there is nothing to say.
        let soon = world.at(now);
        assert_eq!(soon.to_lock.contains_key("game"), moved < six() + hours(4), "{soon:?}");
    }
    assert!(now >= six() + hours(4));
    assert_eq!(world.by_hand.graces, BTreeMap::new());
}

#[test]
fn whoever_comes_late_has_the_whole_grace() {
    let whole = |now: Timestamp| Some(Grace { from: now + MINUTE, begun: false });
    // Started half a minute before it, and in the midst of it.
    for now in [six() - MINUTE / 2, six() + hours(1)] {
        let mut world = evenings(&["game"]);
        assert_eq!(note(&mut world, now), whole(now));
        assert_eq!(world.at(now).to_lock["game"], ToLock { at: now + MINUTE, said: true });
    }
    // Asleep over it, said or not said before.
    let mut world = evenings(&["game"]);
    note(&mut world, six() - MINUTE);
    assert_eq!(note(&mut world, six() + hours(1)), whole(six() + hours(1)));
    // A little late is not asleep.
    let mut world = evenings(&["game"]);
    let late = SignedDuration::from_millis(900);
    assert_eq!(note(&mut world, six() - MINUTE + late), Some(Grace { from: six(), begun: false }));
    assert_eq!(note(&mut world, six() + late), Some(Grace { from: six(), begun: true }));
    // What was in force before is in force again.
    assert_eq!(note(&mut world, six() + hours(2)), Some(Grace { from: six(), begun: true }));
    let known = graces(&evenings(&["game"]).facts(), six() + hours(2), |_| true);
    assert!(known["weekly:evenings@2026-06-01"].begun);
}

#[test]
fn at_a_place_it_is_said_when_it_is_recognised_and_at_each_stay() {
    let mut world = World::default();
    world.config.profiles.insert("ease".into(), Profile { grace: MINUTE, ..Profile::default() });
    world.config.places = vec![bedroom(locks(&["game"]))];
    for day in 0..3 {
        let since = six() + hours(24 * day);
        world.stays.insert("bedroom".into(), Stay { since, left: None });
        // What is kept may be the stay before.
        assert_eq!(note(&mut world, since), Some(Grace { from: since + MINUTE, begun: false }));
        assert_eq!(world.at(since).measures, Measures { dim: 10, ..Measures::default() });
        assert!(world.at(since).to_lock["game"].said);
        note(&mut world, since + MINUTE);
        assert_eq!(world.at(since + MINUTE).measures, locks(&["game"]));
    }
}

#[test]
fn what_is_done_by_hand_acts_at_once_and_what_is_planned_does_not() {
    let mut world = evenings(&["game"]);
    world.config.weekly.clear();
    world.by_hand.starts = vec![Start {
        id: "x".into(),
        profile: "ease".into(),
        from: six(),
        until: six() + hours(1),
    }];
    assert_eq!(note(&mut world, six()), None);
    assert_eq!(world.at(six()).measures, locks(&["game"]));
    world.by_hand.starts.clear();
    let phases = [(2, locks(&["game", "chat"])), (2, locks(&["game"]))]
        .map(|(lasts, measures)| Phase { lasts: hours(lasts), profile: "ease".into(), measures });
    world.config.after = vec![AfterRule { session: Kinds::Any, phases: phases.into() }];
    world.sessions = vec![session("s", six())];
    assert_eq!(note(&mut world, six()), None);
    assert_eq!(locked(&world, six()).len(), 2);
    world.sessions = vec![Session { logged: six() - hours(3), ..session("s", six()) }];
    note(&mut world, six() - MINUTE);
    assert_eq!(world.at(six() - MINUTE).to_lock.len(), 2);
    // A later phase locks nothing new.
    for now in [six(), six() + hours(2) - MINUTE, six() + hours(2)] {
        note(&mut world, now);
        assert!(world.at(now).to_lock.is_empty());
        assert!(locked(&world, now).contains("game"));
    }
}

#[test]
fn what_is_locked_already_is_not_said_again() {
    let mut world = evenings(&["game"]);
    let apps = Profile { measures: locks(&["game"]), ..Profile::default() };
    world.config.profiles.insert("by hand".into(), apps);
    world.by_hand.starts = vec![Start {
        id: "x".into(),
        profile: "by hand".into(),
        from: six() - hours(1),
        until: six() + hours(1),
    }];
    let minutes = (-70..190).map(|minute| six() + MINUTE * minute);
    for now in minutes {
        note(&mut world, now);
        let evaluation = world.at(now);
        assert_eq!(evaluation.to_lock, BTreeMap::new());
        assert_eq!(evaluation.measures.lock.apps.len(), usize::from(now >= six() - hours(1)));
    }
}

#[test]
fn off_leaves_open_what_was_about_to_be_locked() {
    let mut world = evenings(&["game"]);
    note(&mut world, six() - MINUTE);
    call_off(&mut world.by_hand.graces, six() - MINUTE / 2);
    for minute in 0..240 {
        let now = six() + MINUTE * minute;
        note(&mut world, now);
        assert!(world.at(now).to_lock.is_empty() && locked(&world, now).is_empty());
        assert_eq!(put_off(&mut world.by_hand.graces, now), None);
    }
    // The day after is another run.
    note(&mut world, six() + hours(24) - MINUTE);
    assert!(world.at(six() + hours(24) - MINUTE).to_lock["game"].said);
}

proptest! {
    #![proptest_config(quickly())]

    #[test]
    fn grace_and_later_only_ever_open(
        (mut world, noon) in any_world(), now in -60..60i32, since in vec(0..100i32, 1..6),
    ) {
        let now = steps(noon, now);
        world.by_hand.graces = graces(&world.facts(), now, |_| false);
        // Again in the same moment it is the same.
        prop_assert_eq!(&graces(&world.facts(), now, |_| false), &world.by_hand.graces);
        let mut put = world.clone();
        put_off(&mut put.by_hand.graces, now);
        let mut twice = put.clone();
        put_off(&mut twice.by_hand.graces, now);
        prop_assert_eq!(&twice.by_hand, &put.by_hand);
        let mut open = world.clone();
        call_off(&mut open.by_hand.graces, now);
        let mut bare = world.clone();
        bare.by_hand.graces.clear();
        for profile in bare.config.profiles.values_mut() {
            profile.grace = SignedDuration::ZERO;
        }
        for (run, grace) in &world.by_hand.graces {
            prop_assert!(grace.begun || now < grace.from, "{} {:?}", run, grace);
            prop_assert!(put.by_hand.graces[run].from >= grace.from);
        }
        for step in since {
            let then = now + STEP * step;
            let [without, with, later, off] = [&bare, &world, &put, &open].map(|it| it.at(then));
            let apps = |of: &super::super::Evaluation| of.measures.lock.apps.clone();
            prop_assert!(apps(&with).is_subset(&apps(&without)));
            prop_assert!(apps(&later).is_subset(&apps(&with)));
            prop_assert!(apps(&off).is_subset(&apps(&later)));
            // Nothing else moves, and nothing lasts longer.
            let rest = |of: &super::super::Evaluation| Measures {
                lock: Lock { apps: BTreeSet::new(), ..of.measures.lock.clone() },
                ..of.measures.clone()
            };
            prop_assert_eq!(rest(&later), rest(&without));
            prop_assert_eq!((&later.periods, later.until), (&without.periods, without.until));
            for (app, to_lock) in &later.to_lock {
                prop_assert!(then < to_lock.at && !apps(&later).contains(app));
                prop_assert!(!later.unlocked.contains(app) && later.paused_until.is_none());
            }
        }
    }
}
