//! External monitors over ddcutil-service, where it runs: `com.ddcutil.DdcutilService`.
//!
//! Read in its sources, 1.0.14 to 2.1. It serves one call after the other, and a monitor takes tenths of a second for
//! each; so all are asked at once, and what is not done in time goes on there. A monitor keeps its value without us, and
//! may wear from being set, so it is never set to what it has. Setting returns when the monitor was read back. What is
//! set with the monitor's own buttons is told by nobody; it is seen at the next look.
//!
//! Next to a way that dims only the panel this one dims the monitors; alone it is used only where it reaches them all.

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use futures_util::{future::join_all, stream::BoxStream};
use zbus::Message;

use super::{
    displays::{Display, Displays, Heard, Service, signals},
    is_panel,
};
use crate::{
    backend::{BackendError, CALL_AT_MOST, Desktop, Environment, Known, Probe, Row},
    dbus::{CallError, Peer},
    plan::Measure,
};

/// Its row in the registry.
pub const ROW: Row = Row {
    id: "ddcutil",
    title: "external monitors (ddcutil-service)",
    measures: &[Measure::Dim],
    since: "ddcutil-service 1.0.14 and newer",
    cannot: "It dims only external monitors, takes a second or more for it, and of two that call themselves the same it sets one.",
    seen: &[
        (Environment::Gnome43, Known::Source),
        (Environment::Gnome47, Known::Source),
        (Environment::Gnome49, Known::Source),
        (Environment::Plasma5, Known::Source),
        (Environment::Sway, Known::Source),
        (Environment::Wlroots, Known::Source),
        (Environment::Hyprland, Known::Source),
        (Environment::Niri, Known::Source),
        (Environment::X11, Known::StandIn),
    ],
    names: &[NAME],
    wants_end: false,
    open: |desktop| {
        Box::new(Displays::new(ROW.id, Box::new(Monitors { desktop: desktop.clone() })))
    },
};

const NAME: &str = "com.ddcutil.DdcutilService";
const PATH: &str = "/com/ddcutil/DdcutilObject";
const INTERFACE: &str = "com.ddcutil.DdcutilInterface";

/// The monitor's luminance, in the standard's (MCCS) numbering.
const LUMINANCE: u8 = 0x10;
/// A monitor is named by its EDID, not by the service's number for it, which may change.
const BY_EDID: i32 = -1;
/// What the service passes on to others who listen.
const CONTEXT: &str = "quietd:dim";
/// No flags.
const PLAIN: u32 = 0;

/// How long all monitors together may take; the engine gives a whole act one second more.
const MONITORS_AT_MOST: Duration = CALL_AT_MOST.saturating_add(Duration::from_secs(1));

/// Number, USB bus, USB device, maker, model, serial number, product, EDID, serial number in binary.
type Detected = (i32, i32, i32, String, String, String, u16, String, u32);

#[derive(Debug)]
struct Monitors {
    desktop: Desktop,
}

impl Monitors {
    fn peer(&self) -> Peer {
        Peer::new(&self.desktop.session, NAME, PATH, INTERFACE)
    }

    /// The monitors the service knows; asks none of them.
    async fn detected(&self) -> Result<Result<Vec<Detected>, String>, CallError> {
        let (_, mut detected, status, text): (i32, Vec<Detected>, i32, String) =
            self.peer().call("ListDetected", &PLAIN).await?;
        detected.retain(|monitor| !monitor.7.is_empty());
        detected.sort_by(|one, other| one.7.cmp(&other.7));
        detected.dedup_by(|one, other| one.7 == other.7);
        Ok(if status == 0 { Ok(detected) } else { Err(text) })
    }

    /// Reads one; none if it says nothing that makes sense, as one that sleeps does.
    async fn read(&self, monitor: Detected) -> Result<Option<Display>, CallError> {
        let (.., model, _, _, edid, _) = monitor;
        let body = (BY_EDID, &*edid, LUMINANCE, PLAIN);
        let (value, max, _, status, _): (u16, u16, String, i32, String) =
            self.peer().within(MONITORS_AT_MOST).call("GetVcp", &body).await?;
        let label = if model.is_empty() { "a monitor".to_owned() } else { model };
        let (value, max) = (u32::from(value), u32::from(max));
        Ok((status == 0 && value <= max && max > 0).then(|| Display {
            id: edid.clone(),
            label,
            name: edid,
            max,
            value,
        }))
    }
}

fn failed(text: &str) -> BackendError {
    BackendError::Refused(format!("ddcutil-service could not do it: {text}"))
}

/// How many external monitors are plugged in, as the kernel sees it; 0 where it does not say.
fn plugged_in(sysfs: &Path) -> usize {
    let Ok(connectors) = std::fs::read_dir(sysfs.join("class/drm")) else { return 0 };
    let is_plugged_in = |folder: &Path| {
        std::fs::read_to_string(folder.join("status")).is_ok_and(|text| text.trim() == "connected")
    };
    // "card1-eDP-1"; what is not a connector has no name behind the card's.
    let is_external = |name: &str| {
        let connector = name.split_once('-').map(|(_, connector)| connector);
        connector.is_some_and(|it| !is_panel(it) && !it.starts_with("Virtual"))
    };
    let external = connectors.flatten().filter(|entry| {
        entry.file_name().to_str().is_some_and(is_external) && is_plugged_in(&entry.path())
    });
    external.count()
}

#[async_trait]
impl Service for Monitors {
    async fn probe(&self) -> Probe {
        match self.detected().await {
            Ok(Ok(detected)) if detected.is_empty() => Probe::Unsupported(
                "ddcutil-service knows of no monitor that can be set; `ddcutil detect` says why."
                    .to_owned(),
            ),
            Ok(Ok(detected)) => {
                let (known, all) = (detected.len(), plugged_in(&self.desktop.env.sysfs));
                if known < all {
                    Probe::Unsupported(format!(
                        "Of {all} monitors ddcutil-service can set {known}; so that all get equally dark, it is not used."
                    ))
                } else {
                    Probe::Ready(format!(
                        "ddcutil-service, {known} monitor{}",
                        if known == 1 { "" } else { "s" }
                    ))
                }
            }
            Ok(Err(text)) => Probe::Unsupported(failed(&text).to_string()),
            Err(CallError::Absent(_)) => Probe::Deferred(
                "ddcutil-service does not run. Where it is installed, `ddcutil-client detect` starts it."
                    .to_owned(),
            ),
            Err(error @ CallError::TimedOut(_)) => Probe::Deferred(format!("{error}.")),
            Err(error) if error.is_unknown() => {
                Probe::Unsupported("This ddcutil-service is older than 1.0.14.".to_owned())
            }
            Err(error) => Probe::Unsupported(format!("{error}.")),
        }
    }

    async fn displays(&self) -> Result<Vec<Display>, BackendError> {
        let detected = self.detected().await?.map_err(|text| failed(&text))?;
        let read = join_all(detected.into_iter().map(|monitor| self.read(monitor))).await;
        let displays: Result<Vec<_>, CallError> = read.into_iter().collect();
        Ok(displays?.into_iter().flatten().collect())
    }

    async fn set(&self, display: &Display, value: u32) -> Result<(), BackendError> {
        let value = u16::try_from(value).unwrap_or(u16::MAX);
        let body = (BY_EDID, &*display.id, LUMINANCE, value, CONTEXT, PLAIN);
        let peer = self.peer().within(MONITORS_AT_MOST);
        let (status, text): (i32, String) = peer.call("SetVcpWithContext", &body).await?;
        if status == 0 { Ok(()) } else { Err(failed(&text)) }
    }

    async fn listen(&self) -> zbus::Result<BoxStream<'static, Heard>> {
        signals(&self.desktop.session, [NAME, PATH, INTERFACE], heard).await
    }
}

fn heard(told: &Message, us: &str) -> Option<Heard> {
    let body = told.body();
    match body.deserialize::<(i32, &str, u8, u16, &str, &str, u32)>() {
        Ok((_, _, code, ..)) if code != LUMINANCE => None,
        Ok((_, _, _, _, by, context, _)) if by == us && context == CONTEXT => None,
        // Named by its number, the monitor is not known from the signal alone.
        Ok((_, edid, ..)) if !edid.is_empty() => Some(Heard::SetByAnother(edid.to_owned())),
        _ => Some(Heard::Something),
    }
}
