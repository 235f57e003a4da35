use std::fs;

use crate::testing::{Fixture, rel};
use crate::{CancelFlag, Checkpoints, Digest, StoreSize};

#[test]
fn only_what_nobody_needs_is_removed() {
    let fixture = Fixture::new();
    fixture.write("shared", "shared");
    fixture.write("old", "only the first has this");
    let first = fixture.take().digest;
    fs::remove_file(fixture.target().join("old")).unwrap();
    fixture.write("new", "only the second has this");
    let second = fixture.take().digest;
    let before = fixture.points.sizes().unwrap();
    assert_eq!((before.checkpoints, before.blobs), (2, 3));
    fs::write(fixture.path("store/tmp/left-by-a-crash"), "x").unwrap();
    fs::create_dir(fixture.path("store/tmp/folder-left-by-a-crash")).unwrap();

    let report = fixture.points.prune(&[second, second], &CancelFlag::new()).unwrap();
    assert_eq!((report.checkpoints, report.blobs), (1, 1));
    let left = fixture.points.sizes().unwrap();
    assert_eq!((report.left, report.missing), (Some(left), 0));
    assert_eq!(report.bytes + left.bytes, before.bytes);
    // A second look is a quick one.
    assert_eq!(fixture.points.prune(&[second], &CancelFlag::new()).unwrap().left, None);
    assert_eq!(fs::read_dir(fixture.path("store/tmp")).unwrap().count(), 0);
    assert_eq!(fixture.points.manifest(&first).unwrap_err().code(), "unknown_checkpoint");
    for path in ["shared", "new"] {
        assert!(fixture.points.read(&second, &rel(path)).is_ok());
    }
    assert_eq!(fixture.points.prune(&[], &CancelFlag::new()).unwrap().left, Some(StoreSize::default()));
}

#[test]
fn with_a_wrong_one_to_keep_nothing_is_removed() {
    let fixture = Fixture::new();
    fixture.write("a", "a");
    let digest = fixture.take().digest;
    let before = fixture.points.sizes().unwrap();
    let prune = |keep: &[Digest]| fixture.points.prune(keep, &CancelFlag::new());
    assert_eq!(prune(&[Digest::of(b"?")]).unwrap_err().code(), "unknown_checkpoint", "another store's");
    assert_eq!(fixture.points.sizes().unwrap(), before);
    let path = fixture.points_store().manifest_path(&digest);
    let good = fs::read(&path).unwrap();
    fs::write(&path, "mo-checkpoint 1\n").unwrap();
    fs::write(fixture.path("store/tmp/left-by-a-crash"), "x").unwrap();
    assert_eq!(prune(&[digest]).unwrap_err().code(), "store_damaged");
    fs::write(&path, good).unwrap();
    assert!(fixture.points.read(&digest, &rel("a")).is_ok());
    // One of several may be gone.
    assert_eq!(prune(&[digest, Digest::of(b"?")]).unwrap().missing, 1);
    assert!(fixture.points.read(&digest, &rel("a")).is_ok());
}

#[test]
fn what_was_broken_off_is_taken_up() {
    let fixture = Fixture::new();
    for file in 0..3 {
        fixture.write(&format!("{file}"), format!("content {file}"));
    }
    fixture.take();
    let (cancel, gone) = (CancelFlag::new(), fixture.path("store/manifests"));
    cancel.cancel();
    assert_eq!(fixture.points.prune(&[], &cancel).unwrap_err().code(), "cancelled");
    assert_eq!((fs::read_dir(&gone).unwrap().count(), fixture.points.sizes().unwrap().blobs), (0, 3));
    let report = fixture.points.prune(&[], &CancelFlag::new()).unwrap();
    assert_eq!((report.blobs, report.left), (3, Some(StoreSize::default())));
}

#[test]
fn pruning_and_taking_at_once_loses_nothing() {
    let fixture = Fixture::new();
    std::thread::scope(|scope| {
        let pruning = scope.spawn(|| {
            for _ in 0..80 {
                fixture.points.prune(&[], &CancelFlag::new()).unwrap();
            }
        });
        for i in 0.. {
            for file in 0..40 {
                fixture.write(&format!("{file}"), format!("content {i} {file}"));
            }
            fixture.write("b", "always the same");
            let digest = fixture.take().digest;
            // Pruned as a whole in between, or whole.
            match fixture.points.check_out(&digest, &fixture.path("out"), crate::Access::Writable) {
                Ok(()) => assert_eq!(fs::read_to_string(fixture.path("out/b")).unwrap(), "always the same"),
                Err(e) => assert_eq!(e.code(), "unknown_checkpoint"),
            }
            fixture.points.remove_checkout(&fixture.path("out")).unwrap();
            if pruning.is_finished() {
                break;
            }
        }
    });
    let digest = fixture.points.take(&fixture.target(), &CancelFlag::new()).unwrap().digest;
    assert_eq!(fixture.points.read(&digest, &rel("b")).unwrap(), b"always the same");
}
