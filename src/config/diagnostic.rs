//! A mistake or a warning with its place, and how people read it.
//!
//! Titles go into the journal and onto the bus (through [`Mistakes::summary`]), so they never hold a session's kind;
//! the rendering with source lines is for the person's own terminal.

use std::{borrow::Cow, fmt::Write as _, ops::Range};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

/// How many are drawn with their lines; of the rest only the number is told.
const DRAWN_AT_MOST: usize = 40;

/// A longer line is not drawn.
const LINE_AT_MOST: usize = 2000;

/// How wide a drawing gets, in columns.
const WIDTH: usize = 110;

/// One mistake or one warning, with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The bytes of the file it is about.
    pub span: Range<usize>,
    /// What is wrong, with the value.
    pub title: String,
    /// A few words for beside the caret.
    pub label: String,
    /// What to write instead: full sentences.
    pub help: Option<String>,
}

/// Every mistake in one file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.summary())]
pub struct Mistakes {
    /// What the file is called, for people.
    pub name: String,
    /// What it says; empty where it was refused for its size.
    pub text: String,
    /// In the order of the file; not empty.
    pub diagnostics: Vec<Diagnostic>,
}

impl Mistakes {
    /// Draws every mistake with its line, a caret under the value and what to write instead; the last line counts them.
    pub fn render(&self, colour: bool) -> String {
        let mut drawn = draw(Severity::Mistake, &self.name, &self.text, &self.diagnostics, colour);
        let _ = writeln!(drawn, "{} in {}.", self.counted(), self.name);
        drawn
    }

    /// Says in one line how many mistakes there are, in which file, and the first with its line.
    pub fn summary(&self) -> String {
        let first = self.diagnostics.first();
        let (line, title) = first.map_or((1, ""), |first| (first.line, first.title.as_str()));
        if self.diagnostics.len() == 1 {
            return format!("1 mistake in {}, line {line}: {title}", self.name);
        }
        format!("{} in {}; the first, in line {line}: {title}", self.counted(), self.name)
    }

    fn counted(&self) -> String {
        counted(self.diagnostics.len(), "mistake")
    }
}

/// Draws warnings as [`Mistakes::render`] draws mistakes; empty if there are none.
pub fn render_warnings(name: &str, text: &str, warnings: &[Diagnostic], colour: bool) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let mut drawn = draw(Severity::Warning, name, text, warnings, colour);
    let _ = writeln!(drawn, "{} in {name}.", counted(warnings.len(), "warning"));
    drawn
}

#[derive(Clone, Copy)]
enum Severity {
    Mistake,
    Warning,
}

impl Severity {
    fn level(self) -> Level<'static> {
        match self {
            Self::Mistake => Level::ERROR,
            Self::Warning => Level::WARNING,
        }
    }
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number if number >= super::notes::KEPT_AT_MOST => format!("{number} {what}s or more"),
        number => format!("{number} {what}s"),
    }
}

fn draw(severity: Severity, name: &str, text: &str, all: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
    let mut drawn = String::new();
    for diagnostic in all.iter().take(DRAWN_AT_MOST) {
        drawn.push_str(&draw_one(&renderer, severity, name, text, diagnostic));
        drawn.push_str("\n\n");
    }
    if all.len() > DRAWN_AT_MOST {
        let _ = writeln!(drawn, "… and {} more.\n", all.len() - DRAWN_AT_MOST);
    }
    drawn
}

fn draw_one(
    renderer: &Renderer,
    severity: Severity,
    name: &str,
    text: &str,
    diagnostic: &Diagnostic,
) -> String {
    let title = severity.level().primary_title(diagnostic.title.as_str());
    let help = diagnostic.help.as_deref().map(|help| Level::HELP.message(Cow::Borrowed(help)));
    let Some((line, caret)) = line_and_caret(text, &diagnostic.span) else {
        let place =
            format!("{name}:{}:{}: {}", diagnostic.line, diagnostic.column, diagnostic.label);
        let group = title.element(Level::NOTE.message(place));
        return renderer.render(&[match help {
            Some(help) => group.element(help),
            None => group,
        }]);
    };
    let snippet = Snippet::source(line)
        .line_start(diagnostic.line)
        .path(name)
        .annotation(AnnotationKind::Primary.span(caret).label(diagnostic.label.as_str()));
    let group = title.element(snippet);
    renderer.render(&[match help {
        Some(help) => group.element(help),
        None => group,
    }])
}

/// The first line the span touches, and the part of the span that is in it, as bytes of that line.
fn line_and_caret<'t>(text: &'t str, span: &Range<usize>) -> Option<(&'t str, Range<usize>)> {
    if text.is_empty() {
        return None;
    }
    let before = text.get(..span.start)?;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(start..)?.split('\n').next()?;
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.len() > LINE_AT_MOST {
        return None;
    }
    let from = (span.start - start).min(line.len());
    let until = (span.end.max(span.start) - start).clamp(from, line.len());
    line.get(from..until)?;
    Some((line, from..until))
}
