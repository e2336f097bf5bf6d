//! Who comes through while others are held back, with the real daemon; and `quietctl people`, which needs none.

use std::{
    collections::{BTreeSet, HashMap},
    ffi::OsString,
    sync::Arc,
};

use futures_util::StreamExt as _;
use quietd::{
    backend::notifications::dunst::rule,
    config::People,
    dbus::Peer,
    env::Env,
    source::Notices,
    standin::{Dunst, DunstVersion, Mako, MakoVersion, Plasma, Popup, PrivateBus, StandIn, Swaync},
};
use tokio::time::timeout;
use zbus::{Connection, MatchRule, Message, MessageStream, OwnedVariant, Variant};

use crate::{
    batches::{leaving, send, storm, until_one_leaves},
    house::{House, PATIENCE, Quietd},
    quiet_stand_in::Desk,
};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

const CONFIG: &str = r#"
[profiles.held]
notifications = "urgent"
[people]
senders = ["Mum"]
"#;

/// Another program shows a notification.
async fn notify(
    sender: &Connection,
    title: &str,
    replaces: u32,
    hints: &[(&str, Variant<'_>)],
) -> u32 {
    let hints: HashMap<&str, &Variant<'_>> =
        hints.iter().map(|(key, value)| (*key, value)).collect();
    let actions = ["answer", "Answer"].as_slice();
    let body = ("chat", replaces, "", title, "<b>rings</b>", actions, hints, -1_i32);
    Peer::new(sender, NAME, PATH, NAME).call("Notify", &body).await.unwrap()
}

/// A house where it is quiet, with somebody in it who sends notifications.
struct Held {
    house: House,
    swaync: Swaync,
    quietd: Quietd,
    sender: Connection,
}

impl Held {
    async fn new() -> Self {
        let house = House::new().await;
        house.write_config(CONFIG);
        let swaync = Swaync::start(house.bus.address(), false).await.unwrap();
        let quietd = house.start().await;
        let mut leaving = leaving(&house.connection).await;
        let hours = 4 * 3_600_000_000_u64;
        house.quiet().call::<_, String>("Start", &("held", hours)).await.unwrap();
        until_one_leaves(&mut leaving).await;
        let sender = house.bus.connect().await.unwrap();
        Self { house, swaync, quietd, sender }
    }

    async fn notify(&self, title: &str, replaces: u32, hints: &[(&str, Variant<'_>)]) -> u32 {
        notify(&self.sender, title, replaces, hints).await
    }

    async fn call(&self, title: &str, replaces: u32) -> u32 {
        self.notify(title, replaces, &[("category", Variant::from("call.incoming"))]).await
    }

    async fn until_shown(&self, title: &str) -> Popup {
        let look = async || {
            let popups = self.swaync.popups().await;
            match popups.into_iter().find(|popup| popup.summary == title) {
                Some(popup) => popup,
                None => std::future::pending().await,
            }
        };
        let wait = async {
            loop {
                tokio::select! {
                    biased;
                    () = self.swaync.changed() => {}
                    popup = look() => return popup,
                }
            }
        };
        let popup = timeout(PATIENCE, wait).await;
        popup.unwrap_or_else(|_| panic!("{title} never shows"))
    }

    async fn titles(&self) -> Vec<String> {
        self.swaync.popups().await.into_iter().map(|popup| popup.summary).collect()
    }

    /// Signals of who shows notifications, as a program hears them.
    async fn answers(&self) -> MessageStream {
        let rule = MatchRule::builder().sender(NAME).interface(NAME);
        let rule = rule.member("ActionInvoked").build().unwrap();
        MessageStream::for_match_rule(rule, &self.sender, None).await.unwrap()
    }
}

#[tokio::test]
async fn a_call_comes_through_and_its_answer_reaches_the_caller() {
    let held = Held::new().await;
    let mut answers = held.answers().await;
    held.notify("news", 0, &[]).await;
    let id = held.call("Ada", 0).await;
    let popup = held.until_shown("Ada").await;
    assert_eq!((popup.id, &*popup.body), (id, "<b>rings</b>"), "as it was, under its own number");
    assert_eq!(popup.actions, ["answer", "Answer"]);
    assert_eq!(held.titles().await, ["Ada"], "the others wait");

    held.swaync.person_chooses(id, "answer").await;
    let answer: Message = timeout(PATIENCE, answers.next()).await.unwrap().unwrap().unwrap();
    let (number, action): (u32, String) = answer.body().deserialize().unwrap();
    assert_eq!((number, &*action), (id, "answer"));
    held.quietd.stop().await;
}

#[tokio::test]
async fn who_is_named_comes_through_and_an_update_stays_in_its_place() {
    let held = Held::new().await;
    let id = held.notify("Mum", 0, &[]).await;
    assert_eq!(held.until_shown("Mum").await.id, id);
    held.notify("Mum and others", 0, &[]).await;
    let call = held.call("Ada", 0).await;
    held.until_shown("Ada").await;
    assert_eq!(held.call("Ada, 0:05", call).await, call);
    assert_eq!(held.until_shown("Ada, 0:05").await.id, call);
    assert_eq!(held.titles().await, ["Mum", "Ada, 0:05"]);

    held.house.write_config(&CONFIG.replace("senders", "calls = false\nsenders"));
    held.house.quiet().call::<_, ()>("Reload", &()).await.unwrap();
    held.call("Eve", 0).await;
    held.notify(" MUM ", 0, &[]).await;
    held.until_shown(" MUM ").await;
    assert!(!held.titles().await.contains(&"Eve".to_owned()));
    held.quietd.stop().await;
}

#[tokio::test]
async fn a_second_try_comes_through() {
    let held = Held::new().await;
    let missed = [("category", Variant::from("call.unanswered"))];
    held.notify("Ada", 0, &missed).await;
    held.notify("Eve", 0, &missed).await;
    let second = held.notify("Ada", 0, &missed).await;
    assert_eq!(held.until_shown("Ada").await.id, second);
    assert_eq!(held.titles().await, ["Ada"]);
    held.quietd.stop().await;
}

#[tokio::test]
async fn a_call_comes_through_a_storm() {
    let held = Held::new().await;
    let from = held.house.bus.connect().await.unwrap();
    let storm = tokio::spawn(send(storm(2_000), from));
    let picture = vec![9_u8; 1 << 20];
    let large = Variant::from((512_i32, 512_i32, 2048_i32, true, 8_i32, 4_i32, picture));
    let hints = [("category", Variant::from("call")), ("image-data", large)];
    let id = held.notify("Ada\u{1b}[2J", 0, &hints).await;
    assert_eq!(held.until_shown("Ada\u{1b}[2J").await.id, id);
    let _storm = timeout(PATIENCE, storm).await.unwrap().unwrap();
    assert_eq!(held.titles().await, ["Ada\u{1b}[2J"]);
    held.quietd.stop().await;
}

/// Waits until these are on the screen.
async fn until<S: StandIn>(
    service: &S,
    popups: impl AsyncFn() -> Vec<Popup>,
    titles: &[&str],
) -> Vec<Popup> {
    let look = async || {
        let popups = popups().await;
        if !popups.iter().map(|popup| &*popup.summary).eq(titles.iter().copied()) {
            std::future::pending::<()>().await;
        }
        popups
    };
    let wait = async {
        loop {
            tokio::select! {
                biased;
                () = service.changed() => {}
                popups = look() => return popups,
            }
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never: {titles:?}"))
}

/// Lets calls through on a bus.
async fn watch(bus: &PrivateBus) -> Notices {
    let address: OsString = bus.address().into();
    let session_bus = |name: &str| (name == "DBUS_SESSION_BUS_ADDRESS").then(|| address.clone());
    let us = bus.connect().await.unwrap();
    let mut leaving = leaving(&us).await;
    let notices = Notices::watch(&Arc::new(Env::from_lookup(&session_bus)), &us);
    notices.let_through(Some(&People::default()));
    until_one_leaves(&mut leaving).await;
    notices
}

fn calls() -> [(&'static str, Variant<'static>); 1] {
    [("category", Variant::from("call.incoming"))]
}

#[tokio::test]
async fn plasma_does_not_take_a_call_for_a_flood() {
    let bus = PrivateBus::start().unwrap();
    let plasma = Plasma::start(bus.address(), true).await.unwrap();
    let _notices = watch(&bus).await;
    let sender = bus.connect().await.unwrap();
    notify(&sender, "news", 0, &[]).await;
    let id = notify(&sender, "Ada", 0, &calls()).await;
    let popups = until(&plasma, async || plasma.popups().await, &["Ada"]).await;
    assert_eq!((popups[0].id, popups[0].urgency), (id, 2), "under its own number");
    assert_eq!(popups[0].actions, ["answer", "Answer"]);
}

#[tokio::test]
async fn where_only_who_spoke_last_is_told_it_is_shown_beside_until_it_is_gone() {
    let bus = PrivateBus::start().unwrap();
    let dunst = Dunst::start(bus.address(), DunstVersion::New, 0).await.unwrap();
    let _notices = watch(&bus).await;
    let sender = bus.connect().await.unwrap();
    let until = async |titles: &[&str]| until(&dunst, async || dunst.popups().await, titles).await;
    let call = calls();
    let id = notify(&sender, "Ada", 0, &call).await;
    let popups = until(&["Ada", "Ada"]).await;
    let beside = popups.iter().find(|popup| popup.id != id).unwrap();
    assert!(beside.actions.is_empty(), "an answer there would not reach her");
    notify(&sender, "Ada, 0:05", id, &call).await;
    until(&["Ada, 0:05", "Ada, 0:05"]).await;
    dunst.closes(id, 3).await;
    until(&[]).await;
}

#[tokio::test]
async fn what_is_shown_beside_goes_when_it_is_over_or_no_call_any_more() {
    let bus = PrivateBus::start().unwrap();
    let dunst = Dunst::start(bus.address(), DunstVersion::New, 0).await.unwrap();
    let notices = watch(&bus).await;
    let sender = bus.connect().await.unwrap();
    let until = async |titles: &[&str]| until(&dunst, async || dunst.popups().await, titles).await;
    let id = notify(&sender, "Ada", 0, &calls()).await;
    until(&["Ada", "Ada"]).await;
    notify(&sender, "Missed", id, &[("category", Variant::from("call.unanswered"))]).await;
    until(&["Missed"]).await;
    notify(&sender, "Ada", id, &calls()).await;
    until(&["Ada", "Ada"]).await;
    // Nothing is held back any more.
    drop(notices);
    until(&["Ada"]).await;
}

#[tokio::test]
async fn a_call_that_has_ended_before_it_is_shown_again_does_not_stay() {
    let bus = PrivateBus::start().unwrap();
    let plasma = Plasma::start(bus.address(), true).await.unwrap();
    let _notices = watch(&bus).await;
    let sender = bus.connect().await.unwrap();
    let rule = MatchRule::builder().sender(NAME).interface(NAME);
    let rule = rule.member("NotificationClosed").build().unwrap();
    let mut closed = MessageStream::for_match_rule(rule, &sender, None).await.unwrap();
    plasma.next_hangs_up().await;
    let id = notify(&sender, "Ada", 0, &calls()).await;
    // Plasma shows it anew under the number it had; so it is closed once by who called and once by us.
    for _ in 0..2 {
        let told = timeout(PATIENCE, closed.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(told.body().deserialize::<(u32, u32)>().unwrap(), (id, 3));
    }
    assert_eq!(plasma.popups().await, []);
    let next = notify(&sender, "Eve", 0, &calls()).await;
    let popups = until(&plasma, async || plasma.popups().await, &["Eve"]).await;
    assert_eq!(popups[0].id, next);
}

/// GNOME Shell, as GTK's apps know it: what it has, and how often it was told something.
struct Gtk(tokio::sync::watch::Sender<(BTreeSet<(String, bool)>, usize)>);

#[zbus::interface(name = "org.gtk.Notifications")]
impl Gtk {
    #[allow(clippy::needless_pass_by_value, reason = "what the bus hands over is owned")]
    fn add_notification(&self, app: &str, id: &str, said: HashMap<String, OwnedVariant>) {
        assert_eq!(app, "org.example.Chat");
        let urgent = said["priority"].downcast_ref::<&str>().unwrap() == "urgent";
        self.0.send_modify(|(has, told)| {
            has.retain(|(it, _)| it != id);
            has.insert((id.to_owned(), urgent));
            *told += 1;
        });
    }

    fn remove_notification(&self, app: &str, id: &str) {
        assert_eq!(app, "org.example.Chat");
        self.0.send_modify(|(has, told)| {
            has.retain(|(it, _)| it != id);
            *told += 1;
        });
    }
}

#[tokio::test]
async fn a_call_that_gtk_withdraws_at_once_does_not_stay() {
    const GTK: &str = "org.gtk.Notifications";
    let bus = PrivateBus::start().unwrap();
    let (tell, mut has) = tokio::sync::watch::channel(Default::default());
    let shell = bus.connect().await.unwrap();
    shell.object_server().at("/org/gtk/Notifications", Gtk(tell)).await.unwrap();
    shell.request_name(GTK).await.unwrap();
    let _notices = watch(&bus).await;
    let app = bus.connect().await.unwrap();
    let gtk = Peer::new(&app, GTK, "/org/gtk/Notifications", GTK);
    let add = async |id: &str, category: &str| {
        let said = [("title", "Ada"), ("priority", "normal"), ("category", category)];
        let said: HashMap<&str, Variant<'_>> =
            said.into_iter().map(|(name, text)| (name, Variant::from(text))).collect();
        gtk.call::<_, ()>("AddNotification", &("org.example.Chat", id, said)).await.unwrap();
    };
    add("call", "call.incoming").await;
    gtk.call::<_, ()>("RemoveNotification", &("org.example.Chat", "call")).await.unwrap();
    // Both are said once more, in their order.
    timeout(PATIENCE, has.wait_for(|(_, told)| *told == 4)).await.unwrap().unwrap();
    assert_eq!(has.borrow().0, BTreeSet::new());

    add("other", "call.incoming").await;
    timeout(PATIENCE, has.wait_for(|(_, told)| *told == 6)).await.unwrap().unwrap();
    assert_eq!(has.borrow().0, [("other".to_owned(), true)].into());
    add("other", "call.unanswered").await;
    timeout(PATIENCE, has.wait_for(|(_, told)| *told == 8)).await.unwrap().unwrap();
    assert_eq!(has.borrow().0, [("other".to_owned(), false)].into());
}

#[tokio::test]
async fn on_mako_a_call_that_rings_already_goes_on_to_be_seen() {
    let bus = PrivateBus::start().unwrap();
    let mako = Mako::start(bus.address(), MakoVersion::Silent, &[]).await.unwrap();
    let sender = bus.connect().await.unwrap();
    notify(&sender, "news", 0, &[]).await;
    let id = notify(&sender, "Ada", 0, &calls()).await;
    mako.person_sets(&["default", "quietd"]).await;
    assert_eq!(mako.popups().await, []);
    let _notices = watch(&bus).await;
    let popups = until(&mako, async || mako.popups().await, &["Ada"]).await;
    assert_eq!((popups[0].id, &*popups[0].body), (id, "<b>rings</b>"));
    assert_eq!(popups[0].actions, ["answer", "Answer"]);
}

#[tokio::test]
async fn what_dunst_shows_by_its_own_rule_is_left_to_it() {
    let desk = Desk::without_daemon();
    let dunst = Dunst::start(desk.bus.address(), DunstVersion::New, 0).await.unwrap();
    desk.write(".config/dunst/dunstrc", "[global]\n");
    let lines = rule::lines().replace("enabled = no", "enabled = yes");
    desk.write(".config/dunst/dunstrc.d/50-quietd.conf", &lines);
    dunst.has_a_config_in(desk.home.path().join(".config/dunst"));
    dunst.person_sets(60).await;
    let _notices = watch(&desk.bus).await;
    let sender = desk.bus.connect().await.unwrap();
    let until = async |titles: &[&str]| until(&dunst, async || dunst.popups().await, titles).await;
    let id = notify(&sender, "Ada", 0, &calls()).await;
    // Another kind of call is shown beside, as everything else that comes through.
    notify(&sender, "Eve", 0, &[("category", Variant::from("call"))]).await;
    let popups = until(&["Ada", "Eve"]).await;
    assert_eq!((popups[0].id, popups[0].urgency), (id, 1), "as its sender said it");
    assert_eq!((popups[0].actions.len(), popups[1].actions.len()), (2, 0));
}

#[tokio::test]
async fn swaync_shows_a_call_no_more_urgent_than_it_is() {
    let bus = PrivateBus::start().unwrap();
    let swaync = Swaync::start(bus.address(), true).await.unwrap();
    let _notices = watch(&bus).await;
    let sender = bus.connect().await.unwrap();
    notify(&sender, "news", 0, &[]).await;
    let id = notify(&sender, "Ada", 0, &calls()).await;
    let popups = until(&swaync, async || swaync.popups().await, &["Ada"]).await;
    assert_eq!((popups[0].id, popups[0].urgency), (id, 1), "under its own number");
    assert_eq!(popups[0].actions, ["answer", "Answer"]);
}

#[tokio::test]
async fn who_switches_it_off_and_on_again_by_hand_hears_of_calls() {
    let house = House::new().await;
    house.write_config(CONFIG);
    let dunst = Dunst::start(house.bus.address(), DunstVersion::New, 0).await.unwrap();
    let quietd = house.start().await;
    let until = async |titles: &[&str]| until(&dunst, async || dunst.popups().await, titles).await;
    let hours = 4 * 3_600_000_000_u64;
    house.quiet().call::<_, String>("Start", &("held", hours)).await.unwrap();
    dunst.person_sets(0).await;
    house.until("it is noticed", || async { house.problems().await > 0 }).await;
    let mut leaving = leaving(&house.connection).await;
    dunst.person_sets(60).await;
    until_one_leaves(&mut leaving).await;
    let sender = house.bus.connect().await.unwrap();
    notify(&sender, "news", 0, &[]).await;
    let id = notify(&sender, "Ada", 0, &calls()).await;
    assert_ne!(until(&["Ada"]).await[0].id, id, "one beside it");
    dunst.person_sets(0).await;
    until(&["news", "Ada"]).await;
    house.quiet().call::<_, ()>("Off", &()).await.unwrap();
    assert_eq!(dunst.state().await, "pause level 0", "as the person has it");
    quietd.stop().await;
}

#[tokio::test]
async fn the_card_is_shown_in_every_state() {
    let desk = Desk::without_daemon();
    let none = desk.run(&["people"]).await;
    assert_eq!((none.code, &*none.err), (0, ""));
    assert!(none.out.contains("Nobody is on your card yet."), "{}", none.out);
    assert!(none.out.contains("findahelpline.com"), "{}", none.out);

    let card = "[[people.card]]\nname = 'Mum'\ncall = '+49 30 1234567'\nchecked = 2026-10-01\n";
    desk.write(".config/quietd/config.toml", card);
    let text = desk.run(&["people"]).await.out;
    let places = ["Mum", "+49 30 1234567", "checked 1 Oct 2026", "findahelpline.com"]
        .map(|what| text.find(what).unwrap_or_else(|| panic!("{what}: {text}")));
    assert!(places.is_sorted(), "{text}");
    assert!(!text.contains("mistakes"), "{text}");

    desk.write(".config/quietd/config.toml", &format!("dimm = 4\n[[after]\n{card}"));
    let broken = desk.run(&["people"]).await;
    assert_eq!(broken.code, 0, "{}", broken.err);
    assert!(broken.out.contains("+49 30 1234567"), "{}", broken.out);
    assert!(broken.out.contains("quietctl check"), "{}", broken.out);
    let json = desk.run(&["people", "--format", "json"]).await.json();
    assert_eq!(json["people"][0]["checked"], "2026-10-01");
    assert!(json["trouble"].is_string() && json["finder"]["checked"].is_string());

    // Bytes that are no text, and more of them than a config has.
    let mut bytes = b"# M\xfcller \xff\n".to_vec();
    for before in [1, 100_000] {
        let text = [bytes.repeat(before), card.as_bytes().to_vec()].concat();
        std::fs::write(desk.home.path().join(".config/quietd/config.toml"), text).unwrap();
        let odd = desk.run(&["people"]).await.out;
        assert!(odd.contains("+49 30 1234567") && odd.contains("has mistakes"), "{odd}");
    }
    bytes.resize(17 << 20, b'#');
    std::fs::write(desk.home.path().join(".config/quietd/config.toml"), bytes).unwrap();
    let large = desk.run(&["people"]).await.out;
    assert!(large.contains("larger than 16 MiB") && !large.contains("Nobody"), "{large}");

    let to_come = "[[people.card]]\nname = 'Mum'\nchecked = 2999-01-01\n";
    desk.write(".config/quietd/config.toml", to_come);
    let check = desk.run(&["check"]).await;
    assert_eq!(check.code, 0, "{}", check.err);
    assert!(check.out.contains("2999-01-01 is still to come"), "{}", check.out);
    let json = desk.run(&["check", "--format", "json"]).await.json();
    assert_eq!(json["warnings"][0]["line"], 3);
}
