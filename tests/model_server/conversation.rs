//! What a model request says, read out of the three wire formats into one shape.

use serde_json::Value;

/// The wire format of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Api {
    /// Anthropic Messages.
    Anthropic,
    /// `OpenAI` Responses.
    Openai,
    /// Gemini `generateContent`.
    Gemini,
}

/// Who or what put a piece of text into the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What the person, or the orchestrator for them, asked.
    Prompt,
    /// What the CLI adds by itself to the user's side: reminders, environment.
    Injected,
    /// The model's text, thought or tool call.
    Model,
    /// A tool's result.
    ToolResult,
}

/// A tool that the CLI offers to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Its name.
    pub(crate) name: String,
    /// Takes free text instead of JSON arguments (Codex's `custom` tools).
    pub(crate) freeform: bool,
}

/// One model request.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The wire format.
    pub(crate) api: Api,
    /// The model that was asked for.
    pub(crate) model: String,
    /// Does the client want server-sent events?
    pub(crate) stream: bool,
    /// The CLI's own session id, where its requests carry one.
    pub(crate) session: Option<String>,
    /// The system text.
    pub(crate) system: String,
    /// The conversation, in order.
    pub(crate) said: Vec<(Part, String)>,
    /// The tools that are offered.
    pub(crate) offers: Vec<Offer>,
    /// The JSON schema that the answer must keep, where the API carries one.
    pub(crate) schema: Option<Value>,
}

impl Asked {
    /// The prompts, oldest first, each with its place in `said`.
    pub(crate) fn prompts(&self) -> impl DoubleEndedIterator<Item = (usize, &str)> {
        self.said
            .iter()
            .enumerate()
            .filter(|(_, (part, _))| *part == Part::Prompt)
            .map(|(at, (_, text))| (at, text.as_str()))
    }

    /// Has the model said anything since the prompt at `at`?
    pub(crate) fn answered_since(&self, at: usize) -> bool {
        self.said.iter().skip(at + 1).any(|(part, _)| *part == Part::Model)
    }

    /// Is there `needle` anywhere?
    pub(crate) fn anywhere(&self, needle: &str) -> bool {
        self.system.contains(needle) || self.said.iter().any(|(_, text)| text.contains(needle))
    }

    /// Is there `needle` in the system text or in a prompt?
    pub(crate) fn in_role(&self, needle: &str) -> bool {
        self.system.contains(needle) || self.prompts().any(|(_, text)| text.contains(needle))
    }

    /// All text that is not the model's own, newest last.
    pub(crate) fn heard(&self) -> impl DoubleEndedIterator<Item = &str> {
        std::iter::once(self.system.as_str())
            .chain(self.said.iter().filter(|(part, _)| *part != Part::Model).map(|(_, text)| text.as_str()))
    }

    /// The system text and the person's side, newest last, without what tools have answered.
    pub(crate) fn told(&self) -> impl DoubleEndedIterator<Item = &str> {
        let told = |part: &Part| matches!(part, Part::Prompt | Part::Injected);
        std::iter::once(self.system.as_str())
            .chain(self.said.iter().filter(move |(part, _)| told(part)).map(|(_, text)| text.as_str()))
    }

    /// The offered tool of that name.
    pub(crate) fn offer(&self, name: &str) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.name == name)
    }

    /// Reads a request body.
    pub(crate) fn read(api: Api, path: &str, body: &Value) -> Self {
        match api {
            Api::Anthropic => anthropic(body),
            Api::Openai => openai(body),
            Api::Gemini => gemini(path, body),
        }
    }
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list_of<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The text of a content that is a string or a list of blocks with `text`.
fn flat(content: Option<&Value>) -> String {
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(blocks)) => blocks
            .iter()
            .map(|block| text_of(block, "text"))
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    }
}

/// What Claude Code puts into the user's side by itself.
const CLAUDE_INJECTED: [&str; 3] =
    ["<system-reminder>", "[structured-output-enforce]", "[Request interrupted"];

fn anthropic(body: &Value) -> Asked {
    let mut said = Vec::new();
    for message in list_of(body, "messages") {
        let content = message.get("content");
        if text_of(message, "role") == "assistant" {
            said.push((Part::Model, model_text(content)));
            continue;
        }
        let blocks: Vec<Value> = match content {
            Some(Value::Array(blocks)) => blocks.clone(),
            Some(Value::String(text)) => vec![serde_json::json!({"type": "text", "text": text})],
            _ => Vec::new(),
        };
        for block in &blocks {
            if text_of(block, "type") == "tool_result" {
                said.push((Part::ToolResult, flat(block.get("content"))));
                continue;
            }
            let text = text_of(block, "text");
            if text.is_empty() {
                continue;
            }
            // A prompt may stand in one message with a tool result: Claude's second turn after a structured answer.
            let injected = text_of(message, "role") == "system"
                || CLAUDE_INJECTED.iter().any(|mark| text.trim_start().starts_with(mark));
            said.push((if injected { Part::Injected } else { Part::Prompt }, text.to_owned()));
        }
    }
    // `metadata.user_id` is itself JSON text with the CLI's session id inside.
    let user = body.pointer("/metadata/user_id").and_then(Value::as_str).unwrap_or_default();
    let session = serde_json::from_str::<Value>(user)
        .ok()
        .and_then(|user| user.get("session_id").and_then(Value::as_str).map(str::to_owned));
    Asked {
        api: Api::Anthropic,
        model: text_of(body, "model").to_owned(),
        stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
        session,
        system: flat(body.get("system")),
        said,
        offers: list_of(body, "tools")
            .iter()
            .map(|tool| Offer { name: text_of(tool, "name").to_owned(), freeform: false })
            .collect(),
        schema: body
            .pointer("/output_config/format/schema")
            .or_else(|| body.pointer("/output_format/schema"))
            .cloned(),
    }
}

/// The model's own side as text: what it said, and its tool calls as JSON.
fn model_text(content: Option<&Value>) -> String {
    match content {
        Some(Value::Array(blocks)) => blocks
            .iter()
            .map(|block| {
                block.get("text").and_then(Value::as_str).map_or_else(|| block.to_string(), str::to_owned)
            })
            .collect::<Vec<_>>()
            .join("\n"),
        other => flat(other),
    }
}

/// What Codex puts into the user's side by itself.
const CODEX_INJECTED: [&str; 6] = [
    "<environment_context>",
    "<user_instructions>",
    "<permissions instructions>",
    "# AGENTS.md instructions",
    "<turn_aborted>",
    "<skills_instructions>",
];

fn openai(body: &Value) -> Asked {
    let mut said = Vec::new();
    if let Some(Value::String(text)) = body.get("input") {
        said.push((Part::Prompt, text.clone()));
    }
    for item in list_of(body, "input") {
        match text_of(item, "type") {
            "message" | "" => {
                let content = item.get("content");
                match text_of(item, "role") {
                    "assistant" => said.push((Part::Model, flat(content))),
                    "user" => {
                        let text = flat(content);
                        let injected = CODEX_INJECTED.iter().any(|mark| text.trim_start().starts_with(mark));
                        said.push((if injected { Part::Injected } else { Part::Prompt }, text));
                    }
                    _ => said.push((Part::Injected, flat(content))),
                }
            }
            kind if kind.ends_with("_output") => {
                let output = item.get("output");
                let text = output.and_then(Value::as_str).map_or_else(
                    || {
                        output
                            .map(|output| match output {
                                Value::Array(_) => flat(Some(output)),
                                other => other.to_string(),
                            })
                            .unwrap_or_default()
                    },
                    str::to_owned,
                );
                said.push((Part::ToolResult, text));
            }
            _ => said.push((Part::Model, item.to_string())),
        }
    }
    Asked {
        api: Api::Openai,
        model: text_of(body, "model").to_owned(),
        stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
        session: body.get("prompt_cache_key").and_then(Value::as_str).map(str::to_owned),
        system: text_of(body, "instructions").to_owned(),
        said,
        offers: list_of(body, "tools")
            .iter()
            .map(|tool| Offer {
                name: text_of(tool, "name").to_owned(),
                freeform: text_of(tool, "type") == "custom",
            })
            .collect(),
        schema: body.pointer("/text/format/schema").cloned(),
    }
}

fn gemini(path: &str, body: &Value) -> Asked {
    let mut said = Vec::new();
    for content in list_of(body, "contents") {
        let parts = list_of(content, "parts");
        if text_of(content, "role") == "model" {
            said.push((Part::Model, model_text(content.get("parts"))));
            continue;
        }
        let has_result = parts.iter().any(|part| part.get("functionResponse").is_some());
        let mut prompt = Vec::new();
        for part in parts {
            if let Some(result) = part.get("functionResponse") {
                said.push((
                    Part::ToolResult,
                    result.get("response").map(Value::to_string).unwrap_or_default(),
                ));
                continue;
            }
            let text = text_of(part, "text");
            if has_result || text.trim_start().starts_with("<session_context>") {
                said.push((Part::Injected, text.to_owned()));
            } else if !text.is_empty() {
                prompt.push(text);
            }
        }
        if !prompt.is_empty() {
            said.push((Part::Prompt, prompt.join("\n")));
        }
    }
    // .../models/<model>:<method>
    let last = path.rsplit('/').next().unwrap_or_default();
    let (model, method) = last.split_once(':').unwrap_or((last, ""));
    let config = body.get("generationConfig");
    Asked {
        api: Api::Gemini,
        model: model.to_owned(),
        stream: method == "streamGenerateContent",
        session: None,
        system: flat(body.pointer("/systemInstruction/parts")),
        said,
        offers: list_of(body, "tools")
            .iter()
            .flat_map(|tool| list_of(tool, "functionDeclarations"))
            .map(|tool| Offer { name: text_of(tool, "name").to_owned(), freeform: false })
            .collect(),
        schema: config
            .and_then(|config| config.get("responseJsonSchema").or_else(|| config.get("responseSchema")))
            .cloned(),
    }
}
