//! The daemon from outside: a home, a bus, a stand-in for dunst, and the real binary.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt as _, time::Duration};

use nix::{fcntl::OFlag, sys::stat::Mode, unistd::mkfifo};
use quietd::standin::{Dunst, DunstVersion, Fault, GnomePower, StandIn as _, Systemd};

use crate::house::{House, PATIENCE};

const HELD: &str = r#"
[[after]]
session = "any"
phases = [{ for = "4h", profile = "held" }]
[profiles.held]
notifications = "urgent"
"#;

async fn dunst(house: &House) -> Dunst {
    Dunst::start(house.bus.address(), DunstVersion::New, 0).await.unwrap()
}

/// A home whose sessions hold notifications back, and dunst on its bus.
async fn at_home() -> (House, Dunst) {
    let house = House::new().await;
    house.write_config(HELD);
    let dunst = dunst(&house).await;
    (house, dunst)
}

async fn log(house: &House) -> String {
    let no_options = std::collections::HashMap::<&str, zbus::Variant<'_>>::new();
    house.quiet().call("LogSession", &("a long day", 0_u64, no_options)).await.unwrap()
}

async fn off(house: &House) {
    house.quiet().call::<_, ()>("Off", &()).await.unwrap();
}

fn no_receipts(house: &House) -> bool {
    !house.state("receipts.json").exists()
}

#[tokio::test]
async fn a_session_is_logged_and_everything_comes_back() {
    let (house, dunst) = at_home().await;
    let before = dunst.state().await;
    let quietd = house.start().await;
    assert!(!house.get::<bool>("Quiet").await);

    let id = log(&house).await;
    assert!(!id.is_empty());
    assert!(house.get::<bool>("Quiet").await);
    assert_eq!(house.get::<String>("Profile").await, "held");
    assert_ne!(dunst.state().await, before);
    assert!(!no_receipts(&house));

    off(&house).await;
    assert!(!house.get::<bool>("Quiet").await);
    assert_eq!(dunst.state().await, before);
    assert!(no_receipts(&house));
    quietd.stop().await;
}

#[tokio::test]
async fn a_killed_daemon_leaves_what_its_next_start_or_restore_gives_back() {
    let (house, dunst) = at_home().await;
    let before = dunst.state().await;
    let quietd = house.start().await;
    log(&house).await;
    let during = dunst.state().await;
    quietd.kill().await;
    assert_eq!(dunst.state().await, during, "nobody gave it back yet");

    let quietd = house.start().await;
    assert_eq!(dunst.state().await, during, "the session still counts");
    assert!(house.get::<bool>("Quiet").await);
    quietd.kill().await;

    let restored = house.quietctl(&["restore"]).await;
    assert!(restored.status.success(), "{restored:?}");
    assert_eq!(dunst.state().await, before);
    assert!(no_receipts(&house));
}

#[tokio::test]
async fn a_stop_gives_everything_back_and_a_start_takes_it_up_again() {
    let (house, dunst) = at_home().await;
    let before = dunst.state().await;
    let quietd = house.start().await;
    log(&house).await;
    let during = dunst.state().await;
    quietd.stop().await;
    assert_eq!(dunst.state().await, before);
    let quietd = house.start().await;
    assert_eq!(dunst.state().await, during);
    off(&house).await;
    quietd.stop().await;
    let quietd = house.start().await;
    assert_eq!(dunst.state().await, before, "off outlives the daemon");
    quietd.stop().await;
}

/// A seat that was busy was once started a second time when another one's receipt was written, so that an old act could
/// land after its own undoing.
#[tokio::test]
async fn quick_turns_leave_nothing_behind() {
    let house = House::new().await;
    house.write_config(
        r#"
        [[after]]
        session = "any"
        phases = [{ for = "4h", profile = "held" }]
        [profiles.held]
        notifications = "urgent"
        dim = 40
        lock = ["app:org.example.Chat"]
        "#,
    );
    let dunst = dunst(&house).await;
    let panel = GnomePower::start(house.bus.address(), 80).await.unwrap();
    let systemd = Systemd::start(house.bus.address(), &house.path("sys")).await.unwrap();
    let unit = "app-gnome-org.example.Chat-1.scope";
    systemd.start_unit(unit, &[]).await.unwrap();
    let before = dunst.state().await;
    let quietd = house.start().await;
    for turn in 0..30 {
        log(&house).await;
        assert_ne!(dunst.state().await, before, "turn {turn}");
        assert_eq!(panel.percent(), 48, "turn {turn}");
        assert!(systemd.is_frozen(unit), "turn {turn}");
        off(&house).await;
        assert_eq!(dunst.state().await, before, "turn {turn}");
        assert_eq!(panel.percent(), 80, "turn {turn}");
        assert!(!systemd.is_frozen(unit), "turn {turn}");
    }
    let freezes = systemd.calls().iter().filter(|call| call.contains("FreezeUnit")).count();
    assert_eq!(freezes, 30, "each lock froze once");
    quietd.stop().await;
}

#[tokio::test]
async fn phases_pass_by_themselves() {
    let house = House::new().await;
    house.write_config(
        r#"
        [[after]]
        session = "any"
        phases = [{ for = "2s", profile = "held" }, { for = "2s", profile = "open" }]
        [profiles.held]
        notifications = "urgent"
        [profiles.open]
        notifications = "all"
        "#,
    );
    let dunst = dunst(&house).await;
    let before = dunst.state().await;
    let quietd = house.start().await;
    log(&house).await;
    assert_ne!(dunst.state().await, before);
    house
        .until("the second phase", || async { house.get::<String>("Profile").await == "open" })
        .await;
    house.until("the end", || async { house.get::<String>("Profile").await.is_empty() }).await;
    assert_eq!(dunst.state().await, before);
    quietd.stop().await;
}

#[tokio::test]
async fn a_service_that_never_answers_keeps_nobody_waiting_at_the_exit() {
    let (house, dunst) = at_home().await;
    let quietd = house.start().await;
    dunst.fault(Fault::Hangs).await;
    log(&house).await;
    house.until("the problem is told", || async { house.problems().await > 0 }).await;
    let out = tokio::time::timeout(Duration::from_secs(2), off(&house)).await;
    assert!(out.is_ok(), "off waited for a service that hangs");
    assert!(!house.get::<bool>("Quiet").await);
    quietd.kill().await;
}

#[tokio::test]
async fn a_disk_that_hangs_keeps_nobody_waiting_at_the_exit() {
    let (house, dunst) = at_home().await;
    let before = dunst.state().await;
    let quietd = house.start().await;
    log(&house).await;
    assert_ne!(dunst.state().await, before);
    // Whoever opens it to write waits until somebody reads.
    let disk = house.state(".by-hand.json.new");
    mkfifo(&disk, Mode::S_IRWXU).unwrap();
    let quiet = house.quiet();
    let off = tokio::spawn(async move { quiet.call::<_, ()>("Off", &()).await });
    let open = async {
        loop {
            let changed = dunst.changed();
            let mut changed = std::pin::pin!(changed);
            // Listening begins before looking.
            let _ = futures_util::poll!(changed.as_mut());
            if dunst.state().await == before {
                return;
            }
            changed.await;
        }
    };
    tokio::time::timeout(PATIENCE, open).await.expect("open though the disk hangs");
    let reader =
        OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&disk).unwrap();
    off.await.unwrap().unwrap();
    drop(reader);
    quietd.stop().await;
}

#[tokio::test]
async fn a_service_that_was_only_slow_is_asked_again() {
    let (house, dunst) = at_home().await;
    let before = dunst.state().await;
    let quietd = house.start().await;
    dunst.fault(Fault::Hangs).await;
    log(&house).await;
    house.until("the problem is told", || async { house.problems().await > 0 }).await;
    dunst.fault(Fault::None).await;
    house.until("it is in force", || async { house.problems().await == 0 }).await;
    assert_ne!(dunst.state().await, before);
    dunst.fault(Fault::Hangs).await;
    off(&house).await;
    house.until("the problem is told", || async { house.problems().await > 0 }).await;
    dunst.fault(Fault::None).await;
    house.until("it is given back", || async { house.problems().await == 0 }).await;
    assert_eq!(dunst.state().await, before);
    quietd.stop().await;
}

#[tokio::test]
async fn a_service_that_restarts_is_quiet_again() {
    let (house, mut dunst) = at_home().await;
    let before = dunst.state().await;
    let quietd = house.start().await;
    log(&house).await;
    let during = dunst.state().await;
    dunst.stop().await;
    house.until("the measure is gone", || async { house.problems().await > 0 }).await;
    dunst.start().await;
    house.until("it is paused again", || async { dunst.state().await == during }).await;
    off(&house).await;
    assert_eq!(dunst.state().await, before);
    quietd.stop().await;
}

#[tokio::test]
async fn what_the_person_changes_is_theirs() {
    let (house, dunst) = at_home().await;
    let quietd = house.start().await;
    log(&house).await;
    dunst.person_changes().await;
    let theirs = dunst.state().await;
    house.until("it is noticed", || async { house.problems().await > 0 }).await;
    off(&house).await;
    assert_eq!(dunst.state().await, theirs);
    quietd.stop().await;
}

#[tokio::test]
async fn who_asks_for_quiet_anew_has_it_and_is_given_back_what_they_set() {
    let (house, dunst) = at_home().await;
    let quietd = house.start().await;
    log(&house).await;
    let held = dunst.state().await;
    for _ in 0..2 {
        dunst.person_changes().await;
        let theirs = dunst.state().await;
        house.until("it is noticed", || async { house.problems().await > 0 }).await;
        log(&house).await;
        assert_eq!(dunst.state().await, held);
        assert_eq!(house.problems().await, 0);
        assert_ne!(theirs, held);
    }
    let before = {
        dunst.person_changes().await;
        house.until("it is noticed", || async { house.problems().await > 0 }).await;
        dunst.state().await
    };
    log(&house).await;
    off(&house).await;
    assert_eq!(dunst.state().await, before);
    quietd.stop().await;
}

#[tokio::test]
async fn what_the_person_changes_is_theirs_over_a_crash() {
    let (house, dunst) = at_home().await;
    let quietd = house.start().await;
    log(&house).await;
    dunst.person_changes().await;
    house.until("it is told", || async { house.problems().await > 0 }).await;
    let theirs = dunst.state().await;
    quietd.kill().await;
    // As the unit does before it starts the next one.
    assert!(house.quietctl(&["restore"]).await.status.success());
    assert_eq!(dunst.state().await, theirs);
    let quietd = house.start().await;
    assert!(house.get::<bool>("Quiet").await);
    assert_eq!(dunst.state().await, theirs, "what they took back is not asked for again");
    assert_eq!(house.problems().await, 1, "and it is told");
    off(&house).await;
    log(&house).await;
    assert_ne!(dunst.state().await, theirs, "quiet is asked for anew");
    off(&house).await;
    assert_eq!(dunst.state().await, theirs);
    quietd.stop().await;
}

#[tokio::test]
async fn a_broken_edit_keeps_the_config_in_use() {
    let (house, _dunst) = at_home().await;
    let quietd = house.start().await;
    log(&house).await;
    house.write_config("[[after]\nsession = ");
    house
        .until("the mistake is told", || async {
            !house.get::<String>("ConfigError").await.is_empty()
        })
        .await;
    assert!(house.get::<bool>("Quiet").await);
    assert_eq!(house.get::<String>("Profile").await, "held");
    house.write_config("");
    house
        .until("the new config is in use", || async {
            house.get::<String>("ConfigError").await.is_empty() && !house.get::<bool>("Quiet").await
        })
        .await;
    quietd.stop().await;
}

#[tokio::test]
async fn where_receipts_cannot_be_kept_nothing_is_changed() {
    let house = House::new().await;
    house.write_config(HELD);
    // A file where the folder should be: the same for root as for anybody.
    std::fs::create_dir_all(house.path(".local/state")).unwrap();
    std::fs::write(house.state("").parent().unwrap().join("quietd"), "in the way").unwrap();
    let dunst = dunst(&house).await;
    let before = dunst.state().await;
    let quietd = house.start().await;
    let answer = house.quietctl(&["start", "held"]).await;
    assert!(!answer.status.success(), "{answer:?}");
    assert_eq!(dunst.state().await, before);
    assert!(!house.get::<bool>("Quiet").await);
    quietd.stop().await;
}

#[tokio::test]
async fn a_second_daemon_leaves_the_first_alone() {
    let (house, dunst) = at_home().await;
    let first = house.start().await;
    log(&house).await;
    let during = dunst.state().await;
    let second = tokio::process::Command::from(house.quietd()).output().await.unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("another quietd"), "{said}");
    assert_eq!(dunst.state().await, during);
    first.stop().await;
}

#[tokio::test]
async fn a_hold_ends_with_its_caller() {
    let (house, dunst) = at_home().await;
    let before = dunst.state().await;
    let quietd = house.start().await;
    let guest = house.bus.connect().await.unwrap();
    let peer = quietd::dbus::Peer::new(
        &guest,
        quietd::api::NAME,
        quietd::api::PATH,
        quietd::api::INTERFACE,
    );
    let cookie: u32 = peer.call("Hold", &("held", "a talk")).await.unwrap();
    assert!(cookie > 0);
    assert_ne!(dunst.state().await, before);
    drop(peer);
    guest.close().await.unwrap();
    house.until("the hold is over", || async { !house.get::<bool>("Quiet").await }).await;
    house.until("it is given back", || async { dunst.state().await == before }).await;
    quietd.stop().await;
}

#[tokio::test]
async fn no_session_bus_is_one_clear_sentence() {
    let house = House::new().await;
    let mut command = house.quietd();
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    let answer = tokio::process::Command::from(command).output().await.unwrap();
    assert_eq!(answer.status.code(), Some(69));
    let said = String::from_utf8(answer.stderr).unwrap();
    assert!(said.starts_with("quietd: There is no session bus"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
