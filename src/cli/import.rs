//! `quietctl import`: takes over a plan that somebody else wrote, after it was shown in words and answered with a yes.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{
    CommandError,
    ask::{Answer, ask},
    context::Context,
    error::Kind,
    format::Format,
    output,
    render::import::{self, Effect},
    said::Said,
};
use crate::{
    config::{Mistakes, PLANS_AT_MOST, Plan, Whole},
    source::{ReadConfig, ReadConfigs, Wrong, plans_dir, read_config, read_configs},
    store::{self, remove_file},
};

/// Takes over a plan that somebody wrote for you, after showing what it does
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A plan is a file in the words of the config: [[after]], [[weekly]], [profiles] and [groups], with
[plan] name, from and note on top. Nothing is changed without a yes. Without a file, lists
the plans that were taken over."
)]
pub struct Import {
    /// The plan
    #[arg(value_name = "PLAN", conflicts_with = "remove")]
    file: Option<PathBuf>,
    /// Take it over without asking
    #[arg(long, requires = "file")]
    yes: bool,
    /// Show what it would do, and change nothing
    #[arg(long, requires = "file", conflicts_with = "yes")]
    dry_run: bool,
    /// Take a plan away again, by its file's name or its own: "plan-1"
    #[arg(long, value_name = "NAME")]
    remove: Option<String>,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What becomes of the configuration.
struct Change {
    before: Whole,
    after: Whole,
    configs: ReadConfigs,
}

impl Import {
    /// Shows what it does, asks, and does it.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let configs = read_configs(&context.env.config_file());
        match (&self.file, &self.remove) {
            (Some(file), _) => self.import(context, configs, file).await,
            (None, Some(name)) => self.remove(context, &configs, name).await,
            (None, None) => {
                let before = parsed(context, &configs)?;
                let plans = listed(&configs, &before);
                Ok(match self.format {
                    Format::Text => Said::text(import::list(&context.page(), &plans)),
                    Format::Json => Said::json(&import::list_json(&plans)),
                })
            }
        }
    }

    async fn import(
        &self,
        context: &Context,
        configs: ReadConfigs,
        file: &Path,
    ) -> Result<Said, CommandError> {
        let page = context.page();
        let text = match read_config(file) {
            ReadConfig::Text(text) => text,
            ReadConfig::Missing => {
                let name = context.env.for_people(file);
                return Err(CommandError::usage(format!("There is no file {name}.")));
            }
            ReadConfig::Folder => {
                let name = context.env.for_people(file);
                let message = format!("{name} is a folder; a plan is one file.");
                return Err(CommandError::usage(message));
            }
            ReadConfig::Unreadable(sentence) => return Err(CommandError::usage(sentence)),
        };
        let (change, goes_to) = with_plan(context, configs, file, text)?;
        let Some(at) = change.configs.plans.iter().position(|(path, _)| *path == goes_to) else {
            return Err(CommandError::usage("The plan has no place."));
        };
        let plan = &change.after.plans[at];
        let effect = Effect::of(plan, &change.before, &change.after);
        let shown = context.env.for_people(&goes_to);
        let json = |done: bool| {
            let mut value = import::json(plan, &effect);
            value["file"] = done.then_some(&*shown).into();
            value["imported"] = done.into();
            value
        };
        let mut text = import::page(&page, plan, &effect);
        if self.dry_run {
            text.push_str(&page.advice(0, "Nothing was changed."));
            return Ok(self.say(text, &json(false)));
        }
        if !self.yes {
            if self.format == Format::Json {
                return Err(unanswered());
            }
            output::print(|stdout| std::io::Write::write_all(stdout, text.as_bytes()))?;
            text.clear();
            match ask("Take this plan over?") {
                Answer::Yes => {}
                Answer::No => {
                    return Ok(Said::text("Nothing was changed.\n").but(Kind::No));
                }
                Answer::Nobody => return Err(unanswered()),
            }
        }
        let ReadConfig::Text(plan) = &change.configs.plans[at].1 else { return Err(unanswered()) };
        store::replace_file(&goes_to, plan.as_bytes())
            .map_err(|error| CommandError::new(Kind::Refused, error.to_string()))?;
        let name = goes_to.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let taken = reload(context).await?;
        text.push_str(&import::done(&page, &shown, &name, taken));
        Ok(self.say(text, &json(true)))
    }

    async fn remove(
        &self,
        context: &Context,
        configs: &ReadConfigs,
        name: &str,
    ) -> Result<Said, CommandError> {
        // One that is broken can be taken away too.
        let read = parsed(context, configs).ok();
        let wanted = name.trim().to_lowercase();
        let at = (0..configs.plans.len()).find(|at| {
            let file = stem(&configs.plans[*at].0).to_lowercase();
            let plan = read.as_ref().and_then(|whole| whole.plans.get(*at));
            let own = plan.and_then(|plan| plan.name.as_ref()).map(|name| name.to_lowercase());
            file == wanted || own.as_deref() == Some(&*wanted)
        });
        let Some(at) = at else {
            return Err(CommandError::new(Kind::No, format!("There is no plan «{name}»."))
                .hint("To see which there are: quietctl import"));
        };
        let path = &configs.plans[at].0;
        remove_file(path).map_err(|error| CommandError::new(Kind::Refused, error.to_string()))?;
        let shown = context.env.for_people(path);
        reload(context).await?;
        let after = parsed(context, &read_configs(&context.env.config_file())).ok();
        let changes = match (&read, &after) {
            (Some(before), Some(after)) => import::changes(before, after),
            _ => Vec::new(),
        };
        let text = import::removed(&context.page(), &shown, &changes);
        Ok(self.say(text, &json!({ "removed": shown, "changes": import::changes_json(&changes) })))
    }

    fn say(&self, text: String, json: &serde_json::Value) -> Said {
        match self.format {
            Format::Text => Said::text(text),
            Format::Json => Said::json(json),
        }
    }
}

/// What the configuration becomes with a plan in it; and which file the plan goes to.
fn with_plan(
    context: &Context,
    configs: ReadConfigs,
    file: &Path,
    text: String,
) -> Result<(Change, PathBuf), CommandError> {
    let before = parsed(context, &configs)?;
    let called = file.display().to_string();
    // Alone first: what is wrong with it is told by the name the person knows it by.
    let mut alone = ReadConfigs { plans: Vec::new(), ..configs.clone() };
    alone.plans.push((file.to_owned(), ReadConfig::Text(text.clone())));
    let alone = alone.parse(&context.env, &crate::config::Installed::default());
    let plan = match alone {
        Ok(whole) => refuse_warnings(context, &whole, file)?,
        Err(wrong) => return Err(refused(context, wrong, &called)),
    };
    if plan.is_empty() {
        return Err(CommandError::new(Kind::No, format!("{called} is a plan of nothing."))
            .hint("A plan holds [[after]], [[weekly]], [profiles] or [groups]."));
    }
    let goes_to = place_for(&configs, &before, &plan)?;
    let mut then = configs;
    let says = ReadConfig::Text(text);
    match then.plans.iter_mut().find(|(path, _)| *path == goes_to) {
        Some(there) => there.1 = says,
        None => then.plans.push((goes_to.clone(), says)),
    }
    let installed = crate::config::Installed::default();
    let after =
        then.parse(&context.env, &installed).map_err(|wrong| refused(context, wrong, &called))?;
    refuse_warnings(context, &after, &goes_to)?;
    Ok((Change { before, after, configs: then }, goes_to))
}

/// The configuration as it is; nothing is put on top of a broken one.
fn parsed(context: &Context, configs: &ReadConfigs) -> Result<Whole, CommandError> {
    configs.parse(&context.env, &crate::config::Installed::default()).map_err(|wrong| {
        CommandError::new(Kind::No, wrong.summary()).hint("To see every mistake: quietctl check")
    })
}

/// What a plan asks for and would not get is not taken over in silence: it is refused.
fn refuse_warnings(context: &Context, whole: &Whole, file: &Path) -> Result<Plan, CommandError> {
    let name = context.env.for_people(file);
    if let Some(asks) = whole.warnings.iter().find(|asks| asks.name == name) {
        return Err(refused(
            context,
            Wrong::Mistakes(vec![asks.clone()]),
            &file.display().to_string(),
        ));
    }
    Ok(whole.plans.last().cloned().unwrap_or_default())
}

fn refused(context: &Context, wrong: Wrong, called: &str) -> CommandError {
    let files = match wrong {
        Wrong::Unread(sentence) => return CommandError::new(Kind::No, sentence),
        Wrong::Mistakes(files) => files,
    };
    let drawn: String = files.iter().map(|file| file.render(context.colour())).collect();
    // Drawn on standard error, before the sentence: it is why.
    output::draw(&drawn);
    let first = files.first().and_then(|file: &Mistakes| file.diagnostics.first());
    let why = first.map(|first| format!(": {}", first.title)).unwrap_or_default();
    CommandError::new(Kind::No, format!("{called} is not taken over{why}."))
        .hint("Nothing was changed. Ask whoever wrote it, or take those lines out.")
}

fn unanswered() -> CommandError {
    CommandError::usage("There is nobody here to say yes, so nothing was changed.")
        .hint("To take it over without being asked, add --yes; only to look, add --dry-run.")
}

/// The plan's own file: that of the one it replaces, or a new one. Its name says nothing of what the plan is for.
fn place_for(configs: &ReadConfigs, before: &Whole, plan: &Plan) -> Result<PathBuf, CommandError> {
    let same = before
        .plans
        .iter()
        .position(|it| plan.name.is_some() && (&it.name, &it.from) == (&plan.name, &plan.from));
    if let Some(at) = same {
        return Ok(configs.plans[at].0.clone());
    }
    if configs.plans.len() >= PLANS_AT_MOST {
        let message = format!("There are {PLANS_AT_MOST} plans already; no more are read.");
        return Err(CommandError::new(Kind::No, message)
            .hint("To take one away: quietctl import --remove NAME"));
    }
    let folder = plans_dir(&configs.path);
    let taken: Vec<String> = configs.plans.iter().map(|(path, _)| stem(path)).collect();
    // After every other one, so that it counts for most.
    let numbers = taken.iter().filter_map(|name| name.strip_prefix("plan-")?.parse::<u32>().ok());
    let number = numbers.max().unwrap_or(0).saturating_add(1);
    Ok(folder.join(format!("plan-{number}.toml")))
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn listed<'w>(configs: &ReadConfigs, whole: &'w Whole) -> Vec<(String, &'w Plan)> {
    configs.plans.iter().map(|(path, _)| stem(path)).zip(&whole.plans).collect()
}

/// Has the daemon take it, where one runs. Tells whether it did.
async fn reload(context: &Context) -> Result<bool, CommandError> {
    let Ok(control) = context.control().await else { return Ok(false) };
    match control.reload().await {
        Ok(()) => Ok(true),
        Err(error) if error.kind == Kind::NotRunning => Ok(false),
        Err(error) => Err(error),
    }
}
