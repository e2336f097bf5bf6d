//! The backlight as GNOME's settings daemon sets it, GNOME 43 to 48. From 49 on the interface is gone and the magnifier
//! dims instead.
//!
//! Seen on gnome-settings-daemon 43: percent, −1 where there is no backlight; what lies outside 0 to 100 is taken for the
//! minimum; a new value is read only after `PropertiesChanged`. It dims by itself when nobody is there, and on return sets
//! again what was before; meanwhile nothing is written here and nothing found is believed.

use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use zbus::{MatchRule, MessageStream, Variant};

use super::gnome_automatic::Automatic;
use crate::{
    backend::{
        Backend, BackendError, CALL_AT_MOST, Change, Desktop, Environment, Known, Probe, Restored,
        Row,
    },
    dbus::{CallError, Peer, dconf::Dconf},
    plan::{Desired, Measure},
    store::Receipt,
};

/// Its row in the registry.
pub const ROW: Row = Row {
    id: ID,
    title: "GNOME Settings (backlight)",
    measures: &[Measure::Dim],
    since: "GNOME 43 to 48",
    cannot: "It dims only the panel of a laptop.",
    seen: &[(Environment::Gnome43, Known::StandIn), (Environment::Gnome47, Known::StandIn)],
    names: &[NAME],
    wants_end: false,
    open: |desktop| Box::new(Backlight::new(desktop, Dconf::new(desktop))),
};

const ID: &str = "gnome-backlight";
const NAME: &str = "org.gnome.SettingsDaemon.Power";
const PATH: &str = "/org/gnome/SettingsDaemon/Power";
const INTERFACE: &str = "org.gnome.SettingsDaemon.Power.Screen";
const PROPERTY: &str = "Brightness";

/// Percent of its range below which a backlight is not set: some are black there.
const AT_LEAST: i32 = 25;
/// Percent by which what is read may differ from what was set: a panel has its own steps.
const STEP: i32 = 1;

/// The backlight.
#[derive(Debug)]
pub struct Backlight {
    screen: Peer,
    automatic: Automatic,
    /// What is set, then what was set earlier; empty while nothing is in force.
    ours: Mutex<Vec<i32>>,
}

impl Backlight {
    /// Opens it; does no I/O.
    pub fn new(desktop: &Desktop, dconf: Dconf) -> Self {
        Self {
            screen: Peer::new(&desktop.session, NAME, PATH, INTERFACE),
            automatic: Automatic::new(desktop, dconf),
            ours: Mutex::default(),
        }
    }

    async fn now(&self) -> Result<i32, BackendError> {
        match self.screen.get::<i32>(PROPERTY).await {
            Ok(now @ 0..=100) => Ok(now),
            Ok(now) => Err(BackendError::Absent(no_backlight(now))),
            Err(error) if error.is_unknown() => Err(BackendError::Absent(gone())),
            Err(error) => Err(error.into()),
        }
    }

    /// Sets it and waits until it is so.
    async fn set(&self, percent: i32) -> Result<(), BackendError> {
        let percent = percent.clamp(0, 100);
        let mut told = self.notices().await?;
        self.screen.set(PROPERTY, Variant::from(percent)).await?;
        let reached = async {
            loop {
                if (self.now().await? - percent).abs() <= STEP {
                    return Ok::<_, BackendError>(());
                }
                if told.next().await.is_none() {
                    return std::future::pending().await;
                }
            }
        };
        tokio::time::timeout(CALL_AT_MOST, reached).await.unwrap_or_else(|_| {
            Err(BackendError::Refused(format!(
                "The backlight was to be set to {percent} %, but stayed as it was."
            )))
        })
    }

    async fn notices(&self) -> Result<MessageStream, BackendError> {
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender(NAME)
            .path(PATH)
            .interface("org.freedesktop.DBus.Properties")
            .member("PropertiesChanged")
            .arg(0, INTERFACE)
            .build();
        let stream = match rule {
            Ok(rule) => MessageStream::for_match_rule(rule, self.screen.bus(), None).await,
            Err(error) => Err(error),
        };
        stream.map_err(|error| {
            BackendError::Refused(format!(
                "The bus does not tell of the backlight's changes: {error}"
            ))
        })
    }

    fn ours(&self) -> Vec<i32> {
        self.ours.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn remember(&self, ours: Vec<i32>) {
        *self.ours.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = ours;
    }
}

#[async_trait]
impl Backend for Backlight {
    async fn probe(&self) -> Probe {
        match self.screen.get::<i32>(PROPERTY).await {
            Ok(0..=100) if self.automatic.follows_the_light().await => Probe::Unsupported(
                "A light sensor steers the backlight; switch automatic brightness off in Settings to have it dimmed."
                    .to_owned(),
            ),
            Ok(0..=100) => Probe::Ready("GNOME Settings".to_owned()),
            Ok(now) => Probe::Unsupported(no_backlight(now)),
            Err(CallError::Absent(_)) => {
                Probe::Deferred("The power part of GNOME Settings is not running.".to_owned())
            }
            Err(error @ CallError::TimedOut(_)) => Probe::Deferred(format!("{error}.")),
            Err(error) if error.is_unknown() => Probe::Unsupported(gone()),
            Err(error) => Probe::Unsupported(format!("{error}.")),
        }
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let now = self.now().await?;
        if let Some((held, found)) = held.and_then(|held| Some((held, held.found::<i32>()?))) {
            return Ok(held.renew(&dimmed(found, desired.dim)));
        }
        if self.automatic.has_dimmed(now).await {
            return Err(BackendError::Absent(
                "Nobody is there, and GNOME may have dimmed the screen itself; so its brightness is not known now."
                    .to_owned(),
            ));
        }
        Ok(Receipt::new(ID, &now, &dimmed(now, desired.dim)))
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let set: i32 = receipt.set().ok_or_else(not_ours)?;
        let ours: Vec<i32> = receipt.ours();
        let now = self.now().await?;
        let known = receipt.found().into_iter().chain(ours.clone()).any(|known| is(now, known));
        // Where nobody is there, it is told again, and set, when the person is back.
        if !is(now, set) && (known || !self.automatic.has_dimmed(now).await) {
            self.remember([&ours[..], &[now]].concat());
            self.set(set).await?;
        }
        self.remember(ours);
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let found: i32 = receipt.found().ok_or_else(not_ours)?;
        let ours: Vec<i32> = receipt.ours();
        let now = self.now().await?;
        if now != found {
            if !ours.iter().any(|ours| is(now, *ours)) {
                if self.automatic.has_dimmed(now).await {
                    // On return the daemon will set again what we had set: it is too early.
                    self.remember(ours);
                    return Err(BackendError::TimedOut(
                        "The screen, dimmed by GNOME itself,".to_owned(),
                    ));
                }
                self.remember(Vec::new());
                return Ok(if is(now, found) {
                    Restored::AsFound
                } else {
                    Restored::AsThePersonSetIt
                });
            }
            self.remember(Vec::new());
            self.set(found).await?;
        }
        self.remember(Vec::new());
        Ok(Restored::AsFound)
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let mut told = match self.notices().await {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(backend = ID, %error, "cannot listen to the backlight");
                return std::future::pending().await;
            }
        };
        let mut was_away = false;
        loop {
            let now = self.now().await.ok();
            let ours = self.ours();
            let change = match now {
                None => None,
                Some(_) if ours.is_empty() => None,
                Some(now) if ours.iter().any(|ours| is(now, *ours)) => {
                    std::mem::take(&mut was_away).then_some(Change::Again)
                }
                Some(now) if self.automatic.has_dimmed(now).await => {
                    was_away = true;
                    None
                }
                Some(_) => Some(Change::ByThePerson),
            };
            if let Some(change) = change
                && tell.send(change).await.is_err()
            {
                break;
            }
            if told.next().await.is_none() {
                break;
            }
        }
        std::future::pending::<()>().await;
    }
}

/// Percent darker than what was found, never below [`AT_LEAST`] where the person was not there already.
fn dimmed(found: i32, percent: u8) -> i32 {
    let left = 100 - i32::from(percent.min(100));
    let exact = (found * left + 50) / 100;
    exact.max(AT_LEAST.min(found)).clamp(0, 100)
}

fn is(now: i32, known: i32) -> bool {
    (now - known).abs() <= STEP
}

fn no_backlight(now: i32) -> String {
    format!(
        "GNOME Settings finds no backlight it can set on this machine (its brightness is {now})."
    )
}

fn gone() -> String {
    "This GNOME does not let others set the backlight (from version 49 on).".to_owned()
}

fn not_ours() -> BackendError {
    BackendError::Refused(format!("A receipt of {ID} could not be read, so nothing was changed."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimming_is_relative_and_never_black() {
        for (found, percent, wanted) in [
            (100, 40, 60),
            (60, 40, 36),
            (60, 0, 60),
            (33, 50, 25),
            (20, 50, 20),
            (0, 50, 0),
            (100, 75, 25),
            (100, 255, 25),
        ] {
            assert_eq!(dimmed(found, percent), wanted, "{found} {percent}");
        }
    }
}
