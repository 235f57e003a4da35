//! What a turn cost. `total_cost_usd` and `modelUsage` count everything since the process began, and what a resumed
//! session had cost before; `usage` counts the turn, but is all zeros for one that was interrupted.

use mo_core::outcome::Usage;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::shared::json::parse;
use crate::shared::money::spent;

/// What had been spent when the last turn ended; `None` is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Spent {
    cost: Option<f64>,
    tokens: Option<Usage>,
}

/// What one turn took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct TurnCost {
    pub(super) usd: Option<f64>,
    pub(super) tokens: Option<Usage>,
}

impl Spent {
    /// At the start of a process with a session of its own.
    pub(super) fn nothing() -> Self {
        Self { cost: Some(0.0), tokens: Some(Usage::default()) }
    }

    /// Takes the totals of a `result` and returns the turn's share.
    pub(super) fn turn(&mut self, total_cost: Option<f64>, result: &Value) -> TurnCost {
        let usd = total_cost.zip(self.cost).and_then(|(total, before)| spent(total, before));
        self.cost = total_cost.or(self.cost);

        let total = all_models(result);
        let share = total.zip(self.tokens).map(|(total, before)| Usage {
            input_tokens: total.input_tokens.saturating_sub(before.input_tokens),
            output_tokens: total.output_tokens.saturating_sub(before.output_tokens),
            cached_tokens: total.cached_tokens.saturating_sub(before.cached_tokens),
        });
        self.tokens = total.or(self.tokens);
        let said = usage(result);
        let tokens = if said.is_some_and(|said| said.total() > 0) { said } else { share.or(said) };
        TurnCost { usd, tokens }
    }
}

/// The number in `total_cost_usd`, read from its own digits: a JSON value may round its last one.
pub(super) fn total_cost(line: &[u8]) -> Option<f64> {
    #[derive(Deserialize)]
    struct Cost<'a> {
        #[serde(borrow, default)]
        total_cost_usd: Option<&'a RawValue>,
    }
    let mut buffer = Vec::new();
    let cost: Cost<'_> = parse(line, &mut buffer).ok()?;
    cost.total_cost_usd?.get().parse().ok().filter(|cost: &f64| cost.is_finite())
}

fn usage(result: &Value) -> Option<Usage> {
    let usage = result.get("usage")?;
    let count = |key: &str| usage.get(key).and_then(Value::as_u64);
    let (input, output) = (count("input_tokens"), count("output_tokens"));
    (input.is_some() || output.is_some()).then(|| Usage {
        input_tokens: input.unwrap_or(0),
        output_tokens: output.unwrap_or(0),
        cached_tokens: count("cache_read_input_tokens").unwrap_or(0),
    })
}

fn all_models(result: &Value) -> Option<Usage> {
    let models = result.get("modelUsage")?.as_object()?;
    let usage = models.values().map(|model| {
        let count = |key: &str| model.get(key).and_then(Value::as_u64).unwrap_or(0);
        Usage {
            input_tokens: count("inputTokens"),
            output_tokens: count("outputTokens"),
            cached_tokens: count("cacheReadInputTokens"),
        }
    });
    Some(usage.fold(Usage::default(), Usage::plus))
}
