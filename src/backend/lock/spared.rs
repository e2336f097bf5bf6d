//! What is never frozen, whatever a config says: the last check before acting. Pure.
//!
//! Apps that can never be locked are left out of what is desired already; here they are looked at again, and with them
//! the programs that hold the session itself together.

use super::identity::{Identity, plain};
use crate::config::never;

/// Programs that a session stands on, or that lead to help, and that have no app's id of their own.
#[rustfmt::skip]
const PROGRAMS: &[&str] = &[
    // The session and its keys.
    "(sd-pam)", "init", "keyboxd", "ksecretd", "kwalletd5", "kwalletd6", "krunner", "scdaemon", "startplasma-wayland",
    "startplasma-x11", "startx", "xinit",
    // Compositors and window managers.
    "cage", "dwm", "fluxbox", "icewm", "muffin", "weston", "xmonad", "xvfb",
    // What apps and commands are started with, and what keeps a shell.
    "bemenu", "dmenu", "fuzzel", "rofi", "screen", "tmux", "wofi", "zellij",
    // Locks of the screen.
    "gtklock", "xss-lock",
];

/// Beginnings of bus names under which other apps are served, and that have no app's id of their own.
const SERVICES: &[&str] = &[
    "ca.desrt.dconf",
    "org.a11y.",
    "org.bluez.",
    "org.freedesktop.",
    "org.gnome.evolution.dataserver.",
    "org.gnome.keyring",
    "org.gnome.onlineaccounts",
    "org.gtk.vfs.",
    "org.kde.kded",
    "org.kde.kglobalaccel",
    "org.kde.klipper",
    "org.kde.kwalletd",
    "org.pipewire.",
    "org.pulseaudio.",
];

/// Desktop-file categories of apps that are spared even where nobody has listed them: the way to `quietctl off`, and
/// what makes a screen readable.
const CATEGORIES: &[&str] = &["TerminalEmulator", "Accessibility"];

/// Programs that run other programs: their own name says nothing of the app, so it is never matched.
const RUNNERS: &[&str] = &[
    "sh",
    "bash",
    "dash",
    "zsh",
    "fish",
    "ksh",
    "mksh",
    "tcsh",
    "csh",
    "nu",
    "elvish",
    "xonsh",
    "busybox",
    "env",
    "sudo",
    "su",
    "doas",
    "pkexec",
    "setsid",
    "nohup",
    "nice",
    "ionice",
    "timeout",
    "systemd-run",
    "systemd-inhibit",
    "flatpak",
    "bwrap",
    "snap",
    "snap-confine",
    "firejail",
    "gamemoderun",
    "mangohud",
    "prime-run",
    "gtk-launch",
    "gio",
    "xdg-open",
    "dex",
    "exo-open",
    "node",
    "nodejs",
    "deno",
    "bun",
    "electron",
    "java",
    "javaw",
    "mono",
    "dotnet",
    "wine",
    "wine64",
    "wine-preloader",
    "wine64-preloader",
    "wineserver",
    "perl",
    "ruby",
    "php",
    "lua",
    "luajit",
    "guile",
    "gjs",
    "gjs-console",
    "qml",
    "qmlscene",
    "love",
    "r",
];

/// Runners whose names carry a version: `python3.13`, `electron33`, `qemu-system-x86_64`.
const VERSIONED: &[&str] = &["python", "electron", "perl", "ruby", "node", "php", "lua", "qemu-"];

/// Tells whether an app may not be locked, by its id.
pub fn app(id: &str) -> bool {
    never::app(id).is_some()
        || PROGRAMS.contains(&id)
        || SERVICES.iter().any(|start| id.starts_with(start))
}

/// Tells whether nothing a unit's name says is of an app that is never frozen.
pub fn may_freeze(unit: &str) -> bool {
    !Identity::of(unit).is_some_and(|unit| unit.ids.iter().any(|id| app(&plain(id))))
}

/// Tells whether a program may not be frozen, by its name in lower case.
pub fn program(name: &str) -> bool {
    app(name)
}

/// Tells whether a desktop-file category says that an app may not be locked.
pub fn category(name: &str) -> bool {
    CATEGORIES.contains(&name)
}

/// Tells whether a program only runs others, by its name in lower case.
pub fn is_runner(name: &str) -> bool {
    RUNNERS.contains(&name)
        || VERSIONED.iter().any(|start| {
            name.strip_prefix(start).is_some_and(|version| {
                *start == "qemu-" || version.chars().all(|c| c.is_ascii_digit() || c == '.')
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_and_the_way_out_are_spared() {
        for name in ["systemd", "gnome-shell", "kwin_wayland", "xorg", "quietctl", "gsd-power"] {
            assert!(program(name), "{name}");
        }
        for unit in
            ["ca.desrt.dconf", "org.gtk.vfs.Daemon", "org.freedesktop.impl.portal.desktop.gtk"]
        {
            assert!(!may_freeze(&format!("dbus-:1.2-{unit}@0.service")), "{unit}");
        }
        for id in ["org.gnome.terminal", "foot", "org.kde.konsole", "orca"] {
            assert!(app(id), "{id}");
        }
        assert!(category("TerminalEmulator") && !category("Game"));
        for id in ["discord", "firefox", "org.telegram", "steam", "code", "footloose"] {
            assert!(!app(id), "{id}");
        }
    }

    #[test]
    fn runners_are_known_with_their_versions() {
        for name in ["bash", "python3", "python3.13", "electron33", "electron", "node", "java"] {
            assert!(is_runner(name), "{name}");
        }
        for name in ["pythonista", "bashful", "nodeditor", "firefox", "electronmail"] {
            assert!(!is_runner(name), "{name}");
        }
    }
}
