//! The loop of the compositor, and what it is told from outside.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use quietd::readiness::wait_on;
use tokio::{io::Interest, net::UnixListener, sync::mpsc, task::JoinHandle};
use wayland_protocols::wp::viewporter::server::wp_viewporter::WpViewporter;
use wayland_protocols_wlr::{
    gamma_control::v1::server::{
        zwlr_gamma_control_manager_v1::ZwlrGammaControlManagerV1,
        zwlr_gamma_control_v1::ZwlrGammaControlV1,
    },
    layer_shell::v1::server::{
        zwlr_layer_shell_v1::ZwlrLayerShellV1, zwlr_layer_surface_v1::ZwlrLayerSurfaceV1,
    },
};
use wayland_server::{
    Display, DisplayHandle,
    backend::{ClientData, ClientId, DisconnectReason, GlobalId},
    protocol::{wl_compositor::WlCompositor, wl_output::WlOutput, wl_shm::WlShm},
};

use super::{
    Offers, Order, SIZE, Seen,
    ctm::{HyprlandCtmControlManagerV1, Matrices},
    objects::overlay,
};

/// What the compositor knows.
pub struct State {
    pub tell: mpsc::UnboundedSender<Seen>,
    pub refused: BTreeSet<u32>,
    pub gammas: BTreeMap<u32, ZwlrGammaControlV1>,
    /// Of those, the ramps that were set, each as its last values.
    pub ramps: BTreeMap<u32, [u16; 3]>,
    pub layers: Vec<ZwlrLayerSurfaceV1>,
    pub matrices: Matrices,
    pub size: (u32, u32),
    screens: BTreeMap<u32, GlobalId>,
}

struct Leaves(mpsc::UnboundedSender<Seen>);

impl ClientData for Leaves {
    fn disconnected(&self, _: ClientId, _: DisconnectReason) {
        let _ = self.0.send(Seen::ClientLeft);
    }
}

pub fn start(
    socket: &Path,
    offers: Offers,
    screens: &[u32],
    orders: mpsc::UnboundedReceiver<Order>,
    tell: mpsc::UnboundedSender<Seen>,
) -> JoinHandle<()> {
    let display = Display::<State>::new().unwrap();
    let handle = display.handle();
    handle.create_global::<State, WlCompositor, ()>(4, ());
    handle.create_global::<State, WlShm, ()>(1, ());
    if offers.gamma {
        handle.create_global::<State, ZwlrGammaControlManagerV1, ()>(1, ());
    }
    if offers.layer_shell {
        handle.create_global::<State, ZwlrLayerShellV1, ()>(4, ());
    }
    if offers.viewporter {
        handle.create_global::<State, WpViewporter, ()>(1, ());
    }
    if let Some(version) = offers.matrices {
        handle.create_global::<State, HyprlandCtmControlManagerV1, ()>(version, ());
    }
    let mut state = State {
        tell,
        refused: BTreeSet::new(),
        gammas: BTreeMap::new(),
        ramps: BTreeMap::new(),
        layers: Vec::new(),
        matrices: Matrices::default(),
        size: SIZE,
        screens: BTreeMap::new(),
    };
    for screen in screens {
        state.plug(&handle, *screen);
    }
    let listener = UnixListener::bind(socket).unwrap();
    tokio::spawn(run(display, state, listener, orders))
}

async fn run(
    mut display: Display<State>,
    mut state: State,
    listener: UnixListener,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let clients = wait_on(&display.backend().poll_fd(), Interest::READABLE).unwrap();
    let mut handle = display.handle();
    let mut hangs = false;
    loop {
        tokio::select! {
            ready = clients.readable(), if !hangs => {
                ready.unwrap().clear_ready();
                display.dispatch_clients(&mut state).unwrap();
            }
            accepted = listener.accept(), if !hangs => {
                let stream = accepted.unwrap().0.into_std().unwrap();
                let leaves = Arc::new(Leaves(state.tell.clone()));
                handle.insert_client(stream, leaves).unwrap();
            }
            order = orders.recv() => match order {
                None => return,
                Some(Order::Hang(now)) => {
                    hangs = now;
                    if !hangs {
                        display.dispatch_clients(&mut state).unwrap();
                    }
                }
                Some(order) => state.obey(&handle, order),
            },
        }
        if !hangs {
            display.flush_clients().unwrap();
        }
    }
}

impl State {
    fn plug(&mut self, handle: &DisplayHandle, screen: u32) {
        self.screens.insert(screen, handle.create_global::<Self, WlOutput, u32>(4, screen));
    }

    fn obey(&mut self, handle: &DisplayHandle, order: Order) {
        match order {
            Order::Plug(screen) => self.plug(handle, screen),
            Order::Unplug(screen) => {
                let global = self.screens.remove(&screen).unwrap();
                handle.remove_global::<Self>(global);
            }
            Order::RefuseGamma(screen) => {
                self.refused.insert(screen);
            }
            Order::AllowGamma(screen) => {
                self.refused.remove(&screen);
            }
            Order::TakeGammaAway => {
                self.refused.extend(self.screens.keys());
                for control in self.gammas.values() {
                    control.failed();
                }
                self.gammas.clear();
                self.ramps.clear();
            }
            Order::FailGamma(screen) => {
                self.gammas.remove(&screen).unwrap().failed();
                self.ramps.remove(&screen);
            }
            Order::BlockMatrices => self.matrices.is_blocked = true,
            Order::Resize(width, height) => {
                self.size = (width, height);
                for layer in &self.layers {
                    layer.configure(2, width, height);
                }
            }
            Order::CloseOverlays => self.layers.drain(..).for_each(|layer| layer.closed()),
            Order::Hang(_) => unreachable!("the loop's own"),
            Order::Look(reply) => {
                let overlays: Vec<_> = self.layers.iter().filter_map(overlay).collect();
                let (ramps, matrices) = (&self.ramps, &self.matrices.committed);
                let _ = reply.send(format!("ramps {ramps:?}, overlays {overlays:?}, {matrices:?}"));
            }
        }
    }
}
