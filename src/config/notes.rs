//! Where mistakes and warnings are collected while a file is read.

use std::ops::Range;

use super::{Diagnostic, plans::file_of};

/// How many of each are kept; a file with more is not this program's.
pub(super) const KEPT_AT_MOST: usize = 200;

/// How many are looked at before the first of them are kept.
const NOTED_AT_MOST: usize = 5_000;

/// What was noticed in one file.
#[derive(Debug)]
pub(super) struct Notes<'t> {
    text: &'t str,
    /// Where each file begins, the first at 0.
    files: Vec<usize>,
    /// Where each line but the first begins.
    lines: Vec<usize>,
    mistakes: Vec<Note>,
    warnings: Vec<Note>,
}

/// A [`Diagnostic`] whose line and column are not yet counted.
#[derive(Debug)]
struct Note {
    span: Range<usize>,
    title: String,
    label: String,
    help: Option<String>,
    /// Something is not there, which a broken line elsewhere explains as well.
    absence: bool,
}

impl<'t> Notes<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self::of_files(text, vec![0])
    }

    /// Notes on several files that stand one after the other in a text; `files` is where each begins.
    pub(super) fn of_files(text: &'t str, files: Vec<usize>) -> Self {
        let lines = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        Self { text, files, lines, mistakes: Vec::new(), warnings: Vec::new() }
    }

    /// Tells whether a place is in another file than the first.
    pub(super) fn is_in_plan(&self, span: &Range<usize>) -> bool {
        file_of(span.start, &self.files) > 0
    }

    /// What is written there.
    pub(super) fn written(&self, span: &Range<usize>) -> &'t str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// Notes a mistake.
    pub(super) fn mistake(
        &mut self,
        span: &Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.keep(Note::new(span, title.into(), label.into(), help.into()));
    }

    /// Notes that something is not there; left out of the report where the file is broken as TOML.
    pub(super) fn absence(
        &mut self,
        span: &Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let note = Note::new(span, title.into(), label.into(), help.into());
        self.keep(Note { absence: true, ..note });
    }

    fn keep(&mut self, note: Note) {
        if self.mistakes.len() < NOTED_AT_MOST {
            self.mistakes.push(note);
        }
    }

    /// Notes something that is valid but does not do what is written.
    pub(super) fn warning(
        &mut self,
        span: &Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        if self.warnings.len() < NOTED_AT_MOST {
            self.warnings.push(Note::new(span, title.into(), label.into(), help.into()));
        }
    }

    /// The line of a place in its file, from 1.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        let begin = self.files[file_of(span.start, &self.files)];
        self.line_of_all(span.start) - self.line_of_all(begin) + 1
    }

    fn line_of_all(&self, place: usize) -> usize {
        self.lines.partition_point(|begins| *begins <= place)
    }

    /// Leaves out what may only follow from the file being broken at these places, or from `lost_from` on.
    pub(super) fn keep_what_syntax_allows(
        &mut self,
        broken: &[Range<usize>],
        lost_from: Option<usize>,
    ) {
        let lines: std::collections::BTreeSet<usize> =
            broken.iter().map(|span| self.line_of_all(span.start)).collect();
        let mut mistakes = std::mem::take(&mut self.mistakes);
        mistakes.retain(|note| {
            let inside =
                |span: &Range<usize>| note.span.start <= span.start && span.start <= note.span.end;
            !note.absence
                && lost_from.is_none_or(|from| note.span.start < from)
                && !lines.contains(&self.line_of_all(note.span.start))
                && !broken.iter().any(inside)
        });
        self.mistakes = mistakes;
    }

    /// The mistakes and the warnings, each in the order of the file.
    pub(super) fn finish(self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        let Self { text, files, mistakes, warnings, .. } = self;
        (placed(text, &files, mistakes), placed(text, &files, warnings))
    }
}

impl Note {
    fn new(span: &Range<usize>, title: String, label: String, help: String) -> Self {
        let help = (!help.is_empty()).then_some(help);
        Self { span: span.clone(), title, label, help, absence: false }
    }
}

/// Sorts, and counts lines and columns in one walk along the text.
fn placed(text: &str, files: &[usize], mut notes: Vec<Note>) -> Vec<Diagnostic> {
    notes.sort_by_key(|note| (note.span.start, note.span.end));
    notes.dedup_by(|a, b| a.span == b.span && a.title == b.title);
    notes.truncate(KEPT_AT_MOST);
    let mut characters = text.char_indices().peekable();
    let (mut line, mut column) = (1, 1);
    let place = |note: Note| {
        while let Some((at, character)) = characters.next_if(|(at, _)| *at < note.span.start) {
            (line, column) = match character {
                '\n' if files.contains(&(at + 1)) => (1, 1),
                '\n' => (line + 1, 1),
                _ => (line, column + 1),
            };
        }
        let Note { span, title, label, help, .. } = note;
        Diagnostic { line, column, span, title, label, help }
    };
    notes.into_iter().map(place).collect()
}
