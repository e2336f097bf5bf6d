//! Plasma's own Night Color (Night Light since 6.0): `[NightColor]` in kwinrc, and the signal by which `KWin` reads it anew.
//!
//! `KWin` fades to a new temperature in two seconds, in the screens' own gamma: no screenshot shows it. The file outlives
//! `KWin`, the session and us. `inhibit` on the bus only ever takes warmth away, and `preview` sticks on 5.27, so neither
//! is used. Where the person's own Night Color is on, its hours stay theirs and only its temperatures are lowered.
//!
//! Seen on Plasma 5.27; the paths of 6.0 and newer, and that `Constant` is a mode in all of them, are from 6.3 and the
//! sources to 6.7.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, future::Either, stream::select};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Notify, mpsc};
use zbus::{MatchRule, Message, MessageStream, OwnedVariant};

use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::{CallError, Peer, kwin::KWIN},
    plan::{Desired, Measure},
    store::{
        Receipt, StoreError,
        kconfig::{self, Settings},
    },
};

/// The registry's row.
pub const ROW: Row = Row {
    id: "night-color",
    title: "Plasma (Night Color)",
    measures: &[Measure::Warmth],
    since: "5.27 and newer",
    cannot: "It comes and goes over two seconds, and stays off while you or a program have Night Color suspended.",
    seen: &[
        (Environment::Plasma5, Known::Real("KWin 5.27.5")),
        (Environment::Plasma6, Known::StandIn),
    ],
    names: &[KWIN, "org.kde.NightColor", "org.kde.KWin.NightLight"],
    wants_end: false,
    open: |desktop| Box::new(NightColor::new(desktop)),
};

/// Path and interface, the newer one first.
const OBJECTS: [(&str, &str); 2] = [
    ("/org/kde/KWin/NightLight", "org.kde.KWin.NightLight"),
    ("/ColorCorrect", "org.kde.kwin.ColorCorrect"),
];
const FILE: &str = "kwinrc";
const GROUP: &str = "NightColor";
const ACTIVE: &str = "Active";
const MODE: &str = "Mode";
const DAY: &str = "DayTemperature";
const NIGHT: &str = "NightTemperature";
const NOTIFY: &str = "org.kde.kconfig.notify";
/// What `KWin` takes, in kelvin.
const RANGE: std::ops::RangeInclusive<u32> = 1000..=6500;

/// Some of the group's keys with their lines; none where a key is not there.
type Lines = BTreeMap<String, Option<String>>;

/// What a receipt says was found.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Found {
    lines: Lines,
    /// Whether there was a file, and the group in it.
    file: bool,
    group: bool,
}

/// The backend.
#[derive(Debug)]
pub struct NightColor {
    desktop: Desktop,
    file: PathBuf,
    in_force: Mutex<Option<InForce>>,
    /// Something is in force that was not before: whoever listens looks again.
    looked_at: Notify,
}

/// What is in force by our hand in this process.
#[derive(Debug)]
struct InForce {
    ours: Vec<Lines>,
    inhibited: bool,
}

/// The service, and how it is doing.
struct Kwin {
    peer: Peer,
    inhibited: bool,
}

impl NightColor {
    /// Opens it; does no I/O.
    pub fn new(desktop: &Desktop) -> Self {
        Self {
            desktop: desktop.clone(),
            file: desktop.env.config_home.join(FILE),
            in_force: Mutex::default(),
            looked_at: Notify::new(),
        }
    }

    fn peer(&self, path: &str, interface: &str) -> Peer {
        Peer::new(&self.desktop.session, KWIN, path, interface)
    }

    /// Asks `KWin`; none where it has no Night Color for these screens.
    async fn kwin(&self) -> Result<Option<Kwin>, CallError> {
        for (path, interface) in OBJECTS {
            let peer = self.peer(path, interface);
            match peer.get("available").await {
                Ok(true) => {
                    let inhibited = peer.get("inhibited").await?;
                    return Ok(Some(Kwin { peer, inhibited }));
                }
                Ok(false) => return Ok(None),
                Err(error) if error.is_unknown() => {}
                Err(error) => return Err(error),
            }
        }
        Err(CallError::Absent("KWin's Night Color".to_owned()))
    }

    /// Asks `KWin` and has to do with it. With what is in force it goes on when it has started, so it is waited for.
    async fn expect(&self, in_force: Option<&InForce>) -> Result<Kwin, BackendError> {
        match self.kwin().await {
            Ok(Some(kwin)) => Ok(kwin),
            Ok(None) => {
                Err(BackendError::Absent("KWin has no Night Color for these screens".to_owned()))
            }
            Err(CallError::Absent(who)) if in_force.is_some() => {
                Err(BackendError::NotYet(format!("{who} has not started again yet")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether `KWin` draws on an X server. There it writes the ramps that X11 gamma dims with.
    async fn is_on_x11(&self) -> Result<bool, CallError> {
        let compositor = self.peer("/Compositor", "org.kde.kwin.Compositing");
        match compositor.get::<bool>("platformRequiresCompositing").await {
            Ok(required) => Ok(!required),
            Err(error) if error.is_unknown() => Ok(self.desktop.env.wayland_display.is_none()),
            Err(error) => Err(error),
        }
    }

    /// The files that have a say, as `KConfig` reads them: what comes later counts for more.
    fn sources(&self) -> Vec<PathBuf> {
        let env = &self.desktop.env;
        let folders = || env.config_dirs.iter().rev().chain([&env.config_home]);
        let globals = folders().map(|folder| folder.join("kdeglobals"));
        globals.chain(folders().map(|folder| folder.join(FILE))).collect()
    }

    /// Finds what somebody has made unchangeable; in which file.
    fn fixed(&self) -> Result<Option<PathBuf>, StoreError> {
        for path in self.sources() {
            let settings = kconfig::load(&path)?;
            let key = |key| settings.get(GROUP, key).is_some_and(|entry| entry.fixed);
            if settings.is_fixed(GROUP) || [ACTIVE, MODE, DAY, NIGHT].into_iter().any(key) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// What the person has of a key, given what their own file has or had.
    fn value(&self, own: &Settings, key: &str) -> Result<Option<String>, StoreError> {
        if let Some(entry) = own.get(GROUP, key) {
            return Ok(entry.value.map(str::to_owned));
        }
        for path in self.sources().into_iter().rev().filter(|path| *path != self.file) {
            if let Some(entry) = kconfig::load(&path)?.get(GROUP, key) {
                return Ok(entry.value.map(str::to_owned));
            }
        }
        Ok(None)
    }

    fn load(&self) -> Result<Settings, BackendError> {
        kconfig::load(&self.file).map_err(disk)
    }

    /// What is to be written for so many kelvin, over what the person has.
    fn wanted(&self, own: &Settings, kelvin: u32) -> Result<Lines, StoreError> {
        let lower = |key: &str, plain: u32| {
            let theirs = self.value(own, key)?.and_then(|text| text.parse().ok()).unwrap_or(plain);
            let theirs = theirs.clamp(*RANGE.start(), *RANGE.end());
            let line =
                if theirs <= kelvin { line(own, key) } else { Some(format!("{key}={kelvin}")) };
            Ok::<_, StoreError>((key.to_owned(), line))
        };
        let active = self.value(own, ACTIVE)?.unwrap_or_default().to_lowercase();
        if ["true", "on", "yes", "1"].contains(&&*active) {
            return [lower(DAY, 6500), lower(NIGHT, 4500)].into_iter().collect();
        }
        let set = |key: &str, value: &str| (key.to_owned(), Some(format!("{key}={value}")));
        Ok(Lines::from([
            set(ACTIVE, "true"),
            set(MODE, "Constant"),
            set(NIGHT, &kelvin.to_string()),
        ]))
    }

    /// Writes lines where they are not there already, and has `KWin` read them.
    async fn write(&self, lines: &Lines, found: &Found) -> Result<(), BackendError> {
        let write = |settings: &mut Settings| {
            for (key, line) in lines {
                if self::line(settings, key) != *line {
                    settings.set(GROUP, key, line.as_deref());
                }
            }
            if !found.group {
                settings.remove_if_empty(GROUP);
            }
        };
        kconfig::change(&self.file, !found.file, write).await.map_err(disk)?;
        let keys: Vec<&[u8]> = lines.keys().map(String::as_bytes).collect();
        let body = HashMap::from([(GROUP, keys)]);
        let bus = &self.desktop.session;
        let path = format!("/{FILE}");
        let told = bus.emit_signal(None::<&str>, &*path, NOTIFY, "ConfigChanged", &body).await;
        told.map_err(|error| BackendError::Refused(format!("the session bus refused: {error}")))
    }

    /// Looks whether the person has changed something, and tells of it once.
    async fn look(&self, inhibited: Option<bool>) -> bool {
        let mut in_force = self.in_force.lock().await;
        let Some(held) = &mut *in_force else { return false };
        held.inhibited = inhibited.unwrap_or(held.inhibited);
        let Ok(now) = self.load() else { return false };
        let theirs = held.inhibited || is_theirs(&held.ours, &now);
        if theirs {
            *in_force = None;
        }
        theirs
    }

    async fn listen(&self, path: &str, interface: &str) -> zbus::Result<MessageStream> {
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .path(path)
            .interface(interface)
            .build()?;
        MessageStream::for_match_rule(rule, &self.desktop.session, None).await
    }

    /// What concerns us: the file's changes, and whether `KWin` is now inhibited.
    async fn news(&self) -> zbus::Result<impl futures_util::Stream<Item = Option<bool>> + Unpin> {
        let written = self.listen(&format!("/{FILE}"), NOTIFY).await?.map(|_| None);
        let properties = |path| self.listen(path, "org.freedesktop.DBus.Properties");
        let newer = properties(OBJECTS[0].0).await?;
        let older = properties(OBJECTS[1].0).await?;
        let inhibited = select(newer, older).filter_map(|message| {
            std::future::ready(message.ok().and_then(|message| inhibited(&message)).map(Some))
        });
        Ok(select(written, inhibited))
    }
}

#[async_trait]
impl Backend for NightColor {
    async fn probe(&self) -> Probe {
        match self.kwin().await {
            Ok(Some(_)) => {}
            Ok(None) => {
                return Probe::Unsupported("KWin has no Night Color for these screens.".to_owned());
            }
            Err(CallError::Absent(_)) if self.in_force.lock().await.is_some() => {
                return Probe::Ready("KWin's Night Color, when it has started again".to_owned());
            }
            Err(error @ (CallError::Absent(_) | CallError::TimedOut(_))) => {
                return Probe::Deferred(format!("{error}."));
            }
            Err(error) => return Probe::Unsupported(format!("{error}.")),
        }
        match self.is_on_x11().await {
            Ok(false) => {}
            Ok(true) => {
                return Probe::Elsewhere(
                    "On X11, Night Color changes the same gamma that dims; X11 gamma does both."
                        .to_owned(),
                );
            }
            Err(error) => return Probe::Deferred(format!("{error}.")),
        }
        match self.fixed() {
            Ok(None) => Probe::Ready("KWin's Night Color".to_owned()),
            Ok(Some(path)) => Probe::Unsupported(format!(
                "Night Color is locked by the administrator of this machine, in {}.",
                self.desktop.env.for_people(&path)
            )),
            Err(error) => Probe::Unsupported(error.to_string()),
        }
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let kwin = self.expect(self.in_force.lock().await.as_ref()).await?;
        let now = self.load()?;
        let mut found = match held {
            Some(held) => held.found().ok_or_else(unreadable)?,
            None => {
                Found { lines: Lines::new(), file: self.file.exists(), group: now.has_group(GROUP) }
            }
        };
        for key in [ACTIVE, MODE, DAY, NIGHT] {
            found.lines.entry(key.to_owned()).or_insert_with(|| line(&now, key));
        }
        // While it is suspended nothing would come of it, and of all moments when the person ends that it would.
        let set = if kwin.inhibited && held.is_none() {
            Lines::new()
        } else {
            self.wanted(&with(&now, &found.lines), kelvin(desired)).map_err(disk)?
        };
        let mut receipt = Receipt::new(ROW.id, &found, &set);
        if let Some(held) = held {
            receipt.earlier = held.renew(&set).earlier;
        }
        Ok(receipt)
    }

    async fn apply(&self, desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let set: Lines = receipt.set().ok_or_else(unreadable)?;
        let found: Found = receipt.found().ok_or_else(unreadable)?;
        let mut in_force = self.in_force.lock().await;
        let kwin = self.expect(in_force.as_ref()).await?;
        self.write(&set, &Found { group: true, ..found }).await?;
        // Answered after the signal was taken in.
        let (running, target): (bool, u32) =
            (kwin.peer.get("running").await?, kwin.peer.get("targetTemperature").await?);
        if !kwin.inhibited && (!running || target > kelvin(desired)) {
            return Err(BackendError::Refused(format!(
                "KWin did not take the warmth that {} asks for; Night Color may be locked or switched off there",
                self.desktop.env.for_people(&self.file)
            )));
        }
        *in_force = Some(InForce { ours: receipt.ours(), inhibited: kwin.inhibited });
        self.looked_at.notify_one();
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let found: Found = receipt.found().ok_or_else(unreadable)?;
        let ours: Vec<Lines> = receipt.ours();
        let mut in_force = self.in_force.lock().await;
        *in_force = None;
        let now = self.load()?;
        let mut restored = Restored::AsFound;
        let mut back = Lines::new();
        for (key, was) in &found.lines {
            let now = line(&now, key);
            if now == *was {
                continue;
            }
            if ours.iter().any(|ours| ours.get(key) == Some(&now)) {
                back.insert(key.clone(), was.clone());
            } else {
                restored = Restored::AsThePersonSetIt;
            }
        }
        if !back.is_empty() {
            self.write(&back, &found).await?;
            // What it answers is of no matter; that it does says that the screens are on their way back.
            for (path, interface) in OBJECTS {
                let answer = self.peer(path, interface).get::<bool>("available").await;
                if !matches!(&answer, Err(error) if error.is_unknown()) {
                    break;
                }
            }
        }
        Ok(restored)
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let news = self.news().await.inspect_err(|error| {
            tracing::warn!(%error, backend = ROW.id, "cannot listen to changes from outside");
        });
        let mut news = match news {
            Ok(news) => Either::Left(news),
            Err(_) => Either::Right(futures_util::stream::pending()),
        };
        let mut inhibited = None;
        loop {
            if self.look(inhibited).await && tell.send(Change::ByThePerson).await.is_err() {
                return;
            }
            inhibited = tokio::select! {
                () = self.looked_at.notified() => None,
                next = news.next() => match next {
                    Some(now) => now,
                    None => return std::future::pending().await,
                },
            };
        }
    }
}

/// What is asked for, as `KWin` takes it.
fn kelvin(desired: &Desired) -> u32 {
    desired.warmth.map_or(*RANGE.end(), u32::from).clamp(*RANGE.start(), *RANGE.end())
}

/// Whether what is there is none of what we may have written. Keys that we never set do not matter.
fn is_theirs(ours: &[Lines], now: &Settings) -> bool {
    ours.first().is_some_and(|set| {
        set.keys().any(|key| {
            let now = line(now, key);
            !ours.iter().any(|ours| ours.get(key) == Some(&now))
        })
    })
}

/// A file as it would be with these lines.
fn with(settings: &Settings, lines: &Lines) -> Settings {
    let mut settings = settings.clone();
    for (key, line) in lines {
        settings.set(GROUP, key, line.as_deref());
    }
    settings
}

fn line(settings: &Settings, key: &str) -> Option<String> {
    settings.get(GROUP, key).map(|entry| entry.line.to_owned())
}

/// What a `PropertiesChanged` says of `inhibited`, if anything.
fn inhibited(message: &Message) -> Option<bool> {
    let body = message.body();
    let (_, changed, _): (String, HashMap<String, OwnedVariant>, Vec<String>) =
        body.deserialize().ok()?;
    bool::try_from(&**changed.get("inhibited")?).ok()
}

#[allow(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn disk(error: StoreError) -> BackendError {
    BackendError::Refused(error.to_string())
}

fn unreadable() -> BackendError {
    BackendError::Refused(format!("the receipt of {} cannot be read", ROW.id))
}
