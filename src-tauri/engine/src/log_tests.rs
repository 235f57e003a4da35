use std::sync::Arc;
use std::time::Duration;

use mo_core::ids::{SessionId, WorkerName};
use mo_core::record::Record;
use mo_core::time::Timestamp;
use mo_core::view::log::{LogFilter, LogMark, RawSource, Severity};
use mo_journal::{Journal, JournalError, MemoryJournal, Stream};

use super::LogReader;

const BUDGET: Duration = Duration::from_mins(1);

fn id() -> SessionId {
    SessionId::new("orch_20261122_104100_abcd")
}

/// Ten messages of Claude, of which each tenth seq is a malformed line of Codex and one a warning of ours.
fn journal(events: u64) -> Arc<MemoryJournal> {
    let journal = MemoryJournal::new();
    let records = (1..=events).map(|seq| {
        let (kind, worker, data) = match seq % 10 {
            0 => (
                "agent_item",
                Some("codex-reviewer"),
                r#"{"attempt":1,"turn":1,"item":{"type":"malformed","excerpt":"{\"a","reason":"half a line","bytes":9}}"#
                    .to_owned(),
            ),
            5 => ("warning_raised", None, r#"{"text":"running as Root"}"#.to_owned()),
            _ => (
                "agent_item",
                Some("claude-implementer"),
                format!(r#"{{"attempt":1,"turn":1,"item":{{"type":"message","item":"m","text":"said \"{seq}\""}}}}"#),
            ),
        };
        Record {
            seq,
            at: Timestamp(i64::try_from(seq).unwrap()),
            session: id(),
            worker: worker.map(WorkerName::new),
            kind: kind.into(),
            data,
        }
    });
    for batch in records.collect::<Vec<_>>().chunks(500) {
        journal.commit(batch.to_vec()).wait().unwrap();
    }
    Arc::new(journal)
}

fn reader(events: u64) -> LogReader {
    LogReader::new(journal(events), id())
}

fn seqs(reader: &mut LogReader, filter: &LogFilter, from: u64, limit: usize) -> (Vec<u64>, u64) {
    let page = reader.page(filter, from, limit, BUDGET).unwrap();
    assert!(page.whole);
    (page.rows.iter().map(|row| row.seq).collect(), page.total)
}

#[test]
fn rows_are_read_where_they_are_looked_at_and_all_are_counted() {
    let mut log = reader(5_000);
    let page = log.page(&LogFilter::default(), 4_000, 3, BUDGET).unwrap();
    assert_eq!(page.rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [4_001, 4_002, 4_003]);
    assert_eq!((page.total, page.all, page.percent, page.whole), (5_000, 5_000, 100, true));
    assert_eq!((page.malformed, page.unrecognised), (500, 0));
    assert_eq!(page.kinds, ["message", "warning_raised", "malformed"]);
    assert_eq!(log.page(&LogFilter::default(), 5_000, 3, BUDGET).unwrap().rows, []);
}

#[test]
fn a_filter_by_class_or_text_leaves_only_what_matches() {
    let mut log = reader(1_000);
    let of = |filter: LogFilter| filter;
    let worker = of(LogFilter { worker: Some("codex-reviewer".to_owned()), ..LogFilter::default() });
    assert_eq!(seqs(&mut log, &worker, 2, 2), (vec![30, 40], 100));
    let ours = of(LogFilter { worker: Some(String::new()), ..LogFilter::default() });
    assert_eq!(seqs(&mut log, &ours, 0, 2), (vec![5, 15], 100));
    let kind = of(LogFilter { kind: Some("malformed".to_owned()), ..worker.clone() });
    assert_eq!(seqs(&mut log, &kind, 99, 5), (vec![1_000], 100));
    let severe = of(LogFilter { severity: Some(Severity::Warning), ..LogFilter::default() });
    assert_eq!(seqs(&mut log, &severe, 0, 3), (vec![5, 10, 15], 200));
    let error = of(LogFilter { severity: Some(Severity::Error), ..LogFilter::default() });
    assert_eq!(seqs(&mut log, &error, 0, 3), (vec![], 0));
    let nobody = of(LogFilter { worker: Some("gone".to_owned()), ..LogFilter::default() });
    assert_eq!(seqs(&mut log, &nobody, 0, 3), (vec![], 0));
    // Upper or lower case, in what is stored and in what is shown of it, with quotes or without.
    for (text, first, total) in [("RUNNING AS", 5, 100), ("said \"99", 99, 9), ("HALF A", 10, 100)] {
        let filter = of(LogFilter { text: text.to_owned(), ..LogFilter::default() });
        let (rows, count) = seqs(&mut log, &filter, 0, 1);
        assert_eq!((rows, count), (vec![first], total), "{text}");
    }
}

#[test]
fn a_short_budget_looks_on_with_each_call_and_says_how_far_it_is() {
    let mut log = reader(9_000);
    let filter = LogFilter { text: "said".to_owned(), ..LogFilter::default() };
    let mut calls = 0;
    let mut before = 0;
    loop {
        let page = log.page(&filter, 0, 1, Duration::ZERO).unwrap();
        assert!(page.percent >= before);
        before = page.percent;
        calls += 1;
        if page.whole {
            assert_eq!((page.total, page.percent), (7_200, 100));
            break;
        }
        assert!(calls < 100, "it never ends");
    }
    assert!(calls > 2, "one call looked at everything");
}

#[test]
fn what_is_found_next_goes_round_and_says_its_row_among_those_that_are_shown() {
    let mut log = reader(100);
    let all = LogFilter::default();
    let find = |log: &mut LogReader, filter: &LogFilter, from, back| {
        let found = log.find(filter, "root", from, back, BUDGET).unwrap();
        (found.row, found.nth, found.count)
    };
    assert_eq!(find(&mut log, &all, None, false), (Some(4), 1, 10));
    assert_eq!(find(&mut log, &all, Some(4), false), (Some(14), 2, 10));
    assert_eq!(find(&mut log, &all, Some(4), true), (Some(94), 10, 10));
    let severe = LogFilter { severity: Some(Severity::Warning), ..LogFilter::default() };
    assert_eq!(find(&mut log, &severe, Some(0), false), (Some(2), 2, 10));
    assert_eq!(log.find(&all, "nowhere", None, false, BUDGET).unwrap().row, None);
}

#[test]
fn warnings_are_marked_where_they_are() {
    let mut log = reader(100);
    log.page(&LogFilter::default(), 0, 1, BUDGET).unwrap();
    let marks = log.marks(&LogFilter::default(), 20);
    assert_eq!(marks.len(), 20);
    assert_eq!(marks[3], LogMark { part: 3, severity: Severity::Warning });
    assert_eq!(log.marks(&LogFilter { text: "said".to_owned(), ..LogFilter::default() }, 20).len(), 20);
    assert_eq!(log.marks(&LogFilter::default(), 0), []);
}

#[test]
fn an_opened_row_shows_what_is_stored_and_of_a_malformed_line_what_is_wrong() {
    let mut log = reader(20);
    let raw = log.raw(None, 10).unwrap().unwrap();
    assert_eq!((raw.text.as_str(), raw.bytes, raw.wrong.as_deref()), ("{\"a", 9, Some("half a line")));
    assert_eq!(raw.place, "event 10 of codex-reviewer");
    let raw = log.raw(None, 5).unwrap().unwrap();
    assert_eq!((raw.text.as_str(), raw.wrong), (r#"{"text":"running as Root"}"#, None));
    assert_eq!(log.raw(None, 21).unwrap(), None);
}

#[test]
fn what_is_exported_is_what_matches_in_the_form_of_events() {
    let mut log = reader(50);
    let mut lines = Vec::new();
    let filter = LogFilter { kind: Some("warning_raised".to_owned()), ..LogFilter::default() };
    let count = log
        .each(&filter, |line| {
            lines.push(serde_json::from_str::<serde_json::Value>(line).unwrap());
            Ok::<_, JournalError>(())
        })
        .unwrap();
    assert_eq!((count, lines.len()), (5, 5));
    assert_eq!((&lines[1]["seq"], &lines[1]["data"]["text"]), (&15.into(), &"running as Root".into()));
}

#[test]
fn a_transcript_is_read_by_line_in_a_file_of_any_size() {
    let journal = journal(1);
    let worker = WorkerName::new("claude-implementer");
    let mut sink = journal.transcript(&id(), &worker, 2, Stream::Stdout).unwrap();
    for line in 0..3_000 {
        sink.write(format!("line {line} {}\n", "x".repeat(1_000)).as_bytes()).unwrap();
    }
    sink.write(b"no end yet").unwrap();
    sink.flush().unwrap();
    let mut log = LogReader::new(journal, id());
    let source = RawSource { worker: worker.to_string(), attempt: 2, stderr: false };
    let filter = LogFilter { raw: Some(source.clone()), ..LogFilter::default() };
    let page = log.page(&filter, 2_998, 10, BUDGET).unwrap();
    assert_eq!(page.sources, std::slice::from_ref(&source));
    assert_eq!((page.total, page.rows.len()), (3_000, 2));
    assert!(page.rows[1].text.starts_with("line 2999 x"), "{:?}", page.rows);
    let filter = LogFilter { text: "LINE 77".to_owned(), ..filter };
    let page = log.page(&filter, 1, 2, BUDGET).unwrap();
    assert_eq!((page.rows[0].seq, page.total), (771, 11));
    let raw = log.raw(Some(&source), 771).unwrap().unwrap();
    assert!(raw.text.starts_with("line 770 ") && raw.bytes == 1_010, "{} {}", raw.text, raw.bytes);
    assert!(raw.place.starts_with("transcript of claude-implementer, attempt 2, offset "), "{}", raw.place);
}
