//! Measures in words: short for a timeline, longer for what is in force.

use super::{
    Page, page,
    time::{counted, duration, lasting},
};
use crate::{
    api::{MeasuresEntry, PeriodEntry},
    plan::Measure,
};

/// Each measure that is there in a few words: "40 % darker".
pub fn short(measures: &MeasuresEntry) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(which) = &measures.notifications {
        said.push(match &**which {
            "urgent" => "only urgent notifications".to_owned(),
            _ => format!("notifications in batches{}", times(measures.batches.as_deref())),
        });
    }
    said.extend(measures.dim.map(|percent| format!("{percent}% darker")));
    said.extend(measures.warmth.map(|kelvin| format!("warm ({kelvin} K)")));
    if measures.greyscale == Some(true) {
        said.push("grey".to_owned());
    }
    let count = |names: &Option<Vec<String>>| names.as_ref().map_or(0, |names| names.len() as u64);
    match (count(&measures.apps), count(&measures.sites)) {
        (0, 0) => {}
        (apps, 0) => said.push(format!("{} locked", counted(apps, "app"))),
        (0, sites) => said.push(format!("{} locked", counted(sites, "site"))),
        (apps, sites) => {
            said.push(format!("{} and {} locked", counted(apps, "app"), counted(sites, "site")));
        }
    }
    said.extend(measures.breaks.map(|every| format!("a break every {}", lasting(duration(every)))));
    said
}

/// When batches come, where that is short: " (09:00, 13:00, 18:00)".
fn times(batches: Option<&[String]>) -> String {
    match batches.unwrap_or_default() {
        [] => String::new(),
        few if few.len() <= 4 => format!(" ({})", few.join(", ")),
        many => format!(" ({} times a day)", many.len()),
    }
}

/// A row for each measure in force.
pub fn rows(on: &Page, measures: &MeasuresEntry) -> Vec<(&'static str, String)> {
    Measure::ALL
        .into_iter()
        .filter_map(|measure| Some((measure.name(), long(on, measures, measure)?)))
        .collect()
}

fn long(on: &Page, measures: &MeasuresEntry, measure: Measure) -> Option<String> {
    // Two lines beside the longest label.
    let room = 2 * on.width.saturating_sub(18);
    let locked = |names: &Option<Vec<String>>| {
        let names = names.as_ref().filter(|names| !names.is_empty())?;
        let count = format!("{} locked: ", names.len());
        Some(format!("{count}{}", page::names(names, room.saturating_sub(count.len()))))
    };
    match measure {
        Measure::Notifications => measures.notifications.as_deref().map(|which| match which {
            "urgent" => "only urgent ones come through".to_owned(),
            _ => "held until it is over".to_owned(),
        }),
        Measure::Dim => measures.dim.map(|percent| format!("screens {percent}% darker")),
        Measure::Warmth => measures.warmth.map(|kelvin| format!("warm colours, {kelvin} K")),
        Measure::Greyscale => {
            measures.greyscale.filter(|grey| *grey).map(|_| "colours taken away".to_owned())
        }
        Measure::Apps => locked(&measures.apps),
        Measure::Sites => locked(&measures.sites),
        Measure::Breaks => {
            measures.breaks.map(|every| format!("suggested every {}", lasting(duration(every))))
        }
    }
}

/// What several periods ask for together: of each measure the strictest.
pub fn together<'p>(periods: impl IntoIterator<Item = &'p PeriodEntry>) -> MeasuresEntry {
    periods.into_iter().fold(MeasuresEntry::default(), |all, period| {
        let more = &period.measures;
        MeasuresEntry {
            // "urgent" comes after "batched" in the alphabet as in strictness.
            notifications: all.notifications.max(more.notifications.clone()),
            batches: all.batches.or(more.batches.clone()),
            dim: all.dim.max(more.dim),
            warmth: least(all.warmth, more.warmth),
            greyscale: all.greyscale.max(more.greyscale),
            apps: joined(all.apps, more.apps.as_ref()),
            sites: joined(all.sites, more.sites.as_ref()),
            breaks: least(all.breaks, more.breaks),
        }
    })
}

fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn joined(all: Option<Vec<String>>, more: Option<&Vec<String>>) -> Option<Vec<String>> {
    if all.is_none() && more.is_none() {
        return None;
    }
    let mut names = all.unwrap_or_default();
    names.extend(more.into_iter().flatten().cloned());
    names.sort();
    names.dedup();
    Some(names)
}
