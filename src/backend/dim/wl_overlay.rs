//! A shade over everything: wlr-layer-shell-unstable-v1, versions 1 to 4, with viewporter where it is offered.
//!
//! wlroots compositors and `KWin`. One surface for each screen, of one pixel stretched over it, on the overlay layer, with
//! no input: the pointer and the keyboard do not know of it. Nothing is drawn twice and no frames are asked for. With the
//! connection's end the compositor drops it all. It is seen in screenshots, and the pointer above it is not dimmed; so it
//! is the last choice.

use std::os::fd::AsFd as _;

use wayland_client::{
    Connection, Dispatch, QueueHandle, delegate_noop,
    protocol::{
        wl_buffer::WlBuffer,
        wl_compositor::WlCompositor,
        wl_region::WlRegion,
        wl_shm::{Format, WlShm},
        wl_shm_pool::WlShmPool,
        wl_surface::WlSurface,
    },
};
use wayland_protocols::wp::viewporter::client::{
    wp_viewport::WpViewport, wp_viewporter::WpViewporter,
};
use wayland_protocols_wlr::layer_shell::v1::client::{
    zwlr_layer_shell_v1::{Layer, ZwlrLayerShellV1},
    zwlr_layer_surface_v1::{Anchor, Event, KeyboardInteractivity, ZwlrLayerSurfaceV1},
};

use super::{
    glide::Look,
    wayland::{Globals, Output, Paint, Standing, WaylandBackend, World, file_with},
};
use crate::{
    backend::{Backend, Desktop, Environment, Known, Row},
    plan::Measure,
};

const ID: &str = "wl-overlay";

/// The registry's row.
pub const ROW: Row = Row {
    id: ID,
    title: "an overlay",
    measures: &[Measure::Dim, Measure::Warmth],
    since: "",
    cannot: "It is seen in screenshots and shared screens, and leaves the pointer as bright as it was.",
    seen: &[
        (Environment::Plasma5, Known::Real("KWin 5.27.5")),
        (Environment::Plasma6, Known::StandIn),
        (Environment::Sway, Known::Real("sway 1.7 and 1.12")),
        (Environment::Wlroots, Known::StandIn),
        (Environment::Hyprland, Known::StandIn),
        (Environment::Niri, Known::StandIn),
        (Environment::Cosmic, Known::Source),
    ],
    names: &[],
    wants_end: false,
    open,
};

/// Opens it.
pub fn open(desktop: &Desktop) -> Box<dyn Backend> {
    Box::new(WaylandBackend::<Overlay>::new(desktop))
}

/// How much of a warmth's ideal is laid over. A shade can only add light where it colours, so all of it would turn black
/// text orange.
const TINT_STRENGTH: f64 = 0.35;

#[derive(Debug)]
struct Overlay {
    compositor: WlCompositor,
    shm: WlShm,
    shell: ZwlrLayerShellV1,
    viewporter: Option<WpViewporter>,
    look: Look,
}

#[derive(Debug)]
struct Screen {
    surface: WlSurface,
    layer: ZwlrLayerSurfaceV1,
    viewport: Option<WpViewport>,
    buffer: Option<WlBuffer>,
    place: Place,
    is_panel: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Unknown,
    Sized(u32, u32),
    Closed,
}

impl Paint for Overlay {
    type Screen = Screen;
    const ID: &'static str = ID;
    const MEASURES: &'static [Measure] = ROW.measures;
    const READY: &'static str = "an overlay that the compositor puts over everything";
    const REFUSED: &'static str = "the compositor closed the overlay on every screen";
    // Nobody else wants it: a compositor closes it for reasons of its own, such as a screen that is switched off.
    const RETAKES: u8 = 3;

    fn bind(globals: &Globals<'_>, queue: &QueueHandle<World<Self>>) -> Result<Self, &'static str> {
        Ok(Self {
            shell: globals.bind(4, queue)?,
            compositor: globals.bind(4, queue)?,
            shm: globals.bind(1, queue)?,
            viewporter: globals.bind(1, queue).ok(),
            look: Look::default(),
        })
    }

    fn glides(&self) -> bool {
        // Without it each step would be a buffer as large as the screen.
        self.viewporter.is_some()
    }

    fn mix(&mut self, look: &Look, _: &QueueHandle<World<Self>>) {
        self.look = *look;
    }

    fn cover(&mut self, output: &Output<'_>, queue: &QueueHandle<World<Self>>) -> Screen {
        let surface = self.compositor.create_surface(queue, ());
        let nowhere = self.compositor.create_region(queue, ());
        surface.set_input_region(Some(&nowhere));
        nowhere.destroy();
        let layer = self.shell.get_layer_surface(
            &surface,
            Some(output.proxy),
            Layer::Overlay,
            "quietd".to_owned(),
            queue,
            output.name,
        );
        layer.set_anchor(Anchor::all());
        layer.set_size(0, 0);
        // Over panels too, and without moving them.
        layer.set_exclusive_zone(-1);
        layer.set_keyboard_interactivity(KeyboardInteractivity::None);
        let viewport = self.viewporter.as_ref().map(|all| all.get_viewport(&surface, queue, ()));
        surface.commit();
        let is_panel = output.is_panel;
        Screen { surface, layer, viewport, buffer: None, place: Place::Unknown, is_panel }
    }

    fn repaint(&mut self, screen: &mut Screen, queue: &QueueHandle<World<Self>>) {
        let Place::Sized(width, height) = screen.place else { return };
        let (columns, rows) = if screen.viewport.is_some() { (1, 1) } else { (width, height) };
        let pixel = pixel(&self.look.on(screen.is_panel));
        let Some(buffer) = self.buffer(pixel, columns, rows, queue) else {
            screen.place = Place::Closed;
            return;
        };
        if let Some(viewport) = &screen.viewport {
            viewport.set_destination(signed(width), signed(height));
        }
        screen.surface.attach(Some(&buffer), 0, 0);
        screen.surface.damage(0, 0, i32::MAX, i32::MAX);
        screen.surface.commit();
        if let Some(old) = screen.buffer.replace(buffer) {
            old.destroy();
        }
    }

    fn uncover(&mut self, screen: Screen) {
        if let Some(viewport) = screen.viewport {
            viewport.destroy();
        }
        screen.layer.destroy();
        screen.surface.destroy();
        if let Some(buffer) = screen.buffer {
            buffer.destroy();
        }
    }

    fn standing(screen: &Screen) -> Standing {
        match screen.place {
            Place::Unknown => Standing::Waiting,
            Place::Sized(..) => Standing::Shown,
            Place::Closed => Standing::Refused,
        }
    }
}

impl Overlay {
    /// A buffer of one colour; none where there is no memory for it.
    fn buffer(
        &self,
        pixel: u32,
        columns: u32,
        rows: u32,
        queue: &QueueHandle<World<Self>>,
    ) -> Option<WlBuffer> {
        let (width, height) = (i32::try_from(columns).ok()?, i32::try_from(rows).ok()?);
        let stride = width.checked_mul(4)?;
        let size = stride.checked_mul(height)?;
        let row = pixel.to_le_bytes().repeat(usize::try_from(columns).ok()?);
        let memory = file_with(|file| (0..rows).try_for_each(|_| file.write_all(&row)))
            .inspect_err(|error| tracing::warn!(backend = ID, %error, "no memory for the overlay"))
            .ok()?;
        let pool = self.shm.create_pool(memory.as_fd(), size, queue, ());
        let buffer = pool.create_buffer(0, width, height, stride, Format::Argb8888, queue, ());
        pool.destroy();
        Some(buffer)
    }
}

fn signed(length: u32) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// The one colour of a look, as premultiplied ARGB.
///
/// What is seen is `colour + (1 − alpha) · below` in each channel. A black of alpha `dim` darkens exactly. Warmth cannot
/// be exact with one alpha for three channels: white would end at the warmth's own colour with an alpha of what the
/// warmth takes from blue, under an orange that gives red (and part of green) back. [`TINT_STRENGTH`] of that is laid
/// on, and darkened with the rest.
fn pixel(look: &Look) -> u32 {
    let [red, green, blue] = look.tint;
    let taken = TINT_STRENGTH * (1.0 - blue);
    let given_back = |light: f64| if blue < 1.0 { (light - blue) / (1.0 - blue) } else { 0.0 };
    let bright = look.light;
    let channels = [
        1.0 - bright * (1.0 - taken),
        bright * taken * given_back(red),
        bright * taken * given_back(green),
        0.0,
    ];
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "each is between 0 and 1"
    )]
    u32::from_be_bytes(channels.map(|part| (part * 255.0).round() as u8))
}

impl Dispatch<ZwlrLayerSurfaceV1, u32> for World<Overlay> {
    fn event(
        world: &mut Self,
        layer: &ZwlrLayerSurfaceV1,
        event: Event,
        name: &u32,
        _: &Connection,
        queue: &QueueHandle<Self>,
    ) {
        // An event may still be on its way to a surface that was given back.
        let Some((overlay, screen)) =
            world.screen(*name).filter(|(_, screen)| screen.layer == *layer)
        else {
            return;
        };
        match event {
            Event::Configure { serial, width, height } => {
                layer.ack_configure(serial);
                let place = Place::Sized(width, height);
                // Compositors repeat themselves at the start; only another size is worth a new picture.
                if screen.place != place && width > 0 && height > 0 {
                    screen.place = place;
                    overlay.repaint(screen, queue);
                }
            }
            Event::Closed => {
                tracing::debug!(backend = ID, output = name, "the compositor closed the overlay");
                screen.place = Place::Closed;
            }
            _ => {}
        }
    }
}

delegate_noop!(World<Overlay>: ignore WlCompositor);
delegate_noop!(World<Overlay>: ignore WlShm);
delegate_noop!(World<Overlay>: ignore WlShmPool);
delegate_noop!(World<Overlay>: ignore WlBuffer);
delegate_noop!(World<Overlay>: ignore WlSurface);
delegate_noop!(World<Overlay>: ignore WlRegion);
delegate_noop!(World<Overlay>: ignore WpViewporter);
delegate_noop!(World<Overlay>: ignore WpViewport);
delegate_noop!(World<Overlay>: ignore ZwlrLayerShellV1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::dim::wayland::Shade;

    fn of(dim: u8, warmth: Option<u16>) -> u32 {
        pixel(&Shade { dim, warmth, ..Shade::default() }.into())
    }

    #[test]
    fn dimming_alone_is_black() {
        assert_eq!(of(0, None), 0x0000_0000);
        assert_eq!(of(40, None), 0x6600_0000);
        assert_eq!(of(75, None), 0xbf00_0000);
    }

    #[test]
    fn warmth_is_a_light_orange() {
        let [alpha, red, green, blue] = of(0, Some(3400)).to_be_bytes();
        assert!((20..70).contains(&alpha), "alpha {alpha}");
        assert_eq!(red, alpha, "red stays as bright as it was");
        assert!(0 < green && green < red, "green {green}");
        assert_eq!(blue, 0);
    }

    #[test]
    fn colours_never_exceed_alpha() {
        for dim in 0..=75 {
            for kelvin in (1000..=6500).step_by(250) {
                let [alpha, red, green, blue] = of(dim, Some(kelvin)).to_be_bytes();
                assert!(red <= alpha && green <= alpha && blue <= alpha, "{dim} {kelvin}");
            }
        }
    }
}
