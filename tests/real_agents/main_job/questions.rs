//! Questions of the real CLIs, answered from a second terminal: once, for the session, not, too late, after a pause and
//! after a kill -9 of the owner.

use mo_tests::{Duplex, finish};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::job::{Job, LIMIT, Ran};
use super::play::{rule, verdict};
use super::project::Kind;
use super::teams::{api, file};

/// Long enough for a second terminal on a busy machine, and what is waited for once to see that it expires.
const TIMEOUT: &str = "[session]\napproval_timeout = \"12s\"\n";
/// By which a resumed turn goes on: in the agent's own session, or (Gemini) with a handover.
const AGAIN: [(&str, &str); 3] = [
    ("claude", "You were interrupted in the middle of your work"),
    ("codex", "You were interrupted in the middle of your work"),
    ("gemini", "Somebody began this before you and was interrupted"),
];

/// Deletes, and so is asked; leaves a mark each time that it runs.
fn command(mark: &str) -> String {
    format!("rm -f none; echo {mark} >> marks.txt")
}

/// The call of a command, in the agent's own tool.
fn call(agent: &str, mark: &str) -> Value {
    let command = command(mark);
    let (name, input) = match agent {
        "claude" => ("Bash", json!({"command": command, "description": "leave a mark"})),
        // What is to write must be asked to run outside of its sandbox.
        "codex" => (
            "exec_command",
            json!({"cmd": command, "sandbox_permissions": "require_escalated", "justification": "to leave a mark"}),
        ),
        _ => ("run_shell_command", json!({"command": command, "description": "leave a mark"})),
    };
    json!({"tool": {"name": name, "input": input}})
}

fn job(agent: &'static str, rules: &[Value], config: &str) -> Job {
    let reviewer = if agent == "codex" { "claude" } else { "codex" };
    let of_work = format!("You review {agent}-implementer's work");
    let router = json!([{"structured": {"reasoning": "It is small.", "model_choice": "flash"}}]);
    let first = [
        json!({"name": "router", "when": {"api": "gemini", "body_contains": "Task Routing AI"}, "steps": router}),
    ];
    let last = [rule("review", api(reviewer), &[&of_work], &verdict("approved"))];
    let rules: Vec<&Value> = first.iter().chain(rules).chain(&last).collect();
    let team = file(&[(agent, "implementer"), (reviewer, "reviewer")], &[(reviewer, agent)]);
    Job::with_script(agent, Kind::Folder, "target", json!({"rules": rules}))
        .with_team(&team)
        .with_config(config)
}

/// Waits for a question about the command; its name.
fn question(cli: &mut Duplex, kind: &str, mark: &str) -> String {
    let asked = cli.until(|event| event["kind"] == kind || event.get("summary").is_some(), |_| None).unwrap();
    assert_eq!(asked["kind"], kind, "{}", cli.transcript);
    let about = asked["data"]["request"]["action"]["command"].as_str();
    assert!(about.is_none_or(|about| about.contains(&command(mark))), "{mark}: {asked}");
    asked["data"]["approval"].as_str().unwrap().to_owned()
}

/// From a second terminal.
fn tell(job: &Job, args: &[&str]) {
    let done = finish(job.orchestrate(args), LIMIT).unwrap();
    assert_eq!(done.status.code(), Some(0), "{args:?}: {}\n{}", done.stderr, done.stdout);
}

fn marks(job: &Job) -> Vec<String> {
    let text = std::fs::read_to_string(job.sandbox.target().join("marks.txt")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// The questions of the session: what became of each, and by whom.
fn outcomes(ran: &Ran) -> Vec<(String, String)> {
    let session = ran.summary["session"].as_str().unwrap();
    let listed: Value = serde_json::from_str(&ran.ask(&["approvals", session]).stdout).unwrap();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let questions = listed["approvals"].as_array().unwrap().iter();
    questions.map(|question| (word(&question["state"]), word(&question["by"]))).collect()
}

fn answered(agent: &'static str) {
    let say = |mark| call(agent, mark);
    let steps = json!([say("often"), say("often"), say("often"), say("no"), say("late"), {"text": "I have tried all."}]);
    let job = job(agent, &[rule("work", api(agent), &["You are the implementer"], &steps)], TIMEOUT);
    let mut cli = job.start(&["--wait"]);
    let first = question(&mut cli, "approval_requested", "often");
    assert_eq!(marks(&job), [""; 0], "nothing is done before the answer");
    tell(&job, &["approve", &first]);
    let second = question(&mut cli, "approval_requested", "often");
    tell(&job, &["approve", &second, "--session"]);
    let third = question(&mut cli, "approval_requested", "no");
    assert_eq!(marks(&job), ["often"; 3], "the third time it is not asked");
    tell(&job, &["deny", &third, "-m", "leave that to the person"]);
    question(&mut cli, "approval_requested", "late");
    let ran = job.finish(cli);
    let job = {
        let story = ran.check(Some("continue"), "finished", 0);
        let known = |state: &str, by: &str| (state.to_owned(), by.to_owned());
        let expected = [
            known("allowed", "person"),
            known("allowed", "person"),
            known("denied", "person"),
            known("denied", "expiry"),
        ];
        assert_eq!(outcomes(&ran), expected, "{story}");
        ran.turns_asked();
        let requests = ran.job.sandbox.requests().unwrap();
        // Only Claude's protocol has room for our words.
        let words = match agent {
            "claude" => ["leave that to the person", "nobody answered in time"].as_slice(),
            "codex" => ["rejected by user"].as_slice(),
            _ => ["was canceled by the user"].as_slice(),
        };
        for told in words {
            let heard =
                |request: &Value| request["rule"] == "work" && request["body"].to_string().contains(*told);
            assert!(requests.iter().any(heard), "the agent is told `{told}`\n{story}");
        }
        ran.check_what_is_left(&["marks.txt"]);
        ran.job
    };
    assert_eq!(marks(&job), ["often"; 3]);
}

#[test]
fn claude_is_answered_from_a_second_terminal() {
    answered("claude");
}

#[test]
fn codex_is_answered_from_a_second_terminal() {
    answered("codex");
}

#[test]
fn gemini_is_answered_from_a_second_terminal() {
    answered("gemini");
}

/// A question whose turn is interrupted, so that the CLI takes it back, stands and is answered at rest; one whose
/// owner is killed is asked again under its name. Both are done once.
fn outlived(agent: &'static str) {
    let say = |mark| call(agent, mark);
    let again = AGAIN.iter().find(|(name, _)| *name == agent).unwrap().1;
    let nth = |nth: u32, steps: &Value| {
        let mut rule = rule(&format!("again {nth}"), api(agent), &[again], steps);
        rule["when"]["nth"] = json!(nth);
        rule
    };
    let rules = [
        nth(1, &json!([say("paused"), say("killed"), {"text": "not reached"}])),
        nth(2, &json!([say("killed"), {"text": "It is done."}])),
        rule(
            "work",
            api(agent),
            &["You are the implementer"],
            &json!([say("paused"), {"text": "not reached"}]),
        ),
    ];
    let job = job(agent, &rules, "");
    let mut cli = job.start(&["--wait"]);
    let first = question(&mut cli, "approval_requested", "paused");
    tell(&job, &["pause"]);
    let ran = job.finish(cli);
    let story = ran.check(None, "paused", 11);
    let items = ran.of_kind("agent_item");
    assert!(
        items.iter().any(|(_, data)| data["item"]["type"] == "approval_withdrawn"),
        "taken back\n{story}"
    );
    assert_eq!(ran.of_kind("approval_decided").len(), 0, "nothing was answered for the person\n{story}");
    assert_eq!(ran.job.sandbox.processes().unwrap(), [], "{story}");
    let (job, session) = (ran.job, ran.summary["session"].as_str().unwrap().to_owned());
    tell(&job, &["approve", &first]);
    assert_eq!(marks(&job), [""; 0], "at rest nothing is done");

    let goes_on = || Duplex::start(job.orchestrate(&["resume", &session, "--wait"])).unwrap();
    let mut cli = goes_on();
    assert_eq!(question(&mut cli, "approval_repeated", "paused"), first);
    let second = question(&mut cli, "approval_requested", "killed");
    assert_eq!(marks(&job), ["paused"], "the answer that was given at rest is applied");
    kill_process(Pid::from_raw(i32::try_from(cli.pid()).unwrap()).unwrap(), Signal::KILL).unwrap();
    cli.close().unwrap();
    assert_eq!(marks(&job), ["paused"]);

    let mut cli = goes_on();
    assert_eq!(question(&mut cli, "approval_repeated", "killed"), second);
    assert_eq!(marks(&job), ["paused"]);
    tell(&job, &["approve", &second]);
    let ran = job.finish(cli);
    let story = ran.story();
    assert_eq!((ran.code, &ran.summary["state"]), (Some(0), &json!("finished")), "{story}");
    assert_eq!(marks(&ran.job), ["paused", "killed"], "{story}");
    let allowed = ("allowed".to_owned(), "person".to_owned());
    assert_eq!(outcomes(&ran), [allowed.clone(), allowed], "{story}");
    ran.check_what_is_left(&["marks.txt"]);
}

#[test]
fn claude_s_questions_outlive_a_pause_and_a_kill() {
    outlived("claude");
}

#[test]
fn codex_s_questions_outlive_a_pause_and_a_kill() {
    outlived("codex");
}

#[test]
fn gemini_s_questions_outlive_a_pause_and_a_kill() {
    outlived("gemini");
}

/// What Claude is given instead is done, and nothing else, also when it was given at rest.
#[test]
fn claude_s_call_is_made_as_edited() {
    let say = |mark| call("claude", mark);
    let again = AGAIN[0].1;
    let rules = [
        rule("again", "anthropic", &[again], &json!([say("asked"), {"text": "It is done."}])),
        rule(
            "work",
            "anthropic",
            &["You are the implementer"],
            &json!([say("first"), say("asked"), {"text": "not reached"}]),
        ),
    ];
    let job = job("claude", &rules, "");
    let edit = |text: &str| {
        let file = job.sandbox.home().join("edit.txt");
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let mut cli = job.start(&["--wait"]);
    let first = question(&mut cli, "approval_requested", "first");
    let denied = finish(job.orchestrate(&["approve", &first, "--edit", &edit("cat .env")]), LIMIT).unwrap();
    assert_eq!(denied.status.code(), Some(4), "{}", denied.stderr);
    tell(&job, &["approve", &first[..13], "--edit", &edit("echo other >> marks.txt")]);
    let second = question(&mut cli, "approval_requested", "asked");
    assert_eq!(marks(&job), ["other"], "the edited call was made, and only it");
    tell(&job, &["pause"]);
    let ran = job.finish(cli);
    ran.check(None, "paused", 11);
    let (job, session) = (ran.job, ran.summary["session"].as_str().unwrap().to_owned());
    let whole = json!({"command": "echo later >> marks.txt", "description": "leave a mark"});
    let file = job.sandbox.home().join("edit.json");
    std::fs::write(&file, whole.to_string()).unwrap();
    tell(&job, &["approve", &second, "--edit", file.to_str().unwrap()]);
    assert_eq!(marks(&job), ["other"], "at rest nothing is done");
    let cli = Duplex::start(job.orchestrate(&["resume", &session, "--wait"])).unwrap();
    let ran = job.finish(cli);
    let story = ran.story();
    assert_eq!((ran.code, &ran.summary["state"]), (Some(0), &json!("finished")), "{story}");
    assert_eq!(marks(&ran.job), ["other", "later"], "{story}");
    let decided = ran.of_kind("approval_decided");
    let instead =
        decided.iter().map(|(_, data)| &data["ruling"]).find(|ruling| ruling["answer"] == "instead");
    assert_eq!(instead.unwrap()["action"]["command"], "echo later >> marks.txt", "{story}");
    for name in ["edit.txt", "edit.json"] {
        std::fs::remove_file(ran.job.sandbox.home().join(name)).unwrap();
    }
    ran.check_what_is_left(&["marks.txt"]);
}
