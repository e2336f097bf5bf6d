//! A notification to the person.
//!
//! Desktop Notifications Specification 1.2. The service is not started for it, and the text never says more than that it
//! is quiet, until when, how much waited, which app is locked, that a break is due, and a line of the lists of suggestions.

use std::{collections::HashMap, time::Duration};

use futures_util::StreamExt as _;
use zbus::{Connection, MatchRule, Message, MessageStream, Variant};

use super::{CallError, Peer};

/// The desktop entry whose name and icon notifications carry.
const DESKTOP_ENTRY: &str = "org.quietd.Quietd";

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// How a notification comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As any.
    Plain,
    /// Without a sound, and not kept where past ones are listed.
    Low,
}

/// Whether a notification comes through where others are held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comes {
    /// It does: it is urgent.
    #[default]
    Through,
    /// It waits as any.
    AsAny,
}

/// A notification that asks something, without a sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// The title; never read as markup.
    pub title: &'a str,
    /// The body; may be read as markup.
    pub body: &'a str,
    /// What can be answered: a name for us, and the words on the button.
    pub answers: &'a [(&'a str, &'a str)],
    /// After how long it goes by itself, where the service takes urgent ones away at all.
    pub stays: Duration,
    /// Whether it comes through.
    pub comes: Comes,
}

/// What became of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// An answer was chosen, by our name for it.
    Answered(String),
    /// The person closed it.
    Dismissed,
    /// It went in another way: its time was over, or we took it away.
    Gone,
}

/// Shows a notification, and answers its number; it goes by itself.
pub async fn notify(
    bus: &Connection,
    title: &str,
    body: &str,
    manner: Manner,
) -> Result<u32, CallError> {
    let mut hints = HashMap::from([("urgency", Variant::from(1_u8))]);
    if manner == Manner::Low {
        hints.extend(unheard());
    }
    show(bus, 0, [title, body], &[], hints, -1).await
}

/// Asks the person something, in the place of the notification `replaces` (0: of none), and answers its number.
pub async fn ask(
    bus: &Connection,
    replaces: u32,
    question: &Question<'_>,
) -> Result<u32, CallError> {
    let urgency = if question.comes == Comes::Through { 2_u8 } else { 1 };
    let mut hints = HashMap::from([("urgency", Variant::from(urgency))]);
    hints.extend(unheard());
    let buttons: Vec<&str> =
        question.answers.iter().flat_map(|(name, text)| [*name, *text]).collect();
    let text = [question.title, question.body];
    let stays = i32::try_from(question.stays.as_millis()).unwrap_or(i32::MAX);
    show(bus, replaces, text, &buttons, hints, stays).await
}

/// Tells whether what is asked can be answered on the notification itself.
pub async fn has_answers(bus: &Connection) -> Result<bool, CallError> {
    let can: Vec<String> = Peer::new(bus, NAME, PATH, NAME).call("GetCapabilities", &()).await?;
    Ok(can.iter().any(|it| it == "actions"))
}

/// Listens to what becomes of notifications, anybody's.
pub async fn listen(bus: &Connection) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal).sender(NAME);
    let rule = rule.path(PATH).interface(NAME).build()?;
    MessageStream::for_match_rule(rule, bus, None).await
}

/// Waits for what becomes of the notification of this number; none once nobody tells any more. Of number 0 nothing does.
pub async fn becomes(signals: &mut MessageStream, of: u32) -> Option<Became> {
    while let Some(signal) = signals.next().await {
        match signal.ok().as_ref().and_then(became) {
            Some((id, became)) if id == of && id != 0 => return Some(became),
            _ => {}
        }
    }
    None
}

/// Which notification a signal is about, and what became of it.
fn became(signal: &Message) -> Option<(u32, Became)> {
    const BY_THE_PERSON: u32 = 2;
    let (header, body) = (signal.header(), signal.body());
    match header.member()?.as_str() {
        "ActionInvoked" => {
            let (id, name): (u32, String) = body.deserialize().ok()?;
            Some((id, Became::Answered(name)))
        }
        "NotificationClosed" => {
            let (id, reason): (u32, u32) = body.deserialize().ok()?;
            let dismissed = reason == BY_THE_PERSON;
            Some((id, if dismissed { Became::Dismissed } else { Became::Gone }))
        }
        _ => None,
    }
}

/// Without a sound, and not kept where past ones are listed.
fn unheard() -> [(&'static str, Variant<'static>); 2] {
    [("suppress-sound", Variant::from(true)), ("transient", Variant::from(true))]
}

async fn show(
    bus: &Connection,
    replaces: u32,
    [title, body]: [&str; 2],
    buttons: &[&str],
    mut hints: HashMap<&str, Variant<'_>>,
    stays: i32,
) -> Result<u32, CallError> {
    hints.insert("desktop-entry", Variant::from(DESKTOP_ENTRY));
    let body = ("quietd", replaces, DESKTOP_ENTRY, title, body, buttons, hints, stays);
    Peer::new(bus, NAME, PATH, NAME).call("Notify", &body).await
}

/// Takes a notification away, if it is still there.
pub async fn close(bus: &Connection, id: u32) -> Result<(), CallError> {
    Peer::new(bus, NAME, PATH, NAME).call("CloseNotification", &id).await
}
