//! The options of the control bus's methods about notes: read with care, for what is erased is gone.

use std::collections::HashMap;

use zbus::OwnedVariant;

use super::interface::{duration, moment};
use crate::{
    api::Error,
    engine::{Erase, NewNote},
};

type Options = HashMap<String, OwnedVariant>;

/// What `AddNote` was asked. An option of another type than agreed is refused: nothing is to be lost in silence.
pub(super) fn new_note(text: String, options: &Options) -> Result<NewNote, Error> {
    let sleep = number(options, "sleep")?.map(duration).transpose()?;
    Ok(NewNote {
        text,
        mood: number(options, "mood")?,
        sleep,
        ask: words(options, "ask")?,
        session: words(options, "session")?,
        plain: flag(options, "plain")?,
    })
}

/// What `Erase` was asked: exactly one thing.
pub(super) fn erase(what: &Options) -> Result<Erase, Error> {
    let one = |text: &str| Error::InvalidNote(text.to_owned());
    let mut keys = what.keys();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return Err(one(
            "What to erase is one of session, note, before and all. Nothing was erased.",
        ));
    };
    match &**key {
        "session" => words(what, key).map(|id| Erase::Session(id.unwrap_or_default())),
        "note" => words(what, key).map(|id| Erase::Note(id.unwrap_or_default())),
        "before" => Ok(Erase::Before(moment(number(what, key)?.unwrap_or_default())?)),
        "all" if what[key].downcast_ref::<bool>().is_ok_and(|all| all) => Ok(Erase::All),
        _ => Err(one("What to erase was not understood. Nothing was erased.")),
    }
}

fn words(options: &Options, name: &str) -> Result<Option<String>, Error> {
    let read = |value: &OwnedVariant| value.downcast_ref::<String>().map_err(|_| odd(name, "text"));
    options.get(name).map(read).transpose()
}

fn flag(options: &Options, name: &str) -> Result<bool, Error> {
    let read =
        |value: &OwnedVariant| value.downcast_ref::<bool>().map_err(|_| odd(name, "true or false"));
    options.get(name).map_or(Ok(false), read)
}

fn number(options: &Options, name: &str) -> Result<Option<u64>, Error> {
    let read = |value: &OwnedVariant| {
        let small = value.downcast_ref::<u32>().map(u64::from);
        small.or_else(|_| value.downcast_ref::<u64>()).map_err(|_| odd(name, "a number"))
    };
    options.get(name).map(read).transpose()
}

fn odd(name: &str, wanted: &str) -> Error {
    Error::InvalidNote(format!("`{name}` is {wanted}. Nothing was done."))
}
