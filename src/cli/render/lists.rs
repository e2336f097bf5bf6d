//! Sessions, apps, and what serves each measure.

use super::{
    Page,
    time::{counted, moment},
};
use crate::{
    api::{AppEntry, DoctorEntry, SessionEntry},
    plan::Measure,
};

/// `quietctl sessions`: the one place that shows kinds and notes.
pub fn sessions(page: &Page, sessions: &[SessionEntry]) -> String {
    if sessions.is_empty() {
        return "No session is logged.\n".to_owned();
    }
    let have_notes = sessions.iter().any(|session| session.notes.is_some());
    let mut sessions: Vec<&SessionEntry> = sessions.iter().collect();
    sessions.sort_by_key(|session| session.ended);
    let mut rows = vec![["Ended", "Kind", "Id", "Note"].map(str::to_owned)];
    rows.extend(sessions.into_iter().map(|session| {
        let ended = moment(session.ended).map_or_else(
            || "not known".to_owned(),
            |ended| page.here(ended).strftime("%a %-d %b %Y %H:%M").to_string(),
        );
        let notes = session.notes.filter(|many| *many > 0);
        let notes = notes.map(|many| format!("({})", counted(u64::from(many), "note")));
        let note: Vec<String> = session.note.clone().into_iter().chain(notes).collect();
        [ended, session.kind.clone(), session.id.clone(), note.join("\n")]
    }));
    let mut out = page.columns(&rows);
    out.push('\n');
    let forget = ("quietctl forget ID", "erases one for good");
    let notes = ("quietctl notes", "shows your notes");
    let commands = [notes, forget];
    out.push_str(&page.commands(&commands[usize::from(!have_notes)..]));
    out
}

/// `quietctl apps`: what runs now, with the ids to write in the config.
pub fn apps(page: &Page, apps: &[AppEntry], config: &str) -> String {
    if apps.is_empty() {
        return "No app is running that can be told from others.\n".to_owned();
    }
    let mut apps: Vec<&AppEntry> = apps.iter().collect();
    apps.sort_by_key(|app| app.id.to_lowercase());
    let mut rows = vec![["Id", "Name", "Known by", "Now"].map(str::to_owned)];
    rows.extend(apps.into_iter().map(|app| {
        let now = match (app, app.profiles.as_deref()) {
            (AppEntry { never: true, .. }, _) => match &app.never_why {
                Some(why) => format!("can never be locked: {why}"),
                None => "can never be locked".to_owned(),
            },
            (AppEntry { locked: true, .. }, _) => "locked".to_owned(),
            (_, Some(profiles)) if !profiles.is_empty() => {
                format!("open; locked in {}", profiles.join(", "))
            }
            _ => "open".to_owned(),
        };
        [app.id.clone(), app.name.clone(), known_by(app).to_owned(), now]
    }));
    let mut out = page.columns(&rows);
    out.push('\n');
    out.push_str(&page.advice(
        0,
        &format!("To lock one, write its id under lock = [\"…\"] in a profile of {config}."),
    ));
    out
}

/// How an app was recognised, in words.
fn known_by(app: &AppEntry) -> &str {
    match app.sign.as_deref().unwrap_or(&app.known_by) {
        "unit" => "its unit",
        "bus" => "the bus",
        "script" => "its script",
        "appimage" => "its AppImage",
        "program" | "process" => "its program",
        // A flatpak or a snap, or what a newer daemon says.
        other => other,
    }
}

/// Something `doctor` looks at without the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is about.
    pub about: &'static str,
    /// Whether it is as it should be.
    pub fine: bool,
    /// What was seen, and what to do if it is not fine.
    pub text: String,
}

/// How much `doctor` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What serves each measure, or why nothing does.
    Served,
    /// Every backend there is.
    Every,
}

/// `quietctl doctor`; `entries` is none where the daemon is not running.
pub fn doctor(
    page: &Page,
    entries: Option<&[DoctorEntry]>,
    checks: &[Check],
    detail: Detail,
) -> String {
    let mut out = String::new();
    if let Some(entries) = entries {
        out.push_str(&page.strong("What serves each measure here"));
        out.push('\n');
        let mut rows = vec![["Measure", "State", "By"].map(str::to_owned)];
        rows.extend(Measure::ALL.into_iter().flat_map(|measure| served(entries, measure, detail)));
        rows.extend(beside(entries));
        out.push_str(&page.columns(&rows));
        out.push('\n');
        if detail == Detail::Served {
            out.push_str(&page.commands(&[("quietctl doctor --all", "shows every way there is")]));
            out.push('\n');
        }
    }
    out.push_str(&page.strong("What quietd needs"));
    out.push('\n');
    let rows: Vec<[&str; 3]> = checks
        .iter()
        .map(|check| [check.about, if check.fine { "fine" } else { "not yet" }, &check.text])
        .collect();
    out.push_str(&page.columns(&rows));
    out
}

/// The rows of one measure: what serves it; or, where nothing does, what is here and why it cannot.
fn served(entries: &[DoctorEntry], measure: Measure, detail: Detail) -> Vec<[String; 3]> {
    let mut entries: Vec<&DoctorEntry> =
        entries.iter().filter(|entry| entry.measure == measure.name()).collect();
    entries.sort_by_key(|entry| !entry.serves);
    if detail == Detail::Served {
        // The panel and the monitors may each have their own way.
        if entries.first().is_some_and(|entry| entry.serves) {
            entries.retain(|entry| entry.serves);
        } else {
            entries.retain(|entry| entry.state == "unsupported");
        }
    }
    if entries.is_empty() {
        let nothing = "Nothing on this desktop does it.".to_owned();
        return vec![[measure.name().into(), "not here".into(), nothing]];
    }
    let row = |(at, entry): (usize, &DoctorEntry)| {
        let name = if at == 0 { measure.name() } else { "" };
        let state = match &*entry.state {
            "ready" if entry.serves => "works",
            "ready" => "could",
            "deferred" => "waits",
            "elsewhere" => "not here",
            _ => "cannot",
        };
        [name.to_owned(), state.to_owned(), what_to_know(entry)]
    };
    entries.into_iter().enumerate().map(row).collect()
}

/// What is counted beside the measures, and who tells it.
fn beside(entries: &[DoctorEntry]) -> impl Iterator<Item = [String; 3]> {
    let is_measure = |name: &str| Measure::ALL.iter().any(|measure| measure.name() == name);
    let entries = entries.iter().filter(move |entry| !is_measure(&entry.measure));
    entries.enumerate().map(|(at, entry)| {
        let name = if at == 0 { entry.measure.clone() } else { String::new() };
        let state = if entry.serves { "works" } else { "not here" };
        [name, state.to_owned(), what_to_know(entry)]
    })
}

/// What it is, since which version, and what it cannot do: a line for each.
fn what_to_know(entry: &DoctorEntry) -> String {
    // The sentence often begins with the name already.
    let mut text = if entry.text.to_lowercase().contains(&entry.title.to_lowercase()) {
        entry.text.clone()
    } else if entry.text.is_empty() {
        entry.title.clone()
    } else {
        format!("{}: {}", entry.title, entry.text)
    };
    if let Some(since) = &entry.since {
        text.extend([" (for ", since, ")"]);
    }
    if let Some(cannot) = entry.cannot.as_ref().filter(|_| entry.state == "ready") {
        text.push('\n');
        text.push_str(cannot);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn sessions_with_kind_and_note() {
        let logged = [
            SessionEntry {
                id: "b2".into(),
                kind: "session".into(),
                ended: sample::usec("2026-11-25T14:00+01"),
                logged: sample::usec("2026-11-25T15:00+01"),
                note: Some("three words are enough\nand one more line".into()),
                notes: Some(2),
            },
            SessionEntry {
                id: "a1".into(),
                kind: "retreat day".into(),
                ended: sample::usec("2026-11-02T18:00+01"),
                ..SessionEntry::default()
            },
        ];
        insta::assert_snapshot!(sessions(&sample::page(), &logged), @r"
          Ended                  Kind         Id  Note
          Mon 2 Nov 2026 18:00   retreat day  a1
          Wed 25 Nov 2026 14:00  session      b2  three words are enough
                                                  and one more line
                                                  (2 notes)

        quietctl notes      shows your notes
        quietctl forget ID  erases one for good
        ");
        insta::assert_snapshot!(sessions(&sample::page(), &[]), @r"No session is logged.");
    }

    #[test]
    fn apps_with_their_ids() {
        let app = |id: &str, name: &str, locked, never| AppEntry {
            id: id.into(),
            name: name.into(),
            locked,
            never,
            ..AppEntry::default()
        };
        let running = [
            AppEntry {
                sign: Some("flatpak".into()),
                ..app("org.telegram.desktop", "Telegram", true, false)
            },
            AppEntry {
                sign: Some("unit".into()),
                never_why: Some("a terminal".into()),
                ..app("Alacritty", "Alacritty", false, true)
            },
            AppEntry {
                sign: Some("program".into()),
                profiles: Some(vec!["ease".into(), "quiet".into()]),
                ..app("liferea", "Liferea", false, false)
            },
            // From an older daemon.
            AppEntry { known_by: "process".into(), ..app("firefox", "Firefox", false, false) },
            AppEntry { known_by: "unit".into(), ..app("foot", "Foot", false, true) },
        ];
        insta::assert_snapshot!(apps(&sample::page(), &running, "~/.config/quietd/config.toml"), @r#"
          Id                    Name       Known by     Now
          Alacritty             Alacritty  its unit     can never be locked: a terminal
          firefox               Firefox    its program  open
          foot                  Foot       its unit     can never be locked
          liferea               Liferea    its program  open; locked in ease, quiet
          org.telegram.desktop  Telegram   flatpak      locked

        To lock one, write its id under lock = ["…"] in a
        profile of ~/.config/quietd/config.toml.
        "#);
        insta::assert_snapshot!(apps(&sample::page(), &[], ""), @r"No app is running that can be told from others.");
    }

    fn entry(measure: &str, title: &str, state: &str, serves: bool, text: &str) -> DoctorEntry {
        DoctorEntry {
            measure: measure.into(),
            backend: title.to_lowercase(),
            title: title.into(),
            state: state.into(),
            serves,
            text: text.into(),
            ..DoctorEntry::default()
        }
    }

    #[test]
    fn what_serves_each_measure() {
        let entries = [
            entry("notifications", "mako", "elsewhere", false, "mako is not running."),
            DoctorEntry {
                since: Some("1.5 and newer".into()),
                cannot: Some("Before 1.10, urgent ones wait too.".into()),
                ..entry("notifications", "dunst", "ready", true, "dunst 1.9.0")
            },
            entry("dim", "Backlight", "unsupported", false, "There is no backlight here."),
            entry("dim", "Gamma", "deferred", false, "The compositor has not started yet."),
            entry("apps", "App units", "ready", true, "the user manager freezes them"),
        ];
        let checks = [
            Check { about: "session bus", fine: true, text: "here".into() },
            Check {
                about: "unit",
                fine: false,
                text: "quietd.service is not installed. To install it: quietctl setup".into(),
            },
        ];
        let page = sample::page();
        insta::assert_snapshot!(doctor(&page, Some(&entries), &checks, Detail::Served), @r"
        What serves each measure here
          Measure        State     By
          notifications  works     dunst 1.9.0 (for 1.5 and newer)
                                   Before 1.10, urgent ones wait too.
          dim            cannot    There is no backlight here.
          warmth         not here  Nothing on this desktop does it.
          greyscale      not here  Nothing on this desktop does it.
          apps           works     App units: the user manager freezes them
          sites          not here  Nothing on this desktop does it.
          breaks         not here  Nothing on this desktop does it.

        quietctl doctor --all  shows every way there is

        What quietd needs
          session bus  fine     here
          unit         not yet  quietd.service is not installed. To install it: quietctl
                                setup
        ");
        insta::assert_snapshot!(doctor(&page, Some(&entries), &checks, Detail::Every), @r"
        What serves each measure here
          Measure        State     By
          notifications  works     dunst 1.9.0 (for 1.5 and newer)
                                   Before 1.10, urgent ones wait too.
                         not here  mako is not running.
          dim            cannot    There is no backlight here.
                         waits     Gamma: The compositor has not started yet.
          warmth         not here  Nothing on this desktop does it.
          greyscale      not here  Nothing on this desktop does it.
          apps           works     App units: the user manager freezes them
          sites          not here  Nothing on this desktop does it.
          breaks         not here  Nothing on this desktop does it.

        What quietd needs
          session bus  fine     here
          unit         not yet  quietd.service is not installed. To install it: quietctl
                                setup
        ");
        insta::assert_snapshot!(doctor(&page, None, &checks, Detail::Served), @r"
        What quietd needs
          session bus  fine     here
          unit         not yet  quietd.service is not installed. To install it: quietctl
                                setup
        ");
    }
}
