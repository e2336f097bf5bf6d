//! `quietctl doctor`: what serves each measure here, or what is missing and what to do.

use std::path::PathBuf;

use serde_json::json;

use super::{
    CommandError, check,
    context::Context,
    error::Kind,
    format::Format,
    manager::Manager,
    places,
    render::{
        json,
        lists::{self, Check, Detail},
    },
    said::Said,
};

/// Says for each measure what serves it here, or what is missing
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// Shows every way there is, not only the one that serves
    #[arg(long)]
    all: bool,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Where systemd looks for user units that a package installed.
const UNIT_FOLDERS: [&str; 4] = [
    "/etc/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
    "/usr/share/systemd/user",
];

impl Doctor {
    /// Looks itself first, then asks the daemon.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let mut checks = Vec::new();
        let bus = context.bus().await;
        checks.push(Check {
            about: "session bus",
            fine: bus.is_ok(),
            text: bus.as_ref().map_or_else(|error| error.message.clone(), |_| "here".to_owned()),
        });
        let mut entries = Err(CommandError::not_running());
        if let Ok(bus) = bus {
            let manager = Manager::new(bus);
            checks.push(user_manager(&manager).await);
            checks.push(unit(context, &manager).await);
            let control = context.control().await?;
            let state = control.state().await;
            checks.push(Check {
                about: "daemon",
                fine: state.is_ok(),
                text: match &state {
                    Ok(state) => format!("running, version {}", state.version),
                    Err(error) => {
                        [std::slice::from_ref(&error.message), &*error.hints].concat().join(" ")
                    }
                },
            });
            entries = match state {
                Ok(_) => control.doctor().await,
                Err(error) => Err(error),
            };
        }
        let (fine, text) = check::in_short(context);
        checks.push(Check { about: "config", fine, text });
        checks.push(places::check(context).await);
        let said = match self.format {
            Format::Text => {
                let detail = if self.all { Detail::Every } else { Detail::Served };
                let entries = entries.as_deref().ok();
                Said::text(lists::doctor(&context.page(), entries, &checks, detail))
            }
            Format::Json => Said::json(&json!({
                "measures": entries.as_deref().ok().map(json::doctor),
                "checks": json::checks(&checks),
            })),
        };
        Ok(match entries {
            Ok(_) => said,
            Err(error) if error.kind == Kind::NotRunning => said.but(Kind::NotRunning),
            Err(error) => said.but(error.kind),
        })
    }
}

async fn user_manager(manager: &Manager) -> Check {
    let fine = manager.is_running().await;
    let text = if fine {
        "systemd runs for you and is on the bus"
    } else {
        "There is no systemd user manager on the session bus; apps cannot be locked, and quietd is \
         not started by itself."
    };
    Check { about: "user manager", fine, text: text.to_owned() }
}

async fn unit(context: &Context, manager: &Manager) -> Check {
    let own =
        [&context.env.config_home, &context.env.data_home].map(|home| home.join("systemd/user"));
    let file = own
        .into_iter()
        .chain(UNIT_FOLDERS.map(PathBuf::from))
        .map(|folder| folder.join(super::manager::UNIT))
        .find(|file| file.exists());
    let Some(path) = file else {
        let text = "quietd.service is not installed. To install it: quietctl setup".to_owned();
        return Check { about: "unit", fine: false, text };
    };
    let path = context.env.for_people(&path);
    let (enabled, text) = match manager.unit_file_state().await.as_deref() {
        Some("disabled") => {
            (false, format!("{path}, not enabled. To start it at each login: quietctl setup"))
        }
        Some("masked" | "masked-runtime") => {
            (false, format!("{path}, masked. To allow it: systemctl --user unmask quietd"))
        }
        Some(state) => (true, format!("{path}, {state}")),
        None => (true, path),
    };
    Check { about: "unit", fine: enabled, text }
}
