//! `KWin`, as far as scripts of ours see it: what they do is done here by what they are given.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::Notify;
use zbus::Connection;

#[derive(Default)]
struct State {
    major: u8,
    windows: Windows,
    /// By name.
    loaded: BTreeMap<String, Script>,
    refuses: bool,
}

/// By id: process, minimised, kept out of the task bar.
type Windows = BTreeMap<String, (u32, bool, bool)>;

type Shared = Arc<Mutex<State>>;

pub struct Kwin {
    state: Shared,
    unloaded: Arc<Notify>,
    _bus: Connection,
}

impl Kwin {
    pub async fn start(address: &str, major: u8) -> Self {
        let state = Shared::default();
        state.lock().unwrap().major = major;
        let unloaded = Arc::new(Notify::new());
        let bus = zbus::connection::Builder::address(address).build().await.unwrap();
        bus.object_server()
            .at("/Scripting", Scripting(Arc::clone(&state), Arc::clone(&unloaded)))
            .await
            .unwrap();
        bus.request_name("org.kde.KWin").await.unwrap();
        Self { state, unloaded, _bus: bus }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn put(&self, id: &str, pid: u32, minimised: bool) {
        self.lock().windows.insert(id.to_owned(), (pid, minimised, false));
    }

    pub fn refuse_scripts(&self, refuses: bool) {
        self.lock().refuses = refuses;
    }

    pub fn state(&self) -> String {
        let shared = self.lock();
        let told = shared.windows.iter().map(|(id, (_, minimised, kept))| {
            let word = |is: &bool, word: &'static str| if *is { word } else { "" };
            format!("{id}{}{}", word(minimised, " minimised"), word(kept, " kept"))
        });
        told.collect::<Vec<_>>().join(", ")
    }

    /// Waits until no script is loaded any more.
    pub async fn forgets_scripts(&self) {
        let all_gone = async {
            while !self.lock().loaded.is_empty() {
                self.unloaded.notified().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), all_gone).await.expect("a script stays");
    }
}

/// What a script is given, and what it does.
pub fn read(script: &str) -> (Value, String) {
    let text = std::fs::read_to_string(script).unwrap();
    let (given, does) = text.split_once(";\n").unwrap();
    let given = serde_json::from_str(given.strip_prefix("var quietd = ").unwrap()).unwrap();
    (given, does.to_owned())
}

struct Scripting(Shared, Arc<Notify>);

#[zbus::interface(name = "org.kde.kwin.Scripting")]
impl Scripting {
    #[zbus(name = "loadScript")]
    fn load_script(&self, path: &str, name: &str) -> i32 {
        let mut state = self.0.lock().unwrap();
        if state.refuses || state.loaded.contains_key(name) {
            return -1;
        }
        let (given, does) = read(path);
        let script = Script { given, does, has_run: false };
        state.loaded.insert(name.to_owned(), script);
        i32::try_from(state.loaded.len()).unwrap() - 1
    }

    #[zbus(name = "unloadScript")]
    fn unload_script(&self, name: &str) -> bool {
        let was_there = self.0.lock().unwrap().loaded.remove(name).is_some();
        self.1.notify_one();
        was_there
    }

    #[zbus(name = "start")]
    async fn start(&self, #[zbus(connection)] bus: &Connection) {
        let told = self.0.lock().unwrap().run();
        for (given, told) in told {
            let text = |key: &str| given[key].as_str().unwrap().to_owned();
            // A script does not wait for an answer.
            let call = zbus::Message::method_call("/org/quietd/Windows", "Told")
                .destination(text("to"))
                .interface(text("interface"))
                .build(&(text("token"), told))
                .unwrap();
            bus.send(&call).await.unwrap();
        }
    }
}

struct Script {
    given: Value,
    does: String,
    has_run: bool,
}

impl State {
    /// Runs what has not run yet; with what each was given, what it tells.
    fn run(&mut self) -> Vec<(Value, String)> {
        let new = self.loaded.values_mut().filter(|it| !it.has_run);
        new.map(|it| {
            it.has_run = true;
            let told = run(&mut self.windows, self.major == 5, &it.given, &it.does);
            (it.given.clone(), told)
        })
        .collect()
    }
}

fn run(windows: &mut Windows, five: bool, given: &Value, does: &str) -> String {
    if let Some(pids) = given["pids"].as_array() {
        let meant = windows.iter().filter(|(_, it)| pids.contains(&it.0.into()) && !it.1);
        let told = meant.map(|(id, it)| {
            json!({ "id": id, "pid": it.0, "kills": five, "keeps": five,
                    "skips": [it.2, it.2, it.2] })
        });
        return told.collect::<Value>().to_string();
    }
    assert_eq!(given["name"], "org.quietd.Quiet1");
    let hides = does.contains("minimized = true");
    for wanted in given["windows"].as_array().unwrap() {
        let window = windows.get_mut(wanted["id"].as_str().unwrap());
        let Some(window) = window.filter(|it| wanted["pid"] == it.0) else { continue };
        window.1 = hides;
        if wanted["keeps"] == true {
            window.2 = hides || wanted["skips"][0] == true;
        }
    }
    "[]".to_owned()
}
