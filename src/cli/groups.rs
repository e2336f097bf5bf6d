//! `quietctl groups`: what each group holds here. Works without the daemon.

use super::{
    CommandError,
    context::Context,
    error::Kind,
    format::Format,
    render::groups::{self, Held},
    said::Said,
};
use crate::{
    backend::lock::installed,
    config::{Config, GROUPS, nearest},
    source::read_configs,
};

/// Shows what each group holds here: apps, sites and categories
#[derive(Debug, clap::Args)]
pub struct Groups {
    /// One group, whole
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// As it stands in a config, to paste into your own and edit there
    #[arg(long, requires = "name", conflicts_with = "format")]
    toml: bool,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Groups {
    /// Reads the config and what is installed.
    pub fn run(self, context: &Context) -> Result<Said, CommandError> {
        let file = context.config_for_people();
        let installed = installed(&context.env.data_dirs);
        let whole = read_configs(&context.env.config_file()).parse(&context.env, &installed);
        let parsed = whole.map_err(|wrong| {
            CommandError::new(Kind::No, wrong.summary())
                .hint("To see every mistake: quietctl check")
        })?;
        let held = Held::all(&parsed.config, &parsed.own_groups, &installed);
        let page = context.page();
        let Some(name) = &self.name else {
            return Ok(match self.format {
                Format::Text => Said::text(groups::overview(&page, &held)),
                Format::Json => Said::json(&held.iter().map(groups::json).collect()),
            });
        };
        let name = name.strip_prefix('@').unwrap_or(name);
        let one = held
            .iter()
            .find(|held| held.name == name)
            .ok_or_else(|| unknown(name, &parsed.config))?;
        Ok(if self.toml {
            let built_in = GROUPS.iter().find(|(known, _)| *known == name && !one.own);
            let own = || groups::toml(name, &parsed.config.groups[name]);
            Said::text(built_in.map_or_else(own, |(_, text)| (*text).to_owned()))
        } else {
            match self.format {
                Format::Text => Said::text(groups::whole(&page, one, &file)),
                Format::Json => Said::json(&groups::json(one)),
            }
        })
    }
}

fn unknown(name: &str, config: &Config) -> CommandError {
    let known = || config.groups.keys().map(String::as_str);
    let error = CommandError::usage(format!("There is no group «{name}»."));
    match nearest(name, known()) {
        Some(near) => error.hint(format!("Did you mean «{near}»?")),
        None => error.hint(format!("There are: {}.", known().collect::<Vec<_>>().join(", "))),
    }
}
