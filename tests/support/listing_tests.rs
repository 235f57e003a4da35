//! A listing sees every kind of change and nothing else.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::{difference, listing};

#[test]
fn every_kind_of_change_is_seen() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path();
    fs::create_dir_all(root.join("a/ü b")).expect("folders");
    fs::write(root.join("a/same"), "1").expect("a file");
    fs::write(root.join("a/content"), "1").expect("a file");
    fs::write(root.join("a/mode"), "1").expect("a file");
    fs::write(root.join("a/gone"), "1").expect("a file");
    symlink("same", root.join("a/link")).expect("a link");
    symlink("/nonexistent", root.join("a/dangling")).expect("a link");
    let before = listing(root).expect("a listing");
    assert_eq!(before.len(), 8);
    assert!(difference(&before, &listing(root).expect("a listing")).is_empty());

    fs::write(root.join("a/content"), "2").expect("a file");
    fs::set_permissions(root.join("a/mode"), fs::Permissions::from_mode(0o600)).expect("a mode");
    fs::remove_file(root.join("a/gone")).expect("removed");
    fs::write(root.join("a/ü b/new"), "").expect("a file");
    fs::remove_file(root.join("a/link")).expect("removed");
    symlink("content", root.join("a/link")).expect("a link");
    let after = listing(root).expect("a listing");
    let changed: Vec<_> = difference(&before, &after).into_iter().collect();
    assert_eq!(changed, ["a/content", "a/gone", "a/link", "a/mode", "a/ü b/new"].map(Path::new));
}

#[test]
fn a_missing_folder_is_empty() {
    assert!(listing(Path::new("/nonexistent/folder")).expect("a listing").is_empty());
}
