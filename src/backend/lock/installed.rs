//! What is installed, by the categories of the menu: each desktop entry is read as far as its own group goes, and not
//! for what it starts, so that all of them take a few milliseconds.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::entries;
use crate::config::{Installed, InstalledApp};

/// How many entries are read before others have their turn.
const AT_ONCE: usize = 8;

/// Reads what is installed.
pub fn installed(folders: &[PathBuf]) -> Installed {
    let mut reading = Reading::new(folders);
    while reading.some() {}
    reading.found
}

/// Reads the same a little at a time, so that nothing waits for it, on a slow disk either.
pub async fn installed_by_and_by(folders: &[PathBuf]) -> Installed {
    let mut reading = Reading::new(folders);
    while reading.some() {
        tokio::task::yield_now().await;
    }
    reading.found
}

/// Where they are, in order of weight.
pub fn folders(data_dirs: &[PathBuf]) -> Vec<PathBuf> {
    data_dirs.iter().map(|folder| folder.join("applications")).collect()
}

struct Reading {
    files: std::vec::IntoIter<(String, PathBuf)>,
    found: Installed,
}

impl Reading {
    fn new(data_dirs: &[PathBuf]) -> Self {
        let mut files = Vec::new();
        for folder in folders(data_dirs) {
            entries::list(&folder, "", &mut files);
        }
        // The first folder that has an id decides, by hiding it too.
        let mut seen = BTreeSet::new();
        files.retain(|(id, _)| seen.insert(id.to_lowercase()));
        Self { files: files.into_iter(), found: Installed::default() }
    }

    /// Reads some; tells whether there are more.
    fn some(&mut self) -> bool {
        for (id, file) in self.files.by_ref().take(AT_ONCE) {
            self.found.0.extend(read(&file).map(|app| (id, app)));
        }
        !self.files.as_slice().is_empty()
    }
}

/// An app that is in menus and has a window.
fn read(file: &Path) -> Option<InstalledApp> {
    parse(&fs::read_to_string(file).ok()?)
}

fn parse(text: &str) -> Option<InstalledApp> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| *line == "[Desktop Entry]")?;
    let mut app = InstalledApp::default();
    for line in lines.take_while(|line| !line.starts_with('[')) {
        let Some((key, value)) = line.split_once('=') else { continue };
        match (key.trim_end(), value.trim_start()) {
            ("Name", name) => name.clone_into(&mut app.name),
            ("Categories", categories) => categories.clone_into(&mut app.categories),
            ("Type", "Application") => {}
            // What is started in a terminal would be locked with the terminal.
            ("Type", _) | ("Hidden" | "Terminal", "true") => return None,
            _ => {}
        }
    }
    (!app.categories.is_empty()).then_some(app)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_far_as_its_own_group() {
        let entry = "# a\n[Desktop Entry]\nType=Application\nName=Chess\nName[de]=Schach\n\
                     Categories = Game;BoardGame;\n[Desktop Action x]\nName=New\nCategories=Office;\n";
        let app = parse(entry).unwrap();
        assert_eq!((&*app.name, &*app.categories), ("Chess", "Game;BoardGame;"));
        for none in [
            "",
            "Name=x\nCategories=Game;\n",
            "[Desktop Entry]\nName=x\n",
            "[Desktop Entry]\nName=x\nCategories=Game;\nTerminal=true\n",
            "[Desktop Entry]\nName=x\nCategories=Game;\nHidden=true\n",
            "[Desktop Entry]\nType=Link\nCategories=Game;\n",
            "[Desktop Action x]\nName=x\nCategories=Game;\n",
        ] {
            assert_eq!(parse(none), None, "{none}");
        }
    }

    #[tokio::test]
    async fn the_first_folder_decides_and_both_ways_read_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("[Desktop Entry]\nType=Application\nName=x\n{text}\n"))
                .unwrap();
        };
        write("a/applications/one.desktop", "Categories=Office;");
        write("a/applications/gone.desktop", "Hidden=true");
        write("b/applications/One.desktop", "Categories=Game;");
        write("b/applications/gone.desktop", "Categories=Game;");
        write("b/applications/kde/two.desktop", "Categories=Game;\nNoDisplay=true");
        for at in 0..20 {
            write(&format!("b/applications/more{at}.desktop"), "Categories=Game;");
        }
        let folders = [folder.path().join("a"), folder.path().join("b"), "/nowhere".into()];
        let found = installed(&folders);
        assert_eq!(found.0.len(), 22);
        assert_eq!(found.0["one"].categories, "Office;");
        assert!(found.0.contains_key("kde-two"));
        assert_eq!(installed_by_and_by(&folders).await, found);
    }
}
