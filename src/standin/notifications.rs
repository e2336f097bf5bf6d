//! What every stand-in that shows notifications has of the Desktop Notifications Specification.

use zbus::Message;

use super::served::{is, reply};

/// The interface and its name.
pub(super) const NAME: &str = "org.freedesktop.Notifications";
/// Its object.
pub(super) const PATH: &str = "/org/freedesktop/Notifications";

/// What was shown, and what waits.
#[derive(Debug, Default)]
pub(super) struct Popups {
    next: u32,
    shown: Vec<(u32, String)>,
    waiting: Vec<(u32, String)>,
}

impl Popups {
    /// Answers `Notify`, `CloseNotification` and `GetServerInformation`; none for another call.
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
        if is(call, NAME, "CloseNotification") {
            let body = call.body();
            let Ok(closed) = body.deserialize::<u32>() else { return None };
            self.shown.retain(|(id, _)| *id != closed);
            self.waiting.retain(|(id, _)| *id != closed);
            return Some(reply(call, &()));
        }
        if !is(call, NAME, "Notify") {
            return None;
        }
        let body = call.body();
        let summary: Result<(&str, u32, &str, &str), _> = body.deserialize_ignore_signature();
        let Ok((_, replaces, _, summary)) = summary else { return None };
        let summary = summary.to_owned();
        let mut all = self.shown.iter_mut().chain(&mut self.waiting);
        if let Some(old) = all.find(|(id, _)| *id == replaces) {
            old.1 = summary;
            return Some(reply(call, &replaces));
        }
        self.next += 1;
        let list = if holds_back { &mut self.waiting } else { &mut self.shown };
        list.push((self.next, summary));
        Some(reply(call, &self.next))
    }

    /// Shows what waited.
    pub(super) fn let_through(&mut self) {
        self.shown.append(&mut self.waiting);
    }

    /// The summaries shown so far.
    pub(super) fn shown(&self) -> Vec<String> {
        self.shown.iter().map(|(_, summary)| summary.clone()).collect()
    }
}
