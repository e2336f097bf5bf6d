//! Plasma's `org.kde.ScreenBrightness`, with the ways of 6.2 to 6.7.

use std::collections::HashMap;

use zbus::{Message, Variant};

use super::served::{OnBus, PROPERTIES, Served, Service, error, is, reply, unknown};

const NAME: &str = "org.kde.ScreenBrightness";
const PATH: &str = "/org/kde/ScreenBrightness";
const DISPLAY: &str = "org.kde.ScreenBrightness.Display";

/// Stands in for powerdevil.
#[derive(Debug)]
pub struct PlasmaScreens {
    served: Served<State>,
}

/// The displays.
#[derive(Debug, Default)]
pub struct State {
    displays: Vec<Display>,
    /// Names count up and are not used again.
    named: usize,
}

#[derive(Debug)]
struct Display {
    name: String,
    label: String,
    max: i32,
    value: i32,
}

impl PlasmaScreens {
    /// Puts it on the bus with displays: what each is called, its largest value and its value. The first is the laptop's
    /// own.
    pub async fn start(address: &str, displays: &[(&str, i32, i32)]) -> zbus::Result<Self> {
        let mut state = State::default();
        for display in displays {
            state.add(*display);
        }
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// How bright each is, in their order.
    pub async fn values(&self) -> Vec<i32> {
        self.served.look(|state| state.displays.iter().map(|it| it.value).collect()).await
    }

    /// Plugs one more in.
    pub async fn plug(&self, label: &str, max: i32, value: i32) {
        self.served
            .change(|state| {
                let name = state.add((label, max, value));
                Ok(vec![Message::signal(PATH, NAME, "DisplayAdded").build(&name)?])
            })
            .await;
    }

    /// Unplugs one.
    pub async fn unplug(&self, label: &str) {
        self.served
            .change(|state| {
                let gone = state.displays.iter().position(|it| it.label == label);
                let Some(gone) = gone.map(|at| state.displays.remove(at)) else {
                    return Ok(Vec::new());
                };
                Ok(vec![Message::signal(PATH, NAME, "DisplayRemoved").build(&gone.name)?])
            })
            .await;
    }

    /// A program sets one; without a program's name it is Plasma itself, or a change that it only saw.
    pub async fn set(&self, label: &str, value: i32, by: &str) {
        self.served
            .change(|state| {
                let display = state.displays.iter_mut().find(|it| it.label == label);
                display.map_or(Ok(Vec::new()), |display| display.set(value, by, ""))
            })
            .await;
    }
}

impl State {
    fn add(&mut self, (label, max, value): (&str, i32, i32)) -> String {
        let name = format!("display{}", self.named);
        self.named += 1;
        self.displays.push(Display { name: name.clone(), label: label.to_owned(), max, value });
        name
    }

    fn display(&mut self, path: &str) -> Option<&mut Display> {
        let name = path.strip_prefix(PATH)?.strip_prefix('/')?;
        self.displays.iter_mut().find(|display| display.name == name)
    }
}

impl Display {
    fn set(&mut self, value: i32, by: &str, context: &str) -> zbus::Result<Vec<Message>> {
        let value = value.clamp(0, self.max);
        if self.value == value {
            return Ok(Vec::new());
        }
        self.value = value;
        let body = (&*self.name, value, by, context);
        Ok(vec![Message::signal(PATH, NAME, "BrightnessChanged").build(&body)?])
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let header = call.header();
        let path = header.path().map(zbus::ObjectPath::as_str).unwrap_or_default();
        if path == PATH && is(call, PROPERTIES, "Get") {
            let names: Vec<_> = self.displays.iter().map(|it| it.name.clone()).collect();
            return reply(call, &Variant::from(names));
        }
        let is_first = self.displays.first().is_some_and(|it| path.ends_with(&*it.name));
        let Some(display) = self.display(path) else {
            let text = format!("No such object path '{path}'");
            return error(call, "org.freedesktop.DBus.Error.UnknownObject", &text);
        };
        if is(call, PROPERTIES, "GetAll") {
            let all = HashMap::from([
                ("Label", Variant::from(display.label.clone())),
                ("IsInternal", Variant::from(is_first)),
                ("MaxBrightness", Variant::from(display.max)),
                ("Brightness", Variant::from(display.value)),
            ]);
            return reply(call, &all);
        }
        if is(call, DISPLAY, "SetBrightnessWithContext") {
            let body = call.body();
            let (value, _, context): (i32, u32, &str) = body.deserialize()?;
            let by = header.sender().map(ToString::to_string).unwrap_or_default();
            let mut messages = reply(call, &())?;
            messages.extend(display.set(value, &by, context)?);
            return Ok(messages);
        }
        unknown(call)
    }

    /// The displays are found anew, and named anew.
    fn restart(&mut self) {
        let before = std::mem::take(&mut self.displays);
        for display in before.iter().rev() {
            self.add((&display.label, display.max, display.value));
        }
        self.displays.reverse();
    }

    fn state(&self) -> String {
        let line = |display: &Display| format!("{}={}\n", display.label, display.value);
        self.displays.iter().map(line).collect()
    }

    /// Moves every slider, as somebody who sits before the screens would one after the other.
    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        let moved = self.displays.iter_mut().map(|it| it.set(it.max * 19 / 20, ":1.7", ""));
        Ok(moved.collect::<zbus::Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}

impl OnBus for PlasmaScreens {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
