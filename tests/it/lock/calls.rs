//! Locked apps that hold a call or record: left alone until that ends. The sound servers' programs are scripts here.

use tokio::sync::{RwLock, RwLockReadGuard};

use super::*;

/// The first answer is this file, and what is written to the pipe comes after it.
const FOLLOWED: &str = r#"cat "$folder/now"
case "$*" in *--monitor*) exec 3<>"$folder/pipe"; exec cat <&3 ;; esac"#;

/// Read by who runs a sound server and written by who needs that none runs: a server is found among all processes, by
/// its name.
static SERVERS: RwLock<()> = RwLock::const_new(());

/// A lab with a sound server, of which a script tells.
struct Sound {
    lab: Lab,
    systemd: Systemd,
    _server: Echo,
    _runs: Option<RwLockReadGuard<'static, ()>>,
}

impl Sound {
    async fn with(server: &str, program: &str, script: &str) -> Self {
        let (mut lab, systemd) = Lab::with_apps().await;
        let folder = lab.folder.path().to_owned();
        let (bin, runtime) = (folder.join("bin"), folder.join("run"));
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(runtime.join("pulse")).unwrap();
        let script =
            format!("#!/bin/sh\nPATH=/usr/bin:/bin\nfolder='{}'\n{script}\n", folder.display());
        fs::write(folder.join("script"), script).unwrap();
        install(&folder.join("script"), &bin.join(program));
        nix::unistd::mkfifo(&folder.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let runs = if server == "pipewire" { Some(SERVERS.read().await) } else { None };
        let server = Echo::start(&lab.program(server));
        fs::write(runtime.join("pipewire-0"), "").unwrap();
        fs::write(runtime.join("pulse/pid"), server.pid().to_string()).unwrap();
        let env = (*lab.desktop.env).clone();
        lab.desktop.env = Arc::new(Env { path: vec![bin], runtime_dir: Some(runtime), ..env });
        let sound = Self { lab, systemd, _server: server, _runs: runs };
        sound.now("[]");
        sound
    }

    async fn pipewire(script: &str) -> Self {
        Self::with("pipewire", "pw-dump", script).await
    }

    /// What is told from now on to who asks.
    fn now(&self, text: &str) {
        fs::write(self.lab.folder.path().join("now"), text).unwrap();
    }

    /// What is told to who follows.
    fn tell(&self, text: &str) {
        // For reading as well, so that it is never the last one to close it.
        let pipe = self.lab.folder.path().join("pipe");
        let mut pipe = fs::OpenOptions::new().read(true).write(true).open(pipe).unwrap();
        pipe.write_all(text.as_bytes()).unwrap();
    }
}

fn stream(pid: u32, state: &str) -> String {
    format!(
        r#"[{{"id": 40, "type": "PipeWire:Interface:Client", "info": {{"props": {{"pipewire.sec.pid": {pid}}}}}}},
            {{"id": 50, "type": "PipeWire:Interface:Node", "info": {{"state": "{state}", "props":
                {{"client.id": 40, "media.class": "Stream/Input/Audio"}}}}}}]"#
    )
}

async fn again(ear: &mut Ear) {
    loop {
        match tokio::time::timeout(AT_MOST, ear.told.recv()).await.unwrap() {
            Some(Change::Again) => return,
            Some(Change::LeftOut) => {}
            other => panic!("{other:?}"),
        }
    }
}

const CALLS: &str = "org.example.Chat is in a call or records; it is locked when that ends.";

fn left_out(backend: &SystemdFreeze) -> Vec<String> {
    backend.left_out().into_iter().map(|it| it.text).collect()
}

#[tokio::test]
async fn an_app_in_a_call_goes_on_until_that_ends() {
    let sound = Sound::pipewire(FOLLOWED).await;
    let Sound { lab, systemd, .. } = &sound;
    let app = Echo::start(&lab.program("anything"));
    systemd.start_unit(CHAT, &[app.pid()]).await.unwrap();
    sound.now(&stream(app.pid(), "running"));
    let backend = Arc::new(lab.backend());
    assert!(matches!(backend.probe().await, Probe::Ready(text) if !text.contains("calls")));
    let desired = lock(&["org.example.Chat", "org.example.Game"]);
    let receipt = put_in_force(&backend, &desired, None).await;
    assert!(!systemd.is_frozen(CHAT) && systemd.is_frozen(GAME), "the others are locked");
    assert_eq!(left_out(&backend), [CALLS]);
    let mut ear = Ear::of(&backend);

    // Put in force once more in the midst of it.
    backend.apply(&desired, &receipt).await.unwrap();
    assert!(!systemd.is_frozen(CHAT));
    sound.now(&stream(app.pid(), "idle"));
    sound.tell(&stream(app.pid(), "idle"));
    again(&mut ear).await;
    let receipt = put_in_force(&backend, &desired, Some(&receipt)).await;
    assert!(systemd.is_frozen(CHAT));
    assert_eq!(left_out(&backend), [""; 0]);
    drop(ear);
    assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
    assert!(!systemd.is_frozen(CHAT) && !systemd.is_frozen(GAME));
}

#[tokio::test]
async fn a_program_without_a_unit_is_not_adopted_in_a_call() {
    let sound = Sound::pipewire(FOLLOWED).await;
    let Sound { lab, systemd, .. } = &sound;
    let app = Echo::start(&lab.program("quiet-lab-call"));
    sound.now(&stream(app.pid(), "running"));
    let backend = Arc::new(lab.backend().noticing(How::Looking));
    let desired = lock(&["quiet-lab-call"]);
    let receipt = put_in_force(&backend, &desired, None).await;
    let scope = format!("app-quietd-quiet\\x2dlab\\x2dcall-{}.scope", app.pid());
    assert_eq!(systemd.processes(&scope), [0; 0]);
    assert_eq!(left_out(&backend)[0].replace("quiet-lab-call", "org.example.Chat"), CALLS);
    sound.now(&stream(app.pid(), "idle"));
    put_in_force(&backend, &desired, Some(&receipt)).await;
    assert!(systemd.is_frozen(&scope), "{}", systemd.state().await);
}

#[tokio::test]
async fn whoever_tells_of_calls_and_ends_is_asked_again() {
    let once = r#"cat "$folder/now""#;
    let sound = Sound::pipewire(once).await;
    let Sound { lab, systemd, .. } = &sound;
    let app = Echo::start(&lab.program("anything"));
    systemd.start_unit(CHAT, &[app.pid()]).await.unwrap();
    sound.now(&stream(app.pid(), "running"));
    let backend = Arc::new(lab.backend());
    let desired = lock(&["org.example.Chat"]);
    let receipt = put_in_force(&backend, &desired, None).await;
    let mut ear = Ear::of(&backend);
    again(&mut ear).await;
    sound.now("[]");
    put_in_force(&backend, &desired, Some(&receipt)).await;
    assert!(systemd.is_frozen(CHAT));
}

#[tokio::test]
async fn what_cannot_be_known_holds_nothing_up() {
    for script in [
        // It hangs, and what it started with it.
        r#"(cat "$folder/pipe"); :"#,
        "echo '[{'",
        "echo 'Connection refused' >&2; exit 1",
        "head -c 10000000 /dev/zero | tr '\\0' '['",
        "echo '[{\"id\": true}]'",
        "kill -9 $$",
    ] {
        let sound = Sound::pipewire(script).await;
        let backend = sound.lab.backend();
        let lock = lock(&["org.example.Chat"]);
        let put = put_in_force(&backend, &lock, None);
        tokio::time::timeout(AT_MOST, put).await.unwrap();
        assert!(sound.systemd.is_frozen(CHAT), "{script}");
        assert_eq!(left_out(&backend), [""; 0]);
    }
}

#[tokio::test]
async fn a_sound_server_that_does_not_run_is_not_asked() {
    // To ask would start it.
    let _alone = SERVERS.write().await;
    let before = pipewire_runs();
    let sound =
        Sound::with("no-server", "pw-dump", r#"echo asked >>"$folder/asked"; echo '[]'"#).await;
    put_in_force(&sound.lab.backend(), &lock(&["org.example.Chat"]), None).await;
    assert!(sound.systemd.is_frozen(CHAT));
    // Where this machine runs one itself, that one is asked.
    assert!(
        before || pipewire_runs() || !sound.lab.folder.path().join("asked").exists(),
        "asked, though no pipewire runs"
    );
}

fn pipewire_runs() -> bool {
    let found = Command::new("pgrep").args(["-x", "pipewire"]).stdout(Stdio::null()).status();
    found.unwrap().success()
}

#[tokio::test]
async fn pulseaudio_is_asked_where_it_runs_by_itself() {
    let script = r#"case "$*" in
subscribe) exec 3<>"$folder/pipe"; exec cat <&3 ;;
*) cat "$folder/now" ;;
esac"#;
    let sound = Sound::with("pulseaudio", "pactl", script).await;
    let Sound { lab, systemd, .. } = &sound;
    let app = Echo::start(&lab.program("anything"));
    systemd.start_unit(CHAT, &[app.pid()]).await.unwrap();
    let records = format!(r#"[{{"properties": {{"application.process.id": "{}"}}}}]"#, app.pid());
    sound.now(&records);
    let backend = Arc::new(lab.backend());
    let desired = lock(&["org.example.Chat"]);
    let receipt = put_in_force(&backend, &desired, None).await;
    assert!(!systemd.is_frozen(CHAT));
    assert_eq!(left_out(&backend), [CALLS]);
    let mut ear = Ear::of(&backend);
    sound.now("[]");
    sound.tell("Event 'change' on source-output #4\nEvent 'remove' on source-output #4\n");
    again(&mut ear).await;
    put_in_force(&backend, &desired, Some(&receipt)).await;
    assert!(systemd.is_frozen(CHAT));
}
