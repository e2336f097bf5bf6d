//! The program that shows notifications is replaced while it is quiet: by itself, and by another one.

use std::time::Duration;

use futures_util::StreamExt as _;
use quietd::standin::{Dunst, DunstVersion, Mako, MakoVersion, StandIn, Swaync};
use tokio::time::Instant;
use zbus::{MatchRule, MessageStream};

use crate::{contract::becomes, house::House};

const NAME: &str = "org.freedesktop.Notifications";

/// From the name's new owner to what it holds, the longest that most times of a row may take. One alone may be the
/// machine's, so each only has to come at all.
const AT_MOST: Duration = Duration::from_millis(100);

/// How many times make a row.
const TIMES: usize = 7;

/// How often it is done before there was no such row: other tests may keep the machine busy for a while.
const TRIES: usize = 70;

async fn quiet_house() -> House {
    let house = House::new().await;
    house.write_config("[profiles.held]\nnotifications = \"urgent\"\n");
    let mako = house.path(".config/mako/config");
    std::fs::create_dir_all(mako.parent().unwrap()).unwrap();
    std::fs::write(mako, "[mode=quietd]\ninvisible=1\n").unwrap();
    house
}

async fn owners(house: &House) -> MessageStream {
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .sender("org.freedesktop.DBus")
        .interface("org.freedesktop.DBus")
        .member("NameOwnerChanged")
        .arg(0, NAME)
        .build()
        .unwrap();
    MessageStream::for_match_rule(rule, &house.connection, None).await.unwrap()
}

/// How long it takes from the word that the name has an owner until the stand-in is as wanted.
async fn until(owners: &mut MessageStream, stand_in: &dyn StandIn, wanted: &str) -> Duration {
    loop {
        let signal = owners.next().await.unwrap().unwrap();
        let (_, _, owner): (String, String, String) = signal.body().deserialize().unwrap();
        if !owner.is_empty() {
            break;
        }
    }
    let since = Instant::now();
    becomes(stand_in, wanted).await;
    since.elapsed()
}

/// Tells whether the last ones are a row that is quick enough.
fn is_quick(took: &[Duration]) -> bool {
    let slow = took.iter().rev().take(TIMES).filter(|it| **it >= AT_MOST).count();
    took.len() >= TIMES && slow <= TIMES / 2
}

async fn start(house: &House) {
    house.quiet().call::<_, String>("Start", &("held", 3_600_000_000_u64)).await.unwrap();
}

/// One that goes and comes back, again and again.
async fn comes_back(house: &House, mut stand_in: impl StandIn, wanted: &str) {
    let before = stand_in.state().await;
    let quietd = house.start().await;
    start(house).await;
    becomes(&stand_in, wanted).await;
    let mut owners = owners(house).await;
    let mut took = Vec::new();
    while !is_quick(&took) {
        assert!(took.len() < TRIES, "{wanted}: {took:?}");
        stand_in.stop().await;
        StandIn::start(&mut stand_in).await;
        took.push(until(&mut owners, &stand_in, wanted).await);
    }
    quietd.stop().await;
    assert_eq!(stand_in.state().await, before);
    assert!(!house.state("receipts.json").exists());
}

#[tokio::test]
async fn dunst_comes_back() {
    let house = quiet_house().await;
    let dunst = Dunst::start(house.bus.address(), DunstVersion::New, 0).await.unwrap();
    comes_back(&house, dunst, "pause level 60").await;
}

#[tokio::test]
async fn mako_comes_back() {
    let house = quiet_house().await;
    let mako = Mako::start(house.bus.address(), MakoVersion::Silent, &[]).await.unwrap();
    comes_back(&house, mako, "modes default quietd").await;
}

#[tokio::test]
async fn swaync_comes_back() {
    let house = quiet_house().await;
    let swaync = Swaync::start(house.bus.address(), false).await.unwrap();
    let wanted = r#"do-not-disturb false, inhibitors {"org.quietd.Quiet1"}"#;
    comes_back(&house, swaync, wanted).await;
}

#[tokio::test]
async fn another_one_takes_over() {
    let house = quiet_house().await;
    let bus = house.bus.address().to_owned();
    let quietd = house.start().await;
    start(&house).await;
    let mut owners = owners(&house).await;
    let (mut to_mako, mut to_dunst) = (Vec::new(), Vec::new());
    let mut dunst = Dunst::start(&bus, DunstVersion::New, 0).await.unwrap();
    until(&mut owners, &dunst, "pause level 60").await;
    while !(is_quick(&to_mako) && is_quick(&to_dunst)) {
        assert!(to_mako.len() < TRIES, "to mako: {to_mako:?}; to dunst: {to_dunst:?}");
        dunst.stop().await;
        let mut mako = Mako::start(&bus, MakoVersion::Silent, &[]).await.unwrap();
        to_mako.push(until(&mut owners, &mako, "modes default quietd").await);
        mako.stop().await;
        dunst = Dunst::start(&bus, DunstVersion::New, 0).await.unwrap();
        to_dunst.push(until(&mut owners, &dunst, "pause level 60").await);
    }
    quietd.stop().await;
    assert_eq!(dunst.state().await, "pause level 0");
    assert!(!house.state("receipts.json").exists());
}
