//! A stand-in for the systemd user manager: units that hold real processes, really stopped.
//!
//! What systemd does with the cgroup freezer is done here with SIGSTOP and SIGCONT, and told in files of the same names
//! below a folder that takes the place of `/sys`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::Serialize;
use tokio::task::JoinHandle;
use zbus::{
    Connection, DynamicType, Message, MessageStream, ObjectPath, OwnedObjectPath, OwnedVariant,
    Variant, message,
};

use super::{Fault, StandIn};

const NAME: &str = "org.freedesktop.systemd1";
const PATH: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
/// Where its cgroup is in the tree.
const PLACE: &str = "/user.slice/standin";

/// The user manager that is not the real one.
#[derive(Debug)]
pub struct Systemd {
    address: String,
    world: Arc<World>,
    on_bus: Option<(Connection, JoinHandle<()>)>,
}

#[derive(Debug)]
struct World {
    sysfs: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    version: String,
    /// Everything below it is told to end.
    ends: bool,
    units: BTreeMap<String, Unit>,
    fault: Fault,
    subscribed: bool,
    jobs: u32,
    calls: Vec<String>,
    /// Units that it does not freeze: it says so, or never answers.
    unwilling: BTreeMap<String, Fault>,
}

#[derive(Debug, Default)]
struct Unit {
    pids: Vec<u32>,
    frozen: bool,
    /// Listed, and gone when something is asked of it.
    ghost: bool,
}

/// What a call is answered with: an error's name and text.
type Answer<T> = Result<T, (&'static str, String)>;

impl Systemd {
    /// Takes the name on the bus with this address. `sysfs` is a folder that stands for `/sys`; it is made here, and
    /// goes with the stand-in.
    pub async fn start(address: &str, sysfs: &Path) -> zbus::Result<Self> {
        let world = World { sysfs: sysfs.to_owned(), state: Mutex::default() };
        world.with(|state| "252.39-1".clone_into(&mut state.version));
        let root = world.folder("");
        fs::create_dir_all(&root).map_err(failed)?;
        fs::write(root.join("cgroup.freeze"), "0\n").map_err(failed)?;
        fs::write(sysfs.join("fs/cgroup/cgroup.controllers"), "").map_err(failed)?;
        let mut standin =
            Self { address: address.to_owned(), world: Arc::new(world), on_bus: None };
        standin.connect().await?;
        Ok(standin)
    }

    /// Starts a unit with some processes in it, as a desktop starts an app.
    pub async fn start_unit(&self, name: &str, pids: &[u32]) -> zbus::Result<()> {
        let job = self.world.add(name, pids).map_err(failed)?;
        match &self.on_bus {
            Some((connection, _)) => self.world.tell(connection, name, job).await,
            None => Ok(()),
        }
    }

    /// Starts a unit, and tells nobody: as while the machine is about to sleep.
    pub fn start_unit_unheard(&self, name: &str, pids: &[u32]) -> io::Result<()> {
        self.world.add(name, pids).map(drop)
    }

    /// Tells of a unit that nobody has ever seen.
    pub async fn tell_of(&self, name: &str) -> zbus::Result<()> {
        match &self.on_bus {
            Some((connection, _)) => self.world.tell(connection, name, 0).await,
            None => Ok(()),
        }
    }

    /// Ends a unit; its processes are left as they are.
    pub fn end_unit(&self, name: &str) {
        self.world.end(name);
    }

    /// Lists a unit that is gone by the time something is asked of it.
    pub fn list_a_ghost(&self, name: &str) {
        let folder = self.world.folder(name);
        let _ = fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join("cgroup.freeze"), "0\n"));
        let ghost = Unit { ghost: true, ..Unit::default() };
        self.world.with(|state| state.units.insert(name.to_owned(), ghost));
    }

    /// Freezes a unit as another program would.
    pub fn freeze(&self, name: &str) -> bool {
        self.world.set_frozen(name, true).is_ok()
    }

    /// Thaws one unit, as `systemctl --user thaw` does.
    pub fn thaw(&self, name: &str) -> bool {
        self.world.set_frozen(name, false).is_ok()
    }

    /// Does not freeze a unit from now on: refuses to, or never gets to an answer, as where a process of it waits for a disk.
    pub fn will_not_freeze(&self, name: &str, fault: Fault) {
        self.world.with(|state| state.unwilling.insert(name.to_owned(), fault));
    }

    /// Tells whether a unit is frozen.
    pub fn is_frozen(&self, name: &str) -> bool {
        self.world.with(|state| state.units.get(name).is_some_and(|unit| unit.frozen))
    }

    /// The processes of a unit.
    pub fn processes(&self, name: &str) -> Vec<u32> {
        self.world
            .with(|state| state.units.get(name).map(|unit| unit.pids.clone()).unwrap_or_default())
    }

    /// Says from now on that it ends.
    pub fn begin_to_end(&self) {
        self.world.with(|state| state.ends = true);
    }

    /// Takes another version for its own from now on.
    pub fn set_version(&self, version: &str) {
        self.world.with(|state| version.clone_into(&mut state.version));
    }

    /// The calls that change something, with the unit each names, since this was asked last.
    pub fn calls(&self) -> Vec<String> {
        self.world.with(|state| std::mem::take(&mut state.calls))
    }

    async fn connect(&mut self) -> zbus::Result<()> {
        let connection = zbus::connection::Builder::address(self.address.as_str()).build().await?;
        let calls = MessageStream::from(&connection);
        let task = tokio::spawn(serve(Arc::clone(&self.world), connection.clone(), calls));
        connection.request_name(NAME).await?;
        self.on_bus = Some((connection, task));
        Ok(())
    }
}

#[async_trait]
impl StandIn for Systemd {
    async fn state(&self) -> String {
        self.world.with(|state| {
            let line = |(name, unit): (&String, &Unit)| {
                format!("{name} {}\n", if unit.frozen { "frozen" } else { "running" })
            };
            state.units.iter().filter(|(_, unit)| !unit.ghost).map(line).collect()
        })
    }

    /// Thaws what is frozen, as `systemctl --user thaw` does.
    async fn person_changes(&self) {
        let frozen: Vec<String> = self.world.with(|state| {
            let units = state.units.iter().filter(|(_, unit)| unit.frozen);
            units.map(|(name, _)| name.clone()).collect()
        });
        for name in frozen {
            let _ = self.world.set_frozen(&name, false);
        }
    }

    async fn fault(&self, fault: Fault) {
        self.world.with(|state| state.fault = fault);
    }

    async fn stop(&mut self) {
        if let Some((connection, task)) = self.on_bus.take() {
            task.abort();
            let _ = connection.close().await;
        }
        self.world.with(|state| state.subscribed = false);
    }

    async fn start(&mut self) {
        if self.on_bus.is_none()
            && let Err(error) = self.connect().await
        {
            tracing::warn!(%error, "the stand-in for systemd did not come back");
        }
    }
}

impl State {
    /// From systemd 257 on the job to stop a unit that is frozen is taken, and fails.
    fn leaves_frozen(&self, unit: &str) -> bool {
        let major = self.version.split('.').next().and_then(|it| it.parse::<u32>().ok());
        major.is_some_and(|it| it >= 257) && self.units.get(unit).is_some_and(|it| it.frozen)
    }
}

impl Drop for Systemd {
    fn drop(&mut self) {
        self.world.with(|state| {
            state.units.values().filter(|unit| unit.frozen).for_each(|unit| {
                signal(&unit.pids, Signal::SIGCONT);
            });
        });
        if let Some((_, task)) = self.on_bus.take() {
            task.abort();
        }
        let _ = fs::remove_dir_all(&self.world.sysfs);
    }
}

impl World {
    fn with<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn folder(&self, unit: &str) -> PathBuf {
        let place = self.sysfs.join("fs/cgroup").join(PLACE.trim_start_matches('/'));
        if unit.is_empty() { place } else { place.join("app.slice").join(unit) }
    }

    /// Adds a unit, taking its processes out of others; returns the number of the job.
    fn add(&self, name: &str, pids: &[u32]) -> io::Result<u32> {
        let folder = self.folder(name);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("cgroup.freeze"), "0\n")?;
        fs::write(folder.join("cgroup.procs"), lines(pids))?;
        Ok(self.with(|state| {
            for unit in state.units.values_mut() {
                unit.pids.retain(|pid| !pids.contains(pid));
            }
            let unit = Unit { pids: pids.to_vec(), ..Unit::default() };
            state.units.insert(name.to_owned(), unit);
            state.jobs += 1;
            state.jobs
        }))
    }

    /// Ends a unit; returns the number of the job.
    fn end(&self, name: &str) -> u32 {
        let job = self.with(|state| {
            state.units.remove(name);
            state.jobs += 1;
            state.jobs
        });
        // Set aside and not removed: other file systems give an inode's number again, the kernel's cgroup tree does not.
        let _ = fs::rename(self.folder(name), self.folder(&format!("ended-{job}")));
        job
    }

    fn set_frozen(&self, name: &str, frozen: bool) -> Answer<()> {
        let pids = self.with(|state| {
            let unit = state.units.get_mut(name).filter(|unit| !unit.ghost)?;
            unit.frozen = frozen;
            Some(unit.pids.clone())
        });
        let Some(pids) = pids else {
            return Err((
                "org.freedesktop.systemd1.NoSuchUnit",
                format!("Unit {name} not loaded."),
            ));
        };
        signal(&pids, if frozen { Signal::SIGSTOP } else { Signal::SIGCONT });
        let text = if frozen { "1\n" } else { "0\n" };
        fs::write(self.folder(name).join("cgroup.freeze"), text)
            .map_err(|error| ("org.freedesktop.DBus.Error.IOError", error.to_string()))
    }

    /// Tells those who asked for it that a unit has started.
    async fn tell(&self, connection: &Connection, unit: &str, job: u32) -> zbus::Result<()> {
        if !self.with(|state| state.subscribed) {
            return Ok(());
        }
        let done = (job, object_of(job)?, unit, "done");
        connection.emit_signal(None::<&str>, PATH, MANAGER, "JobRemoved", &done).await
    }
}

async fn serve(world: Arc<World>, connection: Connection, mut calls: MessageStream) {
    while let Some(Ok(call)) = calls.next().await {
        if call.message_type() != message::Type::MethodCall {
            continue;
        }
        let served = match world.with(|state| state.fault) {
            Fault::None => answer(&world, &connection, &call).await,
            Fault::Refuses => {
                refuse(&connection, &call, ("org.freedesktop.DBus.Error.AccessDenied", "no".into()))
                    .await
            }
            Fault::OddType => connection.reply(&call.header(), &(42_u8, "odd")).await,
            Fault::Hangs => Ok(()),
        };
        if let Err(error) = served {
            tracing::debug!(%error, "the stand-in for systemd could not answer");
        }
    }
}

async fn answer(world: &World, connection: &Connection, call: &Message) -> zbus::Result<()> {
    let header = call.header();
    let body = call.body();
    let member = header.member().map(ToString::to_string).unwrap_or_default();
    match member.as_str() {
        "Get" => {
            let (_, property): (String, String) = body.deserialize()?;
            let value = match property.as_str() {
                "Version" => world.with(|state| state.version.clone()),
                "ControlGroup" => PLACE.to_owned(),
                "SystemState" => {
                    let ends = world.with(|state| state.ends);
                    if ends { "stopping" } else { "running" }.to_owned()
                }
                other => {
                    let text = format!("no property {other}");
                    let error = ("org.freedesktop.DBus.Error.UnknownProperty", text);
                    return refuse(connection, call, error).await;
                }
            };
            connection.reply(&header, &(Variant::from(value),)).await
        }
        "ListUnitsByPatterns" => {
            let (_, patterns): (Vec<String>, Vec<String>) = body.deserialize()?;
            connection.reply(&header, &(listed(world, &patterns)?,)).await
        }
        "FreezeUnit" | "ThawUnit" => {
            let (unit,): (String,) = body.deserialize()?;
            world.with(|state| state.calls.push(format!("{member} {unit}")));
            let freezes = member == "FreezeUnit";
            match world.with(|state| state.unwilling.get(&unit).copied()).filter(|_| freezes) {
                Some(Fault::Hangs) => Ok(()),
                Some(_) => {
                    let text = "Unit does not support freezing.".to_owned();
                    refuse(connection, call, ("org.freedesktop.DBus.Error.NotSupported", text))
                        .await
                }
                None => reply(connection, call, world.set_frozen(&unit, freezes)).await,
            }
        }
        "StopUnit" => {
            let (unit, _): (String, String) = body.deserialize()?;
            world.with(|state| state.calls.push(format!("{member} {unit}")));
            if world.with(|state| state.leaves_frozen(&unit)) {
                return connection.reply(&header, &(object_of(0)?,)).await;
            }
            let pids = world.with(|state| state.units.get(&unit).map(|unit| unit.pids.clone()));
            // Whoever stands still would not hear of it; this systemd lets it go on in the same breath.
            signal(&pids.unwrap_or_default(), Signal::SIGTERM);
            match world.set_frozen(&unit, false) {
                Ok(()) => {
                    let job = world.end(&unit);
                    connection.reply(&header, &(object_of(job)?,)).await?;
                    world.tell(connection, &unit, job).await
                }
                Err(error) => refuse(connection, call, error).await,
            }
        }
        "GetUnitProcesses" => {
            let (unit,): (String,) = body.deserialize()?;
            let pids = world.with(|state| state.units.get(&unit).map(|unit| unit.pids.clone()));
            let place = format!("{PLACE}/app.slice/{unit}");
            let told: Vec<(&str, u32, &str)> =
                pids.iter().flatten().map(|pid| (place.as_str(), *pid, "")).collect();
            connection.reply(&header, &(told,)).await
        }
        "Subscribe" => {
            world.with(|state| state.subscribed = true);
            connection.reply(&header, &()).await
        }
        "StartTransientUnit" => start_transient(world, connection, call).await,
        other => {
            let text = format!("no method {other}");
            refuse(connection, call, ("org.freedesktop.DBus.Error.UnknownMethod", text)).await
        }
    }
}

type Properties = Vec<(String, OwnedVariant)>;

async fn start_transient(
    world: &World,
    connection: &Connection,
    call: &Message,
) -> zbus::Result<()> {
    let (unit, _, properties, _): (String, String, Properties, Vec<(String, Properties)>) =
        call.body().deserialize()?;
    world.with(|state| state.calls.push(format!("StartTransientUnit {unit}")));
    if world.with(|state| state.units.contains_key(&unit)) {
        let text = format!("Unit {unit} was already loaded or has a fragment file.");
        return refuse(connection, call, ("org.freedesktop.systemd1.UnitExists", text)).await;
    }
    let pids = properties.into_iter().find(|(name, _)| name == "PIDs").map(|(_, value)| value);
    let pids: Vec<u32> = pids.map(Vec::try_from).transpose()?.unwrap_or_default();
    let job = world.add(&unit, &pids).map_err(failed)?;
    connection.reply(&call.header(), &(object_of(job)?,)).await?;
    world.tell(connection, &unit, job).await
}

/// As `systemctl` lists them: every unit is loaded, active and running.
type Listed = (
    String,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    OwnedObjectPath,
    u32,
    &'static str,
    OwnedObjectPath,
);

fn listed(world: &World, patterns: &[String]) -> zbus::Result<Vec<Listed>> {
    let names: Vec<String> = world.with(|state| state.units.keys().cloned().collect());
    let fits = |name: &String| patterns.iter().any(|pattern| matches(pattern, name));
    let root = OwnedObjectPath::try_from("/")?;
    let line = |name: String| {
        let unit = object_of(0).map(OwnedObjectPath::from)?;
        Ok((name, "", "loaded", "active", "running", "", unit, 0, "", root.clone()))
    };
    names.into_iter().filter(fits).map(line).collect()
}

/// A pattern with at most one `*`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        None => pattern == name,
    }
}

async fn reply<T: Serialize + DynamicType>(
    connection: &Connection,
    call: &Message,
    answer: Answer<T>,
) -> zbus::Result<()> {
    match answer {
        Ok(body) => connection.reply(&call.header(), &body).await,
        Err(error) => refuse(connection, call, error).await,
    }
}

async fn refuse(
    connection: &Connection,
    call: &Message,
    (name, text): (&'static str, String),
) -> zbus::Result<()> {
    connection.reply_error(&call.header(), name, &(text,)).await
}

fn object_of(job: u32) -> zbus::Result<ObjectPath<'static>> {
    ObjectPath::try_from(format!("{PATH}/job/{job}"))
}

fn lines(pids: &[u32]) -> String {
    pids.iter().fold(String::new(), |text, pid| text + &pid.to_string() + "\n")
}

fn signal(pids: &[u32], signal: Signal) {
    // 0 would mean ourselves and all beside us.
    for pid in pids.iter().filter_map(|pid| i32::try_from(*pid).ok()).filter(|pid| *pid > 0) {
        // One that ended meanwhile needs none.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

fn failed(error: io::Error) -> zbus::Error {
    zbus::Error::InputOutput(Arc::new(error))
}
