//! Facts that own what they are made from, and random ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use proptest::{
    collection::{btree_set, vec},
    option,
    prelude::*,
};

use super::super::{
    ByHand, Evaluation, Facts, Grace, Hold, Period, SETTLE, Session, Start, Stay, Unlock,
};
use crate::config::{
    AfterRule, Breaks, Config, Days, Kinds, Lock, Measures, Notifications, Phase, PlaceRule,
    Profile, Sign, WeeklyRule,
};

/// Facts, owned.
#[derive(Clone, Debug)]
pub struct World {
    pub config: Config,
    pub sessions: Vec<Session>,
    pub by_hand: ByHand,
    pub stays: BTreeMap<String, Stay>,
    pub ahead: BTreeMap<String, SignedDuration>,
    pub zone: TimeZone,
    pub slept: Option<(Timestamp, Timestamp)>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            config: Config::default(),
            sessions: Vec::new(),
            by_hand: ByHand::default(),
            stays: BTreeMap::new(),
            ahead: BTreeMap::new(),
            zone: TimeZone::UTC,
            slept: None,
        }
    }
}

impl World {
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            config: &self.config,
            sessions: &self.sessions,
            by_hand: &self.by_hand,
            stays: &self.stays,
            ahead: &self.ahead,
            zone: &self.zone,
            slept: self.slept,
        }
    }

    pub fn at(&self, now: Timestamp) -> Evaluation {
        super::super::evaluate(&self.facts(), now)
    }

    pub fn between(&self, from: Timestamp, until: Timestamp) -> Vec<Period> {
        super::super::periods(&self.facts(), from, until)
    }

    pub fn runs(&self, now: Timestamp) -> BTreeSet<String> {
        self.at(now).periods.into_iter().map(|period| period.run).collect()
    }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

pub fn dim(dim: u8) -> Measures {
    Measures { dim, ..Measures::default() }
}

pub fn session(id: &str, ended: Timestamp) -> Session {
    Session { id: id.into(), kind: "a".into(), ended, logged: ended, note: None }
}

/// A rule for every kind; its phases dim a little less each.
pub fn after(hours_of_phases: &[i64]) -> AfterRule {
    let phases = hours_of_phases.iter().zip(1..).map(|(lasts, number)| Phase {
        lasts: hours(*lasts),
        profile: format!("phase {number}"),
        measures: dim(60 - 10 * number),
    });
    AfterRule { session: Kinds::Any, phases: phases.collect() }
}

/// A window on every day, or on those given (Monday is 0).
pub fn weekly(name: &str, days: &[usize], from: &str, until: &str) -> WeeklyRule {
    let mut set = Days::default();
    let all = civil::Weekday::Monday.cycle_forward().take(7).enumerate();
    all.filter(|(number, _)| days.is_empty() || days.contains(number))
        .for_each(|(_, day)| set.insert(day));
    WeeklyRule {
        name: name.into(),
        days: set,
        from: from.parse().unwrap(),
        until: until.parse().unwrap(),
        profile: "ease".into(),
        measures: dim(10),
    }
}

/// How a random world is run; nothing is written beside the sources.
pub fn quickly() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// Everything in a random world happens on this grid.
pub const STEP: SignedDuration = SignedDuration::from_mins(30);

/// A night in which Berlin's clocks are put forward, and one in which they are put back, are near these.
const NOONS: [&str; 2] = ["2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"];

static ZONES: LazyLock<[TimeZone; 3]> = LazyLock::new(|| {
    ["UTC", "Europe/Berlin", "Australia/Lord_Howe"].map(|name| TimeZone::get(name).unwrap())
});

pub fn steps(noon: usize, steps: i32) -> Timestamp {
    at(NOONS[noon]) + STEP * steps
}

pub fn any_measures() -> impl Strategy<Value = Measures> {
    let look = (0..3u8, 0..3u8, 0..3u8, any::<bool>());
    let rest = (0..8u8, 0..8u8, 0..3i64, 0..3i64);
    (look, rest).prop_map(
        |((notifications, dim, warmth, greyscale), (apps, sites, wait, breaks))| {
            let named = |bits: u8, names: [&str; 3]| {
                let named = names.into_iter().enumerate();
                named.filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, name)| name.into()).collect()
            };
            Measures {
                notifications: [Notifications::All, Notifications::Batched, Notifications::Urgent]
                    [usize::from(notifications)],
                dim: dim * 20,
                warmth: (warmth > 0).then_some(3000 + 500 * u16::from(warmth)),
                greyscale,
                lock: Lock {
                    apps: named(apps, ["mail", "game", "chat"]),
                    sites: named(sites, ["x.com", "reddit.com", "news.example"]),
                    wait: SignedDuration::from_secs(10 * wait),
                },
                breaks: (breaks > 0).then(|| Breaks {
                    every: SignedDuration::from_mins(15 * breaks),
                    lasts: SignedDuration::from_mins(5),
                }),
                breaks_off: false,
            }
        },
    )
}

/// A rule as the config makes them: no phase is stricter than the one before.
pub fn any_rule() -> impl Strategy<Value = AfterRule> {
    (0..4u8, vec((1..30i32, any_measures()), 1..4)).prop_map(|(kinds, phases)| {
        let mut cap: Option<Measures> = None;
        let phases = phases.into_iter().enumerate().map(|(number, (lasts, measures))| {
            let measures = cap.as_ref().map_or(measures.clone(), |cap| measures.at_most(cap));
            cap = Some(measures.clone());
            Phase { lasts: STEP * lasts, profile: format!("phase {number}"), measures }
        });
        let phases = phases.collect();
        let session = match kinds {
            0 | 1 => Kinds::Any,
            2 => Kinds::These(BTreeSet::from(["a".into()])),
            _ => Kinds::These(BTreeSet::from(["b".into(), "c".into()])),
        };
        AfterRule { session, phases }
    })
}

fn on_the_grid(step: i8) -> civil::Time {
    civil::time(step / 2, step % 2 * 30, 0, 0)
}

fn any_weekly() -> impl Strategy<Value = WeeklyRule> {
    (1..128u8, 0..48i8, 1..48i8, any_measures()).prop_map(|(days, from, length, measures)| {
        let days: Vec<usize> = (0..7).filter(|day| days >> day & 1 == 1).collect();
        let clock = |step: i8| on_the_grid(step).to_string();
        let rule = weekly("", &days, &clock(from), &clock((from + length) % 48));
        WeeklyRule { measures, ..rule }
    })
}

/// Sessions by kind, when they ended and how much later they were logged, in steps.
pub fn any_sessions(noon: usize) -> impl Strategy<Value = Vec<Session>> {
    vec((0..3usize, -80..30i32, -4..12i32), 0..4).prop_map(move |sessions| {
        let sessions = sessions.into_iter().enumerate();
        let sessions = sessions.map(|(id, (kind, ended, late))| Session {
            id: format!("s{id}"),
            kind: ["A", "b", "c"][kind].into(),
            ended: steps(noon, ended),
            logged: steps(noon, ended + late),
            note: None,
        });
        sessions.collect()
    })
}

/// A place by a network.
pub fn bedroom(measures: Measures) -> PlaceRule {
    PlaceRule {
        name: "bedroom".into(),
        sign: Sign::Network("Bedroom".into()),
        profile: "ease".into(),
        lasting: measures.without_strong(),
        measures,
    }
}

fn any_config() -> impl Strategy<Value = Config> {
    let when = (vec(any_rule(), 0..3), vec(any_weekly(), 0..3), option::of(any_measures()));
    let batches = btree_set(0..48i8, 0..4);
    let profiles = (any_measures(), any_measures(), vec(0..3i32, 4));
    (when, profiles, batches).prop_map(
        |((after, mut weekly, place), (one, two, graces), batches)| {
            for (number, rule) in weekly.iter_mut().enumerate() {
                rule.name = format!("w{number}");
            }
            let place = place.map(bedroom);
            let profiles = [("one", one), ("two", two)].map(|(name, measures)| {
                (name.to_owned(), Profile { measures, ..Profile::default() })
            });
            let graced = ["ease", "phase 0", "phase 1", "phase 2"].into_iter().zip(graces);
            let graced = graced.map(|(name, steps)| {
                (name.to_owned(), Profile { grace: STEP * steps, ..Profile::default() })
            });
            Config {
                after,
                weekly,
                places: place.into_iter().collect(),
                profiles: profiles.into_iter().chain(graced).collect(),
                batches: batches.into_iter().map(on_the_grid).collect(),
                ..Config::default()
            }
        },
    )
}

fn any_by_hand(noon: usize) -> impl Strategy<Value = ByHand> {
    let profile = || (0..3usize).prop_map(|number| ["one", "two", "gone"][number].to_owned());
    let starts = vec((profile(), -40..20i32, 1..160i32), 0..3);
    let hold = option::weighted(0.3, (profile(), -150..5i32));
    let lifted = (option::weighted(0.3, -20..20i32), vec(-60..10i32, 0..2));
    let unlocks = vec((0..3usize, -15..15i32, -10..20i32), 0..3);
    let unlocks = (unlocks, vec((0..RUNS.len(), -60..60i32, any::<bool>()), 0..3));
    (starts, hold, lifted, unlocks).prop_map(move |(starts, hold, (paused, offs), unlocks)| {
        let (unlocks, graces) = unlocks;
        let graces = graces.into_iter().map(|(run, from, begun)| {
            (run_of(noon, run), Grace { from: steps(noon, from), begun })
        });
        let starts = starts.into_iter().enumerate().map(|(id, (profile, from, lasts))| Start {
            id: format!("h{id}"),
            profile,
            from: steps(noon, from),
            until: steps(noon, from + lasts),
        });
        let holds = hold.map(|(profile, from)| Hold {
            cookie: 7,
            caller: ":1.7".into(),
            profile,
            reason: "a talk".into(),
            from: steps(noon, from),
        });
        let unlocks = unlocks.into_iter().map(|(what, from, until)| Unlock {
            what: ["mail", "x.com", "else"][what].into(),
            from: steps(noon, from),
            until: steps(noon, until),
        });
        ByHand {
            starts: starts.collect(),
            paused_until: paused.map(|until| steps(noon, until)),
            offs: offs.into_iter().map(|off| steps(noon, off)).collect(),
            unlocks: unlocks.collect(),
            graces: graces.collect(),
            holds: holds.into_iter().collect(),
        }
    })
}

/// The runs whose clock, or whose grace, is an odd one.
const RUNS: [&str; 6] =
    ["session:s0", "session:s1", "weekly:w0@", "place:bedroom", "start:h0", "hold:7"];

fn run_of(noon: usize, run: usize) -> String {
    let run = RUNS[run];
    let date = ["2026-03-28", "2026-10-24"][noon];
    if run.ends_with('@') { format!("{run}{date}") } else { run.to_owned() }
}

/// A world around one of the [`NOONS`], and which.
pub fn any_world() -> impl Strategy<Value = (World, usize)> {
    (0..2usize, 0..3usize).prop_flat_map(|(noon, zone)| {
        let stay = option::of((-200..3i32, option::of(1..100i32)));
        let ahead = vec((0..RUNS.len(), 0..20i32), 0..2);
        let slept = option::weighted(0.2, (-60..60i32, 0..30i32));
        let facts = (any_config(), any_sessions(noon), any_by_hand(noon), stay, ahead);
        (facts, slept).prop_map(move |((config, sessions, by_hand, stay, ahead), slept)| {
            let stay = stay.map(|(since, lasts)| {
                let left = lasts.map(|lasts| steps(noon, since + lasts) - SETTLE);
                ("bedroom".to_owned(), Stay { since: steps(noon, since), left })
            });
            let ahead = ahead.into_iter().map(|(run, by)| (run_of(noon, run), STEP * by));
            let world = World {
                config,
                sessions,
                by_hand,
                stays: stay.into_iter().collect(),
                ahead: ahead.collect(),
                zone: ZONES[zone].clone(),
                slept: slept.map(|(from, lasts)| (steps(noon, from), steps(noon, from + lasts))),
            };
            (world, noon)
        })
    })
}
