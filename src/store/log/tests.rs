use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use jiff::SignedDuration;
use proptest::{collection::vec, prelude::*, sample::Index};
use tempfile::TempDir;

use super::{super::atomic::make_folder, *};

struct Folders {
    top: TempDir,
    log: SessionLog,
}

impl Folders {
    fn new() -> Self {
        let top = tempfile::tempdir().unwrap();
        let log = SessionLog::open(&top.path().join("log"), &top.path().join("state")).unwrap();
        Self { top, log }
    }

    fn folder(&self) -> PathBuf {
        self.top.path().join("log")
    }

    fn recent(&self, since: Timestamp) -> Read {
        self.log.clone().recent(since)
    }

    fn put(&self, name: &str, lines: &[Entry]) {
        make_folder(&self.folder()).unwrap();
        fs::write(self.folder().join(name), bytes(lines)).unwrap();
    }

    fn text(&self) -> String {
        let files = self.log.folder.files(&mut Vec::new());
        files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
    }
}

fn bytes(lines: &[Entry]) -> Vec<u8> {
    lines.iter().flat_map(|line| line.to_line().unwrap()).collect()
}

fn moment(number: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(number)
}

fn session(number: i64) -> Session {
    let ended = moment(number);
    let logged = ended + SignedDuration::from_mins(5);
    let note = (number % 2 == 0).then(|| format!("note {number}"));
    Session { id: format!("id-{number}"), kind: format!("kind {number}"), ended, logged, note }
}

fn line(number: i64) -> Entry {
    Entry::Session(session(number))
}

fn forget(number: i64) -> Entry {
    Entry::Forget { id: format!("id-{number}"), at: moment(number + 1) }
}

fn sessions(numbers: impl IntoIterator<Item = i64>) -> Vec<Session> {
    numbers.into_iter().map(session).collect()
}

fn whole(sessions: Vec<Session>) -> Read {
    Read { sessions, ..Read::default() }
}

#[test]
fn what_is_added_is_there_after_a_restart_in_one_file_for_its_owner() {
    let it = Folders::new();
    assert_eq!(it.log.all(), Read::default());
    assert!(!it.folder().exists(), "nothing is written before there is something to keep");
    it.log.append(&session(2)).unwrap();
    let again = SessionLog::open(&it.folder(), &it.top.path().join("state")).unwrap();
    again.append(&session(1)).unwrap();
    assert_eq!(again.all(), whole(sessions([1, 2])));
    assert_eq!(again.clone().recent(moment(0)), again.all());
    let [file] = &again.folder.files(&mut Vec::new())[..] else { panic!("one file a machine") };
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(file), mode(&it.folder())), (0o600, 0o700));
}

#[test]
fn a_lost_name_costs_nothing() {
    let it = Folders::new();
    it.log.append(&session(1)).unwrap();
    fs::remove_dir_all(it.top.path().join("state")).unwrap();
    let other = SessionLog::open(&it.folder(), &it.top.path().join("state")).unwrap();
    assert_ne!(other.folder.own_file(), it.log.folder.own_file());
    other.append(&session(2)).unwrap();
    assert_eq!(other.all(), whole(sessions([1, 2])));
}

#[test]
fn a_session_is_kept_even_where_the_name_cannot_be() {
    let it = Folders::new();
    fs::write(it.top.path().join("state"), "not a folder").unwrap();
    it.log.append(&session(1)).unwrap();
    assert_eq!(it.log.all(), whole(sessions([1])));
}

#[test]
fn a_torn_last_line_is_closed_and_said_with_its_place() {
    let it = Folders::new();
    it.log.append(&session(1)).unwrap();
    let file = it.log.folder.own_file();
    let torn = &bytes(&[line(2)])[..30];
    fs::write(&file, [&bytes(&[line(1)]), torn].concat()).unwrap();
    it.log.append(&session(3)).unwrap();
    let read = it.log.all();
    assert_eq!(read.sessions, sessions([1, 3]));
    let [damage] = &read.damage[..] else { panic!("{:?}", read.damage) };
    assert_eq!((&damage.file, damage.line), (&file, Some(2)));
    assert_eq!(it.recent(moment(0)), read);
    let text = damage.to_string();
    assert!(text.contains("jsonl, line 2: this line is torn"), "{text}");
}

#[test]
fn foreign_too_long_and_empty_lines_are_passed_over() {
    let it = Folders::new();
    let lines = [
        bytes(&[line(1)]),
        b"\n   \n[1, 2]\n{\"v\":7}\n".to_vec(),
        vec![b'x'; 100_000],
        b"\n".to_vec(),
        bytes(&[line(2)]),
    ];
    it.put("other.jsonl", &[]);
    fs::write(it.folder().join("other.jsonl"), lines.concat()).unwrap();
    fs::write(it.folder().join("readme.txt"), "no log").unwrap();
    fs::write(it.folder().join(".hidden.jsonl"), "no log").unwrap();
    fs::create_dir(it.folder().join("folder.jsonl")).unwrap();
    let read = it.log.all();
    assert_eq!(read.sessions, sessions([1, 2]));
    let places: Vec<Option<u64>> = read.damage.iter().map(|damage| damage.line).collect();
    assert_eq!(places, [Some(4), Some(5), Some(6)]);
    assert_eq!(it.recent(moment(0)), read);
}

#[test]
fn conflict_copies_double_nothing() {
    let it = Folders::new();
    it.put("desk-1.jsonl", &[line(1), line(2)]);
    it.put("desk-1.sync-conflict-20260601-120000-ABCDEFG.jsonl", &[line(2), line(3)]);
    assert_eq!(it.log.all(), whole(sessions([1, 2, 3])));
}

#[test]
fn to_forget_erases_from_every_file_and_leaves_all_else() {
    let it = Folders::new();
    for number in 1..4 {
        it.log.append(&session(number)).unwrap();
    }
    let torn = String::from_utf8(bytes(&[line(2)])).unwrap();
    let torn = torn.split("logged").next().unwrap();
    it.put("other.jsonl", &[line(2), line(4)]);
    let mut other = fs::read(it.folder().join("other.jsonl")).unwrap();
    other.extend(torn.as_bytes());
    fs::write(it.folder().join("other.jsonl"), other).unwrap();
    it.put("third.jsonl", &[line(3)]);
    it.put(".third.jsonl.new", &[line(2)]);

    assert!(it.log.forget("id-2", moment(9)).unwrap());
    assert_eq!(it.log.all(), whole(sessions([1, 3, 4])));
    assert!(!it.text().contains("kind 2") && !it.text().contains("note 2"), "{}", it.text());
    assert_eq!(fs::read_dir(it.folder()).unwrap().count(), 3, "nothing is left beside");
    assert!(!it.log.forget("id-2", moment(9)).unwrap());
    assert!(!it.log.forget("id-7", moment(9)).unwrap());

    it.put("backup.jsonl", &[line(2)]);
    assert_eq!(it.log.all(), whole(sessions([1, 3, 4])), "no copy brings it back");
    assert!(it.log.forget("id-2", moment(9)).unwrap(), "the copy is erased too");
    assert!(!it.text().contains("kind 2"));
}

#[test]
fn what_another_machine_forgot_is_purged_here() {
    let it = Folders::new();
    it.log.append(&session(1)).unwrap();
    it.log.append(&session(2)).unwrap();
    assert!(!it.log.purge().unwrap());
    it.put("other.jsonl", &[forget(2)]);
    let read = it.recent(moment(0));
    assert_eq!((read.sessions, read.to_purge), (sessions([1]), true));
    assert!(it.log.purge().unwrap());
    assert!(!it.text().contains("kind 2"));
    assert_eq!(it.log.all(), whole(sessions([1])));
    assert!(!it.log.purge().unwrap());
}

#[test]
fn of_a_long_log_only_the_end_is_read() {
    let it = Folders::new();
    let mut lines = b"this line is looked at by nobody\n".to_vec();
    lines.extend(bytes(&(0..2000).map(line).collect::<Vec<_>>()));
    it.put("desk-1.jsonl", &[]);
    fs::write(it.folder().join("desk-1.jsonl"), lines).unwrap();
    assert_eq!(it.recent(moment(1990)), whole(sessions(1990..2000)));
    assert_eq!(it.log.all().damage.len(), 1);
}

#[test]
fn some_lines_that_are_older_than_they_should_be_hide_nothing() {
    let it = Folders::new();
    let lines: Vec<Entry> = [1990, 1991].into_iter().chain(0..63).map(line).collect();
    it.put("desk-1.jsonl", &lines);
    assert_eq!(it.recent(moment(1990)), whole(sessions([1990, 1991])));
}

#[test]
fn a_file_that_cannot_be_written_is_said_with_what_to_do() {
    let it = Folders::new();
    fs::write(it.folder(), "not a folder").unwrap();
    let error = it.log.append(&session(1)).unwrap_err().to_string();
    assert!(error.contains("log could not be written") && error.ends_with("try again."), "{error}");
    assert_eq!(it.log.all().damage.len(), 1);
}

fn any_entry() -> impl Strategy<Value = Entry> {
    (0..12i64, 0..5u8).prop_map(|(number, what)| match what {
        0 => forget(number),
        1 => Entry::Session(Session { kind: "edited".into(), ..session(number) }),
        _ => line(number),
    })
}

fn merged(lines: &[Entry]) -> Merge {
    let mut merge = Merge::default();
    for line in lines {
        merge.add(line.clone(), false);
    }
    merge
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]

    #[test]
    fn files_say_the_same_in_any_order_and_any_number(
        one in vec(any_entry(), 0..12), two in vec(any_entry(), 0..12), three in vec(any_entry(), 0..12),
    ) {
        let all = merged(&[&*one, &*two, &*three].map(<[Entry]>::to_vec).concat());
        prop_assert_eq!(&all, &merged(&[&*three, &*two, &*one].map(<[Entry]>::to_vec).concat()));
        prop_assert_eq!(&all, &merged(&[&*one, &*two, &*three, &*two].map(<[Entry]>::to_vec).concat()));
        let it = Folders::new();
        it.put("c.jsonl", &one);
        it.put("a.jsonl", &[&*three, &*two].concat());
        it.put("b.jsonl", &two);
        prop_assert_eq!(it.log.all(), all.into_read());
    }

    #[test]
    fn a_cut_anywhere_costs_at_most_the_last_line(many in 1..8i64, cut in any::<Index>()) {
        let it = Folders::new();
        let lines: Vec<Entry> = (0..many).map(line).collect();
        let mut all = bytes(&lines);
        all.truncate(cut.index(all.len() + 1));
        let ends = (0..=lines.len()).map(|many| bytes(&lines[..many]).len());
        // A line is whole without its newline too.
        let left = ends.filter(|end| *end <= all.len() + 1).count() - 1;
        it.put("desk-1.jsonl", &[]);
        fs::write(it.folder().join("desk-1.jsonl"), &all).unwrap();
        let read = it.log.all();
        let left = if all.is_empty() { 0 } else { left };
        prop_assert_eq!(&read.sessions, &lines[..left].iter().map(|line| {
            let Entry::Session(session) = line else { unreachable!() };
            session.clone()
        }).collect::<Vec<_>>());
        prop_assert!(read.damage.len() <= 1);
        prop_assert_eq!(it.recent(moment(0)), read);
    }

    #[test]
    fn no_bytes_are_fatal(bytes in vec(any::<u8>(), 0..400), more in vec(any_entry(), 0..3)) {
        let it = Folders::new();
        it.log.append(&session(1)).unwrap();
        let file = it.log.folder.own_file();
        let all = [bytes, b"\n".to_vec(), super::tests::bytes(&more)].concat();
        fs::write(&file, all).unwrap();
        let read = it.log.all();
        prop_assert_eq!(it.recent(Timestamp::MIN), read);
        it.log.append(&session(40)).unwrap();
        prop_assert!(it.log.all().sessions.contains(&session(40)));
        prop_assert!(it.log.forget("id-40", moment(41)).unwrap());
        prop_assert!(!it.log.all().sessions.contains(&session(40)));
    }

    #[test]
    fn recent_is_all_of_late(many in 0..300i64, since in 0..300i64, gone in vec(0..300i64, 0..4), files in 1..3usize) {
        let it = Folders::new();
        let mut of_files = vec![Vec::new(); files];
        for number in 0..many {
            let file = &mut of_files[usize::try_from(number).unwrap() % files];
            file.push(line(number));
            if gone.contains(&number) {
                file.push(forget(number));
            }
        }
        for (number, lines) in of_files.iter().enumerate() {
            it.put(&format!("{number}.jsonl"), lines);
        }
        let mut all = it.log.all().sessions;
        all.retain(|session| session.logged >= moment(since));
        prop_assert_eq!(it.recent(moment(since)).sessions, all);
    }
}

fn newer(many: usize) -> Vec<u8> {
    let line = |number: usize| format!("{{\"v\":2,\"id\":\"{number:012x}\",\"kind\":\"s\"}}\n");
    (0..many).map(line).collect::<String>().into_bytes()
}

#[test]
fn a_file_of_a_newer_version_is_read_once_and_told_briefly() {
    let mut it = Folders::new();
    it.put("other.jsonl", &[line(1)]);
    let file = it.folder().join("other.jsonl");
    let lines = [newer(20_000), bytes(&[line(2)])].concat();
    fs::write(&file, &lines).unwrap();
    let read = it.log.recent(moment(0));
    assert_eq!(read.sessions, sessions([2]));
    let said: Vec<String> = read.damage.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said[0].contains("other.jsonl, line 1: this line was written by another version"));
    assert!(said[2].contains("line 3: "), "{said:?}");
    assert!(said[3].ends_with("other.jsonl: 19,997 more lines were passed over as well."));
    assert_eq!(it.log.all(), read);
    assert_eq!(fs::read(&file).unwrap(), lines, "they are kept");

    // Of the same stamp, it is not read again; what is added is.
    it.log.known.get_mut(&file).unwrap().entries.clear();
    assert_eq!(it.log.recent(moment(1)).sessions, []);
    fs::write(&file, [lines, bytes(&[line(3)])].concat()).unwrap();
    assert_eq!(it.log.recent(moment(1)).sessions, sessions([2, 3]));
    assert_eq!(it.log.recent(moment(0)).sessions, sessions([2, 3]), "a clock was set back");
    fs::remove_file(&file).unwrap();
    assert_eq!(it.log.recent(moment(0)), Read::default());
}

#[test]
fn a_file_that_is_no_log_is_left_unread_with_one_sentence() {
    for garbage in [vec![b'x'; 20 << 20], b"nothing of ours\n".repeat(1 << 20), newer(1 << 18)] {
        let it = Folders::new();
        it.log.append(&session(1)).unwrap();
        let file = it.log.folder.own_file();
        fs::write(&file, [bytes(&[line(2)]), garbage, b"\n".to_vec()].concat()).unwrap();
        it.log.append(&session(3)).unwrap();
        let read = it.log.all();
        assert_eq!(read.sessions, sessions([3]), "what comes after it is read");
        let [damage] = &read.damage[..] else { panic!("{:?}", read.damage) };
        assert!(damage.to_string().contains("8 MiB of it in a row are not quietd's"), "{damage}");
    }
}

#[test]
fn where_no_copy_can_be_written_lines_are_erased_where_they_stand() {
    let it = Folders::new();
    // No name is left for a copy of it.
    let name = format!("{}.jsonl", "n".repeat(246));
    let torn = &bytes(&[line(2)])[..60];
    it.put(&name, &[]);
    let lines = [&bytes(&[line(1), line(2)]), torn, b"\n", &bytes(&[line(3), line(4)])].concat();
    fs::write(it.folder().join(&name), &lines).unwrap();
    assert!(it.log.forget("id-2", moment(9)).unwrap());
    let left = fs::read_to_string(it.folder().join(&name)).unwrap();
    assert_eq!(left.len(), lines.len());
    assert!(left.contains(std::str::from_utf8(&bytes(&[line(3), line(4)])).unwrap()), "{left}");
    assert!(!it.text().contains("kind 2") && !it.text().contains("note 2"), "{left}");
    assert_eq!(it.log.all(), whole(sessions([1, 3, 4])));
    assert_eq!(it.log.forget_before(None, &BTreeSet::new(), moment(9)).unwrap(), 3);
    assert!(!it.text().contains("kind"), "{}", it.text());
}

#[test]
fn where_no_word_can_be_added_it_takes_the_place_of_what_it_erases() {
    let it = Folders::new();
    it.put("other.jsonl", &[line(1), line(2), line(3)]);
    fs::create_dir(it.log.folder.own_file()).unwrap();
    assert!(it.log.forget("id-2", moment(9)).unwrap());
    assert!(!it.text().contains("kind 2") && it.text().contains(r#""forget":"id-2""#));
    assert_eq!(it.log.all(), whole(sessions([1, 3])));
    it.put("backup.jsonl", &[line(2)]);
    assert_eq!(it.log.all(), whole(sessions([1, 3])), "no copy brings it back");
    assert_eq!(it.log.forget_before(None, &BTreeSet::new(), moment(9)).unwrap(), 2);
    assert!(!it.text().contains("kind"), "{}", it.text());
    let error = it.log.forget_before(None, &BTreeSet::from(["id-9".into()]), moment(9));
    assert!(error.is_err(), "a word without a place is missed");
}
