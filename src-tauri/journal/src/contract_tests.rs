//! What every journal must do, run over both.

use std::thread;

use mo_core::ids::{SessionId, WorkerName};

use crate::port::{MAX_PAGE_BYTES, MAX_PAGE_RECORDS};
use crate::test_records::{record, records, session, worker};
use crate::{DataDir, Document, Journal, JournalError, MemoryJournal, SqliteJournal, Stream};

fn on_disk(test: fn(&dyn Journal)) {
    let folder = tempfile::tempdir().unwrap();
    let dir = DataDir::create(folder.path()).unwrap();
    test(&SqliteJournal::open(&dir).unwrap());
}

macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod memory {
            use super::*;
            $(#[test] fn $name() { super::$name(&MemoryJournal::new()) })*
        }
        mod sqlite {
            use super::*;
            $(#[test] fn $name() { on_disk(super::$name) })*
        }
    };
}

contract!(
    an_empty_journal_is_empty,
    what_is_committed_is_read_back,
    numbers_must_be_dense,
    a_refused_batch_leaves_nothing_and_comes_back,
    one_batch_may_hold_several_sessions,
    rows_rise_over_all_sessions,
    records_that_name_checkpoints_are_found,
    commits_in_flight_keep_their_order,
    an_empty_batch_is_a_barrier,
    pages_are_bounded_and_go_on,
    a_large_record_ends_its_page,
    deleting_removes_all_of_one_session,
    a_deleted_id_may_begin_anew_with_new_rows,
    many_writers_and_readers_at_once,
    ids_that_are_no_ids_are_refused,
    transcripts_are_kept_byte_for_byte,
    documents_are_replaced_whole,
);

fn an_empty_journal_is_empty(journal: &dyn Journal) {
    assert_eq!(journal.read(&session(1), 0, 10).unwrap(), []);
    assert_eq!(journal.read_rows(0, 10).unwrap(), []);
    assert_eq!(journal.sessions().unwrap(), []);
    assert_eq!(journal.last_seq(&session(1)).unwrap(), 0);
    assert_eq!(journal.last_row().unwrap(), 0);
    assert_eq!(journal.transcripts(&session(1)).unwrap(), []);
    assert_eq!(journal.document(&session(1), &Document::Plan).unwrap(), None);
    assert!(!journal.delete(&session(1)).wait().unwrap());
}

fn records_that_name_checkpoints_are_found(journal: &dyn Journal) {
    let mut named = Vec::new();
    for (number, kind) in [(1, "checkpoint_taken"), (2, "checkpoint_restored"), (3, "checkpoint_requested")] {
        let mut all = records(&session(number), 1..=2);
        all[1].kind = kind.into();
        named.push(all[1].clone());
        journal.commit(all).wait().unwrap();
    }
    assert_eq!(journal.read_checkpoints(0, 10).unwrap(), [(2, named[0].clone()), (4, named[1].clone())]);
    assert_eq!(journal.read_checkpoints(2, 1).unwrap(), [(4, named[1].clone())]);
    assert!(journal.delete(&session(2)).wait().unwrap());
    assert_eq!(journal.read_checkpoints(2, 10).unwrap(), []);
}

fn what_is_committed_is_read_back(journal: &dyn Journal) {
    let batch = records(&session(1), 1..=7);
    let done = journal.commit(batch.clone()).wait().unwrap();
    assert_eq!((done.first_row, &done.records), (1, &batch), "the records are given back");
    assert_eq!(journal.read(&session(1), 0, 100).unwrap(), batch);
    assert_eq!(journal.read(&session(1), 5, 100).unwrap(), batch[5..], "since is exclusive");
    assert_eq!(journal.read(&session(1), 2, 2).unwrap(), batch[2..4]);
    assert_eq!(journal.read(&session(1), 7, 100).unwrap(), []);
    assert_eq!(journal.read(&session(1), u64::MAX, 100).unwrap(), []);
    assert_eq!(journal.read(&session(1), 0, 0).unwrap(), []);
    assert_eq!(journal.last_seq(&session(1)).unwrap(), 7);
}

fn numbers_must_be_dense(journal: &dyn Journal) {
    journal.commit(records(&session(1), 1..=3)).wait().unwrap();
    for (seqs, expected, found) in
        [(vec![5], 4, 5), (vec![3], 4, 3), (vec![0], 4, 0), (vec![4, 6], 5, 6), (vec![4, 4], 5, 4)]
    {
        let batch: Vec<_> = seqs.iter().map(|seq| record(&session(1), *seq)).collect();
        let refused = journal.commit(batch).wait().unwrap_err();
        assert_eq!(refused.error, JournalError::OutOfOrder { session: session(1), expected, found });
        assert!(!refused.error.is_retryable());
    }
    let refused = journal.commit(records(&session(2), 2..=2)).wait().unwrap_err();
    assert_eq!(refused.error.code(), "journal_out_of_order", "a new session begins at 1");
    assert_eq!(journal.sessions().unwrap(), [session(1)]);
    assert_eq!(journal.commit(records(&session(1), 4..=4)).wait().unwrap().first_row, 4);
}

fn a_refused_batch_leaves_nothing_and_comes_back(journal: &dyn Journal) {
    let mut batch = records(&session(1), 1..=2);
    batch.extend(records(&session(2), 1..=1));
    batch.extend(records(&session(1), 9..=9));
    let refused = journal.commit(batch.clone()).wait().unwrap_err();
    assert_eq!(refused.records, batch);
    assert_eq!(journal.read_rows(0, 10).unwrap(), []);
    assert_eq!(journal.sessions().unwrap(), []);
    batch.pop();
    assert_eq!(journal.commit(batch).wait().unwrap().first_row, 1);
}

fn one_batch_may_hold_several_sessions(journal: &dyn Journal) {
    let (a, b) = (session(1), session(2));
    let batch = vec![record(&a, 1), record(&b, 1), record(&b, 2), record(&a, 2), record(&b, 3)];
    journal.commit(batch.clone()).wait().unwrap();
    assert_eq!(journal.read(&a, 0, 10).unwrap(), records(&a, 1..=2));
    assert_eq!(journal.read(&b, 0, 10).unwrap(), records(&b, 1..=3));
    let rows: Vec<_> = (1..).zip(batch).collect();
    assert_eq!(journal.read_rows(0, 10).unwrap(), rows);
}

fn rows_rise_over_all_sessions(journal: &dyn Journal) {
    for (number, seq) in [(2, 1), (1, 1), (2, 2), (3, 1)] {
        journal.commit(vec![record(&session(number), seq)]).wait().unwrap();
    }
    let seen: Vec<_> = journal.read_rows(1, 2).unwrap();
    assert_eq!(seen, [(2, record(&session(1), 1)), (3, record(&session(2), 2))]);
    assert_eq!(journal.last_row().unwrap(), 4);
    assert_eq!(journal.read_rows(u64::MAX, 2).unwrap(), []);
    assert_eq!(journal.sessions().unwrap(), [session(2), session(1), session(3)], "in order of beginning");
}

fn commits_in_flight_keep_their_order(journal: &dyn Journal) {
    let mut waiting = Vec::new();
    for seq in 1..=500 {
        waiting.push(journal.commit(vec![record(&session(1), seq)]));
    }
    // Dropped futures take nothing back, and the order of waiting does not matter.
    for (row, commit) in (1_u64..).zip(waiting).filter(|(row, _)| !row.is_multiple_of(3)).rev_pairs() {
        assert_eq!(commit.wait().unwrap().first_row, row);
    }
    assert_eq!(journal.read(&session(1), 0, 1000).unwrap(), records(&session(1), 1..=500));
}

/// Collects and reverses, for iterators that only go forward.
trait RevPairs: Iterator + Sized {
    fn rev_pairs(self) -> std::iter::Rev<std::vec::IntoIter<Self::Item>> {
        self.collect::<Vec<_>>().into_iter().rev()
    }
}
impl<I: Iterator> RevPairs for I {}

fn an_empty_batch_is_a_barrier(journal: &dyn Journal) {
    let before = journal.commit(records(&session(1), 1..=5));
    assert_eq!(journal.commit(Vec::new()).wait().unwrap().first_row, 6);
    assert_eq!(journal.last_seq(&session(1)).unwrap(), 5);
    before.wait().unwrap();
}

fn pages_are_bounded_and_go_on(journal: &dyn Journal) {
    let all = MAX_PAGE_RECORDS as u64 + 500;
    journal.commit(records(&session(1), 1..=all)).wait().unwrap();
    let first = journal.read(&session(1), 0, usize::MAX).unwrap();
    assert_eq!(first.len(), MAX_PAGE_RECORDS);
    let rest = journal.read(&session(1), MAX_PAGE_RECORDS as u64, usize::MAX).unwrap();
    assert_eq!((rest.len(), rest[0].seq), (500, MAX_PAGE_RECORDS as u64 + 1));
    assert_eq!(journal.read_rows(0, usize::MAX).unwrap().len(), MAX_PAGE_RECORDS);
}

fn a_large_record_ends_its_page(journal: &dyn Journal) {
    let mut batch = records(&session(1), 1..=3);
    batch[1].data = format!("{{\"text\":\"{}\"}}", "x".repeat(MAX_PAGE_BYTES));
    journal.commit(batch.clone()).wait().unwrap();
    assert_eq!(journal.read(&session(1), 0, 10).unwrap(), batch[..2]);
    assert_eq!(journal.read_rows(2, 10).unwrap(), [(3, batch[2].clone())]);
}

fn deleting_removes_all_of_one_session(journal: &dyn Journal) {
    let (gone, kept) = (session(1), session(2));
    for seq in 1..=30 {
        drop(journal.commit(records(&gone, seq * 200 - 199..=seq * 200)));
        drop(journal.commit(records(&kept, seq..=seq)));
    }
    journal.transcript(&gone, &worker(), 1, Stream::Stdout).unwrap().write(b"secret\n").unwrap();
    journal.put_document(&gone, &Document::Plan, "# Plan").unwrap();
    let other = journal.delete(&gone);
    let again = journal.delete(&gone);
    assert!(other.wait().unwrap());
    again.wait().unwrap();
    assert_eq!(journal.sessions().unwrap(), std::slice::from_ref(&kept));
    assert_eq!(journal.read(&gone, 0, 10).unwrap(), []);
    assert_eq!(journal.last_seq(&gone).unwrap(), 0);
    assert_eq!(journal.transcripts(&gone).unwrap(), []);
    assert_eq!(journal.document(&gone, &Document::Plan).unwrap(), None);
    assert_eq!(journal.read(&kept, 0, 100).unwrap(), records(&kept, 1..=30));
    assert!(journal.read_rows(0, 100).unwrap().iter().all(|(_, record)| record.session == kept));
    assert!(!journal.delete(&gone).wait().unwrap(), "it is gone");
}

fn a_deleted_id_may_begin_anew_with_new_rows(journal: &dyn Journal) {
    journal.commit(records(&session(1), 1..=3)).wait().unwrap();
    assert!(journal.delete(&session(1)).wait().unwrap());
    assert_eq!(journal.last_row().unwrap(), 0);
    let refused = journal.commit(records(&session(1), 4..=4)).wait().unwrap_err();
    assert_eq!(refused.error.code(), "journal_out_of_order");
    let done = journal.commit(records(&session(1), 1..=1)).wait().unwrap();
    assert_eq!(done.first_row, 4, "row numbers are never used twice");
}

fn many_writers_and_readers_at_once(journal: &dyn Journal) {
    thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(move || {
                let session = session(number);
                for batch in 0..40 {
                    journal.commit(records(&session, batch * 10 + 1..=batch * 10 + 10)).wait().unwrap();
                    assert_eq!(journal.last_seq(&session).unwrap(), batch * 10 + 10, "what resolved is seen");
                }
            });
            scope.spawn(move || {
                let (mut row, mut heads) = (0, std::collections::HashMap::<SessionId, u64>::new());
                while heads.values().sum::<u64>() < 1600 {
                    for (number, record) in journal.read_rows(row, 64).unwrap() {
                        assert_eq!(number, row + 1, "a reader never sees a gap");
                        row = number;
                        let last = heads.entry(record.session.clone()).or_default();
                        *last += 1;
                        assert_eq!(record, self::record(&record.session, *last));
                    }
                }
            });
        }
    });
}

fn ids_that_are_no_ids_are_refused(journal: &dyn Journal) {
    for bad in ["", "..", "orch_20261122_104207_00/1", "../../etc", "orch_20261122_104207_0001/../x"] {
        let bad = SessionId::new(bad);
        assert_eq!(journal.commit(vec![record(&bad, 1)]).wait().unwrap_err().error.code(), "bad_name");
        assert_eq!(journal.delete(&bad).wait().unwrap_err().code(), "bad_name");
        assert!(journal.transcript(&bad, &worker(), 1, Stream::Stdout).is_err());
        assert!(journal.transcripts(&bad).is_err());
        assert!(journal.put_document(&bad, &Document::Summary, "x").is_err());
        assert!(journal.document(&bad, &Document::Summary).is_err());
    }
    for bad in ["", "..", "a/b", "a.b", &"a".repeat(65)] {
        let name = WorkerName::new(bad);
        assert!(journal.transcript(&session(1), &name, 1, Stream::Stdout).is_err());
        assert!(journal.read_transcript(&session(1), &name, 1, Stream::Stdout, 0, 1).is_err());
        assert!(journal.put_document(&session(1), &Document::Receipt(bad.to_owned()), "x").is_err());
    }
}

fn transcripts_are_kept_byte_for_byte(journal: &dyn Journal) {
    let (session, worker) = (session(1), worker());
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n * 31 % 251) as u8).collect();
    let mut sink = journal.transcript(&session, &worker, 1, Stream::Stdout).unwrap();
    for part in bytes.chunks(777) {
        sink.write(part).unwrap();
    }
    drop(sink);
    let mut sink = journal.transcript(&session, &worker, 1, Stream::Stdout).unwrap();
    sink.write(b"opened again").unwrap();
    sink.flush().unwrap();
    journal.transcript(&session, &worker, 2, Stream::Stderr).unwrap().write(b"oh no").unwrap();

    let (mut read, mut at) = (Vec::new(), 0);
    loop {
        let page = journal.read_transcript(&session, &worker, 1, Stream::Stdout, at, 60_000).unwrap();
        assert_eq!((page.total, page.next), (200_012, at + page.bytes.len() as u64));
        if page.bytes.is_empty() {
            break;
        }
        read.extend(page.bytes);
        at = page.next;
    }
    assert!(read == [&bytes[..], b"opened again"].concat());
    let found: Vec<_> = journal.transcripts(&session).unwrap();
    let found: Vec<_> = found.iter().map(|t| (t.worker.as_str(), t.attempt, t.stream, t.bytes)).collect();
    assert_eq!(
        found,
        [("claude-implementer", 1, Stream::Stdout, 200_012), ("claude-implementer", 2, Stream::Stderr, 5)]
    );
    let none = journal.read_transcript(&session, &worker, 9, Stream::Stdout, 0, 10).unwrap();
    assert_eq!((none.bytes.len(), none.total), (0, 0));
}

fn documents_are_replaced_whole(journal: &dyn Journal) {
    let receipt = Document::Receipt("decision-1".to_owned());
    for text in ["a much longer first text", "second"] {
        for document in [&Document::Plan, &Document::Summary, &receipt] {
            journal.put_document(&session(1), document, text).unwrap();
            assert_eq!(journal.document(&session(1), document).unwrap().as_deref(), Some(text));
        }
    }
}
