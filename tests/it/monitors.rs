//! Places by what is connected: the daemon over a folder that looks like `/sys`, with a stand-in for logind. Waking from
//! suspend stands for what udev tells, which only root can say; that it is listened to is seen in the kernel's own list.

use std::{fs, path::Path, time::Duration};

use quietd::{
    clock::{Clock as _, SystemClock},
    standin::{Fault, PrivateBus, StandIn as _, logind::Logind},
};

use super::house::{House, Quietd};

/// A house with a system bus, and a desk to plug it in.
struct Desk {
    house: House,
    logind: Logind,
    _system: PrivateBus,
}

fn places(signs: &[&str]) -> String {
    let place = |(nth, sign): (usize, &&str)| {
        format!("[[place]]\nname = \"place {nth}\"\n{sign}\nprofile = \"held\"\n")
    };
    let places: String = signs.iter().enumerate().map(place).collect();
    format!("{places}[profiles.held]\nnotifications = \"urgent\"\n")
}

/// An EDID of a maker "DEL".
fn edid(product: &str) -> Vec<u8> {
    let mut edid = vec![0, 255, 255, 255, 255, 255, 255, 0, 0x10, 0xac];
    edid.resize(256, 0);
    edid[57] = 0xfc;
    edid[59..59 + product.len()].copy_from_slice(product.as_bytes());
    edid[59 + product.len()] = b'\n';
    edid
}

impl Desk {
    async fn new(signs: &[&str]) -> Self {
        let mut house = House::new().await;
        let system = PrivateBus::start().unwrap();
        system.address().clone_into(&mut house.system);
        house.write_config(&places(signs));
        let logind = Logind::start(system.address(), &house.path("sys"), 500).await.unwrap();
        let desk = Self { house, logind, _system: system };
        desk.put("eDP-1", "connected\n", b"");
        desk.put("DP-2", "disconnected\n", b"");
        desk
    }

    fn put(&self, connector: &str, status: &str, edid: &[u8]) {
        let folder = self.house.path("sys/class/drm").join(format!("card1-{connector}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("edid"), edid).unwrap();
        fs::write(folder.join("status"), status).unwrap();
    }

    async fn plug(&self, connector: &str, product: &str) {
        self.put(connector, "connected\n", &edid(product));
        self.logind.wake().await;
    }

    async fn unplug(&self, connector: &str) {
        self.put(connector, "disconnected\n", b"");
        self.logind.wake().await;
    }

    async fn is_quiet(&self) -> bool {
        self.house.get::<String>("Profile").await == "held"
    }

    async fn is_quiet_soon(&self) {
        self.house.until("it is quiet at the place", || self.is_quiet()).await;
    }

    /// Whether the place is left in less than a minute from now, if nothing happens.
    async fn is_leaving(&self) -> bool {
        let soon = SystemClock.now().as_microsecond().unsigned_abs() + 60_000_000;
        self.house.get::<u64>("NextChange").await < soon
    }

    async fn is_leaving_soon(&self) {
        self.house.until("it is leaving", || self.is_leaving()).await;
        assert!(self.is_quiet().await);
    }

    async fn places_now(&self) -> String {
        String::from_utf8(self.house.quietctl(&["status"]).await.stdout).unwrap()
    }
}

/// How the kernel lists sockets that hear what udev passes on, and belong to a process.
fn hears_udev(quietd: &Quietd) -> bool {
    let list = fs::read_to_string(Path::new("/proc/net/netlink")).unwrap();
    let id = quietd.process.id().unwrap().to_string();
    list.lines().any(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        columns[1..4] == ["15", &*id, "00000002"]
    })
}

#[tokio::test]
async fn quiet_begins_within_a_second_and_outlives_a_short_gap() {
    let desk = Desk::new(&["monitor = \"DELL U2720Q\""]).await;
    let quietd = desk.house.start().await;
    assert!(!desk.is_quiet().await);
    desk.plug("DP-2", "DELL U2720Q").await;
    let second = Duration::from_secs(1);
    tokio::time::timeout(second, desk.is_quiet_soon()).await.expect("within a second");
    desk.unplug("DP-2").await;
    desk.is_leaving_soon().await;
    desk.plug("DP-3", "DELL U2720Q").await;
    desk.house.until("it was never left", || async { !desk.is_leaving().await }).await;
    assert!(desk.is_quiet().await);
    quietd.stop().await;
}

#[tokio::test]
async fn a_monitor_has_three_names_and_another_one_is_another_place() {
    let signs = ["DP-2", "LG HDR 4K", "DEL LG HDR 4K", "lg hdr 4k", "DP", "eDP-2"];
    let signs = signs.map(|name| format!("monitor = \"{name}\""));
    let desk = Desk::new(&signs.each_ref().map(String::as_str)).await;
    let quietd = desk.house.start().await;
    desk.plug("DP-2", "LG HDR 4K").await;
    desk.is_quiet_soon().await;
    let now = desk.places_now().await;
    for (nth, is_here) in [true, true, true, false, false, false].into_iter().enumerate() {
        assert_eq!(now.contains(&format!("place {nth}")), is_here, "{nth}: {now}");
    }
    quietd.stop().await;
}

#[tokio::test]
async fn a_name_that_comes_late_is_seen() {
    let desk = Desk::new(&["monitor = \"DELL U2720Q\"", "dock = true"]).await;
    let quietd = desk.house.start().await;
    desk.put("DP-2", "connected\n", b"");
    desk.logind.wake().await;
    desk.is_quiet_soon().await;
    // The driver has asked it by now, and tells nobody.
    desk.put("DP-2", "connected\n", &edid("DELL U2720Q"));
    let is_seen = || async { desk.places_now().await.contains("place 0") };
    desk.house.until("the name is seen", is_seen).await;
    quietd.stop().await;
}

#[tokio::test]
async fn a_dock_is_an_external_monitor_or_what_logind_calls_one() {
    let desk = Desk::new(&["dock = true"]).await;
    desk.put("Virtual-1", "connected\n", b"");
    let quietd = desk.house.start().await;
    assert!(!desk.is_quiet().await);
    desk.plug("HDMI-A-1", "TV").await;
    desk.is_quiet_soon().await;
    desk.unplug("HDMI-A-1").await;
    desk.is_leaving_soon().await;
    quietd.stop().await;

    let desk = Desk::new(&["dock = true"]).await;
    desk.logind.dock(true);
    let quietd = desk.house.start().await;
    desk.is_quiet_soon().await;
    desk.logind.dock(false);
    desk.logind.wake().await;
    desk.is_leaving_soon().await;
    quietd.stop().await;
}

#[tokio::test]
async fn logind_that_fails_is_no_dock_and_keeps_no_monitor_from_being_seen() {
    for fault in [Fault::Refuses, Fault::OddType, Fault::Hangs] {
        let desk = Desk::new(&["dock = true", "monitor = \"eDP-1\""]).await;
        desk.logind.dock(true);
        desk.logind.fault(fault).await;
        let quietd = desk.house.start().await;
        desk.is_quiet_soon().await;
        let now = desk.places_now().await;
        assert!(now.contains("place 1") && !now.contains("place 0"), "{fault:?}: {now}");
        quietd.stop().await;
    }
}

#[tokio::test]
async fn odd_files_harm_nobody() {
    let desk = Desk::new(&["monitor = \"DELL U2720Q\""]).await;
    let drm = desk.house.path("sys/class/drm");
    fs::create_dir_all(drm.join("card1-DP-4/status")).unwrap();
    fs::create_dir_all(drm.join("card1-DP-5")).unwrap();
    desk.put("DP-6", "connected\n", &[0; 7]);
    desk.put("DP-7", "connected\n", &vec![255; 100_000]);
    desk.put("DP-8", "\0\0", &edid("DELL U2720Q"));
    let quietd = desk.house.start().await;
    assert!(!desk.is_quiet().await);
    desk.plug("DP-2", "DELL U2720Q").await;
    desk.is_quiet_soon().await;
    fs::remove_dir_all(&drm).unwrap();
    desk.logind.wake().await;
    desk.is_leaving_soon().await;
    quietd.stop().await;
}

#[tokio::test]
async fn udev_is_listened_to_only_while_a_place_asks_for_it() {
    let desk = Desk::new(&["network = \"Bedroom\""]).await;
    let quietd = desk.house.start().await;
    assert!(!hears_udev(&quietd));
    desk.house.write_config(&places(&["monitor = \"eDP-1\""]));
    desk.is_quiet_soon().await;
    assert!(hears_udev(&quietd));
    desk.house.write_config(&places(&[]));
    desk.house.until("the place is gone", || async { !desk.is_quiet().await }).await;
    // What was listened to ends with the task, after the turn that told.
    desk.house.quietctl(&["doctor"]).await;
    assert!(!hears_udev(&quietd));
    quietd.stop().await;
}

#[tokio::test]
async fn doctor_tells_the_names_to_write() {
    let desk = Desk::new(&["monitor = \"Dell U2720Q\"", "dock = true"]).await;
    desk.put("DP-2", "connected\n", &edid("DELL U2720Q"));
    let said = desk.house.quietctl(&["doctor", "--format", "json"]).await;
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let checks = said["checks"].as_array().unwrap();
    let places = checks.iter().find(|check| check["about"] == "places").unwrap();
    assert_eq!(places["fine"], false, "{places}");
    let text = places["text"].as_str().unwrap();
    assert!(text.contains(r#""DP-2" or "DELL U2720Q" or "DEL DELL U2720Q"; "eDP-1""#), "{text}");
    assert!(text.contains("counts as docked") && text.contains("If \"DELL U2720Q\""), "{text}");
}
