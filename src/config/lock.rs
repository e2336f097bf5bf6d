//! Finding what a person means among what is locked.

use super::Lock;

impl Lock {
    /// Finds the locked app or site a person means: the id or host name itself, a host below a locked one, or one part of
    /// an app's id if no other locked app has it ("firefox" for `org.mozilla.firefox`). Case does not matter.
    pub fn find(&self, meant: &str) -> Option<String> {
        let meant = meant.trim().to_lowercase();
        let meant = meant.strip_suffix(".desktop").unwrap_or(&meant);
        if let Some(app) = self.apps.iter().find(|app| app.to_lowercase() == meant) {
            return Some(app.clone());
        }
        let below = |site: &str| meant.strip_suffix(site).is_some_and(|rest| rest.ends_with('.'));
        if let Some(site) = self.sites.iter().find(|site| *site == meant || below(site)) {
            return Some(site.clone());
        }
        let mut with_part =
            self.apps.iter().filter(|app| app.to_lowercase().split('.').any(|part| part == meant));
        match (with_part.next(), with_part.next()) {
            (Some(app), None) => Some(app.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_found() {
        let lock = Lock {
            apps: ["org.mozilla.firefox", "com.valvesoftware.Steam", "org.a.x", "org.b.x"]
                .map(String::from)
                .into(),
            sites: ["reddit.com"].map(String::from).into(),
            ..Lock::default()
        };
        for (meant, found) in [
            ("org.mozilla.firefox", Some("org.mozilla.firefox")),
            ("Org.Mozilla.Firefox.desktop", Some("org.mozilla.firefox")),
            ("firefox", Some("org.mozilla.firefox")),
            ("steam", Some("com.valvesoftware.Steam")),
            ("old.reddit.com", Some("reddit.com")),
            ("notreddit.com", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(lock.find(meant).as_deref(), found, "{meant}");
        }
    }
}
