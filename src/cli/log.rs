//! `quietctl log`: logs a session.

use jiff::{SignedDuration, Timestamp};

use super::{
    CommandError, context::Context, control::Control, error::Kind, render::answers, render::moment,
    said::Said, when::session_end,
};
use crate::config::ANY_AT_MOST;

/// What a session is called that is given no name.
const SESSION: &str = "session";

/// Logs a session; quiet counts from its end
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl log                        a session that ended just now
  quietctl log --ended 14:30          quiet counts from 14:30
  quietctl log sea --ended \"2h ago\"   a kind of session, as your config names it")]
pub struct Log {
    /// Your own word for it; your config can have rules for each
    #[arg(value_name = "KIND", default_value = SESSION)]
    kind: String,
    /// When it ended: 14:30, "2h ago", "yesterday 16:00", 2026-11-20T14:30
    #[arg(long, value_name = "WHEN")]
    ended: Option<String>,
    /// A few words for yourself; `quietctl sessions` shows them, and a report if you say so
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Shows the answer as a notification too
    #[arg(long)]
    pub notify: bool,
}

impl Log {
    /// Logs it, and says what follows.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let page = context.page();
        let now = page.now.timestamp();
        let ended = match &self.ended {
            Some(when) => session_end(when, &page.now)?,
            None => now,
        };
        let kind = Some(self.kind.trim()).filter(|kind| !kind.is_empty()).unwrap_or(SESSION);
        let control = context.control().await?;
        let id = control.log_session(kind, ended, self.note.as_deref()).await?;
        // It is logged: whatever fails from here on must not read as if it were not.
        let from = ended.min(now);
        let until = ended.max(now) + ANY_AT_MOST + SignedDuration::from_hours(24);
        let mut run = control.plan(from, until).await.unwrap_or_default();
        run.retain(|period| period.run == format!("session:{id}"));
        let failed = control.state().await.map(|state| state.problems).unwrap_or_default();
        let page = context.page();
        let end: Option<Timestamp> = run.iter().filter_map(|period| moment(period.until)).max();
        let mut said = answers::logged(&page, &id, ended, &run, &failed);
        let noted = self.note.as_deref().is_some_and(|note| !note.trim().is_empty());
        let lost = noted && !is_noted(&control, &id).await;
        if lost {
            said.push_str(&answers::not_noted(&page, &id));
        }
        let notice = match end.filter(|end| *end > page.now.timestamp()) {
            Some(end) => format!("Quiet time until {}", page.when(end)),
            None => "Logged. It makes nothing quiet.".to_owned(),
        };
        let said = Said::text(said).notice(notice);
        Ok(if lost { said.but(Kind::Refused) } else { said })
    }
}

/// Whether the words for a session are kept, as they are or sealed; also where nobody can say.
async fn is_noted(control: &Control, id: &str) -> bool {
    let sessions = control.sessions(None).await.unwrap_or_default();
    let logged = sessions.iter().find(|session| session.id == id);
    logged.is_none_or(|session| session.note.is_some() || session.notes.is_some())
}
