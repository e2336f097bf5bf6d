//! Every backend there is, in order of preference.

use super::{Backend, Desktop, dim};
use crate::plan::Measure;

/// One backend, before it is opened.
#[derive(Debug)]
pub struct Row {
    /// Short, stable name: in receipts, on the bus, in the journal.
    pub id: &'static str,
    /// What people call it, for `doctor`: "GNOME Shell", "dunst".
    pub title: &'static str,
    /// What it can put in force.
    pub measures: &'static [Measure],
    /// Names on the session bus whose coming and going concern it.
    pub names: &'static [&'static str],
    /// Whether it shows or holds the end of quiet, and so is to hear when that alone changes.
    pub wants_end: bool,
    /// Opens it; does no I/O.
    pub open: fn(&Desktop) -> Box<dyn Backend>,
}

/// All rows. For each measure the first one that is ready serves it.
pub const REGISTRY: &[Row] = &[
    // Less light from the panel itself is the best dimming. A desktop's own way to the backlight goes above this row, so
    // that its slider follows.
    Row {
        id: dim::logind::ID,
        title: "the screen's backlight",
        measures: dim::logind::MEASURES,
        names: &[],
        wants_end: false,
        open: dim::logind::open,
    },
    Row {
        id: dim::wl_gamma::ID,
        title: "wlroots gamma",
        measures: dim::wl_gamma::MEASURES,
        names: &[],
        wants_end: false,
        open: dim::wl_gamma::open,
    },
    // The last choice for dim and warmth: it is seen in screenshots, and leaves the pointer as bright as it was.
    Row {
        id: dim::wl_overlay::ID,
        title: "an overlay",
        measures: dim::wl_overlay::MEASURES,
        names: &[],
        wants_end: false,
        open: dim::wl_overlay::open,
    },
];
