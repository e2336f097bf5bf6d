//! Where a backend serves people, and how that is known.

/// A desktop people have, in the order `docs/desktops.md` lists them. A version where the ways of two are different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "they are names, and `name` has them as people write them")]
pub enum Environment {
    Gnome43,
    Gnome47,
    Gnome49,
    Plasma5,
    Plasma6,
    Sway,
    Wlroots,
    Hyprland,
    Niri,
    Xfce,
    Cinnamon,
    Mate,
    Budgie,
    Lxqt,
    Cosmic,
    Pantheon,
    Deepin,
    X11,
}

impl Environment {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Gnome43,
        Self::Gnome47,
        Self::Gnome49,
        Self::Plasma5,
        Self::Plasma6,
        Self::Sway,
        Self::Wlroots,
        Self::Hyprland,
        Self::Niri,
        Self::Xfce,
        Self::Cinnamon,
        Self::Mate,
        Self::Budgie,
        Self::Lxqt,
        Self::Cosmic,
        Self::Pantheon,
        Self::Deepin,
        Self::X11,
    ];

    /// Its name for people, with the versions meant.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gnome43 => "GNOME 43 to 46",
            Self::Gnome47 => "GNOME 47 and 48",
            Self::Gnome49 => "GNOME 49 and newer",
            Self::Plasma5 => "Plasma 5.27",
            Self::Plasma6 => "Plasma 6",
            Self::Sway => "sway",
            Self::Wlroots => "labwc, wayfire, river",
            Self::Hyprland => "Hyprland",
            Self::Niri => "niri",
            Self::Xfce => "Xfce",
            Self::Cinnamon => "Cinnamon",
            Self::Mate => "MATE",
            Self::Budgie => "Budgie",
            Self::Lxqt => "LXQt",
            Self::Cosmic => "COSMIC",
            Self::Pantheon => "Pantheon",
            Self::Deepin => "Deepin",
            Self::X11 => "X11 window managers",
        }
    }
}

/// How it is known that a backend serves somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// A lab case ran it against the real thing, of this version.
    Real(&'static str),
    /// It passes its contract against a stand-in of the service, and was not run against the real thing.
    StandIn,
    /// The service is the same elsewhere, or its source says so; nothing was run that is of this desktop.
    Source,
}

/// One desktop a backend serves.
pub type Seen = (Environment, Known);
