//! What a session rests on.

use mo_core::agent_event::AgentEvent;
use mo_core::event::{Envelope, Event, Prepared};
use mo_core::ids::SessionId;
use mo_core::record::Record;
use mo_core::review::receipt::{Receipt, ReceiptGrant};
use mo_core::view::timeline_entry;
use mo_engine::receipts;
use mo_journal::Document;

use super::EngineDesk;
use super::logs::blocking;
use crate::desk::{Answer, Details};
use crate::dto::{AgentDetail, DetailsView, Place, ReceiptLine, ReceiptView, RecoveryDetail, Refusal};

/// The most recoveries that are shown, the newest.
const MOST: usize = 200;

fn recovery(record: &Record) -> Option<RecoveryDetail> {
    let outcome = match record.kind.as_ref() {
        "recovery_succeeded" => "worked",
        "recovery_exhausted" => "exhausted",
        _ => "tried",
    };
    let entry = timeline_entry(&Envelope::from_record(record).ok()?)?;
    Some(RecoveryDetail {
        seq: entry.seq,
        at: entry.at,
        worker: entry.worker,
        text: entry.text,
        outcome: outcome.to_owned(),
    })
}

/// The CLIs that were found, each with the model that it named last.
fn agents(prepared: Option<Prepared>, started: &[Record]) -> Vec<AgentDetail> {
    let model_of = |agent: &str| {
        let of_agent = started.iter().rev().filter(|record| {
            record.worker.as_ref().is_some_and(|worker| {
                worker.as_str().strip_prefix(agent).is_some_and(|rest| rest.starts_with('-'))
            })
        });
        of_agent.filter_map(|record| Envelope::from_record(record).ok()).find_map(|envelope| {
            match envelope.event {
                Event::AgentItem { item: AgentEvent::SessionStarted { model, .. }, .. } => model,
                _ => None,
            }
        })
    };
    let found = prepared.map(|prepared| prepared.agents).unwrap_or_default();
    let detail = |agent: mo_core::event::FoundAgent| AgentDetail {
        model: model_of(&agent.agent.to_string()),
        agent: agent.agent.to_string(),
        path: agent.path,
        version: agent.version,
    };
    found.into_iter().map(detail).collect()
}

impl Details for EngineDesk {
    fn details(&self, session: String) -> Answer<'_, DetailsView> {
        let id = SessionId::new(session.as_str());
        let data = self.engine_of(&id).data().clone();
        self.in_log(session, move |log| {
            let prepared = log.of_kinds(&["session_prepared"], 1)?.pop();
            let prepared = prepared.and_then(|record| match Envelope::from_record(&record).ok()?.event {
                Event::SessionPrepared(prepared) => Some(prepared),
                _ => None,
            });
            let recoveries =
                log.of_kinds(&["recovery_attempted", "recovery_succeeded", "recovery_exhausted"], MOST)?;
            let folder = data.session(&id)?;
            let place = |name: &str, path: &std::path::Path| Place {
                name: name.to_owned(),
                path: path.display().to_string(),
            };
            Ok(DetailsView {
                guarantees: prepared.as_ref().map(|p| p.guarantees.clone()).unwrap_or_default(),
                agents: agents(prepared, &log.of_kinds(&["session_started"], MOST)?),
                recoveries: recoveries.iter().filter_map(recovery).collect(),
                places: vec![
                    place("Session folder", &folder),
                    place("Transcripts", &folder.join("transcripts")),
                    place("Data folder", data.path()),
                ],
                version: env!("CARGO_PKG_VERSION").to_owned(),
            })
        })
    }

    fn receipt(&self, session: String, number: u32) -> Answer<'_, Option<ReceiptView>> {
        let id = SessionId::new(session);
        let engine = self.engine_of(&id);
        Box::pin(blocking(move || {
            let name = receipts::name(number as usize);
            let path = engine.data().session(&id)?.join("receipts").join(format!("{name}.json"));
            let Some(text) = engine.journal().document(&id, &Document::Receipt(name))? else {
                return Ok(None);
            };
            let receipt = read(&text)?;
            let path = path.display().to_string();
            Ok(Some(ReceiptView {
                number,
                checkpoint: receipt.checkpoint.map(|digest| digest.to_string()),
                reviews: receipt
                    .reviews
                    .into_iter()
                    .map(|review| ReceiptLine {
                        reviewer: review.reviewer.to_string(),
                        subject: review.subject.to_string(),
                        version: review.cli_version,
                        model: review.model,
                        verdict: review.verdict.as_str().to_owned(),
                        carried_over: review.carried_over,
                    })
                    .collect(),
                grants: receipt.grants.iter().map(ReceiptGrant::in_words).collect(),
                cost_usd: receipt.cost_usd,
                cost_known_usd: receipt.cost_known_usd,
                verify: format!("orchestrate verify '{}'", path.replace('\'', "'\\''")),
                path,
            }))
        }))
    }
}

/// A receipt as it is written, with the digest of its own text as its last member.
fn read(text: &str) -> Result<Receipt, Refusal> {
    let unreadable = |error: serde_json::Error| {
        Refusal::new("receipt_unreadable", format!("the receipt cannot be read: {error}"), "verify its file")
    };
    let mut value: serde_json::Value = serde_json::from_str(text).map_err(unreadable)?;
    if let Some(object) = value.as_object_mut() {
        object.remove("digest");
    }
    serde_json::from_value(value).map_err(unreadable)
}
