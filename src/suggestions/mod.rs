//! What is suggested while it is quiet: small things to do away from the screen. Pure.
//!
//! Here: the lists as they are read, and which line comes next. Not here: where the person's own lists are
//! ([`crate::store`]), and when one is shown ([`crate::engine`]). A suggestion promises nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, Zoned, civil};
use serde::{Deserialize, Serialize};

use crate::{
    config::{SUGGESTIONS, Suggestions},
    schedule::{Evaluation, Reason},
};

/// The longest line that is taken, in characters.
const LINE_AT_MOST: usize = 120;

/// How many lines of one list are taken.
const LINES_AT_MOST: usize = 200;

/// How long after a session the first hours are.
const FIRST_HOURS: SignedDuration = SignedDuration::from_hours(4);

/// And the first day.
const FIRST_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Where in a quiet time it is; what is suggested goes by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The first hours after a session: to rest.
    FirstHours,
    /// The first day, and any quiet time that follows no session.
    Day,
    /// After that.
    Later,
}

impl Stage {
    /// Where an evaluation is.
    pub fn of(evaluation: &Evaluation, now: Timestamp) -> Self {
        let since = evaluation.periods.iter().filter_map(|period| match period.reason {
            Reason::After { ended, .. } => Some(now.duration_since(ended)),
            _ => None,
        });
        Self::after(since.min())
    }

    /// Where it is so long after a session; none where there was none.
    pub fn after(since: Option<SignedDuration>) -> Self {
        match since {
            Some(since) if since < FIRST_HOURS => Self::FirstHours,
            Some(since) if since >= FIRST_DAY => Self::Later,
            _ => Self::Day,
        }
    }

    /// The kinds that fit, in their turns.
    fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::FirstHours => &["rest", "breathe"],
            Self::Day => &["walk", "write", "breathe", "people", "rest"],
            Self::Later => &["people", "walk", "write", "breathe"],
        }
    }
}

/// The lists, by kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lists(BTreeMap<&'static str, Vec<String>>);

impl Lists {
    /// Takes the person's text of each kind where there is one, else the built-in.
    pub fn read(own: impl Fn(&str) -> Option<String>) -> Self {
        let list = |(kind, text): &(&'static str, &'static str)| {
            (*kind, own(kind).map_or_else(|| lines(text), |own| lines(&own)))
        };
        Self(SUGGESTIONS.iter().map(list).collect())
    }

    /// The next line of the kinds that fit a stage; not `last`, unless there is no other.
    pub fn next(&self, stage: Stage, turn: u32, last: &str) -> Option<&str> {
        self.next_of(stage.kinds(), turn, last)
    }

    /// The next line of some kinds.
    pub fn next_of(&self, kinds: &[&str], turn: u32, last: &str) -> Option<&str> {
        let lists: Vec<&Vec<String>> =
            kinds.iter().filter_map(|kind| self.0.get(*kind)).filter(|it| !it.is_empty()).collect();
        if lists.is_empty() {
            return None;
        }
        let turn = usize::try_from(turn).unwrap_or(0);
        let longest = lists.iter().map(|list| list.len()).max().unwrap_or(1);
        let mut rounds = (turn..turn + lists.len() * longest).map(|turn| {
            let one = lists[turn % lists.len()];
            &*one[turn / lists.len() % one.len()]
        });
        let first = rounds.next()?;
        if first == last { rounds.find(|line| *line != last).or(Some(first)) } else { Some(first) }
    }
}

/// Reads a list: a suggestion a line, without what steers a screen; `#` begins a line that is none.
fn lines(text: &str) -> Vec<String> {
    let plain = |line: &str| {
        let line: String = line.chars().filter(|it| !it.is_control()).take(LINE_AT_MOST).collect();
        line.trim().to_owned()
    };
    let lines = text.lines().map(plain).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.take(LINES_AT_MOST).collect()
}

/// What was suggested last, as it is kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The day on which it was.
    #[serde(default)]
    pub day: Option<civil::Date>,
    /// How many there were on that day.
    #[serde(default)]
    pub that_day: u16,
    /// Whose turn it is.
    #[serde(default)]
    pub turn: u32,
    /// The line.
    #[serde(default)]
    pub last: String,
    /// The period that ran then, by [`period`].
    #[serde(default)]
    pub period: String,
}

impl Given {
    /// Tells whether there may be another one now.
    pub fn may(&self, config: &Suggestions, now: &Zoned) -> bool {
        let today = if self.day == Some(now.date()) { self.that_day } else { 0 };
        today < config.a_day && config.at(now.time())
    }

    /// Gives the next one.
    pub fn give(&mut self, lists: &Lists, stage: Stage, period: &str, now: &Zoned) -> bool {
        let Some(line) = lists.next(stage, self.turn, &self.last).map(str::to_owned) else {
            return false;
        };
        self.that_day =
            if self.day == Some(now.date()) { self.that_day.saturating_add(1) } else { 1 };
        self.day = Some(now.date());
        self.turn = self.turn.wrapping_add(1);
        self.last = line;
        period.clone_into(&mut self.period);
        true
    }
}

/// The period that a suggestion is for: the one that ends last. Empty where nothing is quiet.
pub fn period(evaluation: &Evaluation) -> String {
    let running = evaluation.periods.first().filter(|_| evaluation.is_quiet());
    running.map(|period| format!("{} {}", period.run, period.from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Measures, schedule::Period};

    fn built_in() -> Lists {
        Lists::read(|_| None)
    }

    fn at(text: &str) -> Zoned {
        text.parse().unwrap()
    }

    #[test]
    fn the_built_in_lists_are_short_plain_and_promise_nothing() {
        for (kind, text) in SUGGESTIONS {
            let lines = lines(text);
            assert!((3..=10).contains(&lines.len()), "{kind}");
            for line in lines {
                assert!(line.split(' ').count() <= 12 && line.len() <= 70, "{line}");
                let lower = line.to_lowercase();
                for word in
                    ["must", "should", "heal", "therap", "cure", "session", "better", "treat"]
                {
                    assert!(!lower.contains(word), "{line}");
                }
            }
        }
        for stage in [Stage::FirstHours, Stage::Day, Stage::Later] {
            for kind in stage.kinds() {
                assert!(SUGGESTIONS.iter().any(|(name, _)| name == kind), "{kind}");
            }
        }
    }

    #[test]
    fn it_goes_round_and_never_says_the_same_twice_in_a_row() {
        let lists = built_in();
        for stage in [Stage::FirstHours, Stage::Day, Stage::Later] {
            let mut last = String::new();
            for turn in 0..200 {
                let line = lists.next(stage, turn, &last).unwrap();
                assert_ne!(line, last);
                line.clone_into(&mut last);
            }
        }
        let all = lists.next(Stage::Day, u32::MAX, "");
        assert!(all.is_some());
    }

    #[test]
    fn the_first_hours_are_for_rest() {
        let lists = built_in();
        let rest = &lists.0["rest"];
        let breathe = &lists.0["breathe"];
        for turn in 0..30 {
            let line = lists.next(Stage::FirstHours, turn, "").unwrap().to_owned();
            assert!(rest.contains(&line) || breathe.contains(&line), "{line}");
        }
    }

    #[test]
    fn the_persons_lists_take_the_place_of_the_built_in_ones() {
        let own = |kind: &str| match kind {
            "rest" => Some("# mine\n\n  Tea.\u{1b}[2J \nTea.\n".to_owned()),
            "breathe" => Some(String::new()),
            _ => None,
        };
        let lists = Lists::read(own);
        assert_eq!(lists.next(Stage::FirstHours, 0, ""), Some("Tea.[2J"));
        assert_eq!(lists.next(Stage::FirstHours, 0, "Tea.[2J"), Some("Tea."));
        let nothing = Lists::read(|_| Some("#\n".to_owned()));
        assert_eq!(nothing.next(Stage::Day, 3, ""), None);
        let one = Lists::read(|_| Some("Tea.\n".to_owned()));
        assert_eq!(one.next(Stage::Day, 3, "Tea."), Some("Tea."));
        assert_eq!(lines(&"x\n".repeat(9_999)).len(), LINES_AT_MOST);
        assert_eq!(lines(&"x".repeat(9_999))[0].len(), LINE_AT_MOST);
    }

    #[test]
    fn there_are_only_so_many_a_day_and_within_the_hours() {
        let (lists, config) = (built_in(), Suggestions { a_day: 2, ..Suggestions::default() });
        let mut given = Given::default();
        let noon = at("2026-11-25T12:00:00+01:00[Europe/Berlin]");
        for _ in 0..2 {
            assert!(given.may(&config, &noon));
            assert!(given.give(&lists, Stage::Day, "start:1", &noon));
        }
        assert!(!given.may(&config, &noon));
        for (time, may) in [
            ("2026-11-25T21:59:00+01:00[Europe/Berlin]", false),
            ("2026-11-26T07:59:00+01:00[Europe/Berlin]", false),
            ("2026-11-26T08:00:00+01:00[Europe/Berlin]", true),
            ("2026-11-26T22:00:00+01:00[Europe/Berlin]", false),
        ] {
            assert_eq!(given.may(&config, &at(time)), may, "{time}");
        }
        let off = Suggestions { a_day: 0, ..config };
        assert!(!Given::default().may(&off, &noon));
        assert_eq!((given.turn, given.that_day), (2, 2));
        let restarted = serde_json::from_str(&serde_json::to_string(&given).unwrap()).unwrap();
        assert_eq!(given, restarted);
    }

    #[test]
    fn the_stage_goes_by_the_session_that_ended_last() {
        let now = at("2026-11-25T12:00:00+00:00[UTC]").timestamp();
        let ago = |hours| now - SignedDuration::from_hours(hours);
        let period = |reason| Period {
            run: "session:1".to_owned(),
            reason,
            profile: "quiet".to_owned(),
            measures: Measures { dim: 10, ..Measures::default() },
            from: ago(1),
            until: None,
        };
        let after = |hours| {
            let ended = ago(hours);
            period(Reason::After { session: "1".to_owned(), ended, phase: 1, of: 3 })
        };
        let stage =
            |periods: Vec<Period>| Stage::of(&Evaluation { periods, ..Evaluation::default() }, now);
        assert_eq!(stage(vec![after(1)]), Stage::FirstHours);
        assert_eq!(stage(vec![after(4)]), Stage::Day);
        assert_eq!(stage(vec![after(24)]), Stage::Later);
        assert_eq!(stage(vec![after(30), after(3)]), Stage::FirstHours);
        assert_eq!(stage(vec![period(Reason::Start)]), Stage::Day);
        assert_eq!(stage(vec![]), Stage::Day);
        let measures = Measures { dim: 10, ..Measures::default() };
        let quiet = Evaluation { periods: vec![after(1)], measures, ..Evaluation::default() };
        assert_eq!(super::period(&quiet), "session:1 2026-11-25T11:00:00Z");
        assert_eq!(
            super::period(&Evaluation { periods: vec![after(1)], ..Evaluation::default() }),
            ""
        );
    }
}
