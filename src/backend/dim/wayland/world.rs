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

use super::{Globals, Paint, Shade, Standing};

/// One connection's state; `wayland-client` calls it for each event.
#[derive(Debug)]
pub struct World<P: Paint> {
    registry: WlRegistry,
    offered: BTreeMap<u32, (String, u32)>,
    paint: Option<P>,
    shade: Option<Shade>,
    screens: BTreeMap<u32, Output<P::Screen>>,
    /// The number of the last round trip that came back.
    pub(super) round: u32,
}

#[derive(Debug)]
struct Output<S> {
    output: WlOutput,
    screen: Option<S>,
}

impl<P: Paint> World<P> {
    pub(super) fn new(registry: WlRegistry) -> Self {
        Self {
            registry,
            offered: BTreeMap::new(),
            paint: None,
            shade: None,
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

    /// Puts every screen in a shade, and every one that comes later; screens that were refused are asked for again.
    pub(super) fn show(&mut self, shade: Shade, queue: &QueueHandle<Self>) {
        self.shade = Some(shade);
        let Some(paint) = &mut self.paint else { return };
        paint.mix(shade, queue);
        for (name, Output { output, screen }) in &mut self.screens {
            match screen {
                Some(covered) if P::standing(covered) != Standing::Refused => {
                    paint.repaint(covered, queue);
                }
                _ => {
                    if let Some(refused) = screen.take() {
                        paint.uncover(refused);
                    }
                    *screen = Some(paint.cover(*name, output, queue));
                }
            }
        }
    }

    /// Gives every screen back.
    pub(super) fn clear(&mut self) {
        self.shade = None;
        let Some(paint) = &mut self.paint else { return };
        for covered in self.screens.values_mut().filter_map(|output| output.screen.take()) {
            paint.uncover(covered);
        }
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

    fn standings(&self) -> impl Iterator<Item = Standing> {
        self.screens.values().filter_map(|output| output.screen.as_ref()).map(P::standing)
    }

    fn appeared(&mut self, name: u32, version: u32, queue: &QueueHandle<Self>) {
        let Some(paint) = &mut self.paint else { return };
        // Version 3 has `release`; nothing of later ones is needed.
        let output: WlOutput = self.registry.bind(name, version.min(3), queue, ());
        let screen = self.shade.map(|_| paint.cover(name, &output, queue));
        self.screens.insert(name, Output { output, screen });
    }

    fn vanished(&mut self, name: u32) {
        let Some(Output { output, screen }) = self.screens.remove(&name) else { return };
        if let (Some(paint), Some(screen)) = (&mut self.paint, screen) {
            paint.uncover(screen);
        }
        if output.version() >= 3 {
            output.release();
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

impl<P: Paint> Dispatch<WlOutput, ()> for World<P> {
    fn event(
        _: &mut Self,
        _: &WlOutput,
        _: wl_output::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
    }
}
