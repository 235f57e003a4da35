//! Codex's app-server objects, as the captures (codex-app-*) and its own JSON Schema have them.

use serde_json::{Value, json};

use crate::stamp;

/// A thread's settings.
#[derive(Debug, Clone)]
pub(super) struct Thread {
    pub(super) id: String,
    pub(super) cwd: String,
    pub(super) model: String,
    pub(super) version: String,
    pub(super) originator: String,
    pub(super) created_s: i64,
    pub(super) preview: String,
    pub(super) approval: Value,
    pub(super) sandbox: Value,
}

impl Thread {
    /// The `thread` object.
    pub(super) fn object(&self, turns: &[Value]) -> Value {
        let home = std::env::var("CODEX_HOME")
            .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.codex")))
            .unwrap_or_default();
        json!({
            "id": self.id,
            "environments": [{"environmentId": "local", "cwd": self.cwd, "runtimeWorkspaceRoots": [self.cwd]}],
            "extra": null, "sessionId": self.id, "forkedFromId": null, "attachedToThreadId": null,
            "parentThreadId": null, "preview": self.preview, "ephemeral": false, "section": null,
            "sectionEnteredAt": null, "projectId": null, "historyMode": "paginated",
            "modelProvider": "openai", "model": self.model, "reasoningEffort": null,
            "createdAt": self.created_s, "updatedAt": self.created_s, "recencyAt": self.created_s,
            "status": {"type": "idle"}, "path": format!("{home}/sessions/rollout-{}.jsonl", self.id),
            "cwd": self.cwd, "cliVersion": self.version, "originator": self.originator, "source": "vscode",
            "canAcceptDirectInput": true, "threadSource": null, "agentNickname": null, "agentRole": null,
            "gitInfo": null, "name": null, "daybreakEnabled": null, "turns": turns,
        })
    }

    /// The result of `thread/start`.
    pub(super) fn started(&self, turns: &[Value]) -> Value {
        json!({
            "thread": self.object(turns), "model": self.model, "modelProvider": "openai", "serviceTier": null,
            "disabledPluginIds": [], "cwd": self.cwd, "runtimeWorkspaceRoots": [self.cwd],
            "instructionSources": [], "approvalPolicy": self.approval, "approvalsReviewer": "user",
            "sandbox": self.sandbox, "activePermissionProfile": null, "reasoningEffort": null,
            "multiAgentMode": "explicitRequestOnly",
        })
    }

    /// The result of `thread/resume`.
    pub(super) fn resumed(&self, turns: &[Value]) -> Value {
        let mut result = self.started(turns);
        result["collaborationMode"] = json!({
            "mode": "default",
            "settings": {"model": self.model, "reasoning_effort": null, "developer_instructions": null},
        });
        result["initialTurnsPage"] = Value::Null;
        result["turnsBackwardsCursor"] = Value::Null;
        result["itemsBackwardsCursor"] = Value::Null;
        result
    }
}

/// The `sandbox` object of a mode.
pub(super) fn sandbox(mode: &str) -> Option<Value> {
    Some(match mode {
        "read-only" => json!({"type": "readOnly", "networkAccess": false}),
        "workspace-write" => json!({
            "type": "workspaceWrite", "writableRoots": [], "networkAccess": false,
            "excludeTmpdirEnvVar": false, "excludeSlashTmp": false,
        }),
        "danger-full-access" => json!({"type": "dangerFullAccess"}),
        _ => return None,
    })
}

/// A turn's object.
pub(super) struct TurnObject<'a> {
    pub(super) id: &'a str,
    pub(super) status: &'a str,
    pub(super) items: Vec<Value>,
    pub(super) error: Value,
    pub(super) started_ms: Option<i64>,
    pub(super) ended_ms: Option<i64>,
}

impl TurnObject<'_> {
    /// As JSON.
    pub(super) fn json(self) -> Value {
        let view = if self.items.is_empty() { "notLoaded" } else { "summary" };
        let lasted = self.started_ms.zip(self.ended_ms).map(|(from, to)| to - from);
        json!({
            "id": self.id, "rootTurnId": self.id, "items": self.items, "itemsView": view,
            "status": self.status, "error": self.error, "startedAt": self.started_ms.map(|ms| ms / 1000),
            "completedAt": self.ended_ms.map(|ms| ms / 1000), "durationMs": lasted,
        })
    }
}

/// A notification.
pub(super) fn notify(method: &str, params: &Value) -> Value {
    json!({"method": method, "params": params, "emittedAtMs": stamp::now_ms()})
}

/// An item of a message.
pub(super) fn agent_message(id: &str, text: &str, started: i64, completed: Option<i64>) -> Value {
    json!({
        "type": "agentMessage", "moderation": null, "id": id, "text": text, "phase": null,
        "memoryCitation": null, "delivery": null, "questions": null, "startedAtMs": started,
        "completedAtMs": completed,
    })
}

/// A token count's object.
pub(super) fn usage(input: u64, output: u64) -> Value {
    json!({
        "totalTokens": input + output, "inputTokens": input, "cachedInputTokens": 0,
        "cacheWriteInputTokens": 0, "outputTokens": output, "reasoningOutputTokens": 0,
    })
}

/// The rate limits of an account without any.
pub(super) fn rate_limits() -> Value {
    json!({"rateLimits": {
        "limitId": "codex", "limitName": null, "normalModelSlug": null, "primary": null, "secondary": null,
        "credits": null, "individualLimit": null, "spendControlReached": null, "planType": null,
        "rateLimitReachedType": null,
    }})
}
