//! ddcutil-service, with monitors that keep what they were set to.

use zbus::Message;

use super::served::{OnBus, Served, Service, is, reply, unknown};

const NAME: &str = "com.ddcutil.DdcutilService";
const PATH: &str = "/com/ddcutil/DdcutilObject";
const INTERFACE: &str = "com.ddcutil.DdcutilInterface";

/// `DDCRC_RETRIES`: a monitor that does not answer.
const NO_ANSWER: i32 = -3007;
/// The monitor's luminance.
const LUMINANCE: u8 = 0x10;

/// Stands in for ddcutil-service.
#[derive(Debug)]
pub struct Ddcutil {
    served: Served<State>,
}

/// The monitors.
#[derive(Debug, Default)]
pub struct State {
    monitors: Vec<Monitor>,
    /// Every value set, in order.
    written: Vec<u16>,
}

/// A monitor.
#[derive(Clone, Debug)]
pub struct Monitor {
    /// What it calls itself.
    pub model: &'static str,
    /// The largest luminance.
    pub max: u16,
    /// Its luminance.
    pub value: u16,
    /// It sleeps, and does not answer.
    pub sleeps: bool,
}

impl Ddcutil {
    /// Puts it on the bus.
    pub async fn start(address: &str, monitors: Vec<Monitor>) -> zbus::Result<Self> {
        let state = State { monitors, written: Vec::new() };
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// Changes the monitors with nobody told, as their own buttons do.
    pub fn buttons(&self, change: impl FnOnce(&mut Vec<Monitor>)) {
        self.served.silently(|state| change(&mut state.monitors));
    }

    /// Plugs and unplugs, which is told.
    pub async fn cables(&self, change: impl FnOnce(&mut Vec<Monitor>)) {
        self.served
            .change(|state| {
                change(&mut state.monitors);
                let body = ("", 2_i32, 0_u32);
                Ok(vec![Message::signal(PATH, INTERFACE, "ConnectedDisplaysChanged").build(&body)?])
            })
            .await;
    }

    /// Every value set so far.
    pub async fn written(&self) -> Vec<u16> {
        self.served.look(|state| state.written.clone()).await
    }
}

impl Monitor {
    /// One of 100 steps.
    pub const fn of(model: &'static str, value: u16) -> Self {
        Self { model, max: 100, value, sleeps: false }
    }
}

impl State {
    fn monitor(&mut self, edid: &str) -> Option<&mut Monitor> {
        self.monitors.iter_mut().find(|monitor| edid_of(monitor) == edid && !monitor.sleeps)
    }

    fn set(
        &mut self,
        edid: &str,
        value: u16,
        by: &str,
        context: &str,
    ) -> zbus::Result<Vec<Message>> {
        let Some(monitor) = self.monitor(edid) else { return Ok(Vec::new()) };
        monitor.value = value;
        self.written.push(value);
        let body = (-1_i32, edid, LUMINANCE, value, by, context, 0_u32);
        Ok(vec![Message::signal(PATH, INTERFACE, "VcpValueChanged").build(&body)?])
    }
}

fn edid_of(monitor: &Monitor) -> String {
    format!("AP///////wA{}", monitor.model)
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let body = call.body();
        if is(call, INTERFACE, "ListDetected") {
            let line = |(at, monitor): (usize, &Monitor)| {
                let number = i32::try_from(at).unwrap_or_default() + 1;
                (number, 0_i32, 0_i32, "ACM", monitor.model, "", 7_u16, edid_of(monitor), 0_u32)
            };
            let all: Vec<_> = self.monitors.iter().enumerate().map(line).collect();
            let count = i32::try_from(all.len()).unwrap_or_default();
            reply(call, &(count, all, 0_i32, "DDCRC_OK"))
        } else if is(call, INTERFACE, "GetVcp") {
            let (_, edid, _, _): (i32, &str, u8, u32) = body.deserialize()?;
            match self.monitor(edid) {
                Some(it) => reply(call, &(it.value, it.max, "", 0_i32, "DDCRC_OK")),
                None => reply(call, &(0_u16, 0_u16, "", NO_ANSWER, "DDCRC_RETRIES")),
            }
        } else if is(call, INTERFACE, "SetVcpWithContext") {
            let (_, edid, _, value, context, _): (i32, &str, u8, u16, &str, u32) =
                body.deserialize()?;
            let by = call.header().sender().map(ToString::to_string).unwrap_or_default();
            // The signal comes first.
            let mut messages = self.set(edid, value, &by, context)?;
            let answer =
                if messages.is_empty() { (NO_ANSWER, "DDCRC_RETRIES") } else { (0, "DDCRC_OK") };
            messages.extend(reply(call, &answer)?);
            Ok(messages)
        } else {
            unknown(call)
        }
    }

    fn refusal(&self) -> (&'static str, &'static str) {
        let text = "The i2c-dev devices /dev/i2c-* are not R/W accessible";
        ("com.ddcutil.DdcutilService.Error.I2cDevNoPermissions", text)
    }

    fn state(&self) -> String {
        let line = |monitor: &Monitor| format!("{}={}\n", monitor.model, monitor.value);
        self.monitors.iter().map(line).collect()
    }

    /// With another program that has sliders.
    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        let edids: Vec<_> = self.monitors.iter().map(edid_of).collect();
        let moved = edids.iter().map(|edid| self.set(edid, 97, ":1.7", ""));
        Ok(moved.collect::<zbus::Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}

impl OnBus for Ddcutil {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
