//! A stand-in for Night Light: the colour part of GNOME's settings daemon with what it keeps in dconf, the compositor that
//! says whether there are gamma ramps, and colord.

use std::path::Path;

use zbus::{Message, Variant};

use super::{
    Dconf,
    in_dconf::InDconf,
    served::{PROPERTIES, Served, Service, is, reply, unknown},
};
use crate::dbus::dconf::Value;

const COLOR: &str = "org.gnome.SettingsDaemon.Color";
const DISPLAY: &str = "org.gnome.Mutter.DisplayConfig";
const COLORD: &str = "org.freedesktop.ColorManager";

/// Night Light, without a screen.
pub type GnomeColor = InDconf<Color>;

/// What it says besides.
#[derive(Debug)]
pub struct Color {
    has_colord: bool,
    has_ramps: bool,
    is_put_off: bool,
}

impl GnomeColor {
    /// Starts it on the bus at an address; see [`Dconf::start`].
    pub async fn start(
        address: &str,
        config_home: &Path,
        by_the_person: (&str, Value),
    ) -> zbus::Result<Self> {
        Self::start_with(address, config_home, by_the_person, true).await
    }

    /// As [`Self::start`], with or without colord.
    pub async fn start_with(
        address: &str,
        config_home: &Path,
        by_the_person: (&str, Value),
        has_colord: bool,
    ) -> zbus::Result<Self> {
        let dconf = Dconf::start(address, config_home, by_the_person).await?;
        let color = Color { has_colord, has_ramps: true, is_put_off: false };
        Ok(Self { dconf, served: Served::start(address, color).await? })
    }

    /// Takes the gamma ramps away, as on a virtual screen.
    pub fn forget_the_ramps(&self) {
        self.served.silently(|color| color.has_ramps = false);
    }

    /// Its person puts Night Light off until tomorrow, or no longer.
    pub fn put_off(&self, is_put_off: bool) {
        self.served.silently(|color| color.is_put_off = is_put_off);
    }
}

impl Service for Color {
    fn names(&self) -> &'static [&'static str] {
        if self.has_colord { &[COLOR, DISPLAY, COLORD] } else { &[COLOR, DISPLAY] }
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let body = call.body();
        match body.deserialize::<(&str, &str)>() {
            Ok((COLOR, "DisabledUntilTomorrow")) if is(call, PROPERTIES, "Get") => {
                reply(call, &Variant::from(self.is_put_off))
            }
            Ok((DISPLAY, "NightLightSupported")) if is(call, PROPERTIES, "Get") => {
                reply(call, &Variant::from(self.has_ramps))
            }
            _ => unknown(call),
        }
    }
}
