//! What is installed, as data: which apps the menu's categories of a group bring with them, and which of these stay open.
//!
//! Desktop Menu Specification 1.1, "Registered Categories". Reading the entries is [`crate::backend`]'s.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Config, Group,
    names::{folded, nearest},
    never,
};

/// One installed app, as its desktop entry describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstalledApp {
    /// Its name for people, untranslated.
    pub name: String,
    /// Its categories as written, with `;` between them.
    pub categories: String,
}

impl InstalledApp {
    /// Its categories.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        self.categories.split(';').map(str::trim).filter(|name| !name.is_empty())
    }

    /// Tells why an app of these categories can never be locked; none if it can.
    pub fn never(&self) -> Option<&'static str> {
        self.categories().find_map(never::category)
    }

    /// Tells whether one of some categories brings it along.
    fn is_of(&self, wanted: &BTreeSet<String>) -> bool {
        let has = |name: &str| self.categories().any(|own| own == name);
        let brings = |name: &&str| {
            let rather = RATHER.iter().filter(|(names, _)| names.contains(name));
            !rather.flat_map(|(_, others)| *others).any(|other| has(other))
        };
        self.categories().filter(|own| wanted.contains(*own)).any(|own| brings(&own))
    }
}

/// The apps installed here, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed(pub BTreeMap<String, InstalledApp>);

impl Installed {
    /// The apps of any of some categories, with those that can never be locked.
    pub fn of<'a>(
        &'a self,
        categories: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = (&'a String, &'a InstalledApp)> {
        self.0.iter().filter(|(_, app)| app.is_of(categories))
    }

    /// The app of an id, whatever its case, with the id as its file has it.
    pub fn get(&self, id: &str) -> Option<(&String, &InstalledApp)> {
        let id = folded(id);
        self.0.iter().find(|(own, _)| folded(own) == id)
    }
}

impl Group {
    /// The apps that its categories bring, which its list does not name: the id, the app, and why it stays open if it does.
    pub fn by_category<'a>(
        &'a self,
        installed: &'a Installed,
        own_never: &'a Self,
    ) -> impl Iterator<Item = (&'a String, &'a InstalledApp, Option<&'static str>)> {
        let listed = |set: &BTreeSet<String>, id: &str| set.iter().any(|one| folded(one) == id);
        installed.of(&self.categories).filter_map(move |(id, app)| {
            let plain = folded(id);
            let own = || listed(&own_never.apps, &plain).then_some("under [never] in your config");
            let why = never::app(id).or_else(|| app.never()).or_else(own);
            (!listed(&self.apps, &plain)).then_some((id, app, why))
        })
    }
}

impl Config {
    /// The profiles that lock an app, by name; the id is compared without case.
    pub fn profiles_that_lock(&self, app: &str) -> impl Iterator<Item = &String> {
        let app = folded(app);
        let locks = move |set: &BTreeSet<String>| set.iter().any(|own| folded(own) == app);
        let profiles = self.profiles.iter();
        profiles.filter(move |(_, it)| locks(&it.measures.lock.apps)).map(|(name, _)| name)
    }
}

/// Categories that an app has besides what it is for: a mail program that can read news too is a mail program, a browser
/// that can chat is a browser, and what plays podcasts is a player.
const RATHER: &[(&[&str], &[&str])] = &[
    (&["News", "Feed"], &["Email", "WebBrowser", "AudioVideo", "Audio", "Video"]),
    (&["Email", "InstantMessaging", "Chat", "IRCClient"], &["WebBrowser", "Game"]),
    (&["Game"], &["WebBrowser", "AudioVideoEditing"]),
];

/// The registered categories that say what an app is for.
#[rustfmt::skip]
const CATEGORIES: &[&str] = &[
    "2DGraphics", "3DGraphics", "ActionGame", "Adult", "AdventureGame", "Amusement", "ArcadeGame", "Archiving", "Art",
    "ArtificialIntelligence", "Astronomy", "Audio", "AudioVideo", "AudioVideoEditing", "Biology", "BlocksGame",
    "BoardGame", "Building", "Calculator", "CardGame", "Chart", "Chat", "Chemistry", "Compression", "ComputerScience",
    "Construction", "DataVisualization", "Database", "Debugger", "Development", "Dialup", "Dictionary", "DiscBurning",
    "Documentation", "Economy", "Education", "Electricity", "Electronics", "Email", "Emulator", "Engineering", "Feed",
    "FileTools", "FileTransfer", "Filesystem", "Finance", "FlowChart", "GUIDesigner", "Game", "Geography", "Geology",
    "Geoscience", "Graphics", "HamRadio", "History", "Humanities", "IDE", "IRCClient", "ImageProcessing",
    "InstantMessaging", "KidsGame", "Languages", "Literature", "LogicGame", "Math", "Midi", "Mixer", "Monitor",
    "Music", "Network", "News", "NumericalAnalysis", "OCR", "Office", "P2P", "PDA", "ParallelComputing", "Photography",
    "Physics", "Player", "Presentation", "Printing", "Profiling", "ProjectManagement", "Publishing", "RasterGraphics",
    "Recorder", "RemoteAccess", "RevisionControl", "Robotics", "RolePlaying", "Scanning", "Science", "Sequencer",
    "Shooter", "Simulation", "Spirituality", "Sports", "SportsGame", "Spreadsheet", "StrategyGame", "TV", "TextEditor",
    "TextTools", "Translation", "Tuner", "VectorGraphics", "Video", "Viewer", "WebBrowser", "WebDevelopment",
    "WordProcessor",
];

/// Categories that say how an app is built or that it belongs to the system, and that half of a desktop has.
#[rustfmt::skip]
const TOO_WIDE: &[&str] = &[
    "ConsoleOnly", "Core", "DDE", "GNOME", "GTK", "Java", "KDE", "Motif", "Qt", "Security", "System", "Utility", "XFCE",
];

/// What a category written in a config comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written<'a> {
    /// It is one, in this spelling.
    Is(&'a str),
    /// Its apps can never be locked.
    Never(&'static str),
    /// It would lock half the desktop.
    TooWide,
    /// It is not registered; the nearest that is.
    Unknown(Option<&'static str>),
}

/// Looks a category up; case does not matter. One of a program's own (`X-…`) is taken as written.
pub(super) fn category(written: &str) -> Written<'_> {
    let same = |name: &&&str| name.eq_ignore_ascii_case(written);
    if let Some(name) = CATEGORIES.iter().find(same) {
        return Written::Is(name);
    }
    if TOO_WIDE.iter().any(|name| name.eq_ignore_ascii_case(written)) {
        return Written::TooWide;
    }
    match never::category(written) {
        Some(reason) => Written::Never(reason),
        None if written.starts_with("X-") => Written::Is(written),
        None => Written::Unknown(nearest(written, CATEGORIES.iter().copied())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(categories: &str) -> InstalledApp {
        InstalledApp { name: "x".to_owned(), categories: categories.to_owned() }
    }

    fn brings(categories: &[&str], of: &str) -> bool {
        app(of).is_of(&categories.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_category_brings_what_is_for_that() {
        assert!(brings(&["Game"], "Game;BoardGame;Qt;"));
        assert!(brings(&["Game"], "Network; Game ;"));
        assert!(brings(&["News", "Feed"], "Network;Feed;"));
        assert!(brings(&["Email"], "Network;Email;News;Feed;"));
        for (wanted, of) in [
            ("Game", "BoardGame;"),
            ("Game", "GameTool;"),
            ("Game", ""),
            ("News", "Network;Email;News;"),
            ("Feed", "AudioVideo;Feed;"),
            ("Chat", "Network;WebBrowser;Chat;"),
        ] {
            assert!(!brings(&[wanted], of), "{wanted}: {of}");
        }
    }

    #[test]
    fn what_is_never_locked_wins_over_a_category() {
        let installed = Installed(
            [
                ("chess", "Game;"),
                ("steam", "Game;"),
                ("Mine", "Game;"),
                ("mud", "Game;TerminalEmulator;"),
                ("zoom", "Game;"),
                ("writer", "Office;"),
            ]
            .map(|(id, categories)| (id.to_owned(), app(categories)))
            .into(),
        );
        let group = Group {
            apps: ["Steam".to_owned()].into(),
            categories: ["Game".to_owned()].into(),
            ..Group::default()
        };
        let own_never = Group { apps: ["mine".to_owned()].into(), ..Group::default() };
        let found: Vec<_> = group
            .by_category(&installed, &own_never)
            .map(|(id, _, why)| (id.as_str(), why))
            .collect();
        assert_eq!(
            found,
            [
                ("Mine", Some("under [never] in your config")),
                ("chess", None),
                ("mud", Some("a terminal")),
                ("zoom", Some("calls")),
            ]
        );
        assert_eq!(installed.get("CHESS.desktop").unwrap().0, "chess");
    }

    #[test]
    fn categories_are_looked_up_as_people_write_them() {
        assert_eq!(category("game"), Written::Is("Game"));
        assert_eq!(category("X-Mine"), Written::Is("X-Mine"));
        assert_eq!(category("Games"), Written::Unknown(Some("Game")));
        assert_eq!(category("Knitting"), Written::Unknown(None));
        assert_eq!(category("TerminalEmulator"), Written::Never("a terminal"));
        assert_eq!(category("gtk"), Written::TooWide);
        assert!(CATEGORIES.is_sorted());
        let both = |name: &&&str| TOO_WIDE.contains(*name) || never::category(name).is_some();
        assert_eq!(CATEGORIES.iter().find(both), None);
    }
}
