//! What one protocol does to one screen.

use std::{collections::BTreeMap, fmt::Debug};

use serde::{Deserialize, Serialize};
use wayland_client::{
    Dispatch, Proxy, QueueHandle,
    protocol::{wl_output::WlOutput, wl_registry::WlRegistry},
};

use super::World;
use crate::{
    backend::dim::colour::warmed,
    config::DIM_AT_MOST,
    plan::{Desired, Measure},
};

/// How the screens are to look; what these receipts hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shade {
    /// Percent darker, at most [`DIM_AT_MOST`].
    pub dim: u8,
    /// Kelvin, if warmed.
    pub warmth: Option<u16>,
}

impl Shade {
    /// Takes from what is desired what concerns screens.
    pub fn of(desired: &Desired) -> Self {
        Self { dim: desired.dim.min(DIM_AT_MOST), warmth: desired.warmth }
    }

    /// How much light the dimming leaves: 0.25 to 1.0.
    pub fn brightness(self) -> f64 {
        f64::from(100 - self.dim.min(DIM_AT_MOST)) / 100.0
    }

    /// How much of red, green and blue the warmth leaves: 0.0 to 1.0 each.
    pub fn tint(self) -> [f64; 3] {
        self.warmth.map_or([1.0; 3], warmed)
    }
}

/// Where one screen stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The compositor has not answered yet.
    Waiting,
    /// It is as it should be.
    Shown,
    /// The compositor said no.
    Refused,
}

/// A protocol that changes how screens look, and whose changes end with its objects.
pub trait Paint: Debug + Sized + Send + 'static {
    /// What is kept for one screen.
    type Screen: Debug + Send;
    /// The backend's id in the registry.
    const ID: &'static str;
    /// What it can put in force.
    const MEASURES: &'static [Measure];
    /// What serves it, for `doctor`.
    const READY: &'static str;
    /// What it means when every screen was refused, and what to do.
    const REFUSED: &'static str;

    /// Takes what it needs from the compositor, without changing any screen.
    ///
    /// # Errors
    /// The name of the protocol that is not offered.
    fn bind(globals: &Globals<'_>, queue: &QueueHandle<World<Self>>) -> Result<Self, &'static str>;

    /// Prepares a shade that all screens will get.
    fn mix(&mut self, shade: Shade, queue: &QueueHandle<World<Self>>);

    /// Begins with one screen; it gets the shade as soon as the compositor is ready for it.
    fn cover(
        &mut self,
        name: u32,
        output: &WlOutput,
        queue: &QueueHandle<World<Self>>,
    ) -> Self::Screen;

    /// Gives one screen the shade that was mixed last, if the compositor is ready for it.
    fn repaint(&mut self, screen: &mut Self::Screen, queue: &QueueHandle<World<Self>>);

    /// Gives one screen back.
    fn uncover(&mut self, screen: Self::Screen);

    /// Says where one screen stands.
    fn standing(screen: &Self::Screen) -> Standing;
}

/// What the compositor offers.
#[derive(Debug)]
pub struct Globals<'a> {
    pub(super) registry: &'a WlRegistry,
    pub(super) offered: &'a BTreeMap<u32, (String, u32)>,
}

impl Globals<'_> {
    /// Takes one, in the highest version both sides know, but none above `at_most`.
    ///
    /// # Errors
    /// The name of the protocol, where it is not offered.
    pub fn bind<I, P>(&self, at_most: u32, queue: &QueueHandle<World<P>>) -> Result<I, &'static str>
    where
        I: Proxy + 'static,
        P: Paint,
        World<P>: Dispatch<I, ()>,
    {
        let wanted = I::interface();
        let found = self.offered.iter().find(|(_, (interface, _))| interface == wanted.name);
        let (name, (_, version)) = found.ok_or(wanted.name)?;
        Ok(self.registry.bind(*name, (*version).min(at_most), queue, ()))
    }
}
