use proptest::prelude::*;

use crate::path::{escape, unescape};
use crate::testing::rel;
use crate::{Digest, RelPath};

#[test]
fn what_leads_out_is_refused() {
    for (bytes, why) in [
        (&b""[..], "empty"),
        (b"/etc/passwd", "absolute"),
        (b"a/../b", "`..`"),
        (b"..", "`..`"),
        (b"./a", "`.`"),
        (b"a//b", "empty component"),
        (b"a/", "empty component"),
        (b"a\0b", "zero byte"),
    ] {
        let error = RelPath::from_bytes(bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    assert!(RelPath::from_bytes(b"...").is_ok());
}

#[test]
fn text_is_as_plain_as_it_can_be() {
    for (bytes, text) in [
        (&b"src/main.rs"[..], "src/main.rs"),
        ("größe/日本".as_bytes(), "größe/日本"),
        (b"a b", "a b"),
        (b"a\nb\t", r"a\x0ab\x09"),
        (b"a\\b", r"a\\b"),
        (b"\xff\xc3", r"\xff\xc3"),
        ("\u{85}".as_bytes(), r"\xc2\x85"),
    ] {
        let path = RelPath::from_bytes(bytes).unwrap();
        assert_eq!(path.to_string(), text);
        assert_eq!(text.parse::<RelPath>().unwrap(), path);
        let json = serde_json::to_string(&path).unwrap();
        assert_eq!(serde_json::from_str::<RelPath>(&json).unwrap(), path);
    }
    // One name, one spelling.
    for other in [r"\x61", r"a\", r"\x0A", r"\q", "a\nb", r"\xff\x"] {
        assert!(other.parse::<RelPath>().is_err(), "{other}");
    }
}

#[test]
fn a_folder_stands_right_before_what_is_in_it() {
    let mut paths: Vec<RelPath> = ["a-b", "a/b/c", "a", "a/b", "a.b", "a/bc", "b"].map(rel).into();
    paths.sort();
    assert_eq!(paths, ["a", "a/b", "a/b/c", "a/bc", "a-b", "a.b", "b"].map(rel));
    assert!(
        rel("a/b").is_within(&rel("a")) && rel("a").is_within(&rel("a")) && !rel("ab").is_within(&rel("a"))
    );
    assert_eq!(rel("a/b/c").ancestors().collect::<Vec<_>>(), [rel("a"), rel("a/b")]);
    assert_eq!((rel("a/b/c").parent(), rel("a/b/c").name()), (&b"a/b"[..], &b"c"[..]));
    assert_eq!((rel("a").parent(), rel("a").name()), (&b""[..], &b"a"[..]));
}

#[test]
fn only_git_itself_is_git() {
    assert!(rel(".git").has_git_component() && rel("a/.git/config").has_git_component());
    assert!(!rel(".gitignore").has_git_component() && !rel("a.git/.github").has_git_component());
}

#[test]
fn a_digest_has_one_spelling() {
    let digest = Digest::of(b"abc");
    let text = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(digest.to_string(), text);
    assert_eq!(text.parse::<Digest>().unwrap(), digest);
    assert_eq!(serde_json::from_str::<Digest>(&serde_json::to_string(&digest).unwrap()).unwrap(), digest);
    for bad in ["", "sha256:", &text.to_uppercase(), &text[7..], &text[..70], &format!("{text}0")] {
        assert!(bad.parse::<Digest>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn escaping_loses_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let text = escape(&bytes);
        prop_assert!(!text.contains(['\n', '\t', '\0']));
        prop_assert_eq!(unescape(&text), Some(bytes));
    }
}
