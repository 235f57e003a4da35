use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::find_program;

fn put(path: &Path, mode: u32) {
    fs::write(path, "#!/bin/sh\n").unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn takes_the_first_executable_file_on_the_path() {
    let dir = tempfile::tempdir().unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| dir.path().join(name));
    for each in [&a, &b, &c] {
        fs::create_dir(each).unwrap();
    }
    put(&a.join("tool"), 0o644);
    put(&b.join("tool"), 0o755);
    put(&c.join("tool"), 0o755);
    fs::create_dir(a.join("folder")).unwrap();
    let path = std::env::join_paths([&a, &b, &c]).unwrap();
    assert_eq!(find_program(OsStr::new("tool"), &path), Some(b.join("tool")));
    assert_eq!(find_program(OsStr::new("folder"), &path), None, "a directory is no program");
    assert_eq!(find_program(OsStr::new("missing"), &path), None);
    assert_eq!(find_program(OsStr::new(""), &path), None);
    assert_eq!(find_program(c.join("tool").as_os_str(), OsStr::new("")), Some(c.join("tool")));
    assert_eq!(find_program(a.join("tool").as_os_str(), &path), None);
}

#[test]
fn never_looks_in_the_current_directory() {
    // Cargo runs tests in the package's directory: `src` is there, and `Cargo.toml`, so a relative entry would hit.
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("tool"), 0o755);
    let here = std::env::current_dir().unwrap();
    let up = "../".repeat(here.components().count());
    let relative = format!("{up}{}", dir.path().strip_prefix("/").unwrap().display());
    assert!(Path::new(&relative).join("tool").is_file(), "the relative way leads there");
    assert_eq!(find_program(OsStr::new("tool"), OsStr::new(&relative)), None);
    let mut path = OsString::from(":");
    path.push(dir.path());
    assert_eq!(find_program(OsStr::new("tool"), &path), Some(dir.path().join("tool")));
}
