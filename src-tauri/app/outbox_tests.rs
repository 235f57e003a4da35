use mo_core::view::resources::{DiskRoom, ResourceSample, SessionResources};
use mo_core::view::status::SessionView;
use mo_core::view::timeline::TimelineEntry;

use crate::desk::{News, Update};
use crate::dto::Refusal;
use crate::outbox::{Load, Outbox};

pub(crate) fn view(id: &str, seq: u64) -> SessionView {
    SessionView {
        id: id.to_owned(),
        goal: "fix the test".to_owned(),
        target: "/code/shop".to_owned(),
        state: "running".to_owned(),
        phase: "architecture".to_owned(),
        decision: None,
        seq,
        created_at: "2026-11-22T10:41:00.000Z".to_owned(),
        ended_at: None,
        reason: None,
        workers: Vec::new(),
        reviews: Vec::new(),
        checks: Vec::new(),
        decisions: Vec::new(),
        recoveries: 0,
        quotas: Vec::new(),
        checkpoint: None,
        fix_round: 0,
        fix_rounds: 0,
        needs_you: Vec::new(),
        approvals: Vec::new(),
        grants: Vec::new(),
        ceiling: Vec::new(),
        blockers: Vec::new(),
        warnings: Vec::new(),
        files_changed: Vec::new(),
        tokens: 0,
        cost_usd: None,
        cost_known_usd: 0.0,
        elapsed_ms: 0,
    }
}

pub(crate) fn entry(seq: u64, detail: Option<String>) -> TimelineEntry {
    TimelineEntry {
        seq,
        at: "2026-11-22T10:41:00.000Z".to_owned(),
        worker: None,
        kind: "tool".to_owned(),
        tone: "plain".to_owned(),
        text: "read a file".to_owned(),
        detail,
    }
}

pub(crate) fn update(id: &str, seq: u64) -> News {
    News::Session(Box::new(Update { view: view(id, seq), entries: vec![entry(seq, None)] }))
}

#[test]
fn the_newest_view_and_all_entries_of_each_session_are_kept() {
    let mut outbox = Outbox::default();
    for (id, seq) in [("a", 1), ("b", 1), ("a", 2), ("a", 3)] {
        outbox.put(update(id, seq));
    }
    let Load { sessions, trouble, .. } = outbox.take();
    assert_eq!(trouble, None);
    let seqs: Vec<(&str, u64, Vec<u64>)> = sessions
        .iter()
        .map(|news| {
            let seqs = news.entries.iter().map(|entry| entry.seq).collect();
            (news.view.id.as_str(), news.view.seq, seqs)
        })
        .collect();
    assert_eq!(seqs, [("a", 3, vec![1, 2, 3]), ("b", 1, vec![1])]);
    assert!(outbox.is_empty());
}

#[test]
fn a_page_that_is_too_far_behind_is_told_of_a_gap_and_costs_no_more_memory() {
    let mut outbox = Outbox::default();
    for seq in 1..=2_001 {
        outbox.put(update("a", seq));
    }
    outbox.put(update("b", 1));
    outbox.put(update("a", 2_002));
    let Load { sessions, .. } = outbox.take();
    assert!(sessions[0].gap && sessions[0].entries.is_empty());
    assert_eq!(sessions[0].view.seq, 2_002, "the view is the newest all the same");
    assert!(!sessions[1].gap, "only the session that overflowed has a gap");
    outbox.put(update("a", 2_003));
    assert!(!outbox.take().sessions[0].gap, "a gap is said once");
}

#[test]
fn the_text_of_all_sessions_together_is_bounded() {
    let mut outbox = Outbox::default();
    let big = "x".repeat(60 << 10);
    for seq in 1..=200 {
        let entries = vec![entry(seq, Some(big.clone()))];
        outbox.put(News::Session(Box::new(Update { view: view("a", seq), entries })));
    }
    let Load { sessions, .. } = outbox.take();
    let held: usize = sessions
        .iter()
        .flat_map(|news| &news.entries)
        .filter_map(|entry| entry.detail.as_ref())
        .map(String::len)
        .sum();
    assert!(sessions[0].gap && held <= 4 << 20, "{held} bytes held");
}

#[test]
fn a_huge_detail_is_cut_at_a_character_and_says_how_much_is_missing() {
    let mut outbox = Outbox::default();
    let entries = vec![entry(1, Some("ü".repeat(50_000)))];
    outbox.put(News::Session(Box::new(Update { view: view("a", 1), entries })));
    let Load { sessions, .. } = outbox.take();
    let detail = sessions[0].entries[0].detail.clone().unwrap();
    assert!(detail.ends_with("… 34464 more bytes"), "{}", &detail[detail.len() - 40..]);
    assert!(detail.len() < (64 << 10) + 40);
}

#[test]
fn a_trouble_is_told_when_it_comes_when_it_goes_and_to_each_new_page() {
    let full = Refusal::new("disk_full", "the disk is full", "make room");
    let mut outbox = Outbox::default();
    outbox.put(News::Trouble(Some(full.clone())));
    assert!(!outbox.is_empty());
    let Load { sessions, trouble, .. } = outbox.take();
    assert_eq!((sessions, trouble), (Vec::new(), Some(full.clone())));
    outbox.put(News::Trouble(Some(full.clone())));
    assert!(outbox.is_empty(), "the page knows it");
    outbox.start_over();
    assert!(!outbox.is_empty(), "another page does not");
    assert_eq!(outbox.take().trouble, Some(full));
    outbox.put(News::Trouble(None));
    let Load { sessions, trouble, .. } = outbox.take();
    assert_eq!((sessions, trouble), (Vec::new(), None));
    outbox.start_over();
    assert!(outbox.is_empty());
}

fn look(session: &str, number: u64) -> News {
    let sample = ResourceSample {
        worker: "claude-implementer".to_owned(),
        at: number.to_string(),
        cpu_percent: 12.5,
        memory_bytes: number,
        processes: 3,
    };
    let disk = DiskRoom { folder: "/code/shop".to_owned(), free_bytes: number, total_bytes: 1 << 40 };
    News::Resources(SessionResources {
        session: session.to_owned(),
        samples: vec![sample],
        disks: vec![disk],
    })
}

#[test]
fn a_page_that_lags_gets_the_newest_looks_of_each_session() {
    let mut outbox = Outbox::default();
    for number in 1..=1_000 {
        outbox.put(look("a", number));
    }
    outbox.put(look("b", 7));
    assert!(!outbox.is_empty());
    let resources = outbox.take().resources;
    let samples: Vec<u64> = resources[0].samples.iter().map(|sample| sample.memory_bytes).collect();
    assert_eq!(samples, (701..=1_000).collect::<Vec<_>>());
    assert_eq!((resources[0].disks.len(), resources[0].disks[0].free_bytes), (1, 1_000));
    assert_eq!((resources[1].session.as_str(), resources[1].samples.len()), ("b", 1));
    assert!(outbox.is_empty() && outbox.take().resources.is_empty());
}
