//! A stand-in for GNOME Shell with what it keeps in dconf, and for the part of the settings daemon that answers its
//! magnifier.

use std::path::Path;

use futures_util::{StreamExt as _, stream::select_all};
use tokio::task::JoinHandle;
use zbus::{Message, Variant};

use super::{
    Dconf,
    in_dconf::InDconf,
    notifications::NAME,
    served::{PROPERTIES, Served, Service, is, reply, unknown},
};
use crate::dbus::dconf::{Settings, Value};

/// GNOME Shell, without a screen.
pub type GnomeShell = InDconf<Shell>;

/// What it does itself.
#[derive(Debug)]
pub struct Shell;

impl GnomeShell {
    /// Starts it on the bus at an address; see [`Dconf::start`].
    pub async fn start(
        address: &str,
        config_home: &Path,
        by_the_person: (&str, Value),
    ) -> zbus::Result<Self> {
        let dconf = Dconf::start(address, config_home, by_the_person).await?;
        Ok(Self { dconf, served: Served::start(address, Shell).await? })
    }
}

impl Service for Shell {
    fn names(&self) -> &'static [&'static str] {
        &["org.gnome.Shell", NAME]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        if is(call, NAME, "GetServerInformation") {
            reply(call, &("gnome-shell", "GNOME", "43.9", "1.2"))
        } else if is(call, PROPERTIES, "Get") {
            reply(call, &Variant::from("43.9"))
        } else {
            unknown(call)
        }
    }
}

/// The accessibility part of the settings daemon: it writes `toolkit-accessibility` when the magnifier comes or goes.
#[derive(Debug)]
pub struct A11ySettings {
    served: Served<Mute>,
    task: JoinHandle<()>,
}

/// It is only seen to be there.
#[derive(Debug)]
struct Mute;

impl Service for Mute {
    fn names(&self) -> &'static [&'static str] {
        &["org.gnome.SettingsDaemon.A11ySettings"]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        unknown(call)
    }
}

impl A11ySettings {
    /// Starts it beside a shell.
    pub async fn start(desktop: &crate::backend::Desktop, address: &str) -> zbus::Result<Self> {
        let (magnifier, toolkit) = (
            crate::backend::dim::gnome_magnifier::ENABLED,
            crate::backend::dim::gnome_magnifier::TOOLKIT,
        );
        let served = Served::start(address, Mute).await?;
        let dconf = crate::dbus::dconf::Dconf::new(desktop);
        let notices = dconf.notices(magnifier).await;
        let mut notices =
            select_all(notices.map_err(|error| zbus::Error::Failure(error.to_string()))?);
        let task = tokio::spawn(async move {
            let on = || dconf.read().and_then(|now| now.get(magnifier)).ok().flatten();
            let mut was = on();
            while notices.next().await.is_some() {
                let now = on();
                if now != was {
                    let echo = Value::Bool(now == Some(Value::Bool(true)));
                    let _ = dconf.change(&Settings::from([(toolkit.to_owned(), Some(echo))])).await;
                    was = now;
                }
            }
        });
        Ok(Self { served, task })
    }

    /// Leaves the bus.
    pub async fn stop(mut self) {
        self.task.abort();
        self.served.leave().await;
    }
}
