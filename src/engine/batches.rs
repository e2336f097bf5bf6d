//! What comes while notifications are held back: who is let through, and how many wait until their batch is.

use super::{Engine, said::Saying, seat::Seat};
use crate::{
    backend::Desktop, config::Notifications, people::lets_anybody, plan::Measure, source::Notices,
};

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Waited {
    /// The watch that goes on now, if any does.
    watch: Option<Notices>,
    /// What the watch had counted when what waits began to be counted; none while it is not.
    from: Option<u32>,
    /// What waited before that.
    before: u32,
}

impl Waited {
    fn so_far(&self) -> u32 {
        self.watch.as_ref().map_or(0, Notices::so_far)
    }

    /// Ends the count that goes on; what it came to is kept.
    fn rest(&mut self) {
        if let Some(from) = self.from.take() {
            self.before = self.before.saturating_add(self.so_far().saturating_sub(from));
        }
    }
}

impl Engine {
    /// Watches what is shown while notifications are held back, for who comes through. Counts while they are held in batches,
    /// and says the count once nothing is held any more.
    pub(super) fn mind_what_waits(&mut self) {
        let shows = |seat: &&Seat| seat.row.measures.contains(&Measure::Notifications);
        let seats = || self.seats.iter().filter(shows);
        let theirs = seats().any(|seat| seat.theirs);
        let level = |seat: &Seat| seat.applied.as_ref().map(|applied| applied.notifications);
        let level = seats().filter_map(level).max().unwrap_or_default();
        let opened = seats().any(|seat| seat.theirs && !seat.as_ours);
        let holds = level != Notifications::All && self.stopping.is_none();
        let held = holds && !theirs && level == Notifications::Batched;
        // Who has switched it off and on again hears of calls as before.
        let people = holds && !opened && lets_anybody(&self.config.people);
        let given_back = seats().all(|seat| seat.is_idle() && seat.receipt.is_none());
        let open = self.evaluation.let_through.is_some()
            || self.evaluation.measures.notifications == Notifications::All;
        if !held {
            self.waited.rest();
        }
        if held || people {
            let Desktop { env, session, .. } = &self.desktop;
            let watch = self.waited.watch.get_or_insert_with(|| Notices::watch(env, session));
            watch.let_through(people.then_some(&self.config.people));
        } else {
            self.waited.watch = None;
        }
        if held && self.waited.from.is_none() {
            self.waited.from = Some(self.waited.so_far());
        }
        if level != Notifications::All {
            self.unsay(Saying::Waited);
        }
        if theirs {
            // The person has opened it, and seen what there was.
            self.waited.before = 0;
        } else if open && given_back && self.stopping.is_none() {
            self.say_what_waited();
        }
    }

    fn say_what_waited(&mut self) {
        let count = std::mem::take(&mut self.waited.before);
        if count == 0 {
            return;
        }
        let body = self.evaluation.let_through.map(|until| {
            let until = until.to_zoned(self.zone.clone());
            format!("Notifications come through until {}.", until.strftime("%H:%M"))
        });
        let title = match count {
            1 => "While it was quiet: 1 notification".to_owned(),
            count => format!("While it was quiet: {count} notifications"),
        };
        self.say(Saying::Waited, title, body.unwrap_or_default());
    }
}
