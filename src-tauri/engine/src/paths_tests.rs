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
