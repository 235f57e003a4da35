//! The app-server's notifications: which are read and which are left out on purpose. Together they are all 86 of
//! the schema of Codex 0.169 (facts/codex-app-server-schema/ServerNotification.json); any other is `Unrecognized`.

use mo_core::agent_event::{AgentEvent, NoticeLevel, PlanEntry, PlanStatus};
use serde_json::Value;

use super::items::notice;
use super::wire::PlanParams;
use crate::shared::text::{LONG, cut};

/// Those that change the state of the thread or become items.
#[cfg(test)]
pub(super) const READ: [&str; 18] = [
    "error",
    "thread/started",
    "thread/tokenUsage/updated",
    "turn/started",
    "turn/completed",
    "turn/plan/updated",
    "item/started",
    "item/completed",
    "item/agentMessage/delta",
    "item/plan/delta",
    "item/commandExecution/outputDelta",
    "item/fileChange/outputDelta",
    "item/fileChange/patchUpdated",
    "item/mcpToolCall/progress",
    "item/reasoning/summaryTextDelta",
    "item/reasoning/textDelta",
    "serverRequest/resolved",
    "account/rateLimits/updated",
];

/// Those that are only said to the person: their level, our word for them and the field with the text.
pub(super) const NOTICES: [(&str, NoticeLevel, &str, &str); 18] = [
    ("warning", NoticeLevel::Warning, "agent_warning", "/message"),
    ("guardianWarning", NoticeLevel::Warning, "guardian_warning", "/message"),
    ("configWarning", NoticeLevel::Warning, "config_warning", "/summary"),
    ("deprecationNotice", NoticeLevel::Info, "deprecation", "/summary"),
    ("model/rerouted", NoticeLevel::Warning, "model_rerouted", "/toModel"),
    ("model/verification", NoticeLevel::Warning, "model_verification", ""),
    ("modelProvider/authRecoveryStarted", NoticeLevel::Warning, "auth_recovery_started", "/message"),
    ("modelProvider/authRecoveryCompleted", NoticeLevel::Info, "auth_recovery_completed", "/message"),
    ("thread/compacted", NoticeLevel::Info, "context_compacted", ""),
    ("thread/closed", NoticeLevel::Warning, "thread_closed", ""),
    ("thread/environment/disconnected", NoticeLevel::Warning, "environment_disconnected", "/environmentId"),
    ("autoApprovalReview/strictReviewRequired", NoticeLevel::Warning, "auto_review", ""),
    // Somebody else than us would decide; `approvalsReviewer: user` should keep these away.
    ("item/autoApprovalReview/started", NoticeLevel::Warning, "auto_review", "/targetItemId"),
    ("item/autoApprovalReview/completed", NoticeLevel::Warning, "auto_review", "/targetItemId"),
    ("windows/worldWritableWarning", NoticeLevel::Warning, "world_writable", ""),
    ("windowsSandbox/setupCompleted", NoticeLevel::Info, "sandbox_setup", "/error"),
    ("mcpServer/oauthLogin/completed", NoticeLevel::Info, "mcp_login", "/name"),
    ("mcpServer/startupStatus/updated", NoticeLevel::Info, "mcp_server", "/name"),
];

/// Those left out on purpose: the app's lists and settings, other people's threads, voice, our own commands, and
/// what an item's own notifications tell better.
pub(super) const IGNORED: [&str; 50] = [
    "thread/status/changed",
    "thread/readState/changed",
    "thread/archived",
    "thread/deleted",
    "thread/unarchived",
    "thread/reverted",
    "skills/changed",
    "thread/name/updated",
    "thread/section/changed",
    "thread/attachment/updated",
    "thread/goal/updated",
    "thread/prediction/updated",
    "thread/goal/cleared",
    "thread/queue/changed",
    "project/changed",
    "thread/project/updated",
    "thread/environment/connected",
    "thread/settings/updated",
    "hook/started",
    "hook/completed",
    "turn/diff/updated",
    "command/exec/outputDelta",
    "process/outputDelta",
    "process/exited",
    "item/commandExecution/terminalInteraction",
    "item/reasoning/summaryPartAdded",
    "mcpServer/event/stream/notification",
    "account/updated",
    "account/gatewayOAuth/changed",
    "account/login/completed",
    "app/list/updated",
    "remoteControl/status/changed",
    "externalAgentConfig/import/progress",
    "externalAgentConfig/import/completed",
    "fs/changed",
    "turn/moderationMetadata",
    "model/safetyBuffering/updated",
    "fuzzyFileSearch/sessionUpdated",
    "fuzzyFileSearch/sessionCompleted",
    "thread/realtime/started",
    "thread/realtime/itemAdded",
    "thread/realtime/item/started",
    "thread/realtime/item/transcript/delta",
    "thread/realtime/item/completed",
    "thread/realtime/transcript/delta",
    "thread/realtime/transcript/done",
    "thread/realtime/outputAudio/delta",
    "thread/realtime/sdp",
    "thread/realtime/error",
    "thread/realtime/closed",
];

/// The event of a notification that is only said: a notice, nothing, or `Unrecognized`.
pub(super) fn said(method: &str, params: &str) -> Result<Option<AgentEvent>, String> {
    if IGNORED.contains(&method) {
        return Ok(None);
    }
    let Some(&(_, level, code, at)) = NOTICES.iter().find(|(name, ..)| *name == method) else {
        return Ok(Some(AgentEvent::Unrecognized { kind: method.to_owned() }));
    };
    let params: Value = serde_json::from_str(params).map_err(|e| e.to_string())?;
    let mut text = params.pointer(at).and_then(Value::as_str).unwrap_or("").to_owned();
    if method == "mcpServer/startupStatus/updated" {
        // A server that starts is no news; one that fails is.
        let Some(error) = params.get("error").and_then(Value::as_str) else { return Ok(None) };
        text = format!("{text}: {error}");
        return Ok(Some(notice(NoticeLevel::Warning, code, &text)));
    }
    Ok(Some(notice(level, code, &text)))
}

/// `turn/plan/updated`; it is always the whole plan.
pub(super) fn plan(params: PlanParams<'_>) -> AgentEvent {
    let entries = params.plan.into_iter().map(|step| PlanEntry {
        text: cut(&step.step, LONG),
        status: match step.status.as_deref() {
            Some("completed") => PlanStatus::Completed,
            Some("inProgress") => PlanStatus::InProgress,
            _ => PlanStatus::Pending,
        },
    });
    AgentEvent::Plan { entries: entries.take(1000).collect() }
}
