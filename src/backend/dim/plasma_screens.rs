//! Each display's brightness as Plasma sets it, from 6.2 on: `org.kde.ScreenBrightness`, of powerdevil.
//!
//! Seen on 6.3, and read in the sources of 6.2 to 6.7: 0 is the darkest that can still be seen, both ends are clamped, and
//! `BrightnessChanged` says who asked. The names of displays count up and are no identities. Without brightness controls
//! (a virtual output) the list of displays is empty. 6.2 dims to three tenths when nobody is there and on return sets
//! what it had found; from 6.3 on idle dimming is apart from these values.

use std::collections::HashMap;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use zbus::{Message, OwnedVariant};

use super::displays::{Display, Displays, Heard, Service, signals};
use crate::{
    backend::{BackendError, Desktop, Environment, Known, Probe, Row},
    dbus::{CallError, Peer},
    plan::Measure,
};

/// Its row in the registry.
pub const ROW: Row = Row {
    id: "plasma-screens",
    title: "Plasma (brightness of each screen)",
    measures: &[Measure::Dim],
    since: "Plasma 6.2 and newer",
    cannot: "",
    seen: &[(Environment::Plasma6, Known::Real("Plasma 6.3.6"))],
    names: &[NAME],
    wants_end: false,
    open: |desktop| Box::new(Displays::new(ROW.id, Box::new(Screens { desktop: desktop.clone() }))),
};

/// The service's name on the session bus.
pub(super) const NAME: &str = "org.kde.ScreenBrightness";
const PATH: &str = "/org/kde/ScreenBrightness";
const DISPLAY: &str = "org.kde.ScreenBrightness.Display";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// No message on the screen.
const SUPPRESS_INDICATOR: u32 = 1;
/// What Plasma passes on to others who listen.
const CONTEXT: &str = "quietd:dim";

#[derive(Debug)]
struct Screens {
    desktop: Desktop,
}

impl Screens {
    fn peer(&self, path: &str, interface: &str) -> Peer {
        Peer::new(&self.desktop.session, NAME, path, interface)
    }

    /// What Plasma calls the displays now.
    async fn names(&self) -> Result<Vec<String>, CallError> {
        self.peer(PATH, NAME).get("DisplaysDBusNames").await
    }

    async fn display(&self, name: String) -> Result<Option<Display>, BackendError> {
        let all: Result<HashMap<String, OwnedVariant>, _> =
            self.peer(&path(&name), PROPERTIES).call("GetAll", &(DISPLAY,)).await;
        let all = match all {
            // It was unplugged just now.
            Err(error) if error.is_unknown() => return Ok(None),
            all => all?,
        };
        let Some((label, is_internal, max, value)) = properties(&all) else {
            return Err(BackendError::Refused(format!(
                "Plasma does not say of {name} how bright it is in a way that makes sense."
            )));
        };
        // One without steps is none that can be set.
        Ok((max > 0).then(|| Display {
            id: format!("{}:{label}", if is_internal { "internal" } else { "external" }),
            label: if label.is_empty() { "a screen".to_owned() } else { label },
            name,
            max,
            value,
        }))
    }
}

fn properties(all: &HashMap<String, OwnedVariant>) -> Option<(String, bool, u32, u32)> {
    let number = |property: &str| {
        let value = i32::try_from(all.get(property)?.clone()).ok()?;
        u32::try_from(value).ok()
    };
    let (max, value) = (number("MaxBrightness")?, number("Brightness")?);
    let label = String::try_from(all.get("Label")?.clone()).ok()?;
    let is_internal = bool::try_from(all.get("IsInternal")?.clone()).ok()?;
    (value <= max).then_some((label, is_internal, max, value))
}

fn path(name: &str) -> String {
    format!("{PATH}/{name}")
}

#[async_trait]
impl Service for Screens {
    async fn probe(&self) -> Probe {
        match self.names().await {
            Ok(names) if names.is_empty() => {
                Probe::Unsupported("Plasma finds no screen whose brightness it can set.".to_owned())
            }
            Ok(names) if names.len() == 1 => Probe::Ready("Plasma, 1 screen".to_owned()),
            Ok(names) => Probe::Ready(format!("Plasma, {} screens", names.len())),
            Err(CallError::Absent(_)) => Probe::Deferred(
                "Plasma's power management of 6.2 or newer is not running.".to_owned(),
            ),
            Err(error @ CallError::TimedOut(_)) => Probe::Deferred(format!("{error}.")),
            Err(error) => Probe::Unsupported(format!("{error}.")),
        }
    }

    async fn displays(&self) -> Result<Vec<Display>, BackendError> {
        let mut displays: Vec<Display> = Vec::new();
        for name in self.names().await? {
            // It becomes part of a path.
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                continue;
            }
            let Some(mut display) = self.display(name).await? else { continue };
            // Two of one make are told apart by their order, which is that of their coming.
            let alike = displays.iter().filter(|one| one.label == display.label).count();
            if alike > 0 {
                display.id = format!("{}#{}", display.id, alike + 1);
            }
            displays.push(display);
        }
        Ok(displays)
    }

    async fn set(&self, display: &Display, value: u32) -> Result<(), BackendError> {
        let value = i32::try_from(value).unwrap_or(i32::MAX);
        let body = (value, SUPPRESS_INDICATOR, CONTEXT);
        let peer = self.peer(&path(&display.name), DISPLAY);
        Ok(peer.call("SetBrightnessWithContext", &body).await?)
    }

    async fn listen(&self) -> zbus::Result<BoxStream<'static, Heard>> {
        signals(&self.desktop.session, [NAME, PATH, NAME], heard).await
    }

    fn when_idle(&self, value: u32) -> Vec<u32> {
        vec![three_tenths(value)]
    }
}

/// What Plasma 6.0 to 6.2 leaves of a value when nobody is there.
pub(super) fn three_tenths(value: u32) -> u32 {
    u32::try_from((u64::from(value) * 3 + 5) / 10).unwrap_or(value)
}

fn heard(told: &Message, us: &str) -> Option<Heard> {
    let body = told.body();
    match body.deserialize::<(&str, i32, &str, &str)>() {
        Ok((_, _, by, context)) if by == us && context == CONTEXT => None,
        // Nobody asked: it idles, or the panel was set past Plasma.
        Ok((name, _, by, _)) if !by.is_empty() => Some(Heard::SetByAnother(name.to_owned())),
        // The same, or one of the signals about displays that come and go.
        _ => Some(Heard::Something),
    }
}
