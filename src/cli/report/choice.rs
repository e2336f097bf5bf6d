//! What goes into a report: by the arguments, else by what the person says.

use std::collections::BTreeSet;

use super::Known;
use crate::{
    api::NoteEntry,
    cli::{
        CommandError,
        ask::{Answer, ask, ask_mostly_yes, say},
        error::Kind,
        render::{Page, notes, plain, report as preview},
    },
    report::{Choice, Noted, Part},
};

/// Who is asked.
pub trait Person {
    /// Shows them something.
    fn say(&mut self, text: &str);
    /// Asks what is mostly answered with no.
    fn wants(&mut self, question: &str) -> bool;
    /// Asks what is mostly answered with yes.
    fn minds(&mut self, question: &str) -> bool;
}

/// Whoever is at the terminal.
pub struct AtTerminal;

impl Person for AtTerminal {
    fn say(&mut self, text: &str) {
        say(text);
    }

    fn wants(&mut self, question: &str) -> bool {
        ask(question) == Answer::Yes
    }

    fn minds(&mut self, question: &str) -> bool {
        ask_mostly_yes(question) == Answer::No
    }
}

/// Chooses; `typed` is what stands after `--notes`. Nobody is asked where there is nobody.
pub fn choose(
    page: &Page,
    known: &Known,
    typed: Option<&str>,
    mut left_out: BTreeSet<Part>,
    mut person: Option<&mut dyn Person>,
) -> Result<Choice, CommandError> {
    let labels: BTreeSet<String> =
        known.sessions.iter().filter_map(super::session).filter_map(|(_, label)| label).collect();
    if let Some(person) = person.as_deref_mut()
        && !labels.is_empty()
        && !left_out.contains(&Part::Labels)
    {
        let labels: Vec<String> = labels.iter().map(|label| format!("«{label}»")).collect();
        let question = format!("Include what you called your sessions: {}?", labels.join(", "));
        if person.minds(&plain(&question)) {
            left_out.insert(Part::Labels);
        }
    }
    let open = || known.notes.iter().filter(|note| note.sealed != Some(true));
    if let Some(typed) = typed {
        // Who names notes has said whose sleep and mood are meant too.
        let notes = named(typed, &open().map(|note| &*note.id).collect())?;
        return Ok(Choice { left_out, notes, noted: Noted::Ticked });
    }
    let mut notes = BTreeSet::new();
    if let Some(person) = person {
        let sleep = open().any(|note| note.sleep.is_some()).then_some((Part::Sleep, "sleep"));
        let mood = open().any(|note| note.mood.is_some()).then_some((Part::Mood, "mood"));
        let parts: Vec<(Part, &str)> =
            [sleep, mood].into_iter().flatten().filter(|it| !left_out.contains(&it.0)).collect();
        let names: Vec<&str> = parts.iter().map(|(_, name)| *name).collect();
        if !parts.is_empty()
            && person.minds(&format!("Include {}, as you noted them?", names.join(" and ")))
        {
            left_out.extend(parts.iter().map(|(part, _)| *part));
        }
        for note in open() {
            let words = NoteEntry { mood: None, sleep: None, ..note.clone() };
            if words.text.is_none() && words.ask.is_none() {
                continue;
            }
            person.say(&preview::note(page, note, &notes::says(&words)));
            if person.wants("Include it?") {
                notes.insert(note.id.clone());
            }
        }
    }
    Ok(Choice { left_out, notes, noted: Noted::All })
}

/// The notes that were named: all, none, or their ids.
fn named(typed: &str, open: &BTreeSet<&str>) -> Result<BTreeSet<String>, CommandError> {
    let ids: BTreeSet<String> = match typed {
        "none" => return Ok(BTreeSet::new()),
        "all" => open.iter().map(|id| (*id).to_owned()).collect(),
        ids => {
            ids.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect()
        }
    };
    match ids.iter().find(|id| !open.contains(&***id)) {
        None => Ok(ids),
        Some(id) => Err(CommandError::new(
            Kind::No,
            format!("There is no note «{id}» in these days that can be read. Nothing was written."),
        )
        .hint("`quietctl notes` lists them with their ids.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::render::sample;

    /// Says no to whatever has one of these words in it, and keeps what was shown.
    struct Says {
        no_to: &'static [&'static str],
        shown: String,
    }

    impl Says {
        fn yes(&mut self, question: &str) -> bool {
            self.shown.extend([question, "\n"]);
            !self.no_to.iter().any(|word| question.contains(word))
        }
    }

    impl Person for Says {
        fn say(&mut self, text: &str) {
            self.shown.push_str(text);
        }

        fn wants(&mut self, question: &str) -> bool {
            self.yes(question)
        }

        fn minds(&mut self, question: &str) -> bool {
            !self.yes(question)
        }
    }

    fn known() -> Known {
        let note = |id: &str| NoteEntry {
            id: id.into(),
            at: sample::usec("2026-11-24T15:00+01"),
            ..NoteEntry::default()
        };
        let both = NoteEntry {
            text: Some("wintergreen".into()),
            mood: Some(6),
            sleep: Some(27_000_000_000),
            ..note("a")
        };
        let figures = NoteEntry { mood: Some(2), ..note("b") };
        let sealed = NoteEntry { sealed: Some(true), ..note("c") };
        Known { sessions: vec![], notes: vec![both, figures, sealed], counted: Ok(vec![]) }
    }

    fn chosen(
        typed: Option<&str>,
        left_out: &[Part],
        no_to: &'static [&'static str],
    ) -> (Choice, String) {
        let mut person = Says { no_to, shown: String::new() };
        let left_out = left_out.iter().copied().collect();
        let choice = choose(&sample::page(), &known(), typed, left_out, Some(&mut person));
        (choice.unwrap(), person.shown)
    }

    #[test]
    fn sleep_and_mood_are_asked_for_once_and_apart_from_words() {
        let (choice, shown) = chosen(None, &[], &["sleep and mood"]);
        insta::assert_snapshot!(shown, @r"
        Include sleep and mood, as you noted them?
          Tuesday 15:00  wintergreen
        Include it?
        ");
        assert_eq!(choice.left_out, [Part::Mood, Part::Sleep].into());
        assert_eq!(choice.notes, ["a".to_owned()].into());

        let (choice, shown) = chosen(None, &[Part::Sleep], &["Include it?"]);
        assert!(shown.starts_with("Include mood, as you noted them?\n"), "{shown}");
        assert_eq!((choice.notes.len(), choice.noted), (0, Noted::All));
        assert_eq!(choice.left_out, [Part::Sleep].into());
        let (_, shown) = chosen(None, &[Part::Sleep, Part::Mood], &[]);
        assert!(!shown.contains("as you noted"), "{shown}");
    }

    #[test]
    fn who_names_notes_is_not_asked_and_gives_no_others_mood() {
        for (typed, notes) in [("none", &[][..]), ("a", &["a"]), ("all", &["a", "b"])] {
            let (choice, shown) = chosen(Some(typed), &[], &[]);
            assert_eq!((&*shown, choice.noted), ("", Noted::Ticked), "{typed}");
            assert!(choice.notes.iter().eq(notes), "{typed}: {:?}", choice.notes);
        }
        let refused = choose(&sample::page(), &known(), Some("c"), BTreeSet::new(), None);
        assert_eq!(refused.unwrap_err().kind, Kind::No, "it cannot be read");
    }
}
