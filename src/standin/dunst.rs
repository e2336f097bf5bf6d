//! dunst, of a version with `pauseLevel` and of one without.

use std::{collections::HashMap, path::PathBuf};

use zbus::{Message, OwnedVariant, Variant};

use super::{
    notifications::{NAME, PATH, Popup, Popups},
    served::{OnBus, PROPERTIES, Served, Service, error, is, reply, unknown},
};

const INTERFACE: &str = "org.dunstproject.cmd0";

/// Stands in for dunst.
#[derive(Debug)]
pub struct Dunst {
    served: Served<State>,
}

/// Which dunst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DunstVersion {
    /// 1.9.0: `paused` only.
    Old,
    /// 1.13.2: `paused` and `pauseLevel`, rules that can be listed, and a config that can be read anew.
    New,
}

/// What dunst knows.
#[derive(Debug)]
pub struct State {
    version: DunstVersion,
    /// 0 to 100; 100 is what `paused` says.
    level: u32,
    popups: Popups,
    /// The folder with its `dunstrc`; none where it has none of its person's.
    folder: Option<PathBuf>,
    rules: Vec<Rule>,
}

/// One rule, as far as it matters here.
#[derive(Clone, Debug, Default)]
struct Rule {
    name: String,
    enabled: bool,
    category: String,
    level: u32,
}

impl Dunst {
    /// Puts it on the bus, with the level (0 to 100) its person has set; the old one knows 0 and 100.
    pub async fn start(address: &str, version: DunstVersion, level: u32) -> zbus::Result<Self> {
        let (popups, folder, rules) = Default::default();
        let state = State { version, level, popups, folder, rules };
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// Reads the rules in `dunstrc.d` of a folder from now on, where there is a `dunstrc` too.
    pub fn has_a_config_in(&self, folder: PathBuf) {
        self.served.silently(|state| {
            state.folder = Some(folder);
            state.read_rules();
        });
    }

    /// The names of its rules, and whether each is on.
    pub async fn rules(&self) -> Vec<(String, bool)> {
        let look = |state: &State| {
            state.rules.iter().map(|rule| (rule.name.clone(), rule.enabled)).collect()
        };
        self.served.look(look).await
    }

    /// The summaries shown so far.
    pub async fn shown(&self) -> Vec<String> {
        self.served.look(|state| state.popups.shown()).await
    }

    /// What is on the screen.
    pub async fn popups(&self) -> Vec<Popup> {
        self.served.look(|state| state.popups.popups()).await
    }

    /// Its person presses a button on a notification.
    pub async fn person_chooses(&self, id: u32, action: &str) {
        self.served.change(|state| state.popups.choose(id, action)).await;
    }

    /// A notification goes for a reason of the specification: 1 its time is over, 2 its person closes it.
    pub async fn closes(&self, id: u32, reason: u32) {
        self.served.change(|state| state.popups.close(id, reason)).await;
    }

    /// Shows no buttons from now on.
    pub fn has_no_buttons(&self) {
        self.served.silently(|state| state.popups.capabilities = &["body"]);
    }

    /// Its person sets a level.
    pub async fn person_sets(&self, level: u32) {
        self.served.change(|state| state.set_level(level)).await;
    }
}

impl State {
    /// dunst 1.12: only beside a `dunstrc` are there others.
    fn read_rules(&mut self) {
        self.rules.clear();
        let Some(folder) = self.folder.as_ref().filter(|folder| folder.join("dunstrc").is_file())
        else {
            return;
        };
        let files = std::fs::read_dir(folder.join("dunstrc.d")).into_iter().flatten().flatten();
        for file in files {
            for line in std::fs::read_to_string(file.path()).unwrap_or_default().lines() {
                let line = line.trim();
                if let Some(name) = line.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
                    let name = name.to_owned();
                    self.rules.push(Rule { name, enabled: true, ..Rule::default() });
                }
                let Some((key, value)) = line.split_once('=') else { continue };
                let (Some(rule), value) = (self.rules.last_mut(), value.trim()) else { continue };
                match key.trim() {
                    "enabled" => rule.enabled = value == "yes",
                    "category" => value.trim_matches('"').clone_into(&mut rule.category),
                    "override_pause_level" => rule.level = value.parse().unwrap_or_default(),
                    _ => {}
                }
            }
        }
    }

    fn about_rules(&mut self, call: &Message) -> Option<zbus::Result<Vec<Message>>> {
        if self.version == DunstVersion::Old {
            return None;
        }
        if is(call, INTERFACE, "RuleList") {
            let row = |rule: &Rule| {
                HashMap::from([
                    ("name", Variant::from(rule.name.clone())),
                    ("enabled", Variant::from(rule.enabled)),
                ])
            };
            return Some(reply(call, &(self.rules.iter().map(row).collect::<Vec<_>>(),)));
        }
        if is(call, INTERFACE, "ConfigReload") {
            self.read_rules();
            let changed = self.set_level(0);
            return Some(changed.and_then(|changed| Ok([reply(call, &())?, changed].concat())));
        }
        if is(call, INTERFACE, "RuleEnable") {
            let Ok((name, on)) = call.body().deserialize::<(String, i32)>() else { return None };
            let rule = self.rules.iter_mut().find(|rule| rule.name == name)?;
            rule.enabled = on == 1;
            return Some(reply(call, &()));
        }
        None
    }

    /// The category that a rule shows now.
    fn shows(&self) -> Option<&'static str> {
        const CALLS: &str = "call.incoming";
        let mut rules = self.rules.iter().filter(|rule| rule.enabled && rule.category == CALLS);
        rules.any(|rule| rule.level >= self.level).then_some(CALLS)
    }

    /// The real one tells of every write, of the same value too.
    fn set_level(&mut self, level: u32) -> zbus::Result<Vec<Message>> {
        self.level = level.min(100);
        if self.level == 0 {
            self.popups.let_through();
        }
        let mut changed = vec![("paused", Variant::from(self.level > 0))];
        if self.version == DunstVersion::New {
            changed.push(("pauseLevel", Variant::from(self.level)));
        }
        let changed: HashMap<_, _> = changed.into_iter().collect();
        let body = (INTERFACE, changed, Vec::<&str>::new());
        Ok(vec![Message::signal(PATH, PROPERTIES, "PropertiesChanged").build(&body)?])
    }

    fn property(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let body = call.body();
        if is(call, PROPERTIES, "Set") {
            let (_, property, value): (&str, &str, OwnedVariant) = body.deserialize()?;
            let level = match property {
                "paused" => bool::try_from(&*value).map(|paused| if paused { 100 } else { 0 }).ok(),
                "pauseLevel" if self.version == DunstVersion::New => u32::try_from(&*value).ok(),
                _ => None,
            };
            return match level {
                Some(level) => {
                    let mut messages = reply(call, &())?;
                    messages.extend(self.set_level(level)?);
                    Ok(messages)
                }
                None => no_such(call, property),
            };
        }
        let (_, property): (&str, &str) = body.deserialize()?;
        match property {
            "paused" => reply(call, &Variant::from(self.level > 0)),
            "pauseLevel" if self.version == DunstVersion::New => {
                reply(call, &Variant::from(self.level))
            }
            _ => no_such(call, property),
        }
    }
}

fn no_such(call: &Message, property: &str) -> zbus::Result<Vec<Message>> {
    let text = format!("No such property “{property}”");
    error(call, "org.freedesktop.DBus.Error.InvalidArgs", &text)
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let version = match self.version {
            DunstVersion::Old => "1.9.0 (2022-06-27)",
            DunstVersion::New => "1.13.2",
        };
        let information = ["dunst", "knopwob", version, "1.2"];
        self.popups.shows.category = self.shows();
        // What the config that comes with it gives urgent ones.
        self.popups.shows.urgent = self.version == DunstVersion::New && self.level <= 60;
        if let Some(messages) = self.popups.answer(call, information, self.level > 0) {
            return messages;
        }
        if call.header().interface().is_some_and(|interface| interface == PROPERTIES) {
            return self.property(call);
        }
        if let Some(messages) = self.about_rules(call) {
            return messages;
        }
        unknown(call)
    }

    fn restart(&mut self) {
        self.level = 0;
        self.popups = Popups::default();
        self.read_rules();
    }

    fn state(&self) -> String {
        format!("pause level {}", self.level)
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        self.set_level(match (self.version, self.level) {
            (DunstVersion::New, _) => 30,
            (DunstVersion::Old, 0) => 100,
            (DunstVersion::Old, _) => 0,
        })
    }
}

impl OnBus for Dunst {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
