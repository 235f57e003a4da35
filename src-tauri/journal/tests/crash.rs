//! A writer is killed again and again: what it had acknowledged is there, without gaps, doubles or changes.
//! 100 trials, 1000 with `MO_LONG=1`; `MO_SEED` repeats a run.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "all of it is test")]

mod child;

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::Duration;

use child::{Random, record, records, session};
use mo_core::ids::SessionId;
use mo_journal::{DataDir, Journal, SqliteJournal};

/// Trials in one folder, so that what a crash left is crashed upon.
const TRIALS_A_FOLDER: u64 = 10;

#[test]
fn nothing_acknowledged_is_lost_by_a_kill() {
    let trials = if std::env::var_os("MO_LONG").is_some() { 1000 } else { 100 };
    let seed = child::seed();
    println!("MO_SEED={seed}, {trials} trials");
    let mut random = Random(seed);
    let (mut acknowledged, mut unacknowledged, mut before_any) = (0, 0, 0);
    for _ in 0..trials / TRIALS_A_FOLDER {
        let folder = tempfile::tempdir().unwrap();
        let mut known = HashMap::new();
        for _ in 0..TRIALS_A_FOLDER {
            let acks = run_and_kill(folder.path(), &mut random);
            before_any += u64::from(acks.is_empty());
            known.extend(acks);
            let stored = verify(folder.path(), &known);
            let said: u64 = known.values().sum();
            acknowledged = acknowledged.max(said);
            unacknowledged += stored - said;
            // What is durable now must stay so, acknowledged or not.
            known = heads(folder.path());
        }
    }
    println!(
        "kept all of up to {acknowledged} acknowledged in a folder; {unacknowledged} were durable before they \
         could be acknowledged; {before_any} kills came before the first acknowledgement"
    );
    assert!(acknowledged > 1000, "the writers must have got somewhere");
}

/// What the child said is durable before it died.
fn run_and_kill(folder: &std::path::Path, random: &mut Random) -> HashMap<SessionId, u64> {
    let mut child = child::command("child_that_writes_until_it_is_killed", folder)
        .env("MO_SEED", random.below(u64::MAX).to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut acks = HashMap::new();
    let mut take = |line: String| {
        let Some((id, seq)) = line.strip_prefix("ack ").and_then(|rest| rest.split_once(' ')) else {
            return 0;
        };
        acks.insert(SessionId::new(id), seq.parse().unwrap());
        1
    };
    // One in five is killed while it starts, and a new folder's first one while it makes the files.
    let starting = random.below(5) == 0;
    let mut wanted = if starting { 0 } else { random.below(60) };
    while wanted > 0 {
        wanted -= take(lines.next().expect("the child lives until it is killed"));
    }
    // A random moment, so that the kill does not always follow an acknowledgement; nothing waits for this.
    std::thread::sleep(Duration::from_micros(random.below(if starting { 40_000 } else { 3000 })));
    child.kill().unwrap();
    for line in lines {
        take(line);
    }
    child.wait().unwrap();
    acks
}

/// Reads everything; gives how many records the two lasting sessions have.
fn verify(folder: &std::path::Path, known: &HashMap<SessionId, u64>) -> u64 {
    let dir = DataDir::create(folder).unwrap();
    let journal = SqliteJournal::open(&dir).unwrap();
    let (mut row, mut heads) = (0, HashMap::<SessionId, u64>::new());
    loop {
        let page = journal.read_rows(row, 5000).unwrap();
        let Some((last, _)) = page.last() else { break };
        let last = *last;
        for (number, found) in page {
            assert!(number > row || number == 1, "rows rise");
            row = number;
            let head = heads.entry(found.session.clone()).or_default();
            *head += 1;
            assert_eq!(found, record(&found.session, *head), "no gap, no double, no change");
        }
        row = last;
    }
    for (session, acknowledged) in known {
        let stored = heads.get(session).copied().unwrap_or(0);
        assert!(stored >= *acknowledged, "{session}: {stored} stored, {acknowledged} acknowledged");
        assert_eq!(journal.last_seq(session).unwrap(), stored);
    }
    [session(1), session(2)].iter().map(|session| heads.get(session).copied().unwrap_or(0)).sum()
}

fn heads(folder: &std::path::Path) -> HashMap<SessionId, u64> {
    let journal = SqliteJournal::open_read_only(&DataDir::existing(folder).unwrap()).unwrap();
    [session(1), session(2)].into_iter().map(|id| (id.clone(), journal.last_seq(&id).unwrap())).collect()
}

/// Two sessions grow; a third one is written and deleted now and then, and never acknowledged.
#[test]
#[ignore = "the child of the test above"]
fn child_that_writes_until_it_is_killed() {
    let dir = DataDir::create(child::folder()).unwrap();
    let _lock = dir.lock("{}").unwrap();
    let journal = SqliteJournal::open(&dir).unwrap();
    let mut random = Random(child::seed());
    let mut out = std::io::stdout().lock();
    let mut heads = [1, 2].map(|number| (session(number), journal.last_seq(&session(number)).unwrap()));
    let mut waiting = VecDeque::new();
    let passing = session(3);
    journal.delete(&passing).wait().unwrap();
    loop {
        let which = usize::try_from(random.below(2)).unwrap();
        let (id, head) = &mut heads[which];
        let count = 1 + random.below(40);
        waiting.push_back((
            id.clone(),
            *head + count,
            journal.commit(records(id, *head + 1..=*head + count)),
        ));
        *head += count;
        if random.below(30) == 0 {
            drop(journal.commit(records(&passing, 1..=50)));
            drop(journal.delete(&passing));
        }
        if waiting.len() > usize::try_from(random.below(6)).unwrap()
            && let Some((id, seq, commit)) = waiting.pop_front()
        {
            commit.wait().unwrap();
            writeln!(out, "ack {id} {seq}").unwrap();
            out.flush().unwrap();
        }
    }
}
