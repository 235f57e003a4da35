use std::fs;

use rustix::fs::{AtFlags, Timespec, Timestamps, utimensat};

use crate::beneath::{FileStat, Root};
use crate::cache::{Cache, shows_changes};
use crate::store::Store;
use crate::testing::{Fixture, next_tick, rel};
use crate::{CancelFlag, Checkpoints, Digest};

fn stat() -> FileStat {
    let folder = tempfile::tempdir().unwrap();
    FileStat::of(Root::open(folder.path()).unwrap().fd()).unwrap()
}

#[test]
fn a_file_of_the_present_tick_is_not_trusted() {
    let at = |mtime, ctime| FileStat { mtime, ctime, ..stat() };
    for (mtime, ctime, trusted) in [
        ((10, 5), (10, 5), true),
        ((10, 7), (10, 5), false),
        ((10, 5), (10, 7), false), // the content's time was set back
        ((10, 8), (10, 8), false),
        ((11, 1), (10, 1), false),
        // Whole seconds: a file system that has no finer clock.
        ((9, 0), (9, 0), false),
        ((8, 0), (8, 0), false),
        ((7, 0), (7, 0), true),
    ] {
        assert_eq!(shows_changes(&at(mtime, ctime), (10, 7)), trusted, "{mtime:?} {ctime:?}");
    }
}

#[test]
fn a_lookup_needs_everything_to_be_the_same() {
    let fixture = Fixture::new();
    let store = Store::open(fixture.path("store")).unwrap();
    let (path, stat, digest) = (rel("a/b"), stat(), Digest::of(b"x"));
    let mut cache = Cache::load(&store, &fixture.target());
    assert_eq!(cache.lookup(&path, &stat), None);
    cache.keep(&rel("a"), &stat, &Digest::of(b"other"));
    cache.keep(&path, &stat, &digest);
    cache.save(&store);
    let cache = Cache::load(&store, &fixture.target());
    assert_eq!(cache.lookup(&path, &stat), Some(digest));
    assert_eq!(cache.lookup(&rel("a/c"), &stat), None);
    for other in [
        FileStat { dev: stat.dev + 1, ..stat },
        FileStat { ino: stat.ino + 1, ..stat },
        FileStat { size: stat.size + 1, ..stat },
        FileStat { mtime: (stat.mtime.0, stat.mtime.1 ^ 1), ..stat },
        FileStat { ctime: (stat.ctime.0 + 1, stat.ctime.1), ..stat },
    ] {
        assert_eq!(cache.lookup(&path, &other), None);
    }
    // Another target has a cache of its own, and a damaged one is none.
    assert_eq!(Cache::load(&store, &fixture.path("other")).lookup(&path, &stat), None);
    let file = fs::read_dir(fixture.path("store/cache")).unwrap().next().unwrap().unwrap().path();
    let good = fs::read(&file).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&file, &bad).unwrap();
        assert_eq!(Cache::load(&store, &fixture.target()).lookup(&path, &stat), None, "byte {at}");
        fs::write(&file, &good[..at]).unwrap();
        assert_eq!(Cache::load(&store, &fixture.target()).lookup(&path, &stat), None, "cut at {at}");
    }
}

#[test]
fn a_second_take_reads_only_what_changed() {
    let fixture = Fixture::new();
    for i in 0..40 {
        fixture.write(&format!("{}/{i}", i % 7), format!("content {i}"));
    }
    next_tick();
    let first = fixture.take();
    assert_eq!((first.report.read, first.report.new_blobs), (40, 40));
    let second = fixture.take();
    assert_eq!((second.report.read, second.report.new_blobs), (0, 0));
    assert_eq!(
        (second.digest, second.report.files, second.report.bytes),
        (first.digest, 40, first.report.bytes)
    );

    fixture.write("3/3", "CONTENT 3"); // the same size
    let third = fixture.take();
    assert_eq!((third.report.read, third.report.new_blobs), (1, 1));
    assert_ne!(third.digest, first.digest);
    // Permissions alone are seen too.
    fixture.mode("3/3", 0o600);
    assert_ne!(fixture.take().digest, third.digest);
}

#[test]
fn setting_the_time_back_hides_nothing() {
    let fixture = Fixture::new();
    fixture.write("a", "before");
    let path = fixture.target().join("a");
    let old = Timespec { tv_sec: 1_000_000_000, tv_nsec: 5 };
    let set_back = || {
        let times = Timestamps { last_access: old, last_modification: old };
        utimensat(rustix::fs::CWD, &path, &times, AtFlags::empty()).unwrap();
    };
    set_back();
    next_tick();
    let first = fixture.take().digest;
    assert_eq!(fixture.take().report.read, 0);
    fs::write(&path, "AFTER!").unwrap();
    set_back();
    let second = fixture.take().digest;
    assert_ne!(first, second);
    assert_eq!(fixture.points.read(&second, &rel("a")).unwrap(), b"AFTER!");
}

/// A worker that writes as fast as it can, always the same size: what the last take says is what is there.
#[test]
fn fast_writers_are_never_missed() {
    let fixture = Fixture::new();
    for i in 0..300_u32 {
        let content = format!("{i:04}");
        fixture.write("a", &content);
        let digest = fixture.take().digest;
        assert_eq!(fixture.points.read(&digest, &rel("a")).unwrap(), content.as_bytes());
    }
}

#[test]
fn what_was_pruned_comes_in_again() {
    let fixture = Fixture::new();
    fixture.write("a", "content");
    next_tick();
    let first = fixture.take().digest;
    assert_eq!(fixture.points.prune(&[], &CancelFlag::new()).unwrap().blobs, 1);
    let again = fixture.take();
    assert_eq!((again.digest, again.report.new_blobs), (first, 1));
    assert_eq!(fixture.points.read(&first, &rel("a")).unwrap(), b"content");
}
