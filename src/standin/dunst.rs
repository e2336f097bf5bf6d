//! dunst, of a version with `pauseLevel` and of one without.

use zbus::{Message, OwnedVariant, Variant};

use super::{
    notifications::{NAME, PATH, Popup, Popups},
    served::{OnBus, PROPERTIES, Served, Service, error, is, reply, unknown},
};

const INTERFACE: &str = "org.dunstproject.cmd0";

/// Stands in for dunst.
#[derive(Debug)]
pub struct Dunst {
    served: Served<State>,
}

/// Which dunst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DunstVersion {
    /// 1.9.0: `paused` only.
    Old,
    /// 1.13.2: `paused` and `pauseLevel`.
    New,
}

/// What dunst knows.
#[derive(Debug)]
pub struct State {
    version: DunstVersion,
    /// 0 to 100; 100 is what `paused` says.
    level: u32,
    popups: Popups,
}

impl Dunst {
    /// Puts it on the bus, with the level (0 to 100) its person has set; the old one knows 0 and 100.
    pub async fn start(address: &str, version: DunstVersion, level: u32) -> zbus::Result<Self> {
        let state = State { version, level, popups: Popups::default() };
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// The summaries shown so far.
    pub async fn shown(&self) -> Vec<String> {
        self.served.look(|state| state.popups.shown()).await
    }

    /// What is on the screen.
    pub async fn popups(&self) -> Vec<Popup> {
        self.served.look(|state| state.popups.popups()).await
    }

    /// Its person presses a button on a notification.
    pub async fn person_chooses(&self, id: u32, action: &str) {
        self.served.change(|state| state.popups.choose(id, action)).await;
    }

    /// A notification goes for a reason of the specification: 1 its time is over, 2 its person closes it.
    pub async fn closes(&self, id: u32, reason: u32) {
        self.served.change(|state| state.popups.close(id, reason)).await;
    }

    /// Shows no buttons from now on.
    pub fn has_no_buttons(&self) {
        self.served.silently(|state| state.popups.capabilities = &["body"]);
    }

    /// Its person sets a level.
    pub async fn person_sets(&self, level: u32) {
        self.served.change(|state| state.set_level(level)).await;
    }
}

impl State {
    /// The real one tells of every write, of the same value too.
    fn set_level(&mut self, level: u32) -> zbus::Result<Vec<Message>> {
        self.level = level.min(100);
        if self.level == 0 {
            self.popups.let_through();
        }
        let mut changed = vec![("paused", Variant::from(self.level > 0))];
        if self.version == DunstVersion::New {
            changed.push(("pauseLevel", Variant::from(self.level)));
        }
        let changed: std::collections::HashMap<_, _> = changed.into_iter().collect();
        let body = (INTERFACE, changed, Vec::<&str>::new());
        Ok(vec![Message::signal(PATH, PROPERTIES, "PropertiesChanged").build(&body)?])
    }

    fn property(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let body = call.body();
        if is(call, PROPERTIES, "Set") {
            let (_, property, value): (&str, &str, OwnedVariant) = body.deserialize()?;
            let level = match property {
                "paused" => bool::try_from(&*value).map(|paused| if paused { 100 } else { 0 }).ok(),
                "pauseLevel" if self.version == DunstVersion::New => u32::try_from(&*value).ok(),
                _ => None,
            };
            return match level {
                Some(level) => {
                    let mut messages = reply(call, &())?;
                    messages.extend(self.set_level(level)?);
                    Ok(messages)
                }
                None => no_such(call, property),
            };
        }
        let (_, property): (&str, &str) = body.deserialize()?;
        match property {
            "paused" => reply(call, &Variant::from(self.level > 0)),
            "pauseLevel" if self.version == DunstVersion::New => {
                reply(call, &Variant::from(self.level))
            }
            _ => no_such(call, property),
        }
    }
}

fn no_such(call: &Message, property: &str) -> zbus::Result<Vec<Message>> {
    let text = format!("No such property “{property}”");
    error(call, "org.freedesktop.DBus.Error.InvalidArgs", &text)
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let version = match self.version {
            DunstVersion::Old => "1.9.0 (2022-06-27)",
            DunstVersion::New => "1.13.2",
        };
        let information = ["dunst", "knopwob", version, "1.2"];
        if let Some(messages) = self.popups.answer(call, information, self.level > 0) {
            return messages;
        }
        if call.header().interface().is_some_and(|interface| interface == PROPERTIES) {
            return self.property(call);
        }
        unknown(call)
    }

    fn restart(&mut self) {
        self.level = 0;
        self.popups = Popups::default();
    }

    fn state(&self) -> String {
        format!("pause level {}", self.level)
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        self.set_level(match (self.version, self.level) {
            (DunstVersion::New, _) => 30,
            (DunstVersion::Old, 0) => 100,
            (DunstVersion::Old, _) => 0,
        })
    }
}

impl OnBus for Dunst {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
