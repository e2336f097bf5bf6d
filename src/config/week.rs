//! The windows of a week taken together: what is strong ends, also where each begins as another ends.

use std::{collections::BTreeSet, ops::Range};

use jiff::{
    SignedDuration,
    civil::{Time, Weekday},
};

use super::{
    STRONG_AT_MOST, WeeklyRule, duration::write_duration, names::listed, notes::Notes,
    phases::is_strong,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A shorter time between two windows opens nothing: they count as one.
const OPEN: SignedDuration = SignedDuration::from_hours(1);

/// How many rules are named.
const NAMED_AT_MOST: usize = 4;

/// The longest time of the week without an hour that is open.
#[derive(Debug, PartialEq, Eq)]
struct Longest<'r> {
    /// [`WEEK`] where it never ends.
    lasts: SignedDuration,
    /// The rules whose windows it is made of.
    rules: BTreeSet<&'r str>,
}

/// Warns where windows together are strong for longer than lasts: at the rule that makes it so, which may be a plan's.
pub(super) fn check(rules: &[(WeeklyRule, Range<usize>)], notes: &mut Notes<'_>) {
    let first = |many: usize| longest(rules.iter().take(many).map(|(rule, _)| rule));
    let is_fine = |many: usize| first(many).lasts <= STRONG_AT_MOST;
    if is_fine(rules.len()) {
        return;
    }
    // With each rule it can only be longer.
    let (mut fine, mut too_many) = (0, rules.len());
    while fine + 1 < too_many {
        let middle = usize::midpoint(fine, too_many);
        if is_fine(middle) { fine = middle } else { too_many = middle }
    }
    let Longest { lasts, rules: names } = first(too_many);
    let more = names.len().saturating_sub(NAMED_AT_MOST);
    let mut who = listed(names.iter().copied().take(NAMED_AT_MOST));
    if more > 0 {
        who = format!("{} and {more} more", who.replacen(" and ", ", ", 1));
    }
    let how_long = if lasts >= WEEK {
        "what is strong would never end".to_owned()
    } else {
        format!("what is strong would last {}, longer than 72 hours", write_duration(lasts))
    };
    let Some((_, span)) = rules.get(too_many - 1) else { return };
    notes.warning(
        span,
        format!("{how_long}: the windows of {who} leave no hour open"),
        "with this one there is no hour between",
        "Leave an hour or more open within every 72 hours, or use a profile there that locks nothing and holds notifications \
         in batches.",
    );
}

/// Finds it for rules that begin again every week.
fn longest<'r>(rules: impl Iterator<Item = &'r WeeklyRule>) -> Longest<'r> {
    let mut windows: Vec<(SignedDuration, SignedDuration, &str)> = Vec::new();
    for rule in rules.filter(|rule| is_strong(&rule.measures)) {
        let length = rule.until.duration_since(rule.from);
        let length = if length.is_positive() { length } else { length + DAY };
        for day in Weekday::Monday.cycle_forward().take(7).filter(|day| rule.days.contains(*day)) {
            let midnight = DAY * i32::from(day.to_monday_zero_offset());
            let from = midnight + rule.from.duration_since(Time::midnight());
            // Twice over, for what runs on from Sunday into Monday.
            windows.push((from, from + length, &rule.name));
            windows.push((from + WEEK, from + WEEK + length, &rule.name));
        }
    }
    windows.sort_unstable();
    let mut longest = Longest { lasts: SignedDuration::ZERO, rules: BTreeSet::new() };
    let mut windows = windows.into_iter().peekable();
    while let Some((from, mut until, name)) = windows.next() {
        let mut rules = BTreeSet::from([name]);
        while let Some((_, ends, name)) = windows.next_if(|(begins, ..)| *begins < until + OPEN) {
            until = until.max(ends);
            rules.insert(name);
        }
        let lasts = (until - from).min(WEEK);
        if lasts > longest.lasts {
            longest = Longest { lasts, rules };
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use proptest::prelude::*;

    use super::{super::Days, *};
    use crate::config::{Installed, Measures, Notifications, Source, parse, parse_all};

    fn rule(
        name: &str,
        days: &[i8],
        from: i8,
        until: i8,
        notifications: Notifications,
    ) -> WeeklyRule {
        let mut on = Days::default();
        for day in days {
            on.insert(Weekday::from_monday_zero_offset(*day).unwrap());
        }
        WeeklyRule {
            name: name.to_owned(),
            days: on,
            from: jiff::civil::time(from, 0, 0, 0),
            until: jiff::civil::time(until, 0, 0, 0),
            profile: "p".to_owned(),
            measures: Measures { notifications, ..Measures::default() },
        }
    }

    const DAILY: [i8; 7] = [0, 1, 2, 3, 4, 5, 6];

    fn hours(rules: &[WeeklyRule]) -> i64 {
        longest(rules.iter()).lasts.as_hours()
    }

    #[test]
    fn windows_that_meet_count_as_one() {
        use Notifications::{Batched, Urgent};
        assert_eq!(hours(&[]), 0);
        let [am, pm] = [rule("am", &DAILY, 0, 12, Urgent), rule("pm", &DAILY, 12, 0, Urgent)];
        assert_eq!((hours(from_ref(&am)), hours(from_ref(&pm))), (12, 12));
        let both = [am.clone(), pm];
        assert_eq!(longest(both.iter()).lasts, WEEK);
        assert_eq!(longest(both.iter()).rules, ["am", "pm"].into());
        assert_eq!(hours(&[am.clone(), rule("pm", &DAILY, 12, 0, Batched)]), 12, "it is weak");
        assert_eq!(hours(&[am.clone(), rule("pm", &DAILY, 13, 0, Urgent)]), 23, "an hour is open");
        // Friday noon to Sunday midnight, and over the end of the week into Monday.
        let weekend = [rule("a", &[4], 12, 0, Urgent), rule("b", &[5, 6], 0, 23, Urgent)];
        assert_eq!(hours(&weekend), 35);
        assert_eq!(hours(&[rule("a", &[6], 12, 0, Urgent), rule("b", &[0], 0, 6, Urgent)]), 18);
    }

    const WINDOWS: &str = r#"
[[weekly]]
name = "days"
days = "daily"
from = "00:00"
until = "12:00"
profile = "strict"
[[weekly]]
name = "nights"
days = "daily"
from = "12:00"
until = "00:00"
profile = "strict"
[profiles.strict]
notifications = "urgent"
lock = ["@news"]
"#;

    #[test]
    fn what_never_ends_is_told_at_the_rule_that_makes_it_so() {
        let warnings = parse(WINDOWS, "").unwrap().warnings;
        assert_eq!((warnings.len(), warnings[0].line), (1, 9), "{warnings:?}");
        assert_eq!(
            warnings[0].title,
            "what is strong would never end: the windows of \"days\" and \"nights\" leave no hour open"
        );
        let ends = WINDOWS.replacen("\"daily\"", "[\"mon\", \"tue\"]", 1);
        assert_eq!(parse(&ends, "").unwrap().warnings, [], "Wednesday morning is open");
        let ends = WINDOWS.replacen("\"daily\"", "[\"mon-thu\"]", 1);
        let warnings = parse(&ends, "").unwrap().warnings;
        assert!(
            warnings[0].title.contains("would last 4 days 12h, longer than 72 hours"),
            "{warnings:?}"
        );
    }

    #[test]
    fn a_plan_is_answered_for_what_it_adds_and_for_nothing_else() {
        let (own, plan) = WINDOWS.split_at(WINDOWS.rfind("[[weekly]]").unwrap());
        let profile = &plan[plan.find("[profiles").unwrap()..];
        let own = format!("{own}{profile}");
        let whole = |own: &str, plan: &str| {
            let plan = Source { name: "plan", text: plan };
            parse_all(Source { name: "own", text: own }, &[plan], &Installed::default()).unwrap()
        };
        let named = |own: &str, plan: &str| -> Vec<String> {
            whole(own, plan).warnings.into_iter().map(|file| file.name).collect()
        };
        assert_eq!(named(&own, plan), ["plan"]);
        assert_eq!(named(WINDOWS, "[profiles.more]\ndim = 10\n"), ["own"]);
        assert_eq!(named("", WINDOWS), ["plan"]);
    }

    proptest! {
        #[test]
        fn it_is_as_long_as_counting_the_hours_says(
            windows in proptest::collection::vec((0..7_i8, 0..24_i8, 0..24_i8), 1..8),
        ) {
            let whole = |(_, from, until): &&(i8, i8, i8)| from != until;
            let rules: Vec<WeeklyRule> = windows
                .iter()
                .filter(whole)
                .map(|(day, from, until)| rule("x", &[*day], *from, *until, Notifications::Urgent))
                .collect();
            let mut strong = [false; 168];
            for (day, from, until) in windows.iter().filter(whole) {
                let length = (until - from).rem_euclid(24);
                for hour in 0..length {
                    let at = i64::from(*day) * 24 + i64::from(*from) + i64::from(hour);
                    strong[usize::try_from(at % 168).unwrap()] = true;
                }
            }
            let (mut run, mut most) = (0, 0);
            for at in 0..336 {
                run = if strong[at % 168] { run + 1 } else { 0 };
                most = most.max(run.min(168));
            }
            prop_assert_eq!(hours(&rules), most);
        }
    }
}
