use std::fs;
use std::os::fd::AsFd as _;
use std::os::unix::fs::symlink;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{FILE, FOLDER, open_by_steps};
use crate::beneath::Root;
use crate::testing::Fixture;

#[test]
fn no_way_leads_through_a_link_or_out() {
    let fixture = Fixture::new();
    fixture.write("in/side/file", "inside");
    fs::create_dir(fixture.path("outside")).unwrap();
    fs::write(fixture.path("outside/secret"), "secret").unwrap();
    symlink(fixture.path("outside"), fixture.target().join("in/link")).unwrap();
    symlink("file", fixture.target().join("in/side/alias")).unwrap();
    let root = Root::open(&fixture.target()).unwrap();
    assert!(root.open_file(b"in/side/file").is_ok());
    assert!(root.open_folder(b"in/side").is_ok() && root.open_folder(b"").is_ok());
    for path in [&b"in/link/secret"[..], b"in/link", b"in/side/alias", b"../outside/secret", b"/etc/passwd"] {
        assert!(root.open_file(path).is_err(), "{}", path.escape_ascii());
        assert!(root.open_folder(path).is_err(), "{}", path.escape_ascii());
    }
    assert_eq!(root.set_mode(b"in/link/secret", 0o777).unwrap_err(), Errno::LOOP);

    // The way of systems without openat2 answers alike. (`..` never gets there: `RelPath` refuses it.)
    let open = |path: &[u8], flags: OFlags| open_by_steps(root.fd().as_fd(), path, flags).map(drop);
    assert_eq!(open(b"in/side/file", FILE), Ok(()));
    assert_eq!(open(b"in/side", FOLDER), Ok(()));
    assert!(matches!(open(b"in/link/secret", FILE), Err(Errno::LOOP | Errno::NOTDIR)));
    assert!(matches!(open(b"in/link", FOLDER), Err(Errno::LOOP | Errno::NOTDIR)));
    assert_eq!(open(b"in/side/alias", FILE), Err(Errno::LOOP));
    assert_eq!(open(b"in/none/file", FILE), Err(Errno::NOENT));
}

#[test]
fn each_bad_target_has_its_own_code() {
    let fixture = Fixture::new();
    fixture.write("file", "");
    symlink(fixture.target(), fixture.path("link")).unwrap();
    let code = |path: &str| Root::open(&fixture.path(path)).map(drop).unwrap_err();
    assert_eq!(code("none").code(), "target_missing");
    assert_eq!(code("target/file").code(), "target_not_a_folder");
    assert_eq!(code("target/file/below").code(), "target_not_a_folder");
    assert!(code("link").to_string().contains("a symbolic link"));
    crate::testing::open_up(&fixture.target());
    fixture.mode("", 0o000);
    let target = fixture.target();
    fs::set_permissions(fixture.path(""), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    crate::testing::as_nobody(|| {
        assert_eq!(Root::open(&target).map(drop).unwrap_err().code(), "target_unreadable");
    });
}

#[test]
fn a_path_too_long_for_one_call_is_still_reached() {
    let fixture = Fixture::new();
    let name = "n".repeat(200);
    let mut path = Vec::new();
    let mut fd = rustix::fs::openat(rustix::fs::CWD, fixture.target(), FOLDER, Mode::empty()).unwrap();
    for _ in 0..25 {
        rustix::fs::mkdirat(&fd, name.as_str(), Mode::RWXU).unwrap();
        fd = rustix::fs::openat(&fd, name.as_str(), FOLDER, Mode::empty()).unwrap();
        path.extend_from_slice(name.as_bytes());
        path.push(b'/');
    }
    path.pop();
    assert!(path.len() > 4096);
    assert!(Root::open(&fixture.target()).unwrap().open_folder(&path).is_ok());
}
