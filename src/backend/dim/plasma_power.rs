//! The backlight as Plasma 5.27 to 6.1 sets it: `BrightnessControl`, of powerdevil.
//!
//! Seen on 5.27 with a backlight of 1000 steps, and read in the sources of 5.27 to 6.1. Values are the driver's own, and 5.27
//! clamps none. A new value is read only some time after `setBrightnessSilent` has answered. When nobody is there,
//! it sets a half, an eighth and then nothing of what it found (from 6.0 on three tenths), says so as of any other
//! change, and on return sets what it had found, whatever was set meanwhile. Nothing on Wayland's bus tells whether
//! somebody is there, so these values are known by their numbers.
//!
//! Where it drives external monitors instead of a panel, it reads the first and sets all to the same; what the others had
//! could not be given back, so it is left alone there.

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream::BoxStream};
use zbus::{MatchRule, MessageStream};

use super::{
    displays::{Display, Displays, Heard, Service},
    logind::{is_same, panel::Panel},
    plasma_screens::{self, three_tenths},
};
use crate::{
    backend::{BackendError, CALL_AT_MOST, Desktop, Environment, Known, Probe, Row},
    dbus::{CallError, Peer},
    plan::Measure,
};

/// Its row in the registry.
pub const ROW: Row = Row {
    id: "plasma-backlight",
    title: "Plasma (backlight)",
    measures: &[Measure::Dim],
    since: "Plasma 5.27 to 6.1",
    cannot: "It dims only the panel of a laptop.",
    seen: &[(Environment::Plasma5, Known::Real("Plasma 5.27.5"))],
    names: &[NAME, plasma_screens::NAME],
    wants_end: false,
    open: |desktop| Box::new(Displays::new(ROW.id, Box::new(Power { desktop: desktop.clone() }))),
};

const NAME: &str = "org.kde.Solid.PowerManagement";
const PATH: &str = "/org/kde/Solid/PowerManagement/Actions/BrightnessControl";
const INTERFACE: &str = "org.kde.Solid.PowerManagement.Actions.BrightnessControl";

#[derive(Debug)]
struct Power {
    desktop: Desktop,
}

impl Power {
    fn peer(&self) -> Peer {
        Peer::new(&self.desktop.session, NAME, PATH, INTERFACE)
    }

    async fn number(&self, member: &str) -> Result<i32, CallError> {
        self.peer().call(member, &()).await
    }

    async fn brightness(&self, max: u32) -> Result<u32, BackendError> {
        let now = self.number("brightness").await.map_err(explain)?;
        u32::try_from(now).ok().filter(|now| *now <= max).ok_or_else(|| {
            BackendError::Refused(format!("Plasma says that the backlight is at {now} of {max}."))
        })
    }

    async fn signals(&self) -> zbus::Result<MessageStream> {
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender(NAME)
            .path(PATH)
            .interface(INTERFACE)
            .member("brightnessChanged")
            .build();
        MessageStream::for_match_rule(rule?, &self.desktop.session, None).await
    }

    /// Whether it is to be used where it answers.
    async fn look(&self, max: i32) -> Probe {
        let newer =
            Peer::new(&self.desktop.session, plasma_screens::NAME, "/", plasma_screens::NAME);
        if newer.is_running().await == Ok(true) {
            return Probe::Elsewhere("This Plasma sets each screen by itself.".to_owned());
        }
        let panel = Panel::find(&self.desktop.env.sysfs).map(|panel| panel.max);
        let is_of_the_panel = panel.is_some() && panel == u32::try_from(max).ok();
        if is_of_the_panel {
            Probe::Ready("Plasma".to_owned())
        } else {
            Probe::Unsupported(
                "Plasma sets external monitors here, and all alike; what each had could not be given back."
                    .to_owned(),
            )
        }
    }
}

fn explain(error: CallError) -> BackendError {
    if error.is_unknown() { BackendError::Absent(no_backlight()) } else { error.into() }
}

fn no_backlight() -> String {
    "Plasma finds no backlight it can set on this machine.".to_owned()
}

#[async_trait]
impl Service for Power {
    async fn probe(&self) -> Probe {
        match self.number("brightnessMax").await {
            Ok(max) if max > 0 => self.look(max).await,
            Ok(_) => Probe::Elsewhere(no_backlight()),
            Err(CallError::Absent(_)) => {
                Probe::Deferred("Plasma's power management is not running.".to_owned())
            }
            Err(error @ CallError::TimedOut(_)) => Probe::Deferred(format!("{error}.")),
            Err(error) if error.is_unknown() => Probe::Elsewhere(no_backlight()),
            Err(error) => Probe::Unsupported(format!("{error}.")),
        }
    }

    async fn displays(&self) -> Result<Vec<Display>, BackendError> {
        let max = self.number("brightnessMax").await.map_err(explain)?;
        let Some(max) = u32::try_from(max).ok().filter(|max| *max > 0) else {
            return Err(BackendError::Absent(no_backlight()));
        };
        let value = self.brightness(max).await?;
        let name = String::new();
        Ok(vec![Display { id: "panel".into(), label: "the panel".into(), name, max, value }])
    }

    async fn set(&self, display: &Display, value: u32) -> Result<(), BackendError> {
        let deaf = |error: zbus::Error| BackendError::Refused(error.to_string());
        let mut told = self.signals().await.map_err(deaf)?;
        let asked = i32::try_from(value.min(display.max)).unwrap_or(i32::MAX);
        self.peer().call::<_, ()>("setBrightnessSilent", &asked).await.map_err(explain)?;
        let reached = async {
            while !is_same(self.brightness(display.max).await?, value, display.max) {
                if told.next().await.is_none() {
                    return std::future::pending().await;
                }
            }
            Ok(())
        };
        tokio::time::timeout(CALL_AT_MOST, reached).await.unwrap_or_else(|_| {
            Err(BackendError::Refused(format!(
                "The backlight was to be set to {value} of {}, but stayed as it was.",
                display.max
            )))
        })
    }

    async fn listen(&self) -> zbus::Result<BoxStream<'static, Heard>> {
        Ok(self.signals().await?.map(|_| Heard::Something).boxed())
    }

    fn when_idle(&self, value: u32) -> Vec<u32> {
        vec![value.div_ceil(2), value.saturating_add(4) / 8, 0, three_tenths(value)]
    }
}
