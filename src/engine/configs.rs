//! The configuration in use: read anew where its files changed, and kept where they are broken.

use super::Engine;
use crate::{config::Installed, source::read_configs};

impl Engine {
    /// Reads the config and the plans. What is broken never replaces what is in use.
    pub(super) fn read_config(&mut self) {
        let read = read_configs(&self.config_path);
        if self.configs.as_ref() == Some(&read) {
            return;
        }
        let env = &self.desktop.env;
        let error = match read.parse(env, &self.installed) {
            Ok(whole) => {
                for warning in whole.warnings.iter().flat_map(|file| &file.diagnostics) {
                    tracing::warn!(line = warning.line, "{}", warning.title);
                }
                self.config = whole.config;
                String::new()
            }
            Err(wrong) => {
                // At the start nothing is in use that could be kept: a broken plan costs no more than itself.
                if !self.ready_told
                    && let Some(sound) = read.parse_what_is_sound(env, &self.installed)
                {
                    self.config = sound.config;
                }
                wrong.summary()
            }
        };
        if !error.is_empty() {
            tracing::warn!("{error}");
        }
        if error != self.config_error && !error.is_empty() && self.ready_told {
            self.tell_the_person(&error);
        }
        self.config_error = error;
        self.configs = Some(read);
    }

    /// Looks again at what the categories of groups bring. A config that is broken now waits until it is not.
    pub(super) fn take_installed(&mut self, installed: Installed) {
        if installed == self.installed {
            return;
        }
        self.installed = installed;
        let Some(read) = &self.configs else { return };
        if let Ok(whole) = read.parse(&self.desktop.env, &self.installed) {
            self.config = whole.config;
        }
    }
}
