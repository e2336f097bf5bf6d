//! Places: the daemon on a system bus of its own, with a stand-in for `NetworkManager`.

use std::time::Duration;

use quietd::{
    clock::{Clock as _, SystemClock},
    standin::{Fault, NetworkManager, PrivateBus, StandIn as _},
};

use super::house::House;

const AT_HOME: &str = r#"
[[place]]
name = "bedroom"
network = "Bedroom"
profile = "held"
[profiles.held]
notifications = "urgent"
"#;

/// A house with a system bus, and who connects it.
struct Home {
    house: House,
    networks: NetworkManager,
    system: Option<PrivateBus>,
}

impl Home {
    async fn new() -> Self {
        let mut house = House::new().await;
        let system = PrivateBus::start().unwrap();
        system.address().clone_into(&mut house.system);
        house.write_config(AT_HOME);
        let networks = NetworkManager::start(system.address()).await.unwrap();
        Self { house, networks, system: Some(system) }
    }

    async fn profile(&self) -> String {
        self.house.get("Profile").await
    }

    async fn is_quiet_soon(&self) {
        self.house
            .until("it is quiet at the place", || async { self.profile().await == "held" })
            .await;
    }

    /// Whether the place is left in less than a minute from now, if nothing happens.
    async fn is_leaving(&self) -> bool {
        let soon = SystemClock.now().as_microsecond().unsigned_abs() + 60_000_000;
        self.house.get::<u64>("NextChange").await < soon
    }
}

#[tokio::test]
async fn quiet_begins_within_a_second_and_outlives_a_short_gap() {
    let home = Home::new().await;
    home.networks.plug("Wired connection 1").await;
    let quietd = home.house.start().await;
    assert_eq!(home.profile().await, "");
    let second = Duration::from_secs(1);
    home.networks.join("Bedroom", b"Fritz!Box 7530").await;
    tokio::time::timeout(second, home.is_quiet_soon()).await.expect("within a second");
    let status = home.house.quietctl(&["status"]).await;
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains("at a place: bedroom"), "{status}");

    // The strong part ends after 72 hours; while it leaves, in half a minute.
    assert!(!home.is_leaving().await);
    home.networks.down("Bedroom").await;
    home.house.until("it is leaving", || home.is_leaving()).await;
    assert_eq!(home.profile().await, "held");
    home.networks.join("Bedroom", b"Fritz!Box 7530").await;
    home.house.until("it was never left", || async { !home.is_leaving().await }).await;
    assert_eq!(home.profile().await, "held");
    quietd.stop().await;
}

#[tokio::test]
async fn an_ssid_is_a_name_too_and_bytes_that_are_no_text_harm_nobody() {
    let home = Home::new().await;
    home.networks.join("Odd", b"\xff\xfe\x00").await;
    let quietd = home.house.start().await;
    home.networks.join("Auto 1", b"Bedroom").await;
    home.is_quiet_soon().await;
    quietd.stop().await;
}

#[tokio::test]
async fn off_at_a_place_is_off_over_a_restart() {
    let home = Home::new().await;
    home.networks.plug("Bedroom").await;
    let quietd = home.house.start().await;
    home.is_quiet_soon().await;
    assert!(home.house.quietctl(&["off"]).await.status.success());
    assert_eq!(home.profile().await, "");
    quietd.kill().await;
    let quietd = home.house.start().await;
    // What comes after it was looked at shows that it was.
    home.house.write_config(&format!(
        "{AT_HOME}{}",
        AT_HOME.replace("bedroom", "desk").split("[profiles").next().unwrap()
    ));
    home.house
        .until("another place of the same network", || async { home.profile().await == "held" })
        .await;
    let reasons = home.house.quietctl(&["status"]).await;
    let reasons = String::from_utf8(reasons.stdout).unwrap();
    assert!(reasons.contains("at a place: desk") && !reasons.contains("bedroom"), "{reasons}");
    quietd.stop().await;
}

#[tokio::test]
async fn a_thousand_access_points_wake_nobody() {
    let home = Home::new().await;
    home.networks.plug("Bedroom").await;
    let quietd = home.house.start().await;
    home.is_quiet_soon().await;
    let asked = home.networks.asked().await;
    home.networks.hear(1_000).await;
    assert_eq!(home.networks.asked().await, asked);
    // And many connections that come and go are all heard.
    for turn in 0..200 {
        home.networks.plug(&format!("Other {turn}")).await;
        home.networks.down(&format!("Other {turn}")).await;
    }
    home.networks.down("Bedroom").await;
    home.house.until("it is leaving", || home.is_leaving()).await;
    quietd.stop().await;
}

#[tokio::test]
async fn where_it_is_not_known_there_is_no_place() {
    for fault in [Fault::Refuses, Fault::OddType, Fault::Hangs] {
        let mut home = Home::new().await;
        home.networks.plug("Bedroom").await;
        home.networks.fault(fault).await;
        let quietd = home.house.start().await;
        let said = home.house.quietctl(&["doctor"]).await;
        let said = String::from_utf8(said.stdout).unwrap();
        assert!(said.contains("places") && !said.contains("on \"Bedroom\""), "{fault:?}: {said}");
        assert_eq!(home.profile().await, "", "{fault:?}");
        // It comes back, and is well.
        home.networks.stop().await;
        home.networks.fault(Fault::None).await;
        home.networks.start().await;
        home.is_quiet_soon().await;
        quietd.stop().await;
    }
}

#[tokio::test]
async fn without_the_system_bus_the_place_is_left() {
    let mut home = Home::new().await;
    home.networks.plug("Bedroom").await;
    let quietd = home.house.start().await;
    home.is_quiet_soon().await;
    drop(home.system.take());
    home.house.until("it is leaving", || home.is_leaving()).await;
    quietd.stop().await;
}

#[tokio::test]
async fn doctor_tells_the_names_to_write() {
    let home = Home::new().await;
    home.networks.join("Auto", b"bedroom").await;
    let said = home.house.quietctl(&["doctor", "--format", "json"]).await;
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let checks = said["checks"].as_array().unwrap();
    let places = checks.iter().find(|check| check["about"] == "places").unwrap();
    assert_eq!(places["fine"], false, "{places}");
    let text = places["text"].as_str().unwrap();
    assert!(text.starts_with("on \"Auto\" and \"bedroom\""), "{text}");
    assert!(text.contains("\"Bedroom\". If \"bedroom\" is meant"), "{text}");
}
