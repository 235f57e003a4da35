use proptest::prelude::*;

use crate::testing::{Fixture, rel, tree};
use crate::{Checkpoints, Digest, Entry, EntryKind, Manifest, SkipReason};

fn example() -> Manifest {
    let entry = |path: &str, kind| Entry { path: rel(path), kind };
    Manifest::new(vec![
        entry("src/main.rs", EntryKind::File { mode: 0o644, size: 3, digest: Digest::of(b"abc") }),
        entry("src", EntryKind::Folder { mode: 0o2755 }),
        entry("src/video", EntryKind::Skipped { reason: SkipReason::Huge }),
        entry("link", EntryKind::Symlink { target: b"../a\tb\xff"[..].into() }),
    ])
}

#[test]
fn the_canonical_bytes_are_these() {
    insta::assert_snapshot!(String::from_utf8(example().encode()).unwrap(), @r"
    mo-checkpoint 1
    l	../a\x09b\xff	link
    d	2755	src
    f	644	3	ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad	src/main.rs
    s	huge	src/video
    ");
    assert_eq!(Manifest::decode(&example().encode()), Ok(example()));
    assert_eq!(Manifest::decode(b"mo-checkpoint 1\n"), Ok(Manifest::new(vec![])));
}

#[test]
fn json_is_for_people() {
    let json = serde_json::to_value(example()).unwrap();
    assert_eq!(
        json["entries"][0],
        serde_json::json!({"path":"link","kind":"symlink","target":"../a\\x09b\\xff"})
    );
    assert_eq!(json["entries"][1], serde_json::json!({"path":"src","kind":"folder","mode":0o2755}));
}

#[test]
fn what_it_would_not_write_it_does_not_read() {
    let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    for (body, why) in [
        ("d\t755\t../out\n".to_owned(), "no entry"),
        ("d\t755\t/etc\n".to_owned(), "no entry"),
        ("d\t755\t.git\n".to_owned(), "into .git"),
        ("d\t755\ta\nd\t755\ta/.git\n".to_owned(), "into .git"),
        ("d\t755\tb\nd\t755\ta\n".to_owned(), "out of order"),
        ("d\t755\ta\nd\t755\ta\n".to_owned(), "out of order"),
        ("d\t755\ta/b\n".to_owned(), "its folder is missing"),
        ("l\tx\ta\nd\t755\ta/b\n".to_owned(), "its folder is missing"),
        (format!("f\t644\t3\t{hex}\ta\nf\t644\t3\t{hex}\ta/b\n"), "its folder is missing"),
        (format!("f\t0644\t3\t{hex}\ta\n"), "no entry"),
        (format!("f\t644\t+3\t{hex}\ta\n"), "no entry"),
        (format!("f\t10644\t3\t{hex}\ta\n"), "no entry"),
        (format!("f\t644\t3\t{}\ta\n", hex.to_uppercase()), "no entry"),
        (format!("f\t644\t3\t{hex}\ta\tb\n"), "no entry"),
        ("l\t\ta\n".to_owned(), "no entry"),
        ("s\tfifo\ta\n".to_owned(), "no entry"),
        ("x\ta\n".to_owned(), "no entry"),
        ("d\t755\ta".to_owned(), "cut"),
    ] {
        let error = Manifest::decode(format!("mo-checkpoint 1\n{body}").as_bytes()).unwrap_err();
        assert!(error.contains(why), "{body}: {error}");
    }
    for bytes in [&b""[..], b"mo-checkpoint 2\n", b"mo-checkpoint 1", b"\xff"] {
        assert!(Manifest::decode(bytes).is_err());
    }
}

#[test]
fn lookups_find_what_is_there() {
    let manifest = example();
    assert_eq!(manifest.get(&rel("src/video")).map(|e| &e.path), Some(&rel("src/video")));
    assert_eq!(manifest.get(&rel("src/vide")), None);
    assert!(manifest.has_children(&rel("src")) && !manifest.has_children(&rel("link")));
    assert!(!manifest.has_children(&rel("sr")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_manifest_reads_back_and_damage_is_seen(node in tree(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let fixture = Fixture::new();
        node.make(&fixture.target());
        let digest = fixture.take().digest;
        let manifest = fixture.points.manifest(&digest).unwrap();
        let mut bytes = manifest.encode();
        prop_assert_eq!(Digest::of(&bytes), digest);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // A changed byte is refused, or is another manifest; never the same one, never a panic.
        if let Ok(other) = Manifest::decode(&bytes) {
            prop_assert_ne!(&other, &manifest);
            prop_assert_eq!(other.encode(), bytes);
        }
    }
}
