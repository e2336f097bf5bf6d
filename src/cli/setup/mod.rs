//! `quietctl setup`: installs quietd for this person, or removes it.
//!
//! Here: the steps and what is said of each. Which files there are and what they say is in [`files`];
//! the lines that mako needs in its own config are in [`mako`], the rule for dunst is in [`dunst`].

mod dunst;
mod files;
mod mako;

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use self::files::{File, STARTER, files};
use super::{
    CommandError,
    ask::{Answer, ask},
    context::Context,
    error::Kind,
    manager::{Job, Manager, UNIT},
    render::answers::{self, Step},
    restore,
    said::Said,
};
use crate::{
    backend::notifications::{Server, server},
    dbus::Peer,
    env::Env,
};

/// Installs quietd for you, or removes it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It writes only below your home folder, and never over your config. Of what is yours it \
                        changes mako's config and adds a file to dunst's, and that only after a yes."
)]
pub struct Setup {
    /// Gives everything back, then removes what setup installed; config and log stay
    #[arg(long)]
    remove: bool,
    /// Answers every question with yes
    #[arg(long)]
    yes: bool,
}

impl Setup {
    /// Installs or removes, saying each thing that is done.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let folder = programs()?;
        if self.remove {
            return remove(context, &folder).await;
        }
        if folder.join("quietd").is_file() {
            return install(context, &folder, self.yes).await;
        }
        Err(CommandError::new(
            Kind::Refused,
            format!("There is no quietd in {}, where quietctl is.", folder.display()),
        )
        .hint("Put both programs into one folder, then: quietctl setup"))
    }
}

/// The folder this program is in; the daemon is beside it.
fn programs() -> Result<PathBuf, CommandError> {
    let here = std::env::current_exe().map_err(|error| {
        CommandError::new(Kind::Refused, format!("Where quietctl is cannot be told: {error}."))
    })?;
    Ok(here.parent().unwrap_or(Path::new("/")).to_owned())
}

/// Whether a package installed the unit already, together with these programs.
fn by_package(folder: &Path) -> bool {
    folder == Path::new("/usr/bin") && Path::new("/usr/lib/systemd/user").join(UNIT).is_file()
}

async fn install(context: &Context, folder: &Path, yes: bool) -> Result<Said, CommandError> {
    let env = &context.env;
    let mut steps = Vec::new();
    let mut changed = false;
    if by_package(folder) {
        steps.push(Step::new("installed already", "the unit and the rest, by a package"));
    } else {
        for file in files(env, folder) {
            let written = write(&file).map_err(|error| not_written(env, &file.path, &error))?;
            changed |= written;
            let did = if written { "written" } else { "there already" };
            steps.push(Step::of_file(did, file.title, &env.for_people(&file.path)));
        }
    }
    let config = env.config_file();
    let written = write_starter(&config).map_err(|error| not_written(env, &config, &error))?;
    let did = if written { "written" } else { "kept as it is" };
    steps.push(Step::of_file(did, "your config", &env.for_people(&config)));
    let started = match context.bus().await {
        Ok(bus) => {
            steps.extend(mako::offer(env, bus, yes).await);
            steps.extend(dunst::offer(env, bus, yes).await);
            start(bus, changed, &mut steps).await
        }
        Err(error) => Err(error),
    };
    let page = context.page();
    match started {
        Ok(()) => Ok(Said::text(answers::installed(&page, &steps, &context.config_for_people()))),
        Err(error) => {
            let hints = error.hints.into_iter();
            let sentences: Vec<String> = std::iter::once(error.message).chain(hints).collect();
            Ok(Said::text(answers::steps(&page, &steps, &sentences)).but(Kind::Refused))
        }
    }
}

/// Asks before something of the person's own is changed; without a yes, what is said of it. `without` is how it is then.
fn refused(question: &str, yes: bool, what: &str, without: &str) -> Option<Step> {
    let how = match if yes { Answer::Yes } else { ask(question) } {
        Answer::Yes => return None,
        Answer::Nobody => "to add it: quietctl setup --yes".to_owned(),
        Answer::No => format!("as you said; {without}"),
    };
    Some(Step::new("not written", &format!("{what}: {how}")))
}

/// The service of a name, if it shows notifications here now.
async fn running(bus: &zbus::Connection, name: &str) -> Option<Server> {
    server(bus).await.ok().filter(|server| server.name == name)
}

/// Has the user manager read the files, start quietd at each login, and start it now.
async fn start(
    bus: &zbus::Connection,
    changed: bool,
    steps: &mut Vec<Step>,
) -> Result<(), CommandError> {
    read_activation_files(bus).await;
    let manager = Manager::new(bus);
    let new = manager.enable().await?;
    // After both, so that the manager knows the link as well as the file.
    manager.reload().await?;
    let did = if new { "enabled" } else { "enabled already" };
    steps.push(Step::new(did, "quietd starts at each login"));
    // What was changed on disk takes effect now; what was not is left running.
    manager.run(if changed { Job::Restart } else { Job::Start }).await?;
    steps.push(Step::new("running", UNIT));
    Ok(())
}

/// A bus that has watched no such folder at its start does not see the file by itself.
async fn read_activation_files(bus: &zbus::Connection) {
    let name = "org.freedesktop.DBus";
    let bus = Peer::new(bus, name, "/org/freedesktop/DBus", name);
    if let Err(error) = bus.call::<_, ()>("ReloadConfig", &()).await {
        tracing::debug!(%error, "the bus did not read its files anew");
    }
}

async fn remove(context: &Context, folder: &Path) -> Result<Said, CommandError> {
    let env = &context.env;
    let mut steps = Vec::new();
    let mut sentences = Vec::new();
    // Everything is given back before anything that could do it is taken away.
    let mut manager = context.bus().await.ok().map(Manager::new);
    if let Some(there) = &manager
        && !there.is_running().await
    {
        manager = None;
    }
    let mut left = None;
    let restored = restore::Restore {}.run(context).await?;
    if let Some(manager) = &manager {
        manager.disable().await?;
        manager.run(Job::Stop).await?;
        steps.push(Step::new("ended", "quietd, and it starts at no login"));
    }
    if restored.but.is_some() {
        left = restored.but;
        sentences.extend(restored.text.lines().map(str::to_owned));
    } else {
        steps.insert(0, Step::new("given back", "everything is as you had it"));
    }
    steps.extend(mako::remove(env, context.bus().await.ok()).await);
    steps.extend(dunst::remove(env, context.bus().await.ok()).await);
    if by_package(folder) {
        steps.push(Step::new("left", "what a package installed; the package removes it"));
    } else {
        for file in files(env, folder) {
            let removed =
                take_away(&file.path).map_err(|error| not_written(env, &file.path, &error))?;
            let did = if removed { "removed" } else { "not there" };
            steps.push(Step::of_file(did, file.title, &env.for_people(&file.path)));
        }
    }
    if let Some(manager) = manager {
        manager.reload().await?;
    }
    for (what, path) in [("your config", env.config_file()), ("your session log", env.log_dir())] {
        if path.exists() {
            steps.push(Step::of_file("kept", what, &env.for_people(&path)));
        }
    }
    let said = Said::text(answers::steps(&context.page(), &steps, &sentences));
    Ok(Said { but: left, ..said })
}

/// Writes a file of ours, whole or not at all; tells whether it was another one.
fn write(file: &File) -> io::Result<bool> {
    if fs::read(&file.path).is_ok_and(|there| there == file.text.as_bytes()) {
        return Ok(false);
    }
    let folder = file.path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder)?;
    let mut beside = file.path.clone().into_os_string();
    beside.push(".new");
    fs::write(&beside, &file.text)?;
    fs::rename(&beside, &file.path)?;
    Ok(true)
}

/// Writes the config to begin with, if there is none; tells whether it did.
fn write_starter(path: &Path) -> io::Result<bool> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => file.write_all(STARTER.as_bytes()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes a file; tells whether it was there.
fn take_away(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn not_written(env: &Env, path: &Path, error: &io::Error) -> CommandError {
    let path = env.for_people(path);
    CommandError::new(Kind::Refused, format!("{path} cannot be changed: {error}."))
        .hint("When that is mended, run the same command again; it goes on from here.")
}
