//! What can never be locked, whatever a config says: what a person may need at any time, for help or to get out.
//!
//! Ids are compared without case and without `.desktop`; a `*` stands for anything. A site stands for its
//! subdomains too. The person's own `[never]` comes on top ([`Config::is_never_app`], [`Config::is_never_site`]).

use super::{
    Config,
    names::{folded, is_within},
};

/// Why, and which.
type Row = (&'static str, &'static [&'static str]);

#[rustfmt::skip]
const APPS: &[Row] = &[
    ("calls", &[
        "ch.threema.threema-desktop", "chatty", "com.cisco.webex*", "com.github.eneshecan.whatsappforlinux",
        "com.ktechpit.whatsie", "com.rtosta.zapzap", "com.skype.client", "com.viber.viber", "ekiga",
        "gnome-calls", "im.jami*", "info.mumble.mumble", "jami*", "jitsi*", "linphone*", "mumble",
        "net.jami*", "org.gnome.calls", "org.jitsi*", "org.linphone*", "com.belledonnecommunications.linphone",
        "org.kde.plasma.dialer", "org.kde.spacebar", "org.signal.signal", "plasma-dialer", "signal",
        "signal-desktop*", "skype", "skypeforlinux", "sm.puri.chatty", "threema*", "twinkle", "us.zoom.zoom",
        "viber", "webex", "whatsapp*", "whatsdesk", "whatsie", "zapzap", "zoom", "zoom-client",
    ]),
    ("the phone", &[
        "gsconnect*", "kdeconnect*", "org.gnome.shell.extensions.gsconnect*", "org.kde.kdeconnect*", "valent",
        "ca.andyholmes.valent",
    ]),
    ("contacts", &[
        "gnome-contacts", "io.elementary.contacts", "kaddressbook", "org.gnome.contacts",
        "org.kde.kaddressbook", "org.kde.merkuro.contact", "org.kde.phonebook",
    ]),
    ("a terminal", &[
        "alacritty", "aterm", "com.alacritty.alacritty", "com.gexperts.tilix", "com.mitchellh.ghostty",
        "com.raggesilver.blackbox", "com.system76.cosmicterm", "contour", "cool-retro-term",
        "debian-uxterm", "debian-xterm", "deepin-terminal", "dev.warp.warp", "eterm", "foot", "footclient",
        "foot-server", "ghostty", "gnome-terminal*", "guake*", "hyper", "io.elementary.terminal", "kgx",
        "kitty*", "konsole", "lxterminal", "mate-terminal", "mlterm*", "org.alacritty.alacritty",
        "org.codeberg.dnkl.foot*", "org.contourterminal.contour", "org.gnome.console*", "org.gnome.ptyxis*",
        "org.gnome.terminal*", "org.kde.konsole", "org.kde.yakuake", "org.lxqt.qterminal",
        "org.wezfurlong.wezterm", "org.xfce.terminal*", "ptyxis", "qterminal*", "rio", "com.rioterm.rio",
        "roxterm*", "rxvt*", "sakura", "st", "tabby", "terminator", "terminology", "tilda", "tilix",
        "urxvt*", "uxterm", "warp-terminal", "wezterm", "xfce4-terminal*", "xterm", "yakuake",
        "app.devsuite.ptyxis", "x-terminal-emulator",
    ]),
    ("settings", &[
        "arandr", "blueberry", "blueman*", "budgie-control-center", "ca.desrt.dconf-editor",
        "cinnamon-settings*", "com.mattjakeman.extensionmanager", "com.system76.cosmicsettings",
        "dconf-editor", "gnome-control-center*", "gnome-tweaks", "io.elementary.settings",
        "io.elementary.switchboard", "kcm_*", "kdesystemsettings", "lxappearance", "lxqt-config*",
        "mate-control-center", "matecc", "nm-applet", "nm-connection-editor", "nwg-displays",
        "nwg-look", "org.gnome.extensions*", "org.gnome.settings*", "org.gnome.tweaks", "org.kde.kinfocenter",
        "org.kde.systemsettings", "org.pulseaudio.pavucontrol", "pavucontrol*", "systemsettings*",
        "system-config-printer", "unity-control-center", "wdisplays", "xfce-*", "xfce4-settings*",
        "com.github.tchx84.flatseal", "gnome-*-panel",
    ]),
    ("files", &[
        "caja*", "com.system76.cosmicfiles", "dolphin", "doublecmd", "io.elementary.files", "krusader", "lf",
        "nautilus*", "nemo*", "nnn", "org.gnome.files", "org.gnome.nautilus*", "org.kde.dolphin", "org.kde.krusader",
        "org.xfce.thunar*", "pcmanfm*", "ranger", "spacefm", "spacedrive", "thunar*", "yazi",
    ]),
    ("passwords and codes", &[
        "1password", "authenticator", "bitwarden*", "com.1password.1password", "com.belmoussaoui.authenticator",
        "com.bitwarden.desktop", "com.github.paolostivanin.otpclient", "com.onepassword*", "com.yubico*",
        "dashlane", "enpass", "ente-auth", "gcr-*", "io.ente.auth", "io.enpass.enpass", "keepass*",
        "kwalletmanager*", "me.proton.pass", "org.gnome.authenticator", "org.gnome.seahorse*",
        "org.gnome.world.secrets", "org.kde.kwallet*", "org.keepassxc.keepassxc", "org.qtpass.qtpass",
        "otpclient", "pinentry*", "proton-pass", "qtpass", "seahorse*", "yubico*", "yubioath*",
        "app.drey.keyrack",
    ]),
    ("maps and the way home", &[
        "app.comaps.comaps", "app.organicmaps.desktop", "comaps", "de.schmidhuberj.diebahn", "gnome-maps",
        "io.github.rinigus.puremaps", "marble", "org.gnome.maps", "org.kde.itinerary", "org.kde.ktrip",
        "org.kde.marble*", "organicmaps", "pure-maps",
    ]),
    ("a way to read, write or point", &[
        "at-spi*", "brltty*", "caribou", "dasher", "espeak*", "eviacam", "florence", "kmag", "kmousetool",
        "kmouth", "magnus", "maliit*", "mousetweaks", "nerd-dictation", "net.mkiol.speechnote", "numen", "onboard*",
        "orca*", "org.a11y*", "org.gnome.orca*", "org.kde.kmag", "org.kde.kmousetool", "org.kde.kmouth",
        "org.kde.plasma.keyboard", "org.maliit*", "plasma-keyboard", "simon", "sm.puri.squeekboard",
        "speech-dispatcher*", "squeekboard", "talon", "virtboard", "vkboard", "wvkbd*", "xzoom",
    ]),
    ("software and updates", &[
        "com.system76.cosmicstore", "dnfdragora", "gnome-software*", "gpk-*", "io.elementary.appcenter",
        "io.github.flattool.warehouse", "io.snapcraft.store", "mintinstall", "mintupdate", "octopi", "org.gnome.packageupdater",
        "org.gnome.software*", "org.kde.discover*", "org.manjaro.pamac*", "org.opensuse.yast*", "pamac*",
        "plasma-discover*", "snap-store*", "software-properties*", "synaptic", "update-manager", "yast*",
    ]),
    ("clocks and calendars", &[
        "alarm-clock-applet", "evolution-alarm-notify", "gnome-calendar", "gnome-clocks",
        "io.elementary.calendar", "io.elementary.clock", "kalarm", "kclock*", "kongress", "korganizer", "korgac",
        "orage*", "org.gnome.calendar", "org.gnome.clocks", "org.gnome.evolution-alarm-notify", "org.kde.kalarm*",
        "org.kde.kalendar", "org.kde.kclock*", "org.kde.korganizer", "org.kde.merkuro*", "org.xfce.orage*",
        "io.github.dgsasha.remembrance",
    ]),
    ("a device or a list someone's health depends on", &[
        "io.github.diegopvlk.dosage", "nightscout*", "org.nightscout*", "org.tidepool*", "oscar", "sleepyhead",
        "tidepool*", "xdrip*", "io.home_assistant*", "home-assistant*",
    ]),
    ("part of the session", &[
        "autotiling", "awesome", "bspwm", "budgie-*", "cinnamon*", "com.system76.cosmic*", "cosmic-*", "dbus*", "dconf*", "dunst",
        "evolution-addressbook-factory", "evolution-calendar-factory", "evolution-source-registry", "fcitx*",
        "fnott", "gdm*", "geoclue*", "gnome-keyring*", "gnome-screensaver", "gnome-session*", "gnome-shell*",
        "goa-*", "gpg-agent*", "gsd-*", "gvfs*", "hypr*", "i3*", "ibus*", "kactivitymanagerd", "kded*",
        "kglobalaccel*", "ksmserver*", "kwin*", "labwc", "light-locker", "lightdm*", "lxpolkit", "lxqt-*", "mako",
        "marco", "mate-*", "mutter*", "niri", "openbox*", "org.fcitx*", "org.freedesktop.*", "org.gnome.settingsdaemon*",
        "org.gnome.shell*", "org.gnome.screensaver", "org.kde.kded*", "org.kde.kwin*", "org.kde.plasma.*", "org.kde.plasma-*", "org.kde.plasmashell*", "org.kde.polkit*",
        "pantheon-*", "picom", "pipewire*", "plasma_session", "plasmashell", "polkit*", "pulseaudio*",
        "river", "sddm*", "ssh-agent", "sway*", "systemd*", "tracker-*", "waybar", "wayfire", "wireplumber*",
        "xdg-*", "xfce4*", "xfdesktop", "xfsettingsd", "xfwm4", "xorg", "xscreensaver*",
        "xsettingsd", "xwayland*",
    ]),
    ("quietd itself", &["org.quietd*", "quietctl*", "quietd*"]),
];

#[rustfmt::skip]
const SITES: &[Row] = &[
    ("help in a crisis", &[
        "0800-1110-111.de", "113.nl", "143.ch", "1737.org.nz", "3114.fr", "988.ca", "988lifeline.org",
        "befrienders.org", "beyondblue.org.au", "childline.org.uk", "crisistextline.ca", "crisistextline.org",
        "findahelpline.com", "firesideproject.org", "giveusashout.org", "iasp.info", "kidshelpline.com.au",
        "kindertelefoon.nl", "krisenchat.de", "lifeline.org.au", "mind.org.uk", "mindline.sg", "nummergegenkummer.de",
        "opencounseling.com", "papyrus-uk.org", "pieta.ie", "rainn.org", "samaritans.ie", "samaritans.org",
        "sos-amitie.com", "sos-amitie.org", "talksuicide.ca", "telefonoamico.it", "telefonseelsorge.at",
        "telefonseelsorge.de", "telefonodelaesperanza.org", "thehotline.org", "thetrevorproject.org", "translifeline.org",
        "veteranscrisisline.net", "womensaid.org.uk",
    ]),
    ("emergency information", &[
        "112.eu", "alertswiss.ch", "fema.gov", "icrc.org", "ifrc.org", "nina.bund.de", "poison.org", "ready.gov",
        "redcross.org", "redcross.org.uk", "warnung.bund.de", "weather.gov",
    ]),
    ("a doctor, a therapist or a clinic", &[
        "116117.de", "amwell.com", "athenahealth.com", "betterhelp.com", "doctolib.de", "doctolib.fr",
        "doctolib.it", "doctoralia.com", "doctoralia.es", "doxy.me", "headway.co", "health.gov.au", "healow.com", "jameda.de",
        "kp.org", "livi.co.uk", "livi.fr", "kry.se", "mayoclinic.org", "mdlive.com", "mychart.com", "mychart.org", "nhs.uk",
        "patientaccess.com", "practo.com", "psychologytoday.com", "simplepractice.com", "teladoc.com",
        "teladochealth.com", "therapie.de", "therapyportal.com", "zocdoc.com",
    ]),
    ("medicine and pharmacies", &[
        "aponet.de", "boots.com", "bnf.nice.org.uk", "cvs.com", "dailymed.nlm.nih.gov", "drugs.com",
        "gelbe-liste.de", "medicines.org.uk", "medlineplus.gov", "walgreens.com",
    ]),
    ("calls", &[
        "call.element.io", "facetime.apple.com", "meet.google.com", "meet.jit.si", "messages.google.com", "signal.org",
        "skype.com", "voice.google.com", "web.whatsapp.com", "webex.com", "whatsapp.com", "whereby.com", "zoom.com", "zoom.us",
    ]),
    ("contacts", &["contacts.google.com"]),
    ("maps and the way home", &[
        "amtrak.com", "bahn.de", "bolt.eu", "citymapper.com", "free-now.com", "lyft.com", "maps.apple.com",
        "maps.google.com", "mapy.com", "mapy.cz", "moovitapp.com", "nationalrail.co.uk", "ns.nl", "oebb.at",
        "openstreetmap.org", "organicmaps.app", "sbb.ch", "sncf-connect.com", "tfl.gov.uk", "uber.com",
        "waze.com", "wego.here.com",
    ]),
    ("passwords and codes", &[
        "1password.com", "1password.eu", "accounts.google.com", "appleid.apple.com", "auth.ente.io",
        "bitwarden.com", "bitwarden.eu", "dashlane.com", "lastpass.com", "login.live.com",
        "login.microsoftonline.com", "pass.proton.me", "passwords.google.com",
    ]),
    ("clocks and calendars", &["calendar.google.com", "calendar.proton.me"]),
    ("this machine or the network at home", &["home.arpa", "internal", "lan", "local", "localhost"]),
];

/// Tells why an app can never be locked, in a few words; none if it can.
pub fn app(id: &str) -> Option<&'static str> {
    let id = folded(id);
    APPS.iter().find(|(_, patterns)| is_like(&id, patterns)).map(|(reason, _)| *reason)
}

/// Tells whether an app is one of some, which are written as here.
pub fn is_one_of(id: &str, patterns: &[&str]) -> bool {
    is_like(&folded(id), patterns)
}

fn is_like(id: &str, patterns: &[&str]) -> bool {
    // A snap's id has its name twice: `signal-desktop_signal-desktop`.
    let snap = id.split_once('_').map(|(_, app)| app);
    // Asked for each process there is, of hundreds of patterns: nearly all are told apart by their first letters.
    let may_be = |pattern: &str, id: &str| {
        let (first, asked) = (pattern.as_bytes().first(), id.as_bytes().first());
        first == asked || first == Some(&b'*')
    };
    let is = |pattern: &str, id: &str| {
        may_be(pattern, id)
            && match pattern.split_once('*') {
                Some((start, end)) => id.strip_prefix(start).is_some_and(|it| it.ends_with(end)),
                None => id == pattern,
            }
    };
    patterns.iter().any(|pattern| is(pattern, id) || snap.is_some_and(|app| is(pattern, app)))
}

/// Tells why apps of a desktop-file category can never be locked; none if they can. For apps nobody has listed.
pub fn category(name: &str) -> Option<&'static str> {
    match name {
        "TerminalEmulator" => Some("a terminal"),
        "Settings" | "DesktopSettings" | "HardwareSettings" => Some("settings"),
        "FileManager" => Some("files"),
        "Accessibility" => Some("a way to read, write or point"),
        "ContactManagement" => Some("contacts"),
        "Telephony" | "VideoConference" => Some("calls"),
        "PackageManager" => Some("software and updates"),
        "Maps" => Some("maps and the way home"),
        "Calendar" | "Clock" => Some("clocks and calendars"),
        _ => None,
    }
}

/// Tells why a site can never be locked, in a few words; none if it can. A host below one that is listed counts.
pub fn site(host: &str) -> Option<&'static str> {
    let host = host.to_lowercase();
    let has = |(_, sites): &&Row| sites.iter().any(|site| is_within(&host, site));
    SITES.iter().find(has).map(|(reason, _)| *reason)
}

/// The listed host that would be locked along with a site it is below, and why it can never be.
pub fn site_below(site: &str) -> Option<(&'static str, &'static str)> {
    let all = SITES.iter().flat_map(|(reason, sites)| sites.iter().map(|below| (*below, *reason)));
    all.into_iter().find(|(below, _)| is_within(below, site))
}

impl Config {
    /// Tells whether an app can never be locked: it is listed, or stands under `[never]`.
    pub fn is_never_app(&self, id: &str) -> bool {
        app(id).is_some() || {
            let id = folded(id);
            self.never.apps.iter().any(|own| folded(own) == id)
        }
    }

    /// Tells whether a host can never be refused: it, or a host it is below, is listed or stands under `[never]`.
    pub fn is_never_site(&self, host: &str) -> bool {
        site(host).is_some() || {
            let host = host.to_lowercase();
            self.never.sites.iter().any(|own| is_within(&host, own))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_for_help_is_never_locked() {
        for (id, reason) in [
            ("org.signal.Signal", "calls"),
            ("signal-desktop_signal-desktop", "calls"),
            ("us.zoom.Zoom.desktop", "calls"),
            ("org.gnome.Contacts", "contacts"),
            ("org.gnome.Terminal.desktop", "a terminal"),
            ("ORG.KDE.KONSOLE", "a terminal"),
            ("foot", "a terminal"),
            ("org.gnome.Settings", "settings"),
            ("gnome-network-panel", "settings"),
            ("org.gnome.Nautilus", "files"),
            ("org.keepassxc.KeePassXC", "passwords and codes"),
            ("app.organicmaps.desktop", "maps and the way home"),
            ("orca", "a way to read, write or point"),
            ("org.gnome.Software", "software and updates"),
            ("org.gnome.clocks", "clocks and calendars"),
            ("nightscout", "a device or a list someone's health depends on"),
            ("xdg-desktop-portal-gnome", "part of the session"),
            ("plasmashell", "part of the session"),
            ("quietctl", "quietd itself"),
        ] {
            assert_eq!(app(id), Some(reason), "{id}");
        }
        for (host, reason) in [
            ("findahelpline.com", "help in a crisis"),
            ("www.samaritans.org", "help in a crisis"),
            ("Doxy.me", "a doctor, a therapist or a clinic"),
            ("maps.google.com", "maps and the way home"),
            ("printer.local", "this machine or the network at home"),
        ] {
            assert_eq!(site(host), Some(reason), "{host}");
        }
    }

    #[test]
    fn what_people_lock_can_be() {
        for id in [
            "discord",
            "org.telegram.desktop",
            "steam",
            "firefox",
            "slack",
            "org.mozilla.Thunderbird",
            "org.gnome.Evolution",
            "org.DolphinEmu.dolphin-emu",
            "minetest",
            "org.kde.tokodon",
            "vlc",
        ] {
            assert_eq!(app(id), None, "{id}");
        }
        for host in
            ["reddit.com", "x.com", "youtube.com", "notsamaritans.org", "samaritans.org.evil.com"]
        {
            assert_eq!(site(host), None, "{host}");
        }
    }

    #[test]
    fn a_site_that_holds_one_is_told() {
        let (below, reason) = site_below("google.com").unwrap();
        assert!(is_within(below, "google.com") && !reason.is_empty());
        assert_eq!(site_below("reddit.com"), None);
    }

    #[test]
    fn the_lists_are_lower_case_and_have_no_endings() {
        for (_, ids) in APPS {
            for id in *ids {
                assert_eq!(*id, folded(id));
                assert!(id.find('*').unwrap_or(id.len()) > 1, "{id} would match too much");
            }
        }
        for (_, sites) in SITES {
            for site in *sites {
                assert_eq!(*site, site.to_lowercase());
            }
        }
    }
}
