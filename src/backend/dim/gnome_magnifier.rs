//! GNOME Shell's magnifier at factor 1: darker, warmer and without colour on any screen, with a backlight or without.
//!
//! Seen on GNOME Shell 43, the same in the sources to 51: a channel's brightness `b` below 0 lets `1 + b` of it through;
//! it takes effect at once, on the whole stage. The factor is 2 where it is unset. The shell acts on the keys of a change
//! one after another, the magnifier first: so it is switched on after all else is set, and off before. gnome-settings-daemon answers the magnifier's coming and going by writing `toolkit-accessibility`.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream::select_all};
use tokio::sync::mpsc;

use super::colour::dimmed_and_warmed;
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::{
        CallError, Peer,
        dconf::{Databases, Dconf, Keys, Settings, Value},
    },
    plan::{Desired, Measure},
    store::Receipt,
};

/// Its row in the registry.
pub const ROW: Row = Row {
    id: ID,
    title: "GNOME Shell (magnifier)",
    measures: &[Measure::Dim, Measure::Warmth, Measure::Greyscale],
    since: "GNOME 43 and newer",
    cannot: "It is seen in screenshots and shared screens.",
    seen: &[
        (Environment::Gnome43, Known::Real("GNOME Shell 43.9")),
        (Environment::Gnome47, Known::Real("GNOME Shell 48.7")),
        (Environment::Gnome49, Known::Real("GNOME Shell 50.5")),
    ],
    names: &["org.gnome.Shell"],
    wants_end: false,
    open: |desktop| Box::new(Magnifier::new(desktop, Dconf::new(desktop))),
};

const ID: &str = "gnome-magnifier";
/// Whether the magnifier is on.
pub const ENABLED: &str = "/org/gnome/desktop/a11y/applications/screen-magnifier-enabled";
/// What gnome-settings-daemon writes when it goes on or off.
pub const TOOLKIT: &str = "/org/gnome/desktop/interface/toolkit-accessibility";
const FACTOR: &str = "/org/gnome/desktop/a11y/magnifier/mag-factor";
const SATURATION: &str = "/org/gnome/desktop/a11y/magnifier/color-saturation";
const BRIGHTNESS: [&str; 3] = [
    "/org/gnome/desktop/a11y/magnifier/brightness-red",
    "/org/gnome/desktop/a11y/magnifier/brightness-green",
    "/org/gnome/desktop/a11y/magnifier/brightness-blue",
];
const WATCHED: &[&str] = &[ENABLED, BRIGHTNESS[0], BRIGHTNESS[1], BRIGHTNESS[2], SATURATION];
const READER: &str = "/org/gnome/desktop/a11y/applications/screen-reader-enabled";
const KEYBOARD: &str = "/org/gnome/desktop/a11y/applications/screen-keyboard-enabled";

/// How long gnome-settings-daemon may take to answer the magnifier's going.
const ECHO_AT_MOST: Duration = Duration::from_secs(1);

/// The magnifier.
#[derive(Debug)]
pub struct Magnifier {
    shell: Peer,
    echo: Peer,
    keys: Keys,
}

impl Magnifier {
    /// Opens it; does no I/O.
    pub fn new(desktop: &Desktop, dconf: Dconf) -> Self {
        let peer = |name: &str, path: &str| Peer::new(&desktop.session, name, path, name);
        Self {
            shell: peer("org.gnome.Shell", "/org/gnome/Shell"),
            echo: peer("org.gnome.SettingsDaemon.A11ySettings", "/"),
            keys: Keys::new(dconf, ID),
        }
    }

    /// Switches the magnifier off, and hears gnome-settings-daemon's answer.
    async fn switch_off(&self, settings: &Settings, now: &Databases) -> Result<(), BackendError> {
        let echo = Some(Value::Bool(accessibility_is_needed(now)?));
        let dconf = self.keys.dconf();
        let awaited = now.get(TOOLKIT)? != echo && self.echo.is_running().await.unwrap_or(false);
        if !awaited {
            return dconf.change(settings).await;
        }
        let mut notices = select_all(dconf.notices(TOOLKIT).await?);
        dconf.change(settings).await?;
        let heard = async {
            while notices.next().await.is_some() {
                if dconf.read()?.get(TOOLKIT)? == echo {
                    break;
                }
            }
            Ok::<_, BackendError>(())
        };
        // Later versions may not answer: then there is nothing to put right either.
        tokio::time::timeout(ECHO_AT_MOST, heard).await.unwrap_or(Ok(()))
    }
}

#[async_trait]
impl Backend for Magnifier {
    async fn probe(&self) -> Probe {
        let version: String = match self.shell.get("ShellVersion").await {
            Ok(version) => version,
            Err(CallError::Absent(_)) => {
                return Probe::Deferred("GNOME Shell is not running.".to_owned());
            }
            Err(error @ CallError::TimedOut(_)) => return Probe::Deferred(format!("{error}.")),
            Err(error) => return Probe::Unsupported(format!("{error}.")),
        };
        let keys = [ENABLED, FACTOR, SATURATION, BRIGHTNESS[0], BRIGHTNESS[1], BRIGHTNESS[2]];
        match self.keys.dconf().would_keep(&keys).await {
            Ok(()) => Probe::Ready(format!("GNOME Shell {version}")),
            Err(probe) => probe,
        }
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        self.keys.capture(held, |before| {
            let is_theirs = before.found(ENABLED)? == Some(Value::Bool(true));
            let mut set = Settings::new();
            if !is_theirs {
                before.keep(TOOLKIT)?;
                set.insert(ENABLED.to_owned(), Some(Value::Bool(true)));
                set.insert(FACTOR.to_owned(), Some(Value::Double(1.0)));
                for (key, plain) in plain() {
                    if before.found(key)?.is_some_and(|value| value != plain) {
                        set.insert(key.to_owned(), Some(plain));
                    }
                }
            }
            if desired.dim > 0 || desired.warmth.is_some() || !is_theirs {
                let channels = dimmed_and_warmed(desired.dim, desired.warmth);
                for (key, through) in BRIGHTNESS.into_iter().zip(channels) {
                    let base = match before.found(key)? {
                        Some(Value::Double(base)) if is_theirs && base.is_finite() => base,
                        _ => 0.0,
                    };
                    set.insert(key.to_owned(), Some(Value::Double(brightness(base, through))));
                }
            }
            if desired.greyscale {
                set.insert(SATURATION.to_owned(), Some(Value::Double(0.0)));
            }
            Ok(set)
        })
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        self.keys.apply_last(&[ENABLED], receipt).await
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let back = self.keys.giving_back(receipt)?;
        let (mut settings, mut now) = (back.settings, back.now);
        let unfinished = settings.contains_key(&self.keys.journal());
        let off = settings.remove_entry(ENABLED).into_iter().collect::<Settings>();
        let switching = !off.is_empty();
        if switching {
            self.switch_off(&off, &now).await?;
            now = self.keys.dconf().read()?;
        }
        let found: Settings = receipt.found().unwrap_or_default();
        // With a screen reader or a keyboard on the screen it stays as these need it.
        if let Some(toolkit) = found.get(TOOLKIT)
            && (switching || unfinished)
            && !accessibility_is_needed(&now)?
            && now.get(TOOLKIT)? != *toolkit
        {
            settings.insert(TOOLKIT.to_owned(), toolkit.clone());
        }
        if !settings.is_empty() {
            self.keys.dconf().change(&settings).await?;
        }
        Ok(back.restored)
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        self.keys.changes(WATCHED, tell).await;
    }
}

/// What else the magnifier may do to the picture, and how it does nothing: a person may have left it in settings that
/// come into effect only now that we switch it on.
fn plain() -> [(&'static str, Value); 9] {
    let [red, green, blue] = [
        "/org/gnome/desktop/a11y/magnifier/contrast-red",
        "/org/gnome/desktop/a11y/magnifier/contrast-green",
        "/org/gnome/desktop/a11y/magnifier/contrast-blue",
    ];
    [
        (SATURATION, Value::Double(1.0)),
        (red, Value::Double(0.0)),
        (green, Value::Double(0.0)),
        (blue, Value::Double(0.0)),
        ("/org/gnome/desktop/a11y/magnifier/invert-lightness", Value::Bool(false)),
        ("/org/gnome/desktop/a11y/magnifier/lens-mode", Value::Bool(false)),
        ("/org/gnome/desktop/a11y/magnifier/show-cross-hairs", Value::Bool(false)),
        ("/org/gnome/desktop/a11y/magnifier/scroll-at-edges", Value::Bool(false)),
        ("/org/gnome/desktop/a11y/magnifier/screen-position", Value::Str("full-screen".to_owned())),
    ]
}

/// The brightness that lets through a part of what `base` lets through. In steps of a ten-thousandth: finer than a
/// screen shows, and readable in dconf.
fn brightness(base: f64, through: f64) -> f64 {
    let exact = (1.0 + base.clamp(-1.0, 1.0)) * through - 1.0;
    // Adding zero: a minus before it would be another value to dconf.
    (exact * 1e4).round() / 1e4 + 0.0
}

/// Whether something other than the magnifier wants applications to tell what they show.
fn accessibility_is_needed(now: &Databases) -> Result<bool, BackendError> {
    for key in [READER, KEYBOARD] {
        if now.get(key)? == Some(Value::Bool(true)) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brightness_is_relative_to_the_persons_own() {
        for (base, through, wanted) in [
            (0.0, 0.6, -0.4),
            (0.0, 1.0, 0.0),
            (-0.5, 0.5, -0.75),
            (-1.0, 0.5, -1.0),
            (0.5, 0.5, -0.25),
        ] {
            assert_eq!(
                brightness(base, through).to_bits(),
                f64::to_bits(wanted),
                "{base} {through}"
            );
        }
    }
}
