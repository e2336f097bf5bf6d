//! A stand-in for dconf's writer: changes of the real protocol, kept in a file of the real format.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use zbus::Message;

use super::served::{OnBus, Served, Service, is, reply, unknown};
use crate::dbus::dconf::{Found, INTERFACE, NAME, Order, Settings, Table, Value, decode, hash};

const PATH: &str = "/ca/desrt/dconf/Writer/user";

/// dconf's writer, without dconf.
#[derive(Debug)]
pub struct Dconf {
    served: Served<State>,
}

/// What is kept, and where.
#[derive(Debug)]
pub struct State {
    file: PathBuf,
    tags: u32,
    by_the_person: (String, Value),
    changes: Vec<Settings>,
}

impl Dconf {
    /// Starts it on the bus at an address. It keeps its file below a person's configuration folder; what the person
    /// changes is one key.
    pub async fn start(
        address: &str,
        config_home: &Path,
        by_the_person: (&str, Value),
    ) -> zbus::Result<Self> {
        let folder = config_home.join("dconf");
        std::fs::create_dir_all(&folder)?;
        let by_the_person = (by_the_person.0.to_owned(), by_the_person.1);
        let state =
            State { file: folder.join("user"), tags: 0, by_the_person, changes: Vec::new() };
        Ok(Self { served: Served::start(address, state).await? })
    }

    /// All that is kept.
    pub fn settings(&self) -> BTreeMap<String, Value> {
        self.served.silently(|state| state.read())
    }

    /// All changes that came so far, in turn.
    pub fn changes(&self) -> Vec<Settings> {
        self.served.silently(|state| state.changes.clone())
    }

    /// Changes keys as another program does; those without a value are reset.
    pub async fn change(&self, settings: &Settings) {
        self.served.change(|state| Ok(state.change(settings)?.0)).await;
    }
}

impl State {
    /// The signal of that, if there is one, and the tag.
    fn change(&mut self, settings: &Settings) -> zbus::Result<(Vec<Message>, String)> {
        self.changes.push(settings.clone());
        let before = self.read();
        let mut kept = before.clone();
        for (key, value) in settings {
            match value {
                Some(value) => kept.insert(key.clone(), value.clone()),
                None => kept.remove(key),
            };
        }
        let tag = format!(":1.0:user:{}", self.tags);
        self.tags += 1;
        if kept == before {
            return Ok((Vec::new(), tag));
        }
        let new = self.file.with_extension("new");
        std::fs::write(&new, database(&kept))?;
        std::fs::rename(&new, &self.file)?;
        Ok((notify(settings, &tag)?, tag))
    }

    fn read(&self) -> BTreeMap<String, Value> {
        let Ok(file) = std::fs::read(&self.file) else { return BTreeMap::new() };
        let Ok(table) = Table::root(&file) else { return BTreeMap::new() };
        let keys = table.keys().unwrap_or_default().into_iter();
        keys.filter_map(|key| match table.get(&key) {
            Ok(Found::Value(value)) => Some((key, value)),
            _ => None,
        })
        .collect()
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        if is(call, "org.freedesktop.DBus.Peer", "Ping") {
            return reply(call, &());
        }
        if !is(call, INTERFACE, "Change") {
            return unknown(call);
        }
        // As the real one: what makes no sense is accepted and does nothing.
        let settings = decode(&call.body().deserialize::<Vec<u8>>()?).unwrap_or_default();
        let (mut messages, tag) = self.change(&settings)?;
        messages.extend(reply(call, &tag)?);
        Ok(messages)
    }

    fn state(&self) -> String {
        let lines = self.read().into_iter().map(|(key, value)| format!("{key}={value}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        let (key, value) = self.by_the_person.clone();
        Ok(self.change(&Settings::from([(key, Some(value))]))?.0)
    }
}

impl OnBus for Dconf {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}

/// One key is told whole; several by the folder they share and the rest of each.
fn notify(settings: &Settings, tag: &str) -> zbus::Result<Vec<Message>> {
    let keys: Vec<&str> = settings.keys().map(String::as_str).collect();
    let [first, others @ ..] = &keys[..] else { return Ok(Vec::new()) };
    let shared = if others.is_empty() {
        first.len()
    } else {
        let same = |at: usize| {
            others.iter().all(|key| key.as_bytes().get(at) == Some(&first.as_bytes()[at]))
        };
        let same = (0..first.len()).take_while(|at| same(*at)).count();
        first[..same].rfind('/').map_or(0, |at| at + 1)
    };
    let rests: Vec<&str> = keys.iter().map(|key| &key[shared..]).collect();
    let body = (&first[..shared], rests, tag);
    Ok(vec![Message::signal(PATH, INTERFACE, "Notify").build(&body)?])
}

/// A database with these keys: one bucket, whole keys, no folders.
fn database(settings: &BTreeMap<String, Value>) -> Vec<u8> {
    const HEADER: usize = 24;
    let table = 8 + 4 + 24 * settings.len();
    let mut items = Vec::new();
    let mut data = Vec::new();
    let word = |value: usize, to: &mut Vec<u8>| {
        to.extend(u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes());
    };
    let mut head = b"GVariant\0\0\0\0\0\0\0\0".to_vec();
    for value in [HEADER, HEADER + table, 0, 1, 0] {
        word(value, &mut head);
    }
    for (key, value) in settings {
        let name = HEADER + table + data.len();
        data.extend(key.as_bytes());
        while !(HEADER + table + data.len()).is_multiple_of(8) {
            data.push(0);
        }
        let start = HEADER + table + data.len();
        data.extend(value.to_variant(Order::Little));
        items.extend(hash(key).to_le_bytes());
        items.extend(u32::MAX.to_le_bytes());
        word(name, &mut items);
        items.extend(u16::try_from(key.len()).unwrap_or(u16::MAX).to_le_bytes());
        items.extend(*b"v\0");
        word(start, &mut items);
        word(HEADER + table + data.len(), &mut items);
    }
    [head, items, data].concat()
}
