//! Gamma ramps on wlroots compositors: wlr-gamma-control-unstable-v1, version 1.
//!
//! sway, labwc, niri, Hyprland, cage and others. One client at a time may have a screen's ramps, there is no way to read
//! what they were, and none is needed: with the control's end the compositor puts back its own.

use std::os::fd::AsFd as _;

use wayland_client::{Connection, Dispatch, QueueHandle, delegate_noop};
use wayland_protocols_wlr::gamma_control::v1::client::{
    zwlr_gamma_control_manager_v1::ZwlrGammaControlManagerV1,
    zwlr_gamma_control_v1::{Event, ZwlrGammaControlV1},
};

use super::{
    glide::Look,
    wayland::{Globals, Output, Paint, Standing, WaylandBackend, World, file_with},
};
use crate::{
    backend::{Backend, Desktop, Environment, Known, Row},
    plan::Measure,
};

const ID: &str = "wl-gamma";

/// The registry's row.
pub const ROW: Row = Row {
    id: ID,
    title: "wlroots gamma",
    measures: &[Measure::Dim, Measure::Warmth],
    since: "",
    cannot: "Only one program at a time can have it: with wlsunset or gammastep running, the overlay is used.",
    seen: &[
        (Environment::Sway, Known::StandIn),
        (Environment::Wlroots, Known::StandIn),
        (Environment::Hyprland, Known::StandIn),
        (Environment::Niri, Known::StandIn),
    ],
    names: &[],
    wants_end: false,
    open,
};

/// Opens it.
pub fn open(desktop: &Desktop) -> Box<dyn Backend> {
    Box::new(WaylandBackend::<Gamma>::new(desktop))
}

/// No screen has larger ramps; a size above it is not meant.
const RAMP_AT_MOST: u32 = 1 << 16;

#[derive(Debug)]
struct Gamma {
    controls: ZwlrGammaControlManagerV1,
    look: Look,
}

#[derive(Debug)]
struct Screen {
    control: ZwlrGammaControlV1,
    ramp: Ramp,
    is_panel: bool,
}

#[derive(Clone, Copy, Debug)]
enum Ramp {
    Unknown,
    Of(u32),
    Refused,
}

impl Paint for Gamma {
    type Screen = Screen;
    const ID: &'static str = ID;
    const MEASURES: &'static [Measure] = ROW.measures;
    const READY: &'static str = "the compositor's gamma control";
    const REFUSED: &'static str = "the screens' gamma is not to be had: another program holds it (a night light such as \
        wlsunset or gammastep), or these screens have none";

    fn bind(globals: &Globals<'_>, queue: &QueueHandle<World<Self>>) -> Result<Self, &'static str> {
        Ok(Self { controls: globals.bind(1, queue)?, look: Look::default() })
    }

    fn mix(&mut self, look: &Look, _: &QueueHandle<World<Self>>) {
        self.look = *look;
    }

    fn cover(&mut self, output: &Output<'_>, queue: &QueueHandle<World<Self>>) -> Screen {
        let control = self.controls.get_gamma_control(output.proxy, queue, output.name);
        Screen { control, ramp: Ramp::Unknown, is_panel: output.is_panel }
    }

    fn repaint(&mut self, screen: &mut Screen, _: &QueueHandle<World<Self>>) {
        let Ramp::Of(size) = screen.ramp else { return };
        let look = self.look.on(screen.is_panel);
        match file_with(|file| file.write_all(&ramps(size, &look))) {
            Ok(file) => screen.control.set_gamma(file.as_fd()),
            Err(error) => {
                tracing::warn!(backend = ID, %error, "no memory for a gamma ramp");
                screen.ramp = Ramp::Refused;
            }
        }
    }

    fn uncover(&mut self, screen: Screen) {
        screen.control.destroy();
    }

    fn standing(screen: &Screen) -> Standing {
        match screen.ramp {
            Ramp::Unknown => Standing::Waiting,
            Ramp::Of(_) => Standing::Shown,
            Ramp::Refused => Standing::Refused,
        }
    }
}

/// Red, green and blue one after the other, each `size` values in the machine's byte order, rising evenly to the light
/// that the look leaves.
fn ramps(size: u32, look: &Look) -> Vec<u8> {
    let top = f64::from(u16::MAX);
    let last = f64::from(size.saturating_sub(1).max(1));
    let value = |light: f64, step: u32| {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and u16::MAX: light and step/last are at most 1"
        )]
        let value = (top * light * (f64::from(step) / last)).round() as u16;
        value
    };
    look.channels()
        .into_iter()
        .flat_map(|light| (0..size).map(move |step| value(light, step)))
        .flat_map(u16::to_ne_bytes)
        .collect()
}

impl Dispatch<ZwlrGammaControlV1, u32> for World<Gamma> {
    fn event(
        world: &mut Self,
        control: &ZwlrGammaControlV1,
        event: Event,
        name: &u32,
        _: &Connection,
        queue: &QueueHandle<Self>,
    ) {
        // An event may still be on its way to a control that was given back.
        let Some((gamma, screen)) =
            world.screen(*name).filter(|(_, screen)| screen.control == *control)
        else {
            return;
        };
        match event {
            Event::GammaSize { size: size @ 2..=RAMP_AT_MOST } => {
                screen.ramp = Ramp::Of(size);
                gamma.repaint(screen, queue);
            }
            Event::GammaSize { size } => {
                tracing::warn!(backend = ID, size, "gamma ramps of a size that cannot be meant");
                screen.ramp = Ramp::Refused;
            }
            Event::Failed => {
                tracing::debug!(backend = ID, output = name, "no gamma for this screen");
                screen.ramp = Ramp::Refused;
            }
            _ => {}
        }
    }
}

delegate_noop!(World<Gamma>: ignore ZwlrGammaControlManagerV1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::dim::wayland::Shade;

    fn values(size: u32, shade: Shade) -> Vec<u16> {
        ramps(size, &shade.into())
            .chunks(2)
            .map(|pair| u16::from_ne_bytes([pair[0], pair[1]]))
            .collect()
    }

    #[test]
    fn an_untouched_look_is_the_even_ramp() {
        let even = [0, 21845, 43690, 65535];
        assert_eq!(values(4, Shade::default()), [even, even, even].concat());
    }

    #[test]
    fn each_channel_ends_at_the_light_that_is_left() {
        let ramp = values(256, Shade { dim: 50, warmth: Some(2500), ..Shade::default() });
        assert_eq!(ramp.len(), 3 * 256);
        let (red, green, blue) = (ramp[255], ramp[511], ramp[767]);
        assert_eq!(red, 32768);
        assert!((20_000..22_000).contains(&green), "green {green}");
        assert!((8_000..10_500).contains(&blue), "blue {blue}");
        assert!(ramp.chunks(256).all(|channel| channel[0] == 0 && channel.is_sorted()));
    }
}
