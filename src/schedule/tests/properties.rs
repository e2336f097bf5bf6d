//! What holds in every world. `PROPTEST_CASES` says how many are tried.

use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::{
    super::{Evaluation, Period, Session, Stay},
    world::{STEP, World, any_rule, any_sessions, any_world, quickly, steps},
};
use crate::config::Measures;

const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);

/// How many steps of the grid are looked at one by one.
const LOOK_AT: i32 = 40;

fn without_next(evaluation: Evaluation) -> Evaluation {
    Evaluation { next_change: None, ..evaluation }
}

fn grid(from: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
    (0..LOOK_AT).map(move |step| from + STEP * step).take_while(move |at| *at < until)
}

fn is_no_stricter(one: &Measures, other: &Measures) -> bool {
    one.strictest(other) == *other
}

fn moved(periods: Vec<Period>, by: SignedDuration) -> Vec<Period> {
    let moved = periods.into_iter().map(|period| Period {
        from: period.from - by,
        until: period.until.map(|until| until - by),
        ..period
    });
    moved.collect()
}

proptest! {
    #![proptest_config(quickly())]

    #[test]
    fn the_next_change_is_exact_and_minimal((world, noon) in any_world(), now in -60..60i32) {
        let now = steps(noon, now);
        let evaluation = world.at(now);
        let next = evaluation.next_change;
        let same = without_next(evaluation);
        if let Some(next) = next {
            prop_assert!(now < next);
            prop_assert_ne!(&without_next(world.at(next)), &same);
            prop_assert_eq!(&world.at(next - NANOSECOND), &Evaluation { next_change: Some(next), ..same.clone() });
        }
        // Everything in the world happens on the grid, so nothing can change between two of its points.
        for at in grid(now, next.unwrap_or(now + STEP * LOOK_AT)) {
            prop_assert_eq!(&without_next(world.at(at)), &same);
        }
        if next.is_none() {
            for days in [3, 10, 40, 4000] {
                let at = now + SignedDuration::from_hours(24 * days);
                prop_assert_eq!(&without_next(world.at(at)), &same);
            }
        }
    }

    #[test]
    fn the_end_is_where_nothing_runs_any_more((world, noon) in any_world(), now in -60..60i32) {
        let now = steps(noon, now);
        let evaluation = world.at(now);
        match evaluation.until {
            Some(until) => {
                prop_assert!(now < until);
                prop_assert!(world.at(until).periods.is_empty());
                prop_assert!(!world.at(until - NANOSECOND).periods.is_empty());
                for at in grid(now, until) {
                    let there = world.at(at);
                    prop_assert!(!there.periods.is_empty());
                    prop_assert_eq!(there.until, Some(until));
                }
            }
            None if evaluation.periods.is_empty() => {}
            None => {
                for at in grid(now, now + STEP * LOOK_AT) {
                    prop_assert!(!world.at(at).periods.is_empty());
                    prop_assert_eq!(world.at(at).until, None);
                }
            }
        }
    }

    #[test]
    fn a_plan_shows_what_an_evaluation_shows((world, noon) in any_world(), from in -60..60i32, length in 1..200i32) {
        let (from, until) = (steps(noon, from), steps(noon, from + length));
        let plan = world.between(from, until);
        prop_assert!(plan.is_sorted_by_key(|period| period.from));
        for period in &plan {
            let in_it = period.from.max(from);
            prop_assert!(in_it < until);
            prop_assert!(world.at(in_it).periods.contains(period));
        }
        for at in grid(from, until) {
            for period in world.at(at).periods {
                prop_assert!(plan.contains(&period));
            }
        }
    }

    #[test]
    fn what_a_session_asks_for_never_rises(rule in any_rule(), ahead in 0..20i32, times in (0..100i32, 0..100i32)) {
        let ended = steps(0, 0);
        let mut world = World::default();
        world.config.after = vec![rule];
        world.sessions = vec![Session { kind: "b".into(), ..super::world::session("s", ended) }];
        world.ahead.insert("session:s".into(), STEP * ahead);
        let (first, second) = (times.0.min(times.1), times.0.max(times.1));
        let [first, second] = [first, second].map(|step| world.at(steps(0, step - ahead)).measures);
        prop_assert!(is_no_stricter(&second, &first));
    }

    #[test]
    fn two_sessions_are_never_stricter_than_the_stricter_one(
        rules in vec(any_rule(), 1..4), sessions in any_sessions(0), now in -60..60i32,
    ) {
        let mut world = World::default();
        world.config.after = rules;
        world.sessions = sessions;
        let now = steps(0, now);
        let both = world.at(now).measures;
        let each: Vec<Measures> = world.sessions.iter().map(|session| {
            World { sessions: vec![session.clone()], ..world.clone() }.at(now).measures
        }).collect();
        let open = Measures::default();
        let all = || each.iter().chain([&open]);
        prop_assert!(all().any(|one| one.notifications == both.notifications));
        prop_assert!(all().any(|one| one.dim == both.dim));
        prop_assert!(all().any(|one| one.warmth == both.warmth));
        prop_assert!(all().any(|one| one.greyscale == both.greyscale));
        prop_assert!(all().any(|one| one.lock.wait == both.lock.wait));
        prop_assert!(all().any(|one| one.breaks == both.breaks));
        prop_assert!(both.lock.apps.iter().all(|app| all().any(|one| one.lock.apps.contains(app))));
        prop_assert!(both.lock.sites.iter().all(|site| all().any(|one| one.lock.sites.contains(site))));
        prop_assert!(each.iter().all(|one| is_no_stricter(one, &both)));
    }

    #[test]
    fn under_one_rule_the_session_that_ended_last_counts(
        rule in any_rule(), sessions in any_sessions(0), now in 30..90i32,
    ) {
        let mut world = World::default();
        world.config.after = vec![rule];
        world.sessions = sessions;
        for session in &mut world.sessions {
            session.kind = "b".into();
        }
        let now = steps(0, now);
        let all = world.at(now);
        world.sessions.sort_by_key(|session| session.ended);
        let last = world.sessions.pop();
        world.sessions = last.into_iter().collect();
        let last = world.at(now);
        prop_assert_eq!(all.measures, last.measures);
        prop_assert_eq!(all.until, last.until);
    }

    #[test]
    fn off_ends_everything_for_good((mut world, noon) in any_world(), off in -60..60i32, since in vec(0..300i32, 1..6)) {
        let at = steps(noon, off);
        let logged_later = |world: &World, run: &str| world.sessions.iter().any(|session| {
            let ahead = world.ahead.get(run).copied().unwrap_or_default();
            format!("session:{}", session.id) == run && session.logged - ahead > at
        });
        let mut over = world.runs(at);
        over.retain(|run| !logged_later(&world, run));
        let before = world.clone();
        world.by_hand.offs.push(at);
        prop_assert!(world.runs(at).iter().all(|run| logged_later(&world, run)));
        for step in since {
            let later = steps(noon, off + step);
            let mut expected = before.at(later).periods;
            expected.retain(|period| !over.contains(&period.run));
            prop_assert_eq!(world.at(later).periods, expected);
        }
        // And not before either, should the clock be set back.
        prop_assert!(world.runs(at - STEP).is_disjoint(&over));
    }

    #[test]
    fn a_clock_set_back_lengthens_nothing(
        (mut world, noon) in any_world(), now in -60..60i32, back in 1..200i32, later in vec(0..100i32, 1..6),
    ) {
        world.ahead.clear();
        let now = steps(noon, now);
        let runs = world.runs(now);
        let mut set_back = world.clone();
        set_back.ahead = runs.iter().map(|run| (run.clone(), STEP * back)).collect();
        for stay in set_back.stays.values_mut() {
            *stay = Stay { since: stay.since - STEP * back, left: stay.left.map(|left| left - STEP * back) };
        }
        for later in later {
            let at = now + STEP * later;
            let mut expected = moved(world.at(at).periods, STEP * back);
            expected.retain(|period| runs.contains(&period.run));
            let mut periods = set_back.at(at - STEP * back).periods;
            periods.retain(|period| runs.contains(&period.run));
            if world.by_hand.offs.is_empty() {
                prop_assert_eq!(periods, expected);
            } else {
                prop_assert!(periods.iter().all(|period| expected.contains(period)));
            }
        }
    }

    #[test]
    fn the_order_of_sessions_does_not_matter((world, noon) in any_world(), now in -60..60i32, turn in any::<Index>()) {
        let now = steps(noon, now);
        let mut turned = world.clone();
        if !turned.sessions.is_empty() {
            turned.sessions.rotate_left(turn.index(world.sessions.len()));
            turned.sessions.swap(0, turn.index(world.sessions.len()));
        }
        prop_assert_eq!(world.at(now), turned.at(now));
        prop_assert_eq!(world.between(now, now + STEP * 100), turned.between(now, now + STEP * 100));
    }

    #[test]
    fn no_moment_is_too_far((mut world, _) in any_world(), moments in vec(any_moment(), 8), ahead in any::<i64>()) {
        for (session, moment) in world.sessions.iter_mut().zip(&moments) {
            session.ended = *moment;
        }
        for (start, moment) in world.by_hand.starts.iter_mut().zip(moments.iter().rev()) {
            start.until = *moment;
        }
        for rule in &mut world.config.after {
            rule.phases[0].lasts = SignedDuration::from_secs(ahead);
        }
        world.by_hand.offs.push(moments[6]);
        let left = Some(moments[6]).filter(|left| moments[5] <= *left);
        world.stays.insert("bedroom".into(), Stay { since: moments[5], left });
        let by = SignedDuration::from_secs(ahead);
        world.ahead.extend(["session:s0", "weekly:w0@9999-12-31"].map(|run| (run.into(), by)));
        let evaluation = world.at(moments[7]);
        prop_assert!(evaluation.next_change.is_none_or(|next| moments[7] < next));
        let plan = world.between(moments[7], Timestamp::MAX);
        let planned = |period| plan.contains(period) || moments[7] == Timestamp::MAX;
        prop_assert!(evaluation.periods.iter().all(planned));
    }
}

fn any_moment() -> impl Strategy<Value = Timestamp> {
    let seconds = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
    prop_oneof![
        Just(Timestamp::MIN),
        Just(Timestamp::MAX),
        seconds.prop_map(|second| Timestamp::from_second(second).unwrap_or(Timestamp::MAX)),
        (-100..100i32).prop_map(|step| steps(0, step)),
    ]
}
