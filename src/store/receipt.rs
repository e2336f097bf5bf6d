//! What a backend found before it changed something, and what it set instead.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// One backend's receipt. `F` and `S` are its own types; here they are only JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The backend's id in the registry.
    pub backend: String,
    /// What was there before our first change.
    pub found: Value,
    /// What we set, or are about to set.
    pub set: Value,
    /// What we had set before that: after a crash between writing and acting it is still there, and still ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Value>,
}

impl Receipt {
    /// Makes a first receipt.
    pub fn new<F: Serialize, S: Serialize>(backend: &str, found: &F, set: &S) -> Self {
        Self {
            backend: backend.to_owned(),
            found: json(found),
            set: json(set),
            earlier: Vec::new(),
        }
    }

    /// Makes the receipt for another value of something already in force: what was found stays.
    #[must_use]
    pub fn renew<S: Serialize>(&self, set: &S) -> Self {
        let set = json(set);
        let mut earlier: Vec<Value> = self
            .earlier
            .iter()
            .chain([&self.set])
            .filter(|value| **value != set)
            .cloned()
            .collect();
        earlier.dedup();
        Self { backend: self.backend.clone(), found: self.found.clone(), set, earlier }
    }

    /// Reads what was found; none if the receipt is not this backend's.
    pub fn found<F: DeserializeOwned>(&self) -> Option<F> {
        serde_json::from_value(self.found.clone()).ok()
    }

    /// Reads what was set; none if the receipt is not this backend's.
    pub fn set<S: DeserializeOwned>(&self) -> Option<S> {
        serde_json::from_value(self.set.clone()).ok()
    }

    /// Reads all that may be there by our hand: what is set, then what was set earlier.
    pub fn ours<S: DeserializeOwned>(&self) -> Vec<S> {
        std::iter::once(&self.set)
            .chain(&self.earlier)
            .filter_map(|value| serde_json::from_value(value.clone()).ok())
            .collect()
    }
}

/// Plain data always has a JSON form; should some not have one, a null is nobody's value and restores nothing.
fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
