//! sway: it is told of windows and workspaces (`subscribe` of i3's IPC). Seen on sway 1.7.
//!
//! It tells of new titles as well, and does not let anybody leave those out; they are passed over.

use std::{io, path::Path};

use serde::Deserialize;

use super::{Say, app, socket::Socket};
use crate::screen_time::{Focus, Teller};

const MAGIC: &[u8; 6] = b"i3-ipc";
const SUBSCRIBE: u32 = 2;
const GET_TREE: u32 = 4;
const WORKSPACE: u32 = 0x8000_0000;
const WINDOW: u32 = 0x8000_0003;

const BY: Teller = Teller { title: "sway", cannot: "" };

/// A node of the tree, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
struct Node {
    id: i64,
    #[serde(default)]
    focused: bool,
    /// Windows have one.
    #[serde(default)]
    pid: Option<u32>,
    #[serde(default)]
    app_id: Option<String>,
    #[serde(default)]
    window_properties: Option<Properties>,
    #[serde(default)]
    fullscreen_mode: u32,
    #[serde(default)]
    visible: bool,
    /// The windows in it, the one that had the focus last first.
    #[serde(default, rename = "focus")]
    stack: Vec<i64>,
    #[serde(default)]
    nodes: Vec<Node>,
    #[serde(default)]
    floating_nodes: Vec<Node>,
}

/// Of an X11 window.
#[derive(Debug, Default, Deserialize)]
struct Properties {
    #[serde(default)]
    class: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Change {
    #[serde(rename = "change")]
    what: String,
    #[serde(default)]
    container: Option<Node>,
    #[serde(default)]
    current: Option<Node>,
}

/// Tells until sway ends. False if none listens there.
pub async fn follow(socket: &Path, say: &mut Say) -> bool {
    let mut served = false;
    if let Err(error) = watch(socket, say, &mut served).await {
        tracing::debug!(%error, "sway tells nothing of its windows");
    }
    served
}

async fn watch(socket: &Path, say: &mut Say, served: &mut bool) -> io::Result<()> {
    let mut stream = Socket::connect(socket).await?;
    ask(&stream, SUBSCRIBE, r#"["window","workspace"]"#).await?;
    ask(&stream, GET_TREE, "").await?;
    say.by(BY).await;
    *served = true;
    // The window that has the focus, and whether any that is seen fills its screen: a talk is given on another one.
    let (mut focused, mut full) = (None, false);
    loop {
        let (kind, text) = hear(&mut stream).await?;
        match kind {
            GET_TREE => {
                let tree: Node = serde_json::from_slice(&text)?;
                let window = tree.focused();
                focused = window.map(|it| it.id);
                full = tree.fills_a_screen();
                say.focus(window.map_or_else(|| nothing(full), |it| it.as_focus(full))).await;
            }
            WINDOW => {
                let Change { what, container: Some(window), .. } = serde_json::from_slice(&text)?
                else {
                    continue;
                };
                let is_it = Some(window.id) == focused;
                match &*what {
                    "focus" => {
                        focused = Some(window.id);
                        say.focus(window.as_focus(full)).await;
                    }
                    "fullscreen_mode" if is_it => {
                        say.focus(window.as_focus(false)).await;
                        ask(&stream, GET_TREE, "").await?;
                    }
                    // Another one's focus is told after it.
                    "close" if is_it => {
                        focused = None;
                        say.focus(nothing(full)).await;
                        ask(&stream, GET_TREE, "").await?;
                    }
                    // Moved out of sight, one has the focus no more, and nobody says so.
                    "fullscreen_mode" | "close" | "move" => ask(&stream, GET_TREE, "").await?,
                    _ => {}
                }
            }
            WORKSPACE => {
                let Change { what, current, .. } = serde_json::from_slice(&text)?;
                let is_empty = current.is_some_and(|it| it.stack.is_empty());
                if what == "focus" && is_empty {
                    focused = None;
                    say.focus(nothing(full)).await;
                }
                if what == "focus" {
                    ask(&stream, GET_TREE, "").await?;
                }
            }
            _ => {}
        }
    }
}

/// No window has the focus.
fn nothing(full: bool) -> Focus {
    Focus { full_screen: full.then_some(true), ..Focus::default() }
}

impl Node {
    fn fills_a_screen(&self) -> bool {
        let is_window = self.pid.is_some() && self.visible;
        is_window && self.fullscreen_mode > 0
            || self.nodes.iter().chain(&self.floating_nodes).any(Self::fills_a_screen)
    }

    fn focused(&self) -> Option<&Self> {
        if self.focused {
            return self.pid.is_some().then_some(self);
        }
        self.nodes.iter().chain(&self.floating_nodes).find_map(Self::focused)
    }

    fn as_focus(&self, full: bool) -> Focus {
        let class = || self.window_properties.as_ref().and_then(|it| it.class.clone());
        Focus {
            app: app(self.app_id.clone()).or_else(|| app(class())),
            full_screen: Some(full || self.fullscreen_mode > 0),
        }
    }
}

async fn ask(stream: &Socket, kind: u32, text: &str) -> io::Result<()> {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_ne_bytes();
    stream.send(&[&MAGIC[..], &length, &kind.to_ne_bytes(), text.as_bytes()].concat()).await
}

async fn hear(stream: &mut Socket) -> io::Result<(u32, Vec<u8>)> {
    let head = stream.bytes(14).await?;
    let number =
        |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if !head.starts_with(MAGIC) {
        return Err(io::Error::other("it speaks another protocol"));
    }
    let text = stream.bytes(usize::try_from(number(6)).unwrap_or(usize::MAX)).await?;
    Ok((number(10), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_fills_another_screen_counts_where_it_is_seen() {
        let tree = |visible: bool| {
            let text = format!(
                r#"{{"id":1,"nodes":[{{"id":2,"nodes":[{{"id":3,"pid":9,"fullscreen_mode":1,"visible":{visible}}}]}},
                {{"id":4,"floating_nodes":[{{"id":5,"pid":8,"focused":true,"visible":true}}]}}]}}"#
            );
            serde_json::from_str::<Node>(&text).unwrap()
        };
        assert!(tree(true).fills_a_screen() && !tree(false).fills_a_screen());
        let focus = tree(true).focused().unwrap().as_focus(true);
        assert_eq!((focus.app, focus.full_screen), (None, Some(true)));
    }
}
