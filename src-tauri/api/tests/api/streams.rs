//! Streams: whole and in order, whatever happens to their connections.

use std::path::Path;
use std::time::Duration;

use mo_api::Limits;
use mo_core::event::StopCause;
use mo_core::ids::{SessionId, WorkerName};
use mo_core::record::Record;
use mo_journal::Journal;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use crate::raw::{self, get};
use crate::stage::{Stage, hangs, soon, writes};

/// Messages to a worker that is at work, from many sides at once; each is an event.
const SIDES: usize = 64;

/// Starts a session, floods it with that many messages from each side, and ends it.
async fn flooded(stage: &Stage, of_each: usize) -> String {
    let session = stage.client().await.start(&stage.form()).await.unwrap();
    stage.until(&session, "agent_item").await;
    let (id, worker) = (SessionId::new(session.as_str()), WorkerName::new("claude-implementer"));
    let mut sides = tokio::task::JoinSet::new();
    for side in 0..SIDES {
        let (engine, id, worker) = (stage.engine.clone(), id.clone(), worker.clone());
        sides.spawn(async move {
            for n in 0..of_each {
                let text = format!("{n} from side {side}: {}", "ü".repeat(n % 200));
                engine.message(&id, &worker, &text).await.unwrap();
            }
        });
    }
    sides.join_all().await;
    stage.engine.stop(&id, StopCause::Person, true).await.unwrap();
    soon(stage.engine.idle()).await;
    session
}

/// A stream as a client that knows nothing of us reads it. Its body is in chunks; their heads are lines of hex digits
/// that no stream has.
struct Listener {
    lines: BufReader<UnixStream>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Heard {
    id: u64,
    name: String,
    data: String,
}

impl Listener {
    async fn open(socket: &Path, path: &str, last: Option<u64>) -> Self {
        Self::try_open(socket, path, last).await.expect("status 200")
    }

    /// As soon as there is room for a further stream.
    async fn open_when_free(socket: &Path, path: &str, last: Option<u64>) -> Self {
        soon(async {
            loop {
                if let Ok(listener) = Self::try_open(socket, path, last).await {
                    return listener;
                }
            }
        })
        .await
    }

    /// The status line where it is not 200.
    async fn try_open(socket: &Path, path: &str, last: Option<u64>) -> Result<Self, String> {
        let mut stream = UnixStream::connect(socket).await.unwrap();
        let last = last.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        // HTTP/1.0: the body comes as it is, without chunks.
        let head = format!("GET {path} HTTP/1.0\r\nhost: x\r\n{last}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut listener = Self { lines: BufReader::new(stream) };
        let status = listener.line().await.unwrap();
        if !status.contains(" 200 ") {
            return Err(status);
        }
        let mut kind = String::new();
        while let Some(line) = listener.line().await.filter(|line| !line.is_empty()) {
            if line.starts_with("content-type") {
                kind = line;
            }
        }
        assert_eq!(kind, "content-type: text/event-stream");
        Ok(listener)
    }

    /// The next line; `None` at the end.
    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = soon(self.lines.read_line(&mut line)).await;
        // Half a line is none: its connection broke.
        read.ok().filter(|_| line.ends_with('\n')).map(|_| line.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// The next whole event.
    async fn event(&mut self) -> Option<Heard> {
        let mut heard = Heard { id: 0, name: String::new(), data: String::new() };
        loop {
            let line = self.line().await?;
            match line.split_once(": ") {
                Some(("id", id)) => heard.id = id.parse().unwrap(),
                Some(("event", name)) => name.clone_into(&mut heard.name),
                Some(("data", data)) => data.clone_into(&mut heard.data),
                _ if line.is_empty() && heard.id > 0 => return Some(heard),
                _ => {}
            }
        }
    }
}

/// What a stream must bring: every record with its row.
fn wanted(stage: &Stage, session: Option<&SessionId>) -> Vec<(u64, Record)> {
    let (mut all, mut since) = (Vec::new(), 0);
    loop {
        let page = stage.journal.read_rows(since, 10_000).unwrap();
        let Some((last, _)) = page.last() else { break };
        since = *last;
        all.extend(page.into_iter().filter(|(_, record)| session.is_none_or(|id| record.session == *id)));
    }
    all
}

fn assert_heard(heard: &[Heard], wanted: &[(u64, Record)]) {
    let ids: Vec<u64> = heard.iter().map(|event| event.id).collect();
    let rows: Vec<u64> = wanted.iter().map(|(row, _)| *row).collect();
    assert_eq!(ids, rows, "whole, in order, without repeat");
    for (event, (_, record)) in heard.iter().zip(wanted) {
        assert_eq!(event.data, serde_json::to_string(record).unwrap());
        assert_eq!(event.name, mo_api::dto::EventName::of_kind(&record.kind).as_str());
    }
}

/// A small generator, so that a failing run can be had again.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    })
}

/// Follows a stream to the end of a session over connections that break again and again.
async fn follow_with_breaks(socket: &Path, path: &str, seed: u64) -> Vec<Heard> {
    let mut after = numbers(seed);
    let (mut heard, mut last) = (Vec::<Heard>::new(), None);
    loop {
        let mut listener = Listener::open(socket, path, last).await;
        let stay = after.next().unwrap() % 20_000;
        for _ in 0..stay {
            let event = listener.event().await.expect("the stream goes on");
            let over = event.data.contains("\"kind\":\"session_ended\"");
            last = Some(event.id);
            heard.push(event);
            if over {
                return heard;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_reaches_every_listener_whole_over_breaking_connections() {
    let seed = 20_261_122;
    println!("seed {seed}");
    let stage = Stage::new(&hangs()).await;
    let (client, socket) = (stage.client().await, stage.socket());
    let begun = std::time::Instant::now();
    let by_client = async {
        let mut stream = client.all_events(0).await.unwrap();
        let (mut ids, mut count) = (Vec::new(), 0_u64);
        loop {
            let event = stream.next().await.unwrap();
            ids.push(event.id);
            if event.line.contains("\"kind\":\"session_ended\"") {
                return ids;
            }
            count += 1;
            if count.is_multiple_of(30_000) {
                stream.disconnect();
            }
        }
    };
    let (session, all, ids) = tokio::join!(
        flooded(&stage, 100_000 / SIDES + 1),
        follow_with_breaks(&socket, "/api/v1/events", seed),
        by_client,
    );
    println!("{} events at two listeners after {:?}", all.len(), begun.elapsed());
    let records = wanted(&stage, None);
    assert!(records.len() > 100_000, "{}", records.len());
    assert_heard(&all, &records);
    // The same once more, as a session's stream that is read from the journal.
    let one = follow_with_breaks(&socket, &format!("/api/v1/{session}/events"), seed + 1).await;
    assert_heard(&one, &records);
    assert_eq!(ids, records.iter().map(|(row, _)| *row).collect::<Vec<_>>());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_is_dropped_and_can_go_on_where_it_was() {
    let limits = Limits { stall_time: Duration::from_millis(200), streams: 1, ..Limits::default() };
    let stage = Stage::with(&hangs(), limits).await;
    let socket = stage.socket();
    let mut slow = Listener::open(&socket, "/api/v1/events", None).await;
    let refused = get(&socket, "/api/v1/events").await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "too_many_streams"));
    flooded(&stage, 300).await;
    // There is room again only when the slow one has been dropped.
    drop(Listener::open_when_free(&socket, "/api/v1/events", None).await);
    let mut heard = Vec::new();
    while let Some(event) = slow.event().await {
        heard.push(event);
    }
    let records = wanted(&stage, None);
    assert!(heard.len() < records.len() / 2, "most never left: {} of {}", heard.len(), records.len());
    let last = heard.last().map(|event| event.id);
    let mut again = Listener::open_when_free(&socket, "/api/v1/events", last).await;
    while heard.len() < records.len() {
        heard.push(again.event().await.expect("the rest"));
    }
    assert_heard(&heard, &records);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state_and_stream_meet_and_sessions_keep_apart() {
    let stage = Stage::new(&writes()).await;
    let (socket, first) = (stage.socket(), stage.finished().await);
    let second = stage.finished().await;
    let id = SessionId::new(second.as_str());
    let client = stage.client().await;
    let all = wanted(&stage, Some(&id));
    for since in [0, 1, 7, all.len() as u64 - 1] {
        let mut stream = client.events(&second, since).await.unwrap();
        for (row, record) in all.iter().filter(|(_, record)| record.seq > since) {
            let event = soon(stream.next()).await.unwrap();
            assert_eq!((event.id, event.line), (*row, serde_json::to_string(record).unwrap()));
        }
    }
    let view = client.state(&first).await.unwrap();
    let mut stream = client.events(&first, view.seq).await.unwrap();
    client.resume(&first, Some("Once more.".to_owned())).await.unwrap();
    let next = soon(stream.next()).await.unwrap();
    let next: Value = serde_json::from_str(&next.line).unwrap();
    assert_eq!((&next["seq"], &next["kind"]), (&json!(view.seq + 1), &json!("session_resumed")));
    // An id of one stream goes on with another.
    let row = all[3].0;
    let mut other = Listener::open(&socket, &format!("/api/v1/{second}/events?since=9"), Some(row)).await;
    assert_eq!(other.event().await.unwrap().id, all[4].0, "Last-Event-ID wins over since");
    for bad in ["x", "-1", "1.5", "99999999999999999999"] {
        let head = format!("GET /api/v1/events HTTP/1.0\r\nlast-event-id: {bad}\r\n\r\n");
        let answer = raw::send(&socket, head.as_bytes()).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_last_event_id"), "{bad}");
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_stream_says_that_it_lives_and_ends_with_the_server() {
    let limits = Limits { heartbeat: Duration::from_millis(30), ..Limits::default() };
    let mut stage = Stage::with(&hangs(), limits).await;
    let mut listener = Listener::open(&stage.socket(), "/api/v1/events", None).await;
    let mut beats = 0;
    while beats < 3 {
        beats += u32::from(listener.line().await.unwrap() == ": heartbeat");
    }
    let session = stage.client().await.start(&stage.form()).await.unwrap();
    let first: Value = serde_json::from_str(&listener.event().await.unwrap().data).unwrap();
    assert_eq!((&first["session"], &first["kind"]), (&json!(session), &json!("session_created")));
    let mut followed = stage.client().await.all_events(0).await.unwrap();
    stage.close_server().await;
    let gone = loop {
        if let Err(gone) = soon(followed.next()).await {
            break gone;
        }
    };
    assert_eq!(gone.code(), "owner_gone");
    // What was on its way, then the end.
    while listener.line().await.is_some() {}
    stage.close().await;
}
