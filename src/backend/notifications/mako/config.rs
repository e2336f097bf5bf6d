//! mako's config, as far as it says what a mode hides (mako(5), 1.7 to 1.11).
//!
//! mako tells nobody on the bus what its modes do, so its file is read as it reads it: sections in their order, each
//! setting over those before it. What it would refuse is passed over.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{dbus::Peer, env::Env};

/// Our own mode.
pub const OWN: &str = "quietd";

/// What our own mode needs at the end of the config.
pub const LINES: [&str; 4] =
    ["[mode=quietd]", "invisible=1", "[mode=quietd urgency=critical]", "invisible=0"];

/// The names people give to a mode of their own that holds everything back; the first is the one in mako(5).
const THEIRS: [&str; 2] = ["do-not-disturb", "dnd"];

/// Files that name each other would be read without end.
const DEEPEST: u8 = 8;

/// What a config says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Before the first section: for every notification.
    invisible: bool,
    sections: Vec<Section>,
}

/// Some notifications, and whether they are invisible, where that is said of them.
#[derive(Debug, PartialEq, Eq)]
struct Section {
    criteria: Vec<(String, String)>,
    invisible: Option<bool>,
}

/// What a notification's sender says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Nothing: for mako it is of no urgency, and a section about ordinary ones is not about it.
    Unsaid,
    /// It can wait.
    Low,
    /// It is ordinary.
    Normal,
    /// It cannot wait.
    Critical,
}

impl Config {
    /// Reads a file and those it includes. One that is not there says nothing.
    pub fn read(path: &Path, home: &Path) -> Self {
        let mut config = Self::default();
        config.add(path, home, DEEPEST);
        config
    }

    fn add(&mut self, path: &Path, home: &Path, deepest: u8) {
        // A pipe would be waited on for ever.
        if deepest == 0 || !path.is_file() {
            return;
        }
        let bytes = fs::read(path).unwrap_or_default();
        let mut section = None;
        for line in String::from_utf8_lossy(&bytes).lines() {
            let line = line.trim_matches([' ', '\t']);
            if let Some(criteria) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = Some(self.sections.len());
                let criteria = words(criteria).iter().map(|word| criterion(word)).collect();
                self.sections.push(Section { criteria, invisible: None });
            } else if let Some((key, value)) = line.split_once('=') {
                match (key, section) {
                    ("invisible", Some(at)) => self.sections[at].invisible = truth(value),
                    ("invisible", None) => self.invisible = truth(value).unwrap_or(false),
                    ("include", None) => {
                        let path = match value.strip_prefix("~/") {
                            Some(below) => home.join(below),
                            None => PathBuf::from(value),
                        };
                        self.add(&path, home, deepest - 1);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Tells whether a notification that nothing else is known of stays invisible while these modes are on.
    pub fn hides(&self, modes: &[&str], urgency: Urgency) -> bool {
        self.sections
            .iter()
            .filter(|section| section.is_of(modes, urgency))
            .filter_map(|section| section.invisible)
            .next_back()
            .unwrap_or(self.invisible)
    }

    /// The mode that holds back what is not urgent, by itself and with these on: ours, else the person's own. It lets
    /// nothing urgent through that is held back already.
    pub fn mode<'a>(&self, on: &'a [String]) -> Option<&'a str> {
        let all = |modes: &[&str]| {
            let ordinary = [Urgency::Unsaid, Urgency::Low, Urgency::Normal];
            ordinary.into_iter().all(|urgency| self.hides(modes, urgency))
        };
        let urgent_waits = self.hides(&with(on, "default"), Urgency::Critical);
        std::iter::once(OWN).chain(THEIRS).chain(on.iter().map(String::as_str)).find(|mode| {
            let with = with(on, mode);
            let as_quiet = !urgent_waits || self.hides(&with, Urgency::Critical);
            all(&["default", mode]) && all(&with) && as_quiet
        })
    }

    /// Tells whether urgent ones come through while a mode is on.
    pub fn lets_urgent_through(&self, on: &[String], mode: &str) -> bool {
        !self.hides(&with(on, mode), Urgency::Critical)
    }
}

impl Section {
    fn is_of(&self, modes: &[&str], urgency: Urgency) -> bool {
        self.criteria.iter().all(|(key, value)| match &**key {
            "mode" => modes.contains(&&**value),
            "urgency" => value.eq_ignore_ascii_case(match urgency {
                Urgency::Unsaid => return false,
                Urgency::Low => "low",
                Urgency::Normal => "normal",
                Urgency::Critical if value.eq_ignore_ascii_case("high") => "high",
                Urgency::Critical => "critical",
            }),
            "actionable" | "grouped" | "hidden" => truth(value) == Some(false),
            "expiring" => truth(value) == Some(true),
            // It is about some apps, texts or places: the person's own exceptions.
            _ => false,
        })
    }
}

fn with<'a>(on: &'a [String], mode: &'a str) -> Vec<&'a str> {
    on.iter().map(String::as_str).chain([mode]).collect()
}

fn truth(value: &str) -> Option<bool> {
    match value {
        "1" => Some(true),
        "0" => Some(false),
        _ if value.eq_ignore_ascii_case("true") => Some(true),
        _ if value.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// `key=value`, or `key` for true and `!key` for false.
fn criterion(word: &str) -> (String, String) {
    let (key, value) = match (word.split_once('='), word.strip_prefix('!')) {
        (Some(pair), _) => pair,
        (None, Some(key)) => (key, "false"),
        (None, None) => (word, "true"),
    };
    (key.to_owned(), value.to_owned())
}

/// Splits at spaces that are not quoted.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for letter in text.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => {
                escaped = true;
                continue;
            }
            '"' => {
                quoted = !quoted;
                continue;
            }
            ' ' if !quoted => {
                words.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(word) = words.last_mut() {
            word.push(letter);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The file a mako that is on the bus was started with, else where each mako looks.
pub async fn file(bus: &zbus::Connection, owner: &str, env: &Env) -> PathBuf {
    const BUS: &str = "org.freedesktop.DBus";
    let pid: Result<u32, _> = Peer::new(bus, BUS, "/org/freedesktop/DBus", BUS)
        .call("GetConnectionUnixProcessID", &owner)
        .await;
    let named = pid.ok().and_then(|pid| {
        let process = PathBuf::from(format!("/proc/{pid}"));
        let arguments = fs::read(process.join("cmdline")).ok()?;
        // Relative to where that process is; an absolute path stays as it is.
        Some(fs::read_link(process.join("cwd")).ok()?.join(named(&arguments)?))
    });
    named.unwrap_or_else(|| default_file(env))
}

/// The files mako looks for, in its order.
pub fn default_files(env: &Env) -> [PathBuf; 2] {
    [env.home.join(".mako/config"), env.config_home.join("mako/config")]
}

fn default_file(env: &Env) -> PathBuf {
    let [old, usual] = default_files(env);
    if old.exists() { old } else { usual }
}

/// The file in a command line, as `getopt_long` finds it: each long option but `--help` has a value.
fn named(arguments: &[u8]) -> Option<String> {
    let arguments = String::from_utf8_lossy(arguments);
    let mut arguments = arguments.split_terminator('\0').skip(1);
    let mut file = None;
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            break;
        }
        let (name, value) = if let Some(long) = argument.strip_prefix("--") {
            match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, arguments.next()),
            }
        } else if let Some(value) = argument.strip_prefix("-c") {
            ("config", if value.is_empty() { arguments.next() } else { Some(value) })
        } else {
            continue;
        };
        // An option may be cut short as long as it is no other one.
        if !name.is_empty() && "config".starts_with(name) {
            file = value.map(str::to_owned);
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(files: &[(&str, &str)]) -> Config {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(home.path().join(name), text).unwrap();
        }
        Config::read(&home.path().join("config"), home.path())
    }

    fn mode(text: &str) -> Option<String> {
        mode_with(text, &[])
    }

    fn mode_with(text: &str, on: &[&str]) -> Option<String> {
        let on: Vec<String> = ["default"].iter().chain(on).map(|&mode| mode.to_owned()).collect();
        config(&[("config", text)]).mode(&on).map(str::to_owned)
    }

    #[test]
    fn a_mode_hides_only_where_a_section_says_so() {
        let ours = LINES.join("\n");
        for (text, by) in [
            (ours.clone(), OWN),
            (format!("font=mono\n[app-name=x]\ninvisible=0\n{ours}"), OWN),
            (format!("[mode=dnd]\ninvisible=true\n{ours}"), OWN),
            ("[mode=do-not-disturb]\ninvisible=1".to_owned(), "do-not-disturb"),
            ("  [mode=\"dnd\" !grouped]\t\n\tinvisible=TRUE \n".to_owned(), "dnd"),
        ] {
            assert_eq!(mode(&text).as_deref(), Some(by), "{text}");
        }
        for nothing in [
            "",
            "[mode=quietd]",
            "[mode=quietd]\ninvisible=0",
            "[mode=quietd]\n#invisible=1",
            "[mode=quietd]\ninvisible = 1",
            "[mode=quietd app-name=chat]\ninvisible=1",
            "[mode=quietd urgency=low]\ninvisible=1",
            "[mode=quietd urgency=low]\ninvisible=1\n[mode=quietd urgency=normal]\ninvisible=1",
            "[mode=quietd]\ninvisible=1\n[urgency=normal]\ninvisible=0",
            "[mode=quietd hidden]\ninvisible=1",
            "[mode=quietd]\ninvisible=1\n[mode=default]\ninvisible=0",
            "[mode=away]\ninvisible=1",
        ] {
            assert_eq!(mode(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn urgent_ones_come_through_where_the_config_lets_them() {
        let through = |text: &str| config(&[("config", text)]).lets_urgent_through(&[], "quietd");
        assert!(through(&LINES.join("\n")));
        assert!(through("[mode=quietd]\ninvisible=1\n[urgency=high]\ninvisible=0"));
        assert!(!through("[mode=quietd]\ninvisible=1"));
    }

    #[test]
    fn what_is_on_already_is_no_merit_of_another_mode() {
        let dnd = "[mode=dnd]\ninvisible=1\n[mode=game]\ninvisible=0";
        assert_eq!(mode_with(dnd, &["dnd"]).as_deref(), Some("dnd"));
        assert_eq!(mode_with(dnd, &["game"]), None);
    }

    #[test]
    fn nothing_urgent_comes_through_that_the_person_holds_back() {
        let ours = LINES.join("\n");
        let away = format!("[mode=away]\ninvisible=1\n{ours}");
        assert_eq!(mode_with(&away, &[]).as_deref(), Some(OWN));
        assert_eq!(mode_with(&away, &["away"]).as_deref(), Some("away"));
    }

    #[test]
    fn included_files_come_first_and_end() {
        let read = config(&[
            ("config", "include=~/more\n[mode=quietd urgency=normal]\ninvisible=0"),
            ("more", "include=~/config\n[mode=quietd]\ninvisible=1\n[mode=dnd]\ninvisible=1"),
        ]);
        assert_eq!(read.mode(&["default".to_owned()]), Some("dnd"));
        assert_eq!(Config::read(Path::new("/nonexistent"), Path::new("/")), Config::default());
    }

    #[test]
    fn the_command_line_names_a_file() {
        let named = |line: &str| named(line.replace(' ', "\0").as_bytes());
        assert_eq!(named("mako -c /a").as_deref(), Some("/a"));
        assert_eq!(named("mako -c/a").as_deref(), Some("/a"));
        assert_eq!(named("mako --font -c --config=/b").as_deref(), Some("/b"));
        assert_eq!(named("mako --conf c --anchor top-left").as_deref(), Some("c"));
        assert_eq!(named("mako --font=x"), None);
        assert_eq!(named("mako"), None);
    }
}
