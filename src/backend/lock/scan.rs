//! What runs, looked at once a second: where the kernel tells nobody of programs that begin.
//!
//! The one timer there is, and it runs only while an app is locked. Most seconds cost one read: `/proc/loadavg` ends in the
//! number that was given to a process last, and where that stands still nothing is looked at.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use nix::unistd::Uid;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// How often.
pub const EVERY: Duration = Duration::from_secs(1);

/// The person's processes as they were at the last look.
#[derive(Debug)]
pub struct Scan {
    proc: PathBuf,
    /// Kept open, so that a look at it is one system call.
    loadavg: Option<File>,
    /// What each of them runs, shortened to a number.
    seen: BTreeMap<u32, u64>,
    /// The number that was given last, and at how many looks in a row it was the same.
    last: Option<u32>,
    same: u32,
    timer: Interval,
}

impl Scan {
    /// Begins with nothing seen, so that the first look tells of all that runs. That is not at once: what runs when
    /// something is locked is being looked at by whoever locks it.
    pub fn new(proc: &Path) -> Self {
        let mut timer = interval_at(Instant::now() + EVERY, EVERY);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let loadavg = File::open(proc.join("loadavg")).ok();
        Self { proc: proc.to_owned(), loadavg, seen: BTreeMap::new(), last: None, same: 0, timer }
    }

    /// Waits until some began a program since the last look; tells which.
    pub async fn next(&mut self) -> BTreeSet<u32> {
        loop {
            self.timer.tick().await;
            if self.is_still() {
                continue;
            }
            let began = self.look();
            if !began.is_empty() {
                return began;
            }
        }
    }

    /// Tells whether no process was begun between the last three looks: one that had just begun at a look may go on to
    /// another program after it, so it is looked at once more.
    fn is_still(&mut self) -> bool {
        let last = self.loadavg.as_ref().and_then(last_given);
        self.same = if last.is_some() && last == self.last { self.same + 1 } else { 0 };
        self.last = last;
        self.same >= 2
    }

    /// Looks now; tells who is new, or runs another program than before.
    fn look(&mut self) -> BTreeSet<u32> {
        let now: BTreeMap<u32, u64> = own(&self.proc)
            .filter_map(|pid| {
                let program = fs::read_link(self.proc.join(pid.to_string()).join("exe")).ok()?;
                let mut hash = DefaultHasher::new();
                program.hash(&mut hash);
                Some((pid, hash.finish()))
            })
            .collect();
        let began = now.iter().filter(|(pid, program)| self.seen.get(pid) != Some(*program));
        let began = began.map(|(pid, _)| *pid).collect();
        self.seen = now;
        began
    }
}

/// The number that was given to a process last, of proc(5)'s `loadavg`, whose five figures need 60 bytes at the most.
fn last_given(loadavg: &File) -> Option<u32> {
    let mut line = [0; 128];
    let length = loadavg.read_at(&mut line, 0).ok()?;
    str::from_utf8(&line[..length]).ok()?.split_ascii_whitespace().next_back()?.parse().ok()
}

/// The numbers of the person's own processes.
pub fn own(proc: &Path) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let (proc, uid) = (proc.to_owned(), Uid::current());
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(move |pid| is_of(&proc, *pid, uid))
}

/// Tells whether a process is the person's own; not so of one that took on other rights, or that ended.
pub fn is_own(proc: &Path, pid: u32) -> bool {
    is_of(proc, pid, Uid::current())
}

fn is_of(proc: &Path, pid: u32, uid: Uid) -> bool {
    fs::metadata(proc.join(pid.to_string())).is_ok_and(|folder| folder.uid() == uid.as_raw())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn run(proc: &Path, pid: u32, program: &str) {
        let folder = proc.join(pid.to_string());
        fs::create_dir_all(&folder).unwrap();
        let _ = fs::remove_file(folder.join("exe"));
        symlink(program, folder.join("exe")).unwrap();
    }

    #[tokio::test]
    async fn a_look_tells_who_is_new_and_who_went_on_to_another_program() {
        let folder = tempfile::tempdir().unwrap();
        let proc = folder.path();
        let last =
            |last: &str| fs::write(proc.join("loadavg"), format!("0.0 0.0 0.0 1/9 {last}\n"));
        last("5").unwrap();
        let mut scan = Scan::new(proc);
        for (pid, program) in [(5, "/bin/a"), (6, "/bin/b")] {
            run(proc, pid, program);
        }
        fs::create_dir(proc.join("self")).unwrap();
        assert_eq!(scan.look(), [5, 6].into());
        assert_eq!(scan.look(), BTreeSet::new());
        run(proc, 6, "/bin/c");
        run(proc, 7, "/bin/a");
        // A thread of the kernel's has a folder and no program.
        fs::create_dir(proc.join("8")).unwrap();
        assert_eq!(scan.look(), [6, 7].into());
        fs::remove_dir_all(proc.join("7")).unwrap();
        assert_eq!(scan.look(), BTreeSet::new());
        run(proc, 7, "/bin/a");
        assert_eq!(scan.look(), [7].into(), "another process of that number");

        last("7").unwrap();
        assert!(!scan.is_still());
        assert!(!scan.is_still(), "looked at once more");
        assert!(scan.is_still());
        last("9").unwrap();
        assert!(!scan.is_still());
    }
}
