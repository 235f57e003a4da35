use std::sync::Arc;

use mo_core::ids::SessionId;
use mo_core::record::Record;
use mo_core::time::Timestamp;
use mo_journal::{Journal, MemoryJournal};

use crate::hub::{Hub, RowSubscription, Start};

struct World {
    hub: Hub,
    journal: Arc<MemoryJournal>,
    seqs: [u64; 3],
}

fn session(index: usize) -> SessionId {
    SessionId::new(format!("orch_20260101_000000_000{index}"))
}

impl World {
    fn new() -> Self {
        Self { hub: Hub::new(), journal: Arc::new(MemoryJournal::new()), seqs: [0; 3] }
    }

    /// Another owner of the same journal.
    fn reopened(self) -> Self {
        Self { hub: Hub::new(), ..self }
    }

    /// Makes one batch durable, and tells of it.
    async fn commit(&mut self, sessions: &[usize]) {
        let records = sessions
            .iter()
            .map(|&index| {
                self.seqs[index] += 1;
                Record {
                    seq: self.seqs[index],
                    at: Timestamp(0),
                    session: session(index),
                    worker: None,
                    kind: "warning_raised".into(),
                    data: "{}".to_owned(),
                }
            })
            .collect();
        let committed = self.journal.commit(records).await.unwrap();
        self.hub.publish(committed.first_row, committed.records, Vec::new());
    }

    fn listen(&self, start: Start) -> RowSubscription {
        let journal: Arc<dyn Journal> = self.journal.clone();
        self.hub.subscribe_rows(start, journal)
    }
}

/// The `(row, session, seq)` of the next batch.
async fn next(listener: &mut RowSubscription) -> Vec<(u64, String, u64)> {
    let batch = listener.next().await.unwrap().unwrap();
    batch
        .iter()
        .map(|(row, record)| (row, record.session.as_str().chars().last().unwrap().to_string(), record.seq))
        .collect()
}

fn named(rows: &[(u64, &str, u64)]) -> Vec<(u64, String, u64)> {
    rows.iter().map(|(row, session, seq)| (*row, (*session).to_owned(), *seq)).collect()
}

#[tokio::test]
async fn stored_events_come_first_then_new_ones_with_their_rows() {
    let mut world = World::new();
    world.commit(&[0, 1, 0]).await;
    let mut all = world.listen(Start::AllAfterRow(1));
    assert_eq!(next(&mut all).await, named(&[(2, "1", 1), (3, "0", 2)]));
    world.commit(&[1, 2]).await;
    assert_eq!(next(&mut all).await, named(&[(4, "1", 2), (5, "2", 1)]));
}

#[tokio::test]
async fn one_session_is_followed_by_seq_or_row_among_others() {
    let mut world = World::new();
    world.commit(&[0, 0, 1, 0, 1, 2, 1]).await;
    for start in [Start::SessionAfterSeq(session(1), 1), Start::SessionAfterRow(session(1), 3)] {
        let mut one = world.listen(start);
        assert_eq!(next(&mut one).await, named(&[(5, "1", 2), (7, "1", 3)]));
    }
    let mut one = world.listen(Start::SessionAfterSeq(session(1), 3));
    world.commit(&[0, 1]).await;
    world.commit(&[2]).await;
    world.commit(&[1]).await;
    // The first is read from the journal together with the last, or they come one after the other.
    let mut got = next(&mut one).await;
    if got.len() < 2 {
        got.extend(next(&mut one).await);
    }
    assert_eq!(got, named(&[(9, "1", 4), (11, "1", 5)]));
}

#[tokio::test]
async fn the_next_owner_finds_where_old_sessions_begin() {
    let mut world = World::new();
    world.commit(&[0, 1, 0, 2, 1, 2]).await;
    let mut world = world.reopened();
    // Known from here on by its newest events alone.
    world.commit(&[1]).await;
    let mut one = world.listen(Start::SessionAfterSeq(session(1), 0));
    assert_eq!(next(&mut one).await, named(&[(2, "1", 1), (5, "1", 2), (7, "1", 3)]));
    let mut two = world.listen(Start::SessionAfterSeq(session(2), 1));
    assert_eq!(next(&mut two).await, named(&[(6, "2", 2)]));
}

#[tokio::test]
async fn who_falls_behind_misses_and_repeats_nothing() {
    let mut world = World::new();
    world.commit(&[0]).await;
    let mut all = world.listen(Start::AllAfterRow(0));
    let mut one = world.listen(Start::SessionAfterSeq(session(0), 0));
    assert_eq!(next(&mut all).await.len(), 1);
    assert_eq!(next(&mut one).await.len(), 1);
    for _ in 0..700 {
        world.commit(&[0, 1, 2]).await;
    }
    let (mut rows, mut seqs) = (vec![1], vec![1]);
    while rows.len() < 2_101 {
        rows.extend(next(&mut all).await.into_iter().map(|(row, ..)| row));
    }
    while seqs.len() < 701 {
        seqs.extend(next(&mut one).await.into_iter().map(|(.., seq)| seq));
    }
    assert_eq!(rows, (1..=2_101).collect::<Vec<_>>());
    assert_eq!(seqs, (1..=701).collect::<Vec<_>>());
}

#[tokio::test]
async fn rows_of_a_deleted_session_are_no_gap_to_wait_for() {
    let mut world = World::new();
    world.commit(&[0]).await;
    let mut all = world.listen(Start::AllAfterRow(0));
    assert_eq!(next(&mut all).await.len(), 1);
    for _ in 0..40 {
        world.commit(&[1]).await;
    }
    world.journal.delete(&session(1)).await.unwrap();
    world.hub.forget(&session(1));
    world.commit(&[0]).await;
    let mut got: Vec<(u64, String, u64)> = Vec::new();
    while got.last().is_none_or(|(row, ..)| *row < 42) {
        got.extend(next(&mut all).await);
    }
    assert_eq!(got.last().unwrap(), &(42, "0".to_owned(), 2));
}

#[tokio::test]
async fn a_row_number_from_another_journal_does_not_silence_the_listener() {
    let mut world = World::new();
    world.commit(&[0]).await;
    let mut all = world.listen(Start::AllAfterRow(1_000_000));
    let mut heard = std::pin::pin!(next(&mut all));
    let got = loop {
        let more = async {
            world.commit(&[0]).await;
            tokio::task::yield_now().await;
        };
        tokio::select! {
            biased;
            got = &mut heard => break got,
            () = more => {}
        }
    };
    assert!(got.iter().all(|(row, _, seq)| row == seq && *seq > 1), "{got:?}");
}

#[tokio::test]
async fn an_engine_that_is_gone_ends_the_subscription() {
    let mut world = World::new();
    world.commit(&[0]).await;
    let mut all = world.listen(Start::AllAfterRow(1));
    drop(world);
    assert!(all.next().await.is_none());
}
