//! The person's calendar: watched, and read by a process of its own.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
    sync::{Notify, mpsc},
};

use super::Watch;
use crate::{
    calendar::{Answer, Ask},
    clock::Clock,
    engine::Event,
};

/// How long after a change it is read: a program that syncs writes file after file.
const SETTLES: Duration = Duration::from_millis(500);

/// How long reading may take.
const READ_AT_MOST: Duration = Duration::from_secs(30);

/// The longest answer, in bytes.
const ANSWER_AT_MOST: u64 = 1 << 20;

/// Reads the calendar now, whenever it changes, and whenever `again` says so.
pub async fn on_calendar(
    path: PathBuf,
    categories: Vec<String>,
    clock: Arc<dyn Clock>,
    tell: mpsc::Sender<Event>,
    again: Arc<Notify>,
) {
    loop {
        // Watched before it is read, so that no change falls between.
        let mut watch = watch(&path)
            .inspect_err(|error| tracing::warn!(%error, "cannot watch the calendar"))
            .ok();
        let ask = Ask { path: path.clone(), categories: categories.clone(), now: clock.now() };
        let answer = tokio::time::timeout(READ_AT_MOST, ask_reader(&ask)).await.ok().flatten();
        if tell.send(Event::Calendar(answer)).await.is_err() {
            return;
        }
        let changed = async {
            match &mut watch {
                Some(watch) => watch.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = changed => tokio::time::sleep(SETTLES).await,
            () = again.notified() => {}
        }
    }
}

/// Watches a file, or a folder with the folders directly in it.
fn watch(path: &Path) -> std::io::Result<Watch> {
    if !path.is_dir() {
        return Watch::file(path);
    }
    let mut folders = vec![path.to_owned()];
    for entry in std::fs::read_dir(path)? {
        let below = entry?.path();
        let hidden = below.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if below.is_dir() && !hidden {
            folders.push(below);
        }
    }
    Watch::folders(&folders)
}

/// Asks the reader; none where it does not answer.
async fn ask_reader(ask: &Ask) -> Option<Answer> {
    let program = std::env::current_exe().ok()?.with_file_name("quietctl");
    let question = serde_json::to_vec(ask).ok()?;
    let mut reader = Command::new(program)
        .arg("calendar")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .inspect_err(|error| tracing::warn!(%error, "the reader of calendars cannot be started"))
        .ok()?;
    let mut asked = reader.stdin.take()?;
    // One that ended before it was asked answers nothing.
    let _ = asked.write_all(&question).await;
    drop(asked);
    let mut answer = Vec::new();
    reader.stdout.take()?.take(ANSWER_AT_MOST).read_to_end(&mut answer).await.ok()?;
    let ended = reader.wait().await.ok()?;
    if !ended.success() {
        tracing::warn!(%ended, "the reader of calendars gave up");
        return None;
    }
    serde_json::from_slice(&answer).ok()
}
