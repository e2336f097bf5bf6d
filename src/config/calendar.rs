//! `[calendar]`: where planned sessions come from.

use super::{
    Calendar,
    names::shown,
    notes::Notes,
    value::{At, Key, Value},
};

pub(super) const CALENDAR: Key = Key { name: "calendar", takes: "a table", example: "[calendar]" };
const PATH: Key =
    Key { name: "path", takes: "a file or a folder", example: "path = \"~/Calendars\"" };
const CATEGORY: Key = Key {
    name: "category",
    takes: "a category, or a list of them",
    example: "category = \"Quiet\"",
};
const SESSION: Key = Key {
    name: "session",
    takes: "the kind of session that is logged",
    example: "session = \"appointment\"",
};

/// The kind that is logged where none is said.
const SESSION_DEFAULT: &str = "appointment";

/// The longest category and the longest kind, in characters, and how many categories there may be.
const NAME_AT_MOST: usize = 100;
const CATEGORIES_AT_MOST: usize = 20;

/// Reads it, with the place of the kind that is logged; what is not there was noted.
pub(super) fn read(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<At<Calendar>> {
    let section = value.section("[calendar]", &[&PATH, &CATEGORY, &SESSION], notes)?;
    let path = section.need(&PATH, notes).and_then(|value| value.text(notes));
    let category = section.need(&CATEGORY, notes);
    let session = section.get(&SESSION).map(|value| value.text(notes));
    if let Some(value) = category.as_ref().filter(|value| value.is_empty_list()) {
        value.odd("an empty list", "names no category", notes);
    }
    let categories = category.map(|value| value.texts(notes)).unwrap_or_default();
    let named = categories.iter().chain(session.iter().flatten());
    for name in named {
        if name.value.chars().any(char::is_control) || name.value.chars().count() > NAME_AT_MOST {
            notes.mistake(
                &name.span,
                "a name under [calendar] is too long",
                "not a name",
                "Write a word or two.",
            );
        }
    }
    if let Some(more) = categories.get(CATEGORIES_AT_MOST) {
        let title = format!("there are more than {CATEGORIES_AT_MOST} categories");
        notes.mistake(&more.span, title, "one too many", "Give your appointments a common one.");
    }
    let path = path?;
    if !path.value.starts_with("~/") && !path.value.starts_with('/') {
        notes.mistake(
            &path.span,
            format!("{} does not say where the calendar is", shown(path.value)),
            "begins neither with / nor with ~/",
            format!("Write for example `{}`.", PATH.example),
        );
    }
    let session = session.flatten();
    let span = session.as_ref().map_or(section.span, |kind| kind.span.clone());
    let value = Calendar {
        path: path.value.to_owned(),
        categories: categories.iter().map(|name| name.value.trim().to_owned()).collect(),
        session: session.map_or(SESSION_DEFAULT, |kind| kind.value.trim()).to_owned(),
    };
    Some(At { value, span })
}

#[cfg(test)]
mod tests {
    use crate::config::parse;

    #[test]
    fn a_calendar_that_no_rule_follows_is_told() {
        let calendar = "[calendar]\npath = '~/Calendars'\ncategory = 'Quiet'\n";
        let rule = |kind: &str| {
            format!(
                "[[after]]\nsession = {kind}\nphases = [{{ for = '4h', profile = 'ease' }}]\n{calendar}"
            )
        };
        let warnings = |text: &str| parse(text, "config.toml").unwrap().warnings;
        for kind in ["'any'", "'Appointment'", "['talk', 'appointment']"] {
            assert_eq!(warnings(&rule(kind)), [], "{kind}");
        }
        let told = warnings(&format!("{}session = 'visit'\n", rule("'talk'")));
        assert_eq!((told.len(), told[0].line, told[0].column), (1, 7, 11), "{told:?}");
        assert_eq!(told[0].label, "no rule follows \"visit\"");
        assert!(!told[0].title.contains("visit"), "titles go into the journal");
        assert_eq!(
            told[0].help.as_deref(),
            Some(
                "Write `session = \"talk\"`, which a rule follows, or add a rule [[after]] with `session = \"visit\"`."
            )
        );
        let told = warnings(calendar);
        assert_eq!((told.len(), told[0].line), (1, 1), "{told:?}");
        assert_eq!(
            told[0].help.as_deref(),
            Some("Add a rule [[after]] with `session = \"appointment\"`.")
        );
    }
}
