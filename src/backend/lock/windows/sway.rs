//! sway: windows are moved to a workspace nobody looks at, and back beside the neighbour they had.
//!
//! Its IPC is i3's: `i3-ipc`, length, type, text. A window keeps its size and whether it floats on another workspace,
//! which it does not in the scratchpad. Seen on sway 1.7 and 1.10.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Act, Owners, SHOW_AT_MOST, Trouble, Way, Window, entries};

/// Where hidden windows are.
const WORKSPACE: &str = "quietd";
/// A neighbour's mark while a window is put beside it; one that begins so is not shown in titles.
const MARK: &str = "_quietd";

const MAGIC: &[u8; 6] = b"i3-ipc";
const RUN_COMMAND: u32 = 0;
const GET_TREE: u32 = 4;
/// The largest answer that is read, in bytes; a tree of a hundred windows has a tenth of a megabyte.
const LONGEST: usize = 16 << 20;

/// A node of the tree: an output, a workspace, a container, a window.
#[derive(Debug, Deserialize)]
struct Node {
    id: i64,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    name: Option<String>,
    /// Windows have one.
    #[serde(default)]
    pid: Option<u32>,
    #[serde(default)]
    nodes: Vec<Node>,
    #[serde(default)]
    floating_nodes: Vec<Node>,
}

/// Where a window was.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Place {
    workspace: String,
    /// The window before it, in the same container.
    before: Option<i64>,
    /// Windows after it.
    after: Vec<i64>,
}

/// A window that is there.
struct There {
    id: i64,
    pid: u32,
    place: Place,
}

/// The sockets of sways, running or not, in the runtime folder.
pub fn sockets(runtime: &Path) -> Vec<PathBuf> {
    entries(runtime, |name| name.starts_with("sway-ipc."))
}

/// The windows of some processes that can be hidden.
pub fn list(socket: &Path, owners: &Owners) -> Result<Vec<Window>, Trouble> {
    let mut windows = Vec::new();
    for it in tree(socket)? {
        // The scratchpad's are hidden by the person.
        let is_hidden = it.place.workspace == WORKSPACE || it.place.workspace == "__i3_scratch";
        if !is_hidden && owners.pids.contains(&it.pid) {
            windows.push(Window {
                way: Way::Sway(socket.to_owned()),
                id: it.id.to_string(),
                pid: it.pid,
                started: 0,
                place: serde_json::to_value(&it.place)?,
            });
        }
    }
    Ok(windows)
}

/// Hides or shows windows.
pub fn act(socket: &Path, windows: &[Window], act: Act) -> Result<(), Trouble> {
    // Read anew after each: where a window goes depends on those before it.
    for window in windows {
        let there = tree(socket)?;
        let id: i64 = window.id.parse().unwrap_or(0);
        let Some(it) = there.iter().find(|it| it.id == id && it.pid == window.pid) else {
            continue;
        };
        let is_hidden = it.place.workspace == WORKSPACE;
        match act {
            Act::Hide if !is_hidden => run(socket, &to(id, WORKSPACE))?,
            Act::Show if is_hidden => {
                let place = serde_json::from_value(window.place.clone())?;
                run(socket, &back(id, &place, &there))?;
            }
            // The person has put it elsewhere meanwhile.
            Act::Hide | Act::Show => {}
        }
    }
    Ok(())
}

fn to(id: i64, workspace: &str) -> String {
    let name = workspace.replace('\\', "\\\\").replace('"', "\\\"");
    format!("[con_id={id}] move --no-auto-back-and-forth container to workspace \"{name}\"")
}

/// The commands that put a window where it was, as well as what is there now lets them.
fn back(id: i64, place: &Place, there: &[There]) -> String {
    let is_there = |other: &&i64| {
        there.iter().any(|it| it.id == **other && it.place.workspace == place.workspace)
    };
    let beside = |other: i64| {
        format!(
            "[con_id={other}] mark --add {MARK}; [con_id={id}] move container to mark {MARK}; \
             [con_id={other}] unmark {MARK}"
        )
    };
    if let Some(before) = place.before.as_ref().filter(is_there) {
        beside(*before)
    } else if let Some(after) = place.after.iter().find(is_there) {
        // It can only be put behind another one.
        format!("{}; [con_id={id}] swap container with con_id {after}", beside(*after))
    } else {
        to(id, &place.workspace)
    }
}

fn tree(socket: &Path) -> Result<Vec<There>, Trouble> {
    let root: Node = serde_json::from_slice(&ask(socket, GET_TREE, "")?)?;
    let mut found = Vec::new();
    collect(&root, None, &mut found);
    Ok(found)
}

fn collect(node: &Node, workspace: Option<&str>, found: &mut Vec<There>) {
    let workspace = match node.kind.as_str() {
        "workspace" => node.name.as_deref(),
        _ => workspace,
    };
    let mut windows = |nodes: &[Node], floats: bool| {
        for (at, child) in nodes.iter().enumerate() {
            let (Some(pid), Some(workspace)) = (child.pid, workspace) else {
                collect(child, workspace, found);
                continue;
            };
            let is_window = |node: &&Node| node.pid.is_some() && !floats;
            let place = Place {
                workspace: workspace.to_owned(),
                before: nodes[..at].last().filter(is_window).map(|node| node.id),
                after: nodes[at + 1..].iter().filter(is_window).map(|node| node.id).collect(),
            };
            found.push(There { id: child.id, pid, place });
        }
    };
    windows(&node.nodes, false);
    windows(&node.floating_nodes, true);
}

fn run(socket: &Path, commands: &str) -> Result<(), Trouble> {
    #[derive(Deserialize)]
    struct Answer {
        success: bool,
        #[serde(default)]
        error: String,
    }
    let answers: Vec<Answer> = serde_json::from_slice(&ask(socket, RUN_COMMAND, commands)?)?;
    match answers.into_iter().find(|answer| !answer.success) {
        Some(failed) => Err(Trouble::Odd(format!("«{}» to {commands}", failed.error))),
        None => Ok(()),
    }
}

fn ask(socket: &Path, kind: u32, text: &str) -> Result<Vec<u8>, Trouble> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(SHOW_AT_MOST))?;
    stream.set_write_timeout(Some(SHOW_AT_MOST))?;
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_ne_bytes();
    stream.write_all(&[&MAGIC[..], &length, &kind.to_ne_bytes(), text.as_bytes()].concat())?;
    let mut head = [0; 14];
    stream.read_exact(&mut head)?;
    let number =
        |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let length = usize::try_from(number(6)).unwrap_or(usize::MAX);
    if !head.starts_with(MAGIC) || number(10) != kind || length > LONGEST {
        return Err(Trouble::Odd("with another message than was asked for".to_owned()));
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}
