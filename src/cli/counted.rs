//! What `today` and `week` share: what was counted, and which app is of which group.

use std::collections::BTreeMap;

use jiff::Zoned;

use super::{
    CommandError,
    context::Context,
    format::Format,
    render::{
        groups::Held,
        screen_time::{Known, Shown, page, to_json},
    },
    said::Said,
};
use crate::{
    backend::lock::{installed, plain},
    config::{Source, parse_all},
    source::read_configs,
};

/// Asks for what was counted from then on, and renders it.
pub async fn since(
    context: &Context,
    from: &Zoned,
    shown: Shown,
    format: Format,
) -> Result<Said, CommandError> {
    let on = context.page();
    let until = on.now.timestamp();
    let hours = context.control().await?.screen_time(from.timestamp(), until).await?;
    Ok(match format {
        Format::Text => Said::text(page(&on, shown, from, &hours, &known(context))),
        Format::Json => Said::json(&to_json(&on, from, &hours, &known(context))),
    })
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
    Known { names, groups, plain }
}
