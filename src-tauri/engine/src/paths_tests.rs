use std::os::unix::fs::symlink;

use super::{resolve, resolve_one};

#[test]
fn links_and_parents_are_followed_before_judging() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    let (root, outside) = (base.join("root"), base.join("outside"));
    std::fs::create_dir_all(root.join("sub")).unwrap();
    std::fs::create_dir_all(outside.join("deep")).unwrap();
    symlink(&outside, root.join("out")).unwrap();
    symlink(outside.join("deep"), root.join("deep")).unwrap();
    symlink("/nonexistent/x", root.join("dangling")).unwrap();
    let at = |path: &str| resolve_one(path, &root);
    let inside = |path: &str| std::path::Path::new(&at(path)).starts_with(&root);
    assert!(inside("sub/new/file.txt"));
    assert!(inside("./sub/../a.txt"));
    assert!(inside("."));
    assert_eq!(at("out/x"), outside.join("x").to_string_lossy());
    assert_eq!(at("deep/../x"), outside.join("x").to_string_lossy(), "the parent of the link's target");
    for escape in
        ["../x", "out/x", "deep/../x", "/etc/passwd", "~/x", "sub/../../x", "dangling", "dangling/x"]
    {
        assert!(!inside(escape), "{escape} -> {}", at(escape));
    }
    assert_eq!(resolve(&root.join("out")), outside);
}

/// `/proc/self` is this process here and the agent there: nothing by way of it is inside, wherever we stand.
#[test]
fn what_depends_on_who_looks_is_nowhere_inside() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let here = std::fs::File::open(&root).unwrap();
    let ours = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&here));
    assert_eq!(std::fs::canonicalize(&ours).unwrap(), root, "to us it is the root");
    symlink(&ours, root.join("fd")).unwrap();
    symlink("fd", root.join("round")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    let own = format!("{}/x", ours.replace("/proc/", "/proc/../proc/./"));
    for path in ["fd/x", "round/x", "loop/x", &own, &format!("{ours}/x"), "/dev/fd/0", "/proc"] {
        assert_eq!(resolve_one(path, &root), "/proc", "{path}");
    }
    assert_eq!(resolve_one("proc/x", &root), root.join("proc/x").to_string_lossy());
}
