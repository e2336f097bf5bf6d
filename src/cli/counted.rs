//! What `today`, `week` and `report` share: what was counted, and which app is of which group.

use std::collections::BTreeMap;

use jiff::{Timestamp, Zoned};

use super::{
    CommandError,
    context::Context,
    control::Control,
    error::Kind,
    format::Format,
    render::{
        groups::Held,
        moment,
        screen_time::{Known, Seen, Shown, page, to_json},
    },
    said::Said,
};
use crate::{
    api::ScreenTimeEntry,
    backend::lock::{installed, plain},
    config::{Source, parse_all},
    source::read_configs,
};

/// Asks for what was logged, noted and counted from then on, and renders it.
pub async fn since(
    context: &Context,
    from: &Zoned,
    shown: Shown,
    format: Format,
) -> Result<Said, CommandError> {
    let on = context.page();
    let (begin, until) = (from.timestamp(), on.now.timestamp());
    let control = context.control().await?;
    let counted = hours(&control, begin, until).await?;
    let mut sessions = control.sessions(Some(begin)).await?;
    // One can be logged up to a day before it ends.
    let is_here = |usec: u64| moment(usec).is_some_and(|at| on.here(at).date() <= on.now.date());
    sessions.retain(|session| is_here(session.ended));
    let notes = control.notes(Some(begin)).await?;
    let seen = Seen { counted, sessions, notes };
    Ok(match format {
        Format::Text => Said::text(page(&on, shown, from, &seen, &known(context))),
        Format::Json => Said::json(&to_json(&on, from, &seen, &known(context))),
    })
}

/// The hours between two moments; or why nothing is counted, in a sentence.
pub async fn hours(
    control: &Control,
    from: Timestamp,
    until: Timestamp,
) -> Result<Result<Vec<ScreenTimeEntry>, String>, CommandError> {
    match control.screen_time(from, until).await {
        Err(error) if error.kind == Kind::No => Ok(Err(error.message)),
        hours => hours.map(Ok),
    }
}

/// The names and the groups of apps here, as far as the config can be read.
pub fn known(context: &Context) -> Known {
    let installed = installed(&context.env.data_dirs);
    let nothing = Source { name: "", text: "" };
    let whole = read_configs(&context.env.config_file()).parse(&context.env, &installed);
    let whole = whole.or_else(|_| parse_all(nothing, &[], &installed)).unwrap_or_default();
    let mut held = Held::all(&whole.config, &whole.own_groups, &installed);
    // The person's own groups come first; an app is counted in one.
    held.sort_by_key(|group| !group.own);
    let mut groups = BTreeMap::new();
    for group in held {
        let apps = group.apps.iter().map(|app| &app.id);
        for id in apps.chain(group.kept_out.iter().map(|it| &it.what)) {
            groups.entry(plain(id)).or_insert_with(|| group.name.clone());
        }
    }
    let names = installed.0.into_iter().map(|(id, app)| (plain(&id), app.name)).collect();
    Known { names, groups, plain, keep: whole.config.screen_time.keep }
}
