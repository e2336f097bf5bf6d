//! Sites: the rule in the proxy settings, and the person's own proxies in it.

use std::path::PathBuf;

use jiff::SignedDuration;
use quietd::{
    backend::{Backend, BackendError, Probe, REGISTRY, Restored},
    clock::{Clock, SystemClock},
    dbus::dconf::{JOURNAL, Settings, Value},
    plan::Desired,
    standin::{Dconf, PrivateBus, StandIn},
    store::Receipt,
};

use crate::contract::desktop_with;

const MODE: &str = "/system/proxy/mode";
const URL: &str = "/system/proxy/autoconfig-url";

/// A person's home and bus.
struct World {
    bus: PrivateBus,
    home: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        Self { bus: PrivateBus::start().unwrap(), home: tempfile::tempdir().unwrap() }
    }

    fn config_home(&self) -> PathBuf {
        self.home.path().join("config")
    }

    /// A backend, as one process of ours has it.
    async fn open(&self, id: &str, desktop: Option<&str>) -> Box<dyn Backend> {
        let desktop = desktop_with(&self.bus, |env| {
            env.config_home = self.config_home();
            env.data_dirs = Vec::new();
            env.current_desktop = desktop.map(str::to_owned);
        })
        .await;
        (REGISTRY.iter().find(|row| row.id == id).unwrap().open)(&desktop)
    }

    /// dconf with a proxy setting.
    async fn dconf(&self, own: &[(&str, Value)]) -> Dconf {
        let none = (MODE, text("none"));
        let dconf = Dconf::start(self.bus.address(), &self.config_home(), none).await.unwrap();
        let own = own.iter().cloned();
        let own = own.map(|(key, value)| (format!("/system/proxy/{key}"), Some(value)));
        dconf.change(&own.collect()).await;
        dconf
    }
}

fn text(text: &str) -> Value {
    Value::Str(text.to_owned())
}

fn locked(sites: &[&str]) -> Desired {
    Desired {
        sites: sites.iter().map(|site| (*site).to_owned()).collect(),
        until: Some(SystemClock.now() + SignedDuration::from_hours(2)),
        ..Desired::default()
    }
}

async fn put_in_force(backend: &dyn Backend, desired: &Desired, held: Option<&Receipt>) -> Receipt {
    let receipt = backend.capture(desired, held).await.unwrap();
    backend.apply(desired, &receipt).await.unwrap();
    receipt
}

/// The script in a rule's address.
fn script(url: &str) -> String {
    let coded = url.strip_prefix("data:application/x-ns-proxy-autoconfig;base64,").unwrap();
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for letter in coded.trim_end_matches('=').chars() {
        bits = bits << 6 | u32::try_from(letters.find(letter).unwrap()).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn rule(dconf: &Dconf) -> String {
    let settings = dconf.settings();
    assert_eq!(settings[MODE], text("auto"));
    let Value::Str(url) = &settings[URL] else { panic!("{settings:?}") };
    script(url)
}

#[tokio::test]
async fn it_says_which_browsers_it_reaches() {
    let world = World::new();
    let probe = async |desktop| world.open("gnome-proxy", desktop).await.probe().await;
    let without = probe(None).await;
    assert!(
        matches!(&without, Probe::Unsupported(why) if why.contains("dconf-service")),
        "{without:?}"
    );
    let _dconf = world.dconf(&[]).await;
    for (desktop, is_chromiums) in [
        (Some("ubuntu:GNOME"), true),
        (Some("Budgie:GNOME"), true),
        (Some("X-Cinnamon"), true),
        (Some("KDE"), false),
        (Some("sway"), false),
        (None, false),
    ] {
        let Probe::Ready(text) = probe(desktop).await else { panic!("{desktop:?}") };
        assert_eq!(text.contains("Firefox, Chromium"), is_chromiums, "{desktop:?}: {text}");
    }
}

#[tokio::test]
async fn the_persons_own_proxies_go_on_and_come_back() {
    let world = World::new();
    let dconf = world
        .dconf(&[
            ("mode", text("manual")),
            ("http/host", text("proxy.lan")),
            ("http/port", Value::Int(3128)),
            ("socks/host", text("::1")),
            ("socks/port", Value::Int(1080)),
            ("ignore-hosts", Value::List(vec!["*.lan".into(), "10.0.0.0/8".into()])),
        ])
        .await;
    let before = dconf.state().await;
    let backend = world.open("gnome-proxy", None).await;
    let receipt = put_in_force(&*backend, &locked(&["reddit.com"]), None).await;
    let rule = rule(&dconf);
    for part in [
        "\"reddit.com\".split",
        "return \"PROXY proxy.lan:3128\"",
        "return \"SOCKS5 [::1]:1080\"",
        "==\".lan\")return \"DIRECT\"",
        "isInNet(host,\"10.0.0.0\",\"255.0.0.0\")",
    ] {
        assert!(rule.contains(part), "{part}: {rule}");
    }
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(dconf.state().await, before);
}

#[tokio::test]
async fn what_a_rule_cannot_go_on_with_is_left_alone_and_told() {
    for (own, told) in [
        (vec![("mode", text("auto")), ("autoconfig-url", text("http://wpad/p.pac"))], "automatic"),
        (vec![("mode", text("auto"))], "automatic"),
        (vec![("mode", text("odd"))], "nobody knows"),
        (vec![("mode", Value::Int(3))], "nobody knows"),
        (
            vec![("mode", text("manual")), ("http/use-authentication", Value::Bool(true))],
            "a password",
        ),
        (
            vec![("mode", text("manual")), ("ignore-hosts", Value::List(vec!["a:80".into()]))],
            "\"a:80\" among the hosts",
        ),
        (
            vec![("mode", text("manual")), ("http/host", text("http://proxy"))],
            "\"http://proxy\" and port 8080",
        ),
    ] {
        let world = World::new();
        let dconf = world.dconf(&own).await;
        let before = dconf.state().await;
        let backend = world.open("gnome-proxy", None).await;
        match backend.probe().await {
            Probe::Unsupported(why) => assert!(why.contains(told), "{why}"),
            other => panic!("{other:?}"),
        }
        match backend.capture(&locked(&["x.com"]), None).await {
            Err(BackendError::Refused(why)) => assert!(why.contains(told), "{why}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(dconf.state().await, before);
    }
}

#[tokio::test]
async fn an_unlocked_site_is_not_in_the_next_rule_and_receipts_do_not_grow() {
    let world = World::new();
    let dconf = world.dconf(&[]).await;
    let backend = world.open("gnome-proxy", None).await;
    let mut receipt = put_in_force(&*backend, &locked(&["reddit.com", "x.com"]), None).await;
    for round in 0..6 {
        let sites: &[&str] = if round % 2 == 0 { &["x.com"] } else { &["reddit.com", "x.com"] };
        let desired = Desired {
            until: Some(SystemClock.now() + SignedDuration::from_mins(60 + round)),
            ..locked(sites)
        };
        receipt = put_in_force(&*backend, &desired, Some(&receipt)).await;
        assert_eq!(rule(&dconf).contains("reddit.com"), sites.len() == 2);
        assert!(receipt.earlier.len() <= 2, "{}", receipt.earlier.len());
    }
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(dconf.state().await, "");
}

#[tokio::test]
async fn after_a_crash_the_journal_knows_what_the_person_had() {
    let world = World::new();
    let dconf = world.dconf(&[("mode", text("none"))]).await;
    let before = dconf.state().await;
    put_in_force(&*world.open("gnome-proxy", None).await, &locked(&["reddit.com"]), None).await;
    // The process was killed, and its receipts are lost.
    let later = world.open("gnome-proxy", None).await;
    assert!(matches!(later.probe().await, Probe::Ready(_)));
    let receipt = put_in_force(&*later, &locked(&["x.com"]), None).await;
    assert!(!rule(&dconf).contains("reddit.com"));
    assert_eq!(later.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(dconf.state().await, before);
}

#[tokio::test]
async fn a_rule_of_ours_that_nothing_tells_of_is_nobodys_own() {
    let world = World::new();
    let dconf = world.dconf(&[]).await;
    let backend = world.open("gnome-proxy", None).await;
    put_in_force(&*backend, &locked(&["reddit.com"]), None).await;
    dconf.change(&Settings::from([(format!("{JOURNAL}gnome-proxy"), None)])).await;
    assert!(matches!(backend.probe().await, Probe::Ready(_)));
    assert!(backend.capture(&locked(&["x.com"]), None).await.is_ok());
}

#[tokio::test]
async fn too_many_sites_are_refused_with_a_sentence() {
    let world = World::new();
    let dconf = world.dconf(&[]).await;
    let backend = world.open("gnome-proxy", None).await;
    let sites = (0..30_000).map(|number| format!("site{number}.example")).collect();
    let many = Desired { sites, ..locked(&[]) };
    match backend.capture(&many, None).await {
        Err(BackendError::Refused(why)) => assert!(why.starts_with("30000 sites"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(dconf.state().await, "");
}
