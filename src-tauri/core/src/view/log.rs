//! The log at a machine's level: one row for each event, nothing left out. Rows are made when they are looked at;
//! for all others [`class_of`] says cheaply what they are.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::timeline_entry;
use crate::agent_event::{AgentEvent, PlanStatus};
use crate::event::{Envelope, Event};
use crate::record::Record;

/// The most characters of a row's text.
const TEXT: usize = 400;
/// The most bytes of an event that are shown raw.
pub const RAW: usize = 256 << 10;

/// One row of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogRow {
    /// The event's number; in a transcript the line's.
    #[ts(type = "number")]
    pub seq: u64,
    /// RFC 3339; empty where no time is known.
    pub at: String,
    /// Whose.
    pub worker: Option<String>,
    /// The event's kind; of what an agent reported, the kind of that. `raw` for a line of a transcript.
    pub kind: String,
    /// `info warning error`.
    pub severity: Severity,
    /// On one line.
    pub text: String,
}

/// How much a row should catch the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// What goes as it should.
    Info,
    /// What a person may want to look at.
    Warning,
    /// What failed.
    Error,
}

/// Which rows are asked for; what is left out does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogFilter {
    /// The lines of this transcript instead of the events; of these only the text is looked at.
    pub raw: Option<RawSource>,
    /// A worker's name; empty for what is nobody's.
    pub worker: Option<String>,
    /// As [`LogRow::kind`].
    pub kind: Option<String>,
    /// At least this.
    pub severity: Option<Severity>,
    /// In the row's text or anywhere in the event, without regard to case; empty for all.
    pub text: String,
}

/// The bytes of one stream of one process of a worker, as they came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RawSource {
    /// Whose.
    pub worker: String,
    /// Of which process.
    pub attempt: u32,
    /// Standard error instead of standard output.
    pub stderr: bool,
}

/// A piece of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogPage {
    /// The number of its first row among those that match, from 0.
    #[ts(type = "number")]
    pub from: u64,
    /// The rows.
    pub rows: Vec<LogRow>,
    /// How many match, of those that were looked at.
    #[ts(type = "number")]
    pub total: u64,
    /// How many there are.
    #[ts(type = "number")]
    pub all: u64,
    /// Everything was looked at; else asking again goes on.
    pub whole: bool,
    /// How far that is, 0 to 100.
    pub percent: u8,
    /// Malformed lines among all, as far as they were looked at.
    #[ts(type = "number")]
    pub malformed: u64,
    /// The same of lines of an unknown type.
    #[ts(type = "number")]
    pub unrecognised: u64,
    /// Kinds that occur.
    pub kinds: Vec<String>,
    /// Transcripts that can be asked for.
    pub sources: Vec<RawSource>,
}

/// Where something is found next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogFound {
    /// The number of its row among those that match the filter.
    #[ts(type = "number | null")]
    pub row: Option<u64>,
    /// Which of all that were found, from 1.
    #[ts(type = "number")]
    pub nth: u64,
    /// How many there are.
    #[ts(type = "number")]
    pub count: u64,
    /// Everything was looked at; else asking again goes on.
    pub whole: bool,
}

/// A place in the log that a person may want to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogMark {
    /// In which part of the log, from 0.
    pub part: u32,
    /// The worst of it.
    pub severity: Severity,
}

/// A row as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogRaw {
    /// The stored text, or its beginning.
    pub text: String,
    /// How long the whole is, in bytes.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Where it stands, in words.
    pub place: String,
    /// For a malformed line: what is wrong with it.
    pub wrong: Option<String>,
}

/// What sort of row an event gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// As [`LogRow::kind`].
    pub kind: String,
    /// As [`LogRow::severity`].
    pub severity: Severity,
}

/// Of what an agent reported, only what its class needs.
#[derive(Deserialize)]
struct Reported<'a> {
    #[serde(borrow)]
    item: Item<'a>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(rename = "type")]
    sort: &'a str,
    #[serde(default)]
    level: Option<&'a str>,
    #[serde(default)]
    status: Option<&'a str>,
}

/// What sort of row a record gives; of what an agent reported, without making the whole event.
pub fn class_of(record: &Record) -> Class {
    if record.kind == "agent_item" {
        let Ok(Reported { item }) = serde_json::from_str::<Reported<'_>>(&record.data) else {
            return Class { kind: record.kind.to_string(), severity: Severity::Warning };
        };
        let severity = match (item.sort, item.level, item.status) {
            ("malformed" | "unrecognized", ..) | (_, Some("warning"), _) | (_, _, Some("declined")) => {
                Severity::Warning
            }
            (_, Some("error"), _) | (_, _, Some("failed")) => Severity::Error,
            _ => Severity::Info,
        };
        return Class { kind: item.sort.to_owned(), severity };
    }
    let severity = match Envelope::from_record(record) {
        Ok(envelope) => severity_of(&envelope),
        Err(_) => Severity::Warning,
    };
    Class { kind: record.kind.to_string(), severity }
}

fn severity_of(envelope: &Envelope) -> Severity {
    match &envelope.event {
        // A question is no trouble.
        Event::ApprovalRequested(_) | Event::ApprovalRepeated { .. } | Event::ApprovalAnswered(_) => {
            Severity::Info
        }
        Event::WorkerExited { code, signal, .. } if *code != Some(0) || signal.is_some() => Severity::Warning,
        _ => match timeline_entry(envelope).map(|entry| entry.tone).as_deref() {
            Some("bad") => Severity::Error,
            Some("warn" | "unknown") => Severity::Warning,
            _ => Severity::Info,
        },
    }
}

/// The row of an event; one that this version cannot read is shown as it is stored.
pub fn log_row(record: &Record) -> LogRow {
    let Class { kind, severity } = class_of(record);
    let text = match Envelope::from_record(record) {
        Ok(envelope) => words(&envelope).unwrap_or_else(|| record.data.clone()),
        Err(error) => format!("{} cannot be read: {}", record.kind, error.reason),
    };
    LogRow {
        seq: record.seq,
        at: record.at.to_string(),
        worker: record.worker.as_ref().map(ToString::to_string),
        kind,
        severity,
        text: on_one_line(&text),
    }
}

/// `None` where the stored form says it best.
fn words(envelope: &Envelope) -> Option<String> {
    let Event::AgentItem { item, .. } = &envelope.event else {
        return timeline_entry(envelope).map(|entry| match entry.detail {
            Some(detail) if entry.text.len() + detail.len() < TEXT => format!("{} · {detail}", entry.text),
            _ => entry.text,
        });
    };
    Some(match item {
        AgentEvent::Message { text, .. }
        | AgentEvent::Thought { text, .. }
        | AgentEvent::Delta { text, .. }
        | AgentEvent::Notice { text, .. }
        | AgentEvent::Milestone { text } => text.clone(),
        AgentEvent::ToolStarted { title, .. } => title.clone(),
        AgentEvent::ToolEnded { status, exit_code, output, .. } => {
            let code = exit_code.map(|code| format!(", exit {code}")).unwrap_or_default();
            let status = format!("{status:?}").to_lowercase();
            format!("{status}{code}{}{output}", if output.is_empty() { "" } else { " · " })
        }
        AgentEvent::FilesChanged { changes, status, .. } => {
            let names: Vec<String> = changes
                .iter()
                .map(|c| format!("{} {}", format!("{:?}", c.change).to_lowercase(), c.path))
                .collect();
            format!("{} · {}", format!("{status:?}").to_lowercase(), names.join(", "))
        }
        AgentEvent::Plan { entries } => {
            let done = entries.iter().filter(|entry| entry.status == PlanStatus::Completed).count();
            let now = entries.iter().find(|entry| entry.status == PlanStatus::InProgress);
            let now = now.map(|entry| format!(" · {}", entry.text)).unwrap_or_default();
            format!("{done} of {} done{now}", entries.len())
        }
        AgentEvent::SessionStarted { agent_session, model, version } => {
            let said = [model.as_deref(), version.as_deref()].into_iter().flatten();
            std::iter::once(agent_session.as_str()).chain(said).collect::<Vec<_>>().join(" · ")
        }
        AgentEvent::Malformed { reason, bytes, .. } => format!("{reason}; {bytes} bytes"),
        AgentEvent::Unrecognized { kind } => format!("unknown type {kind:?}; kept and counted"),
        AgentEvent::TurnStarted
        | AgentEvent::ApprovalRequested { .. }
        | AgentEvent::ApprovalWithdrawn { .. }
        | AgentEvent::UsageReported { .. }
        | AgentEvent::TurnEnded { .. } => return None,
    })
}

/// Runs of white space with a line break become one sign, so that a row stays a row and what it leaves out is seen.
pub fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(TEXT * 2));
    let mut parts = text.split(['\n', '\r']).map(str::trim_end).filter(|part| !part.is_empty());
    line.extend(parts.next());
    for part in parts {
        if line.len() > TEXT * 4 {
            break;
        }
        line.extend([" ⏎ ", part.trim_start()]);
    }
    match line.char_indices().nth(TEXT) {
        Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
