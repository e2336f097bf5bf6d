//! The person's calendar: watched, and read by a process of its own.

use std::{
    fs,
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
const RESTS_AT_MOST: Duration = Duration::from_mins(5);

/// How long reading may take: more than it may take of the processor, as it stands back behind everything else.
const READ_AT_MOST: Duration = Duration::from_mins(1);

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
    if took < LIGHT { Duration::ZERO } else { took.saturating_mul(RESTS).min(RESTS_AT_MOST) }
}

/// Watches a file, or a folder with the folders directly in it, and those in which files lie that are linked there.
fn watch(path: &Path) -> std::io::Result<Watch> {
    if !path.is_dir() {
        return Watch::file(path);
    }
    let mut folders = vec![path.to_owned()];
    // One that cannot be opened is watched for being opened.
    folders.extend(entries(path).unwrap_or_default().into_iter().filter(|below| below.is_dir()));
    let linked = folders.iter().flat_map(|folder| entries(folder).unwrap_or_default());
    let mut linked: Vec<PathBuf> = linked.filter_map(|path| folder_of_link(&path)).collect();
    linked.sort();
    linked.dedup();
    folders.extend(linked);
    Watch::folders(&folders)
}

/// What is in a folder, but for hidden names.
fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let all = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let all: Vec<PathBuf> = all.collect::<std::io::Result<_>>()?;
    let is_hidden = |path: &PathBuf| {
        path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."))
    };
    Ok(all.into_iter().filter(|path| !is_hidden(path)).collect())
}

/// The folder of the file that a link leads to; none for what is no link to a calendar's file.
fn folder_of_link(path: &Path) -> Option<PathBuf> {
    if path.extension().is_none_or(|end| !end.eq_ignore_ascii_case("ics")) {
        return None;
    }
    let target = fs::read_link(path).ok()?;
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.with_file_name(target));
    target.parent().map(Path::to_owned)
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
    use std::os::unix::fs::symlink;

    use super::*;

    #[tokio::test]
    async fn a_file_that_is_linked_is_watched_where_it_lies() {
        for through in ["real/s.ics", "another-link"] {
            let home = tempfile::tempdir().unwrap();
            let at = |path: &str| home.path().join(path);
            for folder in ["real", "calendar/mine"] {
                fs::create_dir_all(at(folder)).unwrap();
            }
            fs::write(at("real/s.ics"), "before").unwrap();
            symlink("real/s.ics", at("another-link")).unwrap();
            symlink(at(through), at("calendar/mine/s.ics")).unwrap();
            let mut watch = watch(&at("calendar")).unwrap();
            fs::write(at("real/s.ics"), "after").unwrap();
            let changed = tokio::time::timeout(Duration::from_secs(10), watch.changed());
            changed.await.unwrap();
        }
    }

    #[test]
    fn after_a_heavy_reading_it_rests() {
        assert_eq!(rest(Duration::from_millis(300)), Duration::ZERO);
        assert_eq!(rest(Duration::from_secs(20)), Duration::from_secs(200));
        assert_eq!(rest(READ_AT_MOST), RESTS_AT_MOST);
    }
}
