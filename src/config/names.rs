//! Names of apps and sites, and names that were meant.
//!
//! An entry of `lock` is `@group`, an app (a desktop-file id) or a site (a host name). Which of the two is decided so:
//!
//! 1. `app:NAME` and `site:NAME` say it.
//! 2. Without a dot, ending in `.desktop` or in a label with a digit first (`gimp-2.10`), it is an app.
//! 3. With three labels or more, of which the first is `org` or `com` (`org.telegram.desktop`) or the first two are a
//!    forge's (`io.github.…`), it is an app.
//! 4. With three labels or more, of which the first is another ending of host names (`net.lutris.Lutris`,
//!    `sh.ppy.osu`), it is an app, unless its last label is one as well (`app.slack.com`, `de.wikipedia.org`).
//! 5. Anything else is a site.

/// What an entry of `lock` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named<'a> {
    Group(&'a str),
    App(&'a str),
    Site(&'a str),
}

/// Decides what an entry names, by the rule above.
pub(super) fn named(entry: &str) -> Named<'_> {
    if let Some(group) = entry.strip_prefix('@') {
        Named::Group(group)
    } else if let Some(app) = entry.strip_prefix("app:") {
        Named::App(app.trim_start())
    } else if let Some(site) = entry.strip_prefix("site:") {
        Named::Site(site.trim_start())
    } else if is_app(entry) {
        Named::App(entry)
    } else {
        Named::Site(entry)
    }
}

/// Endings of host names that also begin ids of apps, besides those of two letters.
const ENDINGS: &[&str] = &[
    "app", "biz", "blog", "chat", "club", "dev", "edu", "gov", "info", "int", "mil", "net",
    "network", "news", "online", "page", "rocks", "shop", "site", "space", "work", "world", "xyz",
];

fn is_app(entry: &str) -> bool {
    if entry.contains("://") || entry.contains('/') {
        return false;
    }
    let lower = entry.to_lowercase();
    let labels: Vec<&str> = lower.split('.').collect();
    let (first, last) =
        (labels.first().copied().unwrap_or(""), labels.last().copied().unwrap_or(""));
    if labels.len() == 1 && !entry.contains(':') || last == "desktop" {
        return true;
    }
    let is_ending = |label: &str| {
        matches!(label, "com" | "org")
            || ENDINGS.contains(&label)
            || label.len() == 2 && label.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    match labels.as_slice() {
        // Four numbers are an address, which `host` refuses as one.
        [_, _, _, _] if labels.iter().all(|label| label.parse::<u8>().is_ok()) => false,
        _ if last.starts_with(|c: char| c.is_ascii_digit()) && !last.contains(':') => true,
        ["org" | "com", _, _, ..]
        | ["io", "github" | "gitlab", _, ..]
        | ["page", "codeberg", _, ..] => true,
        [_, _, _, ..] => is_ending(first) && (!is_ending(last) || last_label_is_capital(entry)),
        _ => false,
    }
}

fn last_label_is_capital(entry: &str) -> bool {
    entry
        .rsplit('.')
        .next()
        .is_some_and(|label| label.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Takes `.desktop` off a desktop-file id, where it is the file's ending: `org.telegram.desktop` is a whole id.
pub fn app_id(name: &str) -> &str {
    let Some((rest, ending)) = name.rsplit_once('.') else { return name };
    if !ending.eq_ignore_ascii_case("desktop") || rest.is_empty() {
        return name;
    }
    match rest.split_once('.') {
        Some((first, second)) if !second.contains('.') && is_reverse(first) => name,
        _ => rest,
    }
}

fn is_reverse(first: &str) -> bool {
    let first = first.to_ascii_lowercase();
    matches!(first.as_str(), "com" | "org") || first.len() == 2 || ENDINGS.contains(&first.as_str())
}

/// The form in which ids are compared: without `.desktop` and without case.
pub(super) fn folded(app: &str) -> String {
    app_id(app.trim()).to_lowercase()
}

/// Why a name cannot be one, with what was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Odd {
    /// Completes the sentence "NAME …".
    pub why: &'static str,
    pub meant: Option<String>,
}

impl Odd {
    fn only(why: &'static str) -> Self {
        Self { why, meant: None }
    }
}

/// Checks a desktop-file id.
pub(super) fn app(name: &str) -> Result<String, Odd> {
    let id = app_id(name);
    if id.contains('/') {
        let file = id.rsplit('/').next().unwrap_or_default();
        let meant = (!file.is_empty()).then(|| app_id(file).to_owned());
        return Err(Odd { why: "is a path, not the id of an app", meant });
    }
    if id.trim().is_empty() {
        return Err(Odd::only("names no app"));
    }
    if id.trim() != id || id.chars().any(char::is_control) || id.len() > 255 {
        return Err(Odd::only("cannot be the id of an app"));
    }
    if id.contains(['*', '?']) {
        return Err(Odd::only("has a wildcard; apps are named one by one"));
    }
    Ok(id.to_owned())
}

/// Checks a host name and makes it lower case.
pub(super) fn host(name: &str) -> Result<String, Odd> {
    let lower = name.trim().to_lowercase();
    let bare = bare_host(&lower);
    let meant = || is_host(bare).then(|| bare.to_owned());
    let odd = |why| Err(Odd { why, meant: meant() });
    if !bare.is_ascii() {
        return Err(Odd::only(
            "has letters beyond a–z; write the name's ASCII form, which begins with \"xn--\"",
        ));
    }
    if lower.contains("://") {
        return odd("is an address with a scheme, not a host name");
    }
    if lower.contains(['/', '?', '#']) {
        return odd("has a path; a site is locked as a whole");
    }
    if lower.contains('@') {
        return odd("is not a host name");
    }
    if lower.contains(':') {
        return odd("has a port; a site is locked on every port");
    }
    if lower.starts_with("www.") {
        return odd("begins with \"www.\"; subdomains are meant anyway");
    }
    if lower.starts_with("*.") || lower.starts_with('.') {
        return odd("has a wildcard; subdomains are meant anyway");
    }
    let last = lower.rsplit('.').next().unwrap_or_default();
    if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Odd::only("is an address of numbers; only sites with a name can be locked"));
    }
    if !lower.contains('.') {
        let meant = is_host(&format!("{lower}.com")).then(|| format!("{lower}.com"));
        return Err(Odd { why: "is not a whole host name", meant });
    }
    if is_host(&lower) { Ok(lower) } else { odd("is not a host name") }
}

/// The host in what was pasted from an address bar.
fn bare_host(text: &str) -> &str {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['/', '?', '#']).next().unwrap_or_default();
    let text = text.rsplit('@').next().unwrap_or_default();
    let text = text.split(':').next().unwrap_or_default();
    let text = text.trim_start_matches("*.").trim_matches('.');
    text.strip_prefix("www.").unwrap_or(text)
}

fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
}

/// Tells whether a host is the site or below it: `old.reddit.com` is within `reddit.com`, `notreddit.com` is not.
pub fn is_within(host: &str, site: &str) -> bool {
    host.strip_suffix(site).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The known name nearest to one that is not known, if it is near enough to have been meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower: String = name.to_lowercase().chars().take(64).collect();
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(lower.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A value as people read it: in quotes, one line, not longer than a glance, nothing a terminal obeys.
pub fn shown(value: &str) -> String {
    const GLANCE: usize = 48;
    let cut: String = value.chars().take(GLANCE).collect();
    let more = if cut.len() < value.len() { "…" } else { "" };
    let plain: String = cut
        .chars()
        .flat_map(|c| {
            let escapes = c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if escapes { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] }
        })
        .collect();
    format!("\"{plain}{more}\"")
}

/// Names in a sentence: `"a", "b" and "c"`.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.into_iter().map(shown).collect();
    let Some(last) = names.pop() else { return String::new() };
    if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_told_apart() {
        for app in [
            "discord",
            "firefox.desktop",
            "org.telegram.desktop",
            "com.discordapp.Discord",
            "net.lutris.Lutris",
            "dev.vencord.Vesktop",
            "app.organicmaps.desktop",
            "io.github.some.app",
            "sh.ppy.osu",
            "gimp-2.10",
            "rocks.shy.VacuumTube",
            "us.zoom.Zoom",
            "app:reddit.com",
            "io.mpv.Mpv",
            "steam",
            "Godot Engine",
        ] {
            assert!(matches!(named(app), Named::App(_)), "{app}");
        }
        for site in [
            "reddit.com",
            "x.com",
            "dev.to",
            "app.slack.com",
            "de.wikipedia.org",
            "news.ycombinator.com",
            "bbc.co.uk",
            "https://x.com",
            "Reddit.com",
            "site:org.example.page",
            "io.google.com",
            "example.com:8080",
            "127.0.0.1",
            "reddit.com/r/all",
        ] {
            assert!(matches!(named(site), Named::Site(_)), "{site}");
        }
        assert_eq!(named("@social"), Named::Group("social"));
    }

    #[test]
    fn the_file_ending_is_taken_off_ids_but_not_out_of_them() {
        assert_eq!(app_id("firefox.desktop"), "firefox");
        assert_eq!(app_id("org.gnome.Console.desktop"), "org.gnome.Console");
        assert_eq!(app_id("org.telegram.desktop"), "org.telegram.desktop");
        assert_eq!(app_id("org.telegram.desktop.desktop"), "org.telegram.desktop");
        assert_eq!(app_id("gimp-2.10.desktop"), "gimp-2.10");
        assert_eq!(app_id("steam"), "steam");
        assert_eq!(folded("Org.GNOME.Console.desktop"), "org.gnome.console");
    }

    #[test]
    fn hosts_are_checked_and_what_was_meant_is_told() {
        assert_eq!(host("Reddit.com").as_deref(), Ok("reddit.com"));
        for (written, meant) in [
            ("https://www.reddit.com/r/all", Some("reddit.com")),
            ("www.x.com", Some("x.com")),
            ("*.x.com", Some("x.com")),
            ("x.com:443", Some("x.com")),
            ("me@x.com", Some("x.com")),
            ("x.com.", Some("x.com")),
            ("reddit", Some("reddit.com")),
            ("127.0.0.1", None),
            ("bücher.de", None),
            ("a b.com", None),
            ("-a.com", None),
            ("", None),
            ("..", None),
        ] {
            assert_eq!(host(written).unwrap_err().meant.as_deref(), meant, "{written}");
        }
    }

    #[test]
    fn subdomains_are_within_and_lookalikes_are_not() {
        assert!(is_within("news.example.com", "example.com"));
        assert!(is_within("example.com", "example.com"));
        assert!(!is_within("notexample.com", "example.com"));
        assert!(!is_within("example.com.evil", "example.com"));
    }

    #[test]
    fn only_near_names_are_suggested() {
        let known = ["settle", "quiet", "ease"];
        assert_eq!(nearest("quite", known), Some("quiet"));
        assert_eq!(nearest("Setle", known), Some("settle"));
        assert_eq!(nearest("landing", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn values_are_shown_without_control_characters() {
        assert_eq!(shown("a\u{1b}[31m\n"), "\"a\\u{1b}[31m\\u{a}\"");
        assert_eq!(shown(&"x".repeat(60)), format!("\"{}…\"", "x".repeat(48)));
    }
}
