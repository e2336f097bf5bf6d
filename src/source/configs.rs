//! The person's config and the plans beside it, read together.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{ReadConfig, read_config};
use crate::{
    config::{Installed, Mistakes, PLANS_AT_MOST, Source, Whole, parse_all},
    env::Env,
};

/// The folder of plans that were taken over, beside a config.
pub fn plans_dir(config: &Path) -> PathBuf {
    config.with_file_name("plans")
}

/// The config and the plans, as they are on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadConfigs {
    /// Where the config is.
    pub path: PathBuf,
    /// The config.
    pub own: ReadConfig,
    /// The plans, each with where it is, in the order of their names.
    pub plans: Vec<(PathBuf, ReadConfig)>,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A file cannot be read: why, in a sentence.
    Unread(String),
    /// Files have mistakes.
    Mistakes(Vec<Mistakes>),
}

impl Wrong {
    /// Says it in one line.
    pub fn summary(&self) -> String {
        match self {
            Self::Unread(sentence) => sentence.clone(),
            Self::Mistakes(files) => {
                let said: Vec<String> = files.iter().map(Mistakes::summary).collect();
                said.join(". And ")
            }
        }
    }
}

/// Reads the config and the plans beside it, without a look at what they say. Never waits.
pub fn read_configs(path: &Path) -> ReadConfigs {
    let mut plans: Vec<PathBuf> = fs::read_dir(plans_dir(path))
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    let is_plan = |path: &PathBuf| {
        let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        !hidden && path.extension().is_some_and(|end| end == "toml")
    };
    plans.retain(is_plan);
    // `plan-10` comes after `plan-2`.
    plans.sort_by(|a, b| (a.as_os_str().len(), a).cmp(&(b.as_os_str().len(), b)));
    plans.truncate(PLANS_AT_MOST);
    let read = |path: PathBuf| {
        let says = read_config(&path);
        (path, says)
    };
    ReadConfigs {
        path: path.to_owned(),
        own: read_config(path),
        plans: plans.into_iter().map(read).collect(),
    }
}

impl ReadConfigs {
    /// Makes a configuration of them.
    pub fn parse(&self, env: &Env, installed: &Installed) -> Result<Whole, Wrong> {
        let name = env.for_people(&self.path);
        let own = match &self.own {
            ReadConfig::Text(text) => text,
            ReadConfig::Missing => "",
            ReadConfig::Folder => {
                return Err(Wrong::Unread(format!(
                    "{name} is a folder; quietd reads a file there. `quietctl setup` writes one once it is moved away."
                )));
            }
            ReadConfig::Unreadable(sentence) => return Err(Wrong::Unread(sentence.clone())),
        };
        let mut names = Vec::new();
        for (path, read) in &self.plans {
            match read {
                ReadConfig::Text(text) => names.push((env.for_people(path), text)),
                ReadConfig::Unreadable(sentence) => return Err(Wrong::Unread(sentence.clone())),
                ReadConfig::Missing | ReadConfig::Folder => {}
            }
        }
        let plans: Vec<Source<'_>> =
            names.iter().map(|(name, text)| Source { name, text }).collect();
        parse_all(Source { name: &name, text: own }, &plans, installed).map_err(Wrong::Mistakes)
    }

    /// The config with those of its plans that have no mistake; none where the config itself has some.
    pub fn parse_what_is_sound(&self, env: &Env, installed: &Installed) -> Option<Whole> {
        let mut sound = Self { plans: Vec::new(), ..self.clone() };
        let mut whole = sound.parse(env, installed).ok()?;
        for plan in &self.plans {
            sound.plans.push(plan.clone());
            match sound.parse(env, installed) {
                Ok(more) => whole = more,
                Err(_) => drop(sound.plans.pop()),
            }
        }
        Some(whole)
    }
}
