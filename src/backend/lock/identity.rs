//! Which app a unit of the user manager is, told from its name alone. Pure.
//!
//! systemd's "Desktop Environment Integration" (<https://systemd.io/DESKTOP_ENVIRONMENTS/>, as of systemd 257):
//! `app[-LAUNCHER]-ID[@RANDOM].service` and `app[-LAUNCHER]-ID-RANDOM.scope`, each part escaped so that a `-` inside it
//! reads `\x2d`. Beside these: dbus-broker's `dbus-:1.2-NAME@N.service` and snapd's `snap.NAME.APP….scope`.
//!
//! Not every launcher escapes, so a name can have several readings; all are offered, the standard's first.

use std::collections::BTreeSet;

/// Launchers that are known to escape: what follows them is the id, and they are never a part of it.
const LAUNCHERS: &[&str] = &[
    "budgie", "cinnamon", "cosmic", "flatpak", "glib", "gnome", "hyprland", "kde", "labwc", "lxqt",
    "mate", "niri", "pantheon", "quietd", "river", "steam", "sway", "uwsm", "wayfire", "xfce",
];

/// The launcher of the scopes that we make.
const OURS: &str = "quietd";

/// The kinds of unit that matter here.
const KINDS: [&str; 2] = ["service", "scope"];

/// What a unit's name says of the app in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who started it, where the name tells: `gnome`, `flatpak`, `snap`, `dbus`, `quietd`.
    pub launcher: Option<String>,
    /// The ids it may be, the likeliest first; as written, without `.desktop`; never empty.
    pub ids: Vec<String>,
}

impl Identity {
    /// Reads a unit's name; none where it is not an app's.
    pub fn of(unit: &str) -> Option<Self> {
        let (name, kind) = unit.rsplit_once('.')?;
        if !KINDS.contains(&kind) {
            return None;
        }
        let found = if let Some(rest) = name.strip_prefix("app-") {
            from_app(rest, kind)
        } else if let Some(rest) = name.strip_prefix("dbus-") {
            from_dbus(rest)
        } else if let Some(rest) = name.strip_prefix("snap.") {
            from_snap(rest)
        } else {
            None
        }?;
        (!found.ids.is_empty()).then_some(found)
    }

    /// The likeliest id.
    pub fn id(&self) -> &str {
        self.ids.first().map_or("", String::as_str)
    }

    /// Tells which of some ids this is; these are to be [`plain`].
    pub fn among<'a>(&self, ids: &'a BTreeSet<String>) -> Option<&'a str> {
        self.ids.iter().find_map(|id| ids.get(&plain(id))).map(String::as_str)
    }

    /// Tells whether the scope is one that we made.
    pub fn is_ours(&self) -> bool {
        self.launcher.as_deref() == Some(OURS)
    }

    /// Tells whether what runs in it has a file system of its own, where a program's path says nothing.
    pub fn is_boxed(&self) -> bool {
        matches!(self.launcher.as_deref(), Some("flatpak" | "snap"))
    }

    fn new(launcher: Option<&str>, ids: impl IntoIterator<Item = String>) -> Self {
        let mut kept: Vec<String> = Vec::new();
        for id in ids {
            let id = id.strip_suffix(".desktop").unwrap_or(&id).to_owned();
            if !id.is_empty() && !kept.contains(&id) {
                kept.push(id);
            }
        }
        Self { launcher: launcher.map(str::to_lowercase), ids: kept }
    }
}

/// The form in which ids are compared: lower case, without `.desktop`.
///
/// Every such ending goes, because Telegram's id ends so by itself (`org.telegram.desktop`) and launchers disagree on
/// how many to strip.
pub fn plain(id: &str) -> String {
    let mut id = id.to_lowercase();
    while let Some(shorter) = id.strip_suffix(".desktop") {
        id.truncate(shorter.len());
    }
    id
}

/// Names the scope for a process that is in no unit of its own.
pub fn scope_for(app: &str, pid: u32) -> String {
    format!("app-{OURS}-{}-{pid}.scope", escape(app))
}

fn from_app(rest: &str, kind: &str) -> Option<Identity> {
    let (before, instance) = match rest.split_once('@') {
        Some((before, _)) => (before, true),
        None => (rest, false),
    };
    let parts: Vec<String> = before.split('-').map(unescape).collect();
    if parts.iter().any(String::is_empty) {
        return None;
    }
    let last_is_random = match parts.as_slice() {
        [_, .., last] if !instance => looks_random(last),
        _ => false,
    };
    // A scope ends in RANDOM whatever it looks like; a service only where it does look so (KDE Frameworks 5).
    // `app-gnome-ID.scope`, with a launcher and nothing random, is an odd name with but one sensible reading.
    let bare = parts.len() == 2 && !last_is_random && is_launcher(&parts[0]);
    let strip = parts.len() > 1 && !instance && (kind == "scope" || last_is_random) && !bare;
    let named = if strip { &parts[..parts.len() - 1] } else { &parts[..] };
    let (launcher, rest) = match named {
        [launcher, rest @ ..] if !rest.is_empty() => (Some(launcher.as_str()), rest),
        _ => (None, named),
    };
    // Steam's own scopes for games: what a person locks is Steam.
    if launcher == Some("steam") && rest.len() == 1 && is_numbered(&rest[0], "app") {
        return Some(Identity::new(launcher, ["steam".to_owned()]));
    }
    let mut ids = vec![rest.join("-")];
    if launcher.is_some_and(|name| !is_launcher(name)) {
        ids.push(named.join("-"));
    }
    if strip && !last_is_random {
        ids.push(parts.join("-"));
    }
    Some(Identity::new(launcher, ids))
}

/// `:1.2-org.example.App@0`: what the bus started to own a name, which for an app is its id.
fn from_dbus(rest: &str) -> Option<Identity> {
    let (peer, name) = rest.split_once('@')?.0.split_once('-')?;
    let name = unescape(name);
    (peer.starts_with(':') && name.contains('.')).then(|| Identity::new(Some("dbus"), [name]))
}

/// `NAME.APP-UUID`, `NAME.APP.UUID` (older) or `NAME.APP` (a service); the desktop entry is `NAME_APP`.
fn from_snap(rest: &str) -> Option<Identity> {
    let rest = unescape(rest);
    let mut parts = rest.split('.');
    let (name, app) = (parts.next()?, parts.next()?);
    if app == "hook" || name.is_empty() || app.is_empty() {
        return None;
    }
    let app = match app.len().checked_sub(UUID + 1).and_then(|at| app.split_at_checked(at)) {
        Some((before, end)) if end.starts_with('-') && looks_random(&end.replace('-', "")) => {
            before
        }
        _ => app,
    };
    let both = format!("{name}_{app}");
    let alone = (name == app).then(|| name.to_owned());
    // A second instance of one snap: its entries have a `+` where its name has a `_`.
    let beside = name.split_once('_').map(|(name, key)| format!("{name}+{key}_{app}"));
    Some(Identity::new(Some("snap"), [both].into_iter().chain(alone).chain(beside)))
}

/// The length of a UUID as text.
const UUID: usize = 36;

fn is_launcher(part: &str) -> bool {
    LAUNCHERS.contains(&part.to_lowercase().as_str())
}

/// A process id, or at least eight hexadecimal digits.
fn looks_random(part: &str) -> bool {
    let digits = |radix| part.chars().all(|c| c.is_digit(radix));
    !part.is_empty() && (digits(10) || part.len() >= 8 && digits(16))
}

fn is_numbered(part: &str, prefix: &str) -> bool {
    part.strip_prefix(prefix)
        .is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

/// Undoes `\xNN`; anything else stays as it is.
fn unescape(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after
            .strip_prefix(b"x")
            .filter(|_| first == b'\\')
            .and_then(|hex| std::str::from_utf8(hex.get(..2)?).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let (byte, used) = escaped.map_or((first, 1), |byte| (byte, 4));
        bytes.push(byte);
        rest = &rest[used..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Escapes one part of a unit's name as `systemd-escape` does.
fn escape(part: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(part.len());
    for (at, byte) in part.bytes().enumerate() {
        let kept = byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'.');
        if byte == b'/' {
            escaped.push('-');
        } else if kept && !(at == 0 && byte == b'.') {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "\\x{byte:02x}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Unit, launcher, ids.
    const NAMES: &[(&str, &str, &[&str])] = &[
        // The standard.
        ("app-org.gnome.Evolution.service", "", &["org.gnome.Evolution"]),
        ("app-org.gnome.Evolution@12345.service", "", &["org.gnome.Evolution"]),
        ("app-gnome-org.gnome.Evolution@12345.service", "gnome", &["org.gnome.Evolution"]),
        ("app-gnome-org.gnome.Evolution-12345.scope", "gnome", &["org.gnome.Evolution"]),
        ("app-foo-1.scope", "", &["foo"]),
        // GNOME: launched by the shell, and at login.
        ("app-gnome-google\\x2dchrome-2711.scope", "gnome", &["google-chrome"]),
        ("app-gnome-org.telegram.desktop-99.scope", "gnome", &["org.telegram"]),
        ("app-gnome-at\\x2dspi\\x2ddbus\\x2dbus-211.scope", "gnome", &["at-spi-dbus-bus"]),
        ("app-steam@autostart.service", "", &["steam"]),
        ("app-org.keepassxc.KeePassXC@autostart.service", "", &["org.keepassxc.KeePassXC"]),
        // KDE: scopes in 5.27, services later, each with 32 digits.
        ("app-org.kde.dolphin-0123456789abcdef0123456789abcdef.scope", "", &["org.kde.dolphin"]),
        ("app-org.kde.dolphin@0123456789abcdef0123456789abcdef.service", "", &["org.kde.dolphin"]),
        ("app-firefox\\x2desr-0123456789abcdef0123456789abcdef.service", "", &["firefox-esr"]),
        ("app-org.kde.konsole-4711.scope", "", &["org.kde.konsole"]),
        // Flatpak.
        ("app-flatpak-org.mozilla.firefox-31337.scope", "flatpak", &["org.mozilla.firefox"]),
        ("app-flatpak-com.discordapp.Discord-2.scope", "flatpak", &["com.discordapp.Discord"]),
        // GLib, as `gio launch` and most docks and menus start apps.
        ("app-glib-google\\x2dchrome-3188.scope", "glib", &["google-chrome"]),
        ("app-glib-org.gnome.Calculator-4321.scope", "glib", &["org.gnome.Calculator"]),
        // Launchers of window managers.
        ("app-niri-foot-88.scope", "niri", &["foot"]),
        ("app-Hyprland-discord-1a2b3c4d.scope", "hyprland", &["discord"]),
        ("app-sway-firefox@1a2b3c4d.service", "sway", &["firefox"]),
        // Started by Steam.
        ("app-steam-app620-5120.scope", "steam", &["steam"]),
        // Launchers that do not escape.
        ("app-google-chrome-4242.scope", "google", &["chrome", "google-chrome"]),
        ("app-i3-google-chrome-4242.scope", "i3", &["google-chrome", "i3-google-chrome"]),
        ("app-google-chrome.scope", "", &["google", "google-chrome"]),
        ("app-gnome-google-chrome-4242.scope", "gnome", &["google-chrome"]),
        ("app-discord.scope", "", &["discord"]),
        ("app-gnome-discord.scope", "gnome", &["discord"]),
        // The bus.
        ("dbus-:1.2-org.gnome.Maps@0.service", "dbus", &["org.gnome.Maps"]),
        ("dbus-:1.34-com.example.Some\\x2dApp@3.service", "dbus", &["com.example.Some-App"]),
        // Snap.
        (
            "snap.firefox.firefox-7d1b0c3c-8d0e-4a43-9e3e-0a1b2c3d4e5f.scope",
            "snap",
            &["firefox_firefox", "firefox"],
        ),
        (
            "snap.telegram-desktop.telegram-desktop-7d1b0c3c-8d0e-4a43-9e3e-0a1b2c3d4e5f.scope",
            "snap",
            &["telegram-desktop_telegram-desktop", "telegram-desktop"],
        ),
        (
            "snap.libreoffice.writer.7d1b0c3c-8d0e-4a43-9e3e-0a1b2c3d4e5f.scope",
            "snap",
            &["libreoffice_writer"],
        ),
        (
            "snap.firefox_two.firefox-7d1b0c3c-8d0e-4a43-9e3e-0a1b2c3d4e5f.scope",
            "snap",
            &["firefox_two_firefox", "firefox+two_firefox"],
        ),
        ("snap.syncthing.daemon.service", "snap", &["syncthing_daemon"]),
        // Ours.
        ("app-quietd-my\\x2dgame-77.scope", "quietd", &["my-game"]),
    ];

    const NO_APPS: &[&str] = &[
        "gnome-terminal-server.service",
        "vte-spawn-7d1b0c3c-8d0e-4a43-9e3e-0a1b2c3d4e5f.scope",
        "pipewire.service",
        "session-2.scope",
        "init.scope",
        "app.slice",
        "app-gnome.slice",
        "app-org.gnome.Terminal.slice",
        "dbus.service",
        "dbus-:1.2@0.service",
        "dbus-:1.2-nodots@0.service",
        "dbus-org.freedesktop.portal.service",
        "snap.firefox.hook.configure-7d1b0c3c-8d0e-4a43-9e3e-0a1b2c3d4e5f.scope",
        "snap.firefox.service",
        "app-.scope",
        "app--1.scope",
        "app-gnome--1.scope",
        "app-foo.timer",
        "",
        ".service",
        "app-",
    ];

    #[test]
    fn names_of_app_units_are_read() {
        for (unit, launcher, ids) in NAMES {
            let found = Identity::of(unit).unwrap_or_else(|| panic!("{unit} is an app"));
            // A service without a launcher has none; a name that could have one only in a second reading has none.
            assert_eq!(found.launcher.as_deref().unwrap_or(""), *launcher, "{unit}");
            assert_eq!(found.ids, *ids, "{unit}");
        }
    }

    #[test]
    fn other_units_are_no_apps() {
        for unit in NO_APPS {
            assert_eq!(Identity::of(unit), None, "{unit}");
        }
    }

    #[test]
    fn ids_are_compared_without_case_and_ending() {
        let locked = ["org.mozilla.Firefox.desktop", "org.telegram.desktop", "Discord"]
            .iter()
            .map(|id| plain(id))
            .collect();
        let among =
            |unit: &str| Identity::of(unit).and_then(|app| app.among(&locked).map(str::to_owned));
        assert_eq!(among("app-gnome-org.mozilla.firefox-1.scope").unwrap(), "org.mozilla.firefox");
        assert_eq!(among("app-gnome-org.telegram.desktop-1.scope").unwrap(), "org.telegram");
        assert_eq!(among("app-org.telegram.desktop.desktop@1.service").unwrap(), "org.telegram");
        assert_eq!(among("app-DISCORD-1.scope").unwrap(), "discord");
        assert_eq!(among("app-gnome-discord\\x2dcanary-1.scope"), None);
        assert_eq!(among("app-gnome-xdiscord-1.scope"), None);
    }

    proptest! {
        #[test]
        fn an_adopted_app_is_known_by_its_scope(app in "[a-zA-Z0-9][-a-zA-Z0-9._ +ä]{0,40}", pid in 1u32..) {
            let found = Identity::of(&scope_for(&app, pid)).unwrap();
            prop_assert!(found.is_ours());
            prop_assert_eq!(plain(found.id()), plain(&app));
        }

        #[test]
        fn any_name_is_read_without_panic(unit in "\\PC{0,60}", start in "(app-|dbus-|snap\\.|)", end in "(\\.scope|\\.service|)") {
            let _ = Identity::of(&format!("{start}{unit}{end}"));
        }

        #[test]
        fn escaping_is_undone(part in "\\PC{0,30}") {
            prop_assume!(!part.contains('/'));
            prop_assert_eq!(unescape(&escape(&part)), part);
        }
    }
}
