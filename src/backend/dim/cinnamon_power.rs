//! The panel as Cinnamon's settings daemon sets it.
//!
//! From its source, 4.0 to 6.6: when nobody is there it sets the screen to `idle-brightness`, if that is darker, and on
//! return sets again what was there before. It tells of neither; so while something is to be done on return, the shell
//! is asked to tell of it.

use async_trait::async_trait;
use futures_util::StreamExt as _;
use zbus::{MatchRule, MessageStream};

use super::percent::{Habits, Percent, Service};
use crate::{
    backend::{Desktop, Environment, Known, Row},
    dbus::{
        Peer,
        dconf::{Dconf, Value},
    },
    plan::Measure,
};

/// Its row in the registry.
pub const ROW: Row = Row {
    id: SERVICE.id,
    title: SERVICE.title,
    measures: &[Measure::Dim],
    since: "Cinnamon 4.0 and newer",
    cannot: "It dims only the panel of a laptop.",
    seen: &[(Environment::Cinnamon, Known::StandIn)],
    names: &["org.cinnamon.SettingsDaemon.Power"],
    wants_end: false,
    open: |desktop| Box::new(Percent::new(&SERVICE, desktop, Box::new(Idle::new(desktop)))),
};

static SERVICE: Service = Service {
    id: "cinnamon-backlight",
    title: "Cinnamon Settings",
    object: [
        "org.cinnamon.SettingsDaemon.Power",
        "/org/cinnamon/SettingsDaemon/Power",
        "org.cinnamon.SettingsDaemon.Power.Screen",
    ],
    get: "GetPercentage",
    set: "SetPercentage",
    told: "Changed",
    missing: "No backlight devices",
};

const MONITOR: &str = "org.cinnamon.Muffin.IdleMonitor";
const MONITOR_PATH: &str = "/org/cinnamon/Muffin/IdleMonitor/Core";
const POWER: &str = "/org/cinnamon/settings-daemon/plugins/power/";

/// Whether anybody is there.
#[derive(Debug)]
struct Idle {
    monitor: Peer,
    dconf: Dconf,
}

impl Idle {
    fn new(desktop: &Desktop) -> Self {
        let monitor = Peer::new(&desktop.session, MONITOR, MONITOR_PATH, MONITOR);
        Self { monitor, dconf: Dconf::new(desktop) }
    }

    fn setting(&self, name: &str, unset: u32) -> u32 {
        let now = self.dconf.read().and_then(|now| now.get(&format!("{POWER}{name}")));
        match now {
            Ok(Some(Value::Int(value))) => u32::try_from(value).unwrap_or(unset),
            _ => unset,
        }
    }

    async fn back(&self) -> zbus::Result<()> {
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .path(MONITOR_PATH)
            .interface(MONITOR)
            .member("WatchFired")
            .build()?;
        let mut fired = MessageStream::for_match_rule(rule, self.monitor.bus(), None).await?;
        let watch: Result<u32, _> = self.monitor.call("AddUserActiveWatch", &()).await;
        let watch = watch.map_err(|error| zbus::Error::Failure(error.to_string()))?;
        while let Some(signal) = fired.next().await {
            if signal?.body().deserialize::<u32>() == Ok(watch) {
                return Ok(());
            }
        }
        Err(zbus::Error::Failure("the bus is gone".to_owned()))
    }
}

#[async_trait]
impl Habits for Idle {
    async fn may_have_dimmed(&self, percent: u32) -> bool {
        if percent > self.setting("idle-brightness", 30) + 1 {
            return false;
        }
        // A second less, for what is on its way.
        let earliest = u64::from(self.setting("idle-dim-time", 90)).saturating_sub(1) * 1000;
        let idle: Result<u64, _> = self.monitor.call("GetIdletime", &()).await;
        idle.is_ok_and(|milliseconds| milliseconds >= earliest)
    }

    fn undoes(&self) -> bool {
        true
    }

    async fn somebody_is_back(&self) {
        if let Err(error) = self.back().await {
            tracing::warn!(%error, "Cinnamon does not tell when somebody is back");
            std::future::pending::<()>().await;
        }
    }
}
