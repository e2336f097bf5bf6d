//! The compositor as the contract sees it.

use std::{
    future::poll_fn,
    path::Path,
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use quietd::standin::{Fault, StandIn};

use super::{Compositor, Offers};

/// What a program may lose while it has it: a person has no control for either.
#[derive(Clone, Copy, Debug)]
pub enum TakesBack {
    /// Another program is given the gamma ramps.
    Gamma,
    /// Overlays are closed.
    Overlays,
    /// Nothing: who has the matrices keeps them.
    Nothing,
}

/// Two screens of a compositor.
pub struct Screens {
    compositor: Mutex<Compositor>,
    takes_back: TakesBack,
}

impl Screens {
    pub fn start(socket: &Path, offers: Offers, takes_back: TakesBack) -> Self {
        Self { compositor: Mutex::new(Compositor::start(socket, offers, &[1, 2])), takes_back }
    }

    fn compositor(&self) -> MutexGuard<'_, Compositor> {
        self.compositor.lock().unwrap()
    }
}

#[async_trait]
impl StandIn for Screens {
    async fn state(&self) -> String {
        let look = self.compositor().look();
        look.await
    }

    async fn person_changes(&self) {
        match self.takes_back {
            TakesBack::Gamma => self.compositor().take_gamma_away(),
            TakesBack::Overlays => self.compositor().close_overlays(),
            TakesBack::Nothing => {}
        }
    }

    async fn fault(&self, fault: Fault) {
        self.compositor().hang(match fault {
            Fault::None => false,
            Fault::Hangs => true,
            Fault::Refuses | Fault::OddType => panic!("a compositor cannot be made to {fault:?}"),
        });
    }

    async fn stop(&mut self) {
        self.compositor.get_mut().unwrap().stop().await;
    }

    async fn start(&mut self) {
        self.compositor.get_mut().unwrap().restart();
    }

    async fn changed(&self) {
        poll_fn(|context| self.compositor().seen.poll_recv(context)).await;
    }
}
