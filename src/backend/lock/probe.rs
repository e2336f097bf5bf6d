//! Whether apps can be frozen here, and if not, why.

use std::path::Path;

use super::{cgroups, units::UserManager};
use crate::{backend::Probe, dbus::CallError};

/// The first version of systemd with `FreezeUnit`.
const OLDEST: u32 = 246;

/// Asks the user manager, and looks at the cgroup tree.
pub async fn probe(manager: &UserManager, sysfs: &Path) -> Probe {
    let (version, place) = tokio::join!(manager.version(), manager.control_group());
    let (version, place) = match (version, place) {
        (Ok(version), Ok(place)) => (version, place),
        (Err(error), _) | (_, Err(error)) => return not_ready(&error),
    };
    let major = major(&version);
    if major.is_some_and(|major| major < OLDEST) {
        return Probe::Unsupported(format!(
            "This is systemd {version}; apps can be frozen with systemd {OLDEST} or later."
        ));
    }
    if !sysfs.join("fs/cgroup/cgroup.controllers").exists() {
        return Probe::Unsupported(
            "Apps can be frozen only with the unified cgroup tree (cgroup v2). Start the system with \
             `systemd.unified_cgroup_hierarchy=1` on the kernel's command line."
                .to_owned(),
        );
    }
    if !cgroups::folder(sysfs, &place).join("cgroup.freeze").exists() {
        return Probe::Unsupported(
            "The kernel does not let the user manager freeze apps; that needs Linux 5.2 or later."
                .to_owned(),
        );
    }
    Probe::Ready(major.map_or_else(|| "systemd".to_owned(), |major| format!("systemd {major}")))
}

/// The number a version begins with: of `252.39-1~deb12u1`, 252; of `v258~rc1`, 258.
fn major(version: &str) -> Option<u32> {
    let version = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn not_ready(error: &CallError) -> Probe {
    match error {
        CallError::Absent(_) => Probe::Deferred(
            "No systemd user manager is on the session bus, so apps cannot be frozen. It is there where the \
             session runs under systemd with the user's own bus."
                .to_owned(),
        ),
        CallError::TimedOut(_) => {
            Probe::Deferred("The systemd user manager does not answer now.".to_owned())
        }
        CallError::Answered { .. } | CallError::Odd(..) => Probe::Unsupported(format!(
            "The service on the session bus is no systemd user manager that quietd knows: {error}."
        )),
    }
}
