//! Where the machine is: what the sources tell of what is around it, and the stays at places that come of that.

use std::{collections::BTreeSet, sync::Arc};

use tokio::{sync::Notify, task::JoinHandle};

use super::{Engine, Event};
use crate::{
    config::Sign,
    schedule::{Stays, Surroundings, here},
    source,
};

/// What is around the machine.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// The places it is at.
    pub stays: Stays,
    /// What is known of it.
    pub seen: Surroundings,
    /// Makes who tells of monitors look again.
    pub look_again: Arc<Notify>,
    /// Who tells of networks, while a place goes by one.
    networks: Option<JoinHandle<()>>,
    /// Who tells of monitors, while a place goes by one or by a dock.
    monitors: Option<JoinHandle<()>>,
}

impl Engine {
    /// Looks which places the machine is at, once a turn.
    pub(super) fn look_around(&mut self) {
        self.listen_for_networks();
        self.listen_for_monitors();
        let here = here(&self.config, &self.around.seen);
        let before = self.around.stays.begun();
        self.around.stays.look(&here, self.now);
        if self.around.stays.begun() != before {
            self.keep_by_hand_soon();
        }
    }

    /// Nothing is listened to that no place goes by: it would wake the daemon for nothing.
    fn listen_for_networks(&mut self) {
        let asked = self.goes_by(|sign| matches!(sign, Sign::Network(_)));
        match (&self.around.networks, &self.desktop.system) {
            (None, Some(system)) if asked => {
                let (system, tell) = (system.clone(), self.tell.clone());
                self.around.networks = Some(tokio::spawn(async move {
                    let ended = source::on_networks(&system, tell.clone()).await;
                    tracing::debug!(?ended, "nothing more is told of networks");
                    let _ = tell.send(Event::Networks(BTreeSet::new())).await;
                }));
            }
            (Some(listening), _) if !asked => {
                listening.abort();
                self.around.networks = None;
                self.around.seen.networks.clear();
            }
            _ => {}
        }
    }

    fn listen_for_monitors(&mut self) {
        let asked = self.goes_by(|sign| matches!(sign, Sign::Monitor(_) | Sign::Dock));
        match &self.around.monitors {
            None if asked => {
                let listening = source::on_monitors(
                    self.desktop.env.sysfs.as_path().into(),
                    self.desktop.system.clone(),
                    Arc::clone(&self.around.look_again),
                    self.tell.clone(),
                );
                self.around.monitors = Some(tokio::spawn(listening));
            }
            Some(listening) if !asked => {
                listening.abort();
                self.around.monitors = None;
                self.around.seen.monitors.clear();
                self.around.seen.docked = false;
            }
            _ => {}
        }
    }

    fn goes_by(&self, sign: fn(&Sign) -> bool) -> bool {
        self.config.places.iter().any(|rule| sign(&rule.sign))
    }
}
