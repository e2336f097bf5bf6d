//! Every backend there is, in order of preference.

use super::{Backend, Desktop, Seen, dim, lock, notifications, sites};
use crate::plan::{Measure, Reach};

/// One backend, before it is opened.
#[derive(Debug)]
pub struct Row {
    /// Short, stable name: in receipts, on the bus, in the journal.
    pub id: &'static str,
    /// What people call it, for `doctor`: "GNOME Shell", "dunst".
    pub title: &'static str,
    /// What it can put in force.
    pub measures: &'static [Measure],
    /// The versions of its service it is written for: "1.5 and newer". Empty where any will do.
    pub since: &'static str,
    /// What it cannot do, or does otherwise than people may expect, in a sentence for `doctor`; empty if nothing.
    pub cannot: &'static str,
    /// The desktops it serves, and how that is known; `docs/desktops.md` is made of it.
    pub seen: &'static [Seen],
    /// Names on the session bus whose coming and going concern it.
    pub names: &'static [&'static str],
    /// Whether it shows or holds the end of quiet, and so is to hear when that alone changes.
    pub wants_end: bool,
    /// Opens it; does no I/O.
    pub open: fn(&Desktop) -> Box<dyn Backend>,
}

/// All rows. For each measure the first one that is ready serves it.
pub const REGISTRY: &[Row] = &[
    notifications::gnome::ROW,
    notifications::plasma::ROW,
    notifications::dunst::ROW,
    notifications::mako::ROW,
    notifications::swaync::ROW,
    notifications::swaync_dnd::ROW,
    notifications::xfce::ROW,
    notifications::mate::ROW,
    notifications::cinnamon::ROW,
    notifications::pantheon::ROW,
    notifications::budgie::ROW,
    notifications::lxqt::ROW,
    notifications::cosmic::ROW,
    notifications::deepin::ROW,
    // Less light from the panel itself is the best dimming, and by the desktop's own way its slider follows.
    dim::gnome_power::ROW,
    dim::mate_power::ROW,
    dim::cinnamon_power::ROW,
    dim::plasma_screens::ROW,
    dim::plasma_power::ROW,
    dim::mutter_backlight::ROW,
    dim::logind::ROW,
    dim::ddcutil::ROW,
    // It does not show in screenshots; the magnifier does.
    dim::gnome_night_light::ROW,
    dim::gnome_magnifier::ROW,
    // Without colour too, and beside gamma: the one may be had where another program has the other.
    dim::hyprland_ctm::ROW,
    // Plasma's own warmth is in no screenshot, as its overlay would be.
    dim::night_color::ROW,
    dim::kwin_grey::ROW,
    dim::wl_gamma::ROW,
    dim::x11_gamma::ROW,
    // The last choice for dim and warmth: it is seen in screenshots, and leaves the pointer as bright as it was.
    dim::wl_overlay::ROW,
    lock::ROW,
    sites::gnome_proxy::ROW,
];

/// Rows that dim the panel of a laptop and leave external monitors as they are.
const OF_THE_PANEL: [&str; 6] = [
    dim::gnome_power::ROW.id,
    dim::mate_power::ROW.id,
    dim::cinnamon_power::ROW.id,
    dim::plasma_power::ROW.id,
    dim::mutter_backlight::ROW.id,
    dim::logind::ROW.id,
];

/// Rows that dim each screen by itself, and so can leave out a panel that is dimmed by its own light.
const OF_EACH_SCREEN: [&str; 3] =
    [dim::wl_gamma::ROW.id, dim::x11_gamma::ROW.id, dim::wl_overlay::ROW.id];

/// Tells which screens a row reaches.
pub fn reach(id: &str) -> Reach {
    if OF_THE_PANEL.contains(&id) {
        Reach::Panel
    } else if id == dim::ddcutil::ROW.id {
        Reach::Monitors
    } else if OF_EACH_SCREEN.contains(&id) {
        Reach::AllOrMonitors
    } else {
        Reach::All
    }
}
