use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use proptest::prelude::*;

use crate::testing::{
    Done, Fixture, as_nobody, describe, describe_exactly, hand_over, is_root, open_up, rel, tree,
};
use crate::{CancelFlag, Checkpoints, Digest, Left, LeftReason, RestoreReport, Settings};

fn names(paths: &[crate::RelPath]) -> Vec<String> {
    paths.iter().map(ToString::to_string).collect()
}

fn left(report: &RestoreReport) -> Vec<(String, LeftReason)> {
    report.left.iter().map(|Left { path, reason }| (path.to_string(), reason.clone())).collect()
}

fn restore_paths(fixture: &Fixture, digest: &Digest, paths: &[&str]) -> RestoreReport {
    let paths: Vec<_> = paths.iter().map(|p| rel(p)).collect();
    fixture.points.restore(digest, &fixture.target(), Some(&paths), &CancelFlag::new()).unwrap()
}

#[test]
fn only_what_differs_is_touched() {
    let fixture = Fixture::new();
    for path in ["same", "changed", "gone/deep/file", "mode"] {
        fixture.write(path, "before");
    }
    let digest = fixture.take().digest;
    let inode = fs::metadata(fixture.target().join("same")).unwrap().ino();
    fixture.write("changed", "after!");
    fixture.mode("mode", 0o600);
    fs::remove_dir_all(fixture.target().join("gone")).unwrap();
    fixture.write("new/file", "new");
    let report = fixture.restore(&digest);
    assert_eq!(names(&report.written), ["changed", "gone", "gone/deep", "gone/deep/file"]);
    assert_eq!(names(&report.deleted), ["new/file", "new"]);
    assert_eq!(names(&report.modes), ["mode"]);
    assert_eq!((report.unchanged, report.bytes, report.left, report.rescued), (1, 12, vec![], None));
    assert_eq!(fs::metadata(fixture.target().join("same")).unwrap().ino(), inode);
    assert_eq!(fixture.take().digest, digest);
    let nothing = fixture.restore(&digest);
    assert_eq!(nothing, RestoreReport { unchanged: 6, ..RestoreReport::default() });
}

#[test]
fn single_paths_come_back_alone() {
    let fixture = Fixture::new();
    for path in ["a/one", "a/two", "b/one", "c"] {
        fixture.write(path, "before");
    }
    let digest = fixture.take().digest;
    fs::remove_dir_all(fixture.target().join("a")).unwrap();
    fixture.write("b/one", "after");
    fixture.write("c", "after");
    fixture.write("b/new", "new");
    let report = restore_paths(&fixture, &digest, &["a/two", "b"]);
    assert_eq!(names(&report.written), ["a", "a/two", "b/one"]);
    assert_eq!(names(&report.deleted), ["b/new"]);
    assert!(!fixture.target().join("a/one").exists());
    assert_eq!(fixture.text("c"), "after");
    // A path that only the target has is deleted; one that nobody has is a mistake.
    fixture.write("d", "new");
    assert_eq!(names(&restore_paths(&fixture, &digest, &["d"]).deleted), ["d"]);
    for path in ["e", "a/three", ".git/config"] {
        fixture.write(".git/config", "");
        let error =
            fixture.points.restore(&digest, &fixture.target(), Some(&[rel(path)]), &CancelFlag::new());
        assert_eq!(error.unwrap_err().code(), "unknown_path");
    }
    assert_eq!(restore_paths(&fixture, &digest, &[]), RestoreReport::default());
}

#[test]
fn ignored_skipped_and_git_are_left_alone() {
    let fixture = Fixture::with(Settings { huge_file_bytes: 100, ..Settings::default() });
    fixture.write(".gitignore", "*.log\nbuild/\n");
    fixture.write("a", "a");
    let digest = fixture.take().digest;
    fixture.write("x.log", "log");
    fixture.write("build/out", "out");
    fixture.write("new/build/out", "out");
    fixture.write("huge", vec![b'x'; 101]);
    fixture.write(".git/HEAD", "ref");
    fixture.write("module/.git/HEAD", "ref");
    fs::create_dir(fixture.target().join("pipes")).unwrap();
    let pipe = fixture.target().join("pipes/pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .unwrap();
    let before = describe_exactly(&fixture.target());
    let report = fixture.restore(&digest);
    // Only folders that still hold such things could not go.
    let not_empty = |path: &str| (path.to_owned(), LeftReason::FolderNotEmpty);
    assert_eq!(left(&report), [not_empty("module"), not_empty("new"), not_empty("pipes")]);
    assert_eq!(describe_exactly(&fixture.target()), before);
}

#[test]
fn rules_that_came_or_went_cost_nobody_a_file() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "secret.env\n");
    fixture.write("src/main.rs", "good");
    fixture.write("secret.env", "key");
    let digest = fixture.take().digest;
    // A worker hides what it did, and shows what was hidden.
    fixture.write(".gitignore", "src\nevil\n");
    fixture.write("src/main.rs", "bad");
    fixture.write("src/new.rs", "bad");
    fixture.write("evil", "bad");
    let report = fixture.restore(&digest);
    assert_eq!(fixture.text("src/main.rs"), "good");
    assert_eq!(fixture.text("secret.env"), "key", "it was ignored then and may have been there");
    assert_eq!(left(&report), [("secret.env".to_owned(), LeftReason::IgnoredThen)]);
    // What no take had saved was saved by the restore.
    let rescued = report.rescued.expect("the ignored main.rs was replaced");
    assert_eq!(fixture.points.read(&rescued, &rel("src/main.rs")).unwrap(), b"bad");
    restore_paths(&fixture, &rescued, &["src/main.rs"]);
    assert_eq!(fixture.text("src/main.rs"), "bad");
}

#[test]
fn what_was_skipped_then_stays_whatever_it_is_now() {
    let fixture = Fixture::with(Settings { huge_file_bytes: 100, ..Settings::default() });
    fixture.write("data", vec![b'x'; 101]);
    let digest = fixture.take().digest;
    assert_eq!(fixture.restore(&digest), RestoreReport::default());
    fixture.write("data", "now small");
    assert_eq!(left(&fixture.restore(&digest)), [("data".to_owned(), LeftReason::NotRecorded)]);
    fs::remove_file(fixture.target().join("data")).unwrap();
    fixture.write("data/inside", "now a folder");
    assert_eq!(left(&fixture.restore(&digest)), [("data".to_owned(), LeftReason::NotRecorded)]);
    assert_eq!(fixture.text("data/inside"), "now a folder");
    // The other way round: a file that grew too large to be saved is saved before it is replaced.
    fs::remove_dir_all(fixture.target().join("data")).unwrap();
    fixture.write("data", "small");
    let small = fixture.take().digest;
    fixture.write("data", vec![b'y'; 200]);
    let report = fixture.restore(&small);
    assert_eq!(fixture.text("data"), "small");
    assert_eq!(fixture.points.read(&report.rescued.unwrap(), &rel("data")).unwrap(), vec![b'y'; 200]);
}

#[test]
fn a_folder_replaced_by_a_link_is_never_written_through() {
    let fixture = Fixture::new();
    for path in ["a/b/one", "a/b/two", "x/file"] {
        fixture.write(path, "inside");
    }
    let digest = fixture.take().digest;
    fs::create_dir_all(fixture.path("outside/b")).unwrap();
    for path in ["outside/b/one", "outside/file", "outside/b/new"] {
        fs::write(fixture.path(path), "outside").unwrap();
    }
    let outside = describe_exactly(&fixture.path("outside"));
    for paths in [None, Some(vec![rel("a/b/one"), rel("x")]), Some(vec![rel("a"), rel("x/file")])] {
        let target = fixture.target();
        fs::remove_dir_all(target.join("a")).unwrap();
        fs::remove_dir_all(target.join("x")).unwrap();
        symlink(fixture.path("outside"), target.join("a")).unwrap();
        symlink(fixture.path("outside"), target.join("x")).unwrap();
        fixture.points.restore(&digest, &target, paths.as_deref(), &CancelFlag::new()).unwrap();
        assert_eq!(describe_exactly(&fixture.path("outside")), outside);
        assert_eq!((fixture.text("a/b/one"), fixture.text("x/file")), ("inside".into(), "inside".into()));
        assert!(target.join("a").symlink_metadata().unwrap().is_dir());
        fixture.restore(&digest);
        assert_eq!(fixture.take().digest, digest);
    }
    // Nor is another name of a file written, which may lie outside.
    fs::write(fixture.path("outside/hard"), "inside").unwrap();
    fs::set_permissions(fixture.path("outside/hard"), fs::Permissions::from_mode(0o600)).unwrap();
    for path in ["x/file", "a/b/two"] {
        fs::remove_file(fixture.target().join(path)).unwrap();
        fs::hard_link(fixture.path("outside/hard"), fixture.target().join(path)).unwrap();
    }
    let outside = || {
        let meta = fs::metadata(fixture.path("outside/hard")).unwrap();
        (
            fs::read_to_string(fixture.path("outside/hard")).unwrap(),
            meta.mode(),
            meta.ino(),
            meta.mtime_nsec(),
        )
    };
    let before = outside();
    fixture.restore(&digest);
    assert_eq!(fixture.take().digest, digest);
    assert_eq!(outside(), before);
    // The target itself may not be a link.
    symlink(fixture.target(), fixture.path("alias")).unwrap();
    let error =
        fixture.points.restore(&digest, &fixture.path("alias"), None, &CancelFlag::new()).unwrap_err();
    assert_eq!(error.code(), "target_not_a_folder");
}

/// A worker that exchanges a folder for a link to outside while restores run.
#[test]
fn a_swap_during_the_restore_leads_nothing_outside() {
    let fixture = Fixture::new();
    let fill = |content: &str| (0..15).for_each(|i| fixture.write(&format!("folder/sub/{i}"), content));
    fill("inside, one");
    let one = fixture.take().digest;
    fill("inside, two");
    fixture.write("folder/sub/more", "more");
    let two = fixture.take().digest;
    fs::create_dir_all(fixture.path("outside/sub")).unwrap();
    for name in ["5", "6", "more", "new"] {
        fs::write(fixture.path("outside/sub").join(name), "outside").unwrap();
    }
    let outside = describe_exactly(&fixture.path("outside"));
    let done = Done::default();
    std::thread::scope(|scope| {
        let _guard = done.guard();
        scope.spawn(|| {
            let (folder, aside) = (fixture.target().join("folder"), fixture.path("aside"));
            // Each step may fail, since the restore puts things right meanwhile.
            while !done.is_set() {
                let _ = fs::remove_dir_all(&aside);
                let _ = fs::rename(&folder, &aside);
                let _ = symlink(fixture.path("outside"), &folder);
                std::thread::yield_now();
                let _ = fs::remove_file(&folder);
                let _ = fs::rename(&aside, &folder);
                std::thread::yield_now();
            }
        });
        let (mut whole, mut disturbed) = (0, 0);
        for digest in [&one, &two].into_iter().cycle().take(150) {
            let report = fixture.points.restore(digest, &fixture.target(), None, &CancelFlag::new()).unwrap();
            if report.left.is_empty() {
                whole += 1;
            } else {
                disturbed += 1;
            }
            assert_eq!(describe_exactly(&fixture.path("outside")), outside);
        }
        println!("restores during swaps: {whole} whole, {disturbed} disturbed, none outside");
    });
    fixture.restore(&one);
    assert_eq!(fixture.take().digest, one);
}

/// The same at the worst moment: after the comparison, before the first write.
#[test]
fn a_swap_after_the_comparison_leads_nothing_outside() {
    use crate::beneath::{FileStat, Root};
    use crate::restore_apply::Hand;
    use crate::restore_plan::Step;
    let fixture = Fixture::new();
    for name in ["changed", "gone", "mode", "new"] {
        fixture.write(&format!("folder/sub/{name}"), "inside");
    }
    fs::create_dir(fixture.target().join("folder/sub/made")).unwrap();
    let digest = fixture.take().digest;
    let manifest = fixture.points.manifest(&digest).unwrap();
    let entry = |path: &str| manifest.get(&rel(path)).unwrap();
    // Outside stand other names of the very same files, so that nothing but the way there is wrong.
    fs::create_dir_all(fixture.path("outside/sub")).unwrap();
    for name in ["changed", "gone", "mode"] {
        let inside = fixture.target().join("folder/sub").join(name);
        fs::hard_link(inside, fixture.path("outside/sub").join(name)).unwrap();
    }
    let root = Root::open(&fixture.target()).unwrap();
    let sub = root.open_folder(b"folder/sub").unwrap();
    let stat = |name: &str| FileStat::at(&sub, name.as_bytes()).unwrap();
    let steps = [
        Step::Remove(rel("folder/sub/gone"), stat("gone")),
        Step::MakeFolder(entry("folder/sub/made")),
        Step::Write(entry("folder/sub/changed"), Some(stat("changed"))),
        Step::Write(entry("folder/sub/new"), None),
        Step::SetMode(rel("folder/sub/mode"), 0o600, stat("mode")),
        Step::RemoveFolder(rel("folder/sub")),
    ];
    let outside = describe_exactly(&fixture.path("outside"));
    fs::rename(fixture.target().join("folder"), fixture.path("aside")).unwrap();
    symlink(fixture.path("outside"), fixture.target().join("folder")).unwrap();
    let store = fixture.points_store();
    let mut hand = Hand::new(&store, &root, RestoreReport::default());
    hand.apply(&steps, &CancelFlag::new()).unwrap();
    hand.finish();
    assert_eq!(hand.report.left.len(), steps.len(), "{:?}", hand.report);
    assert!(hand.report.left.iter().all(|l| l.reason == LeftReason::ChangedMeanwhile));
    assert_eq!(describe_exactly(&fixture.path("outside")), outside);
}

#[test]
fn what_changed_after_the_comparison_is_not_thrown_away() {
    use crate::beneath::{FileStat, Root};
    use crate::restore_apply::Hand;
    use crate::restore_plan::Step;
    let fixture = Fixture::new();
    fixture.write("a", "before");
    fixture.write("b", "before");
    let digest = fixture.take().digest;
    let manifest = fixture.points.manifest(&digest).unwrap();
    let root = Root::open(&fixture.target()).unwrap();
    let stat = |name: &str| FileStat::at(root.fd(), name.as_bytes()).unwrap();
    let steps = [
        Step::Write(manifest.get(&rel("a")).unwrap(), Some(stat("a"))),
        Step::Remove(rel("b"), stat("b")),
        Step::SetMode(rel("b"), 0o600, stat("b")),
        Step::Write(manifest.get(&rel("b")).unwrap(), None),
    ];
    fixture.write("a", "a person's later work");
    fixture.write("b", "a person's later work");
    let store = fixture.points_store();
    let mut hand = Hand::new(&store, &root, RestoreReport::default());
    hand.apply(&steps, &CancelFlag::new()).unwrap();
    hand.finish();
    assert_eq!(
        left(&hand.report),
        ["a", "b", "b", "b"].map(|p| (p.to_owned(), LeftReason::ChangedMeanwhile))
    );
    assert_eq!(
        (fixture.text("a"), fixture.text("b")),
        ("a person's later work".into(), "a person's later work".into())
    );
    assert_eq!(fs::read_dir(fixture.target()).unwrap().count(), 2, "something half written stays");
}

#[test]
fn an_unprivileged_user_gets_everything_back_whatever_the_bits() {
    let fixture = Fixture::new();
    for path in ["closed/in/a", "closed/b", "unreadable", "same-size", "frozen/c"] {
        fixture.write(path, "before");
    }
    fixture.mode("frozen", 0o555);
    hand_over(&fixture.path(""));
    let (points, target, cancel) = (&fixture.points, fixture.target(), CancelFlag::new());
    as_nobody(|| {
        let digest = points.take(&target, &cancel).unwrap().digest;
        let set = |path: &str, mode| {
            fs::set_permissions(target.join(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        fs::write(target.join("closed/in/a"), "after").unwrap();
        fs::write(target.join("closed/in/new"), "new").unwrap();
        fs::write(target.join("unreadable"), "after").unwrap();
        fs::write(target.join("same-size"), "AFTER!").unwrap();
        fs::write(target.join("unsaved"), "no take has this").unwrap();
        set("frozen", 0o755);
        fs::remove_file(target.join("frozen/c")).unwrap();
        set("frozen", 0o500);
        for path in ["unreadable", "same-size", "unsaved", "closed/in", "closed"] {
            set(path, 0o000);
        }
        let report = points.restore(&digest, &target, None, &cancel).unwrap();
        assert_eq!(left(&report), []);
        set("unsaved", 0o600);
        assert_eq!(fs::read_to_string(target.join("unsaved")).unwrap(), "no take has this");
        fs::remove_file(target.join("unsaved")).unwrap();
        assert_eq!(points.take(&target, &cancel).unwrap().digest, digest);
        let rescued = report.rescued.expect("no take could read these");
        for (path, content) in [
            ("closed/in/a", "after"),
            ("closed/in/new", "new"),
            ("unreadable", "after"),
            ("same-size", "AFTER!"),
        ] {
            assert_eq!(points.read(&rescued, &rel(path)).unwrap(), content.as_bytes());
        }
    });
}

#[test]
fn what_root_writes_belongs_to_the_owner_and_runs_as_nobody_else() {
    if !is_root() {
        println!("skipped: only root can write for others");
        return;
    }
    let fixture = Fixture::new();
    fixture.write("folder/tool", "x");
    fixture.mode("folder/tool", 0o4755);
    symlink("tool", fixture.target().join("folder/link")).unwrap();
    hand_over(&fixture.target());
    fixture.mode("folder/tool", 0o4755);
    let digest = fixture.take().digest;
    fs::remove_dir_all(fixture.target().join("folder")).unwrap();
    let report = fixture.restore(&digest);
    assert_eq!(left(&report), [("folder/tool".to_owned(), LeftReason::SpecialBits)]);
    for path in ["folder", "folder/tool", "folder/link"] {
        let meta = fs::symlink_metadata(fixture.target().join(path)).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (65534, 65534), "{path}");
    }
    let mode = || fs::metadata(fixture.target().join("folder/tool")).unwrap().mode() & 0o7777;
    assert_eq!(mode(), 0o755);
    // Nor is it given to a file whose content is right; where it is, it may stay or be taken away.
    fixture.mode("folder/tool", 0o700);
    assert_eq!(left(&fixture.restore(&digest)), [("folder/tool".to_owned(), LeftReason::SpecialBits)]);
    assert_eq!(mode(), 0o755);
    fixture.mode("folder/tool", 0o4700);
    assert_eq!(left(&fixture.restore(&digest)), []);
    assert_eq!(mode(), 0o4755);
    fixture.mode("folder/tool", 0o755);
    let without = fixture.take().digest;
    fixture.mode("folder/tool", 0o4755);
    fixture.restore(&without);
    assert_eq!(mode(), 0o755);
}

#[test]
fn a_cancelled_restore_has_touched_nothing_yet() {
    let fixture = Fixture::new();
    fixture.write("a", "before");
    let digest = fixture.take().digest;
    fixture.write("a", "after");
    let cancel = CancelFlag::new();
    cancel.cancel();
    let error = fixture.points.restore(&digest, &fixture.target(), None, &cancel).unwrap_err();
    assert_eq!((error.code(), fixture.text("a").as_str()), ("cancelled", "after"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// From any tree to any other and back, to the byte; whole and, in the end, path by path.
    #[test]
    fn any_tree_comes_back(one in tree(), other in tree()) {
        let fixture = Fixture::new();
        let target = fixture.target();
        one.make(&target);
        let (first, first_tree) = (fixture.take().digest, describe(&target));
        open_up(&target);
        fs::remove_dir_all(&target).unwrap();
        other.make(&target);
        let (second, second_tree) = (fixture.take().digest, describe(&target));
        for (digest, tree) in [(&first, &first_tree), (&second, &second_tree), (&first, &first_tree)] {
            let report = fixture.restore(digest);
            prop_assert_eq!(&report.left, &vec![]);
            prop_assert_eq!(report.rescued, None);
            prop_assert_eq!(&describe(&target), tree);
            prop_assert_eq!(fixture.take().digest, *digest);
        }
        let changes = fixture.points.diff(&first, &second, crate::DiffOptions::default()).unwrap().changes;
        let paths: Vec<_> = changes.into_iter().map(|change| change.path).collect();
        fixture.points.restore(&second, &target, Some(&paths), &CancelFlag::new()).unwrap();
        // Emptied folders are no change of their own in the list.
        let files = |mut all: std::collections::BTreeMap<Vec<u8>, String>| {
            all.retain(|_, line| !line.starts_with("folder"));
            all
        };
        prop_assert_eq!(files(describe(&target)), files(second_tree));
    }

    /// The same for a user who is bound by permission bits.
    #[test]
    fn any_tree_comes_back_to_an_unprivileged_user(one in tree(), other in tree()) {
        let fixture = Fixture::new();
        let target = fixture.target();
        one.make(&target);
        let first = fixture.take().digest;
        open_up(&target);
        fs::remove_dir_all(&target).unwrap();
        other.make(&target);
        hand_over(&fixture.path(""));
        let mut restored = None;
        as_nobody(|| restored = Some(fixture.points.restore(&first, &target, None, &CancelFlag::new()).unwrap()));
        if let Some(report) = restored {
            prop_assert_eq!(report.left, vec![]);
            prop_assert_eq!(fixture.take().digest, first);
        }
    }
}
