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

/// What a source tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Whether there was no input for a while; none where nobody tells any more.
    Idle(Option<bool>),
    /// What has the focus; none where nobody tells any more.
    Focus(Option<Focus>),
    /// Whether the screen is locked.
    Locked(bool),
    /// Whether the machine goes to sleep, or has woken.
    Sleeps(bool),
}

/// What is known of the person's being there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attention {
    idle: Option<bool>,
    focus: Option<Focus>,
    locked: bool,
    sleeps: bool,
}

impl Attention {
    /// Takes what was told.
    pub fn tell(&mut self, told: Told) {
        match told {
            Told::Idle(idle) => self.idle = idle,
            Told::Focus(focus) => self.focus = focus,
            Told::Locked(locked) => self.locked = locked,
            Told::Sleeps(sleeps) => self.sleeps = sleeps,
        }
    }

    /// Tells whether somebody says when the person is idle; without that nothing is counted.
    pub fn is_known(&self) -> bool {
        self.idle.is_some()
    }

    /// Tells whether there was no input for a while.
    pub fn is_idle(&self) -> bool {
        self.idle == Some(true)
    }

    /// Tells whether the person is at the screen.
    pub fn is_active(&self) -> bool {
        self.idle == Some(false) && !self.locked && !self.sleeps
    }

    /// Whether what has the focus fills the screen; none where that is not known, or nobody is there.
    pub fn full_screen(&self) -> Option<bool> {
        self.focus.as_ref().filter(|_| self.is_active())?.full_screen
    }

    /// What is to be counted.
    pub fn activity(&self) -> Activity {
        if self.is_active() {
            Activity::Active(self.focus.as_ref().and_then(|focus| focus.app.clone()))
        } else {
            Activity::Away
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_idle_locked_or_asleep_is_away() {
        let mut attention = Attention::default();
        assert_eq!((attention.activity(), attention.is_known()), (Activity::Away, false));
        let focus = Focus { app: Some("foot".to_owned()), full_screen: Some(true) };
        for (told, active) in [
            (Told::Focus(Some(focus)), false),
            (Told::Idle(Some(false)), true),
            (Told::Locked(true), false),
            (Told::Idle(Some(true)), false),
            (Told::Locked(false), false),
            (Told::Idle(Some(false)), true),
            (Told::Sleeps(true), false),
            (Told::Sleeps(false), true),
            (Told::Idle(None), false),
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
