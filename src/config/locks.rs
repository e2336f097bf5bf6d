//! What may be locked: groups and entries are resolved, and what can never be locked is kept out.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    Group, Installed,
    file::{Entries, File},
    installed::{self, Written},
    names::{self, Named, Odd, folded, is_within, listed, named, nearest, shown},
    never,
    notes::Notes,
    value::At,
};

/// The groups and what can never be locked.
#[derive(Debug)]
pub(super) struct Locks<'a> {
    groups: BTreeMap<String, Group>,
    never: Never<'a>,
    installed: &'a Installed,
}

/// `[never]`.
#[derive(Debug, Default)]
struct Never<'a> {
    group: Group,
    folded_apps: BTreeSet<String>,
    /// Apps of `[people]`, which are never locked either.
    people: BTreeSet<String>,
    sites: Vec<(String, &'a At<&'a str>)>,
    /// Entries of which it was said that a locked site stays open because of them.
    told: RefCell<BTreeSet<usize>>,
}

impl<'a> Locks<'a> {
    pub(super) fn new(
        file: &'a File<'a>,
        built_in: &File<'_>,
        installed: &'a Installed,
        notes: &mut Notes<'_>,
    ) -> Self {
        let never = Never::new(&file.never, &file.people.apps, notes);
        let mut groups = BTreeMap::new();
        for (name, entries) in &built_in.groups {
            let mut group = plain(entries, &mut Notes::new(""));
            group.apps.retain(|app| !never.folded_apps.contains(&folded(app)));
            group.sites.retain(|site| !never.sites.iter().any(|(own, _)| is_within(site, own)));
            group.sites.retain(|site| never.leaves(site, notes));
            groups.insert(name.value.to_owned(), group);
        }
        for (name, entries) in &file.groups {
            let categories = categories(entries, notes);
            let mut group = Group { categories, ..Group::default() };
            for app in &entries.apps {
                never.lock_app(&mut group, app, app.value, notes);
            }
            for site in &entries.sites {
                never.lock_site(&mut group, site, site.value, notes);
            }
            groups.insert(name.value.to_owned(), group);
        }
        Self { groups, never, installed }
    }

    /// What the entries of a profile's `lock` come to.
    pub(super) fn resolve(&self, lock: &[At<&str>], notes: &mut Notes<'_>) -> Group {
        let mut all = Group::default();
        for entry in lock {
            match named(entry.value.trim()) {
                Named::App(app) => self.never.lock_app(&mut all, entry, app, notes),
                Named::Site(site) => self.never.lock_site(&mut all, entry, site, notes),
                Named::Group(name) => match self.groups.get(name) {
                    Some(group) => {
                        let more = group.by_category(self.installed, &self.never.group);
                        let open = more.filter(|(_, _, never)| never.is_none());
                        all.apps.extend(open.map(|(id, _, _)| id.clone()));
                        all.apps.extend(group.apps.iter().cloned());
                        all.sites.extend(group.sites.iter().cloned());
                    }
                    None => self.unknown(entry, name, notes),
                },
            }
        }
        all
    }

    fn unknown(&self, entry: &At<&str>, name: &str, notes: &mut Notes<'_>) {
        let known: Vec<String> = self.groups.keys().map(|name| format!("@{name}")).collect();
        let help = match nearest(name, self.groups.keys().map(String::as_str)) {
            Some(near) => format!("Did you mean {}?", shown(&format!("@{near}"))),
            None => format!(
                "Write {}, or add a group of that name under [groups].",
                listed(known.iter().map(String::as_str)).replacen(" and ", " or ", 1)
            ),
        };
        let title = format!("there is no group {}", shown(&format!("@{name}")));
        notes.absence(&entry.span, title, "no group has this name", help);
    }

    /// The apps of `[people]`, for the model.
    pub(super) fn people(&self) -> BTreeSet<String> {
        self.never.people.clone()
    }

    /// The groups and `[never]`, for the model.
    pub(super) fn finish(self) -> (BTreeMap<String, Group>, Group) {
        (self.groups, self.never.group)
    }
}

impl<'a> Never<'a> {
    fn new(entries: &'a Entries<'a>, people: &[At<&str>], notes: &mut Notes<'_>) -> Self {
        let mut group = plain(entries, notes);
        let named =
            people.iter().filter_map(|app| checked(names::app(app.value), app, app.value, notes));
        let people: BTreeSet<String> = named.collect();
        group.apps.extend(people.iter().cloned());
        let folded_apps = group.apps.iter().map(|app| folded(app)).collect();
        let sites = entries.sites.iter();
        let sites = sites.filter_map(|at| Some((names::host(at.value).ok()?, at))).collect();
        Self { group, folded_apps, people, sites, told: RefCell::default() }
    }

    fn lock_app(&self, into: &mut Group, at: &At<&str>, app: &str, notes: &mut Notes<'_>) {
        let Some(app) = checked(names::app(app), at, app, notes) else { return };
        if let Some(reason) = never::app(&app) {
            never_locked(at, &app, reason, notes);
        } else if self.folded_apps.contains(&folded(&app)) {
            let people = self.people.iter().any(|own| folded(own) == folded(&app));
            contradicts(at, &app, if people { "[people]" } else { "[never]" }, notes);
        } else {
            into.apps.insert(app);
        }
    }

    fn lock_site(&self, into: &mut Group, at: &At<&str>, site: &str, notes: &mut Notes<'_>) {
        let Some(site) = checked(names::host(site), at, site, notes) else { return };
        if let Some(reason) = never::site(&site) {
            never_locked(at, &site, reason, notes);
        } else if let Some((below, reason)) = never::site_below(&site) {
            notes.mistake(
                &at.span,
                format!(
                    "{} cannot be locked as a whole: {} is part of it",
                    shown(&site),
                    shown(below)
                ),
                format!("holds {reason}"),
                format!("Name the parts you mean, such as {}.", shown(&format!("news.{site}"))),
            );
        } else if self.sites.iter().any(|(own, _)| is_within(&site, own)) {
            contradicts(at, &site, "[never]", notes);
        } else if self.leaves(&site, notes) {
            into.sites.insert(site);
        }
    }

    /// Tells whether `[never]` leaves a site to be locked. One that holds a part which is never locked stays open, and
    /// the person is told so once.
    fn leaves(&self, site: &str, notes: &mut Notes<'_>) -> bool {
        let Some((own, at)) = self.sites.iter().find(|(own, _)| is_within(own, site)) else {
            return true;
        };
        if self.told.borrow_mut().insert(at.span.start) {
            notes.warning(
                &at.span,
                format!("{} stays open as well", shown(site)),
                format!("{} is part of it", shown(own)),
                "A site is locked with all its subdomains, so one of which a part must stay open is not locked.",
            );
        }
        false
    }
}

fn never_locked(at: &At<&str>, what: &str, reason: &str, notes: &mut Notes<'_>) {
    notes.mistake(
        &at.span,
        format!("{} can never be locked", shown(what)),
        reason,
        "Take it out: what a person may need at any time always stays open.",
    );
}

fn contradicts(at: &At<&str>, what: &str, heading: &str, notes: &mut Notes<'_>) {
    // Whoever opens something counts for more than a plan, at once and also where the plan was there before.
    if notes.is_in_plan(&at.span) {
        notes.warning(
            &at.span,
            format!(
                "{} stays open: it stands under {heading} in the person's own config",
                shown(what)
            ),
            "never locked",
            "Take it out of the plan, or ask for another one.",
        );
        return;
    }
    notes.mistake(
        &at.span,
        format!("{} is to be locked and stands under {heading}", shown(what)),
        "never locked",
        format!("Take it out here, or under {heading}."),
    );
}

/// Apps and sites as written, without a look at what can never be locked.
fn plain(entries: &Entries<'_>, notes: &mut Notes<'_>) -> Group {
    let mut group =
        Group { categories: categories(entries, &mut Notes::new("")), ..Group::default() };
    for app in &entries.apps {
        group.apps.extend(checked(names::app(app.value), app, app.value, notes));
    }
    for site in &entries.sites {
        group.sites.extend(checked(names::host(site.value), site, site.value, notes));
    }
    group
}

fn categories(entries: &Entries<'_>, notes: &mut Notes<'_>) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for at in &entries.categories {
        let written = at.value.trim();
        match installed::category(written) {
            Written::Is(name) => drop(known.insert(name.to_owned())),
            Written::Never(reason) => {
                never_locked(at, &format!("category {written}"), reason, notes);
            }
            Written::TooWide => notes.mistake(
                &at.span,
                format!("the category {} is too wide to be locked", shown(written)),
                "says nothing of what an app is for",
                "Write one that does, such as \"Game\", or name the apps.",
            ),
            Written::Unknown(near) => notes.warning(
                &at.span,
                format!("there is no category {} in menus", shown(written)),
                "brings no app",
                match near {
                    Some(near) => format!("Did you mean {}?", shown(near)),
                    None => {
                        "`quietctl groups games` shows how one is written; apps can be named too."
                            .to_owned()
                    }
                },
            ),
        }
    }
    known
}

fn checked(
    result: Result<String, Odd>,
    at: &At<&str>,
    written: &str,
    notes: &mut Notes<'_>,
) -> Option<String> {
    let Odd { why, meant } = match result {
        Ok(name) => return Some(name),
        Err(odd) => odd,
    };
    let span: &Range<usize> = &at.span;
    let help = meant.map(|meant| format!("Write {}.", shown(&meant))).unwrap_or_default();
    notes.mistake(span, format!("{} {why}", shown(written)), "not a name that can be locked", help);
    None
}
