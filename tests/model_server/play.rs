//! Which step of which rule answers a request.
//!
//! The unit is a turn: a prompt and every model request until the next prompt. Requests carry the whole
//! conversation, so a turn is known by its API, the CLI's session and the prompt; its steps are counted, not
//! derived, so that a retry after an error gets the next step.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::conversation::{Api, Asked};
use crate::script::{Rule, Script, Step};
use crate::template::{Unknown, Variables};

/// What the player remembers between requests.
#[derive(Debug)]
pub(crate) struct Player {
    script: Script,
    turns: HashMap<TurnKey, Turn>,
    /// For each rule, how many turns its `when` without `nth` has held for.
    held: Vec<u32>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TurnKey {
    api: Api,
    session: Option<String>,
    /// How many prompts came before this one in the conversation.
    place: usize,
    prompt: String,
}

#[derive(Debug)]
struct Turn {
    rule: usize,
    next: usize,
    /// The last answer was one after which a CLI asks the same again.
    may_repeat: bool,
}

/// What to answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The rule's name for the log.
    pub(crate) rule: String,
    /// Index of the step that is played; the number of steps when they have run out.
    pub(crate) step: usize,
    /// Pauses before it and the answer itself, templates filled.
    pub(crate) steps: Vec<Step>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// The script says nothing about this turn.
    #[error("no rule of the script matches this request; its prompt begins: {0}")]
    NoRule(String),
    /// A template cannot be filled.
    #[error(transparent)]
    Template(#[from] Unknown),
}

/// Said when a turn asks for more than its rule has steps.
pub(crate) const RUN_OUT: &str = "(the script has nothing more to say)";

impl Player {
    /// A player at the beginning of `script`.
    pub(crate) fn new(script: Script) -> Self {
        let held = vec![0; script.rules.len()];
        Self { script, turns: HashMap::new(), held }
    }

    /// Answers one request and moves its turn on.
    ///
    /// # Errors
    /// When no rule matches any prompt of the conversation, or a template names what is not there.
    pub(crate) fn answer(&mut self, asked: &Asked) -> Result<Answer, NoAnswer> {
        let prompts: Vec<(usize, &str)> = asked.prompts().collect();
        // A text that the script does not know (a CLI's own nudge) belongs to the turn before it.
        for (place, (at, prompt)) in prompts.iter().enumerate().rev() {
            let key = TurnKey {
                api: asked.api,
                session: asked.session.clone(),
                place,
                prompt: (*prompt).to_owned(),
            };
            let fresh = !asked.answered_since(*at);
            if let Entry::Occupied(entry) = self.turns.entry(key) {
                if !fresh || entry.get().may_repeat || entry.get().next == 0 {
                    return Self::step(&self.script, entry.into_mut(), asked);
                }
                // The same prompt from its beginning: another conversation, or the person said it again.
                entry.remove();
            }
            if let Some(rule) = self.choose(asked, prompt) {
                let key = TurnKey {
                    api: asked.api,
                    session: asked.session.clone(),
                    place,
                    prompt: (*prompt).to_owned(),
                };
                let turn = self.turns.entry(key).or_insert(Turn { rule, next: 0, may_repeat: false });
                return Self::step(&self.script, turn, asked);
            }
        }
        let begin = prompts.last().map(|(_, text)| text.chars().take(80).collect()).unwrap_or_default();
        Err(NoAnswer::NoRule(begin))
    }

    fn choose(&mut self, asked: &Asked, prompt: &str) -> Option<usize> {
        let mut chosen = None;
        for (index, rule) in self.script.rules.iter().enumerate() {
            if !holds(rule, asked, prompt) {
                continue;
            }
            let Some(held) = self.held.get_mut(index) else { continue };
            *held += 1;
            if chosen.is_none() && rule.when.nth.is_none_or(|nth| nth == *held) {
                chosen = Some(index);
            }
        }
        chosen
    }

    fn step(script: &Script, turn: &mut Turn, asked: &Asked) -> Result<Answer, NoAnswer> {
        let name = script.rule_name(turn.rule);
        let Some(rule) = script.rules.get(turn.rule) else {
            return Err(NoAnswer::NoRule(name));
        };
        let variables = Variables::read(asked, rule);
        let mut steps = Vec::new();
        let mut at = turn.next;
        while let Some(step) = rule.steps.get(at) {
            steps.push(fill(step, &variables)?);
            if !step.is_pause() {
                turn.next = at + 1;
                turn.may_repeat = step.error.is_some() || step.disconnect || step.hang;
                return Ok(Answer { rule: name, step: at, steps });
            }
            at += 1;
        }
        turn.may_repeat = false;
        steps.push(Step { text: Some(RUN_OUT.to_owned()), ..Step::default() });
        Ok(Answer { rule: name, step: rule.steps.len(), steps })
    }
}

fn holds(rule: &Rule, asked: &Asked, prompt: &str) -> bool {
    let when = &rule.when;
    when.api.admits(asked.api)
        && when.contains.all().iter().all(|text| prompt.contains(text.as_str()))
        && when.role_marker.all().iter().all(|text| asked.in_role(text))
        && when.body_contains.all().iter().all(|text| asked.anywhere(text))
}

fn fill(step: &Step, variables: &Variables) -> Result<Step, Unknown> {
    let mut step = step.clone();
    for text in [&mut step.text, &mut step.thought].into_iter().flatten() {
        *text = variables.fill(text)?;
    }
    for call in step.tool.iter_mut().chain(&mut step.tools) {
        call.input = variables.fill_json(&call.input)?;
    }
    if let Some(structured) = &mut step.structured {
        *structured = variables.fill_json(structured)?;
    }
    if let Some(error) = &mut step.error {
        error.body = variables.fill_json(&error.body)?;
    }
    Ok(step)
}
