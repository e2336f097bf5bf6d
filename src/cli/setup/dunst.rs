//! The rule by which dunst itself shows an incoming call while others wait: a file of its own among dunst's, offered,
//! written and taken away again, and nothing else of dunst's touched.

use std::{fs, io, os::unix::fs::symlink, path::PathBuf};

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

/// What the file says; `linked` is whether a link was made with it.
fn text(linked: bool) -> String {
    let link = if linked {
        "# dunst reads it only beside a dunstrc of your own; that one is a link to dunst's, made and taken away with this file.\n"
    } else {
        ""
    };
    format!(
        "# Written by `quietctl setup`; `quietctl setup --remove` takes this file away.\n{link}\
         # quietd switches this rule on while it holds notifications back and lets calls through.\n{}",
        rule::lines()
    )
}

fn file(env: &Env) -> PathBuf {
    env.config_home.join("dunst/dunstrc.d/50-quietd.conf")
}

/// The person's own config. Only where there is one dunst reads what is in the folder beside it.
fn own(env: &Env) -> PathBuf {
    env.config_home.join("dunst/dunstrc")
}

/// The config that dunst reads where its person has none.
fn shared(env: &Env) -> Option<PathBuf> {
    let mut all = env.config_dirs.iter().map(|folder| folder.join("dunst/dunstrc"));
    all.find(|path| path.is_file())
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
    let link = if own(env).symlink_metadata().is_ok() { None } else { Some(shared(env)?) };
    let linked = link.as_ref().map_or_else(String::new, |to| {
        let (own, to) = (env.for_people(&own(env)), env.for_people(to));
        format!(" and make {own} a link to {to}, so that dunst reads it")
    });
    let question = format!(
        "dunst shows your notifications. With a rule of its own a call that comes while it is quiet can be answered right there.\n\n{}\n\
         Write it to {shown}{linked}?",
        rule::lines()
    );
    let what = format!("{TITLE}, {shown}");
    if let Some(step) = refused(&question, yes, &what, "calls show without their buttons") {
        return Some(step);
    }
    let write = replace(&path, text(link.is_some()).as_bytes());
    if let Err(error) = write.and_then(|()| link.map_or(Ok(()), |to| symlink(to, own(env)))) {
        let _ = undo(env);
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
    let _ = undo(env);
    None
}

/// Takes the rule away.
pub async fn remove(env: &Env, bus: Option<&zbus::Connection>) -> Option<Step> {
    let path = file(env);
    let shown = env.for_people(&path);
    if !path.exists() {
        return None;
    }
    match undo(env) {
        Ok(true) => {}
        Ok(false) => {
            let text = format!("{TITLE}: {shown}; you have changed it, so it is yours");
            return Some(Step::new("kept", &text));
        }
        Err(error) => return Some(Step::new("left", &format!("{TITLE}: {shown}: {error}"))),
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

/// Takes away what was written, and the folders that are empty then; tells whether it was as it was written.
fn undo(env: &Env) -> io::Result<bool> {
    let (path, own) = (file(env), own(env));
    let there = fs::read(&path)?;
    let Some(linked) = [true, false].into_iter().find(|linked| there == text(*linked).as_bytes())
    else {
        return Ok(false);
    };
    // A link that leads elsewhere by now, or is none any more, is its person's.
    if linked && fs::read_link(&own).ok().is_some_and(|to| Some(to) == shared(env)) {
        take_away(&own)?;
    }
    take_away(&path)?;
    for folder in path.ancestors().skip(1).take(2) {
        if let Err(error) = fs::remove_dir(folder) {
            tracing::debug!(%error, "a folder of dunst's stays");
            break;
        }
    }
    Ok(true)
}
