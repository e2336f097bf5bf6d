//! The panel as MATE's power manager sets it.
//!
//! From its source, 1.20 to 1.29: what is set by its method is what it makes the rest of. When nobody is there, and on
//! battery, the screen has a part of that; afterwards it has that again, whether the change was seen or not. So a part
//! of ours is ours as well. Only what was there before quiet cannot be told from a part of more: a screen that is so
//! dark that nobody may be there is left alone.

use async_trait::async_trait;

use super::percent::{Habits, Percent, Service};
use crate::{
    backend::{Environment, Known, Row},
    dbus::dconf::{Dconf, Value},
    plan::Measure,
};

/// Its row in the registry.
pub const ROW: Row = Row {
    id: SERVICE.id,
    title: SERVICE.title,
    measures: &[Measure::Dim],
    since: "MATE 1.20 and newer",
    cannot: "It dims only the panel of a laptop.",
    seen: &[(Environment::Mate, Known::StandIn)],
    names: &["org.mate.PowerManager"],
    wants_end: false,
    open: |desktop| {
        let habits = Box::new(Settings(Dconf::new(desktop)));
        Box::new(Percent::new(&SERVICE, desktop, habits))
    },
};

static SERVICE: Service = Service {
    id: "mate-backlight",
    title: "MATE Power Manager",
    object: [
        "org.mate.PowerManager",
        "/org/mate/PowerManager/Backlight",
        "org.mate.PowerManager.Backlight",
    ],
    get: "GetBrightness",
    set: "SetBrightness",
    told: "BrightnessChanged",
    missing: "hardware not present",
};

/// What the person has it do.
#[derive(Debug)]
struct Settings(Dconf);

impl Settings {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.read().ok()?.get(&format!("/org/mate/power-manager/{name}")).ok().flatten()
    }

    fn is_on(&self, name: &str, unset: bool) -> bool {
        if let Some(Value::Bool(on)) = self.get(name) { on } else { unset }
    }

    fn percent(&self, name: &str, unset: u32) -> u32 {
        match self.get(name) {
            Some(Value::Int(percent)) => {
                u32::try_from(percent).ok().filter(|percent| *percent <= 100).unwrap_or(50)
            }
            _ => unset,
        }
    }

    /// Percent of the light that is left when nobody is there, where that is so at all.
    fn idle(&self) -> Option<u32> {
        let dims = self.is_on("idle-dim-battery", true) || self.is_on("idle-dim-ac", false);
        dims.then(|| self.percent("idle-brightness", 30))
    }
}

#[async_trait]
impl Habits for Settings {
    fn makes_of(&self, percent: u32) -> Vec<u32> {
        let part = |percent: u32, of: u32| (percent * of + 50) / 100;
        let on_battery = self
            .is_on("backlight-battery-reduce", true)
            .then(|| part(percent, 100 - self.percent("brightness-dim-battery", 50)));
        let in_use = [Some(percent), on_battery];
        let idle = self.idle();
        let dimmed = in_use.into_iter().flatten().zip(idle.into_iter().cycle());
        dimmed.map(|(percent, idle)| part(percent, idle)).chain(on_battery).collect()
    }

    async fn may_have_dimmed(&self, percent: u32) -> bool {
        self.idle().is_some_and(|idle| percent <= idle)
    }
}
