//! Which appointment is the same one when the calendar knows it by another name.
//!
//! An appointment of a series is known by when it begins, and one that is written anew by another UID. So an id that is
//! new may be of one that began, or was left out; it is not to begin for that. One that stood beside it for a while is not
//! new: two appointments of one day are two.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Decided, Decision, Planned, session_id};

/// How far apart two ends may be to be of one appointment. Two that are really two and so near are rare, and where one is
/// taken for the other the desktop stays open.
const NEAR: SignedDuration = SignedDuration::from_hours(2);

/// Gives what was decided about appointments that the calendar has no more to those that stand in their places: to each the
/// nearest of those that are new in the calendar. Only what keeps one from beginning goes over. Tells whether anything did.
pub fn hand_over(
    decisions: &mut BTreeMap<String, Decision>,
    planned: &[Planned],
    is_new: impl Fn(&str) -> bool,
) -> bool {
    let there: BTreeSet<&str> = planned.iter().map(|it| it.id.as_str()).collect();
    let gone: Vec<(String, Decision)> = decisions
        .iter()
        .filter(|(id, it)| {
            matches!(it.decided, Decided::Begun | Decided::Dropped) && !there.contains(id.as_str())
        })
        .map(|(id, it)| (id.clone(), *it))
        .collect();
    let is_new = |it: &&Planned| !decisions.contains_key(&it.id) && is_new(&it.id);
    let new: Vec<&Planned> = planned.iter().filter(is_new).collect();
    let mut pairs: Vec<(SignedDuration, &str, &Planned, Decision)> = Vec::new();
    for (id, decision) in &gone {
        for one in &new {
            let apart = one.ends.duration_since(decision.about).abs();
            if apart <= NEAR {
                pairs.push((apart, id, one, *decision));
            }
        }
    }
    pairs.sort_by_key(|(apart, id, one, _)| (*apart, *id, one.id.as_str()));
    let mut any = false;
    for (_, id, one, decision) in pairs {
        if decisions.contains_key(id) && !decisions.contains_key(&one.id) {
            decisions.remove(id);
            decisions.insert(one.id.clone(), decision);
            any = true;
        }
    }
    any
}

/// Drops what was decided about the appointment that became a session, where the calendar knows it by another name since.
/// `stay` are the ids of all other sessions. Tells whether there was something.
pub fn drop_renamed(
    decisions: &mut BTreeMap<String, Decision>,
    ended: Timestamp,
    stay: &BTreeSet<String>,
) -> bool {
    let before = decisions.len();
    decisions.retain(|id, it| {
        it.decided != Decided::Begun
            || it.about.duration_since(ended).abs() > NEAR
            || stay.contains(&session_id(id, it.about))
    });
    decisions.len() < before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn planned(all: &[(&str, i64)]) -> Vec<Planned> {
        all.iter().map(|(id, ends)| Planned { id: (*id).to_owned(), ends: at(*ends) }).collect()
    }

    fn decided(all: &[(&str, i64, Decided)]) -> BTreeMap<String, Decision> {
        let one = |(id, about, decided): &(&str, i64, Decided)| {
            ((*id).to_owned(), Decision { about: at(*about), decided: *decided })
        };
        all.iter().map(one).collect()
    }

    #[test]
    fn one_that_is_written_anew_is_still_the_one_that_began() {
        let before = decided(&[("old", 0, Decided::Begun), ("week", 10_080, Decided::Dropped)]);
        let mut after = before.clone();
        assert!(hand_over(
            &mut after,
            &planned(&[("new", 5), ("next", 10_075), ("far", 20_160)]),
            |_| true
        ));
        assert_eq!(
            after,
            decided(&[("new", 0, Decided::Begun), ("next", 10_080, Decided::Dropped)])
        );
        // As it was again.
        assert!(hand_over(&mut after, &planned(&[("old", 0), ("week", 10_080)]), |_| true));
        assert_eq!(after, before);
    }

    #[test]
    fn another_one_is_another_one() {
        for (decision, now) in [
            // It is still there, so this one is beside it.
            (("old", 0, Decided::Begun), planned(&[("old", 0), ("new", 30)])),
            // Later that day.
            (("old", 0, Decided::Begun), planned(&[("new", 121)])),
            // What was wanted of it is not known of this one.
            (("old", 0, Decided::Confirmed), planned(&[("new", 0)])),
        ] {
            let mut after = decided(&[decision]);
            assert!(!hand_over(&mut after, &now, |_| true));
            assert_eq!(after, decided(&[decision]));
        }
        // To one, and that is the nearest.
        let mut after = decided(&[("old", 0, Decided::Begun)]);
        assert!(hand_over(&mut after, &planned(&[("a", 60), ("b", 10)]), |_| true));
        assert_eq!(after, decided(&[("b", 0, Decided::Begun)]));
    }

    #[test]
    fn one_that_stood_beside_it_is_another_one() {
        let before = decided(&[("cancelled", 0, Decided::Dropped)]);
        let mut after = before.clone();
        let now = planned(&[("beside", 30), ("anew", 60)]);
        assert!(!hand_over(&mut after, &now[..1], |id| id != "beside"));
        assert_eq!(after, before);
        assert!(hand_over(&mut after, &now, |id| id != "beside"));
        assert_eq!(after, decided(&[("anew", 0, Decided::Dropped)]));
    }

    #[test]
    fn of_an_erased_one_nothing_stays_under_its_other_name() {
        let mut all = decided(&[
            ("renamed", 5, Decided::Begun),
            ("beside", 5, Decided::Begun),
            ("later", 126, Decided::Begun),
            ("left out", 0, Decided::Dropped),
        ]);
        let stay = [session_id("beside", at(5))].into();
        assert!(drop_renamed(&mut all, at(0), &stay));
        assert_eq!(all.keys().collect::<Vec<_>>(), ["beside", "later", "left out"]);
        assert!(!drop_renamed(&mut all, at(0), &stay));
    }
}
