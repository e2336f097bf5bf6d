//! Networks that come and go, and what that says of where the machine is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*};

use super::{
    super::{SETTLE, Stay, Stays},
    world::{at, quickly},
};

fn noon() -> Timestamp {
    at("2026-06-01T12:00:00Z")
}

fn after(seconds: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(seconds)
}

fn bedroom() -> BTreeSet<String> {
    BTreeSet::from(["bedroom".to_owned()])
}

fn away() -> BTreeSet<String> {
    BTreeSet::new()
}

fn stay(stays: &Stays) -> Option<Stay> {
    stays.stays().get("bedroom").copied()
}

#[test]
fn back_within_half_a_minute_was_never_left() {
    let mut stays = Stays::default();
    stays.look(&bedroom(), noon());
    stays.look(&away(), after(100));
    assert_eq!(stay(&stays), Some(Stay { since: noon(), left: Some(after(100)) }));
    stays.look(&bedroom(), after(129));
    assert_eq!(stay(&stays), Some(Stay { since: noon(), left: None }));
    stays.look(&away(), after(200));
    stays.look(&bedroom(), after(230));
    assert_eq!(stay(&stays), Some(Stay { since: after(230), left: None }), "another stay");
    stays.look(&away(), after(300));
    stays.look(&away(), after(330));
    assert_eq!(stay(&stays), None);
}

#[test]
fn sleep_is_not_leaving() {
    let mut stays = Stays::default();
    stays.look(&bedroom(), noon());
    stays.look(&away(), after(100));
    stays.slept(after(130), after(9_000));
    stays.look(&away(), after(9_000));
    stays.look(&bedroom(), after(9_005));
    assert_eq!(stay(&stays), Some(Stay { since: noon(), left: None }));
    stays.slept(after(9_100), after(9_900));
    assert_eq!(stay(&stays), Some(Stay { since: noon(), left: None }), "it was not gone");
}

#[test]
fn a_restart_goes_on_with_the_stay_and_asks_for_nothing_elsewhere() {
    let begun = BTreeMap::from([("bedroom".to_owned(), noon())]);
    let mut stays = Stays::carry_over(begun.clone(), after(5_000));
    stays.look(&away(), after(5_000));
    assert_eq!(stay(&stays), None);
    assert_eq!(stays.begun(), begun, "a restart after the restart knows it too");
    stays.look(&bedroom(), after(5_010));
    assert_eq!(stay(&stays), Some(Stay { since: noon(), left: None }));
    assert_eq!(stays.begun(), begun);

    let mut stays = Stays::carry_over(begun.clone(), after(5_000));
    stays.look(&bedroom(), after(5_030));
    assert_eq!(stay(&stays), Some(Stay { since: after(5_030), left: None }), "too late");
    let mut stays = Stays::carry_over(begun, after(-5_000));
    stays.look(&bedroom(), after(-5_000));
    assert_eq!(stay(&stays), Some(Stay { since: after(-5_000), left: None }), "never ahead");
}

#[test]
fn a_clock_set_back_makes_no_stay_longer() {
    let mut stays = Stays::default();
    stays.look(&bedroom(), noon());
    stays.look(&away(), after(100));
    stays.set_back(SignedDuration::from_secs(3_600));
    stays.look(&away(), after(129 - 3_600));
    assert!(stay(&stays).is_some());
    stays.look(&away(), after(130 - 3_600));
    assert_eq!(stay(&stays), None);
}

proptest! {
    #![proptest_config(quickly())]

    /// However a network flaps, the machine is at a place from the moment it is there until [`SETTLE`] after it was last.
    #[test]
    fn flapping_is_one_stay(flaps in vec((1..45i64, any::<bool>()), 1..60)) {
        let mut stays = Stays::default();
        let (mut now, mut since, mut last_there) = (0, None, None);
        for (passed, is_there) in flaps {
            let before = now;
            now += passed;
            // It was there until now if it was there at the last look.
            if last_there.is_some_and(|(_, still)| still) {
                last_there = Some((now, true));
            }
            if last_there.is_some_and(|(last, _)| now - last >= SETTLE.as_secs()) {
                (since, last_there) = (None, None);
            }
            stays.look(&if is_there { bedroom() } else { away() }, after(now));
            if is_there {
                since.get_or_insert(now);
                last_there = Some((now, true));
            } else if let Some((_, still)) = &mut last_there {
                *still = false;
            }
            prop_assert_eq!(stay(&stays).map(|stay| stay.since), since.map(after));
            let left = last_there.and_then(|(last, still)| (!still).then(|| after(last)));
            prop_assert_eq!(stay(&stays).and_then(|stay| stay.left), left);
            prop_assert!(before < now);
        }
    }
}
