//! The file as written, with the place of everything: types and single values are checked here, what they mean
//! together is [`super::lower`]'s.

use std::ops::Range;

use jiff::{SignedDuration, civil};
use toml::de::DeTable;

use super::{
    BATCHES_AT_MOST, DIM_AT_MOST, DailyBreaks, Days, Log, Measures, Notifications, ScreenTime,
    Sign, Suggestions,
    calendar::{self, CALENDAR},
    log::{self, LOG},
    names::{nearest, shown},
    notes::Notes,
    people::{self, PEOPLE},
    rest::{self, BREAKS, DAILY, SUGGESTIONS},
    screen_time::{self, SCREEN_TIME},
    value::{At, Key, Section, Value},
};

/// The whole file.
#[derive(Debug, Default)]
pub(super) struct File<'a> {
    pub after: Vec<After<'a>>,
    pub weekly: Vec<Weekly<'a>>,
    pub places: Vec<Place<'a>>,
    pub profiles: Vec<(At<&'a str>, Profile<'a>)>,
    pub groups: Vec<(At<&'a str>, Entries<'a>)>,
    pub never: Entries<'a>,
    pub batches: Option<Vec<civil::Time>>,
    pub calendar: Option<At<super::Calendar>>,
    pub people: people::Written<'a>,
    pub breaks: Option<DailyBreaks>,
    pub suggestions: Option<Suggestions>,
    pub screen_time: ScreenTime,
    pub log: Log,
}

/// `[[after]]`.
#[derive(Debug)]
pub(super) struct After<'a> {
    pub kinds: Vec<At<&'a str>>,
    pub phases: Vec<Phase<'a>>,
}

/// One of `phases`; what is not there was noted.
#[derive(Debug)]
pub(super) struct Phase<'a> {
    pub span: Range<usize>,
    pub lasts: Option<At<SignedDuration>>,
    pub profile: Option<At<&'a str>>,
}

/// `[[weekly]]`; what is not there was noted.
#[derive(Debug)]
pub(super) struct Weekly<'a> {
    pub name: Option<At<&'a str>>,
    pub days: Days,
    pub from: Option<At<civil::Time>>,
    pub until: Option<At<civil::Time>>,
    pub profile: Option<At<&'a str>>,
}

/// `[[place]]`; what is not there was noted.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub name: Option<At<&'a str>>,
    pub sign: Option<Sign>,
    pub profile: Option<At<&'a str>>,
}

/// `[profiles.NAME]`: its measures but for what it locks, which is by name.
#[derive(Debug)]
pub(super) struct Profile<'a> {
    pub measures: Measures,
    pub lock: Vec<At<&'a str>>,
    pub grace: Option<SignedDuration>,
}

/// `[groups.NAME]` and `[never]`, which has no categories.
#[derive(Debug, Default)]
pub(super) struct Entries<'a> {
    pub apps: Vec<At<&'a str>>,
    pub sites: Vec<At<&'a str>>,
    pub categories: Vec<At<&'a str>>,
}

macro_rules! keys {
    ($($constant:ident: $name:literal takes $takes:literal, $example:literal;)*) => {
        $(const $constant: Key = Key { name: $name, takes: $takes, example: $example };)*
    };
}

keys! {
    AFTER: "after" takes "a list of tables", "[[after]]";
    WEEKLY: "weekly" takes "a list of tables", "[[weekly]]";
    PLACE: "place" takes "a list of tables", "[[place]]";
    PROFILES: "profiles" takes "tables with a name", "[profiles.settle]";
    GROUPS: "groups" takes "tables with a name", "[groups.social]";
    NEVER: "never" takes "a table", "[never]";
    BATCHES: "batches" takes "times of day", "batches = [\"09:00\", \"13:00\", \"18:00\"]";
    SESSION: "session" takes "\"any\", a kind of session, or a list of kinds", "session = \"any\"";
    PHASES: "phases" takes "a list of tables", "phases = [{ for = \"4h\", profile = \"settle\" }]";
    FOR: "for" takes "a duration", "for = \"4h\"";
    PROFILE: "profile" takes "the name of a profile", "profile = \"quiet\"";
    NAME: "name" takes "text", "name = \"evenings\"";
    DAYS: "days" takes "days of the week", "days = [\"mon-thu\", \"sun\"]";
    FROM: "from" takes "a time of day", "from = \"21:30\"";
    UNTIL: "until" takes "a time of day", "until = \"07:00\"";
    NETWORK: "network" takes "the name of a network", "network = \"Bedroom\"";
    MONITOR: "monitor" takes "the name of a monitor", "monitor = \"DELL U2720Q\"";
    DOCK: "dock" takes "true", "dock = true";
    NOTIFICATIONS: "notifications" takes "\"all\", \"batched\" or \"urgent\"", "notifications = \"urgent\"";
    DIM: "dim" takes "whole percent from 0 to 75", "dim = 40";
    WARMTH: "warmth" takes "whole kelvin from 1000 to 6500", "warmth = 3400";
    GREYSCALE: "greyscale" takes "true or false", "greyscale = true";
    LOCK: "lock" takes "groups, apps and sites", "lock = [\"@social\", \"reddit.com\"]";
    WAIT: "wait" takes "at most 60 seconds", "wait = \"20s\"";
    GRACE: "grace" takes "at most 10 minutes", "grace = \"60s\"";
    APPS: "apps" takes "a list of apps", "apps = [\"discord\"]";
    CATEGORIES: "categories" takes "a list of categories of the menu", "categories = [\"Game\"]";
    SITES: "sites" takes "a list of sites", "sites = [\"reddit.com\"]";
}

const TOP_KEYS: [&Key; 13] = [
    &AFTER,
    &WEEKLY,
    &PLACE,
    &PROFILES,
    &GROUPS,
    &NEVER,
    &BATCHES,
    &PEOPLE,
    &SCREEN_TIME,
    &CALENDAR,
    &DAILY,
    &SUGGESTIONS,
    &LOG,
];
const PROFILE_KEYS: [&Key; 8] =
    [&NOTIFICATIONS, &DIM, &WARMTH, &GREYSCALE, &LOCK, &WAIT, &GRACE, &BREAKS];
const GROUP_KEYS: [&Key; 3] = [&APPS, &SITES, &CATEGORIES];
const NEVER_KEYS: [&Key; 2] = [&APPS, &SITES];

/// The keys of a config, each with what it takes.
pub(super) fn top_keys() -> &'static [&'static Key] {
    &TOP_KEYS
}

/// The longest `wait`.
const WAIT_AT_MOST: SignedDuration = SignedDuration::from_secs(60);

/// The longest `grace`.
const GRACE_AT_MOST: SignedDuration = SignedDuration::from_mins(10);

/// Daylight; warmer than this is no warmth at all.
const NEUTRAL: u16 = 6500;

impl<'a> File<'a> {
    /// Reads a document.
    pub(super) fn read(document: &'a DeTable<'a>, notes: &mut Notes<'_>) -> Self {
        Self::read_section(&Section::open("the file", &TOP_KEYS, document, 0..0, notes), notes)
    }

    /// Reads a document whose keys were looked at.
    pub(super) fn read_section(file: &Section<'a>, notes: &mut Notes<'_>) -> Self {
        let rules = |what, key, keys: &[&'static Key], notes: &mut Notes<'_>| {
            let value = file.get(key);
            value.and_then(|value| value.sections(what, keys, notes)).unwrap_or_default()
        };
        let after = rules("a rule under [[after]]", &AFTER, &[&SESSION, &PHASES], notes);
        let weekly_keys = [&NAME, &DAYS, &FROM, &UNTIL, &PROFILE];
        let weekly = rules("a rule under [[weekly]]", &WEEKLY, &weekly_keys, notes);
        let place_keys = [&NAME, &NETWORK, &MONITOR, &DOCK, &PROFILE];
        let place = rules("a rule under [[place]]", &PLACE, &place_keys, notes);
        let profiles = file.get(&PROFILES).map_or_else(Vec::new, |value| {
            value.named_sections("a profile", &PROFILES, &PROFILE_KEYS, notes)
        });
        let groups = file.get(&GROUPS).map_or_else(Vec::new, |value| {
            value.named_sections("a group", &GROUPS, &GROUP_KEYS, notes)
        });
        let never = file.get(&NEVER).and_then(|value| value.section("[never]", &NEVER_KEYS, notes));
        Self {
            after: after.iter().map(|rule| After::read(rule, notes)).collect(),
            weekly: weekly.iter().map(|rule| Weekly::read(rule, notes)).collect(),
            places: place.iter().map(|rule| Place::read(rule, notes)).collect(),
            profiles: profiles
                .into_iter()
                .map(|(name, section)| (name, Profile::read(&section, notes)))
                .collect(),
            groups: groups
                .into_iter()
                .map(|(name, section)| (name, Entries::read(&section, notes)))
                .collect(),
            never: never.map(|section| Entries::read(&section, notes)).unwrap_or_default(),
            calendar: file.get(&CALENDAR).and_then(|value| calendar::read(&value, notes)),
            batches: file.get(&BATCHES).map(|value| batches(&value, notes)),
            people: file
                .get(&PEOPLE)
                .map(|value| people::Written::read(&value, notes))
                .unwrap_or_default(),
            breaks: file.get(&DAILY).and_then(|value| rest::daily(&value, notes)),
            suggestions: file.get(&SUGGESTIONS).and_then(|value| rest::suggestions(&value, notes)),
            screen_time: screen_time::read(file.get(&SCREEN_TIME).as_ref(), notes),
            log: log::read(file.get(&LOG).as_ref(), notes),
        }
    }
}

impl<'a> After<'a> {
    fn read(rule: &Section<'a>, notes: &mut Notes<'_>) -> Self {
        let mut kinds = Vec::new();
        if let Some(session) = rule.need(&SESSION, notes) {
            kinds = texts_or_empty(&session, "names no session", notes);
        }
        let phase_keys = [&FOR, &PROFILE];
        let written = rule.need(&PHASES, notes);
        let sections =
            written.as_ref().and_then(|value| value.sections("a phase", &phase_keys, notes));
        if let (Some(value), Some([])) = (&written, sections.as_deref()) {
            value.odd("an empty list of phases", "keeps nothing quiet", notes);
        }
        let phase = |section: &Section<'a>| Phase {
            span: section.span.clone(),
            lasts: section.need(&FOR, notes).and_then(|value| value.some_time(notes)),
            profile: text(section, &PROFILE, notes),
        };
        Self { kinds, phases: sections.unwrap_or_default().iter().map(phase).collect() }
    }
}

impl<'a> Weekly<'a> {
    fn read(rule: &Section<'a>, notes: &mut Notes<'_>) -> Self {
        let mut time = |key| rule.need(key, notes).and_then(|value| value.time(notes));
        let (from, until) = (time(&FROM), time(&UNTIL));
        if let (Some(from), Some(until)) = (&from, &until)
            && from.value == until.value
        {
            notes.mistake(
                &until.span,
                "a weekly window begins and ends at the same time".to_string(),
                "the same as `from`",
                "Write another time; one before `from` is on the day after.",
            );
        }
        Self {
            name: text(rule, &NAME, notes),
            days: rule.need(&DAYS, notes).map(|value| days(&value, notes)).unwrap_or_default(),
            from,
            until,
            profile: text(rule, &PROFILE, notes),
        }
    }
}

impl<'a> Place<'a> {
    fn read(rule: &Section<'a>, notes: &mut Notes<'_>) -> Self {
        Self {
            name: text(rule, &NAME, notes),
            sign: sign(rule, notes),
            profile: text(rule, &PROFILE, notes),
        }
    }
}

/// Reads the one sign that a place goes by.
fn sign(rule: &Section<'_>, notes: &mut Notes<'_>) -> Option<Sign> {
    let mut signs: Vec<_> = [&NETWORK, &MONITOR, &DOCK]
        .into_iter()
        .filter_map(|key| rule.get(key).map(|value| (key.name, value)))
        .collect();
    signs.sort_by_key(|(_, value)| value.span.start);
    let mut sign = None;
    for (name, value) in &signs {
        sign = match *name {
            "dock" => value.flag(notes).and_then(|flag| dock(&flag, notes)),
            "monitor" => value.text(notes).map(|name| Sign::Monitor(name.value.to_owned())),
            _ => value.text(notes).map(|name| Sign::Network(name.value.to_owned())),
        };
    }
    match signs.as_slice() {
        [] => {
            notes.absence(
                &rule.span,
                "a rule under [[place]] needs one of the keys `network`, `monitor` and `dock`",
                "nothing says where this is",
                format!(
                    "Add for example `{}`, `{}` or `{}`.",
                    NETWORK.example, MONITOR.example, DOCK.example
                ),
            );
        }
        [_] => return sign,
        [.., (_, last)] => notes.mistake(
            &last.span,
            format!("a place goes by one sign, and this one has {}", signs.len()),
            "one too many",
            "Keep one of them. A second [[place]] with another one makes it quiet at either.",
        ),
    }
    None
}

fn dock(flag: &At<bool>, notes: &mut Notes<'_>) -> Option<Sign> {
    if flag.value {
        return Some(Sign::Dock);
    }
    notes.mistake(
        &flag.span,
        "`dock = false` does not say where it is quiet",
        "only `true` is a sign",
        format!("Write `{}`, or name a `network` or a `monitor` instead.", DOCK.example),
    );
    None
}

impl<'a> Profile<'a> {
    fn read(section: &Section<'a>, notes: &mut Notes<'_>) -> Self {
        let mut measures = Measures::default();
        if let Some(value) = section.get(&NOTIFICATIONS) {
            measures.notifications = notifications(&value, notes).unwrap_or_default();
        }
        if let Some(written) = section.get(&DIM).and_then(|value| value.number(0..101, notes)) {
            measures.dim = dim(&written, notes);
        }
        if let Some(value) =
            section.get(&WARMTH).and_then(|value| value.number(1000..10_001, notes))
        {
            measures.warmth = warmth(&value, notes);
        }
        if let Some(value) = section.get(&GREYSCALE).and_then(|value| value.flag(notes)) {
            measures.greyscale = value.value;
        }
        let mut at_most = |key, most: SignedDuration, why| {
            let value = section.get(key)?;
            let duration = value.duration(notes)?.value;
            if duration > most {
                value.odd(&value.written(), why, notes);
            }
            Some(duration)
        };
        let wait = at_most(&WAIT, WAIT_AT_MOST, "is longer than a minute");
        let grace = at_most(&GRACE, GRACE_AT_MOST, "is longer than 10 minutes");
        measures.lock.wait = wait.unwrap_or_default();
        if let Some(value) = section.get(&BREAKS) {
            match rest::breaks(&value, notes) {
                Some(rest::Written::These(breaks)) => measures.breaks = Some(breaks),
                Some(rest::Written::Off) => measures.breaks_off = true,
                None => {}
            }
        }
        let lock = section.get(&LOCK).map(|value| value.texts(notes)).unwrap_or_default();
        Self { measures, lock, grace }
    }
}

impl<'a> Entries<'a> {
    fn read(section: &Section<'a>, notes: &mut Notes<'_>) -> Self {
        let mut list = |key| section.get(key).map(|value| value.texts(notes)).unwrap_or_default();
        Self { apps: list(&APPS), sites: list(&SITES), categories: list(&CATEGORIES) }
    }
}

fn text<'a>(
    section: &Section<'a>,
    key: &'static Key,
    notes: &mut Notes<'_>,
) -> Option<At<&'a str>> {
    section.need(key, notes).and_then(|value| value.text(notes))
}

fn texts_or_empty<'a>(value: &Value<'a>, why: &str, notes: &mut Notes<'_>) -> Vec<At<&'a str>> {
    if value.is_empty_list() {
        value.odd("an empty list", why, notes);
    }
    value.texts(notes)
}

fn notifications(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<Notifications> {
    let text = value.text(notes)?;
    match text.value {
        "all" => Some(Notifications::All),
        "batched" => Some(Notifications::Batched),
        "urgent" => Some(Notifications::Urgent),
        other => {
            let near = nearest(other, ["all", "batched", "urgent"]);
            notes.mistake(
                &text.span,
                format!("{} does not say which notifications come through", shown(other)),
                "not one of the three",
                match near {
                    Some(near) => format!("Did you mean \"{near}\"?"),
                    None => "Write \"all\", \"batched\" (held, and let through together) or \"urgent\" (only urgent ones).".into(),
                },
            );
            None
        }
    }
}

/// Reads the times of day in any order.
fn batches(value: &Value<'_>, notes: &mut Notes<'_>) -> Vec<civil::Time> {
    if value.is_empty_list() {
        value.odd("an empty list of batches", "lets nothing through at any time", notes);
    }
    let mut times = Vec::new();
    for time in value.times(notes) {
        if times.contains(&time.value) {
            notes.warning(
                &time.span,
                format!("{} stands twice in `batches`", time.value.strftime("%H:%M")),
                "once is enough",
                "Take one of the two out.",
            );
        } else if times.len() == BATCHES_AT_MOST {
            notes.mistake(
                &time.span,
                format!("there are more than {BATCHES_AT_MOST} batches"),
                "one too many",
                "Write fewer, or `notifications = \"all\"` in the profile if nothing is to wait.",
            );
            break;
        } else {
            times.push(time.value);
        }
    }
    times.sort_unstable();
    times
}

fn dim(written: &At<u16>, notes: &mut Notes<'_>) -> u8 {
    let dim = u8::try_from(written.value).unwrap_or(DIM_AT_MOST);
    if dim > DIM_AT_MOST {
        notes.warning(
            &written.span,
            format!("`dim = {dim}` is taken as {DIM_AT_MOST}"),
            "a quarter of the light always stays",
            format!("Write {DIM_AT_MOST} or less."),
        );
    }
    dim.min(DIM_AT_MOST)
}

fn warmth(written: &At<u16>, notes: &mut Notes<'_>) -> Option<u16> {
    if written.value > NEUTRAL {
        notes.warning(
            &written.span,
            format!("`warmth = {}` does not warm anything", written.value),
            "colder than daylight",
            format!("Write less than {NEUTRAL}, or take the line out."),
        );
        return None;
    }
    Some(written.value)
}

/// Reads `"mon-thu"`, `"weekend"`, or a list of such.
fn days(value: &Value<'_>, notes: &mut Notes<'_>) -> Days {
    let mut days = Days::default();
    for text in texts_or_empty(value, "names no day", notes) {
        let Some(named) = days_named(text.value) else {
            notes.mistake(
                &text.span,
                format!("{} is no day of the week", shown(text.value)),
                "not a day",
                "Write mon, tue, wed, thu, fri, sat or sun, two of them with a hyphen (\"sun-thu\"), \"weekdays\", \"weekend\" or \"daily\".",
            );
            continue;
        };
        for day in named {
            days.insert(day);
        }
    }
    days
}

fn days_named(text: &str) -> Option<Vec<civil::Weekday>> {
    use civil::Weekday::{Friday, Monday, Saturday, Sunday};
    let range = |first: civil::Weekday, last: civil::Weekday| {
        let more = usize::from(last.since(first).unsigned_abs());
        first.cycle_forward().take(more + 1).collect()
    };
    let lower = text.trim().to_lowercase();
    match lower.as_str() {
        "daily" => Some(range(Monday, Sunday)),
        "weekdays" => Some(range(Monday, Friday)),
        "weekend" | "weekends" => Some(range(Saturday, Sunday)),
        lower => match lower.split_once(['-', '–']) {
            Some((first, last)) => Some(range(day(first.trim())?, day(last.trim())?)),
            None => Some(vec![day(lower)?]),
        },
    }
}

fn day(name: &str) -> Option<civil::Weekday> {
    const NAMES: [&str; 7] =
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let at = NAMES.iter().position(|whole| *whole == name || whole.get(..3) == Some(name))?;
    civil::Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}
