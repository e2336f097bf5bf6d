//! A message bus of one's own.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

/// A bus that nobody else is on; it ends when dropped.
#[derive(Debug)]
pub struct PrivateBus {
    address: String,
    server: Server,
}

/// Who carries the messages.
#[derive(Debug)]
enum Server {
    /// `dbus-daemon`, as on most desktops.
    Daemon(Child),
    /// busd on a thread of this process, where there is no `dbus-daemon`.
    Embedded { stop: Option<oneshot::Sender<()>>, thread: Option<JoinHandle<()>> },
}

/// No folders with services in it: nothing is started by a call.
const CONFIG: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>"#;

impl PrivateBus {
    /// Starts one: `dbus-daemon`, or busd where that is not installed.
    pub fn start() -> io::Result<Self> {
        match Self::daemon() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::embedded(),
            started => started,
        }
    }

    /// Starts busd in this process, on a thread of its own. A call to a name that nobody has gets no answer from it, not
    /// even an error.
    pub fn embedded() -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = thread::Builder::new().name("private-bus".to_owned()).spawn(move || {
            zruntime::block_on(async move {
                let mut bus = match busd::bus::Bus::for_address(Some("unix:tmpdir=/tmp")).await {
                    Ok(bus) => {
                        let _ = tell.send(Ok(bus.address().to_string()));
                        bus
                    }
                    Err(error) => {
                        let _ = tell.send(Err(io::Error::other(format!("{error:#}"))));
                        return;
                    }
                };
                tokio::select! {
                    _ = stopped => {}
                    ended = bus.run() => {
                        if let Err(error) = ended {
                            tracing::error!(%error, "the private bus ended");
                        }
                    }
                }
                let _ = bus.cleanup().await;
            });
        })?;
        let address = told.recv().map_err(io::Error::other)??;
        Ok(Self { address, server: Server::Embedded { stop: Some(stop), thread: Some(thread) } })
    }

    fn daemon() -> io::Result<Self> {
        let config = Config::write()?;
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.0.display()))
            .args(["--nofork", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut address = String::new();
        if let Some(out) = daemon.stdout.take() {
            BufReader::new(out).read_line(&mut address)?;
        }
        let bus = Self { address: address.trim().to_owned(), server: Server::Daemon(daemon) };
        if bus.address.is_empty() {
            return Err(io::Error::other("dbus-daemon ended before it said its address"));
        }
        Ok(bus)
    }

    /// The address, as in `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Connects to it.
    pub async fn connect(&self) -> zbus::Result<zbus::Connection> {
        zbus::connection::Builder::address(self.address.as_str()).build().await
    }
}

impl Drop for PrivateBus {
    fn drop(&mut self) {
        match &mut self.server {
            Server::Daemon(daemon) => {
                let _ = daemon.kill();
                let _ = daemon.wait();
            }
            Server::Embedded { stop, thread } => {
                if let Some(stop) = stop.take() {
                    let _ = stop.send(());
                }
                if let Some(thread) = thread.take() {
                    let _ = thread.join();
                }
            }
        }
        // A bus that is killed leaves its socket behind.
        if let Some(socket) = socket(&self.address) {
            let _ = std::fs::remove_file(socket);
        }
    }
}

/// The path in `unix:path=/tmp/dbus-x,guid=…`.
fn socket(address: &str) -> Option<&Path> {
    let parts = address.strip_prefix("unix:")?.split(',');
    parts.filter_map(|part| part.strip_prefix("path=")).map(Path::new).next()
}

/// The configuration's file; nobody needs it once the address is said.
struct Config(PathBuf);

impl Config {
    fn write() -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("quietd-bus-{}-{nth}.conf", std::process::id());
        let config = Self(std::env::temp_dir().join(name));
        // A file of that name is from a process that had this one's number: it goes, and nothing is written through it.
        let _ = std::fs::remove_file(&config.0);
        std::fs::File::create_new(&config.0)?.write_all(CONFIG.as_bytes())?;
        Ok(config)
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use zbus::{MatchRule, MessageStream};

    use super::{PrivateBus, socket};
    use crate::dbus::{CallError, Peer};

    /// What the stand-ins need of a bus: names, calls, a caller that goes, a signal.
    async fn carries(bus: PrivateBus) {
        let (one, two) = (bus.connect().await.unwrap(), bus.connect().await.unwrap());
        let rule = MatchRule::builder()
            .interface("org.freedesktop.DBus")
            .member("NameOwnerChanged")
            .arg(0, "org.quietd.Test")
            .build()
            .unwrap();
        let mut owners = MessageStream::for_match_rule(rule, &two, None).await.unwrap();
        let peer = Peer::new(&two, "org.quietd.Test", "/", "org.freedesktop.DBus.Peer");
        assert_eq!(peer.is_running().await, Ok(false));
        one.request_name("org.quietd.Test").await.unwrap();
        owners.next().await.unwrap().unwrap();
        assert_eq!(peer.is_running().await, Ok(true));
        one.close().await.unwrap();
        owners.next().await.unwrap().unwrap();
        assert_eq!(peer.is_running().await, Ok(false));

        let path = socket(bus.address()).unwrap().to_owned();
        assert!(path.exists());
        drop(bus);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn dbus_daemon_carries() {
        let (first, second) = (PrivateBus::start().unwrap(), PrivateBus::start().unwrap());
        assert_ne!(first.address(), second.address());
        let nobody = Peer::new(&first.connect().await.unwrap(), "org.quietd.Test", "/", "a.b");
        let absent = CallError::Absent("org.quietd.Test".to_owned());
        assert_eq!(nobody.call::<_, ()>("C", &()).await, Err(absent));
        carries(first).await;
        carries(second).await;
    }

    #[tokio::test]
    async fn busd_carries() {
        let (first, second) = (PrivateBus::embedded().unwrap(), PrivateBus::embedded().unwrap());
        assert_ne!(first.address(), second.address());
        carries(first).await;
        carries(second).await;
    }
}
