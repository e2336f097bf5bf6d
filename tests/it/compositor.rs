//! A compositor that does what a test says: it refuses gamma, gets screens, hangs, dies.

mod ctm;
mod objects;
mod serving;
mod stand_in;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use quietd::{
    backend::{Change, Desktop},
    env::Env,
    standin::PrivateBus,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

pub use stand_in::{Screens, TakesBack};

/// From this number on screens are panels of a laptop; before it, they are monitors.
pub const PANELS: u32 = 90;

/// What it offers beside screens.
#[derive(Clone, Copy, Debug)]
pub struct Offers {
    pub gamma: bool,
    pub layer_shell: bool,
    pub viewporter: bool,
    /// The version of Hyprland's colour matrices.
    pub matrices: Option<u32>,
}

pub const ALL: Offers = Offers { gamma: true, layer_shell: true, viewporter: true, matrices: None };

/// What a client did to a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    GammaAsked(u32),
    Ramp {
        screen: u32,
        red: Vec<u16>,
        green: Vec<u16>,
        blue: Vec<u16>,
    },
    GammaEnded(u32),
    Overlay(u32, Picture),
    OverlayEnded(u32),
    /// The matrices of all screens, in 256ths, as they were committed.
    Matrices(BTreeMap<u32, [i32; 9]>),
    MatricesEnded,
    ClientLeft,
}

/// A surface with a buffer, as it was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub layer: String,
    pub anchored_to_all_sides: bool,
    pub exclusive_zone: i32,
    pub keyboard: String,
    /// Whether the pointer goes through: an input region was set, with nothing in it.
    pub lets_input_through: bool,
    /// Columns and rows of the buffer.
    pub buffer: (i32, i32),
    /// What it is stretched to, if it is.
    pub stretched_to: Option<(i32, i32)>,
    /// Premultiplied ARGB, the same everywhere in the buffer.
    pub pixel: u32,
}

#[derive(Debug)]
enum Order {
    Plug(u32),
    Unplug(u32),
    RefuseGamma(u32),
    AllowGamma(u32),
    TakeGammaAway,
    FailGamma(u32),
    BlockMatrices,
    Resize(u32, u32),
    CloseOverlays,
    Hang(bool),
    /// Asks how the screens look.
    Look(oneshot::Sender<String>),
}

/// The size of every screen at first.
pub const SIZE: (u32, u32) = (64, 48);

pub struct Compositor {
    socket: PathBuf,
    offers: Offers,
    screens: Vec<u32>,
    orders: mpsc::UnboundedSender<Order>,
    seen: mpsc::UnboundedReceiver<Seen>,
    task: JoinHandle<()>,
}

impl Compositor {
    pub fn start(socket: &Path, offers: Offers, screens: &[u32]) -> Self {
        let (orders, taken) = mpsc::unbounded_channel();
        let (tell, seen) = mpsc::unbounded_channel();
        let task = serving::start(socket, offers, screens, taken, tell);
        let (socket, screens) = (socket.to_owned(), screens.to_owned());
        Self { socket, offers, screens, orders, seen, task }
    }

    /// What happens next.
    pub async fn next(&mut self) -> Seen {
        timeout(Duration::from_secs(5), self.seen.recv()).await.expect("nothing happens").unwrap()
    }

    /// The next `count` events, in an order that does not depend on which screen came first.
    pub async fn next_sorted(&mut self, count: usize) -> Vec<Seen> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(self.next().await);
        }
        all.sort_by_key(|seen| format!("{seen:?}"));
        all
    }

    /// The next ramp's last values: red, green, blue.
    pub async fn next_ramp(&mut self) -> (u32, [u16; 3]) {
        match self.next().await {
            Seen::Ramp { screen, red, green, blue } => {
                (screen, [red, green, blue].map(|channel| *channel.last().unwrap()))
            }
            other => panic!("{other:?} where a ramp should be"),
        }
    }

    /// The last values of the ramp that a glide leads to, after steps that all go the same way.
    pub async fn glides_to(&mut self, on: u32, wanted: [u16; 3]) -> usize {
        let mut steps = Vec::new();
        while steps.last() != Some(&wanted) {
            let (screen, ramp) = self.next_ramp().await;
            assert_eq!(screen, on);
            steps.push(ramp);
        }
        let first: Vec<u16> = steps.iter().map(|ramp| ramp[2]).collect();
        assert!(first.is_sorted() || first.is_sorted_by(|one, next| one >= next), "{steps:?}");
        steps.len()
    }

    /// The next picture on a screen.
    pub async fn next_picture(&mut self) -> (u32, Picture) {
        match self.next().await {
            Seen::Overlay(screen, picture) => (screen, picture),
            other => panic!("{other:?} where a picture should be"),
        }
    }

    /// Whether anything happened that nobody asked about.
    pub fn is_quiet(&mut self) -> bool {
        self.seen.try_recv().is_err()
    }

    pub fn plug(&self, screen: u32) {
        self.order(Order::Plug(screen));
    }

    pub fn unplug(&self, screen: u32) {
        self.order(Order::Unplug(screen));
    }

    /// As a headless screen does, or while another client has it.
    pub fn refuse_gamma(&self, screen: u32) {
        self.order(Order::RefuseGamma(screen));
    }

    pub fn allow_gamma(&self, screen: u32) {
        self.order(Order::AllowGamma(screen));
    }

    /// Ends every gamma control, and refuses new ones.
    pub fn take_gamma_away(&self) {
        self.order(Order::TakeGammaAway);
    }

    /// Ends the control of one screen, and would give it again.
    pub fn fail_gamma(&self, screen: u32) {
        self.order(Order::FailGamma(screen));
    }

    /// As while another client has the matrices.
    pub fn block_matrices(&self) {
        self.order(Order::BlockMatrices);
    }

    pub fn resize(&self, width: u32, height: u32) {
        self.order(Order::Resize(width, height));
    }

    pub fn close_overlays(&self) {
        self.order(Order::CloseOverlays);
    }

    pub fn hang(&self, hangs: bool) {
        self.order(Order::Hang(hangs));
    }

    /// Dies; every client is cut off.
    pub async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
        std::fs::remove_file(&self.socket).unwrap();
        self.seen.close();
    }

    /// Comes back under the same name, with the same screens.
    pub fn restart(&mut self) {
        *self = Self::start(&self.socket, self.offers, &self.screens);
    }

    /// How every screen looks that looks other than by itself.
    pub fn look(&self) -> impl Future<Output = String> + use<> {
        let (reply, looks) = oneshot::channel();
        self.order(Order::Look(reply));
        async { looks.await.unwrap() }
    }

    fn order(&self, order: Order) {
        self.orders.send(order).unwrap();
    }
}

impl Drop for Compositor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A compositor, and a desktop that knows where it is.
pub struct Stage {
    pub compositor: Compositor,
    pub desktop: Desktop,
    pub bus: PrivateBus,
    folder: tempfile::TempDir,
}

impl Stage {
    /// One where the person wants nothing to move.
    pub async fn with(offers: Offers, screens: &[u32]) -> Self {
        let stage = Self::that_moves(offers, screens).await;
        still(&stage.desktop.env);
        stage
    }

    pub async fn that_moves(offers: Offers, screens: &[u32]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let compositor = Compositor::start(&folder.path().join("wayland-7"), offers, screens);
        let bus = PrivateBus::start().unwrap();
        let mut env = Env::from_lookup(&|_| None);
        env.runtime_dir = Some(folder.path().to_owned());
        env.wayland_display = Some("wayland-7".to_owned());
        env.config_home = folder.path().join("config");
        env.procfs = folder.path().join("proc");
        let session = bus.connect().await.unwrap();
        let desktop = Desktop::new(session, None, Arc::new(env));
        Self { compositor, desktop, bus, folder }
    }

    /// Another program of the person's runs.
    pub fn runs(&self, pid: u32, name: &str) {
        let process = self.folder.path().join("proc").join(pid.to_string());
        std::fs::create_dir_all(self.folder.path().join("proc/self")).unwrap();
        std::fs::create_dir_all(&process).unwrap();
        std::fs::write(process.join("comm"), format!("{name}\n")).unwrap();
    }

    /// It ends.
    pub fn ends(&self, pid: u32) {
        std::fs::remove_dir_all(self.folder.path().join("proc").join(pid.to_string())).unwrap();
    }

    /// The desktop as a daemon sees it that was started before the compositor.
    pub fn desktop_unaware(&self) -> Desktop {
        let env = Env { wayland_display: None, ..(*self.desktop.env).clone() };
        Desktop { env: Arc::new(env), ..self.desktop.clone() }
    }
}

/// Has the person switch animations off, as in Plasma's settings.
pub fn still(env: &Env) {
    std::fs::create_dir_all(&env.config_home).unwrap();
    let settings = "[KDE]\nAnimationDurationFactor=0\n";
    std::fs::write(env.config_home.join("kdeglobals"), settings).unwrap();
}

/// The next change a backend tells, or a panic.
pub async fn next_change(told: &mut mpsc::Receiver<Change>) -> Change {
    timeout(Duration::from_secs(5), told.recv()).await.expect("no change is told").unwrap()
}
