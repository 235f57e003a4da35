//! A model service that cannot be reached at first, and one that names no end of its limit.

use serde_json::json;

use super::job::NOBODY_PORT;
use super::play::rule;
use super::recoveries::{SHORT, attempt, broke_off, check_end, check_log, job, steps, tried, work};
use super::teams::api;

/// The connection is refused; it is waited for and tried again, and then somebody listens. Codex reconnects for ever, which
/// the watchdog ends.
fn unreached(agent: &'static str) {
    let rules = vec![
        rule("on", api(agent), &["your model service could not be reached"], &work(agent)),
        rule("work", api(agent), &["You are the implementer"], &json!([{"text": "not asked"}])),
    ];
    let config = format!("[session]\nstall_timeout = \"8s\"\n[recovery]\n{SHORT}");
    let mut job = job(agent, rules, &config).without_model();
    if agent == "gemini" {
        // Else another model is asked first which one to ask, ten times.
        job = job.with_replaced("[agents.gemini]\n", "[agents.gemini]\nmodel = \"gemini-2.5-flash\"\n");
    }
    let mut cli = job.start(&[]);
    cli.until(|event| event["kind"] == "recovery_attempted" || event.get("summary").is_some(), |_| None)
        .unwrap();
    let mut model = job.sandbox.another_model(NOBODY_PORT).unwrap();
    let ran = job.finish(cli);
    drop(model.stdin.take());
    model.wait().unwrap();
    check_end(&ran);
    let story = ran.story();
    let tried = tried(&ran);
    // On a slow machine a second try may come before the model.
    for (index, (class, remedy, try_no, of)) in tried.iter().enumerate() {
        let expected = attempt("network", "back_off", index as u64 + 1, 5);
        assert_eq!(&(class.clone(), remedy.clone(), *try_no, *of), &expected, "{story}");
    }
    assert!(!tried.is_empty(), "{story}");
    assert!(
        broke_off(&ran).iter().all(|(outcome, class)| outcome == "failed" && class == "network"),
        "{story}"
    );
    assert_eq!(ran.of_kind("worker_stalled").len() == tried.len(), agent == "codex", "{story}");
    assert_eq!(steps(&ran).last(), Some(&"recovery_succeeded"), "{story}");
    if tried.len() == 1 {
        check_log(&ran, agent, &["could not be reached (network): asked again in", "recovered (network)"]);
    }
}

#[test]
fn claude_is_unreached() {
    unreached("claude");
}

#[test]
fn codex_is_unreached() {
    unreached("codex");
}

#[test]
fn gemini_is_unreached() {
    unreached("gemini");
}

/// Gemini CLI says that a day's quota is used up, and not until when: only a person can help.
#[test]
fn gemini_names_no_end_of_its_quota() {
    let body = json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED",
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "details": [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{
            "quotaMetric": "generativelanguage.googleapis.com/generate_requests_per_model_per_day",
            "quotaId": "GenerateRequestsPerDayPerProjectPerModel", "quotaValue": "250"}]}]}});
    let used_up = json!([{"error": {"status": 429, "body": body}}]);
    let rules = vec![rule("work", "gemini", &["You are the implementer"], &used_up)];
    let ran = job("gemini", rules, &format!("[recovery]\n{SHORT}")).run(&[]);
    let story = ran.check(None, "blocked", 12);
    assert_eq!(broke_off(&ran), [("failed".to_owned(), "usage_limit".to_owned())], "{story}");
    assert_eq!((steps(&ran).len(), ran.of_kind("quota_reached").len()), (0, 0), "{story}");
    let blocker = ran.of_kind("permission_blocker")[0].1;
    assert_eq!(
        blocker["required_actions"][0], "wait until gemini's usage limit is over, or raise it",
        "{blocker}"
    );
}
