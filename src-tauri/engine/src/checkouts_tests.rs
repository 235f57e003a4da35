use std::fs;
use std::sync::Arc;

use mo_checkpoint::{Access, CancelFlag, Checkpoints as _, FolderCheckpoints, Settings};
use mo_journal::{DataDir, SqliteJournal};
use mo_process::ShimSpawner;

use super::{make, remove, remove_all};
use crate::places;
use crate::ports::{Ports, SystemClock, SystemGauge};

#[test]
fn a_folder_that_a_killed_program_made_and_did_not_put_down_goes_and_a_foreign_one_stays() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    for folder in ["target", "checks/1", "checks/2", "foreign/1"] {
        fs::create_dir_all(at(folder)).unwrap();
    }
    fs::write(at("target/a.txt"), "a").unwrap();
    fs::write(at("foreign/1/mine.txt"), "mine").unwrap();
    let points = FolderCheckpoints::open(at("store"), Settings::default()).unwrap();
    let digest = points.take(&at("target"), &CancelFlag::new()).unwrap().digest;
    let digest = places::to_core(&digest).unwrap();
    let ports = Ports {
        spawner: Arc::new(ShimSpawner::of_this_program().unwrap()),
        clock: Arc::new(SystemClock),
        journal: Arc::new(SqliteJournal::open(&DataDir::create(at("data")).unwrap()).unwrap()),
        checkpoints: Arc::new(points),
        gauge: Arc::new(SystemGauge::default()),
    };
    // In its place as without it.
    make(&ports, &digest, &at("checks/1"), Access::Writable).unwrap();
    assert_eq!(fs::read_to_string(at("checks/1/a.txt")).unwrap(), "a");
    remove_all(&ports, &at("checks"));
    assert!(!at("checks").exists());
    remove(&ports, &at("foreign/1"));
    remove_all(&ports, &at("foreign"));
    assert_eq!(make(&ports, &digest, &at("foreign/1"), Access::Writable).unwrap_err().code, "not_a_checkout");
    assert_eq!(fs::read_to_string(at("foreign/1/mine.txt")).unwrap(), "mine");
}
