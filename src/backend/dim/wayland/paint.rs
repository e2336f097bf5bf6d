//! What one protocol does to one screen.

use std::{collections::BTreeMap, fmt::Debug, ops::Not};

use serde::{Deserialize, Serialize};
use wayland_client::{
    Dispatch, Proxy, QueueHandle,
    protocol::{wl_output::WlOutput, wl_registry::WlRegistry},
};

use super::World;
use crate::{
    backend::dim::{colour::warmed, glide::Look},
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
    /// Whether colours are taken away.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub greyscale: bool,
    /// Whether the panel of a laptop is left as bright as it is.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub but_panel: bool,
}

impl From<Shade> for Look {
    fn from(shade: Shade) -> Self {
        let light = f64::from(100 - shade.dim.min(DIM_AT_MOST)) / 100.0;
        Self {
            light,
            panel_light: if shade.but_panel { 1.0 } else { light },
            tint: shade.warmth.map_or([1.0; 3], warmed),
            grey: if shade.greyscale { 1.0 } else { 0.0 },
        }
    }
}

impl Shade {
    /// Takes from what is desired what concerns screens.
    pub fn of(desired: &Desired) -> Self {
        Self {
            dim: desired.dim.min(DIM_AT_MOST),
            warmth: desired.warmth,
            greyscale: desired.greyscale,
            but_panel: desired.dim_but_panel,
        }
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
    /// What it means when every screen was refused, and no program is known that has them.
    const REFUSED: &'static str;
    /// How often a screen that was taken away is asked for again. Where another program may have taken it, it is not
    /// fought.
    const RETAKES: u8 = 1;

    /// Takes what it needs from the compositor, without changing any screen.
    ///
    /// # Errors
    /// The name of the protocol that is not offered.
    fn bind(globals: &Globals<'_>, queue: &QueueHandle<World<Self>>) -> Result<Self, &'static str>;

    /// Tells whether it is worth going from look to look in steps.
    fn glides(&self) -> bool {
        true
    }

    /// Prepares a look that all screens will get.
    fn mix(&mut self, look: &Look, queue: &QueueHandle<World<Self>>);

    /// Begins with one screen; it gets the look as soon as the compositor is ready for it.
    fn cover(&mut self, output: &Output<'_>, queue: &QueueHandle<World<Self>>) -> Self::Screen;

    /// Gives one screen the look that was mixed last, if the compositor is ready for it.
    fn repaint(&mut self, screen: &mut Self::Screen, queue: &QueueHandle<World<Self>>);

    /// Ends a round of covering and repainting.
    fn done(&mut self) {}

    /// Gives one screen back.
    fn uncover(&mut self, screen: Self::Screen);

    /// Says where one screen stands.
    fn standing(screen: &Self::Screen) -> Standing;
}

/// One screen, as the compositor tells of it.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// The compositor's number for it.
    pub name: u32,
    /// The object to ask about it.
    pub proxy: &'a WlOutput,
    /// Whether it is the panel of a laptop.
    pub is_panel: bool,
}

impl Output<'_> {
    /// Tells whether nothing is wanted of it: its panel has a light of its own, and the rest is untouched.
    pub(super) fn is_left_as_it_is(&self, look: &Look) -> bool {
        self.is_panel && look.on(true) == Look::default()
    }
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
        let (name, version) = self.offer::<I>()?;
        Ok(self.registry.bind(name, version.min(at_most), queue, ()))
    }

    /// Tells under which number one is offered, and in which version, for those to whom taking it matters.
    ///
    /// # Errors
    /// The name of the protocol, where it is not offered.
    pub fn offer<I: Proxy>(&self) -> Result<(u32, u32), &'static str> {
        let wanted = I::interface().name;
        let found = self.offered.iter().find(|(_, (interface, _))| interface == wanted);
        found.map(|(name, (_, version))| (*name, *version)).ok_or(wanted)
    }

    /// Where offers are taken later.
    pub fn registry(&self) -> WlRegistry {
        self.registry.clone()
    }
}
