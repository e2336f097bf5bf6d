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
    time::Instant,
};

use super::Watch;
use crate::{
    calendar::{Ask, Told},
    clock::Clock,
    engine::Event,
};

/// How long after a change it is read: a program that syncs writes file after file.
const SETTLES: Duration = Duration::from_millis(500);

/// A reading that takes longer is a heavy one.
const LIGHT: Duration = Duration::from_secs(2);

/// How many times as long as a heavy reading took nothing is read after it: one whose files change all the time takes a
/// tenth of a core at most.
const RESTS: u32 = 10;

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
    let mut before = Told::default();
    loop {
        // Watched before it is read, so that no change falls between.
        let mut watch = watch(&path)
            .inspect_err(|error| tracing::warn!(%error, "cannot watch the calendar"))
            .ok();
        let ask = Ask { path: path.clone(), categories: categories.clone(), now: clock.now() };
        let began = Instant::now();
        let told = tokio::time::timeout(READ_AT_MOST, ask_reader(&ask)).await.ok().flatten();
        let rests = Instant::now() + rest(began.elapsed());
        let answer = told.map(|told| {
            before = told.after(&before);
            before.answer.clone()
        });
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
        tokio::time::sleep_until(rests).await;
    }
}

/// How long nothing is read after a reading.
fn rest(took: Duration) -> Duration {
    if took < LIGHT { Duration::ZERO } else { took.saturating_mul(RESTS) }
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
async fn ask_reader(ask: &Ask) -> Option<Told> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_heavy_reading_it_rests() {
        assert_eq!(rest(Duration::from_millis(300)), Duration::ZERO);
        assert_eq!(rest(Duration::from_secs(20)), Duration::from_secs(200));
    }
}
