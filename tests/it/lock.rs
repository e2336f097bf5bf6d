//! Apps frozen through the user manager: a stand-in for it, real processes. What every backend does is in `contract`.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use quietd::{
    backend::{
        Backend, BackendError, Caught, Change, Desktop, Probe, Restored,
        lock::{How, KnownBy, SystemdFreeze, running_apps},
    },
    env::Env,
    plan::Desired,
    standin::{Fault, PrivateBus, StandIn as _, Systemd},
    store::Receipt,
};
use tokio::{sync::mpsc, task::JoinHandle};

mod calls;
mod clipboard;
mod started;

const CHAT: &str = "app-gnome-org.example.Chat-10.scope";
const GAME: &str = "app-flatpak-org.example.Game-11.scope";
const MAIL: &str = "app-org.example.Mail@abc.service";

/// The longest a test waits for what is to come.
const AT_MOST: Duration = Duration::from_secs(10);

struct Lab {
    bus: PrivateBus,
    folder: tempfile::TempDir,
    desktop: Desktop,
}

impl Lab {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bus = PrivateBus::start().unwrap();
        let home = folder.path().to_owned();
        let sysfs = home.join("sys");
        let mut env = Env::from_lookup(&|name| (name == "HOME").then(|| home.clone().into()));
        env.sysfs = sysfs;
        env.data_dirs = vec![home.join("share")];
        let session = bus.connect().await.unwrap();
        let desktop = Desktop::new(session, None, Arc::new(env));
        Self { bus, folder, desktop }
    }

    async fn with_systemd() -> (Self, Systemd) {
        let lab = Self::new().await;
        let systemd = Systemd::start(lab.bus.address(), &lab.desktop.env.sysfs).await.unwrap();
        (lab, systemd)
    }

    /// With three apps running: one an app that is locked below, one by flatpak, one that is not locked.
    async fn with_apps() -> (Self, Systemd) {
        let (lab, systemd) = Self::with_systemd().await;
        for unit in [CHAT, GAME, MAIL] {
            systemd.start_unit(unit, &[]).await.unwrap();
        }
        (lab, systemd)
    }

    /// A backend as another process would open it: it knows nothing.
    fn backend(&self) -> SystemdFreeze {
        SystemdFreeze::new(&self.desktop)
    }

    /// A program of the name given that says every line it hears.
    fn program(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        install(Path::new("/bin/cat"), &path);
        path
    }
}

/// Copies a file, as a program. Not by this process: what another test starts meanwhile would have it open for writing, and
/// it could not be run.
pub fn install(from: &Path, to: &Path) {
    let done = Command::new("install").args(["-m", "755"]).args([from, to]).status().unwrap();
    assert!(done.success());
}

/// A running program that says every line it hears.
struct Echo {
    child: Child,
    into: ChildStdin,
    out: Option<BufReader<ChildStdout>>,
}

impl Echo {
    /// Starts it, and waits for nothing.
    fn spawn(program: &Path) -> Self {
        let mut child =
            Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let into = child.stdin.take().unwrap();
        let out = Some(BufReader::new(child.stdout.take().unwrap()));
        Self { child, into, out }
    }

    fn start(program: &Path) -> Self {
        let mut echo = Self::spawn(program);
        // It runs once it answers; before, it may still be this very process.
        echo.into.write_all(b"here\n").unwrap();
        echo.out.as_mut().unwrap().read_line(&mut String::new()).unwrap();
        echo
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn say(&mut self, line: &str) {
        self.into.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    async fn hears(&mut self) -> String {
        let mut out = self.out.take().unwrap();
        let read = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            (out, line)
        });
        let (out, line) = tokio::time::timeout(AT_MOST, read).await.unwrap().unwrap();
        self.out = Some(out);
        line.trim().to_owned()
    }

    /// Waits for its end; tells the signal that it was.
    async fn ends(&mut self) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt as _;
        assert_eq!(self.hears().await, "");
        self.child.wait().unwrap().signal()
    }

    /// Waits until the kernel says that it stands still.
    async fn stands_still(&self) {
        use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
        let pid = nix::unistd::Pid::from_raw(self.pid().try_into().unwrap());
        let wait = tokio::task::spawn_blocking(move || waitpid(pid, Some(WaitPidFlag::WUNTRACED)));
        let status = tokio::time::timeout(AT_MOST, wait).await.unwrap().unwrap().unwrap();
        assert!(matches!(status, WaitStatus::Stopped(..)), "{status:?}");
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Hears what a backend tells.
struct Ear {
    told: mpsc::Receiver<Change>,
    listener: JoinHandle<()>,
}

impl Ear {
    fn of(backend: &Arc<SystemdFreeze>) -> Self {
        let (tell, told) = mpsc::channel(8);
        let backend = Arc::clone(backend);
        let listener = tokio::spawn(async move { backend.changes(tell).await });
        Self { told, listener }
    }

    /// The next app that is caught; before it, that something is to be tried again may be told.
    async fn catches(&mut self) -> Caught {
        loop {
            match tokio::time::timeout(AT_MOST, self.told.recv()).await.unwrap() {
                Some(Change::Caught(caught)) => return caught,
                Some(Change::Again) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

fn lock(apps: &[&str]) -> Desired {
    Desired { apps: apps.iter().map(|id| (*id).to_owned()).collect(), ..Desired::default() }
}

/// As it comes back from disk.
fn from_disk(receipt: &Receipt) -> Receipt {
    serde_json::from_str(&serde_json::to_string(receipt).unwrap()).unwrap()
}

async fn put_in_force(
    backend: &SystemdFreeze,
    desired: &Desired,
    held: Option<&Receipt>,
) -> Receipt {
    let receipt = from_disk(&backend.capture(desired, held).await.unwrap());
    backend.apply(desired, &receipt).await.unwrap();
    receipt
}

#[tokio::test]
async fn apps_are_frozen_and_given_back_exactly() {
    let (lab, systemd) = Lab::with_apps().await;
    let before = systemd.state().await;
    let backend = lab.backend();
    assert!(
        matches!(backend.probe().await, Probe::Ready(text) if text.starts_with("systemd 252; new programs"))
    );

    let desired = lock(&["org.example.chat", "org.example.Game"]);
    let receipt = put_in_force(&backend, &desired, None).await;
    assert!(systemd.is_frozen(CHAT) && systemd.is_frozen(GAME) && !systemd.is_frozen(MAIL));
    assert_eq!(systemd.calls().len(), 2);
    backend.apply(&desired, &receipt).await.unwrap();
    assert_eq!(systemd.calls(), [""; 0], "twice is the same as once");

    // Another process, with nothing but the receipt.
    assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(systemd.state().await, before);
    assert_eq!(systemd.calls().len(), 2);
    assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(systemd.calls(), [""; 0], "twice is the same as once");
}

#[tokio::test]
async fn a_process_stands_still_and_loses_nothing() {
    let (lab, systemd) = Lab::with_systemd().await;
    let mut app = Echo::start(&lab.program("anything"));
    systemd.start_unit(CHAT, &[app.pid()]).await.unwrap();
    let backend = lab.backend();
    let receipt = put_in_force(&backend, &lock(&["org.example.Chat"]), None).await;
    app.stands_still().await;
    app.say("said while it was locked");
    backend.restore(&receipt).await.unwrap();
    assert_eq!(app.hears().await, "said while it was locked");
}

#[tokio::test]
async fn where_the_session_ends_what_is_let_go_is_told_of_that() {
    for version in ["252.39-1", "257.9-1"] {
        let (lab, systemd) = Lab::with_systemd().await;
        systemd.set_version(version);
        let (mut ours, other) =
            (Echo::start(&lab.program("ours")), Echo::start(&lab.program("other")));
        systemd.start_unit(CHAT, &[ours.pid()]).await.unwrap();
        systemd.start_unit(MAIL, &[other.pid()]).await.unwrap();
        let receipt = put_in_force(&lab.backend(), &lock(&["org.example.Chat"]), None).await;
        systemd.begin_to_end();
        assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(ours.ends().await, Some(15), "SIGTERM, and nothing stronger");
        let told = systemd.calls().into_iter().filter(|call| call.starts_with("StopUnit"));
        assert_eq!(told.collect::<Vec<_>>(), [format!("StopUnit {CHAT}")]);
    }
}

#[tokio::test]
async fn what_somebody_else_froze_is_left_so() {
    let (lab, systemd) = Lab::with_apps().await;
    assert!(systemd.freeze(CHAT) && systemd.freeze(MAIL));
    let backend = lab.backend();
    let receipt =
        put_in_force(&backend, &lock(&["org.example.Chat", "org.example.Game"]), None).await;
    // Wanted later, and frozen since before.
    let desired = lock(&["org.example.Chat", "org.example.Game", "org.example.Mail"]);
    let receipt = put_in_force(&backend, &desired, Some(&receipt)).await;
    assert!(systemd.is_frozen(GAME));
    assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
    assert!(systemd.is_frozen(CHAT) && systemd.is_frozen(MAIL) && !systemd.is_frozen(GAME));
}

#[tokio::test]
async fn an_unlocked_app_goes_on_and_a_new_one_stops() {
    let (lab, systemd) = Lab::with_apps().await;
    let backend = lab.backend();
    let first =
        put_in_force(&backend, &lock(&["org.example.Chat", "org.example.Game"]), None).await;
    let second =
        put_in_force(&backend, &lock(&["org.example.Game", "org.example.Mail"]), Some(&first))
            .await;
    assert!(!systemd.is_frozen(CHAT) && systemd.is_frozen(GAME) && systemd.is_frozen(MAIL));

    // A crash after the third receipt was written and before it was acted on: all three are still ours.
    let desired = lock(&["org.example.Chat"]);
    let third = from_disk(&backend.capture(&desired, Some(&second)).await.unwrap());
    assert_eq!(lab.backend().restore(&third).await, Ok(Restored::AsFound));
    assert!(!systemd.is_frozen(CHAT) && !systemd.is_frozen(GAME) && !systemd.is_frozen(MAIL));
}

#[tokio::test]
async fn what_the_person_thawed_stays_so() {
    let (lab, systemd) = Lab::with_apps().await;
    let backend = lab.backend();
    let desired = lock(&["org.example.Chat"]);
    let receipt = put_in_force(&backend, &desired, None).await;
    systemd.person_changes().await;
    backend.apply(&desired, &receipt).await.unwrap();
    assert!(!systemd.is_frozen(CHAT));
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert!(!systemd.is_frozen(CHAT));

    // Another run of the app is another matter.
    let receipt = put_in_force(&backend, &desired, None).await;
    systemd.person_changes().await;
    systemd.end_unit(CHAT);
    systemd.start_unit(CHAT, &[]).await.unwrap();
    backend.apply(&desired, &receipt).await.unwrap();
    assert!(systemd.is_frozen(CHAT));
}

#[tokio::test]
async fn an_app_that_vanishes_is_forgotten() {
    let (lab, systemd) = Lab::with_apps().await;
    systemd.list_a_ghost("app-gnome-org.example.Chat-99.scope");
    let backend = lab.backend();
    let receipt =
        put_in_force(&backend, &lock(&["org.example.Chat", "org.example.Game"]), None).await;
    assert!(systemd.is_frozen(CHAT) && systemd.is_frozen(GAME));
    systemd.end_unit(CHAT);
    assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
    assert!(!systemd.is_frozen(GAME));
}

#[tokio::test]
async fn where_the_tree_cannot_be_seen_the_manager_is_asked() {
    let (mut lab, systemd) = Lab::with_apps().await;
    let blind = Env { sysfs: lab.folder.path().join("nowhere"), ..(*lab.desktop.env).clone() };
    lab.desktop.env = Arc::new(blind);
    systemd.list_a_ghost("app-gnome-org.example.Chat-99.scope");
    let receipt = put_in_force(&lab.backend(), &lock(&["org.example.Chat"]), None).await;
    assert!(systemd.is_frozen(CHAT) && !systemd.is_frozen(GAME));
    assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
    assert!(!systemd.is_frozen(CHAT));
}

#[tokio::test]
async fn what_can_never_be_locked_is_not() {
    let (lab, systemd) = Lab::with_systemd().await;
    let terminal = "app-org.kde.konsole-7.scope";
    systemd.start_unit(terminal, &[]).await.unwrap();
    let desired = lock(&["org.kde.konsole", "gnome-shell"]);
    let receipt = put_in_force(&lab.backend(), &desired, None).await;
    assert!(!systemd.is_frozen(terminal));
    assert_eq!(receipt.set["apps"], serde_json::json!([]));
}

#[tokio::test]
async fn an_app_with_ourselves_in_it_is_left_running_and_said() {
    let (lab, systemd) = Lab::with_apps().await;
    let ide = "app-gnome-org.example.Ide-5.scope";
    systemd.start_unit(ide, &[std::process::id()]).await.unwrap();
    let backend = lab.backend();
    let desired = lock(&["org.example.Ide", "org.example.Chat"]);
    put_in_force(&backend, &desired, None).await;
    let notes = backend.left_out();
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].app.as_deref(), Some("org.example.ide"));
    assert!(notes[0].text.starts_with("org.example.Ide was left running"), "{notes:?}");
    assert!(systemd.is_frozen(CHAT), "the others are locked all the same");
}

#[tokio::test]
async fn one_app_that_cannot_be_frozen_opens_no_other() {
    let (lab, systemd) = Lab::with_apps().await;
    let desired = lock(&["org.example.Chat", "org.example.Game", "org.example.Mail"]);
    systemd.will_not_freeze(GAME, Fault::Refuses);
    systemd.will_not_freeze(MAIL, Fault::Hangs);
    let backend = lab.backend();
    let receipt = put_in_force(&backend, &desired, None).await;
    assert!(systemd.is_frozen(CHAT) && !systemd.is_frozen(GAME) && !systemd.is_frozen(MAIL));
    let notes: Vec<String> = backend.left_out().into_iter().map(|it| it.text).collect();
    assert_eq!(
        notes,
        [
            "org.example.Game was left running: systemd could not freeze it: Unit does not support freezing.",
            "org.example.Mail has not stood still within two seconds; it does when what it waits for is over.",
        ]
    );
    assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(backend.left_out(), []);

    // Where none stands still, it is the manager that does not answer.
    systemd.will_not_freeze(CHAT, Fault::Hangs);
    let only = lock(&["org.example.Chat"]);
    let receipt = backend.capture(&only, None).await.unwrap();
    assert!(matches!(backend.apply(&only, &receipt).await, Err(BackendError::TimedOut(_))));
}

#[tokio::test]
async fn a_started_app_that_cannot_be_frozen_is_noted() {
    let (lab, systemd) = Lab::with_apps().await;
    let backend = Arc::new(lab.backend());
    put_in_force(&backend, &lock(&["org.example.Late"]), None).await;
    let mut ear = Ear::of(&backend);
    let late = "app-gnome-org.example.Late-20.scope";
    systemd.will_not_freeze(late, Fault::Refuses);
    systemd.start_unit(late, &[]).await.unwrap();
    loop {
        match tokio::time::timeout(AT_MOST, ear.told.recv()).await.unwrap() {
            Some(Change::LeftOut) => break,
            Some(Change::Again) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(backend.left_out().len(), 1);
}

#[tokio::test]
async fn an_app_started_later_is_told_of_frozen_and_given_back() {
    let (lab, systemd) = Lab::with_apps().await;
    let backend = Arc::new(lab.backend());
    let desired = lock(&["org.example.Chat", "org.example.Late"]);
    let receipt = put_in_force(&backend, &desired, None).await;

    // One that came before anybody listened.
    let early = "app-gnome-org.example.Late-20.scope";
    systemd.start_unit(early, &[]).await.unwrap();
    let mut ear = Ear::of(&backend);
    assert_eq!(ear.catches().await.unit, early);
    assert!(systemd.is_frozen(early));

    // And one after; what is not locked, and scopes of our own, are not told.
    let late = "app-gnome-org.example.Late-21.scope";
    for unit in ["app-org.example.Other-1.scope", "app-quietd-org.example.Late-3.scope", late] {
        systemd.start_unit(unit, &[]).await.unwrap();
    }
    let caught = ear.catches().await;
    assert_eq!((caught.app.as_str(), caught.unit.as_str()), ("org.example.late", late));
    assert!(caught.ran < AT_MOST);
    assert!(systemd.is_frozen(late) && !systemd.is_frozen("app-org.example.Other-1.scope"));
    drop(ear);

    // The receipt was written before these ran.
    assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
    assert!(!systemd.is_frozen(early) && !systemd.is_frozen(late) && !systemd.is_frozen(CHAT));
}

#[tokio::test]
async fn a_manager_that_comes_back_is_listened_to_again() {
    let (lab, mut systemd) = Lab::with_apps().await;
    let backend = Arc::new(lab.backend());
    let desired = lock(&["org.example.Chat"]);
    let receipt = put_in_force(&backend, &desired, None).await;
    let mut ear = Ear::of(&backend);
    systemd.stop().await;
    assert!(matches!(backend.apply(&desired, &receipt).await, Err(BackendError::Absent(_))));
    let again = "app-gnome-org.example.Chat-30.scope";
    systemd.start_unit(again, &[]).await.unwrap();
    systemd.start().await;
    assert_eq!(ear.catches().await.unit, again);
    assert!(systemd.is_frozen(CHAT) && systemd.is_frozen(again));
    drop(ear);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert!(!systemd.is_frozen(CHAT) && !systemd.is_frozen(again));
}

#[tokio::test]
async fn a_process_without_a_unit_is_adopted_with_its_children() {
    let (lab, systemd) = Lab::with_systemd().await;
    let program = lab.program("quiet-lab-chat");
    let mut app = Echo::start(&program);
    let mut other = Echo::start(&lab.program("quiet-lab-mail"));
    let scope = format!("app-quietd-quiet\\x2dlab\\x2dchat-{}.scope", app.pid());
    let backend = lab.backend();
    let desired = lock(&["quiet-lab-chat"]);
    let receipt = put_in_force(&backend, &desired, None).await;
    assert!(systemd.is_frozen(&scope), "{}", systemd.state().await);
    assert_eq!(systemd.processes(&scope), [app.pid()]);
    app.stands_still().await;
    other.say("hello");
    assert_eq!(other.hears().await, "hello", "nobody else is touched");

    systemd.calls();
    backend.apply(&desired, &receipt).await.unwrap();
    assert_eq!(systemd.calls(), [""; 0], "twice is the same as once");
    app.say("hello");
    assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(app.hears().await, "hello");
}

#[tokio::test]
async fn an_app_is_adopted_by_what_its_desktop_entry_starts() {
    let (lab, systemd) = Lab::with_systemd().await;
    let program = lab.program("quiet-lab-entry");
    let folder = lab.folder.path().join("share/applications");
    fs::create_dir_all(&folder).unwrap();
    let text =
        format!("[Desktop Entry]\nType=Application\nName=Entry\nExec={} %U\n", program.display());
    fs::write(folder.join("org.example.Entry.desktop"), text).unwrap();
    let app = Echo::start(&program);

    let running = running_apps(&lab.desktop, &BTreeSet::new()).await.unwrap();
    let entry = running.iter().find(|app| app.id == "org.example.Entry").unwrap();
    assert_eq!((entry.name.as_str(), entry.known_by), ("Entry", KnownBy::Process));

    let backend = lab.backend();
    let receipt = put_in_force(&backend, &lock(&["org.example.entry"]), None).await;
    let scope = format!("app-quietd-org.example.entry-{}.scope", app.pid());
    assert!(systemd.is_frozen(&scope), "{}", systemd.state().await);
    let locked = ["org.example.Entry".to_owned()].into();
    let running = running_apps(&lab.desktop, &locked).await.unwrap();
    let entry = running.iter().find(|app| app.id == "org.example.Entry").unwrap();
    assert!(entry.locked && entry.never.is_none());
    assert!(entry.units.contains(&scope));
    backend.restore(&receipt).await.unwrap();
    assert!(!systemd.is_frozen(&scope));
}

#[tokio::test]
async fn running_apps_are_listed_with_what_to_write() {
    let (lab, systemd) = Lab::with_apps().await;
    for unit in ["app-gnome-org.example.Chat-77.scope", "app-org.example.Helper@autostart.service"]
    {
        systemd.start_unit(unit, &[]).await.unwrap();
    }
    let locked = ["org.example.chat".to_owned()].into();
    put_in_force(&lab.backend(), &lock(&["org.example.chat"]), None).await;
    let running = running_apps(&lab.desktop, &locked).await.unwrap();
    let told: Vec<_> = running
        .iter()
        .filter(|app| app.known_by == KnownBy::Unit)
        .map(|app| (app.id.as_str(), app.units.len(), app.locked))
        .collect();
    let expected = [
        ("org.example.Chat", 2, true),
        ("org.example.Game", 1, false),
        ("org.example.Mail", 1, false),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_cannot_freeze_is_told_apart() {
    let (lab, systemd) = Lab::with_systemd().await;
    let text = |probe: Probe| match probe {
        Probe::Unsupported(text) => text,
        other => panic!("{other:?}"),
    };
    systemd.set_version("245.4-4ubuntu3");
    assert!(text(lab.backend().probe().await).contains("246"));
    systemd.set_version("v258~rc1");
    let probe = lab.backend().noticing(How::Looking).probe().await;
    let told = "systemd 258; new programs are noticed by looking once a second; calls cannot be seen without pw-dump or \
                pactl";
    assert_eq!(probe, Probe::Ready(told.to_owned()));
    let tree = lab.desktop.env.sysfs.join("fs/cgroup");
    fs::remove_file(tree.join("user.slice/standin/cgroup.freeze")).unwrap();
    assert!(text(lab.backend().probe().await).contains("Linux 5.2"));
    fs::remove_file(tree.join("cgroup.controllers")).unwrap();
    assert!(text(lab.backend().probe().await).contains("cgroup v2"));
}

#[tokio::test]
async fn where_the_manager_hangs_the_apps_go_on_all_the_same() {
    let (lab, systemd) = Lab::with_apps().await;
    let receipt = put_in_force(&lab.backend(), &lock(&["org.example.Chat"]), None).await;
    // The tree as the kernel has it on a person's machine, where the stand-in has its own.
    let uid = nix::unistd::Uid::current();
    let place = format!("fs/cgroup/user.slice/user-{uid}.slice/user@{uid}.service/app.slice");
    let unit = |name: &str| {
        let folder = lab.desktop.env.sysfs.join(&place).join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("cgroup.freeze"), "1\n").unwrap();
        folder.join("cgroup.freeze")
    };
    let (chat, mail) = (unit(CHAT), unit(MAIL));
    systemd.fault(Fault::Hangs).await;
    assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(fs::read_to_string(chat).unwrap(), "0\n");
    assert_eq!(fs::read_to_string(mail).unwrap(), "1\n", "not ours");
}
