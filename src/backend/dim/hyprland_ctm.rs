//! Hyprland's colour matrices: hyprland-ctm-control-v1, version 2 (Hyprland 0.48 and newer).
//!
//! One matrix of three by three for each screen makes it darker, warmer and grey in one, for the pointer too, and is seen in
//! no screenshot. One client at a time may have them; whoever comes later is told so at once, and does nothing. With the
//! end of the one who has them, the compositor gives every screen identity. It fades from matrix to matrix by itself, or
//! not, as the person has set it, so no steps are sent.
//!
//! Version 1 tells nobody that another has them, and its end would take the other's away: it is not used. A screen that
//! mirrors another is not told to clients, and stays as it is.

mod protocol;

use std::collections::BTreeMap;

use wayland_client::{
    Connection, Dispatch, QueueHandle,
    protocol::{wl_output::WlOutput, wl_registry::WlRegistry},
};

use protocol::hyprland_ctm_control_manager_v1::{Event, HyprlandCtmControlManagerV1};

use super::{
    glide::Look,
    wayland::{Globals, Output, Paint, Standing, WaylandBackend, World},
};
use crate::{
    backend::{Backend, Desktop, Environment, Known, Row},
    plan::Measure,
};

const ID: &str = "hyprland-ctm";

/// The registry's row.
pub const ROW: Row = Row {
    id: ID,
    title: "Hyprland's colour matrix",
    measures: &[Measure::Dim, Measure::Warmth, Measure::Greyscale],
    since: "Hyprland 0.48 and newer",
    cannot: "Only one program at a time can have it: while hyprsunset runs, colours stay. A screen that mirrors another \
             stays as it is.",
    seen: &[(Environment::Hyprland, Known::StandIn)],
    names: &[],
    wants_end: false,
    open,
};

/// Opens it.
pub fn open(desktop: &Desktop) -> Box<dyn Backend> {
    Box::new(WaylandBackend::<Matrices>::new(desktop))
}

/// The first version that tells who comes too late.
const SINCE: u32 = 2;

/// How much red, green and blue add to what is seen as bright (ITU-R BT.709), in the steps the protocol has; together 1.
const LUMA: [f64; 3] = [54.0 / 256.0, 183.0 / 256.0, 19.0 / 256.0];

#[derive(Debug)]
struct Matrices {
    registry: WlRegistry,
    global: u32,
    /// None while no screen is covered: whoever has it keeps others from having it.
    manager: Option<HyprlandCtmControlManagerV1>,
    is_blocked: bool,
    /// A commit is for all screens: by the protocol, those it does not name lose their matrix.
    outputs: BTreeMap<u32, WlOutput>,
    matrix: [f64; 9],
}

/// One screen; that it has a matrix is known to the compositor alone.
#[derive(Debug)]
struct Screen {
    name: u32,
    is_blocked: bool,
}

impl Paint for Matrices {
    type Screen = Screen;
    const ID: &'static str = ID;
    const MEASURES: &'static [Measure] = ROW.measures;
    const READY: &'static str = "Hyprland's control of the screens' colour matrices";
    const REFUSED: &'static str = "the screens' colour matrices are not to be had: another program holds them (such as hyprsunset)";

    fn bind(globals: &Globals<'_>, _: &QueueHandle<World<Self>>) -> Result<Self, &'static str> {
        let (global, version) = globals.offer::<HyprlandCtmControlManagerV1>()?;
        if version < SINCE {
            return Err("version 2 of hyprland_ctm_control_manager_v1 (Hyprland 0.48)");
        }
        Ok(Self {
            registry: globals.registry(),
            global,
            manager: None,
            is_blocked: false,
            outputs: BTreeMap::new(),
            matrix: matrix(&Look::default()),
        })
    }

    fn glides(&self) -> bool {
        false
    }

    fn mix(&mut self, look: &Look, _: &QueueHandle<World<Self>>) {
        self.matrix = matrix(look);
    }

    fn cover(&mut self, output: &Output<'_>, queue: &QueueHandle<World<Self>>) -> Screen {
        let name = output.name;
        self.manager.get_or_insert_with(|| self.registry.bind(self.global, SINCE, queue, ()));
        self.outputs.insert(name, output.proxy.clone());
        Screen { name, is_blocked: self.is_blocked }
    }

    fn repaint(&mut self, _: &mut Screen, _: &QueueHandle<World<Self>>) {}

    fn done(&mut self) {
        let Some(manager) = self.manager.as_ref().filter(|_| !self.is_blocked) else { return };
        let [rr, rg, rb, gr, gg, gb, br, bg, bb] = self.matrix;
        for output in self.outputs.values() {
            manager.set_ctm_for_output(output, rr, rg, rb, gr, gg, gb, br, bg, bb);
        }
        manager.commit();
    }

    fn uncover(&mut self, screen: Screen) {
        self.outputs.remove(&screen.name);
        // Hyprland keeps the matrix of a screen that a commit does not name; the manager's end gives it back.
        if self.outputs.is_empty()
            && let Some(manager) = self.manager.take()
        {
            manager.destroy();
            self.is_blocked = false;
        }
    }

    fn standing(screen: &Screen) -> Standing {
        if screen.is_blocked { Standing::Refused } else { Standing::Shown }
    }
}

/// The matrix that leaves what a look leaves, row by row: what red, green and blue each take from red, green and blue.
fn matrix(look: &Look) -> [f64; 9] {
    let left = look.channels();
    std::array::from_fn(|nth| {
        let (to, from) = (nth / 3, nth % 3);
        let own = if to == from { 1.0 } else { 0.0 };
        left[to] * (own + (LUMA[from] - own) * look.grey)
    })
}

impl Dispatch<HyprlandCtmControlManagerV1, ()> for World<Matrices> {
    fn event(
        world: &mut Self,
        _: &HyprlandCtmControlManagerV1,
        Event::Blocked: Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        tracing::debug!(backend = ID, "another program has the colour matrices");
        world.each(|matrices, screen| {
            matrices.is_blocked = true;
            screen.is_blocked = true;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::dim::wayland::Shade;

    fn of(dim: u8, warmth: Option<u16>, greyscale: bool) -> [f64; 9] {
        matrix(&Shade { dim, warmth, greyscale, ..Shade::default() }.into())
    }

    fn near(is: &[f64], wanted: &[f64]) -> bool {
        is.iter().zip(wanted).all(|(is, wanted)| (is - wanted).abs() < 1e-9)
    }

    #[test]
    fn an_untouched_look_is_identity() {
        let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        assert!(near(&of(0, None, false), &identity));
    }

    #[test]
    fn dim_and_warmth_are_on_the_diagonal() {
        let [red, _, _, _, green, _, _, _, blue] = of(50, Some(2500), false);
        assert!(near(&[red], &[0.5]));
        assert!(blue < green && green < red, "{green} {blue}");
        assert_eq!(of(50, Some(2500), false).iter().filter(|part| **part > 0.0).count(), 3);
    }

    #[test]
    fn grey_gives_every_channel_the_same_and_white_stays_white() {
        let grey = of(0, None, true);
        for row in grey.chunks(3) {
            assert!(near(row, &LUMA));
            assert!(near(&[row.iter().sum()], &[1.0]));
        }
        let warm = of(40, Some(3400), true);
        let plain = of(40, Some(3400), false);
        for (nth, row) in warm.chunks(3).enumerate() {
            // What is grey has the warmth's own colour.
            assert!(near(&[row.iter().sum()], &[plain[4 * nth]]));
        }
    }

    #[test]
    fn nothing_is_negative() {
        for dim in 0..=75 {
            for kelvin in (1000..=6500).step_by(500) {
                for greyscale in [false, true] {
                    assert!(of(dim, Some(kelvin), greyscale).iter().all(|part| *part >= 0.0));
                }
            }
        }
    }
}
