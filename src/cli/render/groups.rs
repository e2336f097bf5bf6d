//! `quietctl groups`: what each group holds here, and what is kept out of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Page;
use crate::config::{Config, Group, Installed, parse};

/// One group, as it is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its name, without `@`.
    pub name: String,
    /// Whether it stands in the person's config.
    pub own: bool,
    /// Its categories.
    pub categories: BTreeSet<String>,
    /// Its apps.
    pub apps: Vec<App>,
    /// Its sites.
    pub sites: BTreeSet<String>,
    /// What stays open though it is listed or of a category.
    pub kept_out: Vec<KeptOut>,
    /// The profiles that lock all of it.
    pub locked_by: Vec<String>,
}

/// An app of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its id.
    pub id: String,
    /// Its name, where it is installed.
    pub name: Option<String>,
    /// Whether a category brought it.
    pub by_category: bool,
}

/// What stays open, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOut {
    /// An app's id or a site.
    pub what: String,
    /// Why, in a few words.
    pub why: &'static str,
}

impl Held {
    /// Every group of a config.
    pub fn all(config: &Config, own_groups: &[String], installed: &Installed) -> Vec<Self> {
        let built_in = parse("", "").map(|it| it.config.groups).unwrap_or_default();
        let groups = config.groups.iter();
        groups
            .map(|(name, group)| {
                let own = own_groups.contains(name);
                let whole = built_in.get(name).filter(|_| !own).unwrap_or(group);
                Self::of(name, own, group, whole, config, installed)
            })
            .collect()
    }

    /// `whole` is the group before what stands under `[never]` was taken out.
    fn of(
        name: &str,
        own: bool,
        group: &Group,
        whole: &Group,
        config: &Config,
        installed: &Installed,
    ) -> Self {
        let mut apps: Vec<App> = Vec::new();
        for id in &group.apps {
            let name = installed.get(id).map(|(_, app)| app.name.clone());
            apps.push(App { id: id.clone(), name, by_category: false });
        }
        let missing = |some: &BTreeSet<String>, all: &BTreeSet<String>| {
            let why = "because of [never] in your config";
            (all - some).into_iter().map(|what| KeptOut { what, why }).collect::<Vec<_>>()
        };
        let mut kept_out = missing(&group.apps, &whole.apps);
        kept_out.extend(missing(&group.sites, &whole.sites));
        for (id, app, why) in group.by_category(installed, &config.never) {
            let (what, name) = (id.clone(), Some(app.name.clone()));
            match why {
                Some(why) if !kept_out.iter().any(|it| it.what == what) => {
                    kept_out.push(KeptOut { what, why });
                }
                Some(_) => {}
                None => apps.push(App { id: what, name, by_category: true }),
            }
        }
        apps.sort_by_key(|app| app.id.to_lowercase());
        let locks = |lock: &crate::config::Lock| {
            apps.iter().all(|app| lock.apps.contains(&app.id)) && group.sites.is_subset(&lock.sites)
        };
        let is_empty = apps.is_empty() && group.sites.is_empty();
        let profiles =
            config.profiles.iter().filter(|(_, it)| !is_empty && locks(&it.measures.lock));
        let locked_by = profiles.map(|(name, _)| name.clone()).collect();
        let (categories, sites) = (group.categories.clone(), group.sites.clone());
        Self { name: name.to_owned(), own, categories, apps, sites, kept_out, locked_by }
    }

    fn installed(&self) -> impl Iterator<Item = (&App, &str)> {
        self.apps.iter().filter_map(|app| Some((app, app.name.as_deref()?)))
    }
}

/// All of them, a line or a few for each.
pub fn overview(page: &Page, held: &[Held]) -> String {
    let mut rows = vec![["Group", "Written", "Sites", "Apps installed here"].map(str::to_owned)];
    rows.extend(held.iter().map(|group| {
        let written = if group.own { "yours" } else { "built in" };
        let names: Vec<&str> = group.installed().map(|(_, name)| name).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        [format!("@{}", group.name), written.to_owned(), group.sites.len().to_string(), names]
    }));
    let mut out = page.columns(&rows);
    out.push('\n');
    out.push_str(&page.commands(&[("quietctl groups NAME", "shows all that is in one")]));
    out
}

/// One, whole.
pub fn whole(page: &Page, group: &Held, config: &str) -> String {
    let list = |parts: Vec<String>| Some(parts.join(", ")).filter(|text| !text.is_empty());
    let installed = group.installed().map(|(app, name)| {
        let by = if app.by_category { ", by its category" } else { "" };
        format!("{name} ({}{by})", app.id)
    });
    let others = group.apps.iter().filter(|app| app.name.is_none()).map(|app| app.id.clone());
    let kept_out = group.kept_out.iter().map(|it| format!("{}: {}", it.what, it.why));
    let written = if group.own { format!("in {config}") } else { "built in".to_owned() };
    let rows = [
        ("installed here", list(installed.collect()).or_else(|| Some("none of its apps".into()))),
        ("other apps", list(others.collect())),
        ("categories", list(group.categories.iter().cloned().collect())),
        ("sites", list(group.sites.iter().cloned().collect())),
        ("stay open", Some(kept_out.collect::<Vec<_>>().join("\n")).filter(|it| !it.is_empty())),
        ("locked by", list(group.locked_by.clone()).or_else(|| Some("no profile".into()))),
        ("written", Some(written)),
    ];
    let rows: Vec<(&str, String)> =
        rows.into_iter().filter_map(|(label, text)| Some((label, text?))).collect();
    let mut out = page.heading(&format!("@{}", group.name));
    out.push_str(&page.table(&rows));
    out.push('\n');
    let command = format!("quietctl groups {} --toml", group.name);
    out.push_str(&page.commands(&[(&command, "shows it as your config can have it")]));
    if !group.own {
        out.push_str(&page.advice(
            0,
            &format!("To change it, copy that into {config}: yours then replaces it whole."),
        ));
    }
    out
}

/// One, for programs.
pub fn json(group: &Held) -> Value {
    let apps = group.apps.iter().map(|app| {
        json!({
            "id": app.id,
            "name": app.name,
            "installed": app.name.is_some(),
            "by": if app.by_category { "category" } else { "list" },
        })
    });
    let kept_out = group.kept_out.iter().map(|it| json!({ "what": it.what, "why": it.why }));
    json!({
        "name": group.name,
        "written": if group.own { "config" } else { "built-in" },
        "categories": group.categories,
        "apps": apps.collect::<Value>(),
        "sites": group.sites,
        "kept_out": kept_out.collect::<Value>(),
        "locked_by": group.locked_by,
    })
}

/// A group of the person's own, as TOML.
pub fn toml(name: &str, group: &Group) -> String {
    // JSON writes lists of text, and text, as TOML does.
    let text = |value: &Value| value.to_string().replace('\u{7f}', "\\u007f");
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let is_bare = !name.is_empty() && name.chars().all(bare);
    let name = if is_bare { name.to_owned() } else { text(&json!(name)) };
    let mut out = format!("[groups.{name}]\n");
    for (key, list) in
        [("categories", &group.categories), ("apps", &group.apps), ("sites", &group.sites)]
    {
        if !list.is_empty() {
            out.extend([key, " = [\n"]);
            out.extend(list.iter().map(|entry| format!("  {},\n", text(&json!(entry)))));
            out.push_str("]\n");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};
    use crate::config::{GROUPS, InstalledApp, parse_here};

    fn here() -> Installed {
        let app = |name: &str, categories: &str| InstalledApp {
            name: name.to_owned(),
            categories: categories.to_owned(),
        };
        Installed(
            [
                ("org.gnome.Chess", app("Chess", "GTK;Game;BoardGame;")),
                ("Steam", app("Steam", "Network;Game;")),
                ("mud", app("Mud", "Game;TerminalEmulator;")),
                ("writer", app("Writer", "Office;")),
            ]
            .map(|(id, app)| (id.to_owned(), app))
            .into(),
        )
    }

    const CONFIG: &str = "[profiles.mine]\nlock = ['@play', '@games']\n\
                          [groups.play]\ncategories = ['game']\napps = ['writer', 'not.here.App']\nsites = ['a.com']\n\
                          [never]\nsites = ['chess.com']\n";

    #[test]
    fn what_groups_hold_here() {
        let installed = here();
        let parsed = parse_here(CONFIG, "config.toml", &installed).unwrap();
        let held = Held::all(&parsed.config, &parsed.own_groups, &installed);
        let play = held.iter().find(|group| group.name == "play").unwrap();
        insta::assert_snapshot!(whole(&sample::page(), play, "~/.config/quietd/config.toml"), @r"
        @play
          installed here  Chess (org.gnome.Chess, by its category), Steam (Steam, by its
                          category), Writer (writer)
          other apps      not.here.App
          categories      Game
          sites           a.com
          stay open       mud: a terminal
          locked by       mine
          written         in ~/.config/quietd/config.toml

        quietctl groups play --toml  shows it as your config can have it
        ");
        insta::assert_snapshot!(overview(&sample::page(), &held[..2]), @r"
          Group   Written   Sites  Apps installed here
          @chat   built in  6      none
          @games  built in  40     Chess, Steam

        quietctl groups NAME  shows all that is in one
        ");
        let games = held.iter().find(|group| group.name == "games").unwrap();
        assert!(whole(&sample::page(), games, "x").contains("chess.com: because of [never]"));
        assert_eq!(games.locked_by, ["mine", "quiet", "settle"]);
        let json = json(play);
        assert_eq!(json["apps"][1]["by"], "category");
        assert_eq!(json["apps"][0]["installed"], false);
        assert_eq!(
            (&json["written"], &json["kept_out"][0]["why"]),
            (&json!("config"), &json!("a terminal"))
        );
        insta::assert_snapshot!(toml("play", &parsed.config.groups["play"]), @r#"
        [groups.play]
        categories = [
          "Game",
        ]
        apps = [
          "not.here.App",
          "writer",
        ]
        sites = [
          "a.com",
        ]
        "#);
    }

    #[test]
    fn what_is_shown_as_toml_says_the_same() {
        let groups = parse("", "").unwrap().config.groups;
        for (name, text) in GROUPS {
            assert_eq!(parse(text, "").unwrap().config.groups[*name], groups[*name]);
        }
        let odd = "[groups.'a b\"']\napps = ['x y\\z']\ncategories = [\"X-\u{fc}\\u007f\"]\n";
        let group = &parse(odd, "").unwrap().config.groups["a b\""];
        let again = parse(&toml("a b\"", group), "").unwrap();
        assert_eq!(&again.config.groups["a b\""], group);
    }
}
