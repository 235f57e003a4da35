//! The real CLIs fail in the ways that model services fail, and each failure is met with its remedy: with which words
//! and bound, in the journal and in the worker's log, and how it ends.

use mo_tests::Duplex;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::job::{Job, Ran};
use super::play::{rule, verdict};
use super::project::Kind;
use super::teams::{api, file};

/// Waits that a test does not notice.
pub(crate) const SHORT: &str = "back_off = \"1s\"\nback_off_max = \"1s\"\n";

/// A session whose implementer is the agent, with these rules for it; tried in order, before the usual ones.
pub(crate) fn job(agent: &'static str, rules: Vec<Value>, config: &str) -> Job {
    let reviewer = if agent == "codex" { "claude" } else { "codex" };
    let of_work = format!("You review {agent}-implementer's work");
    let router = json!([{"structured": {"reasoning": "It is small.", "model_choice": "flash"}}]);
    let mut all = vec![
        json!({"name": "router", "when": {"api": "gemini", "body_contains": "Task Routing AI"}, "steps": router}),
    ];
    all.extend(rules);
    all.push(rule("review", api(reviewer), &[&of_work], &verdict("approved")));
    let team = file(&[(agent, "implementer"), (reviewer, "reviewer")], &[(reviewer, agent)]);
    let job = Job::with_script(agent, Kind::Folder, "target", json!({ "rules": all }))
        .with_team(&team)
        .with_config(config);
    once(job, agent)
}

/// The CLI itself tries a request once: what is looked at is what the orchestrator does.
fn once(job: Job, agent: &str) -> Job {
    match agent {
        "claude" => job.with_env("claude", &[("CLAUDE_CODE_MAX_RETRIES", "0")]),
        "codex" => job.with_replaced("_max_retries=1", "_max_retries=0"),
        _ => {
            let settings = json!({
                "general": {"maxAttempts": 1, "retryFetchErrors": false},
                "security": {"auth": {"selectedType": "gemini-api-key"}},
                "privacy": {"usageStatisticsEnabled": false},
            });
            job.with_file("home/.gemini/settings.json", &settings.to_string())
        }
    }
}

/// A model service's answer that is none, in its own format: the texts, words and details are the services' own.
fn refused(agent: &str, what: &str) -> Value {
    let anthropic = |status: u16, kind: &str, message: &str| {
        let error = json!({"type": kind, "message": message});
        (status, json!({"type": "error", "error": error, "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"}))
    };
    let openai = |status: u16, kind: &str, code: &str, message: &str| {
        (status, json!({"error": {"message": message, "type": kind, "param": null, "code": code}}))
    };
    let google = |code: u16, status: &str, message: &str, details: Value| {
        (code, json!({"error": {"code": code, "message": message, "status": status, "details": details}}))
    };
    let (status, body) = match (agent, what) {
        ("claude", "429") => anthropic(
            429,
            "rate_limit_error",
            "This request would exceed your account's rate limit. Please try again later.",
        ),
        ("claude", "529") => anthropic(529, "overloaded_error", "Overloaded"),
        ("claude", "401") => anthropic(401, "authentication_error", "invalid x-api-key"),
        ("claude", _) => {
            anthropic(400, "invalid_request_error", "prompt is too long: 205000 tokens > 200000 maximum")
        }
        ("codex", "429") => openai(
            429,
            "tokens",
            "rate_limit_exceeded",
            "Rate limit reached for gpt-5.5 in organization org-x on tokens per min (TPM): Limit 30000, Used 29000, \
             Requested 2000. Please try again in 2s.",
        ),
        ("codex", "529") => openai(
            503,
            "server_error",
            "server_is_overloaded",
            "The server is currently overloaded with other requests. Sorry about that!",
        ),
        ("codex", "401") => openai(
            401,
            "invalid_request_error",
            "invalid_api_key",
            "Incorrect API key provided: sk-test-dummy. You can find your API key at https://platform.openai.com/account/api-keys.",
        ),
        ("codex", _) => openai(
            400,
            "invalid_request_error",
            "context_length_exceeded",
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
        ),
        (_, "429") => google(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details. Please retry in 1s.",
            json!([
                {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{
                    "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                    "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "quotaValue": "10"}]},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"},
            ]),
        ),
        (_, "529") => {
            google(503, "UNAVAILABLE", "The model is overloaded. Please try again later.", json!([]))
        }
        (_, "401") => google(
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other \
             valid authentication credential.",
            json!([]),
        ),
        _ => google(
            400,
            "INVALID_ARGUMENT",
            "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
            json!([]),
        ),
    };
    json!({"error": {"status": status, "body": body}})
}

/// What the agent writes in the end, in its own tool, and says.
pub(crate) fn work(agent: &str) -> Value {
    let write = match agent {
        "claude" => json!({"name": "Write", "input": {"file_path": "${cwd}/done.txt", "content": "done\n"}}),
        "codex" => {
            json!({"name": "apply_patch", "input": "*** Begin Patch\n*** Add File: done.txt\n+done\n*** End Patch"})
        }
        _ => json!({"name": "write_file", "input": {"file_path": "${cwd}/done.txt", "content": "done\n"}}),
    };
    json!([{"tool": write}, {"text": "It is done."}])
}

/// A remedy that was tried: class, remedy, which try, of how many.
pub(crate) fn tried(ran: &Ran) -> Vec<(String, String, u64, u64)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let attempts = ran.of_kind("recovery_attempted");
    let told = |data: &Value| {
        (
            word(&data["class"]),
            word(&data["remedy"]),
            data["try"].as_u64().unwrap(),
            data["of"].as_u64().unwrap(),
        )
    };
    attempts.iter().map(|(_, data)| told(data)).collect()
}

pub(crate) fn attempt(class: &str, remedy: &str, try_no: u64, of: u64) -> (String, String, u64, u64) {
    (class.to_owned(), remedy.to_owned(), try_no, of)
}

/// How each turn of the implementer that did not complete ended.
pub(crate) fn broke_off(ran: &Ran) -> Vec<(String, String)> {
    let ends = ran.of_kind("turn_ended");
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ends = ends.iter().map(|(_, data)| &data["end"]).filter(|end| end["outcome"] != "completed");
    ends.map(|end| (word(&end["outcome"]), word(&end["class"]))).collect()
}

/// The steps of recovery by kind, in their order.
pub(crate) fn steps(ran: &Ran) -> Vec<&str> {
    let kinds = ran.events.iter().map(|event| event["kind"].as_str().unwrap());
    kinds.filter(|kind| kind.starts_with("recovery_")).collect()
}

/// Every step that the person is to hear of is a line of the worker's log, in the order of the journal.
pub(crate) fn check_log(ran: &Ran, agent: &str, lines: &[&str]) {
    let log = ran.ask(&["logs", ran.summary["session"].as_str().unwrap(), agent]).stdout;
    let told = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told: Vec<String> = told
        .filter(|line| line["kind"] == "recovery")
        .map(|line| line["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told.len(), lines.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(lines) {
        assert!(told.contains(expected), "`{expected}` in {told:#?}");
    }
}

/// The agent's own sessions that the implementer has worked in, each once for every process that was in it.
fn sessions(ran: &Ran) -> Vec<&str> {
    let items = ran.of_kind("agent_item");
    let started = items.into_iter().filter(|(worker, data)| {
        worker.ends_with("-implementer") && data["item"]["type"] == "session_started"
    });
    started.map(|(_, data)| data["item"]["agent_session"].as_str().unwrap()).collect()
}

pub(crate) fn check_end(ran: &Ran) {
    let story = ran.story();
    assert_eq!((ran.code, &ran.summary["state"]), (Some(0), &json!("finished")), "{story}");
    assert_eq!(ran.summary["files_changed"], json!(["done.txt"]), "{story}");
    for request in ran.job.sandbox.requests().unwrap() {
        assert!(request["refused"].is_null(), "{request}");
    }
    ran.check_what_is_left(&["done.txt"]);
}

/// 429, and when it is asked again no capacity: two waits, and the work is done.
fn busy(agent: &'static str) {
    let rules = vec![
        rule(
            "after 429",
            api(agent),
            &["your model service had too many requests"],
            &json!([refused(agent, "529")]),
        ),
        rule("after 529", api(agent), &["your model service was overloaded"], &work(agent)),
        rule("work", api(agent), &["You are the implementer"], &json!([refused(agent, "429")])),
    ];
    let ran = job(agent, rules, &format!("[recovery]\nattempts = 3\n{SHORT}")).run(&[]);
    check_end(&ran);
    let story = ran.story();
    assert_eq!(
        tried(&ran),
        [attempt("rate_limited", "back_off", 1, 3), attempt("overloaded", "back_off", 1, 3)],
        "{story}"
    );
    let failed = |class: &str| ("failed".to_owned(), class.to_owned());
    assert_eq!(broke_off(&ran), [failed("rate_limited"), failed("overloaded")], "{story}");
    let expected =
        ["recovery_attempted", "recovery_due", "recovery_attempted", "recovery_due", "recovery_succeeded"];
    assert_eq!(steps(&ran), expected, "{story}");
    for (_, data) in ran.of_kind("recovery_attempted") {
        assert!((500..=1_000).contains(&data["delay_ms"].as_u64().unwrap()), "{data}");
    }
    assert_eq!(ran.of_kind("recovery_succeeded")[0].1["tries"], 2, "{story}");
    check_log(
        &ran,
        agent,
        &[
            "too many requests (rate_limited): asked again in",
            "overloaded (overloaded): asked again in",
            "recovered (overloaded)",
        ],
    );
    assert_eq!(sessions(&ran).len(), 1, "one process is asked again\n{story}");
}

/// Goes on after a blocker, as its card says; the events are then those of the whole session.
fn resolve(ran: Ran) -> Ran {
    let listed: Value = serde_json::from_str(&ran.ask(&["blockers"]).stdout).unwrap();
    let open = listed["blockers"].as_array().unwrap();
    assert_eq!(open.len(), 1, "{listed}");
    let id = open[0]["id"].as_str().unwrap().to_owned();
    let Ran { job, mut events, .. } = ran;
    let mut ran = {
        let cli = Duplex::start(job.orchestrate(&["resolve", &id, "--retry"])).unwrap();
        job.finish(cli)
    };
    events.append(&mut ran.events);
    Ran { events, ..ran }
}

/// Too many requests are met no more often than they may be: then a person is called. Gone on with, a refused login is a
/// blocker with the command that logs in. Gone on with again, a conversation that is too long goes on in a new session.
fn blocked(agent: &'static str, login: &str) {
    let (in_session, handover) = ("You were interrupted in the middle", "Somebody began this before you");
    let busy = refused(agent, "429");
    let rest = [refused(agent, "401"), refused(agent, "long")];
    let mut rules =
        vec![rule("too long", api(agent), &["the conversation had become too long", handover], &work(agent))];
    if agent == "gemini" {
        rules.push(rule("again", api(agent), &["had too many requests"], &json!([busy])));
        rules.push(rule("gone on with", api(agent), &[handover], &json!(rest)));
    } else {
        // In the same session: the prompt of each try says so.
        for (nth, step) in std::iter::once(&busy).chain(&rest).enumerate() {
            let mut rule = rule(&format!("after {nth}"), api(agent), &[in_session], &json!([step]));
            rule["when"]["nth"] = json!(nth + 1);
            rules.push(rule);
        }
    }
    rules.push(rule("work", api(agent), &["You are the implementer"], &json!([refused(agent, "429")])));
    let ran = job(agent, rules, &format!("[recovery]\nattempts = 1\n{SHORT}")).run(&[]);
    let story = ran.check(None, "blocked", 12);
    assert_eq!(tried(&ran), [attempt("rate_limited", "back_off", 1, 1)], "{story}");
    assert_eq!(steps(&ran), ["recovery_attempted", "recovery_due", "recovery_exhausted"], "{story}");
    let blocker = ran.of_kind("permission_blocker")[0].1;
    assert!(
        blocker["title"].as_str().unwrap().ends_with("(rate_limited), and once more after that"),
        "{blocker}"
    );

    let ran = resolve(ran);
    let story = ran.story();
    assert_eq!((ran.code, &ran.summary["state"]), (Some(12), &json!("blocked")), "{story}");
    assert_eq!(broke_off(&ran)[2..], [("failed".to_owned(), "auth_invalid".to_owned())], "{story}");
    assert_eq!(steps(&ran).len(), 3, "nothing is tried that only a person can mend\n{story}");
    let blocker = ran.of_kind("permission_blocker")[1].1;
    assert_eq!(blocker["required_actions"][0], login, "{blocker}");

    let ran = resolve(ran);
    check_end(&ran);
    let story = ran.story();
    assert_eq!(tried(&ran)[1..], [attempt("context_too_long", "new_session", 1, 1)], "{story}");
    assert_eq!(steps(&ran)[3..], ["recovery_attempted", "recovery_succeeded"], "{story}");
    let mut sessions = sessions(&ran);
    assert_ne!(sessions.pop(), sessions.pop(), "a session of its own\n{story}");
    check_log(
        &ran,
        agent,
        &[
            "asked again in",
            "tried 1 time without success (rate_limited)",
            "a new session",
            "recovered (context_too_long)",
        ],
    );
}

/// A call before the process is killed or falls silent.
fn reads(agent: &str) -> Value {
    match agent {
        "claude" => json!({"name": "Read", "input": {"file_path": "${cwd}/greet.py"}}),
        "codex" => json!({"name": "exec_command", "input": {"cmd": "cat greet.py"}}),
        _ => json!({"name": "read_file", "input": {"file_path": "${cwd}/greet.py"}}),
    }
}

/// What the agent says before it is killed, found again where its session goes on.
const BEGAN: &str = "I begin with the greeting.";

/// Killed in the middle of a turn, it goes on in its own session (Gemini: with a handover); there the stream stalls, and it
/// goes on once more.
fn gone(agent: &'static str) {
    // At its second call the CLI has kept what was before it.
    let half = json!([{"text": BEGAN, "tool": reads(agent)}, {"tool": reads(agent)}, {"text": "Let me think", "hang": true}]);
    let rules = vec![
        rule("after the stall", api(agent), &["you gave no sign of work for too long"], &work(agent)),
        rule(
            "after the crash",
            api(agent),
            &["your process ended unexpectedly"],
            &json!([{"text": "Let me see", "hang": true}]),
        ),
        rule("work", api(agent), &["You are the implementer"], &half),
    ];
    let job = job(agent, rules, &format!("[session]\nstall_timeout = \"6s\"\n[recovery]\n{SHORT}"));
    let mut cli = job.start(&[]);
    let (mut pid, mut calls) = (None, 0);
    cli.until(
        |event| {
            pid = pid.or_else(|| event["data"]["pid"].as_i64());
            calls += usize::from(event["data"]["item"]["type"] == "tool_ended");
            calls == 2
        },
        |_| None,
    )
    .unwrap();
    let pid = Pid::from_raw(i32::try_from(pid.unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    let ran = job.finish(cli);
    check_end(&ran);
    let story = ran.story();
    assert_eq!(
        tried(&ran),
        [attempt("crashed", "go_on", 1, 2), attempt("stalled", "go_on", 1, 2)],
        "{story}"
    );
    assert_eq!(steps(&ran), ["recovery_attempted", "recovery_attempted", "recovery_succeeded"], "{story}");
    assert_eq!(ran.of_kind("worker_stalled").len(), 1, "{story}");
    check_log(
        &ran,
        agent,
        &[
            "went away in the middle (crashed)",
            "no sign of work for too long (stalled)",
            "recovered (stalled)",
        ],
    );
    let requests = ran.job.sandbox.requests().unwrap();
    let after = requests.iter().find(|request| request["rule"] == "after the crash").unwrap();
    let remembers = after["body"].to_string().contains(BEGAN);
    assert_eq!(remembers, agent != "gemini", "its own session, where the agent can take one up\n{story}");
}

#[test]
fn claude_is_busy() {
    busy("claude");
}

#[test]
fn codex_is_busy() {
    busy("codex");
}

#[test]
fn gemini_is_busy() {
    busy("gemini");
}

#[test]
fn claude_is_blocked() {
    blocked("claude", "claude auth login");
}

#[test]
fn codex_is_blocked() {
    blocked("codex", "codex login");
}

#[test]
fn gemini_is_blocked() {
    blocked("gemini", "gemini  # choose a way to log in at its first question, or set GEMINI_API_KEY");
}

#[test]
fn claude_is_gone() {
    gone("claude");
}

#[test]
fn codex_is_gone() {
    gone("codex");
}

#[test]
fn gemini_is_gone() {
    gone("gemini");
}
