//! The control command.

fn main() -> std::process::ExitCode {
    quietd::cli::main()
}
