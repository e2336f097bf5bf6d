//! One backlight, as the kernel shows it: `/sys/class/backlight/NAME`.

use std::{
    fs::File,
    io,
    os::{fd::OwnedFd, unix::fs::FileExt as _},
    path::{Path, PathBuf},
};

use tokio::io::{Interest, unix::AsyncFd};

use crate::{backend::BackendError, readiness};

/// A panel whose light can be set.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Its name in `/sys/class/backlight`, which is what logind takes.
    pub name: String,
    /// The largest raw value.
    pub max: u32,
    folder: PathBuf,
}

impl Panel {
    /// Finds the one to use. Where firmware, platform and driver each describe the same panel, it is the first of these,
    /// as the kernel's documentation asks; of two drivers the one whose connector is in use, then the first by name.
    pub fn find(sysfs: &Path) -> Option<Self> {
        Self::all(sysfs).into_iter().next()
    }

    /// Finds all there are, in that order.
    pub fn all(sysfs: &Path) -> Vec<Self> {
        let Ok(folder) = std::fs::read_dir(sysfs.join("class/backlight")) else {
            return Vec::new();
        };
        let mut panels: Vec<_> =
            folder.filter_map(|entry| Self::read(&entry.ok()?.path())).collect();
        panels.sort_by_cached_key(|panel| (panel.rank(), panel.name.clone()));
        panels
    }

    /// Reads the one of that name, if it is still there.
    pub fn named(sysfs: &Path, name: &str) -> Option<Self> {
        let folder = sysfs.join("class/backlight");
        // The name comes from a file: it must not lead out of the folder.
        let is_plain = Path::new(name).file_name().is_some_and(|plain| plain == name);
        if is_plain { Self::read(&folder.join(name)) } else { None }
    }

    /// The raw value that was asked for last.
    pub fn brightness(&self) -> Result<u32, BackendError> {
        let unreadable = || {
            BackendError::Refused(format!("the kernel does not tell how bright {} is", self.name))
        };
        self.number("brightness").ok_or_else(unreadable)
    }

    /// Watches it; an error where the kernel does not tell of changes.
    pub fn watch(&self) -> io::Result<Watch> {
        let file = File::open(self.folder.join("actual_brightness"))?;
        let watch = Watch {
            panel: self.clone(),
            file: readiness::wait_on(&file, Interest::PRIORITY)?,
            told: file,
        };
        watch.arm()?;
        Ok(watch)
    }

    fn read(folder: &Path) -> Option<Self> {
        let name = folder.file_name()?.to_str()?.to_owned();
        let panel = Self { name, max: 0, folder: folder.to_owned() };
        let max = panel.number("max_brightness").filter(|max| *max > 0)?;
        panel.number("brightness")?;
        Some(Self { max, ..panel })
    }

    /// Smaller is better.
    fn rank(&self) -> (u8, bool) {
        let kind = match self.text("type").as_deref() {
            Some("firmware") => 0,
            Some("platform") => 1,
            Some("raw") => 2,
            _ => 3,
        };
        (kind, self.text("device/enabled").as_deref() == Some("disabled"))
    }

    fn text(&self, file: &str) -> Option<String> {
        Some(std::fs::read_to_string(self.folder.join(file)).ok()?.trim().to_owned())
    }

    fn number(&self, file: &str) -> Option<u32> {
        self.text(file)?.parse().ok()
    }
}

/// A panel being watched.
#[derive(Debug)]
pub struct Watch {
    panel: Panel,
    told: File,
    /// The same open file as `told`, only to wait on.
    file: AsyncFd<OwnedFd>,
}

impl Watch {
    /// Waits until somebody sets it, and reads what it is then.
    pub async fn changed(&mut self) -> Result<u32, BackendError> {
        let lost = |error: io::Error| BackendError::Absent(error.to_string());
        self.file.ready(Interest::PRIORITY).await.map_err(lost)?.clear_ready();
        self.arm().map_err(lost)?;
        self.panel.brightness()
    }

    /// The kernel tells of the next change only after the file was read.
    fn arm(&self) -> io::Result<()> {
        self.told.read_at(&mut [0; 32], 0).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(panels: &[(&str, &str, &str)]) -> tempfile::TempDir {
        let sysfs = tempfile::tempdir().unwrap();
        for (name, kind, max) in panels {
            let folder = sysfs.path().join("class/backlight").join(name);
            std::fs::create_dir_all(&folder).unwrap();
            for (file, content) in [("type", *kind), ("max_brightness", *max), ("brightness", "5")]
            {
                std::fs::write(folder.join(file), format!("{content}\n")).unwrap();
            }
        }
        sysfs
    }

    fn found(panels: &[(&str, &str, &str)]) -> Option<String> {
        Some(Panel::find(with(panels).path())?.name)
    }

    #[test]
    fn firmware_comes_before_platform_before_raw() {
        let (raw, platform, firmware) = (
            ("amdgpu_bl0", "raw", "255"),
            ("ideapad", "platform", "10"),
            ("video0", "firmware", "15"),
        );
        assert_eq!(found(&[raw, platform, firmware]).as_deref(), Some("video0"));
        assert_eq!(found(&[raw, platform]).as_deref(), Some("ideapad"));
        assert_eq!(found(&[raw]).as_deref(), Some("amdgpu_bl0"));
    }

    #[test]
    fn the_connector_in_use_comes_first() {
        let sysfs = with(&[("amdgpu_bl0", "raw", "255"), ("nvidia_0", "raw", "100")]);
        let device = sysfs.path().join("class/backlight/amdgpu_bl0/device");
        std::fs::create_dir(&device).unwrap();
        std::fs::write(device.join("enabled"), "disabled\n").unwrap();
        assert_eq!(Panel::find(sysfs.path()).unwrap().name, "nvidia_0");
    }

    #[test]
    fn what_has_no_steps_is_no_panel() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[("broken", "raw", "0")]), None);
        assert_eq!(found(&[("broken", "raw", "many")]), None);
        assert!(Panel::find(Path::new("/nowhere")).is_none());
    }

    #[test]
    fn a_name_stays_in_its_folder() {
        let sysfs = with(&[("video0", "firmware", "15")]);
        assert!(Panel::named(sysfs.path(), "video0").is_some());
        for name in ["", ".", "..", "/", "../backlight/video0", "video0/", "gone"] {
            assert!(Panel::named(sysfs.path(), name).is_none(), "{name}");
        }
    }

    #[tokio::test]
    async fn a_plain_file_cannot_be_watched() {
        let sysfs = with(&[("video0", "firmware", "15")]);
        let panel = Panel::find(sysfs.path()).unwrap();
        std::fs::write(panel.folder.join("actual_brightness"), "5\n").unwrap();
        assert!(panel.watch().is_err());
    }
}
