//! The course of breaks, minute by minute, and with anything that may happen in any order.

use proptest::prelude::*;

use super::*;

fn min(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

const RULE: Breaks =
    Breaks { every: SignedDuration::from_mins(30), lasts: SignedDuration::from_mins(5) };

/// Somebody who sat down at minute 0.
fn seated() -> Course {
    let mut course = Course::default();
    course.follow(Some(RULE), min(0));
    course.attend(true, min(0));
    course
}

#[test]
fn a_break_comes_after_so_much_time_and_is_over_by_itself() {
    let mut course = seated();
    assert_eq!((course.look(min(29)), course.next()), (Step::Nothing, Some(min(30))));
    assert_eq!(course.look(min(30)), Step::Ask);
    assert_eq!((course.look(min(30)), course.next()), (Step::Nothing, None), "asked once");
    assert_eq!(course.begin(min(30)), Some(min(5)));
    assert!(course.is_break());
    assert_eq!((course.next(), course.due()), (Some(min(35)), None));
    assert_eq!(course.look(min(35)), Step::Over);
    assert_eq!(course.due(), Some(min(65)), "nobody is asked twice for one break");
}

#[test]
fn time_away_does_not_count_and_enough_of_it_is_a_break() {
    let mut course = seated();
    course.attend(false, min(10));
    assert_eq!(course.next(), None, "nobody is waited for");
    course.attend(true, min(14));
    assert_eq!(course.due(), Some(min(34)));
    course.attend(false, min(20));
    course.attend(true, min(25));
    assert_eq!(course.due(), Some(min(55)));
    // What it is told twice changes nothing.
    course.attend(true, min(30));
    assert_eq!(course.due(), Some(min(55)));
}

#[test]
fn whoever_leaves_during_a_break_and_comes_back_after_it_has_had_it() {
    let mut course = seated();
    course.look(min(30));
    course.begin(min(30));
    course.attend(false, min(31));
    assert_eq!(course.look(min(35)), Step::Over);
    course.attend(true, min(36));
    assert_eq!(course.due(), Some(min(66)));
    // Who is back before its end is not called to work either.
    let mut course = seated();
    course.look(min(30));
    course.begin(min(30));
    course.attend(false, min(31));
    course.attend(true, min(33));
    assert!(course.is_break());
}

#[test]
fn later_is_five_minutes_and_skip_a_whole_time() {
    let mut course = seated();
    course.look(min(30));
    course.begin(min(30));
    assert!(course.later(min(31)));
    assert_eq!((course.is_break(), course.due()), (false, Some(min(36))));
    assert!(!course.later(min(32)), "nothing is up");
    assert_eq!(course.look(min(36)), Step::Ask);
    course.begin(min(36));
    assert!(course.skip(min(37)));
    assert_eq!(course.due(), Some(min(67)));
    assert!(!course.skip(min(38)));
    // Off ends one too, and what was being asked.
    assert_eq!(course.look(min(67)), Step::Ask);
    course.end(min(67));
    assert_eq!((course.begin(min(67)), course.due()), (None, Some(min(97))));
}

#[test]
fn a_bad_moment_is_looked_at_again_later_or_when_the_person_is_back() {
    let mut course = seated();
    course.look(min(30));
    course.hold(min(30));
    assert_eq!(course.next(), Some(min(35)));
    course.attend(false, min(32));
    course.attend(true, min(33));
    assert_eq!(course.look(min(33)), Step::Ask);
    // An answer that comes when nobody is there any more begins nothing.
    course.attend(false, min(34));
    assert_eq!(course.begin(min(34)), None);
    assert!(!course.is_break());
    // The person's own word is not forgotten for a short absence.
    let mut course = seated();
    course.look(min(30));
    course.begin(min(30));
    course.later(min(30));
    course.attend(false, min(31));
    course.attend(true, min(32));
    assert_eq!(course.due(), Some(min(35)));
}

#[test]
fn other_breaks_keep_the_time_and_none_forget_it() {
    let mut course = seated();
    course.follow(Some(Breaks { every: min(50), lasts: min(10) }), min(20));
    assert_eq!(course.due(), Some(min(50)));
    course.follow(Some(Breaks { every: min(15), lasts: min(5) }), min(25));
    assert_eq!(course.look(min(25)), Step::Ask);
    course.begin(min(25));
    course.follow(None, min(26));
    assert!(!course.is_break());
    assert_eq!((course.next(), course.due()), (None, None));
    course.follow(Some(RULE), min(40));
    assert_eq!(course.due(), Some(min(70)));
    assert_eq!(course.begin(min(70)), None, "nobody asked");
}

#[test]
fn how_long_is_said_in_words() {
    for (seconds, said) in [
        (20, "20 seconds"),
        (60, "1 minute"),
        (90, "1 minute 30 seconds"),
        (300, "5 minutes"),
        (3_600, "1 hour"),
    ] {
        assert_eq!(in_words(SignedDuration::from_secs(seconds)), said);
    }
}

#[derive(Clone, Copy, Debug)]
enum Did {
    Comes,
    Leaves,
    Look { good: bool },
    Later,
    Skip,
    Follow(Option<i64>),
}

fn did() -> impl Strategy<Value = Did> {
    prop_oneof![
        Just(Did::Comes),
        Just(Did::Leaves),
        any::<bool>().prop_map(|good| Did::Look { good }),
        Just(Did::Later),
        Just(Did::Skip),
        proptest::option::of(6_i64..60).prop_map(Did::Follow),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_nobody_is_asked_too_often_and_nothing_wakes_in_the_past(
        all in proptest::collection::vec((0_i64..20, did()), 1..80),
    ) {
        let mut course = Course::default();
        let mut now = min(1_000);
        let mut asked: Option<SignedDuration> = None;
        for (minutes, did) in all {
            now += min(minutes);
            match did {
                Did::Comes => course.attend(true, now),
                Did::Leaves => course.attend(false, now),
                Did::Later => drop(course.later(now)),
                Did::Skip => drop(course.skip(now)),
                Did::Follow(every) => {
                    course.follow(every.map(|every| Breaks { every: min(every), lasts: min(5) }), now);
                }
                Did::Look { good } => {
                    if course.look(now) == Step::Ask {
                        prop_assert!(course.rule.is_some() && course.here.is_some());
                        if good {
                            prop_assert!(asked.is_none_or(|it| now - it >= LATER), "{asked:?} {now}");
                            asked = Some(now);
                            prop_assert_eq!(course.begin(now), Some(min(5)));
                        } else {
                            course.hold(now);
                            prop_assert!(course.next() > Some(now));
                        }
                    }
                }
            }
            let looked = course.look(now);
            if looked == Step::Ask {
                course.hold(now);
            }
            prop_assert!(course.next().is_none_or(|next| next > now), "{:?}", course);
            prop_assert!(course.rule.is_some() || course.next().is_none());
        }
    }
}
