//! Which step answers which request.

use serde_json::{Value, json};

use crate::conversation::{Api, Asked};
use crate::play::{NoAnswer, Player, RUN_OUT};
use crate::script::Script;

fn player(rules: &Value) -> Player {
    Player::new(Script::parse(&json!({"rules": rules}).to_string()).expect("a script"))
}

/// A request of one session after `said`: `>` begins a prompt, `<` an answer of the model.
fn ask(player: &mut Player, session: &str, said: &[&str]) -> Result<String, NoAnswer> {
    let messages: Vec<Value> = said
        .iter()
        .map(|line| {
            let (mark, text) = line.split_at(1);
            json!({"role": if mark == ">" { "user" } else { "assistant" }, "content": text})
        })
        .collect();
    let user = json!({"session_id": session}).to_string();
    let body = json!({"messages": messages, "metadata": {"user_id": user}});
    let answer = player.answer(&Asked::read(Api::Anthropic, "/v1/messages", &body))?;
    let last = answer.steps.last().expect("an answer has a step");
    Ok(last
        .error
        .as_ref()
        .map_or_else(|| last.text.clone().unwrap_or_default(), |error| error.status.to_string()))
}

#[test]
fn steps_are_played_one_a_request_and_then_run_out() {
    let mut player = player(
        &json!([{"when": {"contains": "go"}, "steps": [{"text": "1"}, {"delay_ms": 1}, {"text": "2"}]}]),
    );
    assert_eq!(ask(&mut player, "s", &[">go"]), Ok("1".into()));
    assert_eq!(ask(&mut player, "s", &[">go", "<1"]), Ok("2".into()));
    assert_eq!(ask(&mut player, "s", &[">go", "<1", "<2"]), Ok(RUN_OUT.into()));
}

#[test]
fn conversations_do_not_disturb_each_other() {
    let mut player = player(&json!([{"when": {"contains": "go"}, "steps": [{"text": "1"}, {"text": "2"}]}]));
    assert_eq!(ask(&mut player, "a", &[">go"]), Ok("1".into()));
    assert_eq!(ask(&mut player, "b", &[">go"]), Ok("1".into()));
    assert_eq!(ask(&mut player, "a", &[">go", "<1"]), Ok("2".into()));
    assert_eq!(ask(&mut player, "b", &[">go", "<1"]), Ok("2".into()));
}

#[test]
fn a_retry_after_an_error_gets_the_next_step() {
    let mut player =
        player(&json!([{"steps": [{"error": {"status": 529}}, {"disconnect": true}, {"text": "ok"}]}]));
    assert_eq!(ask(&mut player, "s", &[">go"]), Ok("529".into()));
    assert_eq!(ask(&mut player, "s", &[">go"]), Ok(String::new()));
    assert_eq!(ask(&mut player, "s", &[">go"]), Ok("ok".into()));
}

#[test]
fn the_next_prompt_of_a_session_is_a_turn_of_its_own() {
    let mut player = player(&json!([
        {"when": {"contains": "first"}, "steps": [{"text": "1"}]},
        {"when": {"contains": "second"}, "steps": [{"text": "2"}]},
    ]));
    assert_eq!(ask(&mut player, "s", &[">first"]), Ok("1".into()));
    assert_eq!(ask(&mut player, "s", &[">first", "<1", ">second"]), Ok("2".into()));
}

#[test]
fn what_no_rule_knows_belongs_to_the_turn_before_it() {
    let mut player = player(&json!([{"when": {"contains": "go"}, "steps": [{"text": "1"}, {"text": "2"}]}]));
    assert_eq!(ask(&mut player, "s", &[">go"]), Ok("1".into()));
    assert_eq!(ask(&mut player, "s", &[">go", "<1", ">please continue"]), Ok("2".into()));
}

#[test]
fn nth_counts_the_turns_that_hold_otherwise() {
    let mut player = player(&json!([
        {"when": {"contains": "review", "nth": 1}, "steps": [{"text": "garbage"}]},
        {"when": {"contains": "review", "nth": 3}, "steps": [{"text": "third"}]},
        {"when": {"contains": "review"}, "steps": [{"text": "approved"}, {"text": "more"}]},
    ]));
    assert_eq!(ask(&mut player, "a", &[">review"]), Ok("garbage".into()));
    assert_eq!(ask(&mut player, "b", &[">other", "<x", ">review 2"]), Ok("approved".into()));
    assert_eq!(ask(&mut player, "b", &[">other", "<x", ">review 2", "<approved"]), Ok("more".into()));
    assert_eq!(ask(&mut player, "c", &[">review 3"]), Ok("third".into()));
    assert_eq!(ask(&mut player, "d", &[">review 4"]), Ok("approved".into()));
}

#[test]
fn the_same_prompt_from_its_beginning_starts_again() {
    let mut player = player(&json!([{"steps": [{"text": "1"}, {"text": "2"}]}]));
    for _ in 0..2 {
        assert_eq!(ask(&mut player, "s", &[">go"]), Ok("1".into()));
        assert_eq!(ask(&mut player, "s", &[">go", "<1"]), Ok("2".into()));
    }
}

#[test]
fn rules_look_at_api_role_and_whole_body() {
    let mut player = player(&json!([
        {"when": {"api": "gemini"}, "steps": [{"text": "gemini"}]},
        {"when": {"role_marker": "You review"}, "steps": [{"text": "reviewer"}]},
        {"when": {"body_contains": ["deep", "inside"]}, "steps": [{"text": "body"}]},
        {"steps": [{"text": "any"}]},
    ]));
    assert_eq!(ask(&mut player, "a", &[">You review. Begin."]), Ok("reviewer".into()));
    assert_eq!(ask(&mut player, "b", &[">x", "<deep inside", ">go"]), Ok("body".into()));
    assert_eq!(ask(&mut player, "c", &[">deep"]), Ok("any".into()));
}

#[test]
fn no_rule_and_no_variable_are_errors() {
    let mut player = player(&json!([{"when": {"contains": "go"}, "steps": [{"text": "${nonce}"}]}]));
    assert_eq!(ask(&mut player, "s", &[">stop"]), Err(NoAnswer::NoRule("stop".into())));
    assert!(matches!(ask(&mut player, "s", &[">go"]), Err(NoAnswer::Template(_))));
    // The step was not used up by the failure.
    assert_eq!(ask(&mut player, "s", &[">go\nnonce: 7"]), Ok("7".into()));
}
