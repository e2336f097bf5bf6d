//! Deepin's notification centre, of `dde-shell` and of before: settings by number, kept on disk.

use zbus::{Message, OwnedVariant, Variant};

use super::{
    notifications::{NAME, Popups},
    served::{OnBus, Served, Service, is, reply, unknown},
};

/// Stands in for it.
#[derive(Debug)]
pub struct Deepin {
    served: Served<State>,
}

/// Which Deepin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeepinVersion {
    /// dde-session-ui 5: `com.deepin.dde.Notification`.
    Old,
    /// dde-shell: `org.deepin.dde.Notification1`.
    New,
}

/// What it knows.
#[derive(Debug)]
pub struct State {
    version: DeepinVersion,
    /// Do-not-disturb, only while locked, only at some hours.
    settings: [bool; 3],
    popups: Popups,
}

impl Deepin {
    /// Puts it on the bus, with what its person has set: do-not-disturb, that only while locked, that only at some hours.
    pub async fn start(
        address: &str,
        version: DeepinVersion,
        settings: [bool; 3],
    ) -> zbus::Result<Self> {
        let state = State { version, settings, popups: Popups::default() };
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// Its person changes one of the settings.
    pub async fn person_sets(&self, number: u32, on: bool) {
        self.served.change(|state| state.set(number, on)).await;
    }
}

impl State {
    fn interface(&self) -> &'static str {
        self.names()[1]
    }

    /// The real one tells of every write, of the same value too.
    fn set(&mut self, number: u32, on: bool) -> zbus::Result<Vec<Message>> {
        if let Some(setting) = self.settings.get_mut(number as usize) {
            *setting = on;
        }
        let path = match self.version {
            DeepinVersion::Old => "/com/deepin/dde/Notification",
            DeepinVersion::New => "/org/deepin/dde/Notification1",
        };
        let signal = Message::signal(path, self.interface(), "SystemInfoChanged");
        Ok(vec![signal.build(&(number, Variant::from(on)))?])
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        match self.version {
            DeepinVersion::Old => &[NAME, "com.deepin.dde.Notification"],
            DeepinVersion::New => &[NAME, "org.deepin.dde.Notification1"],
        }
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let version = match self.version {
            DeepinVersion::Old => "2.0",
            DeepinVersion::New => "3.0",
        };
        let information = ["DeepinNotifications", "Deepin", version, "1.2"];
        let holds_back = self.settings == [true, false, false];
        if let Some(messages) = self.popups.answer(call, information, holds_back) {
            return messages;
        }
        let body = call.body();
        if is(call, self.interface(), "GetSystemInfo") {
            let number: u32 = body.deserialize()?;
            let on = self.settings.get(number as usize).copied().unwrap_or_default();
            return reply(call, &Variant::from(on));
        }
        if !is(call, self.interface(), "SetSystemInfo") {
            return unknown(call);
        }
        let (number, value): (u32, OwnedVariant) = body.deserialize()?;
        let mut messages = self.set(number, bool::try_from(&*value).unwrap_or_default())?;
        messages.extend(reply(call, &())?);
        Ok(messages)
    }

    fn restart(&mut self) {
        self.popups = Popups::default();
    }

    fn state(&self) -> String {
        format!("{:?}", self.settings)
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        self.set(0, !self.settings[0])
    }
}

impl OnBus for Deepin {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
