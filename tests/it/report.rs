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
        "30 minutes, by day",
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
    assert!(ran.out.contains("Nothing was logged, noted or counted"), "{ran:?}");
    quietd.stop().await;
}
