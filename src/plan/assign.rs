//! Which backend serves which measure.

use std::collections::{BTreeMap, BTreeSet};

use super::{Desired, Measure};

/// Which screens a backend reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every screen, or what it does is not about screens.
    All,
    /// Every screen, or, where the panel has its own light, every other one.
    AllOrMonitors,
    /// The panel of a laptop.
    Panel,
    /// External monitors.
    Monitors,
}

/// A backend that could serve some measures here and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its id in the registry.
    pub id: &'static str,
    /// What it can put in force.
    pub measures: Vec<Measure>,
    /// Which screens it reaches.
    pub reach: Reach,
    /// Whether it can serve now.
    pub ready: bool,
    /// What it has in force already.
    pub holds: BTreeSet<Measure>,
    /// Whether it holds that beside the panel, and so is no choice by itself.
    pub but_panel: bool,
}

/// Which backend serves which measures.
pub type Assigned = BTreeMap<&'static str, BTreeSet<Measure>>;

/// Gives each desired measure to those that serve it; see [`serving`].
pub fn assign(desired: &Desired, candidates: &[Candidate]) -> Assigned {
    let mut assigned = Assigned::new();
    for measure in desired.measures() {
        for one in serving(measure, candidates) {
            assigned.entry(one.id).or_default().insert(measure);
        }
    }
    assigned
}

/// Finds who serves a measure: the first ready candidate that has it in force already, so that nothing moves while it is
/// quiet, else the first ready one. Candidates come in order of preference. Where that one reaches only the panel, or
/// only the monitors, one for the others serves beside it: the first that is for those alone, else what would serve if the
/// panel had no light of its own, where that can leave it out.
pub fn serving(measure: Measure, candidates: &[Candidate]) -> impl Iterator<Item = &Candidate> {
    let able =
        move || candidates.iter().filter(move |one| one.ready && one.measures.contains(&measure));
    let holder = able().find(|one| one.holds.contains(&measure) && !one.but_panel);
    let one = holder.or_else(|| able().next());
    let alone = |reach| able().find(|other| other.reach == reach);
    let beside = one.and_then(|one| match one.reach {
        Reach::All | Reach::AllOrMonitors => None,
        Reach::Monitors => alone(Reach::Panel),
        Reach::Panel => alone(Reach::Monitors).or_else(|| {
            let without = able().find(|other| other.reach != Reach::Panel);
            without.filter(|other| other.reach == Reach::AllOrMonitors)
        }),
    });
    one.into_iter().chain(beside)
}

/// Tells which desired measures nobody serves.
pub fn unserved(desired: &Desired, assigned: &Assigned) -> BTreeSet<Measure> {
    let served: BTreeSet<Measure> = assigned.values().flatten().copied().collect();
    &desired.measures() - &served
}

/// Cuts what is desired into each backend's share. Those that do not want the end are not told it, so that nothing is put
/// in force again because the end alone moved; those that dim beside the panel are told to leave it out.
pub fn shares(
    desired: &Desired,
    assigned: &Assigned,
    reach: impl Fn(&str) -> Reach,
    wants_end: impl Fn(&str) -> bool,
) -> BTreeMap<&'static str, Desired> {
    let dims = |measures: &BTreeSet<Measure>| measures.contains(&Measure::Dim);
    let panel = assigned.iter().any(|(id, all)| reach(id) == Reach::Panel && dims(all));
    let share = |(id, measures): (&&'static str, &BTreeSet<Measure>)| {
        let until = desired.until.filter(|_| wants_end(id));
        let dim_but_panel = panel && dims(measures) && reach(id) == Reach::AllOrMonitors;
        (*id, Desired { dim_but_panel, until, ..desired.only(measures) })
    };
    assigned.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn candidate(id: &'static str, measures: &[Measure]) -> Candidate {
        Candidate {
            id,
            measures: measures.to_vec(),
            reach: Reach::All,
            ready: true,
            holds: BTreeSet::new(),
            but_panel: false,
        }
    }

    fn dim_and_warmth() -> Desired {
        Desired {
            dim: 40,
            warmth: Some(3400),
            until: Some(Timestamp::UNIX_EPOCH),
            ..Desired::default()
        }
    }

    #[test]
    fn the_first_that_is_ready_serves() {
        let mut candidates = [
            candidate("light", &[Measure::Dim]),
            candidate("gamma", &[Measure::Dim, Measure::Warmth]),
        ];
        let desired = dim_and_warmth();
        let assigned = assign(&desired, &candidates);
        assert_eq!(assigned["light"], BTreeSet::from([Measure::Dim]));
        assert_eq!(assigned["gamma"], BTreeSet::from([Measure::Warmth]));
        candidates[0].ready = false;
        let both = BTreeSet::from([Measure::Dim, Measure::Warmth]);
        assert_eq!(assign(&desired, &candidates), Assigned::from([("gamma", both)]));
    }

    #[test]
    fn the_one_that_holds_goes_on_while_it_is_ready() {
        let mut candidates =
            [candidate("light", &[Measure::Dim]), candidate("gamma", &[Measure::Dim])];
        candidates[1].holds = BTreeSet::from([Measure::Dim]);
        let desired = Desired { dim: 10, ..Desired::default() };
        assert!(assign(&desired, &candidates).contains_key("gamma"));
        candidates[1].ready = false;
        assert!(assign(&desired, &candidates).contains_key("light"));
    }

    #[test]
    fn to_hold_one_measure_is_no_claim_to_another() {
        let mut candidates = [
            candidate("night", &[Measure::Warmth]),
            candidate("overlay", &[Measure::Dim, Measure::Warmth]),
        ];
        // It was quicker than the other.
        candidates[1].holds = BTreeSet::from([Measure::Dim]);
        let assigned = assign(&dim_and_warmth(), &candidates);
        assert_eq!(assigned["night"], BTreeSet::from([Measure::Warmth]));
        assert_eq!(assigned["overlay"], BTreeSet::from([Measure::Dim]));
    }

    #[test]
    fn the_panel_and_the_monitors_are_served_side_by_side() {
        let dims = |id, reach| Candidate { reach, ..candidate(id, &[Measure::Dim]) };
        let candidates = [
            dims("panel", Reach::Panel),
            dims("other panel", Reach::Panel),
            dims("monitors", Reach::Monitors),
            dims("gamma", Reach::All),
        ];
        let desired = Desired { dim: 10, ..Desired::default() };
        let serve = |candidates: &[Candidate]| -> Vec<&str> {
            assign(&desired, candidates).into_keys().collect()
        };
        assert_eq!(serve(&candidates), ["monitors", "panel"]);
        assert_eq!(serve(&candidates[2..]), ["monitors"]);
        assert_eq!(serve(&[candidates[0].clone(), candidates[3].clone()]), ["panel"]);
        // What reaches all of them is alone, also where it goes on with what it holds.
        assert_eq!(serve(&[candidates[3].clone(), candidates[2].clone()]), ["gamma"]);
        let mut held = candidates;
        held[3].holds = BTreeSet::from([Measure::Dim]);
        assert_eq!(serve(&held), ["gamma"]);
        held[3].holds = BTreeSet::new();
        held[2].holds = BTreeSet::from([Measure::Dim]);
        assert_eq!(serve(&held), ["monitors", "panel"]);
    }

    #[test]
    fn beside_the_panel_others_are_dimmed_by_what_can_leave_it_out() {
        let of = |id, reach, measures: &[Measure]| Candidate { reach, ..candidate(id, measures) };
        let both = [Measure::Dim, Measure::Warmth];
        let mut candidates = vec![
            of("panel", Reach::Panel, &[Measure::Dim]),
            of("gamma", Reach::AllOrMonitors, &both),
            of("overlay", Reach::AllOrMonitors, &both),
        ];
        let reach = |id: &str| match id {
            "panel" => Reach::Panel,
            "gamma" | "overlay" => Reach::AllOrMonitors,
            "monitors" => Reach::Monitors,
            _ => Reach::All,
        };
        let desired = dim_and_warmth();
        let told = |candidates: &[Candidate]| -> Vec<(&str, u8, Option<u16>, bool)> {
            let shares = shares(&desired, &assign(&desired, candidates), reach, |_| false);
            let told =
                |(id, it): (&'static str, Desired)| (id, it.dim, it.warmth, it.dim_but_panel);
            shares.into_iter().map(told).collect()
        };
        let beside = [("gamma", 40, Some(3400), true), ("panel", 40, None, false)];
        assert_eq!(told(&candidates), beside);
        // It was quicker than the panel, or what served all of them goes on doing so.
        candidates[1].holds = BTreeSet::from(both);
        candidates[1].but_panel = true;
        assert_eq!(told(&candidates), beside);
        candidates[1].but_panel = false;
        assert_eq!(told(&candidates), [("gamma", 40, Some(3400), false)]);
        candidates[1].holds = BTreeSet::new();
        assert_eq!(told(&candidates[1..]), [("gamma", 40, Some(3400), false)]);
        // Monitors that have their own light need nothing else.
        candidates.insert(1, of("monitors", Reach::Monitors, &[Measure::Dim]));
        assert_eq!(told(&candidates)[0], ("gamma", 0, Some(3400), false));
        // What would serve is all or nothing: it is not passed over for what it may not get on with.
        candidates[1] = of("magnifier", Reach::All, &both);
        assert_eq!(
            told(&candidates),
            [("magnifier", 0, Some(3400), false), ("panel", 40, None, false)]
        );
    }

    #[test]
    fn what_nobody_serves_is_told() {
        let desired = dim_and_warmth();
        let assigned = assign(&desired, &[candidate("light", &[Measure::Dim])]);
        assert_eq!(unserved(&desired, &assigned), BTreeSet::from([Measure::Warmth]));
        assert!(assign(&Desired::default(), &[candidate("light", &[Measure::Dim])]).is_empty());
    }

    #[test]
    fn each_gets_its_share_and_the_end_if_it_wants_it() {
        let desired = dim_and_warmth();
        let candidates =
            [candidate("light", &[Measure::Dim]), candidate("gamma", &[Measure::Warmth])];
        let assigned = assign(&desired, &candidates);
        let shares = shares(&desired, &assigned, |_| Reach::All, |id| id == "gamma");
        assert_eq!(shares["light"], Desired { dim: 40, ..Desired::default() });
        assert_eq!(
            shares["gamma"],
            Desired { warmth: Some(3400), until: desired.until, ..Desired::default() }
        );
    }
}
