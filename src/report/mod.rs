//! A report for an appointment: what was logged, noted and counted between two days, and only what the person ticked of it.
//!
//! Pure: values in, text out. Here: what a report holds (`model`), and how it is written (`html` with `chart` and
//! `style.css`, `markdown`, `csv`, `json`). Not here: who asks the daemon, what the person is asked, and where the file
//! goes; that is `cli::report`'s.

mod chart;
mod csv;
mod html;
mod json;
mod markdown;
mod model;
mod words;

pub use csv::csv;
pub use html::html;
pub use json::json;
pub use markdown::markdown;
pub use model::{Choice, Day, Facts, Group, NOT_KNOWN, OTHER, Part, Report, Said, Session};
pub use words::{file_name, span, title};

#[cfg(test)]
mod tests;
