//! Gamma ramps on X11, on a real X server (Xvfb).

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::{BufRead, BufReader, ErrorKind},
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener},
    },
    process::{Child, Command, Stdio},
    sync::Mutex,
};

use async_trait::async_trait;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use quietd::{
    backend::{BackendError, Change, Probe, Restored},
    plan::Desired,
    standin::{Fault, StandIn},
};
use tokio::sync::mpsc;
use x11rb::{
    connection::Connection,
    protocol::randr::{ConnectionExt, GetCrtcInfoReply, Rotation},
    rust_connection::RustConnection,
};

use crate::{
    compositor::still,
    contract::{Case, World, in_time, soon},
};

/// An X server with one screen, whose ramp has a calibration.
pub struct XServer {
    number: u32,
    /// As long as it is held, no other test has that number: not even while the server is down.
    _held: UnixListener,
    process: Mutex<Option<Child>>,
}

impl XServer {
    pub fn start() -> Self {
        let (held, number) = hold_a_number();
        let process = Mutex::new(Some(spawn(Some(number)).0));
        let server = Self { number, _held: held, process };
        server.calibrate();
        server
    }

    fn calibrate(&self) {
        self.set_ramp(|value, channel| [value, value, value * 9 / 10][channel]);
    }

    pub fn display(&self) -> String {
        format!(":{}", self.number)
    }

    fn connect(&self) -> (RustConnection, u32, u32) {
        let (x, screen) = RustConnection::connect(Some(&self.display())).unwrap();
        let root = x.setup().roots[screen].root;
        let crtc = x.randr_get_screen_resources_current(root).unwrap().reply().unwrap().crtcs[0];
        (x, root, crtc)
    }

    /// Writes each value of a linear ramp through a function of the value and the channel.
    pub fn set_ramp(&self, with: impl Fn(u32, usize) -> u32) {
        let (x, _, crtc) = self.connect();
        let size = x.randr_get_crtc_gamma_size(crtc).unwrap().reply().unwrap().size;
        let table = |channel| -> Vec<u16> {
            let linear = (0..u32::from(size)).map(|i| i * 65535 / (u32::from(size) - 1));
            linear.map(|value| with(value, channel).try_into().unwrap()).collect()
        };
        let (red, green, blue) = (table(0), table(1), table(2));
        x.randr_set_crtc_gamma(crtc, &red, &green, &blue).unwrap().check().unwrap();
    }

    /// The last entry of red, green and blue.
    pub fn white(&self) -> [u16; 3] {
        let (x, _, crtc) = self.connect();
        let ramp = x.randr_get_crtc_gamma(crtc).unwrap().reply().unwrap();
        [ramp.red, ramp.green, ramp.blue].map(|table| *table.last().unwrap())
    }

    /// Sets the CRTC up with a mode and outputs as `with` says.
    pub fn set_crtc(
        &self,
        with: impl FnOnce(GetCrtcInfoReply) -> GetCrtcInfoReply,
    ) -> GetCrtcInfoReply {
        let (x, _, crtc) = self.connect();
        let was = x.randr_get_crtc_info(crtc, 0).unwrap().reply().unwrap();
        let is = with(was.clone());
        x.randr_set_crtc_config(crtc, 0, 0, is.x, is.y, is.mode, is.rotation, &is.outputs)
            .unwrap()
            .reply()
            .unwrap();
        was
    }

    pub fn switch_screen_off(&self) -> GetCrtcInfoReply {
        self.set_crtc(|info| GetCrtcInfoReply {
            mode: 0,
            rotation: Rotation::ROTATE0,
            outputs: Vec::new(),
            ..info
        })
    }

    pub fn signal(&self, signal: Signal) {
        if let Some(process) = &*self.process.lock().unwrap() {
            kill(Pid::from_raw(process.id().try_into().unwrap()), signal).unwrap();
        }
    }

    fn end(&self) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            let pid = Pid::from_raw(process.id().try_into().unwrap());
            // One that is stopped hears of its end when it goes on.
            let _ = (kill(pid, Signal::SIGTERM), kill(pid, Signal::SIGCONT));
            let _ = process.wait();
        }
    }
}

impl Drop for XServer {
    fn drop(&mut self) {
        self.end();
    }
}

/// A number above those that Xvfb picks by itself, and what keeps it.
fn hold_a_number() -> (UnixListener, u32) {
    let hold = |number| {
        let name = SocketAddr::from_abstract_name(format!("quietd-test-x11-{number}")).unwrap();
        Some((UnixListener::bind_addr(&name).ok()?, number))
    };
    (1_000..2_000).find_map(hold).expect("a free number")
}

/// Starts Xvfb, and waits until it says its number.
pub fn spawn(number: Option<u32>) -> (Child, u32) {
    let mut process = Command::new("Xvfb")
        .args(number.map(|number| format!(":{number}")))
        .args(["-displayfd", "1", "-noreset", "-nolisten", "tcp", "-screen", "0", "640x480x24"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| match error.kind() {
            ErrorKind::NotFound => panic!("Xvfb is not installed (Debian: xvfb)"),
            _ => panic!("Xvfb did not start: {error}"),
        });
    let mut said = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let number = said.trim().parse().expect("Xvfb says its number");
    (process, number)
}

#[async_trait]
impl StandIn for XServer {
    async fn state(&self) -> String {
        let (x, _, crtc) = self.connect();
        let ramp = x.randr_get_crtc_gamma(crtc).unwrap().reply().unwrap();
        let mut all = DefaultHasher::new();
        (ramp.red, ramp.green, ramp.blue).hash(&mut all);
        // 768 numbers would be hard to read when a test fails.
        format!("white {:?}, all {:016x}", self.white(), all.finish())
    }

    async fn person_changes(&self) {
        self.set_ramp(|value, channel| [value / 2, value / 3, value / 4][channel]);
    }

    async fn fault(&self, fault: Fault) {
        self.signal(match fault {
            Fault::None => Signal::SIGCONT,
            Fault::Hangs => Signal::SIGSTOP,
            Fault::Refuses | Fault::OddType => panic!("an X server cannot be made to {fault:?}"),
        });
    }

    async fn stop(&mut self) {
        self.end();
    }

    async fn start(&mut self) {
        *self.process.lock().unwrap() = Some(spawn(Some(self.number)).0);
    }
}

/// A world around an X server that the test keeps a hand on, where the person wants nothing to move.
async fn world() -> (World, XServer) {
    let (world, server) = world_that_moves().await;
    still(&world.env);
    (world, server)
}

/// As [`world`], with glides.
pub async fn world_that_moves() -> (World, XServer) {
    let case = Case {
        row: "x11-gamma",
        begin: |_, _| Box::pin(async { Box::new(Nothing) as _ }),
        ..Case::plain()
    };
    let server = XServer::start();
    let mut world = World::of(&case).await;
    world.env.display = Some(server.display());
    (world, server)
}

struct Nothing;

#[async_trait]
impl StandIn for Nothing {
    async fn state(&self) -> String {
        String::new()
    }
    async fn person_changes(&self) {}
    async fn fault(&self, _: Fault) {}
    async fn stop(&mut self) {}
    async fn start(&mut self) {}
}

pub fn dim(percent: u8) -> Desired {
    Desired { dim: percent, ..Desired::default() }
}

#[tokio::test]
async fn multiplies_the_calibration() {
    let (world, server) = world().await;
    let backend = world.backend().await;
    assert_eq!(
        backend.probe().await,
        Probe::Ready(format!("X11 display {}, 1 screen", server.display()))
    );
    assert_eq!(server.white(), [65535, 65535, 58981]);
    let receipt = backend.capture(&dim(50), None).await.unwrap();
    backend.apply(&dim(50), &receipt).await.unwrap();
    assert_eq!(server.white(), [32768, 32768, 29491]);
    backend.restore(&receipt).await.unwrap();
    assert_eq!(server.white(), [65535, 65535, 58981]);
}

#[tokio::test]
async fn never_gives_back_a_black_screen() {
    let (world, server) = world().await;
    // What Xvfb says before anybody has written a ramp.
    server.set_ramp(|_, _| 0);
    let backend = world.backend().await;
    let receipt = backend.capture(&dim(50), None).await.unwrap();
    backend.apply(&dim(50), &receipt).await.unwrap();
    assert_eq!(server.white(), [32768; 3]);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(server.white(), [65535; 3]);
}

#[tokio::test]
async fn leaves_wayland_to_wayland() {
    let (mut world, _server) = world().await;
    world.env.wayland_display = Some("wayland-0".to_owned());
    let backend = world.backend().await;
    assert!(matches!(backend.probe().await, Probe::Elsewhere(_)));
    assert!(backend.capture(&dim(50), None).await.is_err());
    world.env.wayland_display = None;
    world.env.display = None;
    assert!(matches!(world.backend().await.probe().await, Probe::Elsewhere(_)));
}

#[tokio::test]
async fn restores_by_the_display_in_the_receipt() {
    let (mut world, server) = world().await;
    let backend = world.backend().await;
    let receipt = backend.capture(&dim(50), None).await.unwrap();
    backend.apply(&dim(50), &receipt).await.unwrap();
    // As from a text console.
    world.env.display = None;
    let restored = world.backend().await.restore(&receipt).await;
    assert_eq!(restored, Ok(Restored::AsFound));
    assert_eq!(server.white(), [65535, 65535, 58981]);
}

#[tokio::test]
async fn tells_of_a_screen_that_lost_its_ramp() {
    let (world, server) = world().await;
    let backend = world.backend().await;
    let receipt = backend.capture(&dim(50), None).await.unwrap();
    backend.apply(&dim(50), &receipt).await.unwrap();
    let (tell, mut told) = mpsc::channel(8);
    let listening = tokio::spawn({
        let backend = backend.clone();
        async move { backend.changes(tell).await }
    });
    assert_eq!(soon(told.recv()).await, None, "all is as it was set");
    let as_it_was = server.switch_screen_off();
    server.set_ramp(|value, _| value);
    server.set_crtc(|_| as_it_was);
    assert_eq!(in_time("changes", told.recv()).await, Some(Change::Again));
    backend.apply(&dim(50), &receipt).await.unwrap();
    assert_eq!(server.white(), [32768, 32768, 29491]);
    listening.abort();
}

#[tokio::test]
async fn gives_back_the_ramp_of_a_screen_that_is_off() {
    let (world, server) = world().await;
    let backend = world.backend().await;
    let receipt = backend.capture(&dim(50), None).await.unwrap();
    backend.apply(&dim(50), &receipt).await.unwrap();
    server.switch_screen_off();
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(server.white(), [65535, 65535, 58981]);
}

#[tokio::test]
async fn adds_a_screen_that_came_to_the_receipt() {
    let (world, server) = world().await;
    let backend = world.backend().await;
    let as_it_was = server.switch_screen_off();
    let first = backend.capture(&dim(50), None).await.unwrap();
    assert_eq!(first.found["screens"], serde_json::json!([]));
    backend.apply(&dim(50), &first).await.unwrap();
    let (tell, mut told) = mpsc::channel(8);
    let listening = tokio::spawn({
        let backend = backend.clone();
        async move { backend.changes(tell).await }
    });
    assert_eq!(soon(told.recv()).await, None);
    server.set_crtc(|_| as_it_was);
    assert_eq!(in_time("changes", told.recv()).await, Some(Change::Again));
    // Without its ramp in the receipt it is not touched.
    backend.apply(&dim(50), &first).await.unwrap();
    assert_eq!(server.white(), [65535, 65535, 58981]);
    let second = backend.capture(&dim(50), Some(&first)).await.unwrap();
    backend.apply(&dim(50), &second).await.unwrap();
    assert_eq!(server.white(), [32768, 32768, 29491]);
    backend.restore(&second).await.unwrap();
    assert_eq!(server.white(), [65535, 65535, 58981]);
    listening.abort();
}

#[tokio::test]
async fn never_fights_another_program_for_the_ramp() {
    let (world, server) = world().await;
    let backend = world.backend().await;
    let first = backend.capture(&dim(50), None).await.unwrap();
    backend.apply(&dim(50), &first).await.unwrap();
    let (tell, mut told) = mpsc::channel(8);
    let listening = tokio::spawn({
        let backend = backend.clone();
        async move { backend.changes(tell).await }
    });
    // X tells nobody: it is noticed when the next phase comes.
    server.person_changes().await;
    let theirs = server.state().await;
    let second = backend.capture(&dim(20), Some(&first)).await.unwrap();
    backend.apply(&dim(20), &second).await.unwrap();
    assert_eq!(in_time("changes", told.recv()).await, Some(Change::ByThePerson));
    assert_eq!(server.state().await, theirs);
    assert_eq!(backend.restore(&second).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(server.state().await, theirs);
    listening.abort();
}

#[tokio::test]
async fn leaves_the_ramps_to_a_program_that_would_write_them_again() {
    let (world, server) = world().await;
    let process = world.env.procfs.join("42");
    std::fs::create_dir_all(world.env.procfs.join("self")).unwrap();
    std::fs::create_dir_all(&process).unwrap();
    std::fs::write(process.join("comm"), "redshift\n").unwrap();
    let before = server.state().await;
    let backend = world.backend().await;
    let receipt = backend.capture(&dim(50), None).await.unwrap();
    let applied = backend.apply(&dim(50), &receipt).await;
    assert!(
        matches!(&applied, Err(BackendError::Refused(text)) if text.contains(": redshift, which")),
        "{applied:?}"
    );
    assert_eq!(server.state().await, before);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    // It ends: there is nothing in the way any more.
    std::fs::remove_dir_all(process).unwrap();
    backend.apply(&dim(50), &receipt).await.unwrap();
    assert_eq!(server.white(), [32768, 32768, 29491]);
}

#[tokio::test]
async fn takes_a_ramp_given_back_by_hand_for_the_persons_wish() {
    let (world, server) = world().await;
    let backend = world.backend().await;
    let before = server.state().await;
    let first = backend.capture(&dim(50), None).await.unwrap();
    backend.apply(&dim(50), &first).await.unwrap();
    assert_eq!(server.white(), [32768, 32768, 29491]);
    server.calibrate();
    let second = backend.capture(&dim(20), Some(&first)).await.unwrap();
    backend.apply(&dim(20), &second).await.unwrap();
    assert_eq!(server.state().await, before);
}

#[tokio::test]
async fn writes_nothing_late() {
    let (world, server) = world().await;
    let backend = world.backend().await;
    let before = server.state().await;
    let receipt = backend.capture(&dim(50), None).await.unwrap();
    server.fault(Fault::Hangs).await;
    in_time("apply", backend.apply(&dim(50), &receipt)).await.unwrap_err();
    server.fault(Fault::None).await;
    assert_eq!(soon(becomes_other(&server, &before)).await, None);
}

/// Ends when the server's ramps are others.
async fn becomes_other(server: &XServer, before: &str) {
    while server.state().await == before {
        tokio::task::yield_now().await;
    }
}
