//! plasmashell's notifications, with the ways of 5.27 and 6.3.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use tokio::time::Instant;
use zbus::{Message, OwnedVariant, Variant};

use super::{
    notifications::{NAME, PATH, Popup, Popups},
    served::{OnBus, PROPERTIES, Served, Service, error, is, reply, unknown},
};

/// How soon after the last one that is alike another is refused.
const WITHIN: Duration = Duration::from_secs(1);

/// Stands in for plasmashell.
#[derive(Debug)]
pub struct Plasma {
    served: Served<State>,
}

/// What plasmashell knows.
#[derive(Debug, Default)]
pub struct State {
    /// Counts from 1 in each plasmashell.
    last_cookie: u32,
    inhibitions: BTreeMap<u32, Inhibition>,
    /// Whose leaving is noticed: a connection that gave one cookie back no longer is, whatever else it holds.
    watched: BTreeSet<String>,
    /// What the person set in the applet.
    by_hand: bool,
    popups: Popups,
    /// What it compares of the last notification, and when that came.
    last: Option<(Vec<String>, Instant)>,
}

#[derive(Debug)]
struct Inhibition {
    holder: String,
    app: String,
    reason: String,
}

impl Plasma {
    /// Puts it on the bus; `by_hand` is the person's own do-not-disturb.
    pub async fn start(address: &str, by_hand: bool) -> zbus::Result<Self> {
        let state = State { by_hand, popups: popups(), ..State::default() };
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

    /// A call that is shown again is ended just before that.
    pub async fn next_hangs_up(&self) {
        self.served
            .change(|state| {
                state.popups.hangs_up = true;
                Ok(Vec::new())
            })
            .await;
    }

    /// How many inhibitions there ever were.
    pub async fn inhibited_times(&self) -> u32 {
        self.served.look(|state| state.last_cookie).await
    }

    /// Its person switches do-not-disturb off in the applet: every inhibition goes, and nobody is told whose.
    pub async fn person_switches_off(&self) {
        self.served.change(State::person_changes).await;
    }
}

/// What the real one compares: its app, title, text, desktop entry, event and actions. Those that are alike within a second
/// are refused.
fn compared(call: &Message) -> Option<Vec<String>> {
    type Sent =
        (String, u32, String, String, String, Vec<String>, HashMap<String, OwnedVariant>, i32);
    let (app, _, _, title, text, actions, hints, _): Sent = call.body().deserialize().ok()?;
    let hint = |name: &str| {
        let text = hints.get(name).and_then(|it| it.downcast_ref::<&str>().ok());
        text.unwrap_or_default().to_owned()
    };
    let words = [app, title, text, hint("desktop-entry"), hint("x-kde-eventId")];
    Some(words.into_iter().chain(actions).collect())
}

fn popups() -> Popups {
    let mut popups = Popups::that_show_urgent();
    popups.keeps_numbers = true;
    popups
}

impl State {
    /// Tells whether a notification is one too many.
    fn is_excess(&mut self, call: &Message) -> bool {
        let Some(said) = compared(call).filter(|_| is(call, NAME, "Notify")) else { return false };
        let same = |(last, at): &(Vec<String>, Instant)| *last == said && at.elapsed() < WITHIN;
        let is_excess = self.last.as_ref().is_some_and(same);
        if !is_excess {
            self.last = Some((said, Instant::now()));
        }
        is_excess
    }

    fn is_inhibited(&self) -> bool {
        self.by_hand || !self.inhibitions.is_empty()
    }

    /// The signal, where `Inhibited` is another than before.
    fn told_since(&mut self, before: bool) -> zbus::Result<Vec<Message>> {
        let now = self.is_inhibited();
        if now == before {
            return Ok(Vec::new());
        }
        if !now {
            self.popups.let_through();
        }
        let changed = HashMap::from([("Inhibited", Variant::from(now))]);
        let body = (NAME, changed, Vec::<&str>::new());
        Ok(vec![Message::signal(PATH, PROPERTIES, "PropertiesChanged").build(&body)?])
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME, "org.kde.plasmashell"]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let before = self.is_inhibited();
        if self.is_excess(call) {
            let name = "org.freedesktop.Notifications.Error.ExcessNotificationGeneration";
            let text = "Created too many similar notifications in quick succession";
            return error(call, name, text);
        }
        if is(call, NAME, "GetCapabilities") {
            return reply(call, &["body", "actions", "inhibitions"].as_slice());
        }
        if let Some(messages) = self.popups.answer(call, ["Plasma", "KDE", "5.27.5", "1.2"], before)
        {
            return messages;
        }
        let body = call.body();
        let header = call.header();
        let caller = header.sender().map(ToString::to_string).unwrap_or_default();
        let mut messages;
        if is(call, PROPERTIES, "Get") {
            return reply(call, &Variant::from(before));
        } else if is(call, NAME, "Inhibit") {
            let (app, reason, _): (String, String, HashMap<String, OwnedVariant>) =
                body.deserialize()?;
            self.last_cookie += 1;
            messages = reply(call, &self.last_cookie)?;
            self.watched.insert(caller.clone());
            let inhibition = Inhibition { holder: caller, app, reason };
            self.inhibitions.insert(self.last_cookie, inhibition);
        } else if is(call, NAME, "UnInhibit") {
            let cookie: u32 = body.deserialize()?;
            messages = reply(call, &())?;
            // Anybody may give back any cookie, and one that is not there is as good as one that is.
            if let Some(inhibition) = self.inhibitions.remove(&cookie) {
                self.watched.remove(&inhibition.holder);
            }
        } else {
            return unknown(call);
        }
        messages.extend(self.told_since(before)?);
        Ok(messages)
    }

    fn left(&mut self, name: &str) -> zbus::Result<Vec<Message>> {
        let before = self.is_inhibited();
        if self.watched.remove(name) {
            self.inhibitions.retain(|_, inhibition| inhibition.holder != name);
        }
        self.told_since(before)
    }

    fn restart(&mut self) {
        // What the person set is in plasmanotifyrc.
        *self = Self { by_hand: self.by_hand, popups: popups(), ..Self::default() };
    }

    fn state(&self) -> String {
        let inhibitions: Vec<_> = self
            .inhibitions
            .values()
            .map(|inhibition| format!("{}: {}", inhibition.app, inhibition.reason))
            .collect();
        format!("by hand {}, inhibited by {inhibitions:?}", self.by_hand)
    }

    /// Switches do-not-disturb off in the applet: every inhibition goes, and nobody is told whose.
    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        let before = self.is_inhibited();
        self.by_hand = false;
        self.inhibitions.clear();
        self.told_since(before)
    }
}

impl OnBus for Plasma {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
