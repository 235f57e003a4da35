use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use mo_journal::{Redactor, TranscriptSink};
use mo_process::RawSink as _;

use super::{Room, Tee};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl TranscriptSink for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is kept of each of two streams of one worker, and how often the cut was told.
fn kept(limit: u64, used: u64, writes: &[(usize, &str)]) -> (String, String, u32) {
    let (room, told) = (Arc::new(Room::new(limit, used)), Arc::new(AtomicU32::new(0)));
    let streams = [Kept::default(), Kept::default()];
    let redactor = Arc::new(Redactor::new(["secret-of-some-length".to_owned()].into_iter()).unwrap());
    let mut tees = streams.clone().map(|kept| {
        let told = Arc::clone(&told);
        let cut = move || {
            told.fetch_add(1, Ordering::Relaxed);
        };
        Tee::bounded(Box::new(kept), Arc::clone(&redactor), Arc::clone(&room), cut)
    });
    for (stream, text) in writes {
        tees[*stream].write(text.as_bytes());
        tees[*stream].idle();
    }
    drop(tees);
    let [out, err] = streams.map(|kept| String::from_utf8(kept.0.lock().unwrap().clone()).unwrap());
    (out, err, told.load(Ordering::Relaxed))
}

#[test]
fn the_head_is_kept_in_whole_lines_and_the_cut_is_told_once() {
    let writes = [(0, "one\n"), (1, "warn\n"), (0, "two\nthree\nfour\n"), (0, "five\n"), (1, "more\n")];
    let all = ("one\ntwo\nthree\nfour\nfive\n".to_owned(), "warn\nmore\n".to_owned(), 0);
    assert_eq!(kept(0, 1_000, &writes), all, "no limit");
    assert_eq!(kept(100, 0, &writes), all);
    assert_eq!(kept(34, 0, &writes), all, "just enough");
    assert_eq!(kept(20, 0, &writes), ("one\ntwo\nthree\n".into(), "warn\n".into(), 1));
    assert_eq!(kept(20, 11, &writes), ("one\n".into(), "warn\n".into(), 1), "what is there counts");
    assert_eq!(kept(20, 25, &writes), (String::new(), String::new(), 1));
    // A line that is longer than all the room leaves its beginning.
    assert_eq!(kept(4, 0, &[(0, "123456")]), ("1234".into(), String::new(), 1));
}

#[test]
fn a_secret_at_the_cut_stays_out() {
    let text = "key secret-of-some-length is here\n";
    for limit in 1..60 {
        let (out, _, _) = kept(limit, 0, &[(0, text)]);
        assert!(!out.contains("secret-"), "{limit}: {out}");
    }
}
