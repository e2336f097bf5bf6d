//! The backlights as GNOME Shell's compositor sets them: the way that is left from GNOME 49 on, and there since 47.
//!
//! Read in the sources of mutter 47 to 50 and gnome-shell 49 to 51: `SetBacklight` takes the raw value and the serial of the
//! `Backlight` property, which moves when screens come and go. The property's values are renewed only then and by
//! `SetBacklight`, not by the shell's own slider; `GetResources` tells the value of now, in percent. So the raw value is
//! the one, of the kernel's and the property's, that agrees with it. The shell may round what it is given by a thousandth.
//! Seen on GNOME Shell 50.5 without a backlight: these types, no screens, and an error where the serial is another.
//!
//! The shell dims when nobody is there, and on return sets again what was before; a write from outside ends that. Meanwhile
//! nothing found is believed, and a screen that is found so is dimmed when the person is back.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream::select};
use tokio::sync::mpsc;
use zbus::{MatchRule, MessageStream, OwnedVariant};

use super::{
    gnome_automatic::Automatic,
    logind::{dimmed, is_same, panel::Panel},
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::{CallError, Peer, dconf::Dconf},
    plan::{Desired, Measure},
    store::Receipt,
};

/// Its row in the registry.
pub const ROW: Row = Row {
    id: ID,
    title: "GNOME Shell (backlight)",
    measures: &[Measure::Dim],
    since: "GNOME 47 and newer",
    cannot: "It dims only screens that have a brightness slider in GNOME's own menu.",
    seen: &[(Environment::Gnome47, Known::StandIn), (Environment::Gnome49, Known::StandIn)],
    names: &[NAME],
    wants_end: false,
    open: |desktop| Box::new(Backlights::new(desktop)),
};

const ID: &str = "mutter-backlight";
const NAME: &str = "org.gnome.Mutter.DisplayConfig";
const PATH: &str = "/org/gnome/Mutter/DisplayConfig";
const PROPERTY: &str = "Backlight";
/// Tells when the person moved the slider, from GNOME 50 on.
const SHELL: &str = "org.gnome.Shell.Brightness";

/// The raw brightness of screens, by connector ("eDP-1").
type Levels = BTreeMap<String, u32>;
type Dict = HashMap<String, OwnedVariant>;
/// What `GetResources` answers; of this only the name and the properties of the outputs are of use here.
type Resources = (
    u32,
    Vec<(u32, i64, i32, i32, i32, i32, i32, u32, Vec<u32>, Dict)>,
    Vec<(u32, i64, i32, Vec<u32>, String, Vec<u32>, Vec<u32>, Dict)>,
    Vec<(u32, i64, u32, u32, f64, u32)>,
    i32,
    i32,
);

/// The backlights.
#[derive(Debug)]
pub struct Backlights {
    desktop: Desktop,
    display: Peer,
    automatic: Automatic,
    in_force: Mutex<Option<InForce>>,
}

/// What there is by our hand.
#[derive(Debug)]
struct InForce {
    /// What is set, then what was set earlier.
    ours: Vec<Levels>,
    serial: u32,
}

/// The screens with a backlight, as they are.
#[derive(Debug)]
struct Screens {
    serial: u32,
    lights: BTreeMap<String, Light>,
}

/// One backlight, in the driver's own steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Light {
    min: u32,
    max: u32,
    raw: u32,
    is_on: bool,
}

impl Backlights {
    /// Opens them; does no I/O.
    pub fn new(desktop: &Desktop) -> Self {
        Self {
            display: Peer::new(&desktop.session, NAME, PATH, NAME),
            automatic: Automatic::new(desktop, Dconf::new(desktop)),
            desktop: desktop.clone(),
            in_force: Mutex::default(),
        }
    }

    async fn screens(&self) -> Result<Screens, CallError> {
        let (serial, told): (u32, Vec<Dict>) = self.display.get(PROPERTY).await?;
        let mut lights: BTreeMap<String, Light> = told.iter().filter_map(Light::read).collect();
        if !lights.is_empty() {
            let resources: Resources = self.display.call("GetResources", &()).await?;
            let panels = Panel::all(&self.desktop.env.sysfs);
            for (_, _, _, _, connector, _, _, about) in resources.2 {
                if let (Some(light), Some(percent)) =
                    (lights.get_mut(&connector), number(&about, "backlight"))
                {
                    light.agree_with(percent, &panels);
                }
            }
        }
        Ok(Screens { serial, lights })
    }

    async fn now(&self) -> Result<Screens, BackendError> {
        self.screens().await.map_err(|error| match error {
            error if error.is_unknown() => BackendError::Absent(too_old()),
            error => error.into(),
        })
    }

    /// Sets each and sees that it is so. One that fails does not keep the others from being set.
    async fn put(&self, wanted: &Levels, mut serial: u32) -> Result<(), BackendError> {
        let mut failed = None;
        for (connector, raw) in wanted {
            let raw = i32::try_from(*raw).unwrap_or(i32::MAX);
            let mut answer = self.set(serial, connector, raw).await;
            if answer.as_ref().is_err_and(CallError::is_unknown) {
                // Screens came or went since the look: once more, with the serial of now.
                let now = self.now().await?.serial;
                if now != serial {
                    serial = now;
                    answer = self.set(serial, connector, raw).await;
                }
            }
            failed = failed.or(answer.err());
        }
        if let Some(error) = failed {
            return Err(error.into());
        }
        let now = if wanted.is_empty() { return Ok(()) } else { self.now().await? };
        for (connector, raw) in wanted {
            if now.lights.get(connector).is_some_and(|light| !light.is(*raw)) {
                return Err(BackendError::Refused(format!(
                    "The brightness of {connector} was to be set to {raw}, but GNOME Shell left it as it was."
                )));
            }
        }
        Ok(())
    }

    async fn set(&self, serial: u32, connector: &str, raw: i32) -> Result<(), CallError> {
        self.display.call("SetBacklight", &(serial, connector, raw)).await
    }

    async fn has_dimmed(&self, light: &Light) -> bool {
        self.automatic.has_dimmed(light.percent(light.raw)).await
    }

    fn in_force(&self) -> MutexGuard<'_, Option<InForce>> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, ours: Vec<Levels>, serial: u32) {
        *self.in_force() = Some(InForce { ours, serial });
    }

    /// What happened to what is in force, if anything did. `was_away` is kept between two looks.
    async fn look(&self, was_away: &mut bool) -> Option<Change> {
        let now = self.now().await.ok()?;
        let ours = {
            let mut in_force = self.in_force();
            let InForce { ours, serial } = in_force.as_mut()?;
            if std::mem::replace(serial, now.serial) != now.serial {
                return Some(Change::Again);
            }
            ours.clone()
        };
        let mut is_away = false;
        for (connector, light) in now.lights.iter().filter(|(_, light)| light.is_on) {
            if light.is_in(&ours, connector) {
                continue;
            }
            if self.has_dimmed(light).await {
                is_away = true;
            } else if ours.iter().any(|levels| levels.contains_key(connector)) {
                return Some(Change::ByThePerson);
            } else {
                return Some(Change::Again);
            }
        }
        (std::mem::replace(was_away, is_away) && !is_away).then_some(Change::Again)
    }

    async fn notices(&self) -> zbus::Result<impl futures_util::Stream<Item = ()> + use<>> {
        let rule = |name| MatchRule::builder().msg_type(zbus::message::Type::Signal).sender(name);
        let (bus, path) = (self.display.bus(), PATH);
        let screens = rule(NAME).path(path).build()?;
        let slider = rule(SHELL).interface(SHELL).member("BrightnessChanged").build()?;
        Ok(select(
            MessageStream::for_match_rule(screens, bus, None).await?,
            MessageStream::for_match_rule(slider, bus, None).await?,
        )
        .map(drop))
    }
}

#[async_trait]
impl Backend for Backlights {
    async fn probe(&self) -> Probe {
        let screens = match self.screens().await {
            Ok(screens) => screens,
            Err(CallError::Absent(_)) => {
                return Probe::Deferred("GNOME Shell is not running.".to_owned());
            }
            Err(error @ CallError::TimedOut(_)) => return Probe::Deferred(format!("{error}.")),
            Err(error) if error.is_unknown() => return Probe::Unsupported(too_old()),
            Err(error) => return Probe::Unsupported(format!("{error}.")),
        };
        if !screens.lights.values().any(|light| light.is_on) {
            return Probe::Unsupported(
                "GNOME Shell finds no screen whose backlight it can set.".to_owned(),
            );
        }
        if self.automatic.follows_the_light().await {
            return Probe::Unsupported(
                "A light sensor steers the backlight; switch automatic brightness off in Settings to have it dimmed."
                    .to_owned(),
            );
        }
        let names: Vec<&str> = screens.lights.keys().map(String::as_str).collect();
        Probe::Ready(format!("GNOME Shell, on {}", names.join(", ")))
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let now = self.now().await?;
        if now.lights.is_empty() {
            return Err(BackendError::Absent("no screen has a backlight now".to_owned()));
        }
        let mut found: Levels = held.and_then(Receipt::found).unwrap_or_default();
        let mut set = Levels::new();
        for (connector, light) in now.lights {
            if !found.contains_key(&connector) {
                if !light.is_on || self.has_dimmed(&light).await {
                    continue;
                }
                found.insert(connector.clone(), light.raw);
            }
            set.insert(connector.clone(), dimmed(found[&connector], light.max, desired.dim));
        }
        let mut receipt = Receipt::new(ID, &found, &set);
        if let Some(held) = held {
            receipt.earlier = held.renew(&set).earlier;
        }
        Ok(receipt)
    }

    async fn apply(&self, _: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let mut wanted: Levels = receipt.set().ok_or_else(unreadable)?;
        let found: Levels = receipt.found().ok_or_else(unreadable)?;
        let ours: Vec<Levels> = receipt.ours();
        let now = self.now().await?;
        wanted.retain(|connector, raw| {
            now.lights.get(connector).is_some_and(|light| {
                let known =
                    found.get(connector) == Some(&light.raw) || light.is_in(&ours, connector);
                // Darker is GNOME's own dimming, or what somebody wanted meanwhile.
                !light.is(*raw) && (light.raw > *raw || known)
            })
        });
        let before = now.lights.iter().map(|(connector, light)| (connector.clone(), light.raw));
        self.remember([&ours[..], &[before.collect()]].concat(), now.serial);
        self.put(&wanted, now.serial).await?;
        self.remember(ours, now.serial);
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let found: Levels = receipt.found().ok_or_else(unreadable)?;
        let ours: Vec<Levels> = receipt.ours();
        let now = self.now().await?;
        if !found.is_empty() && !found.keys().any(|connector| now.lights.contains_key(connector)) {
            return Err(BackendError::Absent("the dimmed screen is not there now".to_owned()));
        }
        let mut wanted = Levels::new();
        let mut restored = Restored::AsFound;
        for (connector, raw) in found {
            let Some(light) = now.lights.get(&connector) else { continue };
            if light.raw == raw {
                continue;
            }
            if light.is_in(&ours, &connector) {
                wanted.insert(connector, raw);
            } else if self.has_dimmed(light).await {
                // On return GNOME will set again what we had set: it is too early.
                self.remember(ours, now.serial);
                return Err(BackendError::TimedOut(
                    "The screen, dimmed by GNOME itself,".to_owned(),
                ));
            } else if !light.is(raw) {
                restored = Restored::AsThePersonSetIt;
            }
        }
        *self.in_force() = None;
        self.put(&wanted, now.serial).await.map(|()| restored)
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let mut notices = match self.notices().await {
            Ok(notices) => notices,
            Err(error) => {
                tracing::warn!(backend = ID, %error, "cannot listen to the backlight");
                return std::future::pending().await;
            }
        };
        let mut kernel = Panel::find(&self.desktop.env.sysfs).and_then(|panel| panel.watch().ok());
        let mut was_away = false;
        loop {
            if let Some(change) = self.look(&mut was_away).await
                && tell.send(change).await.is_err()
            {
                break;
            }
            let in_kernel = async {
                match &mut kernel {
                    Some(watch) => watch.changed().await.is_ok(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                notice = notices.next() => if notice.is_none() { break },
                goes_on = in_kernel => if !goes_on { kernel = None },
            }
        }
        std::future::pending::<()>().await;
    }
}

impl Light {
    /// Reads an entry of the property, with its connector; none where the screen has no steps or the numbers make no sense.
    fn read(about: &Dict) -> Option<(String, Self)> {
        let connector = about.get("connector")?.try_clone().ok()?;
        let is_on = about.get("active").and_then(|value| bool::try_from(&**value).ok());
        let [min, max, raw] = ["min", "max", "value"].map(|name| number(about, name));
        let light = Self { min: min?, max: max?, raw: raw?, is_on: is_on? };
        (light.min < light.max && (light.min..=light.max).contains(&light.raw))
            .then_some((String::try_from(connector).ok()?, light))
    }

    /// Takes for its value the one that is so many percent: the kernel's, the one it has, or what is nearest.
    fn agree_with(&mut self, percent: u32, panels: &[Panel]) {
        let in_kernel = panels.iter().filter(|panel| panel.max == self.max);
        let in_kernel = in_kernel.filter_map(|panel| panel.brightness().ok());
        let percent = percent.min(100).cast_signed();
        let steps = u64::from(self.max - self.min) * u64::from(percent.unsigned_abs());
        let nearest = self.min + u32::try_from((steps + 50) / 100).unwrap_or(0);
        self.raw = in_kernel
            .map(|raw| raw.clamp(self.min, self.max))
            .chain([self.raw])
            .find(|raw| self.percent(*raw) == percent)
            .unwrap_or(nearest);
    }

    /// As mutter rounds it.
    fn percent(&self, raw: u32) -> i32 {
        let range = u64::from(self.max - self.min);
        let steps = u64::from(raw.saturating_sub(self.min));
        i32::try_from((200 * steps + range) / (2 * range)).unwrap_or(100)
    }

    /// Whether a value that was set is still there; the shell may have cut off a step.
    fn is(&self, set: u32) -> bool {
        is_same(self.raw, set, self.max) || self.raw + 1 == set
    }

    fn is_in(&self, ours: &[Levels], connector: &str) -> bool {
        ours.iter().filter_map(|levels| levels.get(connector)).any(|raw| self.is(*raw))
    }
}

fn number(about: &Dict, name: &str) -> Option<u32> {
    u32::try_from(i32::try_from(&**about.get(name)?).ok()?).ok()
}

fn too_old() -> String {
    "This GNOME does not let others set the backlight here (before version 47).".to_owned()
}

fn unreadable() -> BackendError {
    BackendError::Refused(format!("A receipt of {ID} could not be read, so nothing was changed."))
}
