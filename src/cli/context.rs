//! What every command is given: folders, the time, the page, and the way to the bus.

use std::{
    io::{IsTerminal as _, stdout},
    sync::Arc,
};

use jiff::tz::TimeZone;
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
    dbus::connect_session,
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
    /// Finding it reads the whole folder of zones.
    zone: std::cell::OnceCell<TimeZone>,
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
        Self {
            env: Arc::new(env),
            width,
            colour,
            bus: OnceCell::new(),
            zone: std::cell::OnceCell::new(),
        }
    }

    /// The page to render on, with the time as it is now.
    pub fn page(&self) -> Page {
        self.page_in(self.zone.get_or_init(|| SystemClock.zone()).clone())
    }

    /// The same for a command that goes on: the person may have travelled since it was started.
    pub fn page_anew(&self) -> Page {
        self.page_in(SystemClock.zone())
    }

    fn page_in(&self, zone: TimeZone) -> Page {
        Page { now: SystemClock.now().to_zoned(zone), width: self.width, colour: self.colour }
    }

    /// Whether letters may be coloured.
    pub fn colour(&self) -> bool {
        self.colour == Colour::Allowed
    }

    /// The person's configuration, as they would write its path.
    pub fn config_for_people(&self) -> String {
        self.env.for_people(&self.env.config_file())
    }

    /// The session bus; connected to at the first call.
    pub async fn bus(&self) -> Result<&zbus::Connection, CommandError> {
        let connect = async || {
            connect_session(&self.env).await.map_err(|error| {
                let message = format!("The session bus cannot be reached: {error}.");
                CommandError::new(Kind::NotRunning, message)
                    .hint("Run this inside your desktop session.")
            })
        };
        self.bus.get_or_try_init(connect).await
    }

    /// The daemon's control bus.
    pub async fn control(&self) -> Result<Control, CommandError> {
        Ok(Control::new(self.bus().await?))
    }
}
