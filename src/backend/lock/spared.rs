//! What is never frozen, whatever a config says: the last check before acting. Pure.
//!
//! Apps that can never be locked are left out of what is desired already; here they are looked at again, and with them
//! the programs that hold the session itself together.

/// Programs that a session stands on: frozen, they would take the way out with them.
const SESSION: &[&str] = &[
    // The session, its bus and its keys.
    "systemd",
    "(sd-pam)",
    "init",
    "dbus-daemon",
    "dbus-broker",
    "dbus-broker-launch",
    "dbus-launch",
    "dbus-run-session",
    "gnome-session-binary",
    "gnome-session-service",
    "gnome-session-ctl",
    "gnome-keyring-daemon",
    "kwalletd5",
    "kwalletd6",
    "ksecretd",
    "ssh-agent",
    "gpg-agent",
    "scdaemon",
    "keyboxd",
    "dconf-service",
    "gvfsd",
    "ibus-daemon",
    "fcitx5",
    "at-spi-bus-launcher",
    "at-spi2-registryd",
    "polkit-gnome-authentication-agent-1",
    "polkit-kde-authentication-agent-1",
    "polkit-mate-authentication-agent-1",
    "lxpolkit",
    // Ourselves.
    "quietd",
    "quietctl",
    // Sound.
    "pipewire",
    "pipewire-pulse",
    "wireplumber",
    "pulseaudio",
    // Screens and shells.
    "gnome-shell",
    "mutter",
    "plasmashell",
    "kwin_wayland",
    "kwin_wayland_wrapper",
    "kwin_x11",
    "kwin",
    "ksmserver",
    "kded5",
    "kded6",
    "krunner",
    "startplasma-wayland",
    "startplasma-x11",
    "cinnamon",
    "cinnamon-session",
    "muffin",
    "mate-session",
    "mate-panel",
    "marco",
    "xfce4-session",
    "xfce4-panel",
    "xfwm4",
    "xfsettingsd",
    "xfconfd",
    "lxqt-session",
    "lxqt-panel",
    "budgie-wm",
    "budgie-panel",
    "sway",
    "swaybar",
    "waybar",
    "hyprland",
    "niri",
    "labwc",
    "river",
    "wayfire",
    "weston",
    "cage",
    "cosmic-comp",
    "cosmic-panel",
    "cosmic-session",
    "i3",
    "i3bar",
    "openbox",
    "fluxbox",
    "icewm",
    "awesome",
    "bspwm",
    "dwm",
    "xmonad",
    "xorg",
    "xvfb",
    "xwayland",
    "xwayland-satellite",
    "xinit",
    "startx",
    // Notifications, locking of the screen.
    "dunst",
    "mako",
    "swaync",
    "xfce4-notifyd",
    "swaylock",
    "swayidle",
    "hyprlock",
    "hypridle",
    "gtklock",
    "i3lock",
    "xss-lock",
    // What a person who needs help starts things with, and reads the screen with.
    "rofi",
    "wofi",
    "fuzzel",
    "bemenu",
    "dmenu",
    "orca",
    "speech-dispatcher",
    "onboard",
    "squeekboard",
    "wvkbd-mobintl",
];

/// Beginnings of the names of such programs.
const SESSION_BEGINNINGS: &[&str] = &[
    "xdg-desktop-portal",
    "xdg-document-portal",
    "xdg-permission-store",
    "gsd-",
    "speakup",
    "brltty",
];

/// Terminals: the way to `quietctl off`.
const TERMINALS: &[&str] = &[
    "gnome-terminal",
    "gnome-terminal-server",
    "org.gnome.terminal",
    "kgx",
    "org.gnome.console",
    "ptyxis",
    "org.gnome.ptyxis",
    "ptyxis-agent",
    "konsole",
    "org.kde.konsole",
    "yakuake",
    "org.kde.yakuake",
    "xfce4-terminal",
    "mate-terminal",
    "lxterminal",
    "qterminal",
    "cosmic-term",
    "com.system76.cosmicterm",
    "deepin-terminal",
    "foot",
    "footclient",
    "alacritty",
    "kitty",
    "wezterm",
    "wezterm-gui",
    "org.wezfurlong.wezterm",
    "ghostty",
    "com.mitchellh.ghostty",
    "rio",
    "xterm",
    "uxterm",
    "rxvt",
    "urxvt",
    "urxvtd",
    "st",
    "terminator",
    "tilix",
    "com.gexperts.tilix",
    "guake",
    "tilda",
    "terminology",
    "tmux",
    "screen",
    "zellij",
];

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

/// Tells whether an app may not be locked, by its [`plain`](super::identity::plain) id.
pub fn app(id: &str) -> bool {
    TERMINALS.contains(&id) || is_session_part(id)
}

/// Tells whether a program may not be frozen, by its name in lower case.
pub fn program(name: &str) -> bool {
    app(name)
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

fn is_session_part(name: &str) -> bool {
    SESSION.contains(&name) || SESSION_BEGINNINGS.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_and_the_way_out_are_spared() {
        for name in ["systemd", "gnome-shell", "kwin_wayland", "xorg", "quietctl", "gsd-power"] {
            assert!(program(name), "{name}");
        }
        for id in ["org.gnome.terminal", "foot", "org.kde.konsole", "orca"] {
            assert!(app(id), "{id}");
        }
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
