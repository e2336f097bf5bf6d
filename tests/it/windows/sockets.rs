//! sway and Hyprland, as far as their sockets tell of windows and move them.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard},
};

use serde_json::{Value, json};

/// A socket that answers from what a test has put there.
struct Served<T> {
    state: Arc<(Mutex<Shared<T>>, Condvar)>,
}

struct Shared<T> {
    hangs: bool,
    of: T,
}

impl<T: Default + Send + 'static> Served<T> {
    fn start(socket: &Path, answer: fn(&mut T, UnixStream)) -> Self {
        let state =
            Arc::new((Mutex::new(Shared { hangs: false, of: T::default() }), Condvar::new()));
        let listener = UnixListener::bind(socket).unwrap();
        let served = Self { state: Arc::clone(&state) };
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = state.0.lock().unwrap();
                let mut shared = state.1.wait_while(shared, |shared| shared.hangs).unwrap();
                answer(&mut shared.of, stream.unwrap());
            }
        });
        served
    }

    fn lock(&self) -> MutexGuard<'_, Shared<T>> {
        self.state.0.lock().unwrap()
    }

    fn hang(&self, hangs: bool) {
        self.lock().hangs = hangs;
        self.state.1.notify_all();
    }
}

/// A window of sway: its container's id and its process.
type Win = (i64, u32);

#[derive(Default)]
struct Tree {
    /// Tiled and floating ones, by workspace.
    workspaces: BTreeMap<String, (Vec<Win>, Vec<Win>)>,
    marks: BTreeMap<String, i64>,
    is_odd: bool,
}

/// Stands in for sway 1.7: a workspace without windows is gone, a window goes to the end of where it is moved to.
pub struct Sway(Served<Tree>);

impl Sway {
    pub fn start(socket: &Path) -> Self {
        Self(Served::start(socket, Tree::answer))
    }

    pub fn put(&self, workspace: &str, tiled: &[Win], floating: &[Win]) {
        let windows = (tiled.to_vec(), floating.to_vec());
        self.0.lock().of.workspaces.insert(workspace.to_owned(), windows);
    }

    pub fn hang(&self, hangs: bool) {
        self.0.hang(hangs);
    }

    pub fn talk_nonsense(&self) {
        self.0.lock().of.is_odd = true;
    }

    pub fn person_moves(&self, id: i64, workspace: &str) {
        self.0.lock().of.put_on(id, workspace);
    }

    pub fn person_closes(&self, id: i64) {
        self.0.lock().of.take(id);
    }

    pub fn state(&self) -> String {
        let ids = |windows: &[Win]| windows.iter().map(|it| it.0).collect::<Vec<_>>();
        let shared = self.0.lock();
        assert!(shared.of.marks.is_empty(), "a mark is left behind");
        let told = shared.of.workspaces.iter().map(|(name, (tiled, floating))| {
            // Which of the floating ones is where is no matter.
            let mut floating = ids(floating);
            floating.sort_unstable_by(|one, other| other.cmp(one));
            format!("{name} tiled {:?} floating {floating:?}\n", ids(tiled))
        });
        told.collect()
    }
}

impl Tree {
    fn answer(&mut self, mut stream: UnixStream) {
        let mut head = [0; 14];
        // Who gave up waiting is gone.
        if stream.read_exact(&mut head).is_err() {
            return;
        }
        assert_eq!(&head[..6], b"i3-ipc");
        let mut text = vec![0; u32::from_ne_bytes(head[6..10].try_into().unwrap()) as usize];
        stream.read_exact(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let answer = match u32::from_ne_bytes(head[10..].try_into().unwrap()) {
            _ if self.is_odd => json!({ "id": "seven" }),
            0 => text.split("; ").map(|command| self.run(command)).collect(),
            4 => self.tree(),
            other => panic!("message {other}"),
        };
        let answer = answer.to_string();
        head[6..10].copy_from_slice(&u32::try_from(answer.len()).unwrap().to_ne_bytes());
        let _ = stream.write_all(&[&head[..], answer.as_bytes()].concat());
    }

    fn tree(&self) -> Value {
        let window = |kind: &'static str| {
            move |it: &Win| {
                json!({ "id": it.0, "type": kind, "pid": it.1, "name": "x", "nodes": [],
                "floating_nodes": [] })
            }
        };
        let workspaces: Vec<Value> = self
            .workspaces
            .iter()
            .map(|(name, (tiled, floating))| {
                json!({ "id": 9, "type": "workspace", "name": name,
                    "nodes": tiled.iter().map(window("con")).collect::<Vec<_>>(),
                    "floating_nodes": floating.iter().map(window("floating_con")).collect::<Vec<_>>() })
            })
            .collect();
        let output = json!({ "id": 2, "type": "output", "name": "A-1", "nodes": workspaces });
        json!({ "id": 1, "type": "root", "name": "root", "nodes": [output] })
    }

    /// Takes a window out; tells whether it floats.
    fn take(&mut self, id: i64) -> Option<(Win, bool)> {
        let mut taken = None;
        for (tiled, floating) in self.workspaces.values_mut() {
            for (windows, floats) in [(tiled, false), (floating, true)] {
                if let Some(at) = windows.iter().position(|it| it.0 == id) {
                    taken = Some((windows.remove(at), floats));
                }
            }
        }
        self.workspaces.retain(|_, (tiled, floating)| !tiled.is_empty() || !floating.is_empty());
        taken
    }

    fn put_on(&mut self, id: i64, workspace: &str) {
        let (window, floats) = self.take(id).unwrap();
        let (tiled, floating) = self.workspaces.entry(workspace.to_owned()).or_default();
        if floats { floating.push(window) } else { tiled.push(window) }
    }

    fn place_of(&mut self, id: i64) -> Option<(&mut Vec<Win>, usize)> {
        self.workspaces.values_mut().find_map(|(tiled, _)| {
            let at = tiled.iter().position(|it| it.0 == id)?;
            Some((tiled, at))
        })
    }

    fn run(&mut self, command: &str) -> Value {
        let (id, verb) = command.strip_prefix("[con_id=").unwrap().split_once("] ").unwrap();
        let id: i64 = id.parse().unwrap();
        if let Some(name) =
            verb.strip_prefix("move --no-auto-back-and-forth container to workspace ")
        {
            let name = name.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
            self.put_on(id, &name.replace("\\\"", "\"").replace("\\\\", "\\"));
        } else if let Some(mark) = verb.strip_prefix("mark --add ") {
            self.marks.insert(mark.to_owned(), id);
        } else if let Some(mark) = verb.strip_prefix("unmark ") {
            self.marks.remove(mark).unwrap();
        } else if let Some(mark) = verb.strip_prefix("move container to mark ") {
            let (window, _) = self.take(id).unwrap();
            let (windows, at) = self.place_of(self.marks[mark]).unwrap();
            windows.insert(at + 1, window);
        } else if let Some(other) = verb.strip_prefix("swap container with con_id ") {
            let other: i64 = other.parse().unwrap();
            let (windows, at) = self.place_of(id).unwrap();
            let with = windows.iter().position(|it| it.0 == other).unwrap();
            windows.swap(at, with);
        } else {
            return json!({ "success": false, "error": format!("Unknown command {verb}") });
        }
        json!({ "success": true })
    }
}

#[derive(Default)]
struct Clients(BTreeMap<String, (u32, i64, String)>);

/// Stands in for Hyprland: one request for each connection.
pub struct Hyprland(Served<Clients>);

impl Hyprland {
    pub fn start(socket: &Path) -> Self {
        Self(Served::start(socket, Clients::answer))
    }

    pub fn put(&self, address: &str, pid: u32, workspace: (i64, &str)) {
        let client = (pid, workspace.0, workspace.1.to_owned());
        self.0.lock().of.0.insert(address.to_owned(), client);
    }

    pub fn state(&self) -> String {
        let shared = self.0.lock();
        let told = shared.of.0.iter().map(|(address, it)| format!("{address} {}", it.2));
        told.collect::<Vec<_>>().join(", ")
    }
}

impl Clients {
    fn answer(&mut self, mut stream: UnixStream) {
        let mut text = [0; 1024];
        let length = stream.read(&mut text).unwrap();
        let answer = match std::str::from_utf8(&text[..length]).unwrap() {
            "j/clients" => {
                let client = |(address, (pid, id, name)): (&String, &(u32, i64, String))| json!({ "address": address, "pid": pid, "workspace": { "id": id, "name": name } });
                self.0.iter().map(client).collect::<Value>().to_string()
            }
            other => {
                let to = other.strip_prefix("dispatch movetoworkspacesilent ").unwrap();
                let (workspace, address) = to.split_once(",address:").unwrap();
                let client = self.0.get_mut(address).unwrap();
                let name = workspace.strip_prefix("name:").unwrap_or(workspace);
                let id = name.parse().unwrap_or(if name == workspace { -99 } else { -1337 });
                (client.1, client.2) = (id, name.to_owned());
                "ok".to_owned()
            }
        };
        stream.write_all(answer.as_bytes()).unwrap();
    }
}
