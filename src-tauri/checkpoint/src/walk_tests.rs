use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use proptest::prelude::*;

use crate::testing::{Fixture, as_nobody, rel};
use crate::{CancelFlag, Checkpoints, EntryKind, Place, Settings, SkipReason};

fn paths(fixture: &Fixture) -> Vec<String> {
    let digest = fixture.take().digest;
    fixture.points.manifest(&digest).unwrap().entries().iter().map(|e| e.path.to_string()).collect()
}

#[test]
fn ignored_files_are_left_out_and_counted() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "\u{feff}*.log\r\n/build/\n!keep.log\n# note\n\n[bad\nsub/only\n");
    for path in ["a.log", "keep.log", "build/x/y", "src/build/z", "src/b.log", "sub/only", "src/sub/only"] {
        fixture.write(path, path);
    }
    fixture.write("src/.gitignore", "!b.log\n");
    fixture.write("deep/.gitignore", "*\n!.gitignore\n");
    fixture.write("deep/x", "");
    assert_eq!(fixture.take().report.ignored, 4);
    assert_eq!(
        paths(&fixture),
        [
            ".gitignore",
            "deep",
            "deep/.gitignore",
            "keep.log",
            "src",
            "src/.gitignore",
            "src/b.log",
            "src/build",
            "src/build/z",
            "src/sub",
            "src/sub/only",
            "sub"
        ]
    );
}

#[test]
fn a_gitignore_of_the_folder_above_does_not_count() {
    let fixture = Fixture::new();
    fs::write(fixture.path(".gitignore"), "*\n").unwrap();
    fixture.write("a", "");
    assert_eq!(paths(&fixture), ["a"]);
}

#[test]
fn a_gitignore_that_is_a_link_has_no_rules() {
    let fixture = Fixture::new();
    fs::write(fixture.path("rules"), "*\n").unwrap();
    symlink(fixture.path("rules"), fixture.target().join(".gitignore")).unwrap();
    fixture.write("a", "");
    assert_eq!(paths(&fixture), [".gitignore", "a"]);
}

#[test]
fn a_gitignore_too_large_hides_nothing() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", format!("*\n{}", "#".repeat(300 << 10)));
    fixture.write("a", "");
    let report = fixture.take().report;
    assert_eq!(report.skipped[0].reason, SkipReason::Rules);
    assert_eq!((report.files, report.ignored), (2, 0));
}

#[test]
fn every_git_entry_is_left_out_and_nothing_else() {
    let fixture = Fixture::new();
    for path in [".git/config", "sub/.git", ".github/ci.yml", "sub/.gitmodules", "sub/a.git/x"] {
        fixture.write(path, path);
    }
    assert_eq!(
        paths(&fixture),
        [".github", ".github/ci.yml", "sub", "sub/.gitmodules", "sub/a.git", "sub/a.git/x"]
    );
}

#[test]
fn special_files_are_named_and_not_opened() {
    let fixture = Fixture::new();
    fixture.write("a", "a");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        fixture.target().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(fixture.target().join("sock")).unwrap();
    let without = {
        let other = Fixture::new();
        other.write("a", "a");
        other.take().digest
    };
    let taken = fixture.take();
    let skipped: Vec<_> = taken.report.skipped.iter().map(|s| (s.path.to_string(), s.reason)).collect();
    assert_eq!(skipped, [("pipe".into(), SkipReason::Fifo), ("sock".into(), SkipReason::Socket)]);
    // They come and go with programs: the tree is the same without them.
    assert_eq!(taken.digest, without);
}

#[test]
fn huge_files_are_named_and_stand_in_the_manifest() {
    let fixture = Fixture::with(Settings { huge_file_bytes: 1000, ..Settings::default() });
    fixture.write("small", vec![1; 1000]);
    fixture.write("huge", vec![1; 1001]);
    let taken = fixture.take();
    assert_eq!(taken.report.skipped.len(), 1);
    assert_eq!(
        (taken.report.skipped[0].path.clone(), taken.report.skipped[0].reason, taken.report.skipped[0].size),
        (rel("huge"), SkipReason::Huge, 1001)
    );
    assert_eq!(fixture.points.place(&taken.digest, &rel("huge"), None).unwrap(), Place::Exists);
    // It may grow without making another tree.
    fixture.write("huge", vec![1; 2000]);
    assert_eq!(fixture.take().digest, taken.digest);

    let default = Fixture::new();
    fs::File::create(default.target().join("sparse")).unwrap().set_len((100 << 20) + 1).unwrap();
    assert_eq!(default.take().report.skipped[0].reason, SkipReason::Huge);
}

#[test]
fn what_cannot_be_read_is_named() {
    let fixture = Fixture::new();
    fixture.write("secret", "s");
    fixture.write("closed/x", "x");
    fixture.write("open", "o");
    fixture.mode("secret", 0o000);
    fixture.mode("closed", 0o000);
    let (points, target) = (&fixture.points, fixture.target());
    // The store has to be writable by whoever takes.
    crate::testing::hand_over(&fixture.path(""));
    as_nobody(|| {
        let taken = points.take(&target, &CancelFlag::new()).unwrap();
        let skipped: Vec<_> = taken.report.skipped.iter().map(|s| (s.path.to_string(), s.reason)).collect();
        assert_eq!(
            skipped,
            [("closed".into(), SkipReason::Unreadable), ("secret".into(), SkipReason::Unreadable)]
        );
        assert_eq!(taken.report.files, 1);
        let manifest = points.manifest(&taken.digest).unwrap();
        let unreadable = EntryKind::Skipped { reason: SkipReason::Unreadable };
        assert_eq!(manifest.get(&rel("closed")).unwrap().kind, unreadable);
    });
}

#[test]
fn a_path_too_long_is_named() {
    let fixture = Fixture::new();
    let name = "n".repeat(250);
    let path = [name.as_str(); 9].join("/");
    fixture.write(&path, "deep");
    let report = fixture.take().report;
    assert_eq!((report.folders, report.files), (8, 0));
    assert_eq!(report.skipped[0].reason, SkipReason::TooDeep);
}

#[test]
fn too_many_entries_are_refused() {
    let fixture = Fixture::with(Settings { max_entries: 10, ..Settings::default() });
    for i in 0..11 {
        fixture.write(&format!("{i}"), "");
    }
    let error = fixture.points.take(&fixture.target(), &CancelFlag::new()).unwrap_err();
    assert_eq!(error.code(), "too_many_entries");
    fs::remove_file(fixture.target().join("0")).unwrap();
    assert_eq!(fixture.take().report.files, 10);
}

#[test]
fn the_store_is_not_recorded_into_itself() {
    let fixture = Fixture::new();
    fixture.write("a", "a");
    let points = crate::FolderCheckpoints::open(fixture.target().join("store"), Settings::default()).unwrap();
    let first = points.take(&fixture.target(), &CancelFlag::new()).unwrap();
    assert_eq!(first.report.skipped[0].reason, SkipReason::Store);
    assert_eq!(points.take(&fixture.target(), &CancelFlag::new()).unwrap().digest, first.digest);
}

fn rule() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "a", "/a", "a/", "!a", "*.o", "!b.o", "**/c", "a/**", "a/*", "/*", "!/b", "*", "!*/", "b?o", "[ab]",
        "c/a", "\\!a", "#a", "a ", "d/", "!d/", "**", "a/**/b.o",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Against the `ignore` crate's own walk.
    #[test]
    fn ignoring_is_what_the_ignore_crate_does(
        files in proptest::collection::btree_set(
            proptest::collection::vec(proptest::sample::select(vec!["a", "b", "c", "d", "b.o", "a.o", "!a"]), 1..4), 1..12),
        rules in proptest::collection::vec(
            (proptest::collection::vec(proptest::sample::select(vec!["a", "b", "c"]), 0..2), proptest::collection::vec(rule(), 1..5)), 0..4),
    ) {
        let fixture = Fixture::new();
        let write = |path: &str, text: &str| {
            let path = fixture.target().join(path);
            // A name may be a file and a folder; the first one made stays.
            let _ = fs::create_dir_all(path.parent().unwrap()).and_then(|()| fs::write(path, text));
        };
        for file in &files {
            write(&file.join("/"), "x");
        }
        for (folder, lines) in &rules {
            write(&[folder.as_slice(), &[".gitignore"]].concat().join("/"), &lines.join("\n"));
        }
        let walk = ignore::WalkBuilder::new(fixture.target())
            .require_git(false).hidden(false).parents(false).git_global(false).git_exclude(false).ignore(false)
            .build();
        let expected: BTreeSet<Vec<u8>> = walk
            .map(|e| e.unwrap().path().strip_prefix(fixture.target()).unwrap().as_os_str().as_bytes().to_vec())
            .filter(|p| !p.is_empty())
            .collect();
        let digest = fixture.take().digest;
        let manifest = fixture.points.manifest(&digest).unwrap();
        let got: BTreeSet<Vec<u8>> = manifest.entries().iter().map(|e| e.path.as_bytes().to_vec()).collect();
        prop_assert_eq!(got, expected);
    }
}
