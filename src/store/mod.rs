//! What is kept on disk: the session log, the notes, the receipts, what was done by hand.
//!
//! Files are 0600 in folders 0700, replaced atomically (temporary file, fsync, rename, fsync of the folder); the log is
//! only added to. The same means replace settings files of other programs, which keep their mode. A torn or foreign file is said and skipped, never fatal. Calls block; the files are small.

mod atomic;
mod by_hand;
mod error;
mod in_place;
pub mod kconfig;
mod kept;
mod leftovers;
mod log;
mod machine;
mod receipt;
mod receipts;
mod screen_time;
mod suggested;

pub use atomic::{remove as remove_file, replace as replace_file, rewrite as rewrite_file};
pub use by_hand::{ByHandStore, Clocks, Kept, Seen};
pub use error::{Damage, StoreError};
pub use leftovers::remove_leftovers;
pub use log::{NoteLog, NotesRead, Read, SessionLog};
pub use machine::new_id;
pub use receipt::Receipt;
pub use receipts::ReceiptStore;
pub use screen_time::ScreenTimeStore;
pub use suggested::{SuggestedStore, suggestion_text, suggestions};
