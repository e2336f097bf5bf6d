//! Where the machine is: what the sources tell of what is around it, and the stays at places that come of that.

use std::collections::BTreeSet;

use tokio::task::JoinHandle;

use super::{Engine, Event};
use crate::{
    config::Sign,
    schedule::{Stays, here},
    source,
};

/// What is around the machine.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// The places it is at.
    pub stays: Stays,
    /// The networks it is on; none where that is not known.
    pub networks: BTreeSet<String>,
    /// Who tells of networks, while a place goes by one.
    listening: Option<JoinHandle<()>>,
}

impl Engine {
    /// Looks which places the machine is at, once a turn.
    pub(super) fn look_around(&mut self) {
        self.listen_where_asked();
        let here = here(&self.config, &self.around.networks);
        let before = self.around.stays.begun();
        self.around.stays.look(&here, self.now);
        if self.around.stays.begun() != before {
            self.keep_by_hand();
        }
    }

    /// Nothing is listened to that no place goes by: it would wake the daemon for nothing.
    fn listen_where_asked(&mut self) {
        let by_network = |sign: &Sign| matches!(sign, Sign::Network(_));
        let asked = self.config.places.iter().any(|rule| by_network(&rule.sign));
        match (&self.around.listening, &self.desktop.system) {
            (None, Some(system)) if asked => {
                let (system, tell) = (system.clone(), self.tell.clone());
                self.around.listening = Some(tokio::spawn(async move {
                    let ended = source::on_networks(&system, tell.clone()).await;
                    tracing::debug!(?ended, "nothing more is told of networks");
                    let _ = tell.send(Event::Networks(BTreeSet::new())).await;
                }));
            }
            (Some(listening), _) if !asked => {
                listening.abort();
                self.around.listening = None;
                self.around.networks.clear();
            }
            _ => {}
        }
    }
}
