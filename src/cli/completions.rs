//! `quietctl completions`: what a shell needs to complete commands.

use clap::CommandFactory as _;

use super::{Arguments, said::Said};

/// Writes the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl completions bash > ~/.local/share/bash-completion/completions/quietctl
  quietctl completions fish > ~/.config/fish/completions/quietctl.fish
  quietctl completions zsh > ~/.zfunc/_quietctl")]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// The shells there are completions for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Completions {
    /// Writes them.
    pub fn run(self) -> Said {
        let shell = match self.shell {
            Shell::Bash => clap_complete::Shell::Bash,
            Shell::Zsh => clap_complete::Shell::Zsh,
            Shell::Fish => clap_complete::Shell::Fish,
        };
        let mut out = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "quietctl", &mut out);
        Said::text(String::from_utf8_lossy(&out))
    }
}
