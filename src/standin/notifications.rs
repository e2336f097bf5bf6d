//! What every stand-in that shows notifications has of the Desktop Notifications Specification.

use std::collections::HashMap;

use zbus::{Message, Variant, message::Body};

use super::served::{is, reply};

/// The interface and its name.
pub(super) const NAME: &str = "org.freedesktop.Notifications";
/// Its object.
pub(super) const PATH: &str = "/org/freedesktop/Notifications";

/// What of `Notify` is looked at: who, what it replaces, icon, title, body, buttons.
type Sent<'a> = (&'a str, u32, &'a str, &'a str, &'a str, Vec<&'a str>);

/// The same with its hints.
type Whole<'a> =
    (&'a str, u32, &'a str, &'a str, &'a str, Vec<&'a str>, HashMap<&'a str, Variant<'a>>, i32);

/// Pictures are read byte by byte; in one that is larger than this, in bytes, nobody looks for more.
const LOOKED_AT_AT_MOST: usize = 64 << 10;

/// The urgency of one that nobody says anything of, and that of one that shows while others are held back.
const NORMAL: u8 = 1;
const URGENT: u8 = 2;

/// The hints of one that is not large.
fn hints(body: &Body) -> HashMap<&str, Variant<'_>> {
    let small = body.data().bytes().len() <= LOOKED_AT_AT_MOST;
    let whole = || body.deserialize::<Whole<'_>>().ok();
    small.then(whole).flatten().map(|(.., hints, _)| hints).unwrap_or_default()
}

/// Which ones a service shows while it holds others back.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shows {
    /// Urgent ones.
    pub urgent: bool,
    /// Those with this hint.
    pub hint: Option<&'static str>,
    /// Those of this category.
    pub category: Option<&'static str>,
}

impl Shows {
    fn lets(&self, hints: &HashMap<&str, Variant<'_>>) -> bool {
        let text = |name| hints.get(name).and_then(|text| text.downcast_ref::<&str>().ok());
        let flag = |name: &str| hints.get(name).and_then(|on| on.downcast_ref::<bool>().ok());
        let by_hint = self.hint.and_then(flag).unwrap_or_default();
        let by_category = self.category.is_some() && text("category") == self.category;
        by_hint || by_category
    }
}

/// One notification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Popup {
    /// Its number.
    pub id: u32,
    /// Its title.
    pub summary: String,
    /// What is below it.
    pub body: String,
    /// Names and words of what can be answered.
    pub actions: Vec<String>,
    /// How urgent it is: 0, 1 or 2.
    pub urgency: u8,
    /// What kind it says it is.
    pub category: String,
}

/// What was shown, and what waits.
#[derive(Debug)]
pub(super) struct Popups {
    next: u32,
    shown: Vec<Popup>,
    waiting: Vec<Popup>,
    /// What `GetCapabilities` answers.
    pub(super) capabilities: &'static [&'static str],
    /// Which are shown while others are held back.
    pub(super) shows: Shows,
    /// What replaces one that is gone has its number (Plasma, swaync), not a new one.
    pub(super) keeps_numbers: bool,
    /// Who sent it takes it away just before it is replaced.
    pub(super) hangs_up: bool,
}

impl Default for Popups {
    fn default() -> Self {
        let (shown, waiting) = (Vec::new(), Vec::new());
        let capabilities = &["actions", "body", "body-markup"];
        let (keeps_numbers, hangs_up) = (false, false);
        Self {
            next: 0,
            shown,
            waiting,
            capabilities,
            shows: Shows::default(),
            keeps_numbers,
            hangs_up,
        }
    }
}

impl Popups {
    /// Those of a service that shows urgent ones while it holds others back.
    pub(super) fn that_show_urgent() -> Self {
        Self { shows: Shows { urgent: true, ..Shows::default() }, ..Self::default() }
    }

    /// Answers `Notify`, `CloseNotification`, `GetCapabilities` and `GetServerInformation`; none for another call.
    pub(super) fn answer(
        &mut self,
        call: &Message,
        information: [&str; 4],
        holds_back: bool,
    ) -> Option<zbus::Result<Vec<Message>>> {
        if is(call, NAME, "GetServerInformation") {
            let [name, vendor, version, spec] = information;
            return Some(reply(call, &(name, vendor, version, spec)));
        }
        if is(call, NAME, "GetCapabilities") {
            return Some(reply(call, &(self.capabilities,)));
        }
        if is(call, NAME, "CloseNotification") {
            let body = call.body();
            let Ok(closed) = body.deserialize::<u32>() else { return None };
            let was = self.take(closed);
            return Some(reply(call, &()).and_then(|mut messages| {
                if was.is_some() {
                    messages.push(gone(closed, 3)?);
                }
                Ok(messages)
            }));
        }
        if !is(call, NAME, "Notify") {
            return None;
        }
        let body = call.body();
        let sent: Result<Sent<'_>, _> = body.deserialize_ignore_signature();
        let Ok((_, replaces, _, summary, text, actions)) = sent else { return None };
        if self.hangs_up && replaces != 0 {
            self.hangs_up = false;
            let gone = self.close(replaces, 3);
            let answer = self.answer(call, information, holds_back)?;
            return Some(gone.and_then(|gone| Ok([gone, answer?].concat())));
        }
        let hints = hints(&body);
        let said = hints.get("urgency").and_then(|urgency| urgency.downcast_ref::<u8>().ok());
        let urgency = said.unwrap_or(NORMAL);
        let category = hints.get("category").and_then(|text| text.downcast_ref::<&str>().ok());
        let category = category.unwrap_or_default();
        let is_let = (self.shows.urgent && urgency == URGENT) || self.shows.lets(&hints);
        let mut popup = Popup {
            id: replaces,
            summary: summary.to_owned(),
            body: text.to_owned(),
            actions: actions.into_iter().map(str::to_owned).collect(),
            urgency,
            category: category.to_owned(),
        };
        let shows = is_let || !holds_back;
        let mut all = self.shown.iter_mut().chain(&mut self.waiting);
        if let Some(old) = all.find(|it| it.id == replaces) {
            *old = popup;
            if self.shows.urgent {
                // It is held back or shown for what it has become.
                let popup = self.take(replaces)?;
                if shows { &mut self.shown } else { &mut self.waiting }.push(popup);
            }
            return Some(reply(call, &replaces));
        }
        if !(self.keeps_numbers && (1..=self.next).contains(&replaces)) {
            self.next += 1;
            popup.id = self.next;
        }
        let id = popup.id;
        let list = if shows { &mut self.shown } else { &mut self.waiting };
        list.push(popup);
        Some(reply(call, &id))
    }

    /// Takes what is not urgent from the screen; it waits.
    pub(super) fn hold_back(&mut self) {
        let shown = std::mem::take(&mut self.shown);
        let (urgent, others) = shown.into_iter().partition(|popup| popup.urgency == URGENT);
        self.shown = urgent;
        self.waiting.extend(others);
    }

    /// All there are.
    pub(super) fn all(&self) -> impl Iterator<Item = &Popup> {
        self.shown.iter().chain(&self.waiting)
    }

    /// Shows what waited.
    pub(super) fn let_through(&mut self) {
        self.shown.append(&mut self.waiting);
    }

    /// The summaries shown so far.
    pub(super) fn shown(&self) -> Vec<String> {
        self.shown.iter().map(|popup| popup.summary.clone()).collect()
    }

    /// What is on the screen.
    pub(super) fn popups(&self) -> Vec<Popup> {
        self.shown.clone()
    }

    /// Its person presses a button, which closes the notification; tells of both.
    pub(super) fn choose(&mut self, id: u32, action: &str) -> zbus::Result<Vec<Message>> {
        let chosen = Message::signal(PATH, NAME, "ActionInvoked").build(&(id, action))?;
        let mut messages = vec![chosen];
        messages.extend(self.close(id, 2)?);
        Ok(messages)
    }

    /// It goes for a reason of the specification: 1 its time is over, 2 its person closes it.
    pub(super) fn close(&mut self, id: u32, reason: u32) -> zbus::Result<Vec<Message>> {
        self.take(id).map(|_| gone(id, reason)).into_iter().collect()
    }

    fn take(&mut self, id: u32) -> Option<Popup> {
        for list in [&mut self.shown, &mut self.waiting] {
            if let Some(at) = list.iter().position(|popup| popup.id == id) {
                return Some(list.remove(at));
            }
        }
        None
    }
}

fn gone(id: u32, reason: u32) -> zbus::Result<Message> {
    Message::signal(PATH, NAME, "NotificationClosed").build(&(id, reason))
}
