//! Answers that become rules of the person's, for one folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use mo_core::approval::Action;
use mo_core::ceiling::Ceiling;
use mo_core::event::{Envelope, Event};
use mo_core::ids::{ApprovalId, Role, SessionId, WorkerName};
use mo_core::input::Rejection;
use mo_core::policy::{Ground, Rule, always, exactly};
use mo_core::view::status::{RuleOffer, SessionView};
use mo_journal::{Journal, JournalError};

use super::answering::{AnswerError, role_of};
use super::{CommandError, EngineHandle};
use crate::config::Config;
use crate::rules::Rules;
use crate::survey;
use crate::worker::bounds;

/// How many records are read at once.
const PAGE: usize = 2_000;

impl EngineHandle {
    /// The rule that an open question can become, and how many of its session's questions that would have spared.
    ///
    /// # Errors
    /// When no session has such a question, it is settled, or it cannot become a rule.
    pub async fn rule_for(&self, approval: &ApprovalId) -> Result<RuleOffer, AnswerError> {
        let has = |view: &SessionView| view.approvals.iter().any(|asked| asked.id == approval.as_str());
        let unknown = || AnswerError::Unknown(format!("question {approval}"));
        let view = self.view_where(has).await?.ok_or_else(unknown)?;
        let (rule, why) = self.rule_of(&view, approval).await?;
        let roles: Vec<(WorkerName, Role)> = view
            .workers
            .iter()
            .map(|worker| (WorkerName::new(worker.name.as_str()), role_of(&worker.role)))
            .collect();
        let home = self.shared.environment.home().unwrap_or_default().to_string_lossy().into_owned();
        let file = self.shared.rules.file(Path::new(&view.target))?.to_string_lossy().into_owned();
        let (text, words) = (Rules::shown(&rule, &why), rule.in_words());
        let (journal, session) = (Arc::clone(&self.shared.ports.journal), SessionId::new(view.id));
        let counted = tokio::task::spawn_blocking(move || {
            let asks_it = |worker: Option<&WorkerName>, action: &Action| {
                let asker = roles.iter().find(|(name, _)| Some(name) == worker).map(|(_, role)| *role);
                asker == rule.role && exactly(action, &home).as_ref() == Ok(&rule.about)
            };
            count(journal.as_ref(), &session, &asks_it)
        });
        let (spares, of) = counted.await.map_err(|_| CommandError::Closed)??;
        Ok(RuleOffer { text, words, file, spares, of })
    }

    /// Writes the rule that a question becomes; it is in effect when this returns.
    pub(super) async fn save_rule(
        &self,
        view: &SessionView,
        approval: &ApprovalId,
    ) -> Result<Rule, AnswerError> {
        let (rule, why) = self.rule_of(view, approval).await?;
        let (rules, folder) = (Arc::clone(&self.shared.rules), PathBuf::from(&view.target));
        let saved = tokio::task::spawn_blocking(move || {
            rules.add(&folder, &rule, &why)?;
            Ok::<_, AnswerError>(rule)
        });
        let rule = saved.await.map_err(|_| CommandError::Closed)??;
        let mut config = self.shared.config.write().unwrap_or_else(PoisonError::into_inner);
        *config = Arc::new(Config { rules: self.shared.rules.now(), ..config.as_ref().clone() });
        Ok(rule)
    }

    /// The rule, and where it comes from.
    async fn rule_of(
        &self,
        view: &SessionView,
        approval: &ApprovalId,
    ) -> Result<(Rule, String), AnswerError> {
        let rejected = |rejection| AnswerError::Command(CommandError::Rejected(rejection));
        let asked = view.approvals.iter().find(|asked| asked.id == approval.as_str());
        let asked = asked.filter(|asked| asked.state == "open");
        let asked = asked.ok_or_else(|| rejected(Rejection::ApprovalSettled))?;
        let action = match (asked.kind.as_deref(), asked.exactly.first()) {
            (Some("command"), Some(line)) => {
                Action::Command { command: line.clone(), cwd: asked.cwd.clone() }
            }
            (Some("read"), Some(_)) => Action::Read { paths: asked.exactly.clone() },
            _ => return Err(AnswerError::NoRule("no rule would say this and nothing more")),
        };
        let in_role = view.workers.iter().find(|worker| worker.name == asked.worker);
        let in_role = in_role.map_or(Role::Reviewer, |worker| role_of(&worker.role));
        let (folder, data) = (PathBuf::from(&view.target), self.shared.data.path().to_owned());
        let (rules, home) = (self.shared.rules.now(), self.shared.environment.home());
        let found = tokio::task::spawn_blocking(move || {
            let bounds = bounds(&folder, &data, home.as_deref());
            let survey = survey::survey(&action, &bounds, &rules);
            let may_write = in_role == Role::Implementer;
            always(
                &action,
                &Ground {
                    bounds: &bounds,
                    role: in_role,
                    may_write,
                    places: &survey.known,
                    rules: &rules,
                    // What the rule says is looked at here; whether it counts in a session is its ceiling's.
                    ceiling: Ceiling::ALL,
                },
            )
        });
        let rule = found.await.map_err(|_| CommandError::Closed)?.map_err(AnswerError::NoRule)?;
        if !asked.options.iter().any(|option| option == "always") {
            return Err(rejected(Rejection::NotAnOption));
        }
        self.shared.rules.file(Path::new(&view.target))?;
        let now = self.shared.ports.clock.now();
        let why = format!(
            "{now}, owner: person, source: an answer to {} in session {} (question {approval})",
            asked.worker, view.id
        );
        Ok((rule, why))
    }
}

/// Of how many questions of the session the condition is true, and how many there were.
fn count(
    journal: &dyn Journal,
    session: &SessionId,
    is_one: &dyn Fn(Option<&WorkerName>, &Action) -> bool,
) -> Result<(u32, u32), JournalError> {
    let (mut spares, mut of, mut since) = (0, 0, 0);
    loop {
        let page = journal.read(session, since, PAGE)?;
        let Some(last) = page.last() else { return Ok((spares, of)) };
        since = last.seq;
        for record in page.iter().filter(|record| record.kind == "approval_requested") {
            let Ok(Envelope { event: Event::ApprovalRequested(asked), worker, .. }) =
                Envelope::from_record(record)
            else {
                continue;
            };
            of += 1;
            spares += u32::from(is_one(worker.as_ref(), &asked.request.action));
        }
    }
}
