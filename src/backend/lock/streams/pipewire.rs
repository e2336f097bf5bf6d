//! What `pw-dump` tells: arrays of objects, the first one whole, then with `--monitor` one for each change, in which an
//! object without `info` is gone. Seen with 0.3.65.

use std::{collections::BTreeMap, io, path::Path};

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use super::{
    Known, Recorder,
    program::{Program, SAYS_AT_MOST},
    say,
};
use crate::{backend::lock::identity::plain, env::Env};

/// The program's name.
pub const PROGRAM: &str = "pw-dump";

#[derive(Deserialize)]
struct Object {
    id: u32,
    #[serde(rename = "type", default)]
    kind: String,
    info: Option<Info>,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    state: Value,
    #[serde(default)]
    props: Option<Props>,
}

type Props = BTreeMap<String, Value>;

/// The nodes that capture, and the clients, by their numbers.
#[derive(Debug, Default)]
pub struct Graph {
    capturing: BTreeMap<u32, Props>,
    clients: BTreeMap<u32, Props>,
}

impl Graph {
    /// Takes an array of objects, each as it is now.
    fn take(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        for object in serde_json::from_slice::<Vec<Object>>(json)? {
            self.capturing.remove(&object.id);
            self.clients.remove(&object.id);
            let Some(Info { state, props: Some(props) }) = object.info else { continue };
            if object.kind.ends_with(":Client") {
                self.clients.insert(object.id, props);
            } else if object.kind.ends_with(":Node") && state == "running" && is_call(&props) {
                self.capturing.insert(object.id, props);
            }
        }
        Ok(())
    }

    fn recorders(&self) -> Vec<Recorder> {
        let of = |node: &Props| {
            let client = number(node, "client.id").and_then(|id| self.clients.get(&id));
            let both = [client, Some(node)].into_iter().flatten();
            let pids = ["pipewire.sec.pid", "application.process.id"];
            let text = |key| both.clone().find_map(|props| props.get(key)?.as_str());
            Recorder {
                pids: both
                    .clone()
                    .flat_map(|props| pids.iter().filter_map(|key| number(props, key)))
                    .collect(),
                program: text("application.process.binary").unwrap_or_default().to_owned(),
                flatpak: text("pipewire.access.portal.app_id")
                    .filter(|it| !it.is_empty())
                    .map(plain),
            }
        };
        self.capturing.values().map(of).collect()
    }
}

/// Tells a call, a recording or a shared screen from what listens to what is played: the meters of a mixer, and what
/// shows sound as waves.
fn is_call(node: &Props) -> bool {
    let text = |key: &str| node.get(key).and_then(Value::as_str).unwrap_or_default();
    let is = |key: &str| node.get(key).is_some_and(|it| *it == true || *it == "true");
    matches!(text("media.class"), "Stream/Input/Audio" | "Stream/Input/Video")
        && !is("stream.monitor")
        && !is("stream.capture.sink")
        && text("media.name") != "Peak detect"
}

/// A number, which may be written as a text.
fn number(props: &Props, key: &str) -> Option<u32> {
    match props.get(key)? {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Who captures, from all that `pw-dump` says.
pub fn read(json: &[u8]) -> Result<Vec<Recorder>, serde_json::Error> {
    let mut graph = Graph::default();
    graph.take(json)?;
    Ok(graph.recorders())
}

/// Tells who captures for as long as the program says so; waits for ever without it.
pub async fn follow(
    program: Option<&Path>,
    env: &Env,
    said: &watch::Sender<Known>,
) -> io::Result<()> {
    let Some(program) = program else { return std::future::pending().await };
    let mut program = Program::start(program, &["--monitor", "--no-colors"], env)?;
    let mut graph = Graph::default();
    let mut arrays = Arrays::default();
    loop {
        let part = program.next().await?;
        if part.is_empty() {
            return Err(io::Error::other("pw-dump has ended"));
        }
        let mut some = false;
        for array in arrays.take(part) {
            graph.take(&array)?;
            some = true;
        }
        if arrays.text.len() > SAYS_AT_MOST {
            return Err(io::Error::other("pw-dump says more than it can have to say"));
        }
        if some {
            say(said, |known| &mut known.pipewire, graph.recorders());
        }
    }
}

/// Cuts what is said into arrays: each ends where its last bracket does.
#[derive(Debug, Default)]
struct Arrays {
    text: Vec<u8>,
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Arrays {
    fn take(&mut self, part: &[u8]) -> Vec<Vec<u8>> {
        let mut done = Vec::new();
        for &byte in part {
            self.text.push(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_text => self.escaped = true,
                b'"' => self.in_text = !self.in_text,
                _ if self.in_text => {}
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        done.push(std::mem::take(&mut self.text));
                    }
                }
                _ => {}
            }
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENTS: &str = r#"
        {"id": 40, "type": "PipeWire:Interface:Client", "info": {"props": {
            "pipewire.sec.pid": 900, "application.process.id": 900}}},
        {"id": 42, "type": "PipeWire:Interface:Client", "info": {"props": {
            "client.api": "pipewire-pulse", "pipewire.sec.pid": 900, "application.process.id": "4",
            "application.process.binary": "ZoomWebviewHost",
            "pipewire.access.portal.app_id": "us.zoom.Zoom"}}}"#;

    fn node(id: u32, state: &str, client: u32, more: &str) -> String {
        format!(
            r#"{{"id": {id}, "type": "PipeWire:Interface:Node", "info": {{"state": "{state}", "params": {{"a": [[1]]}},
                "props": {{"client.id": {client}, "media.class": "Stream/Input/Audio"{more}}}}}}}"#
        )
    }

    fn pids(json: &str) -> Vec<Vec<u32>> {
        read(json.as_bytes()).unwrap().into_iter().map(|it| it.pids).collect()
    }

    #[test]
    fn who_captures_is_told_with_both_numbers() {
        let call = node(50, "running", 42, r#", "application.process.id": 4"#);
        let recorders = read(format!("[{CLIENTS}, {call}]").as_bytes()).unwrap();
        assert_eq!(recorders.len(), 1);
        assert_eq!(recorders[0].pids, [900, 4, 4]);
        assert_eq!(recorders[0].flatpak.as_deref(), Some("us.zoom.zoom"));
        assert_eq!(recorders[0].program, "ZoomWebviewHost");
    }

    #[test]
    fn what_only_listens_is_no_call() {
        for more in [
            r#", "stream.monitor": true"#,
            r#", "stream.monitor": "true""#,
            r#", "stream.capture.sink": true"#,
            r#", "media.name": "Peak detect""#,
            r#", "media.class": "Stream/Output/Audio""#,
            r#", "media.class": "Audio/Source""#,
        ] {
            assert_eq!(
                pids(&format!("[{}]", node(50, "running", 40, more))),
                [[0; 0]; 0],
                "{more}"
            );
        }
        for state in ["idle", "suspended", "creating", "error", ""] {
            assert_eq!(pids(&format!("[{}]", node(50, state, 40, ""))), [[0; 0]; 0], "{state}");
        }
        let video = r#", "media.class": "Stream/Input/Video", "media.name": 7"#;
        assert_eq!(pids(&format!("[{CLIENTS}, {}]", node(50, "running", 40, video))), [[900, 900]]);
    }

    #[test]
    fn changes_are_told_from_arrays_wherever_they_are_cut() {
        let begins = format!("[{CLIENTS}, {}]\n", node(50, "running", 40, r#", "x": "]\\\" [""#));
        let idle = format!("[{}]\n", node(50, "idle", 40, ""));
        let again = format!("[{}]", node(50, "running", 40, ""));
        let gone = r#"[{"id": 50, "info": null}]"#;
        let all = format!("{begins}{idle}{again}{gone}");
        for cut in [1, 7, 64, all.len()] {
            let (mut graph, mut arrays, mut told) =
                (Graph::default(), Arrays::default(), Vec::new());
            for part in all.as_bytes().chunks(cut) {
                for array in arrays.take(part) {
                    graph.take(&array).unwrap();
                    told.push(graph.recorders().len());
                }
            }
            assert_eq!(told, [1, 0, 1, 0], "cut in {cut}");
        }
    }

    #[test]
    fn odd_answers_are_errors() {
        for text in ["", "{}", "[", r#"[{"id": "x"}]"#, r#"[{"id": 1, "info": 3}]"#, "\u{0}\u{1}"] {
            read(text.as_bytes()).unwrap_err();
        }
        assert_eq!(pids(r#"[{"id": 1}, {"id": 2, "type": "", "info": {}}]"#), [[0; 0]; 0]);
    }
}
