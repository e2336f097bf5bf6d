//! LXQt's and COSMIC's notification daemons: do-not-disturb is in a file that they watch.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use zbus::Message;

use super::{
    notifications::{NAME, Popups},
    served::{OnBus, Served, Service, unknown},
};

/// Stands in for one of them.
#[derive(Debug)]
pub struct InFile {
    served: Served<State>,
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// `lxqt-notificationd`: a key among others.
    Lxqt,
    /// `cosmic-notifications`: a file of its own.
    Cosmic,
}

/// What it knows.
#[derive(Debug)]
pub struct State {
    which: Which,
    file: PathBuf,
    /// What the real one last took from the file.
    quiet: bool,
    popups: Popups,
}

impl InFile {
    /// Puts it on the bus, with the text of its file below the folder of configurations; none where there is no file.
    pub async fn start(
        address: &str,
        which: Which,
        config_home: &Path,
        text: Option<&str>,
    ) -> io::Result<Self> {
        let file = config_home.join(match which {
            Which::Lxqt => "lxqt/notifications.conf",
            Which::Cosmic => "cosmic/com.system76.CosmicNotifications/v1/do_not_disturb",
        });
        fs::create_dir_all(file.parent().unwrap_or(config_home))?;
        if let Some(text) = text {
            fs::write(&file, text)?;
        }
        let mut state = State { which, file, quiet: false, popups: Popups::default() };
        state.restart();
        let served = Served::start(address, state).await.map_err(io::Error::other)?;
        Ok(Self { served })
    }
}

impl State {
    fn text(&self) -> Option<String> {
        fs::read_to_string(&self.file).ok()
    }

    /// What the file says; none where there is none.
    fn said(&self) -> Option<bool> {
        let text = self.text()?;
        match self.which {
            Which::Lxqt => {
                let general = text.split("[Other]").next().unwrap_or_default();
                let mut lines = general.lines().map(|line| line.replace(' ', ""));
                Some(lines.any(|line| line.starts_with("doNotDisturb=true")))
            }
            Which::Cosmic => text.trim().parse().ok(),
        }
    }

    /// What holds now. The real ones look when the file changes, and keep what they had where it is gone.
    fn is_quiet(&self) -> bool {
        self.said().unwrap_or(self.quiet)
    }

    fn write(&self, text: &str) {
        if let Err(error) = fs::write(&self.file, text) {
            tracing::warn!(%error, "a stand-in could not write its file");
        }
    }
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        let information = match self.which {
            Which::Lxqt => ["lxqt-notificationd", "lxqt.org", "1.2.0", "1.2"],
            Which::Cosmic => ["cosmic-notifications", "System76", "0.1.0", "1.2"],
        };
        self.quiet = self.is_quiet();
        let answered = self.popups.answer(call, information, self.quiet);
        answered.unwrap_or_else(|| unknown(call))
    }

    fn restart(&mut self) {
        if self.which == Which::Lxqt && self.text().is_none() {
            self.write("[General]\n__userfile__=true\n");
        }
        self.quiet = self.said().unwrap_or_default();
        self.popups = Popups::default();
    }

    fn state(&self) -> String {
        match self.which {
            Which::Lxqt => self.text().unwrap_or_default(),
            Which::Cosmic => format!("do not disturb: {}", self.is_quiet()),
        }
    }

    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        let quiet = !self.is_quiet();
        match self.which {
            Which::Lxqt => {
                let mut text = self.text().unwrap_or_default();
                for key in ["doNotDisturb=", "doNotDisturb = "] {
                    text = text.replacen(&format!("{key}{}", !quiet), &format!("{key}{quiet}"), 1);
                }
                self.write(&text);
            }
            Which::Cosmic => self.write(&quiet.to_string()),
        }
        self.quiet = quiet;
        Ok(Vec::new())
    }
}

impl OnBus for InFile {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
