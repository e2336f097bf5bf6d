//! Hyprland: windows are moved to a special workspace that is not shown, and back to their own.
//!
//! Each request is a connection of its own, ended at once: one left open holds up the whole compositor. Its source, to
//! 0.53, says how; not run here.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Act, HIDE_AT_MOST, Owners, Trouble, Way, Window, entries};

/// Where hidden windows are.
const WORKSPACE: &str = "special:quietd";
/// The largest answer that is read, in bytes.
const LONGEST: u64 = 16 << 20;

/// One entry of `clients`.
#[derive(Debug, Deserialize)]
struct Client {
    address: String,
    /// Of a client that is gone, -1.
    pid: i64,
    workspace: Workspace,
}

#[derive(Debug, Deserialize)]
struct Workspace {
    id: i64,
    name: String,
}

/// Where a window was: the word for its workspace that the dispatcher takes.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    workspace: String,
}

/// The sockets of Hyprlands, running or not, in the runtime folder.
pub fn sockets(runtime: &Path) -> Vec<PathBuf> {
    let instances = entries(&runtime.join("hypr"), |_| true);
    instances.iter().map(|it| it.join(".socket.sock")).filter(|it| it.exists()).collect()
}

/// The windows of some processes that can be hidden.
pub fn list(socket: &Path, owners: &Owners) -> Result<Vec<Window>, Trouble> {
    let mut windows = Vec::new();
    for client in clients(socket)? {
        let Ok(pid) = u32::try_from(client.pid) else { continue };
        // Special workspaces are shown and hidden by the person.
        if client.workspace.name.starts_with("special") || !owners.pids.contains(&pid) {
            continue;
        }
        let workspace = match client.workspace.id {
            id @ 1.. => id.to_string(),
            _ => format!("name:{}", client.workspace.name),
        };
        windows.push(Window {
            way: Way::Hyprland(socket.to_owned()),
            id: client.address,
            pid,
            started: 0,
            place: serde_json::to_value(Place { workspace })?,
        });
    }
    Ok(windows)
}

/// Hides or shows windows.
pub fn act(socket: &Path, windows: &[Window], act: Act) -> Result<(), Trouble> {
    let there = clients(socket)?;
    for window in windows {
        let is_it = |it: &&Client| it.address == window.id && it.pid == i64::from(window.pid);
        let Some(it) = there.iter().find(is_it) else { continue };
        let is_hidden = it.workspace.name == WORKSPACE;
        match act {
            Act::Hide if !is_hidden => dispatch(socket, WORKSPACE, &window.id)?,
            Act::Show if is_hidden => {
                let place: Place = serde_json::from_value(window.place.clone())?;
                dispatch(socket, &place.workspace, &window.id)?;
            }
            // The person has put it elsewhere meanwhile.
            Act::Hide | Act::Show => {}
        }
    }
    Ok(())
}

fn clients(socket: &Path) -> Result<Vec<Client>, Trouble> {
    Ok(serde_json::from_str(&ask(socket, "j/clients")?)?)
}

fn dispatch(socket: &Path, workspace: &str, address: &str) -> Result<(), Trouble> {
    let command = format!("dispatch movetoworkspacesilent {workspace},address:{address}");
    match ask(socket, &command)?.trim() {
        "ok" => Ok(()),
        answer => Err(Trouble::Odd(format!("«{answer}» to {command}"))),
    }
}

fn ask(socket: &Path, request: &str) -> Result<String, Trouble> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(HIDE_AT_MOST))?;
    stream.set_write_timeout(Some(HIDE_AT_MOST))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer)?;
    Ok(answer)
}
