//! `quietctl report` and the real daemon: what is in the file, what is not, and who can read it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use quietd::{
    clock::{Clock as _, SystemClock},
    screen_time::Hour,
    store::ScreenTimeStore,
};
use tokio::{process::Command, time::timeout};

use crate::{
    house::House,
    quiet_stand_in::{AT_MOST, Ran},
};

async fn run(house: &House, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quietctl"));
    command.args(arguments).env_clear().kill_on_drop(true).stdin(std::process::Stdio::null());
    command.current_dir(house.home.path());
    for (name, value) in house.quietd().get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    Ran::from(timeout(AT_MOST, command.output()).await.expect("an end in time").unwrap())
}

fn reports(house: &House) -> Vec<PathBuf> {
    let entries = fs::read_dir(house.home.path()).unwrap().map(|entry| entry.unwrap().path());
    let is_report =
        |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("quiet-report-");
    entries.filter(is_report).collect()
}

#[tokio::test]
async fn a_report_holds_what_was_ticked_and_only_its_owner_can_read_it() {
    let house = House::new().await;
    let now = SystemClock.now();
    let start = quietd::screen_time::start_of_hour(now, &jiff::tz::TimeZone::UTC);
    let apps = [("org.telegram.desktop".to_owned(), 900), ("foot".to_owned(), 300)].into();
    let hour = Hour { start, seconds: 1_800, quiet: 600, apps };
    ScreenTimeStore::open(&house.path(".local/state/quietd")).add(&[hour]).unwrap();
    let quietd = house.start().await;
    assert_eq!(run(&house, &["log", "retreatword", "--note", "sessionnote"]).await.code, 0);
    assert_eq!(
        run(&house, &["note", "wintergreen", "--ask", "a swim?", "--mood", "7"]).await.code,
        0
    );
    assert_eq!(run(&house, &["note", "keptback"]).await.code, 0);
    let notes = run(&house, &["notes", "--format", "json"]).await.json();
    let id = notes[0]["id"].as_str().unwrap();

    let ran = run(&house, &["report", "--notes", id]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    for says in [
        "notes            1 of 3",
        "1, with what you called them",
        "30 min, by day",
        "~/quiet-report-",
    ] {
        assert!(ran.out.contains(says), "{says}: {}", ran.out);
    }
    assert!(!ran.out.contains("wintergreen") && !ran.out.contains("retreatword"), "{ran:?}");
    let [file] = &reports(&house)[..] else { panic!("one file") };
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.ends_with(&format!("-to-{}.html", now.to_zoned(jiff::tz::TimeZone::UTC).date())));
    let page = fs::read_to_string(file).unwrap();
    for word in ["wintergreen", "a swim?", "retreatword", "Mood 7 of 10", "30 min", "chat"] {
        assert!(page.contains(word), "{word}");
    }
    assert!(!page.contains("keptback") && !page.contains("sessionnote"), "not ticked");

    let ran = run(&house, &["report"]).await;
    assert!(ran.code == 1 && ran.err.contains("is there already"), "{ran:?}");
    assert_eq!(fs::read_to_string(file).unwrap(), page, "never replaced without a yes");
    assert_eq!(run(&house, &["report", "--yes"]).await.code, 0);
    assert!(!fs::read_to_string(file).unwrap().contains("wintergreen"), "none without a tick");

    for format in ["html", "md", "csv", "json"] {
        let arguments = [
            "report",
            "--format",
            format,
            "--output",
            "-",
            "--notes",
            "all",
            "--leave-out",
            "labels,screen-time",
        ];
        let ran = run(&house, &arguments).await;
        assert!(
            ran.code == 0 && ran.out.contains("sessionnote") && ran.out.contains("keptback"),
            "{ran:?}"
        );
        assert!(!ran.out.contains("retreatword") && !ran.out.contains("chat"), "{ran:?}");
    }
    assert_eq!(reports(&house).len(), 1);
    let odd: [(&[&str], i32); 4] = [
        (&["--from", "tomorrow"], 2),
        (&["--notes", "nobody"], 1),
        (&["--output", "no/such/folder/x.html"], 2),
        (&["--to", "whenever"], 2),
    ];
    for (more, code) in odd {
        let ran = run(&house, &[&["report"], more].concat()).await;
        assert_eq!(ran.code, code, "{more:?}: {ran:?}");
    }

    assert_eq!(run(&house, &["erase", "--all", "--yes"]).await.code, 0);
    assert!(!house.state("screen-time.jsonl").exists(), "what was counted is erased too");
    let ran = run(&house, &["report", "--output", "-"]).await;
    assert!(ran.out.contains("Nothing was logged or noted"), "{ran:?}");
    quietd.stop().await;
}

#[tokio::test]
async fn where_nothing_is_counted_the_rest_is_shown_and_no_nought() {
    let house = House::new().await;
    house.write_config("[screen-time]\nkeep = \"off\"\n");
    let quietd = house.start().await;
    for arguments in [&["log", "retreatword"][..], &["note", "--mood", "6", "--sleep", "7h30m"]] {
        assert_eq!(run(&house, arguments).await.code, 0);
    }
    for command in ["today", "week"] {
        let ran = run(&house, &[command]).await;
        assert_eq!((ran.code, &*ran.err), (0, ""), "{command}");
        for says in ["Screen time is not counted", "retreatword", "mood 6, slept 7 h 30 min"] {
            assert!(ran.out.contains(says), "{command}: {says}: {}", ran.out);
        }
        let value = run(&house, &[command, "--format", "json"]).await.json();
        assert!(value["counted"] == false && value["seconds"].is_null(), "{value}");
        assert_eq!(value["noted"][0]["mood"], 6);
    }
    let ran = run(&house, &["report", "--yes"]).await;
    for says in ["quiet time kept  not counted", "screen time      not counted", "keep = \"off\""] {
        assert!(ran.code == 0 && ran.out.contains(says), "{says}: {ran:?}");
    }
    let page = fs::read_to_string(&reports(&house)[0]).unwrap();
    assert!(page.contains("not counted here") && page.contains("Mood, from 0 to 10"), "{page}");
    let ran = run(&house, &["report", "--output", "-", "--notes", "none"]).await;
    assert!(!ran.out.contains("Mood, from 0 to 10"), "the note was refused: {}", ran.out);
    quietd.stop().await;
}

#[tokio::test]
async fn a_report_goes_where_a_link_leads_and_says_what_it_cannot_be() {
    let house = House::new().await;
    let quietd = house.start().await;
    fs::write(house.path("real.html"), "old").unwrap();
    std::os::unix::fs::symlink("real.html", house.path("link.html")).unwrap();
    let ran = run(&house, &["report", "--output", "link.html"]).await;
    assert!(ran.code == 1 && ran.err.contains("~/real.html is there already"), "{ran:?}");
    let ran = run(&house, &["report", "--output", "link.html", "--yes"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(fs::read_to_string(house.path("real.html")).unwrap().contains("<h1>Report, "));
    assert!(fs::symlink_metadata(house.path("link.html")).unwrap().is_symlink());
    for (more, says) in [
        (&["--from", "2001-01-01"][..], "room for 5 years at most"),
        (&["--from", "2999-01-01"], "2999-01-01 lies in the future"),
        (&["--from", "31.10.2026"], "is not a day that can be read."),
    ] {
        let ran = run(&house, &[&["report", "--output", "-"], more].concat()).await;
        assert!(ran.code == 2 && ran.err.contains(says) && ran.out.is_empty(), "{ran:?}");
    }
    let ran = run(&house, &["report", "--output", "-", "--to", "2999-01-01"]).await;
    assert!(ran.code == 0 && ran.err.starts_with("2999-01-01 lies in the future"), "{ran:?}");
    quietd.stop().await;
}
