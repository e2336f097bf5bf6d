//! Apps that are locked and yet have to go on for now. Asked for each unit before it is frozen.

use std::collections::BTreeSet;

/// Says why a unit is to go on, in a sentence for the person; none where it may be frozen. `pids` are its processes,
/// `ourselves` this one and those it came from.
pub fn must_go_on(unit: &str, pids: &[u32], ourselves: &BTreeSet<u32>) -> Option<String> {
    if pids.iter().any(|pid| ourselves.contains(pid)) {
        return Some(format!(
            "{unit} was left running, because quietd itself was started from that app. Start quietd with \
             `systemctl --user start quietd`; then it can be locked."
        ));
    }
    None
}
