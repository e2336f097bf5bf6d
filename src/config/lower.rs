//! From the file as written to the model: names are resolved, rules are held against each other.
//!
//! What a phase may do is [`super::phases`]' and what may be locked [`super::locks`]'.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    AfterRule, Calendar, Config, GRACE, Installed, Kinds, People, PlaceRule, Profile, WeeklyRule,
    file::{self, File},
    locks::Locks,
    names::{Named, listed, named, nearest, shown},
    notes::Notes,
    phases,
    value::At,
    week,
};

/// Makes the model of a file, on top of what is built in. If a mistake was noted, the model is not to be used.
pub(super) fn config(
    file: &File<'_>,
    built_in: &File<'_>,
    installed: &Installed,
    notes: &mut Notes<'_>,
) -> Config {
    let locks = Locks::new(file, built_in, installed, notes);
    let profiles = profiles(file, built_in, &locks, notes);
    let after = after(file, &profiles, notes);
    let weekly = weekly(file, &profiles, notes);
    let places = places(file, &profiles, notes);
    let people = People { apps: locks.people(), ..file.people.people.clone() };
    let (groups, never) = locks.finish();
    let batches = file.batches.as_ref().or(built_in.batches.as_ref()).cloned().unwrap_or_default();
    let screen_time = file.screen_time;
    let calendar = file.calendar.as_ref().map(|calendar| followed(calendar, &after, notes));
    let (breaks, suggestions) = (file.breaks, file.suggestions.unwrap_or_default());
    Config {
        after,
        weekly,
        places,
        profiles,
        groups,
        never,
        batches,
        people,
        screen_time,
        calendar,
        breaks,
        suggestions,
        log: file.log,
    }
}

type Profiles = BTreeMap<String, Profile>;

fn profiles(
    file: &File<'_>,
    built_in: &File<'_>,
    locks: &Locks<'_>,
    notes: &mut Notes<'_>,
) -> Profiles {
    let mut profiles = Profiles::new();
    let written_by_the_person = file.profiles.iter().map(|profile| (profile, true));
    let built_in = built_in.profiles.iter().map(|profile| (profile, false));
    for ((name, profile), is_the_persons) in built_in.chain(written_by_the_person) {
        let mut measures = profile.measures.clone();
        // The places of what is built in are not places of this file.
        let lock = if is_the_persons {
            locks.resolve(&profile.lock, notes)
        } else {
            locks.resolve(&profile.lock, &mut Notes::new(""))
        };
        measures.lock.apps = lock.apps;
        measures.lock.sites = lock.sites;
        phases::forget_idle_wait(&mut measures);
        let grace = profile.grace.unwrap_or(GRACE);
        let group = |entry: &At<&str>| match named(entry.value.trim()) {
            Named::Group(name) => Some(name.to_owned()),
            Named::App(_) | Named::Site(_) => None,
        };
        let groups: BTreeSet<String> = profile.lock.iter().filter_map(group).collect();
        profiles.insert(name.value.to_owned(), Profile { measures, grace, groups });
    }
    profiles
}

/// Finds the profile a rule names.
pub(super) fn find<'p>(
    profiles: &'p Profiles,
    name: &At<&str>,
    notes: &mut Notes<'_>,
) -> Option<&'p Profile> {
    let found = profiles.get(name.value);
    if found.is_none() {
        let help = match nearest(name.value, profiles.keys().map(String::as_str)) {
            Some(near) => format!("Did you mean {}?", shown(near)),
            None => format!(
                "Write {}, or add a profile of that name under [profiles].",
                listed(profiles.keys().map(String::as_str)).replacen(" and ", " or ", 1)
            ),
        };
        let title = format!("there is no profile {}", shown(name.value));
        notes.absence(&name.span, title, "no profile has this name", help);
    }
    found
}

fn after(file: &File<'_>, profiles: &Profiles, notes: &mut Notes<'_>) -> Vec<AfterRule> {
    // Kinds stay out of titles: those are told on the bus and in the journal.
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let written = file.profiles.iter().map(|(name, _)| name.value).collect();
    let mut rules = Vec::new();
    for rule in &file.after {
        let mut own = BTreeMap::new();
        for kind in &rule.kinds {
            let name = kind.value.trim().to_lowercase();
            if let Some(line) = taken.get(&name) {
                notes.mistake(
                    &kind.span,
                    if name == "any" {
                        "two rules follow any session, so their phases overlap"
                    } else {
                        "two rules follow the same kind of session, so their phases overlap"
                    },
                    format!("followed by the rule of line {line} already"),
                    "Put the phases into one rule, or take the kind out of one of the two.",
                );
            }
            own.insert(name, notes.line(&kind.span));
        }
        if own.len() > 1 && own.contains_key("any") {
            let any = rule.kinds.iter().find(|kind| kind.value.trim().eq_ignore_ascii_case("any"));
            let span = any.map_or(0..0, |kind| kind.span.clone());
            notes.mistake(
                &span,
                "\"any\" means every kind, so nothing is to be named beside it",
                "every kind",
                "Keep \"any\" alone, or take it out.",
            );
        }
        let session = if own.contains_key("any") {
            Kinds::Any
        } else {
            Kinds::These(own.keys().cloned().collect())
        };
        taken.extend(own);
        rules.push(AfterRule { session, phases: phases::lower(rule, profiles, &written, notes) });
    }
    rules
}

fn weekly(file: &File<'_>, profiles: &Profiles, notes: &mut Notes<'_>) -> Vec<WeeklyRule> {
    let mut names = Names::default();
    let lower = |rule: &file::Weekly<'_>| {
        let profile = rule.profile.as_ref();
        let measures = profile.and_then(|name| find(profiles, name, notes));
        let name = names.take(rule.name.as_ref(), notes);
        let weekly = WeeklyRule {
            name: name?,
            days: rule.days,
            from: rule.from.as_ref()?.value,
            until: rule.until.as_ref()?.value,
            profile: profile?.value.to_owned(),
            measures: measures?.measures.clone(),
        };
        Some((weekly, rule.name.as_ref()?.span.clone()))
    };
    let rules: Vec<(WeeklyRule, Range<usize>)> = file.weekly.iter().filter_map(lower).collect();
    week::check(&rules, notes);
    rules.into_iter().map(|(rule, _)| rule).collect()
}

/// The calendar; where no rule follows what it logs, it plans nothing, and the person is told.
fn followed(calendar: &At<Calendar>, after: &[AfterRule], notes: &mut Notes<'_>) -> Calendar {
    let kind = shown(&calendar.value.session);
    if !after.iter().any(|rule| rule.session.includes(&calendar.value.session)) {
        let kinds = after.iter().filter_map(|rule| match &rule.session {
            Kinds::Any => None,
            Kinds::These(kinds) => kinds.iter().next(),
        });
        let add = format!("[[after]] with `session = {kind}`");
        let help = match kinds.map(|kind| shown(kind)).next() {
            Some(there) => {
                format!("Write `session = {there}`, which a rule follows, or add a rule {add}.")
            }
            None => format!("Add a rule {add}."),
        };
        notes.warning(
            &calendar.span,
            "no rule under [[after]] follows what the calendar plans, so nothing becomes quiet then",
            format!("no rule follows {kind}"),
            help,
        );
    }
    calendar.value.clone()
}

fn places(file: &File<'_>, profiles: &Profiles, notes: &mut Notes<'_>) -> Vec<PlaceRule> {
    let mut names = Names::default();
    let lower = |rule: &file::Place<'_>| {
        let profile = rule.profile.as_ref();
        let measures = profile.and_then(|name| find(profiles, name, notes));
        let name = names.take(rule.name.as_ref(), notes);
        Some(PlaceRule {
            name: name?,
            sign: rule.sign.clone()?,
            profile: profile?.value.to_owned(),
            lasting: measures?.measures.without_strong(),
            measures: measures?.measures.clone(),
        })
    };
    file.places.iter().filter_map(lower).collect()
}

/// The names of rules of one sort: a period is known by them, so each comes once.
#[derive(Default)]
struct Names(BTreeMap<String, usize>);

impl Names {
    fn take(&mut self, name: Option<&At<&str>>, notes: &mut Notes<'_>) -> Option<String> {
        let name = name?;
        if name.value.chars().any(char::is_control) || name.value.chars().count() > 64 {
            notes.mistake(
                &name.span,
                format!("{} cannot be a name", shown(name.value)),
                "not a name",
                "Write a word or two on one line.",
            );
        }
        let line = notes.line(&name.span);
        if let Some(line) = self.0.insert(name.value.to_owned(), line) {
            notes.mistake(
                &name.span,
                format!("two rules have the name {}", shown(name.value)),
                format!("the name of the rule of line {line}"),
                "Give one of them another name.",
            );
        }
        Some(name.value.to_owned())
    }
}
