//! A configuration of several files: the person's own, and the plans of others that they took over.
//!
//! A plan is written in the same words and says less: rules, profiles and groups, never what stays open, where a place is
//! or what else is the person's own. It replaces what has the same name, or follows the same kind of session, in what was
//! read before it.

use std::collections::BTreeSet;

use toml::de::DeTable;

use super::{
    Config, Diagnostic, Installed, Mistakes, TEXT_AT_MOST, builtin,
    file::{File, top_keys},
    lower,
    names::{listed, nearest, shown},
    notes::Notes,
    syntax, too_large,
    value::{Key, Section},
};

/// How many plans are read.
pub const PLANS_AT_MOST: usize = 32;

/// One file of a configuration.
#[derive(Clone, Copy, Debug)]
pub struct Source<'t> {
    /// What people call it.
    pub name: &'t str,
    /// What it says.
    pub text: &'t str,
}

/// A valid configuration of one file or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// What they say together.
    pub config: Config,
    /// Where they do less than is written, for each file that does.
    pub warnings: Vec<Mistakes>,
    /// The groups that stand in the files themselves.
    pub own_groups: Vec<String>,
    /// The plans, in their order.
    pub plans: Vec<Plan>,
}

/// What a plan says of itself, and what it brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What it is called.
    pub name: Option<String>,
    /// Who wrote it.
    pub from: Option<String>,
    /// What they have to say.
    pub note: Option<String>,
    /// The kinds of session that each of its rules under `[[after]]` follows, in lower case.
    pub after: Vec<BTreeSet<String>>,
    /// The names of its rules under `[[weekly]]`.
    pub weekly: Vec<String>,
    /// The names of its profiles.
    pub profiles: Vec<String>,
    /// The names of its groups.
    pub groups: Vec<String>,
    /// It says when a break is suggested every day.
    pub breaks: bool,
}

impl Plan {
    /// Tells whether it brings nothing.
    pub fn is_empty(&self) -> bool {
        let listed = [self.weekly.len(), self.profiles.len(), self.groups.len(), self.after.len()];
        listed == [0; 4] && !self.breaks
    }
}

const PLAN: Key = Key { name: "plan", takes: "a table", example: "[plan]" };
const NAME: Key = Key { name: "name", takes: "text", example: "name = \"A quiet week\"" };
const FROM: Key = Key { name: "from", takes: "text", example: "from = \"Dr. Example\"" };
const NOTE: Key =
    Key { name: "note", takes: "text", example: "note = \"Ask me if it is too much.\"" };

/// What may stand in a plan.
const MAY_HOLD: [&str; 6] = ["plan", "after", "weekly", "profiles", "groups", "breaks"];

/// The longest name of a plan or of whom it is from, and the longest note, in characters.
const NAME_AT_MOST: usize = 100;
const NOTE_AT_MOST: usize = 2_000;

/// Reads a person's own config and the plans beside it; each plan counts for more than what is before it. If something is
/// not valid, every mistake is told at once, file by file.
pub fn parse_all(
    own: Source<'_>,
    plans: &[Source<'_>],
    installed: &Installed,
) -> Result<Whole, Vec<Mistakes>> {
    let sources: Vec<Source<'_>> = std::iter::once(own).chain(plans.iter().copied()).collect();
    let mut size = 0;
    for (at, source) in sources.iter().enumerate() {
        size = if at < 2 { source.text.len() } else { size + source.text.len() };
        if size > TEXT_AT_MOST {
            return Err(vec![too_large(source.text.len(), source.name)]);
        }
    }
    let (text, begins) = joined(&sources);
    let padded: Vec<String> =
        sources.iter().zip(&begins).map(|(source, begin)| padded(source.text, *begin)).collect();
    let read: Vec<_> = padded.iter().map(|text| DeTable::parse_recoverable(text)).collect();
    let mut notes = Notes::of_files(&text, begins.clone());
    let mut file = File::default();
    let mut told = Vec::new();
    for (at, (document, _)) in read.iter().enumerate() {
        let document = document.get_ref();
        if at == 0 {
            file = File::read(document, &mut notes);
        } else {
            let (plan, brought) = read_plan(document, begins[at], &mut notes);
            told.push(brought);
            file.take_over(plan);
        }
    }
    let own_groups = file.groups.iter().map(|(name, _)| name.value.to_owned()).collect();
    let config = builtin::with(|built_in| lower::config(&file, built_in, installed, &mut notes));
    for (document, errors) in &read {
        syntax::report(&text, document.get_ref(), errors, &mut notes);
    }
    let (mistakes, warnings) = notes.finish();
    let mistakes = by_file(mistakes, &sources, &begins);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let warnings = by_file(warnings, &sources, &begins);
    Ok(Whole { config, warnings, own_groups, plans: told })
}

/// All texts one after the other, and where each begins.
fn joined(sources: &[Source<'_>]) -> (String, Vec<usize>) {
    let mut text = String::new();
    let mut begins = Vec::new();
    for source in sources {
        if !text.is_empty() {
            text.push('\n');
        }
        begins.push(text.len());
        text.push_str(source.text);
    }
    (text, begins)
}

/// A text behind as much space as stands before it, so that its places are places of all texts together. A mark of the byte
/// order is only one where a text begins.
fn padded(text: &str, begin: usize) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) if begin > 0 => " ".repeat(begin + text.len() - rest.len()) + rest,
        _ => " ".repeat(begin) + text,
    }
}

/// The notes of each file, with their places in it.
fn by_file(all: Vec<Diagnostic>, sources: &[Source<'_>], begins: &[usize]) -> Vec<Mistakes> {
    let mut files: Vec<Mistakes> = Vec::new();
    let mut last = None;
    for mut diagnostic in all {
        let at = file_of(diagnostic.span.start, begins);
        let begin = begins[at];
        diagnostic.span = diagnostic.span.start - begin..diagnostic.span.end.saturating_sub(begin);
        if last != Some(at) {
            last = Some(at);
            let Source { name, text } = sources[at];
            let (name, text) = (name.to_owned(), text.to_owned());
            files.push(Mistakes { name, text, diagnostics: Vec::new() });
        }
        if let Some(file) = files.last_mut() {
            file.diagnostics.push(diagnostic);
        }
    }
    files
}

/// In which file a place is.
pub(super) fn file_of(place: usize, begins: &[usize]) -> usize {
    begins.partition_point(|begin| *begin <= place).saturating_sub(1)
}

/// Reads one plan: what it says of itself, and what it brings.
fn read_plan<'a>(
    document: &'a DeTable<'a>,
    begin: usize,
    notes: &mut Notes<'_>,
) -> (File<'a>, Plan) {
    let may_hold = |name: &str| MAY_HOLD.contains(&name);
    for key in document.keys() {
        let (name, span): (&str, _) = (key.get_ref(), key.span());
        if may_hold(name) {
            continue;
        }
        if !is_key(name) {
            let known = || MAY_HOLD.into_iter().filter(|it| *it == "plan" || is_key(it));
            let help = match nearest(name, known()) {
                Some(near) => format!("Did you mean `{near}`?"),
                None => format!("Take it out; a plan takes {}.", listed(known())),
            };
            let title = format!("unknown key {} in a plan", shown(name));
            notes.mistake(&span, title, "not known here", help);
            continue;
        }
        let help = match name {
            "never" => "Take it out: what always stays open is for the person alone to say.",
            _ => "Take it out: it is the person's own, and stands in their own config.",
        };
        let title = format!("a plan cannot say {}", shown(name));
        notes.mistake(&span, title, "not for a plan to say", help);
    }
    let whole = Section::bare("a plan", document, begin..begin);
    let file = File::read_section(&whole, notes);
    let head = whole.get(&PLAN);
    let head = head.and_then(|value| value.section("[plan]", &[&NAME, &FROM, &NOTE], notes));
    let mut said = |key, at_most| {
        let text = head.as_ref()?.get(key)?.text(notes)?;
        if text.value.chars().count() > at_most {
            notes.mistake(
                &text.span,
                format!("`{}` is longer than {at_most} characters", key.name),
                "too long",
                "Write it shorter.",
            );
        }
        Some(text.value.trim().to_owned())
    };
    let plan = Plan {
        name: said(&NAME, NAME_AT_MOST),
        from: said(&FROM, NAME_AT_MOST),
        note: said(&NOTE, NOTE_AT_MOST),
        after: file.after.iter().map(|rule| kinds(&rule.kinds).collect()).collect(),
        weekly: file.weekly.iter().filter_map(|it| Some(it.name.as_ref()?.value.into())).collect(),
        profiles: file.profiles.iter().map(|(name, _)| name.value.to_owned()).collect(),
        groups: file.groups.iter().map(|(name, _)| name.value.to_owned()).collect(),
        breaks: file.breaks.is_some(),
    };
    (file, plan)
}

fn is_key(name: &str) -> bool {
    top_keys().iter().any(|known| known.name == name)
}

fn kinds<'k>(written: &'k [super::value::At<&str>]) -> impl Iterator<Item = String> + 'k {
    written.iter().map(|kind| kind.value.trim().to_lowercase())
}

impl<'a> File<'a> {
    /// Takes a plan over: it replaces what has the same name or follows the same kind of session.
    fn take_over(&mut self, plan: Self) {
        let followed: BTreeSet<String> =
            plan.after.iter().flat_map(|rule| kinds(&rule.kinds)).collect();
        for rule in &mut self.after {
            rule.kinds.retain(|kind| !followed.contains(&kind.value.trim().to_lowercase()));
        }
        self.after.retain(|rule| !rule.kinds.is_empty());
        self.after.extend(plan.after);
        let names = |rule: &super::file::Weekly<'a>| rule.name.as_ref().map(|name| name.value);
        self.weekly.retain(|own| {
            names(own).is_none_or(|own| !plan.weekly.iter().any(|rule| names(rule) == Some(own)))
        });
        self.weekly.extend(plan.weekly);
        self.profiles.retain(|(own, _)| !plan.profiles.iter().any(|(it, _)| it.value == own.value));
        self.profiles.extend(plan.profiles);
        self.groups.retain(|(own, _)| !plan.groups.iter().any(|(it, _)| it.value == own.value));
        self.groups.extend(plan.groups);
        if plan.breaks.is_some() {
            self.breaks = plan.breaks;
        }
    }
}
