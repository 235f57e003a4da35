//! What a session lets its client choose, and how it is chosen: a mode and a model, in the older fields `modes` and
//! `models` (Gemini CLI, the adapters) or among the newer `configOptions` (opencode 1.18 has nothing else).

use mo_core::agent_event::NoticeLevel;
use mo_core::outcome::FailureClass;
use serde_json::{Value, json};

use super::conversation::notice;
use super::setup::Setup;
use crate::protocol::Exchange;
use crate::shared::text::cut;

/// The most choices that are looked at.
const MOST: usize = 1_000;

/// A choice that is still to be told to the agent.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) method: &'static str,
    /// What names the value in the request, and, for a config option, the option.
    field: &'static str,
    option: Option<String>,
    pub(super) value: String,
    pub(super) required: bool,
}

impl Setting {
    /// The request's params.
    pub(super) fn params(&self, session: &str) -> Value {
        let mut params = json!({ "sessionId": session, self.field: self.value });
        if let (Some(option), Some(fields)) = (&self.option, params.as_object_mut()) {
            fields.insert("configId".to_owned(), Value::from(option.as_str()));
        }
        params
    }
}

/// One thing that can be chosen.
#[derive(Debug)]
struct Choice<'a> {
    now: Option<&'a str>,
    values: Vec<&'a str>,
    method: &'static str,
    field: &'static str,
    option: Option<&'a str>,
}

impl Choice<'_> {
    fn set(&self, value: &str, required: bool) -> Option<Setting> {
        (self.now != Some(value)).then(|| Setting {
            method: self.method,
            field: self.field,
            option: self.option.map(str::to_owned),
            value: value.to_owned(),
            required,
        })
    }
}

/// The settings to make, from what the answer to `session/new`, `session/load` or `session/resume` offers.
pub(super) fn settings(
    setup: &Setup,
    opened: &Value,
    out: &mut Exchange,
) -> Result<Vec<Setting>, (FailureClass, String)> {
    let mut settings = Vec::new();
    let modes = choice(opened, "mode");
    let wanted = setup.modes.iter().find_map(|&mode| {
        let values = &modes.as_ref()?.values;
        values.iter().find(|value| name_of(value) == mode)
    });
    match (&modes, wanted) {
        (Some(modes), Some(mode)) => settings.extend(modes.set(mode, setup.modes_required)),
        _ if setup.modes_required => {
            let wanted = setup.modes.join("` or `");
            return Err((FailureClass::PermissionDenied, format!("the agent offers no mode `{wanted}`")));
        }
        (Some(modes), None) if !setup.modes.is_empty() => {
            let now = cut(modes.now.unwrap_or("of its own"), 100);
            let text = format!("the agent offers no mode that is known to ask first; it stays in `{now}`");
            notice(NoticeLevel::Warning, "mode_not_offered", text, out);
        }
        _ => {}
    }
    if let Some(wanted) = &setup.model {
        let offered = choice(opened, "model");
        let found = offered.as_ref().and_then(|offered| Some((offered, named(offered, wanted)?)));
        if let Some((offered, value)) = found {
            settings.extend(offered.set(value, false));
        } else {
            let text = format!("the agent does not offer the model `{wanted}`; it uses its own");
            notice(NoticeLevel::Warning, "model_unavailable", text, out);
        }
    }
    Ok(settings)
}

/// The model of that name; its provider (`anthropic/…`) may be left out where it is clear.
fn named<'a>(models: &Choice<'a>, model: &str) -> Option<&'a str> {
    let exact = models.values.iter().find(|value| **value == model);
    let mut ends =
        models.values.iter().filter(|value| value.rsplit_once('/').is_some_and(|(_, m)| m == model));
    exact.copied().or_else(|| ends.next().copied().filter(|_| ends.next().is_none()))
}

/// A mode's name: some agents have a URI with the name as its last part.
fn name_of(id: &str) -> String {
    id.rsplit(['#', '/']).next().unwrap_or(id).to_ascii_lowercase()
}

fn choice<'a>(opened: &'a Value, what: &'static str) -> Option<Choice<'a>> {
    let (list, id, now, method, field) = match what {
        "mode" => ("/modes/availableModes", "id", "/modes/currentModeId", "session/set_mode", "modeId"),
        _ => ("/models/availableModels", "modelId", "/models/currentModelId", "session/set_model", "modelId"),
    };
    let values: Vec<&str> = strings(opened.pointer(list), id).collect();
    if !values.is_empty() {
        let now = opened.pointer(now).and_then(Value::as_str);
        return Some(Choice { now, values, method, field, option: None });
    }
    let options = opened.get("configOptions")?.as_array()?;
    let is = |option: &&Value, field: &str| option.get(field).and_then(Value::as_str) == Some(what);
    let option =
        options.iter().find(|o| is(o, "category")).or_else(|| options.iter().find(|o| is(o, "id")))?;
    let id = option.get("id").or_else(|| option.get("configId"))?.as_str()?;
    // A select's options may stand in groups.
    let listed = option.get("options")?.as_array()?;
    let groups = listed.iter().flat_map(|entry| strings(entry.get("options"), "value"));
    let values: Vec<&str> = strings(option.get("options"), "value").chain(groups).take(MOST).collect();
    let now = option.get("currentValue").and_then(Value::as_str);
    Some(Choice { now, values, method: "session/set_config_option", field: "value", option: Some(id) })
}

fn strings<'a>(list: Option<&'a Value>, field: &'static str) -> impl Iterator<Item = &'a str> {
    let list = list.and_then(Value::as_array);
    list.into_iter().flatten().filter_map(move |entry| entry.get(field)?.as_str()).take(MOST)
}
