//! Claude Code's lines, as the captures have them (claude-perm-*, claude-partial-*, claude-ctl-*).

use serde_json::{Map, Value, json};

use crate::stamp;

/// What every line of a session carries.
pub(super) struct Session {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) version: String,
    pub(super) cwd: String,
}

const TOOLS: [&str; 26] = [
    "Task",
    "AskUserQuestion",
    "Bash",
    "CronCreate",
    "CronDelete",
    "CronList",
    "Edit",
    "EnterPlanMode",
    "EnterWorktree",
    "ExitPlanMode",
    "ExitWorktree",
    "ListAgents",
    "Monitor",
    "NotebookEdit",
    "Read",
    "ReportFindings",
    "ScheduleWakeup",
    "SendMessage",
    "Skill",
    "TaskStop",
    "TodoWrite",
    "ToolSearch",
    "WebFetch",
    "WebSearch",
    "Workflow",
    "Write",
];

impl Session {
    /// `system/init`, at the start of every turn.
    pub(super) fn init(&self, tools: Option<&[String]>, schema: bool, mode: &str) -> Value {
        let mut names: Vec<&str> = match tools {
            Some(given) => given.iter().map(String::as_str).collect(),
            None => TOOLS.to_vec(),
        };
        if schema {
            names.push("StructuredOutput");
        }
        let home = std::env::var("HOME").unwrap_or_default();
        let project = self.cwd.replace('/', "-");
        json!({
            "type": "system", "subtype": "init", "cwd": self.cwd, "session_id": self.id, "tools": names,
            "mcp_servers": [], "model": self.model, "permissionMode": mode,
            "slash_commands": ["compact", "context", "model"], "terminal_slash_commands": ["doctor"],
            "apiKeySource": "ANTHROPIC_API_KEY", "claude_code_version": self.version,
            "output_style": "default", "agents": ["claude", "Explore", "general-purpose", "Plan"],
            "skills": [], "plugins": [{"name": "cc-plugin-agents-md", "path": "builtin",
                         "source": "cc-plugin-agents-md@builtin"}],
            "capabilities": ["interrupt_receipt_v1", "interrupt_cancel_queued_v1", "msg_lifecycle_v1"],
            "analytics_disabled": true, "product_feedback_disabled": true, "served_by_anthropic": false,
            "uuid": stamp::uuid(),
            "memory_paths": {"auto": format!("{home}/.claude/projects/{project}/memory/")},
            "original_cwd": self.cwd, "additional_directories": [],
            "messaging_socket_path": format!("/tmp/cc-socks/{}.sock", std::process::id()),
            "fast_mode_state": "off", "fast_mode_disabled_reason": "sdk_opt_in_required",
            "per_turn_effort_active": true, "ultrathink_available": false, "ultrathink_typed_raises": false,
            "view_mode": "default",
        })
    }

    /// An `assistant` line with one content block.
    pub(super) fn assistant(&self, message_id: &str, block: &Value) -> Value {
        json!({
            "type": "assistant",
            "message": {
                "id": message_id, "type": "message", "role": "assistant", "model": self.model,
                "content": [block], "stop_reason": null, "stop_sequence": null,
                "usage": {"input_tokens": 11, "output_tokens": 1, "cache_creation_input_tokens": 0,
                          "cache_read_input_tokens": 0},
                "context_management": null,
            },
            "parent_tool_use_id": null, "session_id": self.id, "uuid": stamp::uuid(),
            "timestamp": stamp::now_text(), "request_id": stamp::tagged("req_", 24),
        })
    }

    /// An `assistant` line that the CLI made up to carry an error of the model's server.
    pub(super) fn synthetic(&self, text: &str, error: &str) -> Value {
        json!({
            "type": "assistant",
            "message": {
                "diagnostics": null, "id": stamp::uuid(), "container": null, "model": "<synthetic>",
                "role": "assistant", "stop_details": null, "stop_reason": "stop_sequence",
                "stop_sequence": "", "type": "message",
                "usage": {
                    "output_tokens_details": null, "input_tokens": 0, "output_tokens": 0,
                    "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                    "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
                    "service_tier": null,
                    "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
                    "inference_geo": null, "iterations": null, "speed": null, "fallback_credit": null,
                },
                "content": [{"type": "text", "text": text}], "context_management": null,
            },
            "parent_tool_use_id": null, "session_id": self.id, "uuid": stamp::uuid(),
            "timestamp": stamp::now_text(), "error": error, "request_id": stamp::tagged("req_", 24),
            "is_api_error_message": true,
        })
    }

    /// A `user` line with one content block.
    pub(super) fn user(&self, block: &Value) -> Value {
        json!({
            "type": "user", "message": {"role": "user", "content": [block]}, "parent_tool_use_id": null,
            "session_id": self.id, "uuid": stamp::uuid(), "timestamp": stamp::now_text(),
        })
    }

    /// A `user` line with a tool's result; `meta` says who decided.
    pub(super) fn tool_result(&self, block: &Value, result: &Value, meta: Option<Value>) -> Value {
        let mut line = self.user(block);
        line["tool_use_result"] = result.clone();
        if let Some(meta) = meta {
            line["tool_result_meta"] = json!([meta]);
        }
        line
    }

    /// A `system` line of another subtype.
    pub(super) fn system(&self, subtype: &str, more: Value) -> Value {
        let mut line = json!({
            "type": "system", "subtype": subtype, "session_id": self.id, "uuid": stamp::uuid(),
        });
        merge(&mut line, more);
        line
    }

    /// A piece of a message, with `--include-partial-messages`.
    pub(super) fn partial(&self, event: &Value, message_id: &str) -> Value {
        let mut line = json!({
            "type": "stream_event", "event": event, "session_id": self.id, "parent_tool_use_id": null,
            "uuid": stamp::uuid(), "api_message_id": message_id,
        });
        let begins = event["type"] == "message_start";
        if begins {
            line["ttft_ms"] = json!(20);
        }
        let thinks = |at: &str, word: &str| event.pointer(at).is_some_and(|kind| kind == word);
        if begins || thinks("/content_block/type", "thinking") || thinks("/delta/type", "thinking_delta") {
            line["thinking_display"] = json!("updates");
        }
        line
    }

    /// The closing `result`; `more` carries what differs.
    pub(super) fn result(&self, turn: &Tally, total: &Tally, index: u64, more: Value) -> Value {
        let models = |tally: &Tally| -> Value {
            if tally.input + tally.output == 0 {
                return json!({});
            }
            let mut models = Map::new();
            models.insert(self.model.clone(), self.model_usage(tally));
            Value::Object(models)
        };
        let ms = u64::try_from(stamp::now_ms().saturating_sub(turn.started_ms)).unwrap_or_default();
        let mut line = json!({
            "duration_api_ms": ms, "stop_reason": "end_turn", "session_id": self.id,
            "total_cost_usd": total.cost(), "usage": usage(turn.input, turn.output),
            "modelUsage": models(total), "permission_denials": turn.denials,
            "terminal_reason": "completed", "fast_mode_state": "off",
            "fast_mode_disabled_reason": "sdk_opt_in_required",
            "subagent_stats": {
                "spawned": 0, "requested": {"background": 0, "foreground": 0, "unset": 0},
                "started_in_background": 0, "max_depth": 0, "spawned_by_subagents": 0, "completed": 0,
                "failed": 0, "killed": {"parent": 0, "user": 0, "system": 0},
                "refused": {"depth_limit": 0, "concurrency_limit": 0, "budget": 0}, "by_type": {},
            },
            "safety_stops": 0, "is_error": false, "num_turns": turn.requests, "subtype": "success",
            "type": "result", "duration_ms": ms, "uuid": stamp::uuid(), "queued_turn_count": 0,
            "result_index": index,
            "model_usage_since_last_result": models(turn),
        });
        if !turn.begun.is_empty() {
            line["begun_message_ids"] = json!(turn.begun);
        }
        merge(&mut line, more);
        line
    }

    fn model_usage(&self, tally: &Tally) -> Value {
        json!({
            "inputTokens": tally.input, "outputTokens": tally.output, "cacheReadInputTokens": 0,
            "cacheCreationInputTokens": 0, "webSearchRequests": 0, "costUSD": tally.cost(),
            "contextWindow": 1_000_000, "maxOutputTokens": 128_000, "thinkingTokens": 0,
            "cacheCreationEphemeral5mInputTokens": 0, "cacheCreationEphemeral1hInputTokens": 0,
            "canonicalModel": self.model, "provider": "firstParty", "costBasis": "list",
        })
    }
}

/// What a turn, or the whole process, has used.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) started_ms: i64,
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) requests: u64,
    pub(super) denials: Vec<Value>,
    /// The messages that began, with `--include-partial-messages`.
    pub(super) begun: Vec<String>,
}

impl Tally {
    /// One answer of the model.
    pub(super) fn count(&mut self, text: &str) {
        self.requests += 1;
        self.input += 11;
        self.output += stamp::tokens(text);
    }

    /// US dollars at the list price of the captures' model ($4 / $20 per million tokens).
    #[allow(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
    fn cost(&self) -> f64 {
        (self.input as f64 * 4.0 + self.output as f64 * 20.0) / 1e6
    }
}

/// The usage object of a result.
fn usage(input: u64, output: u64) -> Value {
    json!({
        "input_tokens": input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": output, "output_tokens_details": {"thinking_tokens": 0},
        "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
        "service_tier": "standard",
        "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        "inference_geo": "", "iterations": [], "speed": "standard", "fallback_credit": null,
    })
}

/// Adds fields to an object, over those of the same name; a field set to `null` by `Value::Null` stays null.
pub(super) fn merge(line: &mut Value, more: Value) {
    if let (Some(object), Value::Object(more)) = (line.as_object_mut(), more) {
        object.extend(more);
    }
}

/// What only a result of a turn with an answer has.
pub(super) fn answered() -> Value {
    json!({
        "api_error_status": null, "ttft_ms": 20, "ttft_stream_ms": 20, "time_to_request_ms": 15,
        "first_content_frame_ms": 20,
    })
}

/// The answer to `initialize`.
pub(super) fn initialized(version: &str, mode: &str) -> Value {
    let home = std::env::var("HOME").unwrap_or_default();
    json!({
        "commands": [{"name": "compact", "description": "Compact the conversation", "argumentHint": "",
                      "builtin": true}],
        "agents": [{"name": "claude", "description": "Catch-all for any task."}],
        "output_style": "default", "available_output_styles": ["default"],
        "user_output_styles_dir": format!("{home}/.claude/output-styles"),
        "models": [{"value": "default", "resolvedModel": "claude-opus-5-5",
                    "displayName": "Default (recommended)", "description": "Use the default model"}],
        "account": {"tokenSource": "none", "apiKeySource": "ANTHROPIC_API_KEY", "apiProvider": "firstParty"},
        "pid": std::process::id(), "claude_code_version": version, "current_permission_mode": mode,
        "hook_on_failure_supported": true, "hooks_when_unanswered_kept": 0,
        "other_hook_ask_outranks_host": true, "feedback_mode": {"kind": "disabled"},
        "analytics_disabled": true, "remote_control_auto_enable": false,
        "remote_control_auto_connect_default": false, "remote_control_available": false,
        "remote_control_auto_on_by_default": false, "ide_rc_auto_enable_gate": false,
        "fast_mode_state": "off", "fast_mode_disabled_reason": "sdk_opt_in_required",
        "session_state": "idle", "capabilities": ["ui_surface_v1", "get_usage_detached_v1"],
    })
}
