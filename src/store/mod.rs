//! What is kept on disk: the session log, the receipts, what was done by hand.
//!
//! Files are 0600 in folders 0700, replaced atomically (temporary file, fsync, rename, fsync of the folder). A torn or
//! foreign file is said and skipped, never fatal.

mod receipt;

pub use receipt::Receipt;
