use std::process::Command;

use super::{has_submodule, names_submodules};

fn git(folder: &std::path::Path, words: &[&str]) {
    let mut git = Command::new("git");
    let done = git.current_dir(folder).args(words).env("HOME", folder).output().unwrap();
    assert!(done.status.success(), "{words:?}: {done:?}");
}

#[test]
fn the_index_that_git_writes_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let index = root.join(".git/index");
    assert!(!names_submodules(&index), "none");
    git(root, &["init", "-q"]);
    for name in ["a", "bb", "deep/er/ccc", "dddd", "eeeee.rs", "ffffff", "ggggggg", "hhhhhhhh"] {
        let file = root.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, name).unwrap();
        git(root, &["add", "."]);
        assert!(!names_submodules(&index), "{name}");
    }
    git(root, &["add", "--intent-to-add", "."]);
    let gitlink = "160000,1234567890123456789012345678901234567890,z/sub";
    git(root, &["update-index", "--add", "--cacheinfo", gitlink]);
    assert!(names_submodules(&index));
}

#[test]
fn what_is_no_plain_index_may_name_anything() {
    let header = |version: u8, entries: u8| {
        let mut bytes = b"DIRC".to_vec();
        bytes.extend([0, 0, 0, version, 0, 0, 0, entries]);
        bytes
    };
    assert_eq!(has_submodule(&header(2, 0)), Some(false));
    assert_eq!(has_submodule(&header(4, 0)), None);
    assert_eq!(has_submodule(&header(2, 1)), None);
    assert_eq!(has_submodule(b"DIRX"), None);
    assert_eq!(has_submodule(&[header(2, 0), b"link".to_vec()].concat()), None);
}
