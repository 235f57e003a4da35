use serde_json::{Value, json};

use super::Receipt;

fn receipt() -> Value {
    let pair = json!({"reviewer": "codex-reviewer", "subject": "claude-implementer"});
    let mut review = json!({"agent": "codex", "cli_version": "0.169.0", "model": "m", "carried_over": false,
        "checkpoint": format!("sha256:{}", "a".repeat(64)), "verdict": "approved", "summary": "s", "findings": []});
    review.as_object_mut().unwrap().extend(pair.as_object().unwrap().clone());
    json!({
        "receipt": 1, "session": "orch_20261122_000000_0000", "number": 1, "at": "2026-11-22T00:00:00.000Z",
        "after": "review", "decision": "continue", "fired": "all_approved", "rule": "all approved: continue",
        "takes_effect": true, "checkpoint": format!("sha256:{}", "a".repeat(64)), "expected": [pair],
        "reviews": [review],
        "checks": [{"command": "make", "passed": true, "outcome": "passed", "exit_code": 0, "duration_ms": 5,
            "checkpoint": format!("sha256:{}", "a".repeat(64))}],
        "grants": [{"grant": "g", "worker": "claude-implementer", "what": "run `make`", "exactly": "exactly this command",
            "by": "person", "rule": null, "given_at": "2026-11-21T23:00:00.000Z", "ends": "when the session ends",
            "revoked_at": "2026-11-21T23:30:00.000Z", "ended_at": null}], "cost_usd": null, "cost_known_usd": 0.5, "previous": null
    })
}

fn problems(change: Change<'_>) -> Vec<String> {
    let mut receipt = receipt();
    change(&mut receipt);
    serde_json::from_value::<Receipt>(receipt).unwrap().problems()
}

type Change<'a> = &'a dyn Fn(&mut Value);

#[test]
fn whatever_is_changed_to_the_better_shows() {
    assert!(problems(&|_| {}).is_empty());
    let finding = json!({"severity": "concern", "title": "t"});
    let foreign = json!(format!("sha256:{}", "b".repeat(64)));
    let table: [(Change<'_>, &str); 11] = [
        (
            &|r| r["grants"][0]["given_at"] = json!("2026-11-22T00:00:00.001Z"),
            "times of the grant g do not agree",
        ),
        (&|r| r["grants"][0]["revoked_at"] = json!("2026-11-21T22:00:00.000Z"), "times of the grant g"),
        (&|r| r["decision"] = json!("log_warning"), "the rule leads to continue (all_approved)"),
        (&|r| r["fired"] = json!("one_concern"), "but it says continue (one_concern)"),
        (&|r| r["reviews"][0]["verdict"] = json!("blocker"), "leads to stop_and_escalate"),
        (&|r| r["reviews"] = json!([]), "leads to pause_and_clarify (inconclusive)"),
        (&|r| r["checks"][0]["passed"] = json!(false), "leads to pause_and_clarify (failed_check)"),
        (&|r| r["checks"][0]["outcome"] = json!("failed"), "`make` counts as passed and has not passed"),
        (&|r| r["checks"][0]["checkpoint"] = foreign.clone(), "`make` was run on another checkpoint"),
        (&|r| r["reviews"][0]["findings"] = json!([finding]), "has a concern among its findings"),
        (&|r| r["reviews"][0]["checkpoint"] = foreign.clone(), "is about another checkpoint"),
    ];
    for (change, words) in table {
        let problems = problems(change);
        assert!(problems.iter().any(|problem| problem.contains(words)), "{words}: {problems:?}");
    }
    assert!(problems(&|r| r["receipt"] = json!(2))[0].contains("version 2"));
}
