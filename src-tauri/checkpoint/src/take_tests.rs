use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Instant;

use proptest::prelude::*;

use crate::beneath::Root;
use crate::content::{Content, Reader};
use crate::testing::{Done, Fixture, describe, describe_exactly, next_tick, rel, tree};
use crate::{Access, CancelFlag, Checkpoints, DiffOptions, Digest, EntryKind, SkipReason};

#[test]
fn equal_trees_have_equal_digests_wherever_they_are() {
    let make = |names: [&str; 3]| {
        let fixture = Fixture::new();
        for name in names {
            fixture.write(name, name);
        }
        fs::create_dir(fixture.target().join("empty")).unwrap();
        symlink("nowhere", fixture.target().join("link")).unwrap();
        fixture.take()
    };
    let (one, other) = (make(["a", "b/c", "d"]), make(["d", "b/c", "a"]));
    assert_eq!(one.digest, other.digest);
    assert_eq!(one.report, other.report);
    assert_eq!((one.report.files, one.report.folders, one.report.symlinks, one.report.bytes), (3, 2, 1, 5));
    assert_ne!(make(["a", "b/c", "e"]).digest, one.digest);
}

#[test]
fn every_part_of_an_entry_counts() {
    let fixture = Fixture::new();
    fixture.write("a", "a");
    let mut seen = vec![fixture.take().digest];
    let mut changed = |what: &str, change: &dyn Fn()| {
        change();
        let digest = fixture.take().digest;
        assert!(!seen.contains(&digest), "{what}");
        seen.push(digest);
    };
    changed("content", &|| fixture.write("a", "b"));
    changed("mode", &|| fixture.mode("a", 0o711));
    changed("empty folder", &|| fs::create_dir(fixture.target().join("d")).unwrap());
    changed("folder mode", &|| fixture.mode("d", 0o711));
    changed("link", &|| symlink("x", fixture.target().join("l")).unwrap());
    changed("link target", &|| {
        fs::remove_file(fixture.target().join("l")).unwrap();
        symlink("y", fixture.target().join("l")).unwrap();
    });
    changed("type", &|| {
        fs::remove_file(fixture.target().join("l")).unwrap();
        fixture.write("l", "y");
    });
    changed("set-user bit", &|| fixture.mode("a", 0o4711));
    // The target's own bits are the person's.
    let before = fixture.take().digest;
    fixture.mode("", 0o700);
    assert_eq!(fixture.take().digest, before);
}

#[test]
fn a_cancelled_take_leaves_nothing() {
    let fixture = Fixture::new();
    fixture.write("a", "a");
    let cancel = CancelFlag::new();
    cancel.clone().cancel();
    assert_eq!(fixture.points.take(&fixture.target(), &cancel).unwrap_err().code(), "cancelled");
    assert_eq!(fixture.points.sizes().unwrap(), crate::StoreSize::default());
    assert_eq!(fs::read_dir(fixture.path("store/tmp")).unwrap().count(), 0);
}

/// The system's own status files say that they are empty and are not: like files that grow meanwhile.
#[test]
fn a_file_that_changes_while_it_is_read_is_tried_twice_and_named() {
    let Ok(root) = Root::open(Path::new("/proc/sys/kernel")) else {
        println!("skipped: there is no /proc/sys here");
        return;
    };
    let cancel = CancelFlag::new();
    let reader = Reader { root: &root, huge: 1000, into: None, cancel: &cancel };
    let Content::Read { digest, size, stable, cacheable, .. } =
        reader.read(&rel("ostype"), &mut Vec::new()).unwrap()
    else {
        panic!("it was not read")
    };
    assert_eq!(digest, Digest::of(&fs::read("/proc/sys/kernel/ostype").unwrap()));
    assert!(size > 0 && !stable && !cacheable);
    let small = Reader { huge: 2, ..reader };
    let content = small.read(&rel("ostype"), &mut Vec::new()).unwrap();
    assert!(matches!(content, Content::Skipped(SkipReason::Huge)), "a file may grow past the limit");
}

#[test]
fn large_files_go_through_in_pieces() {
    let fixture = Fixture::new();
    let mut content: Vec<u8> = (0..3_500_000_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
    fixture.write("large", &content);
    fixture.write("copy", &content);
    let taken = fixture.take();
    assert_eq!(
        (taken.report.new_blobs, taken.report.new_bytes, taken.report.bytes),
        (1, 3_500_000, 7_000_000)
    );
    let manifest = fixture.points.manifest(&taken.digest).unwrap();
    let EntryKind::File { digest, .. } = manifest.get(&rel("large")).unwrap().kind else { panic!() };
    assert_eq!(digest, Digest::of(&content));
    assert!(fixture.points.read(&taken.digest, &rel("copy")).unwrap() == content);
    content[3_400_000] ^= 1;
    fixture.write("copy", &content);
    assert_eq!(fixture.take().report.new_blobs, 1);
}

/// A target in which running git would run the target's own programs.
fn hostile(fixture: &Fixture) {
    let script = fixture.target().join("evil.sh");
    fixture.write("evil.sh", format!("#!/bin/sh\ntouch {}\ncat\n", fixture.path("ran").display()));
    fixture.mode("evil.sh", 0o755);
    let script = script.display();
    fixture.write(
        ".git/config",
        format!("[core]\n\tfsmonitor = {script}\n\thooksPath = .\n[filter \"x\"]\n\tclean = {script}\n\tsmudge = {script}\n[diff \"x\"]\n\ttextconv = {script}\n\tcommand = {script}\n"),
    );
    fixture.write(".git/HEAD", "ref: refs/heads/main\n");
    fixture.write(".git/hooks/post-checkout", "#!/bin/sh\nexit 1\n");
    fixture.write(".git/index", [0, 1, 2, 255]);
    fixture.write(".git/objects/ab/cd", "x");
    fixture.mode(".git/objects/ab/cd", 0o444);
    symlink("HEAD", fixture.target().join(".git/link")).unwrap();
    fixture.write(".gitattributes", "* filter=x diff=x\n");
    fixture.write("module/.git", "gitdir: ../.git/modules/module\n");
    fixture.write("module/code.c", "int x;\n");
}

#[test]
fn git_is_neither_run_nor_read_nor_written() {
    let fixture = Fixture::new();
    hostile(&fixture);
    let git = || {
        (
            describe_exactly(&fixture.target().join(".git")),
            fs::metadata(fixture.target().join("module/.git")).unwrap().ctime(),
        )
    };
    let before = git();
    let first = fixture.take().digest;
    fixture.write("module/code.c", "int y;\n");
    fixture.write("module/new.c", "int z;\n");
    let second = fixture.take().digest;
    let diff = fixture.points.diff(&first, &second, DiffOptions::default()).unwrap();
    assert!(!diff.unified().contains(".git/"));
    fixture.points.check_out(&second, &fixture.path("out"), Access::Writable).unwrap();
    assert!(!fixture.path("out/.git").exists() && fixture.path("out/.gitattributes").exists());
    fixture.points.verify(&second, &fixture.path("out")).unwrap();
    fixture.restore(&first);
    fixture.restore(&second);
    assert_eq!(fixture.take().digest, second);
    assert_eq!(git(), before);
    assert!(!fixture.path("ran").exists(), "a program of the target ran");
}

#[test]
fn a_link_leads_nowhere() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("outside")).unwrap();
    fs::write(fixture.path("outside/secret"), "secret!").unwrap();
    symlink(fixture.path("outside"), fixture.target().join("folder")).unwrap();
    symlink(fixture.path("outside/secret"), fixture.target().join("file")).unwrap();
    let taken = fixture.take();
    assert_eq!((taken.report.files, taken.report.symlinks), (0, 2));
    assert!(!fixture.points_store().has_blob(&Digest::of(b"secret!"), 7));
}

/// A worker that exchanges a folder for a link while takes run: no take ever holds what is outside.
#[test]
fn a_folder_that_becomes_a_link_meanwhile_leads_nowhere() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("outside")).unwrap();
    for i in 0..20 {
        fs::write(fixture.path(&format!("outside/{i}")), "secret!").unwrap();
        fixture.write(&format!("folder/{i}"), "inside!");
    }
    symlink(fixture.path("outside"), fixture.target().join("link")).unwrap();
    let done = Done::default();
    std::thread::scope(|scope| {
        let _guard = done.guard();
        scope.spawn(|| {
            let path = |name: &str| fixture.target().join(name);
            while !done.is_set() {
                // One call exchanges the two.
                let _ = rustix::fs::renameat_with(
                    rustix::fs::CWD,
                    path("folder"),
                    rustix::fs::CWD,
                    path("link"),
                    rustix::fs::RenameFlags::EXCHANGE,
                );
            }
        });
        for _ in 0..100 {
            fixture.take();
        }
    });
    assert!(fixture.points_store().has_blob(&Digest::of(b"inside!"), 7));
    assert!(!fixture.points_store().has_blob(&Digest::of(b"secret!"), 7));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_take_checked_out_is_the_same_tree(node in tree()) {
        let fixture = Fixture::new();
        node.make(&fixture.target());
        let before = describe_exactly(&fixture.target());
        let taken = fixture.take();
        prop_assert!(taken.report.skipped.is_empty());
        prop_assert_eq!(&describe_exactly(&fixture.target()), &before);
        let out = fixture.path("out");
        fixture.points.check_out(&taken.digest, &out, Access::Writable).unwrap();
        prop_assert_eq!(describe(&out), describe(&fixture.target()));
        prop_assert_eq!(fixture.points.take(&out, &CancelFlag::new()).unwrap().digest, taken.digest);
        prop_assert_eq!(fixture.points.verify(&taken.digest, &out).unwrap(), vec![]);
    }
}

fn measure(files: usize, fixture: &Fixture) {
    for i in 0..files {
        // Every file its own content, so that each is a blob.
        let line = format!("{i:08} of a file of four thousand bytes\n");
        fixture.write(&format!("{}/{}/{i}.rs", i / 1000, i / 50 % 20), line.repeat(100));
    }
    next_tick();
    let timed = |what: &str, work: &mut dyn FnMut()| {
        let began = Instant::now();
        work();
        println!("{files} files x 4.6 kB: {what} {:.0} ms", began.elapsed().as_secs_f64() * 1000.0);
    };
    let mut first = None;
    timed("take, cold", &mut || first = Some(fixture.take()));
    let first = first.unwrap();
    assert_eq!(first.report.new_blobs, files as u64);
    timed("take, warm", &mut || {
        let second = fixture.take();
        assert_eq!((second.digest, second.report.read), (first.digest, 0));
    });
    let out = fixture.path("out");
    timed("check out", &mut || fixture.points.check_out(&first.digest, &out, Access::ReadOnly).unwrap());
    timed("verify", &mut || assert!(fixture.points.verify(&first.digest, &out).unwrap().is_empty()));
    timed("remove the checkout", &mut || fixture.points.remove_checkout(&out).unwrap());
    timed("restore of nothing", &mut || assert_eq!(fixture.restore(&first.digest).written, []));
    fs::remove_dir_all(fixture.target()).unwrap();
    fs::create_dir(fixture.target()).unwrap();
    fs::set_permissions(fixture.target(), fs::Permissions::from_mode(0o755)).unwrap();
    timed("restore of everything", &mut || {
        let report = fixture.restore(&first.digest);
        assert_eq!(report.left, []);
    });
    let mut empty = None;
    assert_eq!(fixture.take().digest, first.digest);
    fs::remove_dir_all(fixture.target()).unwrap();
    fs::create_dir(fixture.target()).unwrap();
    timed("take of an empty one", &mut || empty = Some(fixture.take().digest));
    timed("diff of everything", &mut || {
        let diff = fixture.points.diff(&empty.unwrap(), &first.digest, DiffOptions::default()).unwrap();
        assert_eq!(diff.changes.len(), files);
        assert!(diff.truncated);
    });
    timed("prune of everything", &mut || {
        assert_eq!(fixture.points.prune(&[], &CancelFlag::new()).unwrap().blobs, files as u64);
    });
}

#[test]
fn five_thousand_files() {
    println!("in memory:");
    measure(5_000, &Fixture::new());
}

#[test]
fn a_hundred_thousand_files() {
    if std::env::var_os("MO_LONG").is_none() {
        println!("skipped: set MO_LONG=1 for it");
        return;
    }
    println!("on disk:");
    measure(5_000, &Fixture::on_disk());
    measure(100_000, &Fixture::on_disk());
}
