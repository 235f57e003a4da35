use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::testing::Fixture;
use crate::{Access, Checkpoints, DifferenceKind};

/// What is done to a checkout, how, and what is seen of it.
type Write<'a> = (&'a str, &'a dyn Fn(&Path), &'a [(&'a str, DifferenceKind)]);

#[test]
fn every_write_into_a_checkout_is_seen() {
    use DifferenceKind::{Added, Content, Missing, Mode, Type};
    let fixture = Fixture::new();
    fixture.write("a", "one");
    fixture.write("d/b", "two");
    fixture.write("fifo", "");
    fs::create_dir(fixture.target().join("empty")).unwrap();
    symlink("a", fixture.target().join("link")).unwrap();
    let digest = fixture.take().digest;
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let link = |to: &str, path: &Path| {
        fs::remove_file(path).unwrap();
        symlink(to, path).unwrap();
    };
    let writes: [Write<'_>; 17] = [
        ("nothing", &|_| {}, &[]),
        ("content of the same size", &|p| fs::write(p.join("a"), "onE").unwrap(), &[("a", Content)]),
        ("content of another size", &|p| fs::write(p.join("a"), "on").unwrap(), &[("a", Content)]),
        ("a new file", &|p| fs::write(p.join("d/new"), "").unwrap(), &[("d/new", Added)]),
        ("an ignored file", &|p| fs::write(p.join(".gitignore"), "*").unwrap(), &[(".gitignore", Added)]),
        ("a .git", &|p| fs::create_dir(p.join(".git")).unwrap(), &[(".git", Added)]),
        ("a new folder", &|p| fs::create_dir(p.join("d/new")).unwrap(), &[("d/new", Added)]),
        ("a deleted file", &|p| fs::remove_file(p.join("d/b")).unwrap(), &[("d/b", Missing)]),
        ("a deleted folder", &|p| fs::remove_dir(p.join("empty")).unwrap(), &[("empty", Missing)]),
        (
            "a deleted tree",
            &|p| fs::remove_dir_all(p.join("d")).unwrap(),
            &[("d", Missing), ("d/b", Missing)],
        ),
        ("a file's bits", &|p| set(&p.join("a"), 0o600), &[("a", Mode)]),
        ("a set-user bit", &|p| set(&p.join("a"), 0o4644), &[("a", Mode)]),
        ("a folder's bits", &|p| set(&p.join("d"), 0o700), &[("d", Mode)]),
        ("a link's target", &|p| link("b", &p.join("link")), &[("link", Content)]),
        ("a file that became a link", &|p| link("link", &p.join("a")), &[("a", Type)]),
        (
            "a folder that became a link",
            &|p| {
                fs::remove_dir(p.join("empty")).unwrap();
                symlink("d", p.join("empty")).unwrap();
            },
            &[("empty", Type)],
        ),
        (
            "a file that became a fifo",
            &|p| {
                fs::remove_file(p.join("fifo")).unwrap();
                let kind = rustix::fs::FileType::Fifo;
                rustix::fs::mknodat(rustix::fs::CWD, p.join("fifo"), kind, rustix::fs::Mode::RUSR, 0)
                    .unwrap();
            },
            &[("fifo", Type)],
        ),
    ];
    for (what, write, expected) in writes {
        let out = fixture.path("out");
        fixture.points.check_out(&digest, &out, Access::Writable).unwrap();
        write(&out);
        let seen: Vec<_> = fixture.points.verify(&digest, &out).unwrap();
        let seen: Vec<_> = seen.iter().map(|d| (d.path.as_ref().unwrap().to_string(), d.kind)).collect();
        let expected: Vec<_> = expected.iter().map(|(path, kind)| ((*path).to_owned(), *kind)).collect();
        assert_eq!(seen, expected, "{what}");
        fixture.points.remove_checkout(&out).unwrap();
        assert!(!out.exists());
    }
}

#[test]
fn the_checkouts_own_folder_counts_too() {
    let fixture = Fixture::new();
    fixture.write("a", "one");
    let digest = fixture.take().digest;
    let out = fixture.path("out");
    fixture.points.check_out(&digest, &out, Access::ReadOnly).unwrap();
    let own = || {
        let all = fixture.points.verify(&digest, &out).unwrap();
        all.into_iter().filter(|d| d.path.is_none()).map(|d| d.kind).collect::<Vec<_>>()
    };
    assert_eq!(own(), []);
    fs::set_permissions(&out, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(own(), [DifferenceKind::Mode]);
    fs::rename(&out, fixture.path("away")).unwrap();
    assert_eq!(own(), [DifferenceKind::Missing]);
    fs::create_dir(&out).unwrap();
    assert_eq!(own(), [DifferenceKind::Type]);
}

#[test]
fn what_was_never_recorded_is_not_missed() {
    let fixture = Fixture::with(crate::Settings { huge_file_bytes: 10, ..crate::Settings::default() });
    fixture.write("huge", "more than ten bytes");
    fixture.write("a", "a");
    let digest = fixture.take().digest;
    let out = fixture.path("out");
    fixture.points.check_out(&digest, &out, Access::Writable).unwrap();
    assert!(!out.join("huge").exists());
    assert_eq!(fixture.points.verify(&digest, &out).unwrap(), []);
    fs::write(out.join("huge"), "").unwrap();
    assert_eq!(fixture.points.verify(&digest, &out).unwrap()[0].kind, DifferenceKind::Added);
}
