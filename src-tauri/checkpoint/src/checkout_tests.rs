use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use crate::testing::{Fixture, as_nobody, hand_over, rel};
use crate::{Access, Checkout, Checkpoints, Digest};

fn filled() -> (Fixture, Digest) {
    let fixture = Fixture::new();
    fixture.write("src/main.rs", "fn main() {}\n");
    fixture.write("run", "#!/bin/sh\n");
    fixture.mode("run", 0o4775);
    fixture.write("locked/file", "x");
    fixture.mode("locked", 0o500);
    symlink("src/main.rs", fixture.target().join("link")).unwrap();
    let digest = fixture.take().digest;
    (fixture, digest)
}

fn mode(path: &std::path::Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_read_only_checkout_has_no_write_bit() {
    let (fixture, digest) = filled();
    let out = fixture.path("out");
    fixture.points.check_out(&digest, &out, Access::ReadOnly).unwrap();
    let modes = ["", "src", "src/main.rs", "run", "locked", "locked/file"].map(|p| mode(&out.join(p)));
    assert_eq!(modes, [0o555, 0o555, 0o444, 0o555, 0o500, 0o444]);
    assert_eq!(fs::read_link(out.join("link")).unwrap().to_str(), Some("src/main.rs"));
    assert_eq!(
        fixture.points.checkouts().unwrap(),
        [Checkout { path: out.clone(), digest, access: Access::ReadOnly }]
    );
    fixture.points.remove_checkout(&out).unwrap();
    assert!(!out.exists() && fixture.points.checkouts().unwrap().is_empty());
    fixture.points.remove_checkout(&out).unwrap();
}

#[test]
fn a_writable_checkout_has_the_bits_of_the_checkpoint_but_no_special_ones() {
    let (fixture, digest) = filled();
    let out = fixture.path("out");
    fs::create_dir(&out).unwrap();
    fixture.points.check_out(&digest, &out, Access::Writable).unwrap();
    let modes = ["", "src", "src/main.rs", "run", "locked"].map(|p| mode(&out.join(p)));
    assert_eq!(modes, [0o755, 0o755, 0o644, 0o775, 0o500]);
}

#[test]
fn it_goes_only_into_an_empty_folder() {
    let (fixture, digest) = filled();
    let code = |name: &str| {
        fixture.points.check_out(&digest, &fixture.path(name), Access::ReadOnly).unwrap_err().code()
    };
    fs::create_dir(fixture.path("full")).unwrap();
    fs::write(fixture.path("full/file"), "").unwrap();
    fs::write(fixture.path("file"), "").unwrap();
    fs::create_dir(fixture.path("empty")).unwrap();
    symlink(fixture.path("empty"), fixture.path("link")).unwrap();
    assert_eq!(["full", "file", "link", "target"].map(code), ["folder_not_empty"; 4]);
    assert_eq!(code("no/where"), "io");
    fixture.points.check_out(&digest, &fixture.path("out"), Access::ReadOnly).unwrap();
    assert_eq!(code("out"), "folder_not_empty");
    assert!(fs::read_dir(fixture.path("empty")).unwrap().next().is_none());
    let unknown = fixture.points.check_out(&Digest::of(b"?"), &fixture.path("x"), Access::ReadOnly);
    assert_eq!(unknown.unwrap_err().code(), "unknown_checkpoint");
    assert!(!fixture.path("x").exists());
}

#[test]
fn nothing_but_a_checkout_is_ever_removed_as_one() {
    let (fixture, digest) = filled();
    let code = |name: &str| fixture.points.remove_checkout(&fixture.path(name)).unwrap_err().code();
    assert_eq!(code("target"), "not_a_checkout");
    assert_eq!(fixture.points.verify(&digest, &fixture.target()).unwrap_err().code(), "not_a_checkout");
    // Somebody put another folder, or a link to one, in its place.
    fixture.points.check_out(&digest, &fixture.path("out"), Access::ReadOnly).unwrap();
    fs::rename(fixture.path("out"), fixture.path("moved")).unwrap();
    symlink(fixture.target(), fixture.path("out")).unwrap();
    assert_eq!(code("out"), "not_a_checkout");
    fs::remove_file(fixture.path("out")).unwrap();
    fs::create_dir(fixture.path("out")).unwrap();
    fs::write(fixture.path("out/mine"), "").unwrap();
    assert_eq!(code("out"), "not_a_checkout");
    assert_eq!(code("moved"), "not_a_checkout");
    assert!(fixture.path("out/mine").exists() && fixture.text("src/main.rs") == "fn main() {}\n");
}

#[test]
fn removal_follows_no_link_and_minds_no_bits() {
    let (fixture, digest) = filled();
    hand_over(&fixture.path(""));
    let (points, out, outside) = (&fixture.points, fixture.path("out"), fixture.path("outside"));
    as_nobody(|| {
        fs::create_dir_all(outside.join("kept")).unwrap();
        fs::write(outside.join("kept/file"), "kept").unwrap();
        points.check_out(&digest, &out, Access::ReadOnly).unwrap();
        fs::set_permissions(&out, fs::Permissions::from_mode(0o755)).unwrap();
        symlink(&outside, out.join("link-out")).unwrap();
        fs::create_dir_all(out.join("a/b/c")).unwrap();
        fs::write(out.join("a/b/c/file"), "").unwrap();
        fs::hard_link(outside.join("kept/file"), out.join("a/hard")).unwrap();
        for path in ["a/b/c", "a/b", "a", ""] {
            fs::set_permissions(out.join(path), fs::Permissions::from_mode(0o000)).unwrap();
        }
        points.remove_checkout(&out).unwrap();
        assert!(!out.exists());
        assert_eq!(fs::read_to_string(outside.join("kept/file")).unwrap(), "kept");
        assert_eq!(mode(&outside.join("kept/file")), 0o644);
    });
}

#[test]
fn an_unprivileged_user_cannot_write_into_a_read_only_one() {
    let (fixture, digest) = filled();
    hand_over(&fixture.path(""));
    let (points, out) = (&fixture.points, fixture.path("out"));
    as_nobody(|| {
        points.check_out(&digest, &out, Access::ReadOnly).unwrap();
        assert!(fs::write(out.join("new"), "").is_err());
        assert!(fs::write(out.join("src/main.rs"), "").is_err());
        assert!(fs::remove_file(out.join("src/main.rs")).is_err());
        assert_eq!(points.verify(&digest, &out).unwrap(), []);
        points.remove_checkout(&out).unwrap();
    });
}

#[test]
fn places_are_checked_by_line() {
    use crate::Place::{Exists, NoSuchLine, NoSuchPath};
    let fixture = Fixture::new();
    fixture.write("two", "one\ntwo\n");
    fixture.write("open", "one\ntwo");
    fixture.write("d/none", "");
    let digest = fixture.take().digest;
    for (path, line, place) in [
        ("two", None, Exists),
        ("two", Some(1), Exists),
        ("two", Some(2), Exists),
        ("two", Some(3), NoSuchLine { lines: 2 }),
        ("two", Some(0), NoSuchLine { lines: 2 }),
        ("open", Some(2), Exists),
        ("open", Some(3), NoSuchLine { lines: 2 }),
        ("d/none", None, Exists),
        ("d/none", Some(1), NoSuchLine { lines: 0 }),
        ("d", None, Exists),
        ("d", Some(1), NoSuchLine { lines: 0 }),
        ("gone", None, NoSuchPath),
        ("two/x", Some(1), NoSuchPath),
    ] {
        assert_eq!(fixture.points.place(&digest, &rel(path), line).unwrap(), place, "{path} {line:?}");
    }
    assert_eq!(fixture.points.read(&digest, &rel("open")).unwrap(), b"one\ntwo");
    assert_eq!(fixture.points.read(&digest, &rel("d")).unwrap_err().code(), "unknown_path");
}
