//! What the engine says by itself, and takes away again where it would be in the way: GNOME keeps a banner up until the
//! person is back, and an urgent notification waits behind it.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::sleep;

use super::{Engine, Event};
use crate::{
    backend::notifications::NAME,
    dbus::{Manner, close, notify},
};

/// How long a suggestion may stay, whoever shows it.
const SUGGESTION_STAYS: Duration = Duration::from_mins(1);

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Saying {
    /// How much waited. It is of use to who comes back, and so stays until notifications are held again.
    Waited,
    /// Something to do. It stays for a minute, within its phase.
    Suggestion,
}

impl Saying {
    fn stays(self) -> Option<Duration> {
        match self {
            Self::Waited => None,
            Self::Suggestion => Some(SUGGESTION_STAYS),
        }
    }
}

/// The notifications that may still be on the screen.
#[derive(Debug, Default)]
pub(super) struct Said {
    on_screen: BTreeMap<Saying, One>,
    /// Counts what was said.
    turn: u64,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
struct One {
    turn: u64,
    /// Its number, once that is known.
    id: Option<u32>,
}

impl Engine {
    /// Says something, in a notification without a sound.
    pub(super) fn say(&mut self, saying: Saying, title: String, body: String) {
        self.said.turn += 1;
        let turn = self.said.turn;
        self.said.on_screen.insert(saying, One { turn, id: None });
        let (bus, tell) = (self.desktop.session.clone(), self.tell.clone());
        tokio::spawn(async move {
            let id = match notify(&bus, &title, &body, Manner::Low).await {
                Ok(id) => id,
                Err(error) => return tracing::debug!(%error, ?saying, "nobody showed it"),
            };
            // The engine is gone only when the process ends.
            let _ = tell.send(Event::Said { saying, turn, id }).await;
            if let Some(stays) = saying.stays() {
                sleep(stays).await;
                let _ = tell.send(Event::SaidLongEnough { saying, turn }).await;
            }
        });
    }

    /// It is on the screen under a number; if it is of no use any more, not for long.
    pub(super) fn said(&mut self, saying: Saying, turn: u64, id: u32) {
        match self.said.on_screen.get_mut(&saying).filter(|one| one.turn == turn) {
            Some(one) => one.id = Some(id),
            None => self.take_away(id),
        }
    }

    /// It was on the screen for long enough.
    pub(super) fn said_long_enough(&mut self, saying: Saying, turn: u64) {
        if self.said.on_screen.get(&saying).is_some_and(|one| one.turn == turn) {
            self.unsay(saying);
        }
    }

    /// Takes it away, if it is still there.
    pub(super) fn unsay(&mut self, saying: Saying) {
        if let Some(id) = self.said.on_screen.remove(&saying).and_then(|one| one.id) {
            self.take_away(id);
        }
    }

    fn take_away(&self, id: u32) {
        let bus = self.desktop.session.clone();
        tokio::spawn(async move {
            if let Err(error) = close(&bus, id).await {
                tracing::debug!(%error, "what was said is gone already");
            }
        });
    }

    /// Numbers of notifications are those of who shows them: with another one, that of ours may be anybody's.
    pub(super) fn forget_said(&mut self, name: &str) {
        if name == NAME {
            self.said.on_screen.clear();
        }
    }
}
