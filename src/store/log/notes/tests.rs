use std::{fs, os::unix::fs::PermissionsExt as _};

use jiff::SignedDuration;
use proptest::{collection::vec, prelude::*};

use super::{super::SessionLog, *};

struct Folders {
    top: tempfile::TempDir,
    log: SessionLog,
    notes: NoteLog,
}

impl Folders {
    fn new() -> Self {
        let top = tempfile::tempdir().unwrap();
        let log = SessionLog::open(&top.path().join("log"), &top.path().join("state")).unwrap();
        Self { notes: log.notes(), top, log }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.top.path().join("log")
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.folder()).unwrap();
        fs::write(self.folder().join(name), bytes).unwrap();
    }

    fn text(&self) -> String {
        let files = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path());
        files.map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()).collect()
    }
}

fn moment(number: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(number)
}

fn note(number: i64) -> Note {
    let words = Words {
        text: Some(format!("words {number}\n\"and\" more")),
        mood: u8::try_from(number % 11).ok(),
        sleep: (number % 2 == 0).then_some(450),
        ask: (number % 3 == 0).then(|| format!("question {number}")),
    };
    let content = match number % 5 {
        4 => Content::Sealed(format!("{number:x}")),
        _ => Content::Open(words),
    };
    let session = (number % 4 != 0).then(|| format!("session-{}", number / 4));
    Note { id: format!("id-{number}"), at: moment(number), session, content }
}

fn line(number: i64) -> Vec<u8> {
    to_line(&note(number)).unwrap()
}

fn forget(number: i64) -> Vec<u8> {
    format!("{{\"v\":1,\"forget\":\"id-{number}\",\"at\":\"2026-01-01T00:00:00Z\"}}\n").into_bytes()
}

fn whole(notes: impl IntoIterator<Item = i64>) -> NotesRead {
    NotesRead { notes: notes.into_iter().map(note).collect(), damage: vec![] }
}

#[test]
fn notes_lie_beside_the_sessions_for_their_owner_only() {
    let it = Folders::new();
    assert_eq!(it.notes.all(), NotesRead::default());
    for number in [2, 0, 4, 1] {
        it.notes.append(&note(number)).unwrap();
    }
    let again = SessionLog::open(&it.folder(), &it.top.path().join("state")).unwrap();
    assert_eq!(again.notes().all(), whole([0, 1, 2, 4]));
    assert_eq!(it.log.all(), super::super::Read::default(), "no session, and no damage");
    let [file] = &it.notes.0.files(&mut Vec::new())[..] else { panic!("one file a machine") };
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn notes_are_erased_from_every_file_and_leave_all_else() {
    let it = Folders::new();
    (0..4).for_each(|number| it.notes.append(&note(number)).unwrap());
    it.put("other.notes", &[line(1), line(6), line(2)[..40].to_vec()].concat());
    it.put(".other.notes.new", &line(1));
    it.put("other.sync-conflict-1.notes", &line(2));
    let of_session = |note: &Note| note.session.as_deref() == Some("session-0");
    assert_eq!(it.notes.forget(&of_session, moment(9)).unwrap(), 3, "1, 2 and 3");
    assert!(["words 1", "words 2", "words 3"].iter().all(|word| !it.text().contains(word)));
    assert_eq!(it.notes.all(), whole([0, 6]));
    assert_eq!(it.notes.forget(&of_session, moment(9)).unwrap(), 0);
    it.put("backup.notes", &line(1));
    assert_eq!(it.notes.all(), whole([0, 6]), "no copy brings it back");
}

#[test]
fn behind_a_link_they_are_erased_from_the_file_it_leads_to() {
    let it = Folders::new();
    (0..3).for_each(|number| it.notes.append(&note(number)).unwrap());
    let [link] = &it.notes.0.files(&mut Vec::new())[..] else { panic!("one file a machine") };
    let linked = it.top.path().join("linked");
    fs::rename(link, &linked).unwrap();
    std::os::unix::fs::symlink(&linked, link).unwrap();
    assert_eq!(it.notes.forget(&|note| note.id == "id-1", moment(9)).unwrap(), 1);
    let text = fs::read_to_string(&linked).unwrap();
    assert!(!text.contains("words 1") && text.contains("words 2"), "{text}");
    assert_eq!(fs::read_link(link).unwrap(), linked, "the link stays");
    assert_eq!(it.notes.all(), whole([0, 2]));
}

#[test]
fn what_another_machine_erased_is_erased_here() {
    let it = Folders::new();
    (0..3).for_each(|number| it.notes.append(&note(number)).unwrap());
    it.notes.purge().unwrap();
    it.put("other.notes", &forget(1));
    it.notes.purge().unwrap();
    assert!(!it.text().contains("words 1"));
    assert_eq!(it.notes.all(), whole([0, 2]));
}

#[test]
fn what_is_older_goes_with_what_is_torn() {
    let it = Folders::new();
    let newer = b"{\"v\":2,\"note\":\"from a newer one\"}\n".to_vec();
    it.put("a.notes", &[line(0), line(3), newer, line(1)[..50].to_vec()].concat());
    assert_eq!(it.notes.forget_before(Some(moment(3)), moment(9)).unwrap(), 1);
    let text = it.text();
    assert!(text.contains("words 3") && text.contains("newer"), "{text}");
    assert!(!text.contains("words 0") && !text.contains("words 1"), "{text}");
    assert_eq!(it.notes.forget_before(None, moment(9)).unwrap(), 1);
    let text = it.text();
    assert!(!text.contains("words") && !text.contains("newer"), "{text}");
}

#[test]
fn a_value_nobody_can_mean_is_passed_over() {
    let it = Folders::new();
    it.put(
        "a.notes",
        br#"{"v":1,"note":"x","at":"2026-01-01T00:00:00Z","mood":99,"sleep":9999,"text":"t"}
{"v":1,"note":"../y","at":"2026-01-01T00:00:00Z"}
"#,
    );
    let read = it.notes.all();
    let words = Words { text: Some("t".into()), ..Words::default() };
    assert_eq!(read.notes[0].content, Content::Open(words));
    assert_eq!((read.notes.len(), read.damage.len()), (1, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..Default::default() })]

    #[test]
    fn no_bytes_are_fatal_and_no_order_matters(
        bytes in vec(any::<u8>(), 0..300), one in vec(0..9i64, 0..9), two in vec(0..9i64, 0..9), gone in 0..9i64,
    ) {
        let lines = |numbers: &[i64]| numbers.iter().map(|number| line(*number)).collect::<Vec<_>>().concat();
        let it = Folders::new();
        it.put("a.notes", &[lines(&one), forget(gone)].concat());
        it.put("b.notes", &lines(&two));
        let there = it.notes.all();
        it.put("a.notes", &lines(&two));
        it.put("b.notes", &[forget(gone), lines(&one)].concat());
        prop_assert_eq!(&it.notes.all(), &there);
        let erased = format!("id-{gone}");
        prop_assert!(there.damage.is_empty() && there.notes.iter().all(|note| note.id != erased));
        it.put("c.notes", &bytes);
        prop_assert!(it.notes.all().notes.len() >= there.notes.len());
        it.notes.append(&note(20)).unwrap();
        prop_assert!(it.notes.all().notes.contains(&note(20)));
        it.notes.forget_before(None, moment(9)).unwrap();
        prop_assert_eq!(it.notes.all().notes, vec![]);
    }
}
