use std::io;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::{MAX_HELD, RedactingSink, Redactor};
use crate::TranscriptSink;

/// Keeps what it gets; refuses while told to.
#[derive(Clone, Default)]
struct Kept {
    bytes: Arc<Mutex<Vec<u8>>>,
    refusing: Arc<Mutex<bool>>,
}

impl TranscriptSink for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if *self.refusing.lock().unwrap() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const SECRET: &str = "known-secret-of-the-environment";

fn redactor() -> Arc<Redactor> {
    Arc::new(Redactor::new([SECRET.to_owned()].into_iter()).unwrap())
}

/// What comes out when the text goes in by pieces of these lengths, repeated.
fn through(text: &[u8], lengths: &[usize]) -> Vec<u8> {
    let kept = Kept::default();
    let mut sink = RedactingSink::new(redactor(), Box::new(kept.clone()));
    let (mut rest, mut lengths) = (text, lengths.iter().cycle());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(*lengths.next().unwrap_or(&1)));
        sink.write(piece).unwrap();
        sink.flush().unwrap();
        assert!(sink.held.len() <= MAX_HELD + piece.len());
        rest = after;
    }
    drop(sink);
    let bytes = kept.bytes.lock().unwrap();
    bytes.clone()
}

fn key_block() -> String {
    let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQabcdefghijklmn";
    format!("-----BEGIN PRIVATE KEY-----\n{}-----END PRIVATE KEY-----\n", format!("{line}\n").repeat(20))
}

#[test]
fn a_secret_is_found_however_it_is_split() {
    let text = format!("one {SECRET} two\nghp_{}\n", "a1B2".repeat(9));
    for length in 1..text.len() {
        let clean = through(text.as_bytes(), &[length]);
        assert_eq!(String::from_utf8_lossy(&clean), "one [redacted:secret] two\n[redacted:github_token]\n");
    }
}

#[test]
fn a_private_key_over_many_lines_goes_whole() {
    let text = format!("before\n{}after\n", key_block());
    for length in [1, 7, 40, 64, 65, 100, 1000, 10_000] {
        let clean = through(text.as_bytes(), &[length]);
        assert_eq!(String::from_utf8_lossy(&clean), "before\n[redacted:private_key]\nafter\n", "{length}");
    }
}

#[test]
fn a_key_that_was_cut_off_does_not_swallow_what_follows() {
    let key = key_block();
    let text = format!("{}\n{{\"type\":\"result\"}}\nand more\n", &key[..200]);
    for length in [1, 30, 1000] {
        let clean = through(text.as_bytes(), &[length]);
        assert_eq!(
            String::from_utf8_lossy(&clean),
            "[redacted:private_key]\n{\"type\":\"result\"}\nand more\n"
        );
    }
}

#[test]
fn a_line_without_end_passes_in_pieces() {
    let mut text = vec![b'x'; 3 * MAX_HELD];
    for at in [100, MAX_HELD - 10, MAX_HELD + 1, 2 * MAX_HELD + 77] {
        text.splice(at..at, format!(" {SECRET} ").into_bytes());
    }
    for length in [977, 4096, 60_000, MAX_HELD, 10 * MAX_HELD] {
        let clean = through(&text, &[length]);
        assert!(clean == redactor().redact_bytes(&text).as_ref(), "pieces of {length}");
    }
}

#[test]
fn a_token_longer_than_what_is_held_is_not_let_out_in_part() {
    let long = format!("before sk-ant-{} after\n", "a1B2".repeat(MAX_HELD));
    for length in [1000, 4096, 50_000] {
        let clean = through(long.as_bytes(), &[length]);
        assert_eq!(String::from_utf8_lossy(&clean), "before [redacted:anthropic_key] after\n");
    }
}

#[test]
fn an_unfinished_line_is_held_and_comes_out_at_the_end() {
    let kept = Kept::default();
    let mut sink = RedactingSink::new(redactor(), Box::new(kept.clone()));
    sink.write(b"line\nContinue? [y/N] ").unwrap();
    sink.flush().unwrap();
    assert_eq!(*kept.bytes.lock().unwrap(), b"line\n");
    drop(sink);
    assert_eq!(*kept.bytes.lock().unwrap(), b"line\nContinue? [y/N] ");
}

#[test]
fn what_the_sink_below_refuses_is_kept() {
    let kept = Kept::default();
    let mut sink = RedactingSink::new(redactor(), Box::new(kept.clone()));
    sink.write(b"one\n").unwrap();
    *kept.refusing.lock().unwrap() = true;
    sink.write(b"two\n").unwrap();
    assert!(sink.write(b"not taken\n").is_err());
    assert!(sink.flush().is_err());
    *kept.refusing.lock().unwrap() = false;
    sink.write(b"three\n").unwrap();
    drop(sink);
    assert_eq!(*kept.bytes.lock().unwrap(), b"one\ntwo\nthree\n");
}

proptest! {
    /// Pieces make no difference while lines end.
    #[test]
    fn pieces_give_what_the_whole_gives(
        words in prop::collection::vec(0_usize..6, 1..60),
        lengths in prop::collection::vec(1_usize..90, 1..8),
    ) {
        let token = format!("glpat-{}", "a1B2".repeat(6));
        let choices = [SECRET, " plain words \n", "\n", "{\"a\":\"b\\n\"}\n", token.as_str(), "ünïcödé "];
        let text: String = words.iter().map(|word| choices[*word]).collect();
        let whole = redactor().redact(&text).into_owned();
        let pieces = through(text.as_bytes(), &lengths);
        prop_assert_eq!(String::from_utf8_lossy(&pieces), whole);
    }
}
