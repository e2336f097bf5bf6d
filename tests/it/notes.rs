//! Notes, and that what is erased is gone: the real programs together.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use quietd::standin::{Dunst, DunstVersion, StandIn as _};
use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};

use crate::{
    house::House,
    quiet_stand_in::{AT_MOST, Ran},
};

const CONFIG: &str = r#"
[[after]]
session = "any"
phases = [{ for = "4h", profile = "held" }]
[profiles.held]
notifications = "urgent"
"#;

fn command(house: &House, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quietctl"));
    command.args(arguments).env_clear().kill_on_drop(true).stdin(Stdio::null());
    for (name, value) in house.quietd().get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    command
}

async fn run(house: &House, arguments: &[&str]) -> Ran {
    let output = command(house, arguments).output();
    Ran::from(timeout(AT_MOST, output).await.expect("an end in time").unwrap())
}

/// The same with something to read.
async fn piped(house: &House, arguments: &[&str], text: &[u8]) -> Ran {
    let mut command = command(house, arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may have read enough before all is written.
    let _ = stdin.write_all(text).await;
    drop(stdin);
    Ran::from(timeout(AT_MOST, child.wait_with_output()).await.expect("an end in time").unwrap())
}

async fn kept(house: &House) -> Vec<Value> {
    let json = run(house, &["notes", "--format", "json"]).await.json();
    json.as_array().unwrap().clone()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.is_file() {
            all.push(path);
        }
    }
    all
}

/// The files of the home in which one of these words stands, in their content or their name.
fn with_words(house: &House, words: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for file in files(house.home.path()) {
        let content = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        let all = format!("{} {content}", file.display());
        found.extend(
            words
                .iter()
                .filter(|word| all.contains(**word))
                .map(|word| (file.clone(), (*word).to_owned())),
        );
    }
    found
}

#[tokio::test]
async fn a_note_is_kept_with_its_session_and_shown_where_it_is_asked_for() {
    let house = House::new().await;
    let quietd = house.start().await;
    let logged = run(&house, &["log", "retreat", "--ended", "1h ago"]).await;
    assert_eq!(logged.code, 0, "{logged:?}");
    let sessions = run(&house, &["sessions", "--format", "json"]).await.json();
    let id = sessions[0]["id"].as_str().unwrap().to_owned();

    let ran = run(
        &house,
        &["note", "three", "words", "enough", "--mood", "6", "--sleep", "7:30", "--ask", "a swim?"],
    )
    .await;
    assert!(ran.code == 0 && ran.out.contains("with the session that ended"), "{ran:?}");
    let ran =
        piped(&house, &["note", "--session", "none", "--format", "json"], b"from a\r\npipe\n")
            .await;
    assert_eq!(ran.json()["session"], Value::Null);
    let notes = kept(&house).await;
    assert_eq!(notes.len(), 2);
    assert_eq!(notes[0]["text"], "three words enough");
    assert_eq!((&notes[0]["mood"], &notes[0]["sleep"]), (&6.into(), &"PT7H30M".into()));
    assert_eq!((&notes[0]["ask"], &notes[0]["session"]), (&"a swim?".into(), &id.clone().into()));
    assert_eq!((&notes[1]["text"], &notes[1]["session"]), (&"from a\npipe".into(), &Value::Null));

    let ran = run(&house, &["sessions"]).await;
    assert!(ran.out.contains("(1 note)") && !ran.out.contains("three words"), "{ran:?}");
    let ran = run(&house, &["notes"]).await;
    assert!(ran.out.contains("mood 6, slept 7 h 30 min"), "{ran:?}");
    let ran = run(&house, &["notes", "--ask"]).await;
    assert!(ran.out.contains("a swim?") && !ran.out.contains("pipe"), "{ran:?}");
    assert!(run(&house, &["notes", "--since", "tomorrow"]).await.out.contains("No note"));

    let ran = run(&house, &["forget", &id]).await;
    assert!(ran.code == 0 && ran.out.contains("You still have its 1 note."), "{ran:?}");
    assert_eq!(kept(&house).await.len(), 2, "they stay");
    for file in files(&house.path(".local/share/quietd")) {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    quietd.stop().await;
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_whole() {
    let house = House::new().await;
    let quietd = house.start().await;
    let long = "é".repeat(4_001);
    for (arguments, text, says) in [
        (&["note"][..], long.as_bytes(), "The note has 4001 characters; at most 4000"),
        (&["note"], &vec![b'x'; 1 << 20], "The note has 1048576 characters"),
        (&["note"], b"\xff\xfe", "not text in UTF-8"),
        (&["note", "x", "--mood", "11"], b"", "11 is not in 0..=10"),
        (&["note", "x", "--sleep", "30h"], b"", "«30h» is not how long"),
        (&["note", "x", "--ask", &"y".repeat(501)], b"", "The question has 501 characters"),
    ] {
        let ran = piped(&house, arguments, text).await;
        assert!(ran.code == 2 && ran.err.contains(says), "{says}: {ran:?}");
    }
    let ran = run(&house, &["note", "x", "--session", "nobody"]).await;
    assert!(ran.code == 1 && ran.err.contains("There is no session «nobody»"), "{ran:?}");
    for nothing in [&b""[..], b" \n\t\n", b"\x1b\x07\0"] {
        let ran = piped(&house, &["note"], nothing).await;
        assert!(ran.code == 1 && ran.out.contains("nothing is kept"), "{ran:?}");
    }
    assert!(kept(&house).await.is_empty(), "nothing is half kept");

    let markup = "<b>&amp;</b>\n# $(reboot) \u{1b}]0;title\u{7}é";
    assert_eq!(piped(&house, &["note"], markup.as_bytes()).await.code, 0);
    assert_eq!(kept(&house).await[0]["text"], "<b>&amp;</b>\n# $(reboot) ]0;titleé");
    assert_eq!(piped(&house, &["note"], &[b'x'; 4_000]).await.code, 0);

    // What another program asks is checked as well.
    let quiet = house.quiet();
    let ask = async |text: &str, key: &str, value: zbus::Variant<'_>| {
        let options = std::collections::HashMap::from([(key, value)]);
        quiet.call::<_, String>("AddNote", &(text, options)).await.unwrap_err().to_string()
    };
    assert!(ask("x", "mood", 11_u32.into()).await.contains("A mood of 11"));
    assert!(ask("x", "mood", "six".into()).await.contains("`mood` is a number"));
    assert!(ask("x", "sleep", 90_000_000_000_u64.into()).await.contains("24 hours"));
    assert!(ask("x", "ask", 1_u32.into()).await.contains("`ask` is text"));
    assert!(ask("", "ask", "".into()).await.contains("nothing in the note"));
    assert!(ask(&long, "ask", "".into()).await.contains("4001"));
    assert_eq!(kept(&house).await.len(), 2);
    quietd.stop().await;
}

#[tokio::test]
async fn to_erase_needs_a_yes_and_one_thing_to_erase() {
    let house = House::new().await;
    let quietd = house.start().await;
    assert_eq!(run(&house, &["note", "wintergreen"]).await.code, 0);
    for arguments in [
        &["erase", "--all"][..],
        &["erase", "--before", "tomorrow"],
        &["erase"],
        &["erase", "--yes"],
        &["erase", "--all", "--session", "x", "--yes"],
        &["erase", "--before", "whenever", "--yes"],
    ] {
        let ran = run(&house, arguments).await;
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
    }
    let quiet = house.quiet();
    for what in [vec![], vec![("all", zbus::Variant::from(false))], vec![("before", "x".into())]] {
        let what: std::collections::HashMap<_, _> = what.into_iter().collect();
        assert!(quiet.call::<_, quietd::api::Erased>("Erase", &what).await.is_err());
    }
    for unknown in ["--note", "--session"] {
        assert_eq!(run(&house, &["erase", unknown, "nobody", "--yes"]).await.code, 1);
    }
    assert_eq!(kept(&house).await.len(), 1);
    quietd.stop().await;
}

const WORDS: [&str; 4] = ["retreatword", "sessionnote", "wintergreen", "askedthing"];

#[tokio::test]
async fn a_session_or_what_is_older_is_erased_from_every_file() {
    let house = House::new().await;
    let quietd = house.start().await;
    let log = async |kind: &str, ended: &str, words: &str| {
        assert_eq!(run(&house, &["log", kind, "--ended", ended, "--note", words]).await.code, 0);
        let ran = run(&house, &["note", words, "--ask", "askedthing"]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    };
    log("retreatword", "2h ago", "sessionnote").await;
    // What another machine has of it, and what a crash left there.
    let folder = house.path(".local/share/quietd/log");
    for file in files(&folder) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        fs::copy(&file, folder.join(format!("other-{name}"))).unwrap();
        fs::copy(&file, folder.join(format!(".other-{name}.new"))).unwrap();
    }
    let sessions = run(&house, &["sessions", "--format", "json"]).await.json();
    let id = sessions[0]["id"].as_str().unwrap();
    let ran = run(&house, &["erase", "--session", id, "--yes"]).await;
    assert!(ran.out.contains("Erased for good: 1 session and 1 note."), "{ran:?}");
    assert_eq!(with_words(&house, &WORDS), []);

    log("retreatword", "50h ago", "sessionnote").await;
    log("keptkind", "1h ago", "keptwords").await;
    let before = run(&house, &["erase", "--before", "2h ago", "--yes"]).await;
    assert!(before.out.contains("1 session and 0 notes"), "{before:?}");
    assert_eq!(with_words(&house, &["retreatword"]), []);
    assert!(!with_words(&house, &["sessionnote"]).is_empty(), "its note was kept just now");
    assert!(run(&house, &["erase", "--before", "tomorrow", "--yes"]).await.code == 0);
    assert_eq!(with_words(&house, &["sessionnote", "keptwords", "keptkind", "askedthing"]), []);
    quietd.stop().await;
}

#[tokio::test]
async fn everything_is_given_back_and_erased_with_and_without_the_daemon() {
    let house = House::new().await;
    house.write_config(CONFIG);
    let dunst = Dunst::start(house.bus.address(), DunstVersion::New, 0).await.unwrap();
    let before = dunst.state().await;
    for with_daemon in [true, false] {
        let quietd = house.start().await;
        assert_eq!(run(&house, &["log", "retreatword", "--note", "sessionnote"]).await.code, 0);
        assert_eq!(run(&house, &["note", "wintergreen", "--ask", "askedthing"]).await.code, 0);
        assert_eq!(run(&house, &["start", "held", "2h"]).await.code, 0);
        for file in ["by-hand.json.broken-1", ".by-hand.json.new"] {
            fs::write(house.state(file), "retreatword").unwrap();
        }
        assert_ne!(dunst.state().await, before);
        assert_eq!(with_words(&house, &WORDS).len(), 6, "{:?}", with_words(&house, &WORDS));
        let mut daemon = Some(quietd);
        if !with_daemon && let Some(quietd) = daemon.take() {
            quietd.kill().await;
        }
        let ran = run(&house, &["erase", "--all", "--yes"]).await;
        assert!(ran.code == 0 && ran.out.contains("1 session and 1 note."), "{ran:?}");
        assert_eq!(dunst.state().await, before, "given back first");
        assert_eq!(with_words(&house, &WORDS), []);
        assert!(!house.state("receipts.json").exists());
        if let Some(quietd) = daemon {
            assert_eq!(run(&house, &["sessions", "--format", "json"]).await.out, "[]\n");
            quietd.stop().await;
        }
    }
}

#[tokio::test]
async fn one_thing_is_erased_without_the_daemon_as_with_it() {
    for with_daemon in [true, false] {
        let house = House::new().await;
        let mut daemon = Some(house.start().await);
        for (kind, ended) in
            [("retreatword", "3h ago"), ("keptkind", "1h ago"), ("oldkind", "50h ago")]
        {
            assert_eq!(run(&house, &["log", kind, "--ended", ended]).await.code, 0);
        }
        let sessions = run(&house, &["sessions", "--format", "json"]).await.json();
        let id = |kind: &str| {
            let all = sessions.as_array().unwrap().iter();
            let mut of_kind = all.filter(|session| session["kind"] == kind);
            of_kind.next().unwrap()["id"].as_str().unwrap().to_owned()
        };
        let (erased, forgotten) = (id("retreatword"), id("keptkind"));
        for (words, session) in
            [("wintergreen", &*erased), ("keptwords", &*forgotten), ("askedthing", "none")]
        {
            assert_eq!(run(&house, &["note", words, "--session", session]).await.code, 0);
        }
        let note = kept(&house).await[2]["id"].as_str().unwrap().to_owned();
        if !with_daemon && let Some(quietd) = daemon.take() {
            quietd.kill().await;
        }
        let ran = run(&house, &["erase", "--session", &erased, "--yes"]).await;
        assert!(ran.out.contains("Erased for good: 1 session and 1 note."), "{ran:?}");
        assert_eq!(with_words(&house, &["retreatword", "wintergreen"]), []);
        let ran = run(&house, &["erase", "--note", &note, "--yes"]).await;
        assert!(ran.out.contains("Erased for good: 0 sessions and 1 note."), "{ran:?}");
        assert_eq!(with_words(&house, &["askedthing"]), []);
        let ran = run(&house, &["erase", "--before", "20h ago", "--yes"]).await;
        assert!(ran.out.contains("Erased for good: 1 session and 0 notes."), "{ran:?}");
        let ran = run(&house, &["forget", &forgotten]).await;
        assert!(ran.code == 0 && ran.out.contains("You still have its 1 note."), "{ran:?}");
        assert_eq!(with_words(&house, &["oldkind", "keptkind"]), []);
        assert!(!with_words(&house, &["keptwords"]).is_empty(), "its note stays");
        for again in [&["forget", &*forgotten][..], &["erase", "--note", &note, "--yes"]] {
            assert_eq!(run(&house, again).await.code, 1, "with {with_daemon}: {again:?}");
        }
        if let Some(quietd) = daemon {
            quietd.stop().await;
        }
    }
}

#[tokio::test]
async fn screen_time_that_is_erased_is_named() {
    for with_daemon in [true, false] {
        let house = House::new().await;
        let now = Command::new("date").arg("+%s").output().await.unwrap();
        let now: i64 = String::from_utf8(now.stdout).unwrap().trim().parse().unwrap();
        let hours = (0..40).map(|day| {
            let start =
                jiff::Timestamp::from_second((now / 86_400 - day) * 86_400 - 3_600).unwrap();
            format!(r#"{{"v":1,"start":"{start}","seconds":60,"quiet":0,"apps":{{"foot":60}}}}"#)
                + "\n"
        });
        fs::create_dir_all(house.state("")).unwrap();
        fs::write(house.state("screen-time.jsonl"), hours.collect::<String>()).unwrap();
        let daemon = if with_daemon { Some(house.start().await) } else { None };
        let ran = run(&house, &["erase", "--before", "today 00:00", "--yes"]).await;
        let said = "Erased for good: 0 sessions, 0 notes and screen time from 40 days.";
        assert_eq!(ran.out.trim().replace('\n', " "), said, "{ran:?}");
        assert_eq!(with_words(&house, &["foot"]), []);
        if let Some(quietd) = daemon {
            quietd.stop().await;
        }
    }
}

#[tokio::test]
async fn damage_is_told_briefly_and_no_longer_once_it_is_erased() {
    let house = House::new().await;
    let folder = house.path(".local/share/quietd/log");
    fs::create_dir_all(&folder).unwrap();
    let newer = |number| format!("{{\"v\":2,\"id\":\"{number:012x}\",\"kind\":\"s\"}}\n");
    fs::write(folder.join("other.jsonl"), (0..20_000).map(newer).collect::<String>()).unwrap();
    fs::write(folder.join("other.notes"), "garbage\n".repeat(9)).unwrap();
    let quietd = house.start().await;
    assert_eq!(run(&house, &["notes"]).await.code, 0);
    let said = run(&house, &["status"]).await.out;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in
        ["line 3: this line was written by another version", "19,997 more lines", "6 more lines"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(said.len() < 4_000, "{said}");
    assert_eq!(run(&house, &["erase", "--all", "--yes"]).await.code, 0);
    let ran = run(&house, &["status"]).await;
    assert!(!ran.out.contains("Could not be done") && !ran.out.contains("line"), "{ran:?}");
    quietd.stop().await;
}
