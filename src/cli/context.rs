//! What every command is given: folders, the time, the page, and the way to the bus.

use std::{
    io::{IsTerminal as _, stdout},
    sync::Arc,
};

use terminal_size::{Width, terminal_size_of};
use tokio::sync::OnceCell;

use super::{
    CommandError,
    control::Control,
    error::Kind,
    render::{Colour, Page},
};
use crate::{
    clock::{Clock as _, SystemClock},
    env::Env,
};

/// What every command is given.
#[derive(Debug)]
pub struct Context {
    /// Folders and variables.
    pub env: Arc<Env>,
    width: usize,
    colour: Colour,
    bus: OnceCell<zbus::Connection>,
}

impl Context {
    /// Looks at the process's environment and at its standard output.
    pub fn new() -> Self {
        let env = Env::from_process();
        let terminal = stdout().is_terminal();
        let width = terminal_size_of(stdout())
            .filter(|_| terminal)
            .map_or(Page::WIDEST, |(Width(columns), _)| usize::from(columns).min(Page::WIDEST));
        let colour = if terminal && env.colour { Colour::Allowed } else { Colour::Plain };
        Self { env: Arc::new(env), width, colour, bus: OnceCell::new() }
    }

    /// The page to render on, with the time as it is now.
    pub fn page(&self) -> Page {
        let clock = SystemClock;
        Page { now: clock.now().to_zoned(clock.zone()), width: self.width, colour: self.colour }
    }

    /// The person's configuration, as they would write its path.
    pub fn config_for_people(&self) -> String {
        self.env.for_people(&self.env.config_file())
    }

    /// The session bus; connected to at the first call.
    pub async fn bus(&self) -> Result<&zbus::Connection, CommandError> {
        let at_runtime_dir =
            || Some(format!("unix:path={}/bus", self.env.runtime_dir.as_ref()?.display()));
        let address = self.env.session_bus.clone().or_else(at_runtime_dir).ok_or_else(|| {
            CommandError::new(
                Kind::NotRunning,
                "There is no session bus: DBUS_SESSION_BUS_ADDRESS and XDG_RUNTIME_DIR are not set.",
            )
            .hint("Run this inside your desktop session.")
        })?;
        self.bus
            .get_or_try_init(|| async {
                zbus::connection::Builder::address(&*address).build().await.map_err(|error| {
                    CommandError::new(
                        Kind::NotRunning,
                        format!("The session bus at {address} cannot be reached: {error}."),
                    )
                    .hint("Run this inside your desktop session.")
                })
            })
            .await
    }

    /// The daemon's control bus.
    pub async fn control(&self) -> Result<Control, CommandError> {
        Ok(Control::new(self.bus().await?))
    }
}
