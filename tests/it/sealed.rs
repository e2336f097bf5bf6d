//! Notes that are sealed, with a stand-in for the keyring: the Secret Service as far as quietd speaks to it.

#![allow(
    clippy::used_underscore_binding,
    reason = "what an interface is told and does not look at"
)]
#![allow(clippy::needless_pass_by_value, reason = "methods of an interface take what was sent")]

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use serde_json::Value;
use zbus::{Connection, ObjectServer, OwnedObjectPath, OwnedVariant};

use crate::house::House;

const PATH: &str = "/org/freedesktop/secrets";
const DEFAULT: &str = "/org/freedesktop/secrets/aliases/default";

type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

#[derive(Debug, Default)]
struct Scene {
    items: BTreeMap<String, Vec<u8>>,
    locked: bool,
    made: usize,
}

#[derive(Clone, Debug, Default)]
struct Keyring(Arc<Mutex<Scene>>);

fn path(text: &str) -> OwnedObjectPath {
    OwnedObjectPath::try_from(text.to_owned()).unwrap()
}

struct Service(Keyring);

#[zbus::interface(name = "org.freedesktop.Secret.Service")]
impl Service {
    #[allow(clippy::unused_self, reason = "it is an object's method")]
    fn open_session(
        &self,
        algorithm: String,
        _input: OwnedVariant,
    ) -> (OwnedVariant, OwnedObjectPath) {
        assert_eq!(algorithm, "plain");
        let none = OwnedVariant::try_from(zbus::Variant::from("")).unwrap();
        (none, path("/org/freedesktop/secrets/session/1"))
    }

    fn search_items(
        &self,
        attributes: HashMap<String, String>,
    ) -> (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) {
        assert_eq!(attributes["application"], "quietd");
        let scene = self.0.0.lock().unwrap();
        let items = scene.items.keys().map(|item| path(item)).collect();
        if scene.locked { (vec![], items) } else { (items, vec![]) }
    }

    fn get_secrets(
        &self,
        items: Vec<OwnedObjectPath>,
        session: OwnedObjectPath,
    ) -> HashMap<OwnedObjectPath, Secret> {
        let scene = self.0.0.lock().unwrap();
        let secret = |item: &OwnedObjectPath| {
            let kept = scene.items[item.as_str()].clone();
            (session.clone(), vec![], kept, "text/plain".to_owned())
        };
        items.iter().map(|item| (item.clone(), secret(item))).collect()
    }
}

struct Collection(Keyring);

#[zbus::interface(name = "org.freedesktop.Secret.Collection")]
impl Collection {
    async fn create_item(
        &self,
        properties: HashMap<String, OwnedVariant>,
        secret: Secret,
        _replace: bool,
        #[zbus(object_server)] server: &ObjectServer,
    ) -> (OwnedObjectPath, OwnedObjectPath) {
        let label = &properties["org.freedesktop.Secret.Item.Label"];
        assert_eq!(label.downcast_ref::<String>().unwrap(), "quietd");
        let item = {
            let mut scene = self.0.0.lock().unwrap();
            if scene.locked {
                return (path("/"), path("/org/freedesktop/secrets/prompt/1"));
            }
            scene.made += 1;
            let item = format!("/org/freedesktop/secrets/collection/login/{}", scene.made);
            scene.items.insert(item.clone(), secret.2);
            item
        };
        server.at(item.as_str(), Item(self.0.clone(), item.clone())).await.unwrap();
        (path(&item), path("/"))
    }
}

struct Item(Keyring, String);

#[zbus::interface(name = "org.freedesktop.Secret.Item")]
impl Item {
    fn delete(&self) -> OwnedObjectPath {
        self.0.0.lock().unwrap().items.remove(&self.1);
        path("/")
    }
}

impl Keyring {
    async fn start(house: &House) -> (Self, Connection) {
        let it = Self::default();
        let bus = house.bus.connect().await.unwrap();
        bus.object_server().at(PATH, Service(it.clone())).await.unwrap();
        bus.object_server().at(DEFAULT, Collection(it.clone())).await.unwrap();
        bus.request_name("org.freedesktop.secrets").await.unwrap();
        (it, bus)
    }

    fn set<T>(&self, with: impl FnOnce(&mut Scene) -> T) -> T {
        with(&mut self.0.lock().unwrap())
    }
}

async fn note(house: &House, arguments: &[&str]) -> (i32, String) {
    let output = house.quietctl(&[&["note"], arguments].concat()).await;
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

async fn notes(house: &House) -> Vec<Value> {
    let output = house.quietctl(&["notes", "--format", "json"]).await;
    serde_json::from_slice::<Vec<Value>>(&output.stdout).unwrap()
}

fn on_disk(house: &House) -> String {
    let folder = std::fs::read_dir(house.path(".local/share/quietd/log")).unwrap();
    folder.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

#[tokio::test]
async fn what_a_note_says_is_sealed_on_disk_and_read_with_the_key() {
    let house = House::new().await;
    house.write_config("[log]\nencrypt = true\n");
    let (keyring, _bus) = Keyring::start(&house).await;
    let quietd = house.start().await;
    assert_eq!(note(&house, &["wintergreen", "--ask", "askedthing", "--mood", "6"]).await.0, 0);
    let there = on_disk(&house);
    assert!(there.contains("\"sealed\":\"01") && !there.contains("wintergreen"), "{there}");
    assert!(!there.contains("askedthing") && !there.contains("mood"), "{there}");
    let read = notes(&house).await;
    assert_eq!((&read[0]["text"], &read[0]["mood"]), (&"wintergreen".into(), &6.into()));
    assert_eq!(note(&house, &["second"]).await.0, 0);
    assert_eq!(keyring.set(|scene| scene.made), 1, "one key for all notes");
    // So are the words that a session is logged with.
    let logged = house.quietctl(&["log", "one", "--note", "bogmyrtle"]).await;
    assert!(logged.status.success() && !on_disk(&house).contains("bogmyrtle"), "{logged:?}");
    let read = notes(&house).await;
    assert!(read[2]["text"] == "bogmyrtle" && read[2]["session"].is_string(), "{read:?}");
    let erased = read[2]["id"].as_str().unwrap().to_owned();
    assert!(house.quietctl(&["erase", "--note", &erased, "--yes"]).await.status.success());

    // A keyring that is locked: what is there is not read, nothing else stops.
    keyring.set(|scene| scene.locked = true);
    let read = notes(&house).await;
    assert_eq!((read.len(), &read[0]["sealed"], &read[0]["text"]), (2, &true.into(), &Value::Null));
    let (code, said) = note(&house, &["third"]).await;
    assert!(
        code == 4 && said.contains("the keyring is locked") && said.contains("--plain"),
        "{said}"
    );
    assert_eq!(note(&house, &["unsealed", "--plain"]).await.0, 0);
    assert!(on_disk(&house).contains("unsealed") && !on_disk(&house).contains("third"));
    let logged = house.quietctl(&["log", "two", "--note", "bogmyrtle"]).await;
    let said = String::from_utf8_lossy(&logged.stdout);
    assert!(logged.status.code() == Some(4) && said.contains("Logged"), "{said}");
    assert!(
        said.contains("What you wrote is not kept") && said.contains("note --session"),
        "{said}"
    );
    assert!(!on_disk(&house).contains("bogmyrtle"));
    for command in
        [&["status"][..], &["sessions"], &["log"], &["off"], &["report", "--output", "-"]]
    {
        assert!(house.quietctl(command).await.status.success(), "{command:?}");
    }

    let page = house.path("report.html");
    let report = ["report", "--yes", "--output", page.to_str().unwrap()];
    for command in [&report[..], &["notes", "--ask"], &["today"]] {
        let said = house.quietctl(command).await.stdout;
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("2 notes are sealed and cannot be opened now."), "{said}");
        assert!(!said.contains("mood             not noted"), "nobody can know: {said}");
    }

    let said = house.quietctl(&["report", "--output", "-"]).await.stderr;
    assert!(String::from_utf8_lossy(&said).contains("2 notes are sealed"), "{said:?}");

    // A key that is lost: a new one is made for new notes, and never opens the old ones.
    keyring.set(|scene| {
        scene.locked = false;
        scene.items.clear();
    });
    assert_eq!(note(&house, &["afterwards"]).await.0, 0);
    let read = notes(&house).await;
    let texts: Vec<&Value> = read.iter().map(|note| &note["text"]).collect();
    assert_eq!(texts, [&Value::Null, &Value::Null, &"unsealed".into(), &"afterwards".into()]);
    let shown = house.quietctl(&["notes"]).await.stdout;
    assert!(String::from_utf8_lossy(&shown).contains("sealed; the key is not there"));

    assert!(house.quietctl(&["erase", "--all", "--yes"]).await.status.success());
    assert!(!on_disk(&house).contains("sealed"));
    assert!(keyring.set(|scene| scene.items.is_empty()), "the key is erased too");
    quietd.stop().await;
}

#[tokio::test]
async fn without_a_keyring_nothing_is_kept_unsealed_in_silence() {
    let house = House::new().await;
    house.write_config("[log]\nencrypt = true\n");
    let quietd = house.start().await;
    let (code, said) = note(&house, &["wintergreen"]).await;
    assert!(code == 4 && said.contains("no keyring is running"), "{said}");
    assert!(notes(&house).await.is_empty());
    quietd.stop().await;
    house.write_config("[log]\nencrypt = ");
    let quietd = house.start().await;
    let (code, said) = note(&house, &["wintergreen"]).await;
    assert!(code == 4 && said.contains("config could not be read"), "{said}");
    assert!(notes(&house).await.is_empty());
    quietd.stop().await;
}
