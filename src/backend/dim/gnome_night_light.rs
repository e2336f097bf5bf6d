//! GNOME's Night Light: warmer on every screen that has gamma ramps, and not in screenshots.
//!
//! Seen on gnome-settings-daemon 43, the same in the sources to 51: from 0 to 24 o'clock by hand is all day, without the hour
//! of fading at either end; the temperature glides there in five seconds. `NightLightSupported` says whether there are ramps
//! at all; the compositor changes them only where colord runs and has a profile for the screen, which it makes of the EDID.

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::{
        CallError, Peer,
        dconf::{Dconf, Keys, Settings, Value},
    },
    plan::{Desired, Measure},
    store::Receipt,
};

/// Its row in the registry.
pub const ROW: Row = Row {
    id: ID,
    title: "GNOME Night Light",
    measures: &[Measure::Warmth],
    since: "GNOME 43 and newer",
    cannot: "It comes and goes over five seconds, and where Night Light is put off until tomorrow nothing gets warmer.",
    seen: &[
        (Environment::Gnome43, Known::Real("GNOME Shell 43.9")),
        (Environment::Gnome47, Known::Real("GNOME Shell 48.7 on X11")),
        (Environment::Gnome49, Known::StandIn),
    ],
    names: &[NAME, "org.gnome.Mutter.DisplayConfig"],
    wants_end: false,
    open: |desktop| Box::new(NightLight::new(desktop)),
};

const ID: &str = "gnome-night-light";
const NAME: &str = "org.gnome.SettingsDaemon.Color";
/// Whether it is on at all.
pub const ENABLED: &str = "/org/gnome/settings-daemon/plugins/color/night-light-enabled";
/// Kelvin.
pub const TEMPERATURE: &str = "/org/gnome/settings-daemon/plugins/color/night-light-temperature";
const BY_THE_SUN: &str = "/org/gnome/settings-daemon/plugins/color/night-light-schedule-automatic";
const FROM: &str = "/org/gnome/settings-daemon/plugins/color/night-light-schedule-from";
const TO: &str = "/org/gnome/settings-daemon/plugins/color/night-light-schedule-to";
const KEYS: [&str; 5] = [ENABLED, TEMPERATURE, BY_THE_SUN, FROM, TO];
/// Kelvin, where nobody set it.
const TEMPERATURE_UNSET: u32 = 2700;

/// Night Light.
#[derive(Debug)]
pub struct NightLight {
    color: Peer,
    display: Peer,
    colord: Option<Peer>,
    keys: Keys,
}

impl NightLight {
    /// Opens it; does no I/O.
    pub fn new(desktop: &Desktop) -> Self {
        let display = "org.gnome.Mutter.DisplayConfig";
        let colord = "org.freedesktop.ColorManager";
        Self {
            color: Peer::new(&desktop.session, NAME, "/org/gnome/SettingsDaemon/Color", NAME),
            display: Peer::new(
                &desktop.session,
                display,
                "/org/gnome/Mutter/DisplayConfig",
                display,
            ),
            colord: desktop.system.as_ref().map(|bus| Peer::new(bus, colord, "/", colord)),
            keys: Keys::new(Dconf::new(desktop), ID),
        }
    }

    /// The person's "not today". It is not ours to undo.
    async fn is_put_off(&self) -> Result<bool, CallError> {
        self.color.get("DisabledUntilTomorrow").await
    }

    /// Whether there is something to make warmer, and all that it takes.
    async fn is_served(&self) -> Result<Result<(), &'static str>, CallError> {
        self.is_put_off().await?;
        if !self.display.get::<bool>("NightLightSupported").await? {
            return Ok(Err("No screen here can be made warmer by Night Light."));
        }
        match &self.colord {
            Some(colord) if colord.is_running().await? => Ok(Ok(())),
            _ => Ok(Err("colord is not running, without which Night Light changes nothing.")),
        }
    }
}

#[async_trait]
impl Backend for NightLight {
    async fn probe(&self) -> Probe {
        match self.is_served().await {
            Ok(Ok(())) => match self.keys.dconf().would_keep(&KEYS).await {
                Ok(()) => Probe::Ready("GNOME Night Light".to_owned()),
                Err(probe) => probe,
            },
            Ok(Err(why)) => Probe::Unsupported(why.to_owned()),
            Err(error @ (CallError::Absent(_) | CallError::TimedOut(_))) => {
                Probe::Deferred(format!("{error}."))
            }
            Err(error) => Probe::Unsupported(format!("{error}.")),
        }
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        // It would have no effect now, and at midnight come as a surprise.
        let put_off = self.is_put_off().await == Ok(true);
        self.keys.capture(held, |before| {
            let Some(mut kelvin) = desired.warmth.map(u32::from).filter(|_| !put_off) else {
                return Ok(Settings::new());
            };
            // Where the person has it warmer in the evening, it does not get less warm because it is quiet.
            if before.found(ENABLED)? == Some(Value::Bool(true)) {
                kelvin = kelvin.min(match before.found(TEMPERATURE)? {
                    Some(Value::Uint(own @ 1000..=10_000)) => own,
                    _ => TEMPERATURE_UNSET,
                });
            }
            let set = [
                (ENABLED, Value::Bool(true)),
                (TEMPERATURE, Value::Uint(kelvin)),
                (BY_THE_SUN, Value::Bool(false)),
                (FROM, Value::Double(0.0)),
                (TO, Value::Double(24.0)),
            ];
            Ok(set.map(|(key, value)| (key.to_owned(), Some(value))).into())
        })
    }

    async fn apply(&self, _: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        self.keys.apply(receipt).await
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        self.keys.restore(receipt).await
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        // Its own signal comes twenty times a second while the temperature glides, so it is looked at once only; it
        // says nothing of the keys, which are what the switch in the shell's menu sets.
        if self.is_put_off().await == Ok(true) {
            let _ = tell.send(Change::ByThePerson).await;
        }
        self.keys.changes(&KEYS, tell).await;
    }
}
