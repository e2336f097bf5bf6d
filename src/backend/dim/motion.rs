//! Whether the person wants things to move.
//!
//! GNOME's switch (and those of Cinnamon and MATE, of the same name) is in dconf, Plasma's in `kdeglobals`; for the rest
//! the settings portal says it, if it runs and is new enough. What cannot be read, or comes late, asks for nothing.

use std::time::Duration;

use zbus::OwnedVariant;

use crate::{
    backend::Desktop,
    dbus::{
        Peer,
        dconf::{Dconf, Value},
    },
};

const ANIMATIONS: [&str; 3] = [
    "/org/gnome/desktop/interface/enable-animations",
    "/org/cinnamon/desktop/interface/enable-animations",
    "/org/mate/desktop/interface/enable-animations",
];

/// How long the portal may take: a glide that is about to begin waits for it.
const PORTAL_AT_MOST: Duration = Duration::from_millis(25);

/// How a change is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Over about a second.
    Soft,
    /// At once.
    AtOnce,
}

/// Asks the desktop.
pub async fn wanted(desktop: &Desktop) -> Pace {
    let reduced = switched_off(desktop) || in_plasma(desktop) || told_by_the_portal(desktop).await;
    if reduced { Pace::AtOnce } else { Pace::Soft }
}

fn switched_off(desktop: &Desktop) -> bool {
    let Ok(settings) = Dconf::new(desktop).read() else { return false };
    ANIMATIONS.iter().any(|key| settings.get(key) == Ok(Some(Value::Bool(false))))
}

fn in_plasma(desktop: &Desktop) -> bool {
    let text = std::fs::read_to_string(desktop.env.config_home.join("kdeglobals"));
    text.is_ok_and(|text| animation_factor(&text) == Some(0.0))
}

/// Reads `[KDE] AnimationDurationFactor`: 1 is as designed, 0 is no animations.
fn animation_factor(text: &str) -> Option<f64> {
    let mut group = "";
    let mut factor = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            group = line;
        } else if group == "[KDE]"
            && let Some((key, value)) = line.split_once('=')
            && key.trim_end() == "AnimationDurationFactor"
        {
            factor = value.trim().parse().ok();
        }
    }
    factor
}

async fn told_by_the_portal(desktop: &Desktop) -> bool {
    let portal = Peer::new(
        &desktop.session,
        "org.freedesktop.portal.Desktop",
        "/org/freedesktop/portal/desktop",
        "org.freedesktop.portal.Settings",
    );
    let asked = ("org.freedesktop.appearance", "reduced-motion");
    let told: Result<OwnedVariant, _> = portal.within(PORTAL_AT_MOST).call("ReadOne", &asked).await;
    told.ok().and_then(|value| u32::try_from(value).ok()) == Some(1)
}

#[cfg(test)]
mod tests {
    use super::animation_factor;

    #[test]
    fn plasmas_factor_is_read_from_its_group() {
        for (text, factor) in [
            ("", None),
            ("[KDE]\nAnimationDurationFactor=0\n", Some(0.0)),
            ("[KDE]\nAnimationDurationFactor = 0.0\n", Some(0.0)),
            ("[General]\nx=1\n\n[KDE]\nSingleClick=false\nAnimationDurationFactor=0.5", Some(0.5)),
            ("[General]\nAnimationDurationFactor=0\n", None),
            ("[KDE]\nAnimationDurationFactor=none\n", None),
            ("[KDE][Sub]\nAnimationDurationFactor=0\n", None),
        ] {
            assert_eq!(animation_factor(text), factor, "{text}");
        }
    }
}
