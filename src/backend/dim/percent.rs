//! A laptop's panel that a desktop's own service tells and takes in percent, each by a method.
//!
//! The value stays after us, whoever ends how, so it is in the receipt. A panel has its own steps: after a write the
//! nearest one is read, and the kernel is asked how many there are.

use std::{fmt::Debug, path::PathBuf};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio::sync::{Mutex, Notify, mpsc};
use zbus::{MatchRule, MessageStream};

use super::logind::{dimmed, panel::Panel};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Probe, Restored},
    dbus::{CallError, Peer},
    plan::Desired,
    store::Receipt,
};

/// How one service is called.
#[derive(Debug)]
pub(super) struct Service {
    /// The row's id.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Its name, object and interface.
    pub object: [&'static str; 3],
    /// Tells the percentage, an unsigned number.
    pub get: &'static str,
    /// Takes it. What is answered is not looked at: it is read again.
    pub set: &'static str,
    /// The signal when it has changed.
    pub told: &'static str,
    /// What it says where there is no panel it could set.
    pub missing: &'static str,
}

/// What a desktop does with the light by itself.
#[async_trait]
pub(super) trait Habits: Debug + Send + Sync {
    /// What it makes of a percentage for a while, and makes anew of the one that was set last.
    fn makes_of(&self, percent: u32) -> Vec<u32> {
        let _ = percent;
        Vec::new()
    }

    /// Whether this percentage may be its own, because nobody is there.
    async fn may_have_dimmed(&self, percent: u32) -> bool;

    /// Whether on return it sets what was there before it dimmed, over whatever was set meanwhile.
    fn undoes(&self) -> bool {
        false
    }

    /// Ends when somebody is back.
    async fn somebody_is_back(&self) {
        std::future::pending::<()>().await;
    }
}

/// The backend.
#[derive(Debug)]
pub(super) struct Percent {
    service: &'static Service,
    peer: Peer,
    habits: Box<dyn Habits>,
    sysfs: PathBuf,
    /// What is or was there by our hand in this process, as it was read; empty while nothing is in force.
    in_force: Mutex<Vec<u32>>,
    /// Nobody is there, and something is to be done when somebody is.
    waits: Notify,
}

impl Percent {
    /// Opens it; does no I/O.
    pub(super) fn new(
        service: &'static Service,
        desktop: &Desktop,
        habits: Box<dyn Habits>,
    ) -> Self {
        let [name, path, interface] = service.object;
        Self {
            service,
            peer: Peer::new(&desktop.session, name, path, interface),
            habits,
            sysfs: desktop.env.sysfs.clone(),
            in_force: Mutex::default(),
            waits: Notify::new(),
        }
    }

    async fn now(&self) -> Result<u32, BackendError> {
        match self.peer.call(self.service.get, &()).await {
            Ok(now @ 0..=100) => Ok(now),
            Ok(now) => Err(BackendError::Refused(format!(
                "{} says that the screen has {now} % of its light.",
                self.service.title
            ))),
            Err(CallError::Answered { text, .. }) if text.contains(self.service.missing) => {
                Err(BackendError::Absent(self.no_panel()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Sets it, and reads what the panel made of it.
    async fn set(&self, percent: u32) -> Result<u32, BackendError> {
        // One answers with a number, the other with nothing.
        match self.peer.call::<_, u32>(self.service.set, &percent).await {
            Ok(_) | Err(CallError::Odd(..)) => {}
            Err(error) => return Err(error.into()),
        }
        let now = self.now().await?;
        if now.abs_diff(percent) <= self.step() {
            Ok(now)
        } else {
            Err(BackendError::Refused(format!(
                "The screen was to have {percent} % of its light, but has {now} %."
            )))
        }
    }

    /// Percent by which what is read may differ from what was set.
    fn step(&self) -> u32 {
        1 + Panel::find(&self.sysfs).map_or(0, |panel| 100 / panel.max)
    }

    /// Whether this is there by our hand, or is what the desktop makes of that. What was read after our own writes is
    /// known exactly; after a crash, only what was to be set.
    fn is_ours(&self, now: u32, receipt: Option<&Receipt>, in_force: &[u32]) -> bool {
        let (ours, step) = match receipt {
            Some(receipt) if in_force.is_empty() => (receipt.ours(), self.step()),
            _ => (in_force.to_vec(), 1),
        };
        let is = |percent: u32| now.abs_diff(percent) <= step;
        ours.into_iter().any(|ours| is(ours) || self.habits.makes_of(ours).into_iter().any(is))
    }

    /// Whether the desktop has dimmed the screen and will undo that.
    async fn will_be_undone(&self, now: u32) -> bool {
        self.habits.undoes() && self.habits.may_have_dimmed(now).await
    }

    async fn look(&self) -> Option<Change> {
        let in_force = self.in_force.lock().await;
        if in_force.is_empty() {
            return None;
        }
        let now = self.now().await.ok()?;
        let is_theirs = !self.is_ours(now, None, &in_force) && !self.will_be_undone(now).await;
        is_theirs.then_some(Change::ByThePerson)
    }

    fn no_panel(&self) -> String {
        format!("{} finds no screen here whose light it can set", self.service.title)
    }

    fn unreadable(&self) -> BackendError {
        BackendError::Refused(format!(
            "A receipt of {} could not be read, so nothing was changed.",
            self.service.id
        ))
    }
}

#[async_trait]
impl Backend for Percent {
    async fn probe(&self) -> Probe {
        match self.now().await {
            Ok(_) => Probe::Ready(self.service.title.to_owned()),
            Err(BackendError::Absent(_)) if self.peer.is_running().await == Ok(true) => {
                Probe::Elsewhere(format!("{}.", self.no_panel()))
            }
            Err(error @ BackendError::Refused(_)) => Probe::Unsupported(error.to_string()),
            Err(error) => Probe::Deferred(error.to_string()),
        }
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let now = self.now().await?;
        if let Some((held, found)) = held.and_then(|held| Some((held, held.found()?))) {
            return Ok(held.renew(&dimmed(found, 100, desired.dim)));
        }
        if self.habits.may_have_dimmed(now).await {
            return Err(BackendError::Absent(format!(
                "{} may have dimmed the screen because nobody is there, so its own brightness is not known now.",
                self.service.title
            )));
        }
        Ok(Receipt::new(self.service.id, &now, &dimmed(now, 100, desired.dim)))
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let set: u32 = receipt.set().ok_or_else(|| self.unreadable())?;
        let mut in_force = self.in_force.lock().await;
        let now = self.now().await?;
        let is_known = receipt.found() == Some(now) || self.is_ours(now, Some(receipt), &in_force);
        if !is_known && self.will_be_undone(now).await {
            self.waits.notify_one();
        } else if is_known || now > set {
            let step = if in_force.is_empty() { self.step() } else { 1 };
            let is_set = now.abs_diff(set) <= step && receipt.found() != Some(now);
            in_force.push(if is_set || now == set { now } else { self.set(set).await? });
            return Ok(());
        }
        // Somebody wants less light than this, or nobody is there: what is set is known when it is set.
        if in_force.is_empty() {
            in_force.push(set);
        }
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let found: u32 = receipt.found().ok_or_else(|| self.unreadable())?;
        let mut in_force = self.in_force.lock().await;
        let now = self.now().await?;
        let mut restored = Restored::AsFound;
        if now != found {
            if self.is_ours(now, Some(receipt), &in_force) {
                self.set(found).await?;
            } else if self.will_be_undone(now).await {
                self.waits.notify_one();
                let who = format!("The screen, dimmed by {} itself,", self.service.title);
                return Err(BackendError::TimedOut(who));
            } else {
                restored = Restored::AsThePersonSetIt;
            }
        }
        in_force.clear();
        Ok(restored)
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let [_, path, interface] = self.service.object;
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .path(path)
            .interface(interface)
            .member(self.service.told)
            .build();
        let stream = match rule {
            Ok(rule) => MessageStream::for_match_rule(rule, self.peer.bus(), None).await,
            Err(error) => Err(error),
        };
        let mut told = match stream {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(backend = self.service.id, %error, "cannot listen to the backlight");
                return std::future::pending().await;
            }
        };
        let mut change = self.look().await;
        let mut is_waiting = false;
        loop {
            if let Some(change) = change
                && tell.send(change).await.is_err()
            {
                break;
            }
            change = tokio::select! {
                one = told.next() => match one {
                    Some(_) => self.look().await,
                    None => break,
                },
                () = self.waits.notified(), if !is_waiting => {
                    is_waiting = true;
                    None
                }
                () = self.habits.somebody_is_back(), if is_waiting => {
                    is_waiting = false;
                    Some(Change::Again)
                }
            };
        }
        std::future::pending::<()>().await;
    }
}
