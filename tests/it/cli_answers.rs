//! What `quietctl` answers, and with which exit code, when the daemon is there.

use quietd::api::{
    AppEntry, Error, MeasuresEntry, ProblemEntry, ScreenTimeEntry, SessionEntry, ToLockEntry,
    WaitEntry,
};

use crate::quiet_stand_in::{Desk, hours_from_now, phase};

const HOUR: u64 = 3_600_000_000;

#[tokio::test]
async fn a_session_is_logged_with_when_it_ended_and_the_phases_are_told() {
    let desk = Desk::new().await;
    desk.scene().plan = vec![phase("settle", -1, 3), phase("quiet", 3, 23)];
    desk.scene().problems = vec![ProblemEntry {
        measure: "dim".into(),
        text: "There is no backlight here.".into(),
        ..ProblemEntry::default()
    }];
    let ran = desk.run(&["log", "emdr", "--ended", "1h ago", "--note", "three words"]).await;
    assert_eq!((ran.code, &*ran.err), (0, ""));
    let asked = desk.scene().asked.clone();
    let words: Vec<&str> = asked[0].splitn(4, ' ').collect();
    assert_eq!((words[0], words[1], words[3]), ("LogSession", "emdr", "Some(\"three words\")"));
    let ended: u64 = words[2].parse().unwrap();
    assert!(ended.abs_diff(hours_from_now(-1)) < HOUR / 60, "{ended}");
    assert!(ran.out.contains("now") && ran.out.contains("settle until "), "{}", ran.out);
    assert!(ran.out.contains("  - There is no backlight here.\n"), "{}", ran.out);
    assert!(ran.out.contains("quietctl off       gives everything back now"), "{}", ran.out);
    assert!(ran.out.contains("quietctl forget 7  erases this session"), "{}", ran.out);
    assert!(!ran.out.contains("emdr") && !ran.out.contains("three words"), "{}", ran.out);
}

#[tokio::test]
async fn a_session_without_a_kind_is_a_session_and_may_be_followed_by_nothing() {
    let desk = Desk::new().await;
    desk.scene().plan = vec![phase("settle", -1, 3)];
    desk.scene().plan[0].run = "weekly:evenings@2026-11-25".into();
    let ran = desk.run(&["log"]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(desk.scene().asked[0].starts_with("LogSession session "));
    assert!(ran.out.contains("It makes nothing quiet"), "{}", ran.out);
}

#[tokio::test]
async fn what_cannot_be_meant_changes_nothing() {
    let desk = Desk::new().await;
    for (arguments, says) in [
        (&["log", "--ended", "in 5000h"][..], "more than a day ahead"),
        (&["log", "--ended", "soonish"], "«soonish» is not a time that can be read."),
        (&["start", "settle", "5000h"], "at most 3 days"),
        (&["start", "settle", "0m"], "no time at all"),
        (&["pause", "a while"], "a while"),
        (&["unlock", "reddit.com", "9000h"], "at most 3 days"),
        (&["plan", "--days", "0"], "--days"),
        (&["logg"], "log"),
        (&["start"], "PROFILE"),
        (&[], "Usage"),
    ] {
        let ran = desk.run(arguments).await;
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(says), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{arguments:?}");
    }
    assert!(desk.scene().asked.is_empty(), "{:?}", desk.scene().asked);
}

#[tokio::test]
async fn each_no_of_the_daemon_has_its_exit_code() {
    let desk = Desk::new().await;
    for (error, arguments, code) in [
        (Error::UnknownProfile("There is no profile «setle».".into()), &["start", "setle"][..], 2),
        (Error::InvalidTime("That is too long ago.".into()), &["log"], 2),
        (Error::UnknownSession("There is no session «9».".into()), &["forget", "9"], 1),
        (Error::NothingRunning("Nothing is paused.".into()), &["resume"], 1),
        (Error::NeverLocked("A terminal is never locked.".into()), &["unlock", "foot"], 1),
        (Error::ConfigInvalid("It has 2 mistakes.".into()), &["start", "settle"], 1),
        (Error::NotKept("The disk is full.".into()), &["log"], 4),
        (Error::NotKept("The disk is full.".into()), &["today"], 4),
    ] {
        desk.scene().refuses = Some(error.clone());
        let ran = desk.run(arguments).await;
        assert_eq!(ran.code, code, "{error:?}: {ran:?}");
        let sentence = zbus::DBusError::description(&error).unwrap().to_owned();
        assert!(ran.err.starts_with(&format!("quietctl: {sentence}\n")), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
}

#[tokio::test]
async fn status_for_people_for_programs_and_for_a_bar() {
    let desk = Desk::new().await;
    let open = desk.run(&["status"]).await;
    assert_eq!(open.out, "Nothing is quiet now\n\nquietctl log  after a session makes it quiet\n");
    {
        let mut scene = desk.scene();
        scene.quiet = true;
        scene.profile = "settle".into();
        scene.until = hours_from_now(200);
        scene.next_change = hours_from_now(3);
        scene.measures = MeasuresEntry {
            dim: Some(40),
            apps: Some(vec!["discord".into()]),
            breaks: Some(900_000_000),
            ..MeasuresEntry::default()
        };
        scene.reasons = vec![phase("settle", -1, 3)];
        scene.plan = vec![phase("settle", -1, 3), phase("quiet", 3, 200)];
    }
    let text = desk.run(&["status"]).await;
    assert!(text.out.starts_with("Quiet until "), "{}", text.out);
    assert!(text.out.contains("\n  apps    1 locked: discord\n"), "{}", text.out);
    assert!(text.out.contains("  quiet: 40% darker\n"), "{}", text.out);
    assert!(text.out.ends_with("\nquietctl off  gives everything back now\n"), "{}", text.out);
    let json = desk.run(&["status", "--format", "json"]).await.json();
    assert_eq!(json["quiet"], true);
    assert_eq!(json["measures"]["notifications"], "all");
    assert_eq!(json["measures"]["apps"][0], "discord");
    assert_eq!(json["measures"]["breaks"], "PT15M");
    assert_eq!(json["paused_until"], serde_json::Value::Null);
    assert_eq!(json["ahead"][1]["profile"], "quiet");
    let until: jiff::Timestamp = json["until"].as_str().unwrap().parse().unwrap();
    assert!(until.as_microsecond().unsigned_abs().abs_diff(desk.scene().until) < 1_000_000);
    let bar = desk.run(&["status", "--format", "waybar"]).await;
    assert_eq!(bar.out.lines().count(), 1);
    assert_eq!(bar.json()["class"], "quiet");
    assert!(bar.json()["text"].as_str().unwrap().starts_with("Quiet until "), "{}", bar.out);
}

#[tokio::test]
async fn keys_are_there_whatever_is_quiet() {
    let desk = Desk::new().await;
    let json = desk.run(&["status", "--format", "json"]).await.json();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "ahead",
            "batch_until",
            "config_error",
            "measures",
            "next_batch",
            "next_break",
            "next_change",
            "paused",
            "paused_until",
            "problems",
            "profile",
            "quiet",
            "reasons",
            "suggestion",
            "to_lock",
            "until",
            "version",
            "waits",
        ]
    );
    let keys: Vec<&str> =
        json["measures"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["apps", "batches", "breaks", "dim", "greyscale", "notifications", "sites", "warmth"]
    );
}

#[tokio::test]
async fn by_hand() {
    let desk = Desk::new().await;
    let mut period = phase("ease", 0, 2);
    period.run = "start:1".into();
    desk.scene().reasons = vec![period];
    let ran = desk.run(&["start", "ease", "1h", "30m"]).await;
    assert!(ran.code == 0 && ran.out.starts_with("ease until "), "{ran:?}");
    desk.scene().paused_until = hours_from_now(1);
    let ran = desk.run(&["pause"]).await;
    assert!(ran.code == 0 && ran.out.starts_with("Paused until "), "{ran:?}");
    assert_eq!(desk.run(&["resume"]).await.code, 0);
    let ran = desk.run(&["unlock", "https://www.reddit.com/r/x", "5m"]).await;
    assert_eq!(ran.out, "www.reddit.com is let through for 5 minutes.\n");
    let opens = hours_from_now(0) + 19_500_000;
    let what = "org.mozilla.firefox".to_owned();
    desk.scene().waits = vec![WaitEntry { what, opens, until: hours_from_now(1) }];
    let ran = desk.run(&["unlock", "firefox"]).await;
    let cancel = "To leave it locked: quietctl unlock --cancel firefox\n";
    let said = |seconds| format!("firefox opens in {seconds} seconds, for 15 minutes.\n{cancel}");
    assert!((15..=20).any(|seconds| ran.out == said(seconds)), "{ran:?}");
    let ran = desk.run(&["status"]).await;
    let line = "\n  To leave it locked: quietctl unlock --cancel org.mozilla.firefox\n";
    assert!(ran.out.contains("\nOpens\n  org.mozilla.firefox  in "), "{ran:?}");
    assert!(ran.out.contains(line), "{ran:?}");
    let json = desk.run(&["status", "--format", "json"]).await.json();
    assert_eq!(json["waits"][0]["what"], "org.mozilla.firefox");
    let ran = desk.run(&["unlock", "--cancel", "firefox"]).await;
    assert_eq!(ran.out, "firefox stays locked.\n");
    let at = hours_from_now(1);
    desk.scene().to_lock = [("org.mozilla.firefox", "Firefox"), ("steam", "Steam")]
        .map(|(app, name)| (app.to_owned(), name.to_owned()))
        .map(|(app, name)| ToLockEntry { app, name, at })
        .into();
    let ran = desk.run(&["later"]).await;
    assert!(ran.out.starts_with("Firefox and Steam stay open until "), "{ran:?}");
    let ran = desk.run(&["status"]).await;
    assert!(ran.out.contains("\nFirefox and Steam will be locked "), "{ran:?}");
    let json = desk.run(&["status", "--format", "json"]).await.json();
    assert_eq!(json["to_lock"][1]["app"], "steam");
    assert_eq!(desk.run(&["forget", "7"]).await.code, 0);
    assert_eq!(
        desk.scene().asked,
        [
            "Start ease 5400000000",
            "Pause 0",
            "Resume",
            "Unlock www.reddit.com 300000000",
            "Unlock firefox 0",
            "CancelUnlock firefox",
            "Later",
            "Sessions 0",
            "ForgetSession 7",
        ]
    );
}

#[tokio::test]
async fn sessions_apps_and_plan_are_listed() {
    let desk = Desk::new().await;
    {
        let mut scene = desk.scene();
        scene.sessions = vec![SessionEntry {
            id: "7".into(),
            kind: "emdr".into(),
            ended: 1_795_000_000_000_000,
            logged: 1_795_000_000_000_000,
            note: Some("three \u{1b}[31mwords".into()),
            notes: None,
        }];
        scene.apps = vec![AppEntry {
            id: "discord".into(),
            name: "Discord".into(),
            units: vec!["app-discord-1.scope".into()],
            known_by: "unit".into(),
            locked: true,
            ..AppEntry::default()
        }];
        scene.plan = vec![phase("settle", -1, 3)];
    }
    let ran = desk.run(&["sessions"]).await;
    assert!(
        ran.out.contains("Wed 18 Nov 2026 11:06  emdr  7   three \u{fffd}[31mwords"),
        "{}",
        ran.out
    );
    let json =
        desk.run(&["sessions", "--since", "2026-01-01 00:00", "--format", "json"]).await.json();
    assert_eq!(json[0]["ended"], "2026-11-18T11:06:40+00:00");
    assert_eq!(json[0]["note"], "three \u{1b}[31mwords");
    assert!(desk.scene().asked.contains(&"Sessions 1767225600000000".to_owned()));
    let ran = desk.run(&["apps"]).await;
    assert!(ran.out.contains("discord  Discord  its unit  locked"), "{}", ran.out);
    assert_eq!(
        desk.run(&["apps", "--format", "json"]).await.json()[0]["units"][0],
        "app-discord-1.scope"
    );
    let ran = desk.run(&["plan"]).await;
    assert!(ran.out.contains("  now ") && ran.out.contains("open: everything"), "{}", ran.out);
    assert_eq!(desk.run(&["plan", "--format", "json"]).await.json()[0]["measures"]["dim"], 40);
}

#[tokio::test]
async fn without_the_daemon_it_says_how_to_start_it() {
    let desk = Desk::without_daemon();
    for arguments in [
        &["status"][..],
        &["status", "--format", "waybar"],
        &["plan"],
        &["apps"],
        &["sessions"],
        &["log"],
        &["start", "settle"],
        &["pause"],
        &["resume"],
        &["unlock", "reddit.com"],
    ] {
        let ran = desk.run(arguments).await;
        assert_eq!(ran.code, 3, "{arguments:?}: {ran:?}");
        assert_eq!(
            ran.err,
            "quietctl: quietd is not running.\n  To start it: systemctl --user start quietd\n",
            "{arguments:?}"
        );
        assert_eq!(ran.out, "");
    }
}

#[tokio::test]
async fn without_a_session_bus_it_says_so() {
    let desk = Desk::without_daemon();
    let output = desk
        .quietctl(&["status"])
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .output();
    let ran = crate::quiet_stand_in::Ran::from(output.await.unwrap());
    assert_eq!(ran.code, 3);
    assert!(ran.err.starts_with("quietctl: The session bus cannot be reached: "), "{}", ran.err);
}

#[tokio::test]
async fn help_version_and_completions_need_nothing() {
    let desk = Desk::without_daemon();
    assert_eq!(desk.run(&["--version"]).await.out, "quietctl 0.1.0\n");
    let help = desk.run(&["--help"]).await;
    assert!(help.code == 0 && help.out.contains("quietctl off"), "{help:?}");
    for shell in ["bash", "zsh", "fish"] {
        let ran = desk.run(&["completions", shell]).await;
        assert!(ran.code == 0 && ran.out.contains("unlock"), "{shell}");
    }
}

#[tokio::test]
async fn today_and_the_week_for_people_and_for_programs() {
    let desk = Desk::new().await;
    let ran = desk.run(&["today"]).await;
    assert!(ran.out.contains("Nothing was counted."), "{}", ran.out);
    let apps = [("steam".to_owned(), 600), ("org.telegram.desktop".to_owned(), 1_200)].into();
    let start = hours_from_now(0);
    desk.scene().screen_time = vec![ScreenTimeEntry { start, seconds: 2_000, quiet: 60, apps }];
    for (arguments, days) in [(&["today"][..], 0), (&["week"], 6)] {
        desk.scene().asked.clear();
        let ran = desk.run(arguments).await;
        assert_eq!((ran.code, &*ran.err), (0, ""));
        let asked = desk.scene().asked.clone();
        let asked: Vec<&str> = asked.iter().map(|it| it.split(' ').next().unwrap()).collect();
        assert_eq!(asked, ["ScreenTime", "Sessions", "Notes"]);
        assert_eq!(desk.scene().asked[0], format!("ScreenTime {days}"));
        // By the built-in groups.
        for said in ["33 min at the screen", "games", "no app known", "quiet 1 min"] {
            assert!(ran.out.contains(said), "{said}: {}", ran.out);
        }
        let ran = desk.run(&[arguments, &["--format", "json"]].concat()).await;
        let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(value["seconds"], 2_000);
        assert_eq!(value["groups"]["games"], 600);
        assert_eq!(value["no_app_known"], 200);
    }
}
