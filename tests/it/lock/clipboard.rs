//! A locked app that was copied from last, on a real X server (Xvfb): whoever pastes would wait for it.

use std::{io::stdin, thread};

use x11rb::{
    CURRENT_TIME, NONE,
    connection::Connection as _,
    protocol::{
        Event,
        xproto::{
            ConnectionExt as _, CreateWindowAux, EventMask, SelectionNotifyEvent,
            SelectionRequestEvent, Window, WindowClass,
        },
    },
    rust_connection::RustConnection,
};

use super::*;

/// A program with a window, on a display.
struct Program {
    x: RustConnection,
    window: Window,
}

impl Program {
    fn on(display: &str) -> Self {
        let (x, screen) = RustConnection::connect(Some(display)).unwrap();
        let root = x.setup().roots[screen].root;
        let window = x.generate_id().unwrap();
        let (class, aux) = (WindowClass::INPUT_ONLY, CreateWindowAux::new());
        x.create_window(0, window, root, 0, 0, 1, 1, 0, class, 0, &aux).unwrap().check().unwrap();
        Self { x, window }
    }

    fn atom(&self, name: &str) -> u32 {
        self.x.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }

    fn who_has(&self, selection: &str) -> Window {
        let selection = self.atom(selection);
        self.x.get_selection_owner(selection).unwrap().reply().unwrap().owner
    }

    fn takes(&self, selection: &str) {
        let selection = self.atom(selection);
        self.x.set_selection_owner(self.window, selection, CURRENT_TIME).unwrap().check().unwrap();
    }
}

/// An X server that ends with the test.
struct Server {
    process: Child,
    display: String,
}

impl Server {
    fn start() -> Self {
        let (process, number) = crate::x11::spawn(None);
        Self { process, display: format!(":{number}") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Says to this program that it is the app which is copied from, and on which display.
const COPIES_ON: &str = "QUIETD_COPIES_ON";

/// Also what [`copies`] starts: a process of its own to copy from.
#[test]
fn whoever_copies_has_the_clipboard() {
    #[allow(clippy::disallowed_methods, reason = "so this program tells itself what it is")]
    if let Ok(display) = std::env::var(COPIES_ON) {
        let app = Program::on(&display);
        app.takes("CLIPBOARD");
        println!("\ncopied");
        // It ends with the test that started it.
        stdin().read_line(&mut String::new()).unwrap();
        return;
    }
    let server = Server::start();
    let other = Program::on(&server.display);
    assert_eq!(other.who_has("CLIPBOARD"), NONE);
    let _app = copies(&server.display);
    assert_ne!(other.who_has("CLIPBOARD"), NONE);
}

fn copies(display: &str) -> Echo {
    let name = "lock::clipboard::whoever_copies_has_the_clipboard";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(COPIES_ON, display)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let into = child.stdin.take().unwrap();
    let mut app = Echo { out: Some(BufReader::new(child.stdout.take().unwrap())), child, into };
    let out = app.out.as_mut().unwrap();
    assert!(out.lines().any(|line| line.unwrap() == "copied"));
    app
}

async fn desk(display: &str) -> (Lab, Systemd) {
    let (mut lab, systemd) = Lab::with_apps().await;
    let env = (*lab.desktop.env).clone();
    lab.desktop.env = Arc::new(Env { display: Some(display.to_owned()), ..env });
    (lab, systemd)
}

#[tokio::test]
async fn what_was_copied_from_goes_on_until_somebody_copies_elsewhere() {
    let server = Server::start();
    let (lab, systemd) = desk(&server.display).await;
    let app = copies(&server.display);
    systemd.start_unit(CHAT, &[app.pid()]).await.unwrap();
    let backend = Arc::new(lab.backend());
    let desired = lock(&["org.example.Chat", "org.example.Game"]);
    let receipt = put_in_force(&backend, &desired, None).await;
    assert!(!systemd.is_frozen(CHAT) && systemd.is_frozen(GAME));
    let notes: Vec<String> = backend.left_out().into_iter().map(|it| it.text).collect();
    let said = "org.example.Chat is left running, because what you copied last is there; it is locked when you copy from \
                another app.";
    assert_eq!(notes, [said]);

    let mut ear = Ear::of(&backend);
    let other = Program::on(&server.display);
    other.takes("CLIPBOARD");
    loop {
        match tokio::time::timeout(AT_MOST, ear.told.recv()).await.unwrap() {
            Some(Change::Again) => break,
            Some(Change::LeftOut) => {}
            change => panic!("{change:?}"),
        }
    }
    let receipt = put_in_force(&backend, &desired, Some(&receipt)).await;
    assert!(systemd.is_frozen(CHAT));
    assert_eq!(backend.left_out(), []);
    drop(ear);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
}

#[tokio::test]
async fn a_clipboard_manager_is_asked_to_take_it_over() {
    let server = Server::start();
    let (lab, systemd) = desk(&server.display).await;
    let app = copies(&server.display);
    systemd.start_unit(CHAT, &[app.pid()]).await.unwrap();
    let manager = Program::on(&server.display);
    manager.takes("CLIPBOARD_MANAGER");
    let takes_over = thread::spawn(move || {
        loop {
            let Event::SelectionRequest(asked) = manager.x.wait_for_event().unwrap() else {
                continue;
            };
            assert_eq!(asked.target, manager.atom("SAVE_TARGETS"));
            manager.takes("CLIPBOARD");
            let SelectionRequestEvent { requestor, selection, target, property, time, .. } = asked;
            let answer = SelectionNotifyEvent {
                response_type: 31,
                sequence: 0,
                time,
                requestor,
                selection,
                target,
                property,
            };
            manager
                .x
                .send_event(false, requestor, EventMask::NO_EVENT, answer)
                .unwrap()
                .check()
                .unwrap();
            return manager;
        }
    });
    put_in_force(&lab.backend(), &lock(&["org.example.Chat"]), None).await;
    assert!(systemd.is_frozen(CHAT));
    let manager = takes_over.join().unwrap();
    assert_eq!(manager.who_has("CLIPBOARD"), manager.window);
}

#[tokio::test]
async fn beside_wayland_no_x_server_is_asked() {
    let server = Server::start();
    let (mut lab, systemd) = desk(&server.display).await;
    let env = (*lab.desktop.env).clone();
    lab.desktop.env = Arc::new(Env { wayland_display: Some("none".to_owned()), ..env });
    let app = copies(&server.display);
    systemd.start_unit(CHAT, &[app.pid()]).await.unwrap();
    put_in_force(&lab.backend(), &lock(&["org.example.Chat"]), None).await;
    assert!(systemd.is_frozen(CHAT));
}
