//! What is desired of the desktop, whole or of one backend.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Notifications;

/// One thing that can be put in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Notifications held back.
    Notifications,
    /// Screens darker.
    Dim,
    /// Screens warmer.
    Warmth,
    /// Screens without colour.
    Greyscale,
    /// Apps frozen.
    Apps,
    /// Sites refused.
    Sites,
    /// Breaks suggested.
    Breaks,
}

impl Measure {
    /// Every measure, in the order people read them.
    pub const ALL: [Self; 7] = [
        Self::Notifications,
        Self::Dim,
        Self::Warmth,
        Self::Greyscale,
        Self::Apps,
        Self::Sites,
        Self::Breaks,
    ];

    /// The name on the bus and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notifications => "notifications",
            Self::Dim => "dim",
            Self::Warmth => "warmth",
            Self::Greyscale => "greyscale",
            Self::Apps => "apps",
            Self::Sites => "sites",
            Self::Breaks => "breaks",
        }
    }
}

/// What is desired: of the whole desktop, or of one backend. The default is an open desktop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked for by itself")]
pub struct Desired {
    /// Which notifications come through.
    pub notifications: Notifications,
    /// Percent darker than the person had it; 0 is untouched.
    pub dim: u8,
    /// Kelvin, if warmed.
    pub warmth: Option<u16>,
    /// Whether colours are taken away.
    pub greyscale: bool,
    /// The apps to freeze, by desktop-file id; the unlocked ones are left out.
    pub apps: BTreeSet<String>,
    /// The sites to refuse; the unlocked ones are left out.
    pub sites: BTreeSet<String>,
    /// Whether breaks are suggested.
    pub breaks: bool,
    /// Whether the panel of a laptop is dimmed by its own light, so that only the other screens are to be; not a measure of
    /// its own.
    #[serde(default)]
    pub dim_but_panel: bool,
    /// Whether incoming calls come through, for backends that can let them while they hold the rest back; not a measure of
    /// its own.
    #[serde(default)]
    pub calls: bool,
    /// When quiet ends, for backends that show or hold it; not a measure of its own.
    pub until: Option<Timestamp>,
}

impl Desired {
    /// The measures asked for.
    pub fn measures(&self) -> BTreeSet<Measure> {
        let asked = [
            (Measure::Notifications, self.notifications != Notifications::All),
            (Measure::Dim, self.dim > 0),
            (Measure::Warmth, self.warmth.is_some()),
            (Measure::Greyscale, self.greyscale),
            (Measure::Apps, !self.apps.is_empty()),
            (Measure::Sites, !self.sites.is_empty()),
            (Measure::Breaks, self.breaks),
        ];
        asked.into_iter().filter_map(|(measure, asked)| asked.then_some(measure)).collect()
    }

    /// Keeps only some measures (and the end).
    #[must_use]
    pub fn only(&self, measures: &BTreeSet<Measure>) -> Self {
        let has = |measure| measures.contains(&measure);
        let open = Self::default();
        Self {
            notifications: if has(Measure::Notifications) {
                self.notifications
            } else {
                open.notifications
            },
            dim: if has(Measure::Dim) { self.dim } else { 0 },
            warmth: if has(Measure::Warmth) { self.warmth } else { None },
            greyscale: has(Measure::Greyscale) && self.greyscale,
            apps: if has(Measure::Apps) { self.apps.clone() } else { open.apps },
            sites: if has(Measure::Sites) { self.sites.clone() } else { open.sites },
            breaks: has(Measure::Breaks) && self.breaks,
            dim_but_panel: self.dim_but_panel,
            calls: has(Measure::Notifications) && self.calls,
            until: self.until,
        }
    }
}
