//! The configuration: from the TOML as written to a model that is valid by construction.
//!
//! Pure: text in, [`Config`] or every mistake out. No files, no environment, no clock. Reading the file and watching it
//! is [`crate::source`]'s.
//!
//! ```text
//! text ─ toml ─▶ spanned document ─ file (types, values) ─▶ the file as written ─ lower ─▶ Config
//!          └ syntax ─┐                 │ value, names, duration      │ locks, never, phases
//!                    └──────────────▶ notes ◀────────────────────────┘ ─▶ diagnostic: drawn with line and caret
//! ```

mod builtin;
mod calendar;
mod cards;
mod diagnostic;
mod duration;
mod file;
mod installed;
mod lock;
mod locks;
mod log;
mod lower;
mod model;
mod names;
pub mod never;
mod notes;
mod people;
mod phases;
mod plans;
mod rest;
mod screen_time;
mod syntax;
mod value;
mod week;

#[cfg(test)]
mod tests;

pub use builtin::{BUILT_IN, GROUPS, SUGGESTIONS};
pub use cards::cards_in;
pub use diagnostic::{Diagnostic, Mistakes, render_warnings};
pub use duration::{parse_duration, write_duration};
pub use installed::{Installed, InstalledApp};
pub use log::Log;
pub use model::*;
pub use names::{app_id, is_within, listed, nearest, shown};
pub use people::{Card, People, checked_later};
pub use plans::{PLANS_AT_MOST, Plan, Source, Whole, parse_all};
pub use screen_time::ScreenTime;

/// The largest file that is read, in bytes.
pub const TEXT_AT_MOST: usize = 1 << 20;

/// A valid configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What it says.
    pub config: Config,
    /// Where it does less than is written, in the order of the file.
    pub warnings: Vec<Diagnostic>,
    /// The groups that stand in the file itself.
    pub own_groups: Vec<String>,
}

/// Reads a configuration; `name` is what people call the file. An empty text is valid: the built-in profiles, no rules.
/// If it is not valid, every mistake is told at once.
pub fn parse(text: &str, name: &str) -> Result<Parsed, Mistakes> {
    parse_here(text, name, &Installed::default())
}

/// The same where it is known what is installed: categories are resolved to the apps that they bring.
pub fn parse_here(text: &str, name: &str, installed: &Installed) -> Result<Parsed, Mistakes> {
    let mut whole =
        parse_all(Source { name, text }, &[], installed).map_err(|mut all| all.remove(0))?;
    let warnings = whole.warnings.pop().map(|file| file.diagnostics).unwrap_or_default();
    Ok(Parsed { config: whole.config, warnings, own_groups: whole.own_groups })
}

fn too_large(size: usize, name: &str) -> Mistakes {
    let diagnostic = Diagnostic {
        line: 1,
        column: 1,
        span: 0..0,
        title: format!("the file is larger than 1 MiB ({size} bytes), so it was not read"),
        label: "too large".to_owned(),
        help: Some("Move long lists out of it, or check that it is the right file.".to_owned()),
    };
    Mistakes { name: name.to_owned(), text: String::new(), diagnostics: vec![diagnostic] }
}
