//! What GNOME does with a screen's brightness by itself: it dims when nobody is there, and follows a light sensor.
//!
//! gnome-settings-daemon 43 to 51: the screen goes to `idle-brightness`, never brighter than it is, at half the idle delay
//! or, while power is saved, after 30 seconds. On return what was there before is set again.

use crate::{
    backend::Desktop,
    dbus::{
        Peer,
        dconf::{Dconf, Value},
    },
};

/// `org.gnome.SessionManager.Presence`: the session is idle.
const IDLE: u32 = 3;
/// Seconds after which GNOME dims while power is saved, and a little less.
const AWAY: u64 = 25;
/// The same where the idle delay is never.
const AWAY_WITHOUT_A_DELAY: u64 = 55;
const IDLE_DELAY: &str = "/org/gnome/desktop/session/idle-delay";
/// Seconds, where nobody set it.
const IDLE_DELAY_UNSET: u32 = 300;
const POWER: &str = "/org/gnome/settings-daemon/plugins/power/";
/// Percent, where nobody set it.
const IDLE_BRIGHTNESS_UNSET: i32 = 30;

/// Who steers the brightness beside the person and us.
#[derive(Debug)]
pub struct Automatic {
    presence: Peer,
    input: Peer,
    sensor: Option<Peer>,
    profiles: Option<Peer>,
    dconf: Dconf,
}

impl Automatic {
    /// Opens it; does no I/O.
    pub fn new(desktop: &Desktop, dconf: Dconf) -> Self {
        let peer = |name, path, interface| Peer::new(&desktop.session, name, path, interface);
        Self {
            presence: peer(
                "org.gnome.SessionManager",
                "/org/gnome/SessionManager/Presence",
                "org.gnome.SessionManager.Presence",
            ),
            input: peer(
                "org.gnome.Mutter.IdleMonitor",
                "/org/gnome/Mutter/IdleMonitor/Core",
                "org.gnome.Mutter.IdleMonitor",
            ),
            sensor: desktop.system.as_ref().map(|bus| {
                let name = "net.hadess.SensorProxy";
                Peer::new(bus, name, "/net/hadess/SensorProxy", name)
            }),
            // The name it had first, which later versions still answer to.
            profiles: desktop.system.as_ref().map(|bus| {
                let name = "net.hadess.PowerProfiles";
                Peer::new(bus, name, "/net/hadess/PowerProfiles", name)
            }),
            dconf,
        }
    }

    /// Tells whether a brightness, in percent, may be GNOME's own for while nobody is there.
    pub async fn has_dimmed(&self, percent: i32) -> bool {
        let dims_to = match self.setting(&format!("{POWER}idle-brightness")) {
            Some(Value::Int(percent @ 0..=100)) => percent,
            _ => IDLE_BRIGHTNESS_UNSET,
        };
        if (percent - dims_to).abs() > 1 {
            return false;
        }
        let idle: Result<u64, _> = self.input.call("GetIdletime", &()).await;
        let idle = idle.unwrap_or(0) / 1000;
        if idle >= AWAY && self.saves_power().await {
            return true;
        }
        if self.setting(&format!("{POWER}idle-dim")) == Some(Value::Bool(false)) {
            return false;
        }
        let away = match self.setting(IDLE_DELAY) {
            Some(Value::Uint(0)) => AWAY_WITHOUT_A_DELAY,
            Some(Value::Uint(seconds)) => u64::from(seconds) * 9 / 20,
            _ => u64::from(IDLE_DELAY_UNSET) * 9 / 20,
        };
        idle >= away || self.presence.get::<u32>("status").await == Ok(IDLE)
    }

    async fn saves_power(&self) -> bool {
        match &self.profiles {
            Some(profiles) => {
                profiles.get::<String>("ActiveProfile").await.is_ok_and(|it| it == "power-saver")
            }
            None => false,
        }
    }

    /// Tells whether a light sensor steers the brightness: what we set would drift, and at the end not be ours.
    pub async fn follows_the_light(&self) -> bool {
        let Some(sensor) = &self.sensor else { return false };
        self.setting(&format!("{POWER}ambient-enabled")) != Some(Value::Bool(false))
            && sensor.get::<bool>("HasAmbientLight").await == Ok(true)
    }

    fn setting(&self, key: &str) -> Option<Value> {
        self.dconf.read().ok()?.get(key).ok().flatten()
    }
}
