//! From an evaluation to what is desired of the whole desktop.

use std::collections::BTreeSet;

use super::Desired;
use crate::{
    config::{Config, Notifications},
    schedule::Evaluation,
};

/// Takes the merged measures, without what is let through and what can never be locked. While notifications held in
/// batches come through, none are held.
///
/// A site stands for its subdomains too, and a refused one cannot have a hole in it: letting `a.example.com` through
/// while `example.com` is locked opens all of `example.com` for that time. Where it is too much or too little, the desktop
/// opens.
pub fn desired(evaluation: &Evaluation, config: &Config) -> Desired {
    let measures = &evaluation.measures;
    let apps = measures
        .lock
        .apps
        .iter()
        .filter(|app| !evaluation.unlocked.contains(*app) && !config.never.apps.contains(*app));
    let open: BTreeSet<String> = evaluation
        .unlocked
        .iter()
        .chain(&config.never.sites)
        .map(|site| site.trim_end_matches('.').to_lowercase())
        .collect();
    let sites =
        measures.lock.sites.iter().filter(|site| !open.iter().any(|open| overlap(site, open)));
    let notifications = match evaluation.let_through {
        Some(_) => Notifications::All,
        None => measures.notifications,
    };
    Desired {
        notifications,
        dim: measures.dim,
        warmth: measures.warmth,
        greyscale: measures.greyscale,
        apps: apps.cloned().collect(),
        sites: sites.cloned().collect(),
        breaks: measures.breaks.is_some(),
        dim_but_panel: false,
        calls: notifications != Notifications::All && config.people.calls,
        until: evaluation.until,
    }
}

/// Tells whether one host is the other or one of its subdomains, either way round.
fn overlap(one: &str, other: &str) -> bool {
    let below = |host: &str, site: &str| {
        host.strip_suffix(site).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    below(one, other) || below(other, one)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::config::{Breaks, Lock, Measures};

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn evaluation(apps: &[&str], sites: &[&str], unlocked: &[&str]) -> Evaluation {
        let lock = Lock { apps: set(apps), sites: set(sites), ..Lock::default() };
        Evaluation {
            measures: Measures { lock, ..Measures::default() },
            unlocked: set(unlocked),
            ..Evaluation::default()
        }
    }

    fn sites(locked: &[&str], unlocked: &[&str]) -> BTreeSet<String> {
        desired(&evaluation(&[], locked, unlocked), &Config::default()).sites
    }

    #[test]
    fn every_measure_arrives() {
        let every = SignedDuration::from_mins(15);
        let lasts = SignedDuration::from_mins(5);
        let until = Some(Timestamp::UNIX_EPOCH);
        let measures = Measures {
            notifications: Notifications::Urgent,
            dim: 40,
            warmth: Some(3400),
            greyscale: true,
            lock: Lock { apps: set(&["game"]), sites: set(&["x.com"]), wait: every },
            breaks: Some(Breaks { every, lasts }),
            breaks_off: false,
        };
        let evaluation = Evaluation { measures, until, ..Evaluation::default() };
        let expected = Desired {
            notifications: Notifications::Urgent,
            dim: 40,
            warmth: Some(3400),
            greyscale: true,
            apps: set(&["game"]),
            sites: set(&["x.com"]),
            breaks: true,
            dim_but_panel: false,
            calls: true,
            until,
        };
        assert_eq!(desired(&evaluation, &Config::default()), expected);
        assert_eq!(desired(&Evaluation::default(), &Config::default()), Desired::default());
    }

    #[test]
    fn a_batch_holds_nothing_and_leaves_the_rest() {
        let batched = Notifications::Batched;
        let measures = Measures { notifications: batched, dim: 10, ..Measures::default() };
        let held = Evaluation { measures, ..Evaluation::default() };
        let through = Evaluation { let_through: Some(Timestamp::MAX), ..held.clone() };
        let config = Config::default();
        let dim = Desired { dim: 10, ..Desired::default() };
        let expected = Desired { notifications: batched, calls: true, ..dim.clone() };
        assert_eq!(desired(&held, &config), expected);
        assert_eq!(desired(&through, &config), dim);
        assert!(through.is_quiet());
    }

    #[test]
    fn what_is_let_through_or_never_locked_is_left_out() {
        let mut config = Config::default();
        config.never.apps = set(&["org.signal.Signal"]);
        config.never.sites = set(&["findahelpline.com"]);
        let evaluation = evaluation(
            &["org.signal.Signal", "game", "chat"],
            &["findahelpline.com", "x.com", "news.example"],
            &["chat", "X.com."],
        );
        let desired = desired(&evaluation, &config);
        assert_eq!(desired.apps, set(&["game"]));
        assert_eq!(desired.sites, set(&["news.example"]));
    }

    #[test]
    fn a_site_stands_for_its_subdomains_either_way_round() {
        assert!(sites(&["example.com"], &["a.example.com"]).is_empty());
        assert!(sites(&["a.example.com", "b.example.com"], &["example.com"]).is_empty());
        assert_eq!(sites(&["a.example.com"], &["b.example.com"]), set(&["a.example.com"]));
        assert_eq!(sites(&["myexample.com"], &["example.com"]), set(&["myexample.com"]));
        let look_alike = "example.com.evil";
        assert_eq!(sites(&[look_alike], &["example.com"]), set(&[look_alike]));
        assert_eq!(sites(&["example.com"], &[""]), set(&["example.com"]));
    }
}
