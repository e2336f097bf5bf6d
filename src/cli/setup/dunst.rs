//! The rule by which dunst itself shows an incoming call while others wait: a file of its own among dunst's, offered,
//! written and taken away again, and nothing else of dunst's touched.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{super::render::answers::Step, mako::replace, refused, running, take_away};
use crate::{
    backend::notifications::dunst::{
        SERVER,
        rule::{self, is_on, is_paused, reload},
    },
    dbus::Peer,
    env::Env,
};

/// How people call it.
const TITLE: &str = "dunst's rule for calls";

/// What the file says.
fn text() -> String {
    format!(
        "# Written by `quietctl setup`; `quietctl setup --remove` takes this file away.\n\
         # quietd switches this rule on while it holds notifications back and lets calls through.\n{}",
        rule::lines()
    )
}

/// dunst reads it only where its person has a `dunstrc` of their own beside that folder.
fn file(env: &Env) -> PathBuf {
    env.config_home.join("dunst/dunstrc.d/50-quietd.conf")
}

fn is_ours(path: &Path) -> bool {
    fs::read(path).is_ok_and(|there| there == text().as_bytes())
}

/// dunst, if it shows notifications here now.
async fn dunst(bus: &zbus::Connection) -> Option<Peer> {
    running(bus, SERVER).await.map(|server| rule::peer(bus, &server))
}

/// Offers the rule, where a dunst that can tell its rules would read it and has none; without a yes nothing is written.
pub async fn offer(env: &Env, bus: &zbus::Connection, yes: bool) -> Option<Step> {
    let dunst = dunst(bus).await?;
    let (path, has) = (file(env), is_on(&dunst).await.ok()?.is_some());
    let shown = env.for_people(&path);
    if has || path.exists() {
        return Some(Step::of_file("there already", TITLE, &shown));
    }
    if !env.config_home.join("dunst/dunstrc").is_file() {
        return None;
    }
    let question = format!(
        "dunst shows your notifications. With a rule of its own a call that comes while it is quiet can be answered right there.\n\n{}\n\
         Write it to {shown}?",
        rule::lines()
    );
    let what = format!("{TITLE}, {shown}");
    if let Some(step) = refused(&question, yes, &what, "calls show without their buttons") {
        return Some(step);
    }
    if let Err(error) = replace(&path, text().as_bytes()) {
        return Some(Step::new("not written", &format!("{what}: {error}")));
    }
    // Reading its config anew ends a pause, and shows all that waits.
    if is_paused(&dunst).await.unwrap_or(true) {
        let text = format!("{TITLE}: {shown}; dunst has it from its next start on");
        return Some(Step::new("written", &text));
    }
    if reload(&dunst).await.is_ok() && matches!(is_on(&dunst).await, Ok(Some(_))) {
        return Some(Step::of_file("written", TITLE, &shown));
    }
    // It was started with another config; there this would never be read.
    let _ = take_away_with_folder(&path);
    None
}

/// Takes the rule away.
pub async fn remove(env: &Env, bus: Option<&zbus::Connection>) -> Option<Step> {
    let path = file(env);
    let shown = env.for_people(&path);
    if !path.exists() {
        return None;
    }
    if !is_ours(&path) {
        let text = format!("{TITLE}: {shown}; you have changed it, so it is yours");
        return Some(Step::new("kept", &text));
    }
    if let Err(error) = take_away_with_folder(&path) {
        return Some(Step::new("left", &format!("{TITLE}: {shown}: {error}")));
    }
    let dunst = match bus {
        Some(bus) => dunst(bus).await,
        None => None,
    };
    // While it is paused it keeps the rule, switched off, until its next start.
    if let Some(dunst) = dunst
        && !is_paused(&dunst).await.unwrap_or(true)
        && let Err(error) = reload(&dunst).await
    {
        tracing::debug!(%error, "dunst did not read its config anew");
    }
    Some(Step::of_file("removed", TITLE, &shown))
}

/// The folder goes with it, unless there is something else in it.
fn take_away_with_folder(path: &Path) -> io::Result<()> {
    take_away(path)?;
    if let Some(Err(error)) = path.parent().map(fs::remove_dir) {
        tracing::debug!(%error, "the folder of dunst's rules stays");
    }
    Ok(())
}
