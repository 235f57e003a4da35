use std::fs;

use super::{expand, matches};

#[test]
fn patterns_match_what_the_shell_matches() {
    let table = [
        ("*", "a", true),
        ("*.rs", "a.rs", true),
        ("*.rs", "a.rsx", false),
        ("a?c", "abc", true),
        ("a?c", "aéc", true),
        ("a?c", "ac", false),
        ("[ab].c", "b.c", true),
        ("[!ab].c", "x.c", true),
        ("[]x", "[]x", true),
        ("a[b", "a[b", true),
        ("*a*b*", "xaybz", true),
        ("*a*b*", "xbya", false),
    ];
    for (pattern, name, expected) in table {
        assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
    }
}

#[test]
fn a_pattern_is_itself_and_what_it_matches() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap().to_string_lossy().into_owned();
    for file in ["a.rs", "b.rs", ".hidden.rs", "sub/c.rs"] {
        let path = std::path::Path::new(&root).join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    let found = |pattern: &str| {
        let mut found = expand(&format!("{root}/{pattern}")).unwrap();
        found.remove(0);
        found.sort();
        found.into_iter().map(|path| path.replace(&format!("{root}/"), "")).collect::<Vec<_>>()
    };
    assert_eq!(found("*.rs"), ["a.rs", "b.rs"]);
    assert_eq!(found(".*.rs"), [".hidden.rs"]);
    assert_eq!(found("*/c.rs"), ["sub/c.rs"]);
    assert_eq!(found("*/none.rs"), Vec::<String>::new());
    assert_eq!(expand(&format!("{root}/*/../x")), None);
    assert_eq!(expand(&format!("{root}/a.rs")).unwrap(), [format!("{root}/a.rs")]);
}

#[test]
fn more_names_than_are_looked_at_are_not_answered() {
    let dir = tempfile::tempdir().unwrap();
    for at in 0..2_100 {
        fs::write(dir.path().join(at.to_string()), "").unwrap();
    }
    assert_eq!(expand(&format!("{}/*", dir.path().display())), None);
}
