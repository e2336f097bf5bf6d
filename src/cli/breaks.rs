//! `quietctl break`: when the next one is, and *Later* and *Skip* without the notice.

use super::{
    CommandError,
    context::Context,
    error::Kind,
    render::{lasting, moment},
    said::Said,
};
use crate::breaks::LATER;

/// Says when the next break is, puts one off, or skips it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl break
  quietctl break later
  quietctl break skip")]
pub struct Break {
    /// What to do with the break that is now
    #[arg(value_enum)]
    word: Option<Word>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Word {
    /// It comes again in five minutes
    Later,
    /// The next one comes in its time
    Skip,
}

impl Break {
    /// Says or does it.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let control = context.control().await?;
        match self.word {
            Some(Word::Later) => control.break_later().await?,
            Some(Word::Skip) => control.break_skip().await?,
            None => {}
        }
        let page = context.page();
        if self.word == Some(Word::Later) {
            return Ok(Said::text(page.advice(0, &format!("Again in {}.", lasting(LATER)))));
        }
        let state = control.state().await?;
        let next = state.next_break.and_then(moment);
        let (text, kind) = match (next, state.measures.breaks) {
            (Some(at), _) => (format!("The next break is about {}.", page.when(at)), None),
            (None, Some(_)) => ("It is a break now, or nobody is there.".to_owned(), None),
            (None, None) => ("No breaks are suggested now.".to_owned(), Some(Kind::No)),
        };
        let said = Said::text(page.advice(0, &text));
        Ok(match kind.filter(|_| self.word.is_none()) {
            Some(kind) => said.but(kind),
            None => said,
        })
    }
}
