//! A stand-in for the programs that show notifications on MATE, Cinnamon and Pantheon, and read from dconf whether they
//! hold them.

use std::path::Path;

use async_trait::async_trait;
use zbus::Message;

use super::{
    Dconf, Fault, StandIn,
    notifications::NAME,
    served::{Served, Service, is, reply, unknown},
};
use crate::dbus::dconf::Value;

/// One of them, with what it keeps.
#[derive(Debug)]
pub struct SettingReader {
    /// What it keeps.
    pub dconf: Dconf,
    served: Served<Program>,
}

/// What it calls itself: name, vendor, version, version of the specification.
#[derive(Clone, Copy, Debug)]
pub struct Program(pub [&'static str; 4]);

impl Program {
    /// MATE's.
    pub const MATE: Self = Self(["Notification Daemon", "MATE", "1.26.0", "1.1"]);
    /// GNOME's old one, which has no such setting.
    pub const FLASHBACK: Self = Self(["Notification Daemon", "GNOME", "3.20.0", "1.2"]);
    /// Cinnamon's.
    pub const CINNAMON: Self = Self(["cinnamon", "GNOME", "5.6.8", "1.2"]);
    /// Pantheon's.
    pub const PANTHEON: Self = Self(["io.elementary.notifications", "elementaryOS", "0.1", "1.3"]);
}

impl SettingReader {
    /// Starts it on the bus at an address; see [`Dconf::start`].
    pub async fn start(
        address: &str,
        config_home: &Path,
        program: Program,
        by_the_person: (&str, Value),
    ) -> zbus::Result<Self> {
        let dconf = Dconf::start(address, config_home, by_the_person).await?;
        Ok(Self { dconf, served: Served::start(address, program).await? })
    }

    /// The program leaves; its settings stay, and can be changed.
    pub async fn leaves(&mut self) {
        self.served.leave().await;
    }
}

impl Service for Program {
    fn names(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        if is(call, NAME, "GetServerInformation") {
            let [name, vendor, version, spec] = self.0;
            reply(call, &(name, vendor, version, spec))
        } else {
            unknown(call)
        }
    }
}

#[async_trait]
impl StandIn for SettingReader {
    async fn state(&self) -> String {
        self.dconf.state().await
    }

    async fn person_changes(&self) {
        self.dconf.person_changes().await;
    }

    async fn fault(&self, fault: Fault) {
        self.served.fault(fault);
        self.dconf.fault(fault).await;
    }

    async fn stop(&mut self) {
        self.served.leave().await;
        self.dconf.stop().await;
    }

    async fn start(&mut self) {
        StandIn::start(&mut self.dconf).await;
        if let Err(error) = self.served.comes_back().await {
            tracing::warn!(%error, "a stand-in could not come back");
        }
    }
}
