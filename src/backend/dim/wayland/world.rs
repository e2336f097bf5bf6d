//! The compositor as we know it: what it offers, which screens it has, and how each of them stands.

use std::collections::BTreeMap;

use wayland_client::{
    Connection, Dispatch, Proxy, QueueHandle,
    protocol::{
        wl_callback::{self, WlCallback},
        wl_output::{self, WlOutput},
        wl_registry::{self, WlRegistry},
    },
};

use super::{Globals, Output, Paint, Standing};
use crate::backend::dim::{glide::Look, is_panel};

/// One connection's state; `wayland-client` calls it for each event.
#[derive(Debug)]
pub struct World<P: Paint> {
    registry: WlRegistry,
    offered: BTreeMap<u32, (String, u32)>,
    paint: Option<P>,
    look: Option<Look>,
    screens: BTreeMap<u32, Held<P::Screen>>,
    /// The number of the last round trip that came back.
    pub(super) round: u32,
}

#[derive(Debug)]
struct Held<S> {
    proxy: WlOutput,
    /// The connector's name, from version 4 on; none also before it was told.
    connector: Option<String>,
    /// Whether it came since the last look and has not told all of itself.
    is_new: bool,
    screen: Option<S>,
    /// Whether it was as it should be when last looked at.
    was_shown: bool,
    /// How often it was taken away.
    lost: u8,
}

impl<S> Held<S> {
    fn output(&self, name: u32) -> Output<'_> {
        let is_panel = self.connector.as_deref().is_some_and(is_panel);
        Output { name, proxy: &self.proxy, is_panel }
    }
}

impl<P: Paint> World<P> {
    pub(super) fn new(registry: WlRegistry) -> Self {
        Self {
            registry,
            offered: BTreeMap::new(),
            paint: None,
            look: None,
            screens: BTreeMap::new(),
            round: 0,
        }
    }

    /// Takes what the protocol needs, and every screen there is; changes none.
    pub(super) fn begin(&mut self, queue: &QueueHandle<Self>) -> Result<(), &'static str> {
        let globals = Globals { registry: &self.registry, offered: &self.offered };
        self.paint = Some(P::bind(&globals, queue)?);
        let outputs: Vec<_> = self
            .offered
            .iter()
            .filter(|(_, (interface, _))| interface == WlOutput::interface().name)
            .map(|(name, (_, version))| (*name, *version))
            .collect();
        for (name, version) in outputs {
            self.appeared(name, version, queue);
        }
        Ok(())
    }

    /// How the screens look; none before the first look.
    pub(super) fn look(&self) -> Option<Look> {
        self.look
    }

    /// Tells whether it is worth going from look to look in steps.
    pub(super) fn glides(&self) -> bool {
        self.paint.as_ref().is_some_and(P::glides)
    }

    /// The screens there are, by the compositor's numbers.
    pub(super) fn screens(&self) -> Vec<u32> {
        self.screens.keys().copied().collect()
    }

    /// Gives every screen a look, and every one that comes later; screens that were refused are asked for again, unless
    /// that was done often enough.
    pub(super) fn show(&mut self, look: Look, queue: &QueueHandle<Self>) {
        self.look = Some(look);
        let Some(paint) = &mut self.paint else { return };
        paint.mix(&look, queue);
        for (name, held) in &mut self.screens {
            held.is_new = false;
            if held.output(*name).is_left_as_it_is(&look) {
                if let Some(covered) = held.screen.take() {
                    paint.uncover(covered);
                }
                continue;
            }
            match &mut held.screen {
                Some(covered) if P::standing(covered) != Standing::Refused => {
                    paint.repaint(covered, queue);
                }
                Some(_) if held.lost > P::RETAKES => {}
                _ => {
                    if let Some(refused) = held.screen.take() {
                        paint.uncover(refused);
                    }
                    held.screen = Some(paint.cover(&held.output(*name), queue));
                }
            }
        }
        paint.done();
    }

    /// Gives every screen that is covered the next look on the way.
    pub(super) fn step(&mut self, look: Look, queue: &QueueHandle<Self>) {
        self.look = Some(look);
        let Some(paint) = &mut self.paint else { return };
        paint.mix(&look, queue);
        for covered in self.screens.values_mut().filter_map(|output| output.screen.as_mut()) {
            paint.repaint(covered, queue);
        }
        paint.done();
    }

    /// Looks whether a screen was taken away since the last time.
    pub(super) fn has_lost(&mut self) -> bool {
        let mut any = false;
        for output in self.screens.values_mut() {
            let standing = output.screen.as_ref().map(P::standing);
            if output.was_shown && standing == Some(Standing::Refused) {
                output.lost = output.lost.saturating_add(1);
                any = true;
            }
            output.was_shown = standing == Some(Standing::Shown);
        }
        any
    }

    /// Gives every screen back.
    pub(super) fn clear(&mut self) {
        self.look = None;
        let Some(paint) = &mut self.paint else { return };
        for covered in self.screens.values_mut().filter_map(|output| output.screen.take()) {
            paint.uncover(covered);
        }
        paint.done();
    }

    /// Tells whether the compositor has answered for every screen.
    pub(super) fn is_settled(&self) -> bool {
        self.standings().all(|standing| standing != Standing::Waiting)
    }

    /// Tells whether there are screens and not one of them could be had.
    pub(super) fn is_refused(&self) -> bool {
        let mut standings = self.standings().peekable();
        standings.peek().is_some() && standings.all(|standing| standing == Standing::Refused)
    }

    /// One screen and its protocol, for the protocol's own events; none once it was given back.
    pub fn screen(&mut self, name: u32) -> Option<(&mut P, &mut P::Screen)> {
        let screen = self.screens.get_mut(&name)?.screen.as_mut()?;
        Some((self.paint.as_mut()?, screen))
    }

    /// Every screen that is covered, for events that are not about one; and the protocol.
    pub fn each(&mut self, mut change: impl FnMut(&mut P, &mut P::Screen)) {
        let Some(paint) = &mut self.paint else { return };
        for screen in self.screens.values_mut().filter_map(|output| output.screen.as_mut()) {
            change(paint, screen);
        }
    }

    fn standings(&self) -> impl Iterator<Item = Standing> {
        self.screens.values().filter_map(|output| output.screen.as_ref()).map(P::standing)
    }

    fn appeared(&mut self, name: u32, version: u32, queue: &QueueHandle<Self>) {
        let Some(paint) = &mut self.paint else { return };
        // Version 3 has `release`, version 4 its connector's name.
        let proxy: WlOutput = self.registry.bind(name, version.min(4), queue, name);
        let screen = None;
        let mut held =
            Held { proxy, connector: None, is_new: true, screen, was_shown: false, lost: 0 };
        // From version 4 on it is covered when it has told its name.
        if self.look.is_some() && held.proxy.version() < 4 {
            held.screen = Some(paint.cover(&held.output(name), queue));
            paint.done();
        }
        self.screens.insert(name, held);
    }

    /// All is told of a screen: if it is a new one, it gets the look that the others have.
    fn told_of(&mut self, name: u32, queue: &QueueHandle<Self>) {
        let (Some(paint), Some(look)) = (&mut self.paint, self.look) else { return };
        let Some(held) = self.screens.get_mut(&name).filter(|held| held.is_new) else { return };
        held.is_new = false;
        let output = held.output(name);
        if !output.is_left_as_it_is(&look) {
            held.screen = Some(paint.cover(&output, queue));
            paint.done();
        }
    }

    fn vanished(&mut self, name: u32) {
        let Some(Held { proxy, screen, .. }) = self.screens.remove(&name) else { return };
        if let (Some(paint), Some(screen)) = (&mut self.paint, screen) {
            paint.uncover(screen);
        }
        if proxy.version() >= 3 {
            proxy.release();
        }
    }
}

impl<P: Paint> Dispatch<WlRegistry, ()> for World<P> {
    fn event(
        world: &mut Self,
        _: &WlRegistry,
        event: wl_registry::Event,
        (): &(),
        _: &Connection,
        queue: &QueueHandle<Self>,
    ) {
        match event {
            wl_registry::Event::Global { name, interface, version } => {
                let is_output = interface == WlOutput::interface().name;
                world.offered.insert(name, (interface, version));
                if is_output {
                    world.appeared(name, version, queue);
                }
            }
            wl_registry::Event::GlobalRemove { name } => {
                world.offered.remove(&name);
                world.vanished(name);
            }
            _ => {}
        }
    }
}

impl<P: Paint> Dispatch<WlCallback, u32> for World<P> {
    fn event(
        world: &mut Self,
        _: &WlCallback,
        _: wl_callback::Event,
        round: &u32,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        world.round = *round;
    }
}

impl<P: Paint> Dispatch<WlOutput, u32> for World<P> {
    fn event(
        world: &mut Self,
        proxy: &WlOutput,
        event: wl_output::Event,
        name: &u32,
        _: &Connection,
        queue: &QueueHandle<Self>,
    ) {
        match event {
            wl_output::Event::Name { name: connector } => {
                if let Some(held) = world.screens.get_mut(name) {
                    held.connector = Some(connector);
                }
            }
            wl_output::Event::Done if proxy.version() >= 4 => world.told_of(*name, queue),
            _ => {}
        }
    }
}
