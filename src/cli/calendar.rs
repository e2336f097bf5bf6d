//! The reader of calendars: a process of its own, which the daemon starts for a moment.
//!
//! It is asked on standard input and answers on standard output, so that nothing of what is asked stands among the
//! arguments of a process. It may use so much memory and so much time and no more; whatever a file holds, only the reader
//! ends by it.

use std::{
    fs,
    io::{self, Read as _, Write as _, stdin},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use jiff::tz::TimeZone;
use nix::{
    fcntl::OFlag,
    sys::resource::{Resource, setrlimit},
};

use super::{CommandError, error::Kind, said::Said};
use crate::{
    calendar::{Answer, Ask, Reading, Told},
    clock::{Clock as _, SystemClock},
};

/// The largest file that is read, and all of them together, in bytes.
const FILE_AT_MOST: u64 = 10 << 20;
const ALL_AT_MOST: u64 = 64 << 20;

/// How many files are read.
const FILES_AT_MOST: usize = 2_000;

/// The memory of a reader, in bytes, and its time of the processor, in seconds.
const MEMORY_AT_MOST: u64 = 768 << 20;
const SECONDS_AT_MOST: u64 = 20;

/// How far a reader stands back behind what the person does, as nice(1) counts.
const NICE: i32 = 10;

/// The longest question, in bytes.
const ASK_AT_MOST: u64 = 1 << 20;

/// Reads a calendar for quietd, which asks on standard input
#[derive(Debug, clap::Args)]
pub struct Calendar {}

/// Reads what is asked.
pub fn run() -> Result<Said, CommandError> {
    let limits = [
        (Resource::RLIMIT_AS, MEMORY_AT_MOST),
        (Resource::RLIMIT_CPU, SECONDS_AT_MOST),
        (Resource::RLIMIT_CORE, 0),
    ];
    for (what, at_most) in limits {
        setrlimit(what, at_most, at_most)
            .map_err(|error| CommandError::new(Kind::Refused, format!("{error}.")))?;
    }
    // One that may not stand back reads all the same.
    let _ = rustix::process::nice(NICE);
    let mut asked = String::new();
    let ask = stdin().take(ASK_AT_MOST).read_to_string(&mut asked).ok();
    let ask = ask.and_then(|_| serde_json::from_str::<Ask>(&asked).ok());
    let ask = ask.ok_or_else(|| {
        CommandError::usage("quietd asks this on standard input; it is nothing to type.")
            .hint("To see what your calendar plans: quietctl planned")
    })?;
    let answer = read(&ask, SystemClock.zone());
    let answer = serde_json::to_string(&answer)
        .map_err(|error| CommandError::new(Kind::Refused, format!("{error}.")))?;
    Ok(Said::text(answer + "\n"))
}

/// Has a reader of its own read a calendar, as the daemon does; none where it gives up.
pub fn ask_reader(ask: &Ask) -> Option<Answer> {
    let question = serde_json::to_vec(ask).ok()?;
    let mut reader = Command::new(std::env::current_exe().ok()?)
        .arg("calendar")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // One that ended before it was asked answers nothing.
    let _ = reader.stdin.take()?.write_all(&question);
    let answered = reader.wait_with_output().ok()?;
    let told = answered.status.success().then_some(answered.stdout)?;
    serde_json::from_slice::<Told>(&told).ok().map(|told| told.answer)
}

/// Reads a calendar's files.
fn read(ask: &Ask, zone: TimeZone) -> Told {
    let mut reading = Reading::new(&ask.categories, ask.now, zone);
    let mut left = ALL_AT_MOST;
    let (files, closed) = files(&ask.path);
    for folder in closed {
        reading.problem(
            &folder.display().to_string(),
            "A folder of the calendar cannot be opened; what is in it is not read.",
        );
    }
    if files.is_empty() && !ask.path.is_dir() {
        reading.problem(
            &ask.path.display().to_string(),
            "There is nothing where `path` under [calendar] says the calendar is.",
        );
    }
    for (at, path) in files.iter().enumerate() {
        let file = path.display().to_string();
        if at == FILES_AT_MOST {
            reading.problem(&file, "The calendar has more than 2000 files; the rest is not read.");
            break;
        }
        match text(path, left) {
            Ok(text) => {
                left = left.saturating_sub(text.len() as u64);
                reading.add(&file, &text);
            }
            Err(why) => reading.problem(&file, why),
        }
    }
    reading.told()
}

/// The file, or those in the folder and in the folders directly in it, as `vdir` has them; and folders that cannot be opened.
fn files(path: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    if !path.is_dir() {
        return (path.exists().then(|| path.to_owned()).into_iter().collect(), Vec::new());
    }
    let (mut all, mut closed) = (Vec::new(), Vec::new());
    let mut open = |folder: &Path| {
        entries(folder).unwrap_or_else(|_| {
            closed.push(folder.to_owned());
            Vec::new()
        })
    };
    for path in open(path) {
        if path.is_dir() {
            all.extend(open(&path));
        } else {
            all.push(path);
        }
    }
    all.retain(|path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("ics")));
    (all, closed)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| {
        path.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."))
    });
    paths.sort();
    Ok(paths)
}

fn text(path: &Path, left: u64) -> Result<String, &'static str> {
    // A pipe in place of a file never holds it up.
    let opened = fs::OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits())
        .open(path);
    let file =
        opened.map_err(|_| "A file of the calendar cannot be opened; it was passed over.")?;
    let found = file.metadata().ok().filter(fs::Metadata::is_file);
    let size =
        found.ok_or("A file of the calendar is not a regular file; it was passed over.")?.len();
    if size > FILE_AT_MOST {
        return Err(
            "A file of the calendar is larger than 10 MiB; it was not read. Leave old events out of it.",
        );
    }
    if size > left {
        return Err("The calendar is larger than 64 MiB; the rest of it was not read.");
    }
    let mut bytes = Vec::new();
    file.take(FILE_AT_MOST)
        .read_to_end(&mut bytes)
        .map_err(|_| "A file of the calendar cannot be read; it was passed over.")?;
    if bytes.contains(&0) {
        return Err("A file of the calendar is not text; it was passed over.");
    }
    // Of names in an old encoding only the letters are lost, and they stay here.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
