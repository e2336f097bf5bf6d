//! The steps from what is applied to what is wanted.

use std::collections::BTreeMap;

use super::Desired;

/// One thing to do to the desktop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Put a backend's share in force, for the first time or anew.
    Put {
        /// The backend's id.
        backend: &'static str,
        /// Its whole share.
        desired: Desired,
    },
    /// Give back everything a backend has in force.
    TakeDown {
        /// The backend's id.
        backend: &'static str,
    },
}

/// Finds the steps; those that open the desktop come first.
pub fn diff(
    wanted: &BTreeMap<&'static str, Desired>,
    applied: &BTreeMap<&'static str, Desired>,
) -> Vec<Step> {
    let down = applied
        .keys()
        .filter(|backend| !wanted.contains_key(*backend))
        .map(|backend| Step::TakeDown { backend });
    let put = wanted
        .iter()
        .filter(|(backend, desired)| applied.get(*backend) != Some(desired))
        .map(|(backend, desired)| Step::Put { backend, desired: desired.clone() });
    down.chain(put).collect()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_map, prelude::*, sample::select};

    use super::*;

    fn any_state() -> impl Strategy<Value = BTreeMap<&'static str, Desired>> {
        let desired = (0..3u8, any::<bool>()).prop_map(|(dim, greyscale)| Desired {
            dim,
            greyscale,
            ..Desired::default()
        });
        btree_map(select(vec!["shell", "light", "gamma", "units"]), desired, 0..4)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn the_steps_lead_to_what_is_wanted(wanted in any_state(), applied in any_state()) {
            let steps = diff(&wanted, &applied);
            let mut state = applied.clone();
            for step in steps.clone() {
                match step {
                    Step::Put { backend, desired } => {
                        prop_assert_ne!(state.insert(backend, desired.clone()), Some(desired));
                    }
                    Step::TakeDown { backend } => prop_assert!(state.remove(backend).is_some()),
                }
            }
            prop_assert_eq!(&state, &wanted);
            prop_assert!(diff(&wanted, &wanted).is_empty());
            let down = |step: &Step| matches!(step, Step::TakeDown { .. });
            prop_assert!(steps.iter().skip_while(|step| down(step)).all(|step| !down(step)));
        }
    }
}
