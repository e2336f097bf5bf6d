//! `[calendar]`: where planned sessions come from.

use super::{
    Calendar,
    names::shown,
    notes::Notes,
    value::{Key, Value},
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

/// Reads it; what is not there was noted.
pub(super) fn read(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<Calendar> {
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
    Some(Calendar {
        path: path.value.to_owned(),
        categories: categories.iter().map(|name| name.value.trim().to_owned()).collect(),
        session: session.flatten().map_or(SESSION_DEFAULT, |kind| kind.value.trim()).to_owned(),
    })
}
