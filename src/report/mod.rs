//! A report for an appointment: what was logged, noted and counted between two days, and only what the person ticked of it.
//!
//! Pure: values in, text out. Here: what a report holds (`model`, with `days`), and how it is written (`html` with `chart`
//! and `style.css`, `markdown`, `csv`, `json`). Not here: who asks the daemon, what the person is asked, and where the file
//! goes; that is `cli::report`'s.

mod chart;
mod csv;
mod days;
mod html;
mod json;
mod markdown;
mod model;
mod words;

pub use csv::csv;
pub use html::html;
pub use json::json;
pub use markdown::markdown;
pub use model::{
    Choice, Counted, Day, Facts, Group, NOT_KNOWN, Noted, OTHER, Part, Report, Said, Session,
    YEARS_AT_MOST, earliest,
};
pub use words::{file_name, quiet, screen, span, time, title, what_is_not_known};

#[cfg(test)]
mod tests;
