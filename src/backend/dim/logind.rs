//! The screen's backlight, through logind's `Session.SetBrightness` (systemd 243 and later).
//!
//! What is there is read from `/sys/class/backlight`, as the kernel's `sysfs-class-backlight` describes it; only writing
//! needs logind. The value stays after us, whoever ends how, so it is in the receipt.

pub(super) mod panel;

use async_trait::async_trait;
use nix::unistd::getuid;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, mpsc};
use zbus::{OwnedObjectPath, OwnedVariant};

use panel::Panel;

use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    config::DIM_AT_MOST,
    dbus::{CallError, Peer},
    plan::{Desired, Measure},
    store::Receipt,
};

const ID: &str = "logind-backlight";

/// The registry's row.
pub const ROW: Row = Row {
    id: ID,
    title: "the screen's backlight",
    measures: &[Measure::Dim],
    since: "systemd 243 and newer",
    cannot: "It dims only the panel of a laptop.",
    seen: &[
        (Environment::Gnome49, Known::StandIn),
        (Environment::Sway, Known::StandIn),
        (Environment::Wlroots, Known::StandIn),
        (Environment::Hyprland, Known::StandIn),
        (Environment::Niri, Known::StandIn),
        (Environment::Xfce, Known::StandIn),
        (Environment::X11, Known::StandIn),
    ],
    names: &[],
    wants_end: false,
    open,
};

const LOGIND: &str = "org.freedesktop.login1";
const SESSION: &str = "org.freedesktop.login1.Session";
/// The session of whoever asks.
const OWN_SESSION: &str = "/org/freedesktop/login1/session/auto";

/// Opens it.
pub fn open(desktop: &Desktop) -> Box<dyn Backend> {
    Box::new(Logind { desktop: desktop.clone(), set: Mutex::default() })
}

#[derive(Debug)]
struct Logind {
    desktop: Desktop,
    /// What was applied last, for `changes` to know it again.
    set: Mutex<Option<Light>>,
}

/// How bright one panel is, in the driver's own steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Light {
    panel: String,
    raw: u32,
}

impl Logind {
    fn panel(&self) -> Result<Panel, BackendError> {
        Panel::find(&self.desktop.env.sysfs).ok_or_else(|| BackendError::Absent(no_panel()))
    }

    fn panel_named(&self, name: &str) -> Result<Panel, BackendError> {
        Panel::named(&self.desktop.env.sysfs, name)
            .ok_or_else(|| BackendError::Absent(format!("the backlight {name} is gone")))
    }

    fn bus(&self) -> Result<&zbus::Connection, BackendError> {
        let missing = || BackendError::Absent("there is no system bus here".to_owned());
        self.desktop.system.as_ref().ok_or_else(missing)
    }

    async fn write(&self, light: &Light) -> Result<(), BackendError> {
        let body = ("backlight", &*light.panel, light.raw);
        session(self.bus()?).await?.call::<_, ()>("SetBrightness", &body).await.map_err(explain)
    }
}

/// The session through which the light is set, if logind answers for it. A process outside every session has none of
/// its own; then it is the session that the person's display is in.
async fn session(bus: &zbus::Connection) -> Result<Peer, BackendError> {
    let own = Peer::new(bus, LOGIND, OWN_SESSION, SESSION);
    match own.get::<bool>("Active").await {
        Ok(_) => Ok(own),
        Err(error) if error.is_unknown() => display_session(bus).await,
        Err(error) => Err(explain(error)),
    }
}

/// The session with the person's display.
async fn display_session(bus: &zbus::Connection) -> Result<Peer, BackendError> {
    let user = format!("/org/freedesktop/login1/user/_{}", getuid());
    let user = Peer::new(bus, LOGIND, &user, "org.freedesktop.login1.User");
    let none = || BackendError::Absent("logind knows of no session with a screen here".to_owned());
    let display: OwnedVariant = match user.get("Display").await {
        Err(error) if error.is_unknown() => return Err(none()),
        display => display.map_err(explain)?,
    };
    let (id, path) = <(String, OwnedObjectPath)>::try_from(display).map_err(|_| none())?;
    if id.is_empty() { Err(none()) } else { Ok(Peer::new(bus, LOGIND, path.as_str(), SESSION)) }
}

fn explain(error: CallError) -> BackendError {
    match &error {
        CallError::Answered { text, .. } if text.contains("No such device") => {
            BackendError::Absent(no_panel())
        }
        // Another session is in front, or there is no seat: the person cannot see this screen now.
        CallError::Answered { text, .. } => {
            BackendError::Refused(format!("logind does not let the backlight be set: {text}"))
        }
        _ => error.into(),
    }
}

fn no_panel() -> String {
    "no backlight here: an external screen has its own buttons, or its driver offers none"
        .to_owned()
}

/// The raw value for a dimming of what was found: no less than a quarter of the panel's light stays, unless the person
/// had less already, which is then left alone.
pub(super) fn dimmed(found: u32, max: u32, dim: u8) -> u32 {
    let of = |value: u32, percent: u64| {
        u32::try_from((u64::from(value) * percent).div_ceil(100)).unwrap_or(value)
    };
    let floor = of(max, u64::from(100 - DIM_AT_MOST));
    of(found, u64::from(100 - dim.min(DIM_AT_MOST))).max(floor).min(found)
}

/// Tells whether a value read is the one that was set; drivers may round by a hundredth.
pub(super) fn is_same(read: u32, set: u32, max: u32) -> bool {
    u64::from(read.abs_diff(set)) * 100 <= u64::from(max)
}

#[async_trait]
impl Backend for Logind {
    async fn probe(&self) -> Probe {
        let Some(panel) = Panel::find(&self.desktop.env.sysfs) else {
            return Probe::Elsewhere(no_panel());
        };
        let Ok(bus) = self.bus() else {
            return Probe::Unsupported("there is no system bus here, so no logind".to_owned());
        };
        match Peer::new(bus, LOGIND, OWN_SESSION, SESSION).is_running().await {
            Ok(true) => match session(bus).await {
                Ok(_) => Probe::Ready(format!("the backlight {}, through logind", panel.name)),
                Err(BackendError::Refused(why)) => Probe::Unsupported(why),
                Err(error) => Probe::Deferred(error.to_string()),
            },
            Ok(false) => Probe::Unsupported(format!(
                "there is a backlight ({}), but no logind to set it through",
                panel.name
            )),
            Err(error) => Probe::Deferred(error.to_string()),
        }
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        if let Some((held, found)) =
            held.and_then(|receipt| Some((receipt, receipt.found::<Light>()?)))
        {
            let panel = self.panel_named(&found.panel)?;
            let raw = dimmed(found.raw, panel.max, desired.dim);
            return Ok(held.renew(&Light { raw, ..found }));
        }
        let panel = self.panel()?;
        let found = Light { raw: panel.brightness()?, panel: panel.name.clone() };
        let raw = dimmed(found.raw, panel.max, desired.dim);
        Ok(Receipt::new(ID, &found, &Light { raw, ..found.clone() }))
    }

    async fn apply(&self, _: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let set: Light = receipt.set().ok_or_else(|| unreadable("set"))?;
        let panel = self.panel_named(&set.panel)?;
        *self.set.lock().await = Some(set.clone());
        let now = panel.brightness()?;
        let is_darker = now < set.raw && !is_ours(now, receipt, panel.max);
        // Somebody wanted less light than this meanwhile; there is nothing to darken.
        if now == set.raw || is_darker { Ok(()) } else { self.write(&set).await }
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let found: Light = receipt.found().ok_or_else(|| unreadable("found"))?;
        *self.set.lock().await = None;
        let panel = self.panel_named(&found.panel)?;
        let now = panel.brightness()?;
        if now == found.raw {
            return Ok(Restored::AsFound);
        }
        if !is_ours(now, receipt, panel.max) {
            return Ok(Restored::AsThePersonSetIt);
        }
        self.write(&found).await.map(|()| Restored::AsFound)
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let Ok(panel) = self.panel() else { return std::future::pending().await };
        let Ok(mut watch) = panel.watch() else { return std::future::pending().await };
        while let Ok(now) = watch.changed().await {
            let is_theirs = self.set.lock().await.as_ref().is_some_and(|set| {
                // Less light is what a desktop does for a while when nobody is there; and whoever wants less has it.
                set.panel == panel.name && now > set.raw && !is_same(now, set.raw, panel.max)
            });
            if is_theirs && tell.send(Change::ByThePerson).await.is_err() {
                return;
            }
        }
        std::future::pending::<()>().await;
    }
}

fn is_ours(read: u32, receipt: &Receipt, max: u32) -> bool {
    receipt.ours::<Light>().iter().any(|ours| is_same(read, ours.raw, max))
}

fn unreadable(what: &str) -> BackendError {
    BackendError::Refused(format!("the receipt of {ID} does not say what was {what}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dims_what_was_found() {
        assert_eq!(dimmed(1000, 1000, 40), 600);
        assert_eq!(dimmed(500, 1000, 40), 300);
        assert_eq!(dimmed(7, 7, 0), 7);
    }

    #[test]
    fn a_quarter_of_the_panel_stays() {
        assert_eq!(dimmed(1000, 1000, 75), 250);
        assert_eq!(dimmed(400, 1000, 75), 250);
    }

    #[test]
    fn less_than_that_is_the_persons_own_choice() {
        assert_eq!(dimmed(250, 1000, 50), 250);
        assert_eq!(dimmed(100, 1000, 50), 100);
        assert_eq!(dimmed(0, 1000, 50), 0);
    }

    #[test]
    fn rounding_by_the_driver_is_not_a_change() {
        assert!(is_same(604, 600, 1000));
        assert!(!is_same(611, 600, 1000));
        assert!(!is_same(6, 7, 15));
    }

    proptest! {
        #[test]
        fn never_brighter_never_below_a_quarter(found: u32, max: u32, dim in 0_u8..=100) {
            let found = found.min(max);
            let set = dimmed(found, max, dim);
            prop_assert!(set <= found);
            prop_assert!(set == found || u64::from(set) * 4 >= u64::from(max));
        }
    }
}
