//! The live clients on conversations with the real CLIs whose lines are broken: one end a prompt, nothing asked that
//! was not asked, nothing completed that was not.

use std::collections::HashMap;
use std::path::PathBuf;

use mo_agents::kinds;
use mo_agents::launch::{Access, LaunchSpec, Permission};
use mo_agents::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};
use mo_core::approval::Answer;
use mo_core::ids::{AgentKind, RequestId};
use serde_json::Value;

use crate::mutator::{Change, Dice, havoc, seed};
use crate::support::{Capture, captures, conversations, lines};
use crate::{asked, closings_are_sound, completed, ends, long};

/// How many broken conversations are tried in the normal run.
const SAMPLE: usize = 800;

/// What happens to the client, in order.
#[derive(Debug, Clone)]
enum Step {
    Prompt,
    Answer(String, bool),
    Cancel,
    Line(Vec<u8>),
}

/// A recorded conversation as our client would have it.
struct Script {
    name: &'static str,
    agent: AgentKind,
    steps: Vec<Step>,
}

/// What a client made of it.
#[derive(Debug, PartialEq)]
struct Counts {
    prompts: usize,
    ends: usize,
    completed: usize,
    asked: usize,
}

fn client(agent: &AgentKind) -> Box<dyn Protocol> {
    kinds::protocol(&LaunchSpec {
        agent: agent.clone(),
        program: PathBuf::from("x"),
        cwd: PathBuf::from("/target"),
        add_dirs: vec![],
        access: Access::Write,
        permission: Permission::Ask,
        model: None,
        args: vec![],
        resume: None,
        skip_git_repo_check: false,
        skip_trust: false,
        schema: None,
        files_dir: PathBuf::from("/files"),
    })
}

fn step(client: &mut dyn Protocol, step: &Step, out: &mut Exchange) {
    match step {
        Step::Prompt => client.prompt(TurnPrompt { text: "p".to_owned(), schema: None }, out),
        Step::Answer(id, true) => client.answer(&RequestId::new(id.as_str()), &Answer::Allow, out),
        Step::Answer(id, false) => {
            let deny = Answer::Deny { message: "no".to_owned() };
            client.answer(&RequestId::new(id.as_str()), &deny, out);
        }
        Step::Cancel => client.cancel(out),
        Step::Line(bytes) => {
            // A newline in the middle makes two lines of it, as in a pipe.
            for line in lines(bytes) {
                client.line(Line::Whole(line), out);
            }
        }
    }
}

fn run(agent: &AgentKind, steps: &[Step]) -> (Counts, Exchange) {
    let mut client = client(agent);
    let mut out = Exchange::default();
    client.open(&mut out);
    for each in steps {
        step(client.as_mut(), each, &mut out);
    }
    client.close(Exit::from_number(-9), b"", &mut out);
    closings_are_sound(&out.events);
    for line in lines(&out.send) {
        serde_json::from_slice::<Value>(line).unwrap();
    }
    let prompts = steps.iter().filter(|step| matches!(step, Step::Prompt)).count();
    let counts = Counts {
        prompts,
        ends: ends(&out.events).count(),
        completed: completed(&out.events),
        asked: asked(&out.events),
    };
    (counts, out)
}

/// The steps of a recording. The answers to our requests get the ids under which our client asks, which is found by
/// running it.
fn script(capture: &'static Capture) -> Option<Script> {
    let mut steps = Vec::new();
    let mut client = client(&capture.agent);
    let mut out = Exchange::default();
    let mut methods: HashMap<String, String> = HashMap::new();
    client.open(&mut out);
    for line in capture.lines() {
        let recorded: Value = serde_json::from_slice(line).ok()?;
        let mut message = recorded["msg"].clone();
        let next = if recorded["dir"] == "send" {
            let method = message["method"].as_str().unwrap_or_default().to_owned();
            if !message["id"].is_null() && !method.is_empty() {
                methods.insert(message["id"].to_string(), method.clone());
            }
            sent(&message, &method)
        } else {
            let id = message["id"].to_string();
            if message["method"].is_null() && !message["id"].is_null() {
                message["id"] = our_id(methods.get(&id)?, &out)?;
            }
            let text = message.to_string().replace("\"init-1\"", "\"initialize\"");
            Some(Step::Line(text.into_bytes()))
        };
        if let Some(next) = next {
            step(client.as_mut(), &next, &mut out);
            steps.push(next);
        }
    }
    Some(Script { name: &capture.name, agent: capture.agent.clone(), steps })
}

fn sent(message: &Value, method: &str) -> Option<Step> {
    match method {
        "turn/start" | "session/prompt" => return Some(Step::Prompt),
        "turn/interrupt" | "session/cancel" => return Some(Step::Cancel),
        "" => {}
        _ => return None,
    }
    match message["type"].as_str() {
        Some("user") => return Some(Step::Prompt),
        Some("control_request") if message["request"]["subtype"] == "interrupt" => return Some(Step::Cancel),
        Some("control_request") => return None,
        _ => {}
    }
    let allowed = message.to_string();
    let words = ["\"accept\"", "\"allow\"", "proceed_once", "allow_once", "allow-once"];
    let allowed = words.iter().any(|word| allowed.contains(word));
    let id = message.pointer("/response/request_id").unwrap_or(&message["id"]);
    let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    Some(Step::Answer(id, allowed))
}

/// The id of our last request of that method; of a session's opening, whatever its name.
fn our_id(method: &str, out: &Exchange) -> Option<Value> {
    let same = |ours: &str| ours == method || (ours.starts_with("session/") && method == "session/load");
    let ours = lines(&out.send).filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let ours = ours.filter(|message| message["method"].as_str().is_some_and(same));
    ours.last().map(|message| message["id"].clone())
}

fn scripts() -> Vec<Script> {
    let duplex =
        |capture: &&Capture| capture.stdout.starts_with(b"{\"dir\"") && capture.stdout.len() < 60_000;
    captures().iter().chain(conversations()).filter(duplex).filter_map(script).collect()
}

fn with(script: &Script, number: usize, line: Vec<u8>) -> Vec<Step> {
    let mut steps = script.steps.clone();
    steps[number] = Step::Line(line);
    steps
}

fn lines_of(script: &Script) -> Vec<(usize, &[u8])> {
    let line = |(number, step): (usize, &'_ Step)| match step {
        Step::Line(_) => Some(number),
        _ => None,
    };
    let numbers: Vec<usize> = script.steps.iter().enumerate().filter_map(line).collect();
    let bytes = |number: usize| match &script.steps[number] {
        Step::Line(bytes) => bytes.as_slice(),
        _ => &[],
    };
    numbers.into_iter().map(|number| (number, bytes(number))).collect()
}

#[test]
fn a_broken_byte_in_a_live_conversation_changes_no_count_for_the_better() {
    let seed = seed();
    let mut dice = Dice::new(seed);
    let scripts = scripts();
    assert!(scripts.len() > 40, "{}", scripts.len());
    let (mut asked_in_all, mut completed_in_all) = (0, 0);
    for script in &scripts {
        let (whole, _) = run(&script.agent, &script.steps);
        assert_eq!(whole.ends, whole.prompts, "{}", script.name);
        asked_in_all += whole.asked;
        completed_in_all += whole.completed;
        let lines = lines_of(script);
        let check = |number: usize, line: Vec<u8>, what: &str| {
            let (counts, _) = run(&script.agent, &with(script, number, line));
            let name = format!("{}: {what} in step {number} (MO_SEED={seed})", script.name);
            assert_eq!(counts.ends, counts.prompts, "{name}");
            assert!(counts.completed <= whole.completed, "{name}");
            assert!(counts.asked <= whole.asked, "{name}");
        };
        let size: usize = lines.iter().map(|(_, line)| line.len()).sum();
        if long() && size <= 10 * 1024 {
            for (number, line) in &lines {
                for place in 0..line.len() {
                    for change in Change::at(place) {
                        check(*number, change.make(line, place), &format!("{change:?} at {place}"));
                    }
                }
            }
        }
        for _ in 0..if long() { 2_000 } else { SAMPLE / scripts.len() } {
            let (number, line) = lines[dice.below(lines.len())];
            let place = dice.below(line.len());
            let change = Change::at(place)[dice.below(3)];
            check(number, change.make(line, place), &format!("{change:?} at {place}"));
        }
        // A line that never comes, and one that comes twice: an answer that was given counts once.
        let few = if long() { 1 } else { lines.len() / 8 + 1 };
        for (number, line) in lines.iter().skip(dice.below(few)).step_by(few) {
            check(*number, Vec::new(), "nothing");
            check(*number, [line, &b"\n"[..], line].concat(), "twice");
        }
    }
    assert!(asked_in_all > 20 && completed_in_all > 30, "{asked_in_all} {completed_in_all}");
}

/// Whatever comes, in any order, from any CLI: one end a prompt.
#[test]
fn every_prompt_ends_once_in_havoc() {
    let seed = seed();
    let mut dice = Dice::new(seed);
    let scripts = scripts();
    for round in 0..if long() { 60_000 } else { 600 } {
        let script = &scripts[dice.below(scripts.len())];
        let other = &scripts[dice.below(scripts.len())];
        let mut steps: Vec<Step> = Vec::new();
        for step in &script.steps {
            match (step, dice.below(12)) {
                (_, 0) => {}
                (_, 1) => steps.extend([step.clone(), step.clone()]),
                (_, 2) => steps.push(Step::Prompt),
                (_, 3) => steps.extend([Step::Cancel, step.clone()]),
                (_, 4) => steps.push(other.steps[dice.below(other.steps.len())].clone()),
                (Step::Line(line), 5) => steps.push(Step::Line(havoc(line, line, &mut dice))),
                _ => steps.push(step.clone()),
            }
        }
        let (counts, _) = run(&script.agent, &steps);
        assert_eq!(counts.ends, counts.prompts, "{} in round {round} of MO_SEED={seed}", script.name);
    }
}

/// An answer is for the question that was shown: another one with the same id is not asked and not answered.
#[test]
fn a_second_question_with_the_same_id_is_none() {
    let claude = |tool: &str, input: &str| {
        format!(
            r#"{{"type":"control_request","request_id":"R","request":{{"subtype":"can_use_tool","tool_name":"{tool}","input":{input},"tool_use_id":"T"}}}}"#
        )
    };
    let codex = |command: &str| {
        format!(
            r#"{{"id":0,"method":"item/commandExecution/requestApproval","params":{{"threadId":"T","turnId":"U","itemId":"i","command":"{command}"}}}}"#
        )
    };
    let acp = |title: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":0,"method":"session/request_permission","params":{{"sessionId":"S","options":[{{"optionId":"y","kind":"allow_once"}}],"toolCall":{{"toolCallId":"i","kind":"execute","title":"{title}"}}}}}}"#
        )
    };
    let table = [
        ("claude", claude("Bash", r#"{"command":"ls"}"#), claude("Bash", r#"{"command":"rm -rf /"}"#)),
        ("codex", codex("ls"), codex("rm -rf /")),
        ("acp", acp("ls"), acp("rm -rf /")),
    ];
    for (agent, first, second) in table {
        let mut client = client(&agent.parse().unwrap());
        let mut out = Exchange::default();
        client.line(Line::Whole(first.as_bytes()), &mut out);
        client.line(Line::Whole(second.as_bytes()), &mut out);
        assert_eq!(asked(&out.events), 1, "{agent}: {:?}", out.events);
        out.send.clear();
        let id = if agent == "claude" { "R" } else { "0" };
        client.answer(&RequestId::new(id), &Answer::Allow, &mut out);
        let sent = String::from_utf8(std::mem::take(&mut out.send)).unwrap();
        assert!(sent.lines().count() == 1 && !sent.contains("rm -rf"), "{agent}: {sent}");
        client.answer(&RequestId::new(id), &Answer::Allow, &mut out);
        assert!(out.send.is_empty(), "{agent}");
    }
}
