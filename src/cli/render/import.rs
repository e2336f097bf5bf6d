//! `quietctl import`: what a plan would do, and what it changes, in words.

use std::collections::BTreeSet;

use jiff::civil::Weekday;
use serde_json::{Value, json};

use super::{
    Page,
    locked::{GROUPS, locked},
    measures::short,
    time::lasting,
};
use crate::{
    api::MeasuresEntry,
    config::{
        AfterRule, Config, Days, Group, Kinds, Measures, Notifications, Plan, WeeklyRule, Whole,
    },
};

/// One rule in words: when, and each part of it with how long and how quiet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Does {
    when: String,
    parts: Vec<[String; 2]>,
}

/// One thing that becomes another: what happens to it, and what it is.
pub type Changed = (&'static str, String);

/// What a plan does, and what it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    does: Vec<Does>,
    changes: Vec<Changed>,
}

impl Effect {
    /// Holds a configuration with the plan against the one before.
    pub fn of(plan: &Plan, before: &Whole, after: &Whole) -> Self {
        let config = &after.config;
        let mut does = Vec::new();
        for kinds in &plan.after {
            let rule = config.after.iter().find(|rule| kinds_of(&rule.session) == *kinds);
            does.extend(rule.map(|rule| after_rule(rule, config)));
        }
        for name in &plan.weekly {
            let rule = config.weekly.iter().find(|rule| rule.name == *name);
            does.extend(rule.map(|rule| weekly_rule(rule, config)));
        }
        if does.is_empty() {
            let measures = |name: &String| Some(&config.profiles.get(name)?.measures);
            let part = |name: &String| Some([name.clone(), how(measures(name)?, name, config)]);
            let parts: Vec<_> = plan.profiles.iter().filter_map(part).collect();
            if !parts.is_empty() {
                does.push(Does { when: "Whenever one of these profiles is used".into(), parts });
            }
        }
        let mut changes = changes(before, after);
        changes.extend(same(plan, before, after));
        Self { does, changes }
    }
}

fn kinds_of(session: &Kinds) -> BTreeSet<String> {
    match session {
        Kinds::Any => ["any".to_owned()].into(),
        Kinds::These(kinds) => kinds.clone(),
    }
}

fn follows(session: &Kinds) -> String {
    match session {
        Kinds::Any => "after any session".to_owned(),
        Kinds::These(kinds) => {
            let kinds: Vec<String> = kinds.iter().map(|kind| format!("“{kind}”")).collect();
            format!("after a session {}", kinds.join(" or "))
        }
    }
}

fn after_rule(rule: &AfterRule, config: &Config) -> Does {
    let part = |(at, phase): (usize, &crate::config::Phase)| {
        let first = if at == 0 { "first" } else { "then" };
        let label = format!("{first} {}", lasting(phase.lasts));
        let how = how(&phase.measures, &phase.profile, config);
        [label, format!("{}: {how}", phase.profile)]
    };
    Does {
        when: capital(&follows(&rule.session)),
        parts: rule.phases.iter().enumerate().map(part).collect(),
    }
}

fn weekly_rule(rule: &WeeklyRule, config: &Config) -> Does {
    let label = format!("{}–{}", rule.from.strftime("%H:%M"), rule.until.strftime("%H:%M"));
    let how = format!("{}: {}", rule.profile, how(&rule.measures, &rule.profile, config));
    Does {
        when: format!("Every week, {}: {}", rule.name, days(rule.days)),
        parts: vec![[label, how]],
    }
}

fn days(days: Days) -> String {
    let all: Vec<Weekday> = Weekday::Monday.cycle_forward().take(7).collect();
    let on: Vec<String> =
        all.into_iter().filter(|day| days.contains(*day)).map(|day| format!("{day:?}")).collect();
    if on.len() == 7 { "every day".to_owned() } else { on.join(", ") }
}

/// How quiet, with what is locked in the words of its profile: who says yes is to know what to.
fn how(measures: &Measures, profile: &str, config: &Config) -> String {
    let entry = MeasuresEntry {
        notifications: match measures.notifications {
            Notifications::All => None,
            Notifications::Batched => Some("batched".to_owned()),
            Notifications::Urgent => Some("urgent".to_owned()),
        },
        batches: Some(config.batches.iter().map(|it| it.strftime("%H:%M").to_string()).collect()),
        dim: Some(u32::from(measures.dim)).filter(|dim| *dim > 0),
        warmth: measures.warmth.map(u32::from),
        greyscale: Some(measures.greyscale),
        apps: None,
        sites: None,
        breaks: measures.breaks.map(|it| u64::try_from(it.every.as_micros()).unwrap_or(0)),
    };
    let mut said = short(&entry);
    said.extend(locked(&measures.lock, profile, config));
    if said.is_empty() { "everything open".to_owned() } else { said.join(", ") }
}

fn outline(rule: &AfterRule) -> String {
    let phase = |it: &crate::config::Phase| format!("{} for {}", it.profile, lasting(it.lasts));
    let phases: Vec<String> = rule.phases.iter().map(phase).collect();
    phases.join(", then ")
}

fn window(rule: &WeeklyRule) -> String {
    format!(
        "{} {}–{} on {}",
        rule.profile,
        rule.from.strftime("%H:%M"),
        rule.until.strftime("%H:%M"),
        days(rule.days)
    )
}

/// All that a group holds, however much: it may be a plan's own, and nothing else shows it before there is a yes.
fn holds(group: &Group) -> String {
    let all = group.apps.iter().chain(&group.sites).chain(&group.categories);
    all.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// What is new, other or gone in the second configuration.
pub fn changes(before: &Whole, after: &Whole) -> Vec<Changed> {
    let (old, new) = (&before.config, &after.config);
    let mut all = Vec::new();
    compare(
        &mut all,
        old.after.iter().map(|rule| (capital(&follows(&rule.session)), outline(rule))),
        new.after.iter().map(|rule| (capital(&follows(&rule.session)), outline(rule))),
    );
    compare(
        &mut all,
        old.weekly.iter().map(|rule| (format!("Every week, {}", rule.name), window(rule))),
        new.weekly.iter().map(|rule| (format!("Every week, {}", rule.name), window(rule))),
    );
    let profiles = |config: &'_ Config| -> Vec<(String, String)> {
        let said = config.profiles.iter();
        said.map(|(name, it)| (format!("Profile {name}"), how(&it.measures, name, config)))
            .collect()
    };
    compare(&mut all, profiles(old).into_iter(), profiles(new).into_iter());
    let groups = |config: &Config| -> Vec<(String, String)> {
        let groups = config.groups.iter();
        groups.map(|(name, group)| (format!("Group {name}"), holds(group))).collect()
    };
    compare(&mut all, groups(old).into_iter(), groups(new).into_iter());
    let breaks = |config: &Config| {
        let it = config.breaks?;
        let dim = if it.dim > 0 { format!(", {}% darker", it.dim) } else { String::new() };
        let (every, lasts) = (lasting(it.breaks.every), lasting(it.breaks.lasts));
        Some(("Breaks every day".to_owned(), format!("{lasts} every {every}{dim}")))
    };
    compare(&mut all, breaks(old).into_iter(), breaks(new).into_iter());
    all
}

fn compare(
    all: &mut Vec<Changed>,
    old: impl Iterator<Item = (String, String)>,
    new: impl Iterator<Item = (String, String)>,
) {
    let mut old: Vec<(String, String)> = old.collect();
    for (what, says) in new {
        match old.iter().position(|(name, _)| *name == what) {
            None => all.push(("added", format!("{what}: {says}"))),
            Some(at) => {
                let (_, was) = old.remove(at);
                if was != says {
                    all.push(("replaced", format!("{what}: {says}\nBefore: {was}")));
                }
            }
        }
    }
    all.extend(old.into_iter().map(|(what, was)| ("gone", format!("{what}: {was}"))));
}

/// What the plan says and the configuration said already.
fn same(plan: &Plan, before: &Whole, after: &Whole) -> Vec<Changed> {
    let (old, new) = (&before.config, &after.config);
    let mut all = Vec::new();
    for kinds in &plan.after {
        let of = |config: &'_ Config| -> Option<AfterRule> {
            config.after.iter().find(|rule| kinds_of(&rule.session) == *kinds).cloned()
        };
        if let Some(rule) = of(new).filter(|rule| of(old).as_ref() == Some(rule)) {
            all.push(("same", capital(&follows(&rule.session))));
        }
    }
    let weekly = |config: &'_ Config, name: &String| -> Option<WeeklyRule> {
        config.weekly.iter().find(|rule| rule.name == *name).cloned()
    };
    let is_same =
        |name: &&String| weekly(old, name).is_some() && weekly(old, name) == weekly(new, name);
    all.extend(plan.weekly.iter().filter(is_same).map(|it| ("same", format!("Every week, {it}"))));
    let is_same = |name: &&String| old.profiles.get(*name) == new.profiles.get(*name);
    all.extend(plan.profiles.iter().filter(is_same).map(|it| ("same", format!("Profile {it}"))));
    let is_same = |name: &&String| old.groups.get(*name) == new.groups.get(*name);
    all.extend(plan.groups.iter().filter(is_same).map(|it| ("same", format!("Group {it}"))));
    all
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

fn called(plan: &Plan) -> String {
    let name = plan.name.as_deref().unwrap_or("A plan");
    match &plan.from {
        Some(from) => format!("{name}, from {from}"),
        None => name.to_owned(),
    }
}

/// The plan in words.
pub fn page(page: &Page, plan: &Plan, effect: &Effect) -> String {
    let mut out = page.heading(&called(plan));
    if let Some(note) = &plan.note {
        out.push_str(&page.advice(2, note));
    }
    for does in &effect.does {
        out.push('\n');
        out.push_str(&page.heading(&does.when));
        out.push_str(&page.columns(&does.parts));
    }
    out.push('\n');
    out.push_str(&page.heading("What it changes"));
    if effect.changes.is_empty() {
        out.push_str(&page.advice(2, "Nothing: it is all there already."));
    }
    out.push_str(&page.table(&effect.changes));
    out.push('\n');
    if effect.does.iter().flat_map(|does| &does.parts).any(|[_, how]| how.contains(GROUPS)) {
        out.push_str(&page.advice(0, "What a group holds is told above where the plan brings it; `quietctl groups` shows the others."));
    }
    out.push_str(&page.advice(
        0,
        "It cannot lock what you may need at any time, and `quietctl off` lifts it at once.",
    ));
    out
}

/// What was done, and how it is undone.
pub fn done(page: &Page, file: &str, name: &str, taken: bool) -> String {
    let when = if taken { "" } else { " It counts from when quietd runs." };
    let mut out = page.advice(0, &format!("The plan is taken over, in {file}.{when}"));
    out.push('\n');
    let remove = format!("quietctl import --remove {name}");
    out.push_str(
        &page.commands(&[
            ("quietctl plan", "shows the days ahead"),
            (&remove, "takes it away again"),
        ]),
    );
    out
}

/// What was taken away, and what is otherwise now.
pub fn removed(page: &Page, file: &str, changes: &[Changed]) -> String {
    let mut out = page.advice(0, &format!("The plan in {file} is taken away."));
    if !changes.is_empty() {
        out.push('\n');
        out.push_str(&page.table(changes));
    }
    out
}

/// The plans that were taken over.
pub fn list(page: &Page, plans: &[(String, &Plan)]) -> String {
    if plans.is_empty() {
        return page
            .advice(0, "No plan was taken over. To look at one: quietctl import --dry-run PLAN");
    }
    let rows: Vec<(&str, String)> =
        plans.iter().map(|(file, plan)| (&**file, called(plan))).collect();
    let mut out = page.table(&rows);
    out.push('\n');
    out.push_str(&page.commands(&[("quietctl import --remove NAME", "takes one away again")]));
    out
}

/// The same for programs.
pub fn list_json(plans: &[(String, &Plan)]) -> Value {
    let row = |(file, plan): &(String, &Plan)| json!({ "file": file, "name": plan.name, "from": plan.from, "note": plan.note });
    plans.iter().map(row).collect()
}

/// A plan for programs.
pub fn json(plan: &Plan, effect: &Effect) -> Value {
    let does = |does: &Does| {
        let part = |[when, how]: &[String; 2]| json!({ "when": when, "how": how });
        json!({ "when": does.when, "parts": does.parts.iter().map(part).collect::<Value>() })
    };
    json!({
        "name": plan.name,
        "from": plan.from,
        "note": plan.note,
        "does": effect.does.iter().map(does).collect::<Value>(),
        "changes": changes_json(&effect.changes),
    })
}

/// Changes for programs.
pub fn changes_json(changes: &[Changed]) -> Value {
    changes.iter().map(|(what, text)| json!({ "change": what, "what": text })).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};
    use crate::config::{Installed, Source, parse_all};

    const OWN: &str = r#"
[[after]]
session = "any"
phases = [{ for = "4h", profile = "settle" }]
[[weekly]]
name = "evenings"
days = "daily"
from = "21:30"
until = "07:00"
profile = "ease"
[profiles.low]
dim = 10
"#;

    const PLAN: &str = r#"
[plan]
name = "A quiet week"
from = "the practice"
note = "Ask me if it is too much."
[[after]]
session = "any"
phases = [{ for = "4h", profile = "low" }, { for = "1d", profile = "lower" }]
[[weekly]]
name = "sundays"
days = ["sat-sun"]
from = "09:00"
until = "18:00"
profile = "lower"
[profiles.low]
notifications = "urgent"
dim = 40
lock = ["discord", "reddit.com"]
wait = "20s"
[profiles.lower]
notifications = "batched"
dim = 20
"#;

    fn whole(plans: &[&str]) -> Whole {
        let plans: Vec<_> = plans.iter().map(|text| Source { name: "plan", text }).collect();
        let own = Source { name: "config.toml", text: OWN };
        parse_all(own, &plans, &Installed::default()).unwrap()
    }

    #[test]
    fn a_plan_in_words() {
        let (before, after) = (whole(&[]), whole(&[PLAN]));
        let effect = Effect::of(&after.plans[0], &before, &after);
        insta::assert_snapshot!(page(&sample::page(), &after.plans[0], &effect), @r"
        A quiet week, from the practice
          Ask me if it is too much.

        After any session
          first 4 hours  low: only urgent notifications, 40% darker, 1 app and 1 site
                         locked, each opens 20 seconds after you ask (discord,
                         reddit.com)
          then 1 day     lower: notifications in batches (09:00, 13:00, 18:00), 20%
                         darker

        Every week, sundays: Saturday, Sunday
          09:00–18:00  lower: notifications in batches (09:00, 13:00, 18:00), 20% darker

        What it changes
          replaced  After any session: low for 4 hours, then lower for 1 day
                    Before: settle for 4 hours
          added     Every week, sundays: lower 09:00–18:00 on Saturday, Sunday
          replaced  Profile low: only urgent notifications, 40% darker, 1 app and 1 site
                    locked, each opens 20 seconds after you ask (discord, reddit.com)
                    Before: 10% darker
          added     Profile lower: notifications in batches (09:00, 13:00, 18:00), 20%
                    darker

        It cannot lock what you may need at any time, and `quietctl
        off` lifts it at once.
        ");
    }

    #[test]
    fn groups_are_named_and_only_those_that_the_plan_brings_are_listed() {
        let sites: Vec<String> = (0..60).map(|number| format!("\"site-{number}.com\"")).collect();
        let plan = format!(
            "[[after]]\nsession = 'any'\nphases = [{{ for = '4h', profile = 'deep' }}]\n\
             [profiles.deep]\nlock = ['@social', '@news', '@mine', 'steam']\n\
             [groups.mine]\nsites = [{}]\n",
            sites.join(", ")
        );
        let (before, after) = (whole(&[]), whole(&[&plan]));
        let effect = Effect::of(&after.plans[0], &before, &after);
        let [_, how] = &effect.does[0].parts[0];
        assert!(how.ends_with("locked (the groups mine, news and social; steam)"), "{how}");
        assert!(!how.contains("com.discordapp.Discord"), "{how}");
        let text = page(&sample::page(), &after.plans[0], &effect);
        assert!(text.contains("quietctl groups"), "{text}");
        for number in 0..60 {
            assert!(text.contains(&format!("site-{number}.com")), "{text}");
        }
        assert!(!text.contains("more)"), "{text}");
    }

    #[test]
    fn a_plan_again_changes_nothing() {
        let (before, after) = (whole(&[PLAN]), whole(&[PLAN, PLAN]));
        let effect = Effect::of(&after.plans[1], &before, &after);
        assert!(effect.changes.iter().all(|(what, _)| *what == "same"), "{:?}", effect.changes);
        assert_eq!(changes(&before, &before), []);
    }

    #[test]
    fn it_fits_a_narrow_page() {
        let (before, after) = (whole(&[]), whole(&[PLAN]));
        let effect = Effect::of(&after.plans[0], &before, &after);
        let narrow = Page { width: 40, ..sample::page() };
        let text = page(&narrow, &after.plans[0], &effect);
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    }
}
