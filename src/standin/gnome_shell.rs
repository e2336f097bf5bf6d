//! A stand-in for GNOME Shell with what it keeps in dconf, and for the part of the settings daemon that answers its
//! magnifier.

use std::path::Path;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream::select_all};
use tokio::{sync::watch, task::JoinHandle};
use zbus::{Connection, Message};

use super::{
    Dconf, Fault, StandIn,
    raw::{Call, Raw},
};
use crate::dbus::dconf::{Settings, Value};

/// GNOME Shell, without a screen.
pub struct GnomeShell {
    address: String,
    /// What it keeps.
    pub dconf: Dconf,
    fault: watch::Sender<Fault>,
    raw: Option<Raw>,
}

const NAMES: &[&str] = &["org.gnome.Shell", "org.freedesktop.Notifications"];

impl GnomeShell {
    /// Starts it on the bus at an address; see [`Dconf::start`].
    pub async fn start(
        address: &str,
        config_home: &Path,
        by_the_person: (&str, Value),
    ) -> zbus::Result<Self> {
        let dconf = Dconf::start(address, config_home, by_the_person).await?;
        let fault = watch::Sender::new(Fault::None);
        let mut standin = Self { address: address.to_owned(), dconf, fault, raw: None };
        standin.serve().await?;
        Ok(standin)
    }

    async fn serve(&mut self) -> zbus::Result<()> {
        let fault = self.fault.subscribe();
        let raw = Raw::serve(&self.address, NAMES, move |bus, message| {
            let fault = *fault.borrow();
            async move { answer(&bus, &message, fault).await }
        });
        self.raw = Some(raw.await?);
        Ok(())
    }
}

async fn answer(bus: &Connection, message: &Message, fault: Fault) {
    let call = Call { bus, message };
    match call.member().as_str() {
        "GetServerInformation" => {
            call.answer(fault, &("gnome-shell", "GNOME", "43.9", "1.2")).await;
        }
        "Get" => call.answer(fault, &zbus::Variant::from("43.9")).await,
        _ => call.answer(Fault::Refuses, &()).await,
    }
}

#[async_trait]
impl StandIn for GnomeShell {
    async fn state(&self) -> String {
        self.dconf.state().await
    }

    async fn person_changes(&self) {
        self.dconf.person_changes().await;
    }

    async fn fault(&self, fault: Fault) {
        self.fault.send_replace(fault);
        self.dconf.fault(fault).await;
    }

    async fn stop(&mut self) {
        if let Some(raw) = self.raw.take() {
            raw.stop().await;
        }
        self.dconf.stop().await;
    }

    async fn start(&mut self) {
        StandIn::start(&mut self.dconf).await;
        if self.raw.is_none() {
            let _ = self.serve().await;
        }
    }
}

/// The accessibility part of the settings daemon: it writes `toolkit-accessibility` when the magnifier comes or goes.
pub struct A11ySettings {
    raw: Raw,
    task: JoinHandle<()>,
}

impl A11ySettings {
    /// Starts it beside a shell.
    pub async fn start(desktop: &crate::backend::Desktop, address: &str) -> zbus::Result<Self> {
        let (magnifier, toolkit) = (
            crate::backend::dim::gnome_magnifier::ENABLED,
            crate::backend::dim::gnome_magnifier::TOOLKIT,
        );
        let raw = Raw::serve(
            address,
            &["org.gnome.SettingsDaemon.A11ySettings"],
            |bus, message| async move {
                Call { bus: &bus, message: &message }.answer(Fault::Refuses, &()).await;
            },
        )
        .await?;
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
        Ok(Self { raw, task })
    }

    /// Leaves the bus.
    pub async fn stop(self) {
        self.task.abort();
        self.raw.stop().await;
    }
}
