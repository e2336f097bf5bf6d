//! xfce4-notifyd with its xfconfd: what is stored stays, whatever its type.

use zbus::{Message, OwnedVariant, Variant};

use super::{
    notifications::{NAME, Popups},
    served::{OnBus, Served, Service, error, is, reply, unknown},
};

const XFCONF: &str = "org.xfce.Xfconf";
const XFCONF_PATH: &str = "/org/xfce/Xfconf";
const CHANNEL: &str = "xfce4-notifyd";
const PROPERTY: &str = "/do-not-disturb";

/// Stands in for xfce4-notifyd and xfconfd, on one connection.
#[derive(Debug)]
pub struct Xfce {
    served: Served<State>,
}

/// What is stored, and what was shown.
#[derive(Debug)]
pub struct State {
    /// Of the one property there is; none where nothing is set.
    stored: Option<OwnedVariant>,
    popups: Popups,
}

impl Xfce {
    /// Puts it on the bus, with what its person has set.
    pub async fn start(address: &str, stored: Option<Variant<'_>>) -> zbus::Result<Self> {
        let stored = stored.map(OwnedVariant::try_from).transpose()?;
        let state = State { stored, popups: Popups::default() };
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// The summaries shown so far.
    pub async fn shown(&self) -> Vec<String> {
        self.served.look(|state| state.popups.shown()).await
    }

    /// Its person stores a value, or takes it away.
    pub async fn person_stores(&self, value: Option<Variant<'_>>) {
        let value = value.and_then(|value| OwnedVariant::try_from(value).ok());
        self.served.change(|state| state.store(value)).await;
    }
}

impl State {
    fn is_on(&self) -> bool {
        self.stored.as_ref().is_some_and(|value| bool::try_from(&**value) == Ok(true))
    }

    /// The real one tells of no write that changes nothing.
    fn store(&mut self, value: Option<OwnedVariant>) -> zbus::Result<Vec<Message>> {
        if self.stored == value {
            return Ok(Vec::new());
        }
        let signal = match &value {
            Some(value) => Message::signal(XFCONF_PATH, XFCONF, "PropertyChanged")
                .build(&(CHANNEL, PROPERTY, value))?,
            None => Message::signal(XFCONF_PATH, XFCONF, "PropertyRemoved")
                .build(&(CHANNEL, PROPERTY))?,
        };
        self.stored = value;
        Ok(vec![signal])
    }

    fn and_reply(call: &Message, signals: Vec<Message>) -> zbus::Result<Vec<Message>> {
        let mut messages = signals;
        messages.extend(reply(call, &())?);
        Ok(messages)
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME, XFCONF]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let information = ["Xfce Notify Daemon", "Xfce", "0.9.7", "1.2"];
        let is_on = self.is_on();
        if let Some(messages) = self.popups.answer(call, information, is_on) {
            return messages;
        }
        let body = call.body();
        if is(call, XFCONF, "GetProperty") {
            let (channel, property): (&str, &str) = body.deserialize()?;
            return match &self.stored {
                Some(value) if (channel, property) == (CHANNEL, PROPERTY) => reply(call, value),
                _ => error(
                    call,
                    "org.xfce.Xfconf.Error.PropertyNotFound",
                    &format!("Property \"{property}\" does not exist on channel \"{channel}\""),
                ),
            };
        }
        if is(call, XFCONF, "SetProperty") {
            let (_, _, value): (&str, &str, OwnedVariant) = body.deserialize()?;
            let signals = self.store(Some(value))?;
            return Self::and_reply(call, signals);
        }
        if is(call, XFCONF, "ResetProperty") {
            let signals = self.store(None)?;
            return Self::and_reply(call, signals);
        }
        unknown(call)
    }

    fn restart(&mut self) {
        self.popups = Popups::default();
    }

    fn state(&self) -> String {
        match &self.stored {
            Some(value) => format!("{PROPERTY} = {:?}", **value),
            None => format!("{PROPERTY} is not set"),
        }
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        let on = OwnedVariant::try_from(Variant::from(!self.is_on()))?;
        self.store(Some(on))
    }
}

impl OnBus for Xfce {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
