//! A stand-in for the backlight of GNOME's settings daemon, and for those who tell whether somebody is there.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;
use zbus::{Connection, Message, Variant};

use super::{
    Fault, StandIn,
    raw::{Call, Raw},
};

const NAMES: &[&str] =
    &["org.gnome.SettingsDaemon.Power", "org.gnome.SessionManager", "org.gnome.Mutter.IdleMonitor"];
const PATH: &str = "/org/gnome/SettingsDaemon/Power";
const INTERFACE: &str = "org.gnome.SettingsDaemon.Power.Screen";

/// The backlight, without a panel.
pub struct GnomePower {
    address: String,
    panel: Arc<Mutex<Panel>>,
    fault: watch::Sender<Fault>,
    asked: watch::Sender<u32>,
    raw: Option<Raw>,
}

#[derive(Clone, Copy)]
struct Panel {
    percent: i32,
    idle_for: u64,
    is_there: bool,
}

impl GnomePower {
    /// Starts it on the bus at an address; −1 is a machine without a backlight.
    pub async fn start(address: &str, percent: i32) -> zbus::Result<Self> {
        let mut standin = Self {
            address: address.to_owned(),
            panel: Arc::new(Mutex::new(Panel { percent, idle_for: 0, is_there: true })),
            fault: watch::Sender::new(Fault::None),
            asked: watch::Sender::new(0),
            raw: None,
        };
        standin.serve().await?;
        Ok(standin)
    }

    /// The brightness in percent.
    pub fn percent(&self) -> i32 {
        read(&self.panel).percent
    }

    /// Takes the interface away, as GNOME 49 did.
    pub fn forget_the_interface(&self) {
        write(&self.panel, |panel| panel.is_there = false);
    }

    /// Sets the brightness as a key press does.
    pub async fn press(&self, percent: i32) {
        self.become_idle(0, percent).await;
    }

    /// Nobody has touched the machine for so many milliseconds, and the daemon has set the screen to a brightness.
    pub async fn become_idle(&self, milliseconds: u64, percent: i32) {
        write(&self.panel, |panel| {
            panel.idle_for = milliseconds;
            panel.percent = percent;
        });
        if let Some(raw) = &self.raw {
            tell(raw.bus(), percent).await;
        }
    }

    /// Waits until somebody asks, from now on, for how long nobody has touched the machine.
    pub async fn is_asked_for_idleness(&self) {
        let _ = self.asked.subscribe().changed().await;
    }

    async fn serve(&mut self) -> zbus::Result<()> {
        let (panel, fault) = (Arc::clone(&self.panel), self.fault.subscribe());
        let asked = self.asked.clone();
        let raw = Raw::serve(&self.address, NAMES, move |bus, message| {
            let (fault, panel, asked) = (*fault.borrow(), Arc::clone(&panel), asked.clone());
            async move {
                answer(&bus, &message, fault, &panel).await;
                if (Call { bus: &bus, message: &message }).member() == "GetIdletime" {
                    asked.send_modify(|times| *times += 1);
                }
            }
        });
        self.raw = Some(raw.await?);
        Ok(())
    }
}

async fn answer(bus: &Connection, message: &Message, fault: Fault, panel: &Mutex<Panel>) {
    let call = Call { bus, message };
    let now = read(panel);
    let body = message.body();
    match call.member().as_str() {
        "Get" if body.deserialize::<(&str, &str)>().is_ok_and(|(_, name)| name == "status") => {
            call.answer(Fault::None, &Variant::from(0_u32)).await;
        }
        "GetIdletime" => call.answer(Fault::None, &now.idle_for).await,
        _ if !now.is_there => {
            let _ = call.refuse("org.freedesktop.DBus.Error.UnknownInterface", "Gone.").await;
        }
        "Get" if fault == Fault::OddType => {
            call.answer(Fault::None, &Variant::from("bright")).await;
        }
        "Get" => call.answer(fault, &Variant::from(now.percent)).await,
        "Set" => {
            let asked = body.deserialize::<(&str, &str, Variant<'_>)>();
            let asked = asked.ok().and_then(|(_, _, value)| i32::try_from(value).ok());
            call.answer(fault, &()).await;
            if let Some(asked) = asked.filter(|_| fault == Fault::None && now.percent >= 0) {
                // As the real one: told after the answer, and what lies outside is taken for the minimum.
                let percent = if (0..=100).contains(&asked) { asked } else { 0 };
                write(panel, |panel| panel.percent = percent);
                tell(bus, percent).await;
            }
        }
        _ => call.answer(Fault::Refuses, &()).await,
    }
}

async fn tell(bus: &Connection, percent: i32) {
    let changed = std::collections::HashMap::from([("Brightness", Variant::from(percent))]);
    let body = (INTERFACE, changed, Vec::<&str>::new());
    let properties = "org.freedesktop.DBus.Properties";
    let _ = bus.emit_signal(None::<&str>, PATH, properties, "PropertiesChanged", &body).await;
}

fn read(panel: &Mutex<Panel>) -> Panel {
    *panel.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(panel: &Mutex<Panel>, with: impl FnOnce(&mut Panel)) {
    with(&mut panel.lock().unwrap_or_else(PoisonError::into_inner));
}

#[async_trait]
impl StandIn for GnomePower {
    async fn state(&self) -> String {
        format!("brightness={}\n", self.percent())
    }

    async fn person_changes(&self) {
        self.press(91).await;
    }

    async fn fault(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    async fn stop(&mut self) {
        if let Some(raw) = self.raw.take() {
            raw.stop().await;
        }
    }

    async fn start(&mut self) {
        if self.raw.is_none() {
            let _ = self.serve().await;
        }
    }
}
