use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use crate::transcript::{BufferedSink, TranscriptSink};

/// A file whose disk may be full: takes `room` bytes and then refuses.
#[derive(Clone, Default)]
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    room: Arc<Mutex<usize>>,
    writes: Arc<Mutex<usize>>,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut room = self.room.lock().unwrap();
        if *room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(*room);
        *room -= taken;
        *self.writes.lock().unwrap() += 1;
        self.bytes.lock().unwrap().extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn disk(room: usize) -> Disk {
    Disk { room: Arc::new(Mutex::new(room)), ..Disk::default() }
}

#[test]
fn a_first_line_is_seen_at_once_and_a_burst_is_gathered() {
    let disk = disk(usize::MAX);
    let mut sink = BufferedSink::new(disk.clone());
    sink.write(b"one\ntw").unwrap();
    assert_eq!(*disk.bytes.lock().unwrap(), b"one\n");
    for _ in 0..100_000 {
        sink.write(b"0123456789\n").unwrap();
    }
    assert!(*disk.writes.lock().unwrap() < 200, "{} writes", disk.writes.lock().unwrap());
    sink.flush().unwrap();
    assert_eq!(disk.bytes.lock().unwrap().len(), 6 + 1_100_000);
}

#[test]
fn a_full_disk_loses_nothing_that_was_taken() {
    let disk = disk(100_000);
    let mut sink = BufferedSink::new(disk.clone());
    let (mut taken, mut refused) = (Vec::new(), 0);
    for number in 0..100_000_u32 {
        let line = format!("{number:09}\n");
        match sink.write(line.as_bytes()) {
            Ok(()) => taken.extend_from_slice(line.as_bytes()),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::StorageFull);
                refused += 1;
            }
        }
        if number == 50_000 {
            assert!(refused > 30_000 && sink.flush().is_err());
            *disk.room.lock().unwrap() = usize::MAX;
        }
    }
    sink.flush().unwrap();
    assert!(*disk.bytes.lock().unwrap() == taken, "in order, once each");
}

#[test]
fn one_huge_write_passes_through_whole() {
    for room in [usize::MAX, 1000] {
        let disk = disk(room);
        let mut sink = BufferedSink::new(disk.clone());
        let huge = vec![b'x'; 3 << 20];
        sink.write(b"before").unwrap();
        sink.write(&huge).unwrap();
        if room == 1000 {
            assert!(sink.write(b"not taken").is_err());
        }
        *disk.room.lock().unwrap() = usize::MAX;
        drop(sink);
        assert!(*disk.bytes.lock().unwrap() == [b"before", &huge[..]].concat());
    }
}
