//! `quietctl` and the real daemon together.

use std::time::Duration;

use quietd::standin::{Dunst, DunstVersion, StandIn as _};
use tokio::{process::Command, time::timeout};

use crate::{
    house::House,
    quiet_stand_in::{AT_MOST, Ran},
};

const CONFIG: &str = r#"
[[after]]
session = "any"
phases = [{ for = "4h", profile = "held" }, { for = "20h", profile = "gentle" }]
[profiles.held]
notifications = "urgent"
[profiles.gentle]
notifications = "batched"
"#;

/// Runs `quietctl` without holding up the stand-ins of this thread.
async fn quietctl(house: &House, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quietctl"));
    command.args(arguments).env_clear().kill_on_drop(true);
    for (name, value) in house.quietd().get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    Ran::from(timeout(AT_MOST, command.output()).await.expect("an end in time").unwrap())
}

async fn dunst(house: &House) -> Dunst {
    Dunst::start(house.bus.address(), DunstVersion::New, 0).await.unwrap()
}

#[tokio::test]
async fn a_day_with_it() {
    let house = House::new().await;
    house.write_config(CONFIG);
    let dunst = dunst(&house).await;
    let before = dunst.state().await;
    let quietd = house.start().await;
    let run = async |arguments: &[&str]| quietctl(&house, arguments).await;

    let logged = run(&["log", "retreat", "--ended", "10m ago"]).await;
    assert_eq!((logged.code, &*logged.err), (0, ""));
    assert!(logged.out.contains("  now ") && logged.out.contains("held until "), "{}", logged.out);
    assert!(logged.out.contains("gentle until "), "{}", logged.out);
    assert_ne!(dunst.state().await, before);
    let during = dunst.state().await;

    let status = run(&["status"]).await;
    assert!(status.out.starts_with("Quiet until "), "{}", status.out);
    assert!(status.out.contains("only urgent ones come through"), "{}", status.out);
    assert!(status.out.contains("gentle: notifications in batches"), "{}", status.out);
    assert!(!status.out.contains("retreat") && !status.out.contains("Could not"), "{}", status.out);
    let sessions = run(&["sessions", "--format", "json"]).await.json();
    assert_eq!(sessions[0]["kind"], "retreat");

    assert_eq!(run(&["pause", "5m"]).await.code, 0);
    assert_eq!(dunst.state().await, before);
    assert_eq!(run(&["resume"]).await.code, 0);
    assert_eq!(dunst.state().await, during);
    assert_eq!(run(&["resume"]).await.code, 1, "nothing is paused");
    let unknown = run(&["start", "gentel"]).await;
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("Did you mean «gentle»?"), "{}", unknown.err);

    let id = sessions[0]["id"].as_str().unwrap();
    assert_eq!(run(&["forget", id]).await.code, 0);
    assert_eq!(dunst.state().await, before);
    assert_eq!(run(&["forget", id]).await.code, 1, "it is erased");
    let started = run(&["start", "held", "1h"]).await;
    assert!(started.code == 0 && started.out.starts_with("held until "), "{started:?}");
    assert_eq!(dunst.state().await, during);
    let off = run(&["off"]).await;
    assert!(off.code == 0 && off.out.starts_with("Everything is as you had it.\n"), "{off:?}");
    assert_eq!(dunst.state().await, before);
    let doctor = run(&["doctor"]).await;
    assert!(doctor.code == 0 && doctor.out.contains("notifications  works"), "{doctor:?}");
    quietd.stop().await;
}

#[tokio::test]
async fn off_and_restore_with_the_daemon_dead() {
    let house = House::new().await;
    house.write_config(CONFIG);
    let dunst = dunst(&house).await;
    let before = dunst.state().await;
    // A restore gives back what is in force; what was asked for still counts at the next start. Off is off.
    for (command, quiet_again) in [("restore", true), ("off", false)] {
        let quietd = house.start().await;
        assert_eq!(quietctl(&house, &["log"]).await.code, 0);
        quietd.kill().await;
        assert_ne!(dunst.state().await, before);
        let ran = quietctl(&house, &[command]).await;
        assert_eq!((ran.code, &*ran.err), (0, ""), "{command}: {ran:?}");
        assert!(ran.out.contains("as it was found"), "{command}: {}", ran.out);
        assert_eq!(dunst.state().await, before, "{command}");
        assert!(!house.state("receipts.json").exists(), "{command}");
        let quietd = house.start().await;
        assert_eq!(house.get::<bool>("Quiet").await, quiet_again, "{command}");
        quietd.stop().await;
    }
}

#[tokio::test]
async fn off_with_a_daemon_that_hangs() {
    let house = House::new().await;
    house.write_config(CONFIG);
    let dunst = dunst(&house).await;
    let before = dunst.state().await;
    let quietd = house.start().await;
    assert_eq!(quietctl(&house, &["log"]).await.code, 0);
    assert_ne!(dunst.state().await, before);
    quietd.hang(true);
    let off = timeout(Duration::from_secs(8), quietctl(&house, &["off"])).await;
    let off = off.expect("nobody who wants out waits");
    assert!(off.code == 0 && off.out.contains("did not answer within 5 s"), "{off:?}");
    assert_eq!(dunst.state().await, before);
    // It goes on, and finds what was asked of it.
    quietd.hang(false);
    house.until("it is off", async || !house.get::<bool>("Quiet").await).await;
    assert_eq!(dunst.state().await, before);
    quietd.stop().await;
    assert_eq!(dunst.state().await, before);
}
