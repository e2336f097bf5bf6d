//! logind's part in the backlight, over a folder that looks like `/sys`.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use nix::unistd::getuid;
use tokio::task::JoinHandle;
use zbus::{Connection, Message, MessageStream, ObjectPath, Variant, connection, message};

use super::{Fault, StandIn};

const NAME: &str = "org.freedesktop.login1";
const OWN_SESSION: &str = "/org/freedesktop/login1/session/auto";
const DISPLAY_SESSION: &str = "/org/freedesktop/login1/session/_31";

/// Stands in for logind, with one backlight.
#[derive(Debug)]
pub struct Logind {
    address: String,
    shared: Arc<Shared>,
    running: Option<(Connection, JoinHandle<()>)>,
}

#[derive(Debug)]
struct Shared {
    sysfs: PathBuf,
    fault: Mutex<Fault>,
    callers: Mutex<Callers>,
    calls: Mutex<Vec<String>>,
}

/// Where the callers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// In a session of their own, or below the user manager of one.
    InASession,
    /// Outside; the person has a session with a display.
    Outside,
    /// Outside, and the person has none.
    WithoutADisplay,
}

/// The one backlight.
pub const PANEL: &str = "intel_backlight";
/// Its largest raw value.
pub const MAX: u32 = 1000;

impl Logind {
    /// Makes the backlight below `sysfs`, and takes logind's name on a bus.
    pub async fn start(address: &str, sysfs: &Path, brightness: u32) -> zbus::Result<Self> {
        let shared = Arc::new(Shared {
            sysfs: sysfs.to_owned(),
            fault: Mutex::default(),
            callers: Mutex::new(Callers::InASession),
            calls: Mutex::default(),
        });
        let folder = sysfs.join("class/backlight").join(PANEL);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("type"), "raw\n")?;
        std::fs::write(folder.join("max_brightness"), format!("{MAX}\n"))?;
        shared.put(brightness)?;
        let mut logind = Self { address: address.to_owned(), shared, running: None };
        logind.join().await?;
        Ok(logind)
    }

    /// Says where the callers are.
    pub fn callers(&self, are: Callers) {
        *lock(&self.shared.callers) = are;
    }

    /// Sets the brightness, as the person's keys do.
    pub fn keys(&self, brightness: u32) -> io::Result<()> {
        self.shared.put(brightness)
    }

    /// Each `SetBrightness` that was carried out so far: the session's path, the device and the value.
    pub fn calls(&self) -> Vec<String> {
        lock(&self.shared.calls).clone()
    }

    async fn join(&mut self) -> zbus::Result<()> {
        let connection = connection::Builder::address(&*self.address).build().await?;
        let stream = MessageStream::from(&connection);
        let task = tokio::spawn(serve(self.shared.clone(), connection.clone(), stream));
        connection.request_name(NAME).await?;
        self.running = Some((connection, task));
        Ok(())
    }
}

#[async_trait]
impl StandIn for Logind {
    async fn state(&self) -> String {
        self.shared.brightness().unwrap_or_default()
    }

    async fn person_changes(&self) {
        let _ = self.shared.put(MAX - 1);
    }

    async fn fault(&self, fault: Fault) {
        *lock(&self.shared.fault) = fault;
    }

    async fn stop(&mut self) {
        if let Some((connection, task)) = self.running.take() {
            task.abort();
            let _ = connection.close().await;
        }
    }

    async fn start(&mut self) {
        if let Err(error) = self.join().await {
            tracing::warn!(%error, "a stand-in could not come back");
        }
    }
}

async fn serve(shared: Arc<Shared>, connection: Connection, mut stream: MessageStream) {
    while let Some(Ok(message)) = stream.next().await {
        if message.message_type() != message::Type::MethodCall {
            continue;
        }
        match shared.answer(&message) {
            Ok(Some(reply)) => {
                // Who asked may be gone.
                let _ = connection.send(&reply).await;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a stand-in could not answer"),
        }
    }
}

impl Shared {
    fn file(&self) -> PathBuf {
        self.sysfs.join("class/backlight").join(PANEL).join("brightness")
    }

    fn put(&self, brightness: u32) -> io::Result<()> {
        std::fs::write(self.file(), format!("{brightness}\n"))
    }

    fn brightness(&self) -> io::Result<String> {
        Ok(std::fs::read_to_string(self.file())?.trim().to_owned())
    }

    fn answer(&self, call: &Message) -> zbus::Result<Option<Message>> {
        let header = call.header();
        let refused =
            |name: &str, text: &str| Message::error(&call.header(), name).build(&text).map(Some);
        let fault = *lock(&self.fault);
        match fault {
            Fault::Hangs => return Ok(None),
            Fault::Refuses => {
                let name = "org.freedesktop.login1.NotYourDevice";
                return refused(name, "Session is not in foreground, refusing.");
            }
            Fault::OddType => return Message::method_return(&header).build(&"odd").map(Some),
            Fault::None => {}
        }
        let path = header.path().map(ObjectPath::as_str).unwrap_or_default();
        let member = header.member().map(zbus::names::MemberName::as_str).unwrap_or_default();
        let callers = *lock(&self.callers);
        let user = format!("/org/freedesktop/login1/user/_{}", getuid());
        match (member, path) {
            ("SetBrightness", OWN_SESSION) if callers == Callers::InASession => {
                self.set_brightness(call, path)
            }
            ("Get", OWN_SESSION) if callers == Callers::InASession => {
                Message::method_return(&header).build(&Variant::from(true)).map(Some)
            }
            ("SetBrightness", DISPLAY_SESSION) => self.set_brightness(call, path),
            ("Get", path) if path == user && callers != Callers::WithoutADisplay => {
                let session = ObjectPath::try_from(DISPLAY_SESSION)?;
                Message::method_return(&header)
                    .build(&Variant::from(("1".to_owned(), session)))
                    .map(Some)
            }
            _ => {
                let text = format!("Unknown object '{path}'.");
                refused("org.freedesktop.DBus.Error.UnknownObject", &text)
            }
        }
    }

    fn set_brightness(&self, call: &Message, session: &str) -> zbus::Result<Option<Message>> {
        let body = call.body();
        let (subsystem, device, value): (&str, &str, u32) = body.deserialize()?;
        let refused =
            |name: &str, text: String| Message::error(&call.header(), name).build(&text).map(Some);
        if subsystem != "backlight" || device != PANEL {
            let text = format!("Failed to open device {subsystem}:{device}: No such device");
            return refused("System.Error.ENODEV", text);
        }
        if value > MAX {
            let text = format!("Failed to write brightness to device: {value}");
            return refused("System.Error.EINVAL", text);
        }
        self.put(value)?;
        lock(&self.calls).push(format!("{session} {device} {value}"));
        Message::method_return(&call.header()).build(&()).map(Some)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
