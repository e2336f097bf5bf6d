//! What the sources tell, put together: whether the person is at the screen, and what has the focus.

use super::Activity;

/// What has the focus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    /// The id of the app; none where that is not known, or nothing has it.
    pub app: Option<String>,
    /// Whether it fills the screen; none where the desktop does not tell.
    pub full_screen: Option<bool>,
}

/// What a source says something of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// Whether the person is idle.
    Idle,
    /// What has the focus.
    Focus,
}

impl Sense {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Idle, Self::Focus];
}

/// Who tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Teller {
    /// What people call it.
    pub title: &'static str,
    /// What it cannot tell, or tells otherwise than one may expect, in a sentence; empty if nothing.
    pub cannot: &'static str,
}

/// What a source tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Whether there was no input for a while.
    Idle(bool),
    /// What has the focus.
    Focus(Focus),
    /// Whether that fills the screen.
    FullScreen(bool),
    /// Whether the screen is locked.
    Locked(bool),
    /// Whether the machine goes to sleep, or has woken.
    Sleeps(bool),
    /// Who tells it from now on; where nobody does, what was told is known no longer.
    By {
        /// What.
        sense: Sense,
        /// Who.
        by: Option<Teller>,
    },
}

/// What is known of the person's being there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attention {
    idle: Option<bool>,
    focus: Focus,
    locked: bool,
    sleeps: bool,
    by: [Option<Teller>; 2],
}

impl Attention {
    /// Takes what was told.
    pub fn tell(&mut self, told: Told) {
        match told {
            Told::Idle(idle) => self.idle = Some(idle),
            Told::Focus(focus) => self.focus = focus,
            Told::FullScreen(full) => self.focus.full_screen = Some(full),
            Told::Locked(locked) => self.locked = locked,
            Told::Sleeps(sleeps) => self.sleeps = sleeps,
            Told::By { sense, by } => {
                self.by[sense as usize] = by;
                match sense {
                    Sense::Idle if by.is_none() => self.idle = None,
                    Sense::Focus if by.is_none() => self.focus = Focus::default(),
                    _ => {}
                }
            }
        }
    }

    /// Who tells it; none where nobody does.
    pub fn by(&self, sense: Sense) -> Option<Teller> {
        self.by[sense as usize]
    }

    /// Tells whether somebody says when the person is idle.
    pub fn is_known(&self) -> bool {
        self.idle.is_some()
    }

    /// Tells whether there was no input for a while.
    pub fn is_idle(&self) -> bool {
        self.idle == Some(true)
    }

    /// Tells whether the person is at the screen. Where nobody says when they are idle, they are taken to be away.
    pub fn is_active(&self) -> bool {
        self.idle == Some(false) && !self.locked && !self.sleeps
    }

    /// Whether what has the focus fills the screen; none where that is not known, or nobody is there.
    pub fn full_screen(&self) -> Option<bool> {
        self.focus.full_screen.filter(|_| self.is_active())
    }

    /// What is to be counted.
    pub fn activity(&self) -> Activity {
        if self.is_active() { Activity::Active(self.focus.app.clone()) } else { Activity::Away }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_idle_locked_or_asleep_is_away() {
        let mut attention = Attention::default();
        assert_eq!(attention.activity(), Activity::Away);
        let focus = Focus { app: Some("foot".to_owned()), full_screen: Some(true) };
        for (told, active) in [
            (Told::Focus(focus), false),
            (Told::Idle(false), true),
            (Told::Locked(true), false),
            (Told::Idle(true), false),
            (Told::Locked(false), false),
            (Told::Idle(false), true),
            (Told::Sleeps(true), false),
            (Told::Sleeps(false), true),
            (Told::FullScreen(true), true),
            (Told::By { sense: Sense::Idle, by: None }, false),
        ] {
            attention.tell(told.clone());
            assert_eq!(attention.is_active(), active, "{told:?}");
            assert_eq!(attention.full_screen(), active.then_some(true), "{told:?}");
            let expected =
                if active { Activity::Active(Some("foot".to_owned())) } else { Activity::Away };
            assert_eq!(attention.activity(), expected, "{told:?}");
        }
    }
}
