//! The formats of commands that read.

/// For people, or for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: the same keys always
    Json,
}

/// The formats of `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum StatusFormat {
    /// For people
    #[default]
    Text,
    /// For programs: the same keys always; with --follow, one line each time
    Json,
    /// For a custom module of Waybar, one line each time
    Waybar,
}
