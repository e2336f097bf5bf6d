//! Displays behind one service whose brightness stays after us: what a backend over such a service does.
//!
//! The receipt has what each display had. What it was given follows from that and from the dimming, so a display that
//! comes later is one line more. Each display is judged by itself; only when all are the person's is that told.

mod kept;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, future::join_all, stream::BoxStream};
use tokio::sync::{Mutex, Notify, mpsc};
use zbus::{Connection, MatchRule, Message, MessageStream};

use self::kept::{Has, Kept, Screen};
use crate::{
    backend::{Backend, BackendError, Change, Probe, Restored},
    plan::Desired,
    store::Receipt,
};

/// One display, as its service tells of it now.
#[derive(Clone, Debug)]
pub(super) struct Display {
    /// Tells it from others, also when it was unplugged meanwhile or the service restarted.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// What the service calls it now.
    pub name: String,
    /// The largest value, in the service's own steps.
    pub max: u32,
    /// How bright it is, in the same steps.
    pub value: u32,
}

/// What a service tells of.
#[derive(Debug)]
pub(super) enum Heard {
    /// It is to be looked at what changed.
    Something,
    /// Another program set the display that the service calls by this name.
    SetByAnother(String),
}

/// A service that can set displays.
#[async_trait]
pub(super) trait Service: Debug + Send + Sync {
    /// See [`Backend::probe`].
    async fn probe(&self) -> Probe;

    /// Reads all displays that can be set.
    async fn displays(&self) -> Result<Vec<Display>, BackendError>;

    /// Sets one, and returns when a look at it would show so.
    async fn set(&self, display: &Display, value: u32) -> Result<(), BackendError>;

    /// Listens to changes; our own may be left out.
    async fn listen(&self) -> zbus::Result<BoxStream<'static, Heard>>;

    /// What the service itself makes of a value when nobody is there, to set that value again when somebody is.
    fn when_idle(&self, value: u32) -> Vec<u32> {
        let _ = value;
        Vec::new()
    }
}

/// The backend.
#[derive(Debug)]
pub(super) struct Displays {
    id: &'static str,
    service: Box<dyn Service>,
    state: Mutex<State>,
    /// What was applied is to be looked at.
    look: Notify,
}

/// What this process knows beyond the receipt.
#[derive(Debug, Default)]
struct State {
    /// What is in force, or is still to be given back.
    kept: Option<Kept>,
    /// Quiet is over, and something could not be given back yet.
    is_ending: bool,
    /// Nothing has happened since what was found was found: it may be what an idle desktop made of it.
    is_fresh: bool,
    /// Displays the person set meanwhile.
    theirs: BTreeSet<String>,
    /// They set all of them, and the engine was told.
    all_theirs: bool,
    /// Displays that were darker than we had set them when last looked at.
    away: BTreeSet<String>,
    /// Displays that came since, and that the engine has heard of.
    told: BTreeSet<String>,
    /// What was really there, where an idle desktop was found.
    woken: BTreeMap<String, u32>,
}

impl Displays {
    /// Opens it; does no I/O.
    pub(super) fn new(id: &'static str, service: Box<dyn Service>) -> Self {
        Self { id, service, state: Mutex::default(), look: Notify::new() }
    }

    /// Compares what is there with what is in force; `by` is the name of a display that another program has set.
    async fn changed(&self, by: Option<&str>) -> Option<Change> {
        let mut guard = self.state.lock().await;
        let state = &mut *guard;
        let kept = state.kept.clone()?;
        let now = self.service.displays().await.ok()?;
        let mut again = false;
        for display in &now {
            let Some(screen) = kept.screen(display) else {
                again |= state.told.insert(display.id.clone());
                continue;
            };
            let id = &display.id;
            if by == Some(&*display.name) && display.value != screen.dimmed(kept.dim) {
                state.theirs.insert(id.clone());
                state.is_fresh = false;
            }
            if state.theirs.contains(id) {
                continue;
            }
            let has = kept.compare(&screen, display.value, &*self.service);
            let was_away = state.away.remove(id);
            match has {
                Has::Idle | Has::Darker => {
                    state.away.insert(id.clone());
                }
                _ if state.is_ending => again |= was_away || matches!(has, Has::Set | Has::Ours),
                Has::Set => {}
                Has::Ours => again = true,
                // On return an idle dimmer sets what it had found.
                Has::Found if was_away => again = true,
                Has::Theirs
                    if state.is_fresh
                        && screen.is_any(screen.value, &self.service.when_idle(display.value)) =>
                {
                    state.is_fresh = false;
                    state.woken.insert(id.clone(), display.value);
                    again = true;
                }
                Has::Found | Has::Theirs => {
                    state.is_fresh = false;
                    state.theirs.insert(id.clone());
                }
            }
        }
        if again {
            return Some(Change::Again);
        }
        let mut known = now.iter().filter(|display| kept.screen(display).is_some()).peekable();
        let all = known.peek().is_some() && known.all(|one| state.theirs.contains(&one.id));
        (all && !state.is_ending).then(|| {
            state.kept = None;
            state.all_theirs = true;
            Change::ByThePerson
        })
    }

    /// Sets several at once; tells the first error when all were tried.
    async fn set(&self, all: Vec<(&Display, u32)>) -> Result<(), BackendError> {
        let set = all.into_iter().map(|(display, value)| self.service.set(display, value));
        join_all(set).await.into_iter().collect()
    }
}

#[async_trait]
impl Backend for Displays {
    async fn probe(&self) -> Probe {
        self.service.probe().await
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let now = self.service.displays().await?;
        let mut state = self.state.lock().await;
        let mut screens = Vec::new();
        if let Some(held) = held {
            screens = Kept::read(held)?.screens;
        } else {
            *state = State { is_fresh: true, ..State::default() };
        }
        for screen in &mut screens {
            if let Some(value) = state.woken.remove(&screen.id) {
                screen.value = value;
            }
        }
        // After they had set all of them, they asked for quiet anew: what they set is what they have now.
        if std::mem::take(&mut state.all_theirs) {
            let theirs = std::mem::take(&mut state.theirs);
            screens.retain(|screen| !theirs.contains(&screen.id));
        }
        for display in &now {
            if !screens.iter().any(|screen| screen.id == display.id) {
                screens.push(Screen::of(display));
            }
        }
        if screens.is_empty() {
            return Err(BackendError::Absent("no display here lets itself be set".to_owned()));
        }
        let receipt = Receipt::new(self.id, &screens, &desired.dim);
        Ok(match held {
            Some(held) => Receipt { found: receipt.found, ..held.renew(&desired.dim) },
            None => receipt,
        })
    }

    async fn apply(&self, _: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let kept = Kept::read(receipt)?;
        let mut state = self.state.lock().await;
        let now = self.service.displays().await?;
        state.is_ending = false;
        state.kept = Some(kept.clone());
        let mut to_set = Vec::new();
        let mut is_here = false;
        for display in &now {
            let Some(screen) = kept.screen(display) else { continue };
            is_here = true;
            if state.theirs.contains(&display.id) {
                continue;
            }
            match kept.compare(&screen, display.value, &*self.service) {
                Has::Ours | Has::Found => to_set.push((display, screen.dimmed(kept.dim))),
                // Darker is as quiet as it was to be; it is told again when that ends.
                Has::Set | Has::Idle | Has::Darker => {}
                Has::Theirs => {
                    state.theirs.insert(display.id.clone());
                }
            }
        }
        if !is_here {
            return Err(BackendError::Absent(missing(kept.screens.iter())));
        }
        self.look.notify_one();
        self.set(to_set).await
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let kept = Kept::read(receipt)?;
        let mut state = self.state.lock().await;
        let now = self.service.displays().await?;
        let mut to_set = Vec::new();
        let (mut restored, mut is_idle) = (Restored::AsFound, false);
        for display in &now {
            let Some(screen) = kept.screen(display) else { continue };
            if screen.is(display.value, screen.value) {
                continue;
            }
            match kept.compare(&screen, display.value, &*self.service) {
                _ if state.theirs.contains(&display.id) => restored = Restored::AsThePersonSetIt,
                Has::Set | Has::Ours => to_set.push((display, screen.value)),
                Has::Idle => {
                    state.away.insert(display.id.clone());
                    is_idle = true;
                }
                Has::Found | Has::Darker | Has::Theirs => restored = Restored::AsThePersonSetIt,
            }
        }
        state.kept = Some(kept.clone());
        state.is_ending = true;
        self.set(to_set).await?;
        if is_idle {
            // On return the service will set again what we had set: it is too early.
            return Err(BackendError::Refused(
                "nobody is there, and the desktop has dimmed the screen itself; it is given back when somebody is"
                    .to_owned(),
            ));
        }
        let is_here = |screen: &&Screen| now.iter().any(|display| display.id == screen.id);
        let mut gone = kept.screens.iter().filter(|screen| !is_here(screen)).peekable();
        if gone.peek().is_some() {
            return Err(BackendError::Absent(missing(gone)));
        }
        *state = State::default();
        Ok(restored)
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let mut heard = match self.service.listen().await {
            Ok(heard) => heard,
            Err(error) => {
                tracing::warn!(backend = self.id, %error, "cannot listen to the displays");
                return std::future::pending().await;
            }
        };
        // What happened before the first look is told as well.
        let mut by = None;
        loop {
            if let Some(change) = self.changed(by.as_deref()).await
                && tell.send(change).await.is_err()
            {
                break;
            }
            by = tokio::select! {
                heard = heard.next() => match heard {
                    Some(Heard::Something) => None,
                    Some(Heard::SetByAnother(name)) => Some(name),
                    None => break,
                },
                () = self.look.notified() => None,
            };
        }
        std::future::pending::<()>().await;
    }
}

/// Listens to the signals of a name, path and interface; `heard` makes of each what is to be told, given our own name on
/// the bus.
pub(super) async fn signals(
    bus: &Connection,
    [name, path, interface]: [&str; 3],
    heard: fn(&Message, &str) -> Option<Heard>,
) -> zbus::Result<BoxStream<'static, Heard>> {
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .sender(name)
        .path(path)
        .interface(interface)
        .build();
    let us = bus.unique_name().map(ToString::to_string).unwrap_or_default();
    let stream = MessageStream::for_match_rule(rule?, bus, None).await?;
    let told = move |told: zbus::Result<Message>| heard(&told.ok()?, &us);
    Ok(stream.filter_map(move |message| std::future::ready(told(message))).boxed())
}

/// Says which displays are not there.
fn missing<'a>(screens: impl Iterator<Item = &'a Screen>) -> String {
    let names: Vec<_> = screens.map(|screen| &*screen.label).collect();
    format!("{} is not connected, or does not answer; it is seen to when it does", names.join(", "))
}
