//! `quietctl`: one file for each command.
