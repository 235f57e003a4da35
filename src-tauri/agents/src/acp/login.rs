//! What an agent says about logging in: it knows its own commands best.

use mo_core::outcome::FailureClass;
use serde_json::Value;

use super::rpc::RpcError;
use crate::shared::text::cut;

/// The most ways that are named.
const MOST: usize = 6;
/// The longest words of one way, in bytes.
const WORDS: usize = 200;

/// The ways to log in that an agent has told of, in its own words; empty where it told of none.
#[derive(Debug, Default)]
pub(super) struct Login {
    ways: String,
}

impl Login {
    /// Reads `authMethods` of the answer to `initialize`.
    pub(super) fn told(initialized: &Value) -> Self {
        Self { ways: ways(initialized.get("authMethods")) }
    }

    /// The text of an error; where it is about the login, with the agent's advice. An error may name fewer ways than
    /// the agent has.
    pub(super) fn advised(&self, class: FailureClass, error: &RpcError) -> String {
        let text = error.text();
        let about = [FailureClass::NotLoggedIn, FailureClass::AuthExpired];
        let named = ways(error.data.as_ref().and_then(|data| data.get("authMethods")));
        let ways = if named.is_empty() { &self.ways } else { &named };
        if ways.is_empty() || !about.contains(&class) {
            return text;
        }
        format!("{text} (the agent's ways to log in: {ways})")
    }
}

fn ways(methods: Option<&Value>) -> String {
    let methods = methods.and_then(Value::as_array);
    let way = |method: &Value| {
        let text = |name: &str| method.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let name = text("name").or_else(|| text("id"))?;
        let variables = method.get("vars").and_then(Value::as_array);
        let variables: Vec<&str> =
            variables.into_iter().flatten().filter_map(|variable| variable.get("name")?.as_str()).collect();
        let mut words = name.to_owned();
        if let Some(description) = text("description").filter(|description| *description != name) {
            words = format!("{words}: {description}");
        }
        if !variables.is_empty() {
            words = format!("{words} [{}]", variables.join(", "));
        }
        Some(cut(&words, WORDS))
    };
    let ways: Vec<String> = methods.into_iter().flatten().filter_map(way).take(MOST).collect();
    ways.join("; ")
}
