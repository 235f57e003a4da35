use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::incoming::Incoming;
use crate::store::Store;
use crate::testing::{Fixture, rel};
use crate::{CancelFlag, Checkpoints, Digest, FolderCheckpoints, Settings};

fn every_path(folder: &std::path::Path, all: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            every_path(&path, all);
        }
        all.push(path);
    }
}

#[test]
fn only_the_owner_can_look_into_the_store() {
    let fixture = Fixture::new();
    fixture.write("a/b", "content");
    fixture.mode("a/b", 0o777);
    let digest = fixture.take().digest;
    fixture.points.check_out(&digest, &fixture.path("out"), crate::Access::ReadOnly).unwrap();
    let mut all = vec![fixture.path("store")];
    every_path(&fixture.path("store"), &mut all);
    assert!(all.len() > 10);
    for path in all {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn a_newer_or_foreign_store_is_refused() {
    let fixture = Fixture::new();
    let open = || FolderCheckpoints::open(fixture.path("store"), Settings::default()).map(drop);
    assert!(open().is_ok());
    fs::write(fixture.path("store/version"), "2\n").unwrap();
    let error = open().unwrap_err();
    assert_eq!(error.code(), "store_too_new");
    assert!(error.to_string().contains("version 2"), "{error}");
    fs::write(fixture.path("store/version"), "x").unwrap();
    assert_eq!(open().unwrap_err().code(), "store_damaged");
    fs::write(fixture.path("file"), "").unwrap();
    let error = FolderCheckpoints::open(fixture.path("file"), Settings::default()).map(drop).unwrap_err();
    assert_eq!(error.code(), "io");
}

#[test]
fn damage_is_seen_wherever_a_content_is_used() {
    let fixture = Fixture::new();
    fixture.write("a", "content");
    let digest = fixture.take().digest;
    let blob = fixture.points_store().blob_path(&Digest::of(b"content"));
    for damage in [Some("contenT"), Some("conten"), Some("content and more"), None] {
        match damage {
            Some(text) => fs::write(&blob, text).unwrap(),
            None => fs::remove_file(&blob).unwrap(),
        }
        let out = fixture.path("out");
        let points = &fixture.points;
        assert_eq!(points.read(&digest, &rel("a")).unwrap_err().code(), "store_damaged");
        assert_eq!(
            points.check_out(&digest, &out, crate::Access::ReadOnly).unwrap_err().code(),
            "store_damaged"
        );
        assert!(!out.exists() && points.checkouts().unwrap().is_empty(), "half a checkout stays");
        assert_eq!(points.place(&digest, &rel("a"), Some(1)).unwrap_err().code(), "store_damaged");
        fixture.write("a", "other");
        let restored = points.restore(&digest, &fixture.target(), None, &CancelFlag::new());
        assert_eq!(restored.unwrap_err().code(), "store_damaged");
        assert_eq!(fixture.text("a"), "other");
        assert_eq!(fs::read_dir(fixture.target()).unwrap().count(), 1, "something half written stays");
    }
    // A missing content comes in again with the next take.
    fixture.write("a", "content");
    assert_eq!(fixture.take().digest, digest);
    assert_eq!(fixture.points.read(&digest, &rel("a")).unwrap(), b"content");

    let manifest = fixture.points_store().manifest_path(&digest);
    fs::write(&manifest, "mo-checkpoint 1\n").unwrap();
    assert_eq!(fixture.points.manifest(&digest).unwrap_err().code(), "store_damaged");
    assert_eq!(fixture.take().digest, digest);
    assert!(fixture.points.manifest(&digest).is_ok());
    assert_eq!(fixture.points.manifest(&Digest::of(b"x")).unwrap_err().code(), "unknown_checkpoint");
}

#[test]
fn what_was_not_committed_leaves_nothing() {
    let fixture = Fixture::new();
    let store = Store::open(fixture.path("store")).unwrap();
    let incoming = Incoming::new(&store).unwrap();
    incoming.add(&Digest::of(b"abc"), b"abc").unwrap();
    assert!(!store.has_blob(&Digest::of(b"abc"), 3), "a content has its name before it is durable");
    drop(incoming);
    assert_eq!(fs::read_dir(fixture.path("store/tmp")).unwrap().count(), 0);
    let incoming = Incoming::new(&store).unwrap();
    incoming.add(&Digest::of(b"abc"), b"abc").unwrap();
    incoming.add(&Digest::of(b"abc"), b"abc").unwrap();
    assert_eq!(incoming.commit().unwrap(), (1, 3));
    assert!(store.has_blob(&Digest::of(b"abc"), 3));
    assert_eq!(fs::read_dir(fixture.path("store/tmp")).unwrap().count(), 0);
}

/// A file system of its own that is too small, in a thread with its own view of the mounts.
#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("small")).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
            let flags = rustix::thread::UnshareFlags::NEWNS | rustix::thread::UnshareFlags::FS;
            // SAFETY: only descriptors could be invalidated, and these stay shared.
            #[allow(unsafe_code)]
            let alone = unsafe { rustix::thread::unshare_unsafe(flags) }
                .and_then(|()| mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC))
                .and_then(|()| {
                    mount("none", fixture.path("small"), "tmpfs", MountFlags::empty(), c"size=1m")
                });
            if let Err(e) = alone {
                println!("skipped: no file system of its own can be had here ({e})");
                return;
            }
            let points = FolderCheckpoints::open(fixture.path("small/store"), Settings::default()).unwrap();
            let cancel = CancelFlag::new();
            fixture.write("a", vec![1; 300_000]);
            let saved = points.take(&fixture.target(), &cancel).unwrap().digest;
            for (name, size) in [("b", 900_000), ("c", 2_000_000)] {
                fixture.write(name, vec![2; size]);
                let error = points.take(&fixture.target(), &cancel).unwrap_err();
                assert_eq!(error.code(), "disk_full", "{error}");
                fs::remove_file(fixture.target().join(name)).unwrap();
            }
            let error = points.check_out(&saved, &fixture.path("small/out"), crate::Access::ReadOnly);
            assert!(error.is_ok(), "there is room for one");
            let error =
                points.check_out(&saved, &fixture.path("small/two"), crate::Access::ReadOnly).map(drop);
            let error = error.and_then(|()| {
                points.check_out(&saved, &fixture.path("small/three"), crate::Access::ReadOnly)
            });
            assert_eq!(error.unwrap_err().code(), "disk_full");
            assert!(!fixture.path("small/three").exists());
            // What was saved is whole, and once there is room it goes on.
            assert_eq!(points.read(&saved, &rel("a")).unwrap().len(), 300_000);
            points.remove_checkout(&fixture.path("small/out")).unwrap();
            points.remove_checkout(&fixture.path("small/two")).unwrap();
            fixture.write("d", vec![3; 300_000]);
            assert!(points.take(&fixture.target(), &cancel).is_ok());
        });
    });
}
