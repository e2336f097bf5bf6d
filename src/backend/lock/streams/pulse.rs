//! What `pactl` tells where `PulseAudio` runs by itself: who captures, as JSON (15 or later), and a line for each change.

use std::{io, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::{ASK_AT_MOST, Known, Recorder, program::Program, say};
use crate::{backend::lock::identity::plain, env::Env};

/// The program's name.
pub const PROGRAM: &str = "pactl";

/// What lists who captures.
pub const LIST: &[&str] = &["--format=json", "list", "source-outputs"];

/// The longest line, in bytes.
const LINE_AT_MOST: usize = 4096;

#[derive(Deserialize)]
struct SourceOutput {
    #[serde(default)]
    corked: bool,
    #[serde(default)]
    properties: Map<String, Value>,
}

/// Who captures, from what it lists.
pub fn read(json: &[u8]) -> Result<Vec<Recorder>, serde_json::Error> {
    let all: Vec<SourceOutput> = serde_json::from_slice(json)?;
    let captures = |it: &SourceOutput| {
        let text = |key: &str| it.properties.get(key).and_then(Value::as_str);
        let id = text("application.process.id").and_then(|id| id.parse().ok());
        let is_call = !it.corked
            && text("media.name") != Some("Peak detect")
            && text("stream.monitor") != Some("true")
            && text("stream.capture.sink") != Some("true");
        is_call.then(|| Recorder {
            pids: id.into_iter().collect(),
            program: text("application.process.binary").unwrap_or_default().to_owned(),
            flatpak: text("pipewire.access.portal.app_id").map(plain),
        })
    };
    Ok(all.iter().filter_map(captures).collect())
}

/// Tells who captures for as long as the program tells of changes; waits for ever without it.
pub async fn follow(
    program: Option<&Path>,
    env: &Env,
    said: &watch::Sender<Known>,
) -> io::Result<()> {
    let Some(program) = program else { return std::future::pending().await };
    let mut changes = Program::start(program, &["subscribe"], env)?;
    let list = async || {
        let told = Program::start(program, LIST, env)?.all();
        let told = tokio::time::timeout(ASK_AT_MOST, told).await??;
        say(said, |known| &mut known.pulse, read(&told)?);
        io::Result::Ok(())
    };
    list().await?;
    let mut line = Vec::new();
    // Changes are told from some moment on that nobody tells; who lists is a change as well, so that this one is seen.
    let mut heard = false;
    loop {
        let part = changes.next().await?;
        if part.is_empty() {
            return Err(io::Error::other("pactl has ended"));
        }
        let mut look = !std::mem::replace(&mut heard, true);
        for &byte in part {
            if byte == b'\n' {
                look |= String::from_utf8_lossy(&line).contains("on source-output ");
                line.clear();
            } else if line.len() < LINE_AT_MOST {
                line.push(byte);
            }
        }
        if look {
            list().await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_captures_is_listed() {
        let json = r#"[
            {"index": 1, "corked": false, "properties": {"application.process.id": "4711",
                "application.process.binary": "zoom", "media.name": "Record"}},
            {"index": 2, "corked": true, "properties": {"application.process.id": "4712"}},
            {"index": 3, "corked": false, "properties": {"application.process.id": "4713", "media.name": "Peak detect"}},
            {"index": 4, "corked": false, "properties": {"application.process.id": "4714", "stream.capture.sink": "true"}}
        ]"#;
        let found = read(json.as_bytes()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].pids.as_slice(), found[0].program.as_str()), (&[4711][..], "zoom"));
        assert_eq!(read(b"[]").unwrap(), []);
        for odd in ["", "Connection failure", "{}", r#"[{"corked": 3}]"#] {
            read(odd.as_bytes()).unwrap_err();
        }
    }
}
