use std::fs;

use crate::testing::{Fixture, rel};
use crate::{CancelFlag, Checkpoints, Settings};

fn fixture(limit: u64) -> Fixture {
    Fixture::with(Settings { max_store_bytes: limit, ..Settings::default() })
}

#[test]
fn a_store_at_its_limit_says_so_and_goes_on_once_there_is_room() {
    let fixture = fixture(3_000_000);
    let take = || fixture.points.take(&fixture.target(), &CancelFlag::new());
    fixture.write("a", vec![1; 1_000_000]);
    let first = take().unwrap().digest;
    // Small and large contents are counted before they are written.
    for (name, size) in [("b", 900_000), ("c", 2_500_000)] {
        fixture.write("more", vec![2; 1_200_000]);
        fixture.write(name, vec![3; size]);
        let error = take().unwrap_err();
        assert_eq!(error.code(), "store_full");
        assert!(error.to_string().contains("3.0 MB") && error.to_string().contains("store"), "{error}");
        fs::remove_file(fixture.target().join(name)).unwrap();
        let now = fixture.points.sizes().unwrap();
        assert!(now.bytes <= 3_000_000 && now.checkpoints == 1, "{now:?}");
        assert_eq!(fs::read_dir(fixture.path("store/tmp")).unwrap().count(), 0, "nothing half written stays");
    }
    // What is there already needs no further room.
    assert_eq!(take().unwrap().report.new_bytes, 1_200_000);
    for _ in 0..5 {
        fixture.write("a", vec![1; 1_000_000]);
        take().unwrap();
    }
    fixture.write("d", vec![4; 1_100_000]);
    assert_eq!(take().unwrap_err().code(), "store_full");
    // Pruning makes room, also for a count that was made before.
    fs::remove_file(fixture.target().join("more")).unwrap();
    fixture.points.prune(&[first], &CancelFlag::new()).unwrap();
    let last = take().unwrap().digest;
    assert_eq!(fixture.points.read(&last, &rel("d")).unwrap().len(), 1_100_000);
    assert_eq!(fixture.points.read(&first, &rel("a")).unwrap().len(), 1_000_000);
}

#[test]
fn what_a_former_owner_left_counts_too() {
    let settings = Settings { max_store_bytes: 1_500_000, ..Settings::default() };
    let fixture = Fixture::new();
    fixture.write("a", vec![1; 1_000_000]);
    fixture.take();
    let again = crate::FolderCheckpoints::open(fixture.path("store"), settings).unwrap();
    fixture.write("b", vec![2; 1_000_000]);
    let error = again.take(&fixture.target(), &CancelFlag::new()).unwrap_err();
    assert_eq!(error.code(), "store_full", "{error}");
}

#[test]
fn a_restore_that_cannot_save_what_it_replaces_changes_nothing() {
    let fixture = fixture(2_000_000);
    fixture.write("a", vec![1; 1_000_000]);
    let digest = fixture.take().digest;
    fixture.write(".gitignore", "a\n");
    fixture.write("a", vec![2; 1_500_000]);
    let restored = fixture.points.restore(&digest, &fixture.target(), None, &CancelFlag::new());
    assert_eq!(restored.unwrap_err().code(), "store_full");
    assert_eq!(fs::read(fixture.target().join("a")).unwrap(), vec![2; 1_500_000]);
    assert!(fixture.target().join(".gitignore").exists());
}
