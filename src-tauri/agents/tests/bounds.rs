//! How much memory and time hostile input takes. One test, so that nothing else allocates beside it; Linux tells both.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write as _;

use mo_agents::decode::{Decode, MAX_LINE};
use mo_agents::kinds;
use mo_agents::launch::{Access, LaunchSpec, Permission};
use mo_agents::protocol::{Exchange, Exit, Line, TurnPrompt};
use mo_core::agent_event::AgentEvent;
use mo_core::ids::AgentKind;

const AGENTS: [&str; 4] = ["claude", "codex", "gemini", "acp"];
const MB: u64 = 1024 * 1024;

/// The most memory that this process has ever had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
}

/// Forgets the peak so far.
fn reset_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// The time that this thread has had a processor, in nanoseconds: what others do on the machine counts little.
fn worked() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_ascii_whitespace().next().unwrap().parse().unwrap()
}

fn agent(name: &str) -> AgentKind {
    name.parse().unwrap()
}

#[test]
fn hostile_input_takes_bounded_memory_and_linear_time() {
    a_line_of_50_mb_takes_little_memory();
    a_line_full_of_values_takes_little_memory();
    a_conversation_that_closes_nothing_takes_little_memory();
    twice_the_input_takes_about_twice_the_time();
}

/// 50 MB without a newline, in pieces as a pipe gives them, then a good line.
fn a_line_of_50_mb_takes_little_memory() {
    for name in AGENTS {
        for start in [
            "",
            "{\"type\":\"result\",\"result\":\"",
            "{\"jsonrpc\":\"2.0\",\"method\":\"",
            "{\"dir\":\"recv\",\"msg\":\"",
        ] {
            reset_peak();
            let before = peak();
            let mut decode = Decode::new(&agent(name));
            let mut events = Vec::new();
            decode.feed(start.as_bytes(), &mut events);
            let piece = vec![b'x'; 64 * 1024];
            for _ in 0..800 {
                decode.feed(&piece, &mut events);
            }
            decode.feed(b"\n", &mut events);
            let grown = peak() - before;
            assert!(grown < 24 * MB, "{name} {start}: {grown} bytes more");
            let told = events.iter().any(|decoded| {
                matches!(&decoded.event, AgentEvent::Malformed { bytes, .. } if *bytes > MAX_LINE as u64)
            });
            assert!(told, "{name} {start}: {events:?}");
        }
    }
}

/// A line just under the limit in which each value takes a hundred times what it takes in the line.
fn a_line_full_of_values_takes_little_memory() {
    let values = "{\"\":0},".repeat(1_000_000);
    let shapes = [
        (
            "claude",
            format!(
                "{{\"type\":\"assistant\",\"message\":{{\"content\":[{{\"type\":\"tool_use\",\"id\":\"t\",\"input\":[{values}0]}}]}}}}"
            ),
        ),
        ("claude", format!("{{\"type\":\"result\",\"x\":[{values}0]}}")),
        ("claude", format!("{{\"type\":\"control_request\",\"request_id\":\"R\",\"request\":[{values}0]}}")),
        (
            "codex",
            format!(
                "{{\"type\":\"item.completed\",\"item\":{{\"id\":\"i\",\"type\":\"mcp_tool_call\",\"arguments\":[{values}0]}}}}"
            ),
        ),
        ("codex", format!("{{\"method\":\"item/started\",\"params\":{{\"item\":[{values}0]}}}}")),
        ("codex", format!("{{\"id\":1,\"result\":[{values}0]}}")),
        ("gemini", format!("{{\"type\":\"tool_use\",\"tool_id\":\"t\",\"parameters\":[{values}0]}}")),
        ("gemini", format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[{values}0]}}")),
        (
            "acp",
            format!(
                "{{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{{\"update\":{{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"t\",\"rawInput\":[{values}0]}}}}}}"
            ),
        ),
        ("acp", format!("{{\"dir\":\"send\",\"msg\":[{values}0]}}")),
        ("acp", format!("[{values}0]")),
    ];
    for (name, line) in &shapes {
        assert!(line.len() < MAX_LINE);
        reset_peak();
        let before = peak();
        let mut decode = Decode::new(&agent(name));
        let mut events = Vec::new();
        decode.feed_line(Line::Whole(line.as_bytes()), &mut events);
        decode.finish(Exit::default(), b"", &mut events);
        let grown = peak() - before;
        assert!(grown < 40 * MB, "{name} {line:.90}: {grown} bytes more");
    }
}

/// Tens of thousands of calls, questions, patches and messages that never end.
fn a_conversation_that_closes_nothing_takes_little_memory() {
    let line = |name: &str, n: usize| match (name, n % 3) {
        ("claude", 0) => format!(
            "{{\"type\":\"control_request\",\"request_id\":\"r{n}\",\"request\":{{\"subtype\":\"can_use_tool\",\"tool_name\":\"Bash\",\"input\":{{\"command\":\"{n}\"}}}}}}"
        ),
        ("claude", 1) => format!(
            "{{\"type\":\"assistant\",\"message\":{{\"id\":\"m{n}\",\"content\":[{{\"type\":\"tool_use\",\"id\":\"t{n}\",\"name\":\"Write\",\"input\":{{\"file_path\":\"/x/{n}\"}}}}]}}}}"
        ),
        ("claude", _) => format!(
            "{{\"type\":\"stream_event\",\"event\":{{\"type\":\"content_block_start\",\"index\":{n},\"content_block\":{{\"type\":\"text\"}}}},\"api_message_id\":\"m{n}\"}}"
        ),
        ("codex", 0) => format!(
            "{{\"id\":{n},\"method\":\"item/commandExecution/requestApproval\",\"params\":{{\"itemId\":\"i{n}\",\"command\":\"x\"}}}}"
        ),
        ("codex", 1) => format!(
            "{{\"method\":\"item/started\",\"params\":{{\"item\":{{\"id\":\"p{n}\",\"type\":\"fileChange\",\"changes\":[{{\"path\":\"/x/{n}\",\"kind\":{{\"type\":\"add\"}},\"diff\":\"d\"}}]}}}}}}"
        ),
        ("codex", _) => format!("{{\"id\":{n},\"result\":{{}}}}"),
        ("gemini", _) => format!(
            "{{\"type\":\"tool_use\",\"tool_name\":\"write_file\",\"tool_id\":\"t{n}\",\"parameters\":{{\"file_path\":\"/x/{n}\"}}}}"
        ),
        (_, 0) => format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{n},\"method\":\"session/request_permission\",\"params\":{{\"options\":[],\"toolCall\":{{\"toolCallId\":\"q{n}\",\"kind\":\"edit\",\"title\":\"x\"}}}}}}"
        ),
        (_, 1) => format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{{\"update\":{{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"one\",\"status\":\"in_progress\",\"locations\":[{{\"path\":\"/x/{n}\"}}]}}}}}}"
        ),
        (_, _) => format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{{\"update\":{{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"c{n}\",\"status\":\"in_progress\",\"kind\":\"edit\",\"locations\":[{{\"path\":\"/x/{n}\"}}]}}}}}}"
        ),
    };
    for name in AGENTS {
        let spec = LaunchSpec {
            agent: agent(name),
            program: "x".into(),
            cwd: "/target".into(),
            add_dirs: vec![],
            access: Access::Write,
            permission: Permission::Ask,
            model: None,
            args: vec![],
            resume: None,
            skip_git_repo_check: false,
            skip_trust: false,
            schema: None,
            files_dir: "/files".into(),
        };
        let mut client = kinds::protocol(&spec);
        let mut decode = Decode::new(&spec.agent);
        let (mut out, mut events) = (Exchange::default(), Vec::new());
        client.open(&mut out);
        client.prompt(TurnPrompt { text: "p".to_owned(), schema: None }, &mut out);
        reset_peak();
        let before = peak();
        for n in 0..20_000 {
            let line = line(name, n);
            client.line(Line::Whole(line.as_bytes()), &mut out);
            decode.feed_line(Line::Whole(line.as_bytes()), &mut events);
            out.events.clear();
            out.send.clear();
            events.clear();
        }
        let grown = peak() - before;
        assert!(grown < 24 * MB, "{name}: {grown} bytes more");
    }
}

/// Inputs that would take a careless reader quadratic time, at a size and at four times that size.
fn twice_the_input_takes_about_twice_the_time() {
    for (what, name, make) in growing() {
        let time = |size: usize| {
            let stdout = make(size);
            let once = || {
                let mut decode = Decode::new(&agent(name));
                let mut events = Vec::new();
                for piece in stdout.chunks(4096) {
                    decode.feed(piece, &mut events);
                }
                let tail = &stdout[..stdout.len().min(1 << 20)];
                decode.finish(Exit::from_number(1), tail, &mut events);
            };
            // The system counts in steps of milliseconds.
            let (start, mut rounds) = (worked(), 0);
            while worked() - start < 40_000_000 {
                once();
                rounds += 1;
            }
            (worked() - start) / rounds
        };
        let (small, large) = (time(1), time(4));
        let fair = large < small.saturating_mul(7);
        assert!(fair, "{what} of {name}: {small} ns, and {large} ns for four times the input");
    }
}

type Growing = (&'static str, &'static str, fn(usize) -> Vec<u8>);

fn repeated(times: usize, line: impl Fn(usize) -> String) -> Vec<u8> {
    let mut text = String::new();
    for n in 0..times {
        writeln!(text, "{}", line(n)).unwrap();
    }
    text.into_bytes()
}

fn growing() -> Vec<Growing> {
    vec![
        ("garbage lines", "claude", |size| repeated(size * 2_000, |n| format!("garbage {n} {{"))),
        ("one long line", "claude", |size| vec![b'{'; size * 200_000]),
        ("escapes", "claude", |size| b"{\"type\":\"\\ud83d".repeat(size * 8_000)),
        ("messages", "claude", |size| {
            repeated(size * 1_500, |n| {
                format!(
                    "{{\"type\":\"assistant\",\"message\":{{\"id\":\"m{n}\",\"content\":[{{\"type\":\"text\",\"text\":\"MILESTONE: {n}\"}}]}}}}"
                )
            })
        }),
        ("blocks of one message", "claude", |size| {
            let blocks = "{\"type\":\"text\",\"text\":\"a\"},".repeat(size * 8_000);
            format!("{{\"type\":\"assistant\",\"message\":{{\"id\":\"m\",\"content\":[{blocks}{{\"type\":\"text\"}}]}}}}\n").into_bytes()
        }),
        ("retries", "claude", |size| {
            repeated(size * 1_500, |n| {
                format!(
                    "{{\"type\":\"system\",\"subtype\":\"api_retry\",\"attempt\":{n},\"error\":\"unknown\"}}"
                )
            })
        }),
        ("files of one patch", "codex", |size| {
            let files: Vec<String> =
                (0..size * 8_000).map(|n| format!("{{\"path\":\"/x/{n}\",\"kind\":\"add\"}}")).collect();
            format!("{{\"method\":\"item/started\",\"params\":{{\"item\":{{\"id\":\"p\",\"type\":\"fileChange\",\"changes\":[{}]}}}}}}\n", files.join(",")).into_bytes()
        }),
        ("patches", "codex", |size| {
            repeated(size * 1_200, |n| {
                format!(
                    "{{\"method\":\"item/started\",\"params\":{{\"item\":{{\"id\":\"p{n}\",\"type\":\"fileChange\",\"changes\":[{{\"path\":\"{n}\",\"kind\":\"add\"}}]}}}}}}"
                )
            })
        }),
        ("places of one call", "acp", |size| {
            repeated(size * 5_000, |n| {
                format!(
                    "{{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{{\"update\":{{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"c\",\"locations\":[{{\"path\":\"/{n}\"}}]}}}}}}"
                )
            })
        }),
        ("calls", "acp", |size| {
            repeated(size * 1_200, |n| {
                format!(
                    "{{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{{\"update\":{{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"c{n}\",\"status\":\"completed\"}}}}}}"
                )
            })
        }),
        ("chunks of one message", "acp", |size| {
            repeated(size * 1_500, |_| {
                "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{\"update\":{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"text\",\"text\":\"abc\"}}}}".to_owned()
            })
        }),
        ("an object that never ends", "gemini", |size| {
            let mut text = b"{\n".to_vec();
            text.extend(repeated(size * 8_000, |n| format!("\"{n}\": 1,")));
            text
        }),
        ("deltas", "gemini", |size| {
            repeated(size * 1_500, |_| {
                "{\"type\":\"message\",\"role\":\"assistant\",\"content\":\"abc\",\"delta\":true}".to_owned()
            })
        }),
        ("retries on stderr", "gemini", |size| {
            repeated(size * 2_000, |n| {
                format!("Attempt {n} failed with status 429. Retrying with backoff... {{{{{{")
            })
        }),
        ("unknown types", "codex", |size| repeated(size * 2_000, |n| format!("{{\"type\":\"new.{n}\"}}"))),
    ]
}
