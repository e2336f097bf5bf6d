//! A receipt of displays, read, and what is there compared with it; pure.

use serde::{Deserialize, Serialize};

use super::{Display, Service};
use crate::{
    backend::{
        BackendError,
        dim::logind::{dimmed, is_same},
    },
    store::Receipt,
};

/// What one display had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screen {
    /// See [`Display::id`].
    pub id: String,
    /// See [`Display::label`].
    pub label: String,
    /// Its largest value then.
    pub max: u32,
    /// How bright it was.
    pub value: u32,
}

/// A receipt, read.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What was found.
    pub screens: Vec<Screen>,
    /// Percent darker, as it is to be.
    pub dim: u8,
    /// As it is to be, then as it was to be earlier.
    ours: Vec<u8>,
}

/// What a display has, compared with a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// What is to be there.
    Set,
    /// What we had set earlier.
    Ours,
    /// What was found.
    Found,
    /// What its service makes of ours when nobody is there.
    Idle,
    /// Less than is to be there.
    Darker,
    /// More than that, and not by us.
    Theirs,
}

impl Screen {
    /// Takes a display as it is.
    pub fn of(display: &Display) -> Self {
        Self {
            id: display.id.clone(),
            label: display.label.clone(),
            max: display.max,
            value: display.value,
        }
    }

    /// What it is given.
    pub fn dimmed(&self, dim: u8) -> u32 {
        dimmed(self.value, self.max, dim)
    }

    /// Tells whether two values are the same but for rounding.
    pub fn is(&self, one: u32, other: u32) -> bool {
        is_same(one, other, self.max)
    }

    /// Tells whether a value is one of several.
    pub fn is_any(&self, value: u32, all: &[u32]) -> bool {
        all.iter().any(|one| self.is(value, *one))
    }

    /// The same, in the steps the display has now.
    fn in_steps_to(&self, max: u32) -> Self {
        let value = u64::from(self.value) * u64::from(max) / u64::from(self.max.max(1));
        Self { max, value: u32::try_from(value).unwrap_or(max).min(max), ..self.clone() }
    }
}

impl Kept {
    /// Reads a receipt.
    pub fn read(receipt: &Receipt) -> Result<Self, BackendError> {
        let (Some(screens), Some(dim)) = (receipt.found(), receipt.set()) else {
            return Err(BackendError::Refused(format!(
                "the receipt of {} cannot be read",
                receipt.backend
            )));
        };
        Ok(Self { screens, dim, ours: receipt.ours() })
    }

    /// What was found of a display, in the steps it has now.
    pub fn screen(&self, display: &Display) -> Option<Screen> {
        let screen = self.screens.iter().find(|screen| screen.id == display.id)?;
        Some(if screen.max == display.max {
            screen.clone()
        } else {
            screen.in_steps_to(display.max)
        })
    }

    /// Compares what a display has with what was found of it and set.
    pub fn compare(&self, screen: &Screen, now: u32, service: &dyn Service) -> Has {
        let set = screen.dimmed(self.dim);
        let mut ours = self.ours.iter().map(|dim| screen.dimmed(*dim));
        if screen.is(now, set) {
            Has::Set
        } else if ours.clone().any(|ours| screen.is(now, ours)) {
            Has::Ours
        } else if screen.is(now, screen.value) {
            Has::Found
        } else if ours.any(|ours| screen.is_any(now, &service.when_idle(ours))) {
            Has::Idle
        } else if now < set {
            Has::Darker
        } else {
            Has::Theirs
        }
    }
}
