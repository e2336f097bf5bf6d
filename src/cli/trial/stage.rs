//! Where the trial happens.

use std::{fs, io, path::Path, sync::Arc};

use jiff::SignedDuration;
use zbus::Connection;

use super::super::{CommandError, context::Context, error::Kind};
use crate::{
    api,
    backend::{REGISTRY, Row},
    clock::{Clock as _, SystemClock},
    dbus::Peer,
    engine,
    env::Env,
    standin::{Dunst, DunstVersion, GnomePower, PrivateBus, StandIn as _, Systemd},
};

/// The profiles that follow the first, in order.
pub const PHASES_AFTER_THE_FIRST: &[&str] = &["ease"];

/// Percent darker in the last phase.
pub const LIGHTER: u32 = 10;

/// What serves the stand-in desktop.
const EMBEDDED: [&str; 3] = ["dunst", "gnome-backlight", "systemd-freeze"];

/// A desktop, and a folder of the trial's own.
pub struct Stage {
    /// The trial's folders; its receipts lie where `quietctl restore` finds them.
    pub env: Arc<Env>,
    /// The session bus.
    pub session: Connection,
    /// The system bus, on a real desktop.
    pub system: Option<Connection>,
    /// The backends used.
    pub rows: Vec<&'static Row>,
    standins: Option<StandIns>,
}

struct StandIns {
    dunst: Dunst,
    panel: GnomePower,
    systemd: Systemd,
    _bus: PrivateBus,
}

impl Stage {
    /// This desktop, or where there is none an embedded one.
    pub async fn here_or_embedded(context: &Context) -> Result<Self, CommandError> {
        let Ok(session) = context.bus().await else {
            return Self::embedded(&context.env).await;
        };
        let has = |name: &'static str| async move {
            let bus = session.clone();
            Peer::new(&bus, name, "/", "org.freedesktop.DBus.Peer").is_running().await == Ok(true)
        };
        if has(api::NAME).await {
            return Err(CommandError::new(Kind::No, "quietd is running here already.")
                .hint("To see it work for a minute: quietctl start settle 1m")
                .hint("To end that at once: quietctl off"));
        }
        // A bus without anybody who shows notifications is a server's or a container's.
        if !has("org.freedesktop.Notifications").await {
            return Self::embedded(&context.env).await;
        }
        let real = &context.env;
        engine::restore(Arc::clone(real)).await.map_err(|error| refused(&error))?;
        let env = own_env(real, &real.trial_dir());
        furnish(&env, "40s", "15s", "warmth = 3400\ngreyscale = true\n")
            .map_err(|error| refused(&error))?;
        Ok(Self {
            env: Arc::new(env),
            session: session.clone(),
            system: Connection::system().await.ok(),
            rows: REGISTRY.iter().collect(),
            standins: None,
        })
    }

    /// A bus of its own with stand-ins on it.
    pub async fn embedded(real: &Env) -> Result<Self, CommandError> {
        let bus = PrivateBus::start().map_err(|error| refused(&error))?;
        let folder = std::env::temp_dir().join(format!("quietd-try-{}", std::process::id()));
        let mut env = own_env(real, &folder);
        env.session_bus = Some(bus.address().to_owned());
        env.sysfs = folder.join("sys");
        (env.display, env.wayland_display) = (None, None);
        furnish(&env, "5s", "4s", "").map_err(|error| refused(&error))?;
        let address = bus.address().to_owned();
        let dunst = Dunst::start(&address, DunstVersion::New, 0).await;
        let panel = GnomePower::start(&address, 80).await;
        let systemd = Systemd::start(&address, &env.sysfs).await;
        let session = bus.connect().await;
        Ok(Self {
            env: Arc::new(env),
            session: session.map_err(|error| refused(&error))?,
            system: None,
            rows: REGISTRY.iter().filter(|row| EMBEDDED.contains(&row.id)).collect(),
            standins: Some(StandIns {
                dunst: dunst.map_err(|error| refused(&error))?,
                panel: panel.map_err(|error| refused(&error))?,
                systemd: systemd.map_err(|error| refused(&error))?,
                _bus: bus,
            }),
        })
    }

    /// Where the trial keeps what it needs.
    pub fn folder(&self) -> &Path {
        &self.env.data_home
    }

    /// The stand-in for the user manager, where there is no real one.
    pub fn standin(&self) -> Option<&Systemd> {
        self.standins.as_ref().map(|standins| &standins.systemd)
    }

    /// What there is to compare: of a stand-in desktop its settings, of a real one what is left to give back.
    pub async fn state(&self) -> Vec<(&'static str, String)> {
        if let Some(standins) = &self.standins {
            vec![
                ("notifications", standins.dunst.state().await),
                ("brightness", format!("{} %", standins.panel.percent())),
            ]
        } else {
            let (receipts, _) = crate::store::ReceiptStore::open(&self.env.state_dir()).read();
            vec![("to give back", receipts.len().to_string())]
        }
    }

    /// Takes away what the trial wrote, unless something could not be given back.
    pub async fn clear_up(self) {
        if let Ok(report) = engine::restore(Arc::clone(&self.env)).await
            && report.failed.is_empty()
        {
            let folder = self.env.data_home.parent().map(Path::to_owned);
            if let Some(folder) = folder
                && let Err(error) = fs::remove_dir_all(&folder)
            {
                tracing::debug!(%error, "the trial's folder stays");
            }
        }
    }
}

fn refused(error: &dyn std::fmt::Display) -> CommandError {
    CommandError::new(Kind::Refused, format!("The trial could not begin: {error}."))
}

fn own_env(real: &Env, folder: &Path) -> Env {
    Env {
        config_home: folder.join("config"),
        data_home: folder.join("data"),
        state_home: folder.join("state"),
        ..real.clone()
    }
}

/// Makes the folders, and a config with two short phases; `more` is for the first, where the stage can do it.
fn furnish(env: &Env, first: &str, second: &str, more: &str) -> io::Result<()> {
    // Half a day away: no batch comes in the middle of it.
    let far = SystemClock.now().to_zoned(SystemClock.zone()).time();
    let far = far.wrapping_add(SignedDuration::from_hours(12)).strftime("%H:%M");
    let config = format!(
        r#"batches = ["{far}"]
[[after]]
session = "any"
phases = [{{ for = "{first}", profile = "settle" }}, {{ for = "{second}", profile = "ease" }}]
[profiles.settle]
notifications = "urgent"
dim = 40
{more}lock = ["app:{}"]
[profiles.ease]
notifications = "batched"
dim = {LIGHTER}
"#,
        super::app::ID
    );
    let file = env.config_file();
    for folder in [file.parent().unwrap_or(&env.config_home), &env.data_home] {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, config)
}
