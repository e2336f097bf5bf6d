//! A message bus of one's own.

use std::{
    io::{self, BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// A bus that nobody else is on; it ends when dropped.
#[derive(Debug)]
pub struct PrivateBus {
    address: String,
    daemon: Child,
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
    /// Starts one.
    pub fn start() -> io::Result<Self> {
        // Each has its own: another one may be reading its file just now.
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("quietd-bus-{}-{number}.conf", std::process::id());
        let config = std::env::temp_dir().join(name);
        std::fs::write(&config, CONFIG)?;
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(out) = daemon.stdout.take() {
            BufReader::new(out).read_line(&mut address)?;
        }
        std::fs::remove_file(&config)?;
        Ok(Self { address: address.trim().to_owned(), daemon })
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
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}
