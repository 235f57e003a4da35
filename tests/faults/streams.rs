//! A worker that floods: each of its 100,000 lines reaches who follows, whole and in order.

use mo_api::client::Client;
use mo_core::ids::AgentKind;
use mo_journal::DataDir;
use serde_json::{Value, json};

use crate::place::{run, stage};
use crate::rig::Running;

const LINES: usize = 100_000;

#[test]
fn a_flood_of_100_000_lines_reaches_who_follows_whole_and_in_order() {
    let steps = json!([{ "say": "I begin." }, { "flood": { "lines": LINES, "bytes": 300, "broken": true } }, { "text": "Done." }]);
    let stage = stage(&AgentKind::Claude, &steps);
    // It stays until the slowest has heard the end.
    let mut server = Running::start(stage.command(["serve", "--json"]));
    server.until("serving");
    let mut owner = run(&stage);
    let first = owner.until("session_created");
    let first: Value = serde_json::from_str(&first).unwrap();
    let session = first["session"].as_str().unwrap().to_owned();
    let follower = Running::start(stage.command(["events", &session, "--follow"]));
    // One stream breaks off again and again and goes on where it was.
    let data = DataDir::existing(stage.data()).unwrap();
    let id = session.clone();
    let by_socket = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = Client::attach(&data).await.unwrap();
            let mut stream = client.events(&id, 0).await.unwrap();
            let mut lines: Vec<String> = Vec::new();
            loop {
                lines.push(stream.next().await.unwrap().line);
                if lines.last().unwrap().contains("\"kind\":\"session_ended\"") {
                    return lines;
                }
                if lines.len().is_multiple_of(30_000) {
                    stream.disconnect();
                }
            }
        })
    });
    let by_run = owner.finish().expect(0);
    let by_socket = by_socket.join().unwrap();
    let by_command = follower.finish().expect(0);
    let kept = stage.run(["events", &session]).expect(0).out;
    let items = kept.lines().filter(|line| line.contains("\"kind\":\"agent_item\"")).count();
    assert!(items > LINES, "{items}: each line is an event");
    assert_eq!(by_command.out, kept, "by `events --follow`");
    assert!(by_socket.iter().map(String::as_str).eq(kept.lines()), "over the socket");
    let (_, summary) = by_run.out.trim_end().rsplit_once('\n').unwrap();
    assert!(summary.starts_with("{\"summary\""), "{summary}");
    assert_eq!(by_run.out.len() - summary.len() - 1, kept.len(), "by the run itself");
    for (line, seq) in kept.lines().zip(1_u64..) {
        assert!(line.starts_with(&format!("{{\"seq\":{seq},")), "{line}");
    }
    server.signal(rustix::process::Signal::TERM);
    server.finish().expect(143);
}
