//! Windows of frozen apps, hidden and shown again: stand-ins for window managers, real processes.

pub mod kwin;
mod sockets;
mod toplevels;

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
};

use kwin::Kwin;
use quietd::{
    backend::{Backend, BackendError, Desktop, Restored, lock::SystemdFreeze},
    dbus::dconf::Value,
    env::Env,
    plan::Desired,
    standin::{Dconf, PrivateBus, StandIn as _, Systemd},
    store::Receipt,
};
use sockets::{Hyprland, Sway};
use toplevels::Toplevels;

const CHAT: &str = "app-gnome-org.example.Chat-10.scope";
const MAIL: &str = "app-gnome-org.example.Mail-11.scope";

/// A process that waits until it is ended.
struct App(Child);

impl App {
    fn start() -> Self {
        let child = Command::new("/bin/cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
        Self(child.unwrap())
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Lab {
    systemd: Systemd,
    desktop: Desktop,
    folder: tempfile::TempDir,
    chat: App,
    mail: App,
    bus: PrivateBus,
}

impl Lab {
    /// With two apps running, of which the first is to be locked.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bus = PrivateBus::start().unwrap();
        let home = folder.path().to_owned();
        let mut env = Env::from_lookup(&|name| (name == "HOME").then(|| home.clone().into()));
        env.sysfs = home.join("sys");
        env.data_dirs = vec![home.join("share")];
        env.runtime_dir = Some(home.clone());
        let session = bus.connect().await.unwrap();
        let desktop = Desktop::new(session, None, Arc::new(env));
        let systemd = Systemd::start(bus.address(), &desktop.env.sysfs).await.unwrap();
        let (chat, mail) = (App::start(), App::start());
        systemd.start_unit(CHAT, &[chat.pid()]).await.unwrap();
        systemd.start_unit(MAIL, &[mail.pid()]).await.unwrap();
        Self { systemd, desktop, folder, chat, mail, bus }
    }

    /// A backend as another process would open it: it knows nothing.
    fn backend(&self) -> SystemdFreeze {
        SystemdFreeze::new(&self.desktop)
    }

    async fn lock(&self, backend: &SystemdFreeze, held: Option<&Receipt>) -> Receipt {
        let receipt = self.receipt(backend, held).await;
        backend.apply(&chat(), &receipt).await.unwrap();
        assert!(self.systemd.is_frozen(CHAT) && !self.systemd.is_frozen(MAIL));
        receipt
    }

    /// As it comes back from disk.
    async fn receipt(&self, backend: &SystemdFreeze, held: Option<&Receipt>) -> Receipt {
        let receipt = backend.capture(&chat(), held).await.unwrap();
        serde_json::from_str(&serde_json::to_string(&receipt).unwrap()).unwrap()
    }

    /// By another process.
    async fn give_back(&self, receipt: &Receipt) {
        assert_eq!(self.backend().restore(receipt).await, Ok(Restored::AsFound));
        assert!(!self.systemd.is_frozen(CHAT));
    }

    /// Windows of both apps on sway: tiled among each other, one alone, one that floats.
    fn sway(&self) -> Sway {
        let (chat, mail) = (self.chat.pid(), self.mail.pid());
        let sway = Sway::start(&self.folder.path().join("sway-ipc.1000.7.sock"));
        sway.put("1", &[(11, chat), (12, mail), (13, chat), (14, chat), (15, mail)], &[]);
        sway.put("2: «web» \"x\"", &[(21, chat)], &[]);
        sway.put("3", &[(31, mail)], &[(32, chat), (33, mail)]);
        sway
    }
}

fn chat() -> Desired {
    Desired { apps: ["org.example.Chat".to_owned()].into(), ..Desired::default() }
}

#[tokio::test]
async fn on_sway_windows_go_and_come_back_where_they_were() {
    let lab = Lab::new().await;
    let sway = lab.sway();
    let before = sway.state();
    let backend = lab.backend();
    let receipt = lab.lock(&backend, None).await;
    let hidden = sway.state();
    assert!(hidden.contains("quietd tiled [11, 13, 14, 21] floating [32]"), "{hidden}");
    assert!(hidden.contains("1 tiled [12, 15] floating []"), "{hidden}");
    backend.apply(&chat(), &receipt).await.unwrap();
    assert_eq!(sway.state(), hidden, "twice is the same as once");

    // The same again while it is hidden: where the windows were is not forgotten.
    let receipt = lab.lock(&lab.backend(), Some(&receipt)).await;
    lab.give_back(&receipt).await;
    assert_eq!(sway.state(), before);
    lab.give_back(&receipt).await;
    assert_eq!(sway.state(), before, "twice is the same as once");
}

#[tokio::test]
async fn what_the_person_moves_meanwhile_is_theirs_and_what_is_closed_is_forgotten() {
    let lab = Lab::new().await;
    let sway = lab.sway();
    let receipt = lab.lock(&lab.backend(), None).await;
    sway.person_moves(13, "3");
    sway.person_closes(14);
    lab.give_back(&receipt).await;
    let after = sway.state();
    assert!(after.contains("1 tiled [11, 12, 15] floating []"), "{after}");
    assert!(after.contains("3 tiled [31, 13] floating [33, 32]"), "{after}");
    assert!(!after.contains("quietd"), "{after}");
}

#[tokio::test]
async fn before_the_receipt_is_acted_on_nothing_has_moved() {
    let lab = Lab::new().await;
    let sway = lab.sway();
    let before = sway.state();
    let receipt = lab.receipt(&lab.backend(), None).await;
    assert_eq!(sway.state(), before);
    lab.give_back(&receipt).await;
    assert_eq!(sway.state(), before);
}

#[tokio::test]
async fn an_unlocked_app_has_its_windows_and_what_the_person_hides_then_stays_hidden() {
    let lab = Lab::new().await;
    let sway = lab.sway();
    let before = sway.state();
    let backend = lab.backend();
    let locked = lab.lock(&backend, None).await;
    let nothing = Desired::default();
    let unlocked = backend.capture(&nothing, Some(&locked)).await.unwrap();
    backend.apply(&nothing, &unlocked).await.unwrap();
    assert!(!lab.systemd.is_frozen(CHAT));
    assert_eq!(sway.state(), before);
    sway.person_moves(31, "quietd");
    sway.person_moves(21, "quietd");
    backend.apply(&nothing, &unlocked).await.unwrap();
    assert_eq!(backend.restore(&unlocked).await, Ok(Restored::AsFound));
    let after = sway.state();
    assert!(after.contains("quietd tiled [31, 21] floating []"), "{after}");
}

#[tokio::test]
async fn a_sway_that_hangs_holds_up_neither_the_lock_nor_its_end() {
    let lab = Lab::new().await;
    let sway = lab.sway();
    let before = sway.state();
    sway.hang(true);
    let receipt = lab.lock(&lab.backend(), None).await;
    lab.give_back(&receipt).await;
    sway.hang(false);
    assert_eq!(sway.state(), before);

    let receipt = lab.lock(&lab.backend(), None).await;
    sway.hang(true);
    let answer = lab.backend().restore(&receipt).await;
    assert!(matches!(answer, Err(BackendError::TimedOut(_))), "{answer:?}");
    assert!(!lab.systemd.is_frozen(CHAT), "the app goes on all the same");
    sway.hang(false);
    lab.give_back(&receipt).await;
    assert_eq!(sway.state(), before);
}

#[tokio::test]
async fn sockets_of_what_has_ended_or_makes_no_sense_are_passed_over() {
    let lab = Lab::new().await;
    drop(std::os::unix::net::UnixListener::bind(lab.folder.path().join("sway-ipc.1000.1.sock")));
    let odd = Sway::start(&lab.folder.path().join("sway-ipc.1000.2.sock"));
    odd.talk_nonsense();
    let sway = lab.sway();
    let before = sway.state();
    let receipt = lab.lock(&lab.backend(), None).await;
    assert!(sway.state().contains("quietd"));
    lab.give_back(&receipt).await;
    assert_eq!(sway.state(), before);
}

#[tokio::test]
async fn on_hyprland_windows_go_and_come_back_where_they_were() {
    let lab = Lab::new().await;
    let folder = lab.folder.path().join("hypr/abc_1");
    std::fs::create_dir_all(&folder).unwrap();
    let hyprland = Hyprland::start(&folder.join(".socket.sock"));
    let (chat, mail) = (lab.chat.pid(), lab.mail.pid());
    hyprland.put("0xa1", chat, (1, "1"));
    hyprland.put("0xa2", mail, (1, "1"));
    hyprland.put("0xa3", chat, (-1337, "web"));
    hyprland.put("0xa4", chat, (-98, "special:scratch"));
    hyprland.put("0xa5", chat, (2, "2"));
    let before = hyprland.state();
    let receipt = lab.lock(&lab.backend(), None).await;
    let hidden = "0xa1 special:quietd, 0xa2 1, 0xa3 special:quietd, 0xa4 special:scratch, 0xa5 special:quietd";
    assert_eq!(hyprland.state(), hidden);
    hyprland.put("0xa5", chat, (4, "4"));
    lab.give_back(&receipt).await;
    assert_eq!(hyprland.state(), before.replace("0xa5 2", "0xa5 4"), "moved by the person");
}

#[tokio::test]
async fn on_plasma_windows_are_minimised_and_kept_so_where_closing_them_would_end_the_app() {
    for major in [5, 6] {
        let lab = Lab::new().await;
        let kwin = Kwin::start(lab.bus.address(), major).await;
        let (chat, mail) = (lab.chat.pid(), lab.mail.pid());
        kwin.put("{a}", chat, false);
        kwin.put("{b}", mail, false);
        kwin.put("{c}", chat, true);
        let before = kwin.state();
        let receipt = lab.lock(&lab.backend(), None).await;
        let a = if major == 5 { "{a} minimised kept" } else { "{a} minimised" };
        assert_eq!(kwin.state(), format!("{a}, {{b}}, {{c}} minimised"), "{major}");
        // KWin keeps it so, and the receipt knows it.
        let receipt = lab.lock(&lab.backend(), Some(&receipt)).await;
        lab.give_back(&receipt).await;
        assert_eq!(kwin.state(), before, "{major}");
        lab.give_back(&receipt).await;
        assert_eq!(kwin.state(), before, "{major}: twice is the same as once");
        kwin.forgets_scripts().await;
    }
}

#[tokio::test]
async fn an_app_that_closing_its_window_would_end_is_not_frozen_where_that_cannot_be_hidden() {
    let lab = Lab::new().await;
    let kwin = Kwin::start(lab.bus.address(), 5).await;
    kwin.put("{a}", lab.chat.pid(), false);
    let backend = lab.backend();
    let receipt = lab.receipt(&backend, None).await;
    kwin.refuse_scripts(true);
    backend.apply(&chat(), &receipt).await.unwrap();
    let said: Vec<String> = backend.left_out().into_iter().map(|it| it.text).collect();
    assert!(
        matches!(&said[..], [one] if one.contains("org.example.Chat") && one.contains("Plasma")),
        "{said:?}"
    );
    assert!(!lab.systemd.is_frozen(CHAT));
}

#[tokio::test]
async fn what_may_show_is_not_frozen_until_kwin_says_what_shows() {
    let lab = Lab::new().await;
    let kwin = Kwin::start(lab.bus.address(), 5).await;
    kwin.put("{a}", lab.chat.pid(), false);
    let backend = lab.backend();
    kwin.refuse_scripts(true);
    let receipt = lab.receipt(&backend, None).await;
    let applied = backend.apply(&chat(), &receipt).await;
    assert!(
        matches!(&applied, Err(BackendError::NotYet(why)) if why.contains("KWin")),
        "{applied:?}"
    );
    assert!(!lab.systemd.is_frozen(CHAT));
    // What is started meanwhile has no window yet.
    let second = "app-gnome-org.example.Chat-12.scope";
    let app = App::start();
    lab.systemd.start_unit(second, &[app.pid()]).await.unwrap();
    assert!(backend.apply(&chat(), &receipt).await.is_err());
    assert!(lab.systemd.is_frozen(second) && !lab.systemd.is_frozen(CHAT));

    kwin.refuse_scripts(false);
    let receipt = lab.lock(&backend, Some(&receipt)).await;
    assert_eq!(kwin.state(), "{a} minimised kept");
    lab.give_back(&receipt).await;
    assert_eq!(kwin.state(), "{a}");
}

#[tokio::test]
async fn on_labwc_windows_are_minimised_by_app_and_title() {
    let mut lab = Lab::new().await;
    let env = Env { wayland_display: Some("wayland-7".to_owned()), ..(*lab.desktop.env).clone() };
    lab.desktop.env = Arc::new(env);
    let compositor = Toplevels::start(
        &lab.folder.path().join("wayland-7"),
        &[
            ("org.example.Chat", "one", false),
            ("Org.Example.Chat", "two", false),
            ("org.example.Chat", "theirs", true),
            ("org.example.Mail", "mail", false),
        ],
    );
    let receipt = lab.lock(&lab.backend(), None).await;
    assert_eq!(compositor.minimised(), ["one", "two", "theirs"]);
    lab.give_back(&receipt).await;
    assert_eq!(compositor.minimised(), ["theirs"]);

    let receipt = lab.lock(&lab.backend(), None).await;
    compositor.rename("two", "two (3 new)");
    lab.give_back(&receipt).await;
    assert_eq!(compositor.minimised(), ["theirs"], "an app may give its window another title");
}

const ALIVE: &str = "/org/gnome/mutter/check-alive-timeout";

#[tokio::test]
async fn gnome_waits_for_locked_windows_until_they_go_on() {
    let lab = Lab::new().await;
    let config = lab.desktop.env.config_home.clone();
    let dconf = Dconf::start(lab.bus.address(), &config, (ALIVE, Value::Uint(9))).await.unwrap();
    let receipt = lab.lock(&lab.backend(), None).await;
    assert_eq!(dconf.settings().get(ALIVE), None, "no GNOME is here");
    lab.give_back(&receipt).await;

    let shell = lab.bus.connect().await.unwrap();
    shell.request_name("org.gnome.Shell").await.unwrap();
    let receipt = lab.lock(&lab.backend(), None).await;
    assert_eq!(dconf.settings().get(ALIVE), Some(&Value::Uint(0)));
    lab.give_back(&receipt).await;
    assert_eq!(dconf.settings().len(), 0, "unset, and no journal is left");

    // Where our own files are lost, the journal has it.
    lab.lock(&lab.backend(), None).await;
    let journalled = quietd::dbus::dconf::journalled(&lab.desktop).unwrap();
    assert_eq!(journalled.len(), 1);
    assert_eq!(lab.backend().restore(&journalled[0]).await, Ok(Restored::AsFound));
    assert_eq!(dconf.settings().len(), 0);
}

#[tokio::test]
async fn what_the_person_sets_for_gnome_meanwhile_is_theirs() {
    let lab = Lab::new().await;
    let config = lab.desktop.env.config_home.clone();
    let dconf = Dconf::start(lab.bus.address(), &config, (ALIVE, Value::Uint(9))).await.unwrap();
    dconf.change(&[(ALIVE.to_owned(), Some(Value::Uint(8000)))].into()).await;
    let shell = lab.bus.connect().await.unwrap();
    shell.request_name("org.gnome.Shell").await.unwrap();
    let receipt = lab.lock(&lab.backend(), None).await;
    lab.give_back(&receipt).await;
    assert_eq!(dconf.settings().get(ALIVE), Some(&Value::Uint(8000)), "as it was");

    let backend = lab.backend();
    let receipt = lab.lock(&backend, None).await;
    dconf.person_changes().await;
    backend.apply(&chat(), &receipt).await.unwrap();
    lab.give_back(&receipt).await;
    assert_eq!(dconf.settings().get(ALIVE), Some(&Value::Uint(9)));
}
