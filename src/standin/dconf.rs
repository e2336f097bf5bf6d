//! A stand-in for dconf's writer: changes of the real protocol, kept in a file of the real format.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use tokio::sync::watch;
use zbus::{Connection, Message};

use super::{
    Fault, StandIn,
    raw::{Call, Raw},
};
use crate::dbus::dconf::{Found, INTERFACE, NAME, Order, Settings, Table, Value, decode, hash};

const PATH: &str = "/ca/desrt/dconf/Writer/user";

/// dconf's writer, without dconf.
pub struct Dconf {
    address: String,
    kept: Arc<Kept>,
    fault: watch::Sender<Fault>,
    by_the_person: (String, Value),
    raw: Option<Raw>,
}

struct Kept {
    file: PathBuf,
    tags: AtomicU32,
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
        std::fs::create_dir_all(&folder)
            .map_err(|error| zbus::Error::Failure(error.to_string()))?;
        let mut standin = Self {
            address: address.to_owned(),
            kept: Arc::new(Kept { file: folder.join("user"), tags: AtomicU32::new(0) }),
            fault: watch::Sender::new(Fault::None),
            by_the_person: (by_the_person.0.to_owned(), by_the_person.1),
            raw: None,
        };
        standin.serve().await?;
        Ok(standin)
    }

    /// All that is kept.
    pub fn settings(&self) -> BTreeMap<String, Value> {
        self.kept.read()
    }

    /// Changes keys as another program does; those without a value are reset.
    pub async fn change(&self, settings: &Settings) {
        let tag = self.kept.apply(settings);
        if let Some(raw) = &self.raw {
            notify(raw.bus(), settings, &tag).await;
        }
    }

    async fn serve(&mut self) -> zbus::Result<()> {
        let (kept, fault) = (Arc::clone(&self.kept), self.fault.subscribe());
        let raw = Raw::serve(&self.address, &[NAME], move |bus, message| {
            let fault = *fault.borrow();
            let kept = Arc::clone(&kept);
            async move { kept.answer(&bus, &message, fault).await }
        });
        self.raw = Some(raw.await?);
        Ok(())
    }
}

impl Kept {
    async fn answer(&self, bus: &Connection, message: &Message, fault: Fault) {
        let call = Call { bus, message };
        let Ok(blob) = message.body().deserialize::<Vec<u8>>() else { return };
        if call.member() != "Change" || fault != Fault::None {
            return call.answer(fault, &()).await;
        }
        // As the real one: what makes no sense is accepted and does nothing.
        let settings = decode(&blob).unwrap_or_default();
        let before = self.read();
        let tag = self.apply(&settings);
        if self.read() != before {
            notify(bus, &settings, &tag).await;
        }
        call.answer(fault, &tag).await;
    }

    fn apply(&self, settings: &Settings) -> String {
        let mut kept = self.read();
        for (key, value) in settings {
            match value {
                Some(value) => kept.insert(key.clone(), value.clone()),
                None => kept.remove(key),
            };
        }
        let new = self.file.with_extension("new");
        let _ =
            std::fs::write(&new, database(&kept)).and_then(|()| std::fs::rename(&new, &self.file));
        format!(":1.0:user:{}", self.tags.fetch_add(1, Ordering::Relaxed))
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

#[async_trait]
impl StandIn for Dconf {
    async fn state(&self) -> String {
        let lines = self.settings().into_iter().map(|(key, value)| format!("{key}={value}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    async fn person_changes(&self) {
        let (key, value) = self.by_the_person.clone();
        self.change(&Settings::from([(key, Some(value))])).await;
    }

    async fn fault(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    async fn stop(&mut self) {
        if let Some(raw) = self.raw.take() {
            raw.stop().await;
        }
    }

    async fn start(&mut self) {
        if self.raw.is_none() {
            let _ = self.serve().await;
        }
    }
}

/// One key is told whole; several by the folder they share and the rest of each.
async fn notify(bus: &Connection, settings: &Settings, tag: &str) {
    let keys: Vec<&str> = settings.keys().map(String::as_str).collect();
    let [first, others @ ..] = &keys[..] else { return };
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
    let _ = bus.emit_signal(None::<&str>, PATH, INTERFACE, "Notify", &body).await;
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
