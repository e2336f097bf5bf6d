//! One notice that asks the person something and stays until it is answered, or no longer matters.
//!
//! It is shown by a task of its own, which alone knows the notification's number: whatever was on its way when the notice
//! no longer matters, it is taken away then.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use zbus::{Connection, MessageStream};

use super::Event;
use crate::dbus::{Became, CallError, Comes, Question, ask, becomes, close, has_answers, listen};

/// After how long it goes by itself where nobody takes it away any more, if it says nothing else: the daemon may be gone.
const STAYS: Duration = Duration::from_mins(2);

/// What a notice says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub title: String,
    pub body: String,
    /// The body where nothing can be answered on it.
    pub instead: String,
    /// What can be answered.
    pub answers: &'static [(&'static str, &'static str)],
    /// Whether it comes through where others are held back.
    pub comes: Comes,
    /// After how long it goes by itself, where that is not as always.
    pub stays: Option<Duration>,
    /// Counts how often it was shown anew, and not in its own place.
    pub anew: u32,
}

/// What the person answered, or what became of the notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is on the screen.
    Shown,
    /// Nobody can show it.
    Unseen,
    /// One of its answers, by our name for it.
    Chosen(String),
    /// The person closed it.
    Dismissed,
    /// It went by itself.
    Gone,
}

/// A notice; it is taken away when this is dropped, and [`Event::NoticeEnded`] tells when that is done.
#[derive(Debug)]
pub(super) struct Notice(watch::Sender<Text>);

impl Notice {
    /// Shows it.
    pub fn show(bus: &Connection, app: &str, text: Text, tell: &mpsc::Sender<Event>) -> Self {
        let (says, hears) = watch::channel(text);
        tokio::spawn(keep(bus.clone(), app.to_owned(), hears, tell.clone()));
        Self(says)
    }

    /// Tells whether it was not yet shown anew as often as this is to be.
    pub fn is_older(&self, text: &Text) -> bool {
        self.0.borrow().anew < text.anew
    }

    /// Says something else, if it is something else.
    pub fn say(&self, text: Text) {
        self.0.send_if_modified(|said| {
            let changed = *said != text;
            *said = text;
            changed
        });
    }
}

async fn keep(
    bus: Connection,
    app: String,
    mut says: watch::Receiver<Text>,
    tell: mpsc::Sender<Event>,
) {
    // The engine is gone only when the process ends.
    let answer = async |answer| {
        let _ = tell.send(Event::Answered { app: app.clone(), answer }).await;
    };
    let mut signals = listen(&bus).await.ok();
    let (mut id, mut anew) = (0, 0);
    loop {
        let text = says.borrow_and_update().clone();
        if text.anew != anew {
            (id, anew) = (0, text.anew);
        }
        match show(&bus, id, &text).await {
            Ok(shown) => {
                id = shown;
                answer(Answer::Shown).await;
            }
            Err(error) => {
                tracing::debug!(%error, "nobody showed a notice");
                id = 0;
                answer(Answer::Unseen).await;
            }
        }
        let said_on = loop {
            let what = tokio::select! {
                changed = says.changed() => break changed.is_ok(),
                what = next(&mut signals, id) => what,
            };
            match what {
                Became::Answered(name) => {
                    // Some services leave it up, and a new one is never to be taken for it.
                    take_away(&bus, id).await;
                    id = 0;
                    answer(Answer::Chosen(name)).await;
                }
                Became::Dismissed => {
                    id = 0;
                    answer(Answer::Dismissed).await;
                }
                Became::Gone => {
                    id = 0;
                    answer(Answer::Gone).await;
                }
            }
        };
        if !said_on {
            break;
        }
    }
    take_away(&bus, id).await;
    let _ = tell.send(Event::NoticeEnded).await;
}

async fn show(bus: &Connection, replaces: u32, text: &Text) -> Result<u32, CallError> {
    let can_answer = has_answers(bus).await?;
    let (body, answers) =
        if can_answer { (&text.body, text.answers) } else { (&text.instead, &[][..]) };
    let stays = text.stays.unwrap_or(STAYS);
    let question = Question { title: &text.title, body, answers, stays, comes: text.comes };
    ask(bus, replaces, &question).await
}

/// What becomes of the notification of this number.
async fn next(signals: &mut Option<MessageStream>, of: u32) -> Became {
    if let Some(stream) = signals {
        if let Some(became) = becomes(stream, of).await {
            return became;
        }
        *signals = None;
    }
    std::future::pending().await
}

async fn take_away(bus: &Connection, id: u32) {
    if id != 0
        && let Err(error) = close(bus, id).await
    {
        tracing::debug!(%error, "a notice was gone already");
    }
}
