use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use proptest::prelude::*;

use crate::testing::{Fixture, Node, tree};
use crate::{Access, ChangeKind, Checkpoints, DiffOptions, Settings, TreeDiff};

/// The difference that a change of the target makes.
fn diff(before: impl Fn(&Fixture), after: impl Fn(&Fixture)) -> TreeDiff {
    diff_with(DiffOptions::default(), before, after)
}

fn diff_with(options: DiffOptions, before: impl Fn(&Fixture), after: impl Fn(&Fixture)) -> TreeDiff {
    let fixture = Fixture::with(Settings { huge_file_bytes: 20 << 20, ..Settings::default() });
    before(&fixture);
    let from = fixture.take().digest;
    after(&fixture);
    fixture.points.diff(&from, &fixture.take().digest, options).unwrap()
}

#[test]
fn one_path_alone_is_compared_as_it_is_among_all() {
    let fixture = Fixture::with(Settings::default());
    fixture.write("a.txt", "1\n");
    fixture.write("b.txt", "1\n");
    let from = fixture.take().digest;
    fixture.write("a.txt", "2\n");
    fixture.write("b.txt", "2\n");
    let to = fixture.take().digest;
    let of = |path: &str| {
        fixture.points.diff_file(&from, &to, &path.parse().unwrap(), DiffOptions::default()).unwrap()
    };
    let whole = fixture.points.diff(&from, &to, DiffOptions::default()).unwrap();
    assert_eq!(summary(&of("b.txt")), ["Modified b.txt +1 -1"]);
    assert!(whole.unified().ends_with(&*of("b.txt").unified()));
    assert_eq!(summary(&of("c.txt")), [""; 0]);
}

/// A literal without its indentation.
fn text(literal: &str) -> String {
    let lines = literal.lines().skip(1).filter(|line| line.trim() != "");
    lines.flat_map(|line| [line.strip_prefix("        ").unwrap(), "\n"]).collect()
}

fn remove(fixture: &Fixture, path: &str) {
    fs::remove_file(fixture.target().join(path)).unwrap();
}

fn summary(diff: &TreeDiff) -> Vec<String> {
    let line = |c: &crate::FileChange| {
        let count = |n: Option<u64>| n.map_or("?".to_owned(), |n| n.to_string());
        let marks = [(c.folder, " folder"), (c.binary, " binary")]
            .map(|(is, mark)| if is { mark } else { "" })
            .concat();
        format!("{:?} {} +{} -{}{marks}", c.kind, c.path, count(c.added_lines), count(c.deleted_lines))
    };
    diff.changes.iter().map(line).collect()
}

#[test]
fn text_changes_look_as_git_shows_them() {
    let numbers = |skip: u32| {
        let all = (1..=30).filter(|n| *n != skip).map(|n| n.to_string());
        all.collect::<Vec<_>>().join("\n") + "\n"
    };
    let diff = diff(
        |f| {
            f.write("a.txt", numbers(0));
            f.write("gone.txt", "x\ny\n");
            f.write("end.txt", "a\nb");
            f.write("mode.sh", "x\n");
        },
        |f| {
            f.write("a.txt", format!("0\n{}", numbers(20)));
            remove(f, "gone.txt");
            f.write("end.txt", "a\nb\n");
            f.mode("mode.sh", 0o755);
            f.write("new file.txt", "one\ntwo");
            f.write("empty", "");
        },
    );
    assert_eq!(
        summary(&diff),
        [
            "Modified a.txt +1 -1",
            "Added empty +0 -0",
            "Modified end.txt +1 -1",
            "Deleted gone.txt +0 -2",
            "ModeChanged mode.sh +0 -0",
            "Added new file.txt +2 -0",
        ]
    );
    assert_eq!(
        diff.unified().replace('\t', "<tab>"),
        text(
            r"
        diff --git a/a.txt b/a.txt
        --- a/a.txt
        +++ b/a.txt
        @@ -1,3 +1,4 @@
        +0
         1
         2
         3
        @@ -17,7 +18,6 @@
         17
         18
         19
        -20
         21
         22
         23
        diff --git a/empty b/empty
        new file mode 100644
        diff --git a/end.txt b/end.txt
        --- a/end.txt
        +++ b/end.txt
        @@ -1,2 +1,2 @@
         a
        -b
        \ No newline at end of file
        +b
        diff --git a/gone.txt b/gone.txt
        deleted file mode 100644
        --- a/gone.txt
        +++ /dev/null
        @@ -1,2 +0,0 @@
        -x
        -y
        diff --git a/mode.sh b/mode.sh
        old mode 100644
        new mode 100755
        diff --git a/new file.txt b/new file.txt
        new file mode 100644
        --- /dev/null
        +++ b/new file.txt<tab>
        @@ -0,0 +1,2 @@
        +one
        +two
        \ No newline at end of file
        "
        )
    );
}

#[test]
fn other_kinds_of_change_are_said() {
    let diff = diff(
        |f| {
            f.write("bin", [1, 0, 2]);
            f.write("to-link", "text\n");
            f.write("to-folder", "text\n");
            f.write("huge", "small\n");
            f.write("d/x", "");
            fs::create_dir(f.target().join("old-empty")).unwrap();
            fs::create_dir(f.target().join("kept")).unwrap();
            symlink("a", f.target().join("link")).unwrap();
        },
        |f| {
            f.write("bin", [1, 0, 3]);
            f.write("bin2", [0]);
            remove(f, "to-link");
            symlink("bin", f.target().join("to-link")).unwrap();
            remove(f, "to-folder");
            f.write("to-folder/inside", "text\n");
            f.write("huge", vec![b'x'; (20 << 20) + 1]);
            f.write("large", vec![b'x'; 17 << 20]);
            f.mode("d", 0o700);
            fs::remove_dir(f.target().join("old-empty")).unwrap();
            fs::create_dir(f.target().join("new-empty")).unwrap();
            remove(f, "link");
            symlink("b", f.target().join("link")).unwrap();
        },
    );
    assert_eq!(
        summary(&diff),
        [
            "Modified bin +? -? binary",
            "Added bin2 +? -? binary",
            "ModeChanged d +0 -0 folder",
            "TypeChanged huge +? -?",
            "Added large +? -?",
            "Modified link +1 -1",
            "Added new-empty +0 -0 folder",
            "Deleted old-empty +0 -0 folder",
            "TypeChanged to-folder +0 -1",
            "Added to-folder/inside +1 -0",
            "TypeChanged to-link +1 -1",
        ]
    );
    assert_eq!(
        diff.unified().replace('\t', "<tab>"),
        text(
            r"
        diff --git a/bin b/bin
        Binary files a/bin and b/bin differ
        diff --git a/bin2 b/bin2
        new file mode 100644
        Binary files /dev/null and b/bin2 differ
        Folder d: old mode 755, new mode 700
        diff --git a/huge b/huge
        deleted file mode 100644
        --- a/huge
        +++ /dev/null
        @@ -1 +0,0 @@
        -small
        Not recorded (huge): huge is left out of the checkpoint
        diff --git a/large b/large
        new file mode 100644
        Files /dev/null and b/large differ (not compared by line: 17825792 bytes)
        diff --git a/link b/link
        --- a/link
        +++ b/link
        @@ -1 +1 @@
        -a
        \ No newline at end of file
        +b
        \ No newline at end of file
        Folder new-empty: added, mode 755
        Folder old-empty: deleted, mode 755
        diff --git a/to-folder b/to-folder
        deleted file mode 100644
        --- a/to-folder
        +++ /dev/null
        @@ -1 +0,0 @@
        -text
        Folder to-folder: added, mode 755
        diff --git a/to-folder/inside b/to-folder/inside
        new file mode 100644
        --- /dev/null
        +++ b/to-folder/inside
        @@ -0,0 +1 @@
        +text
        diff --git a/to-link b/to-link
        deleted file mode 100644
        --- a/to-link
        +++ /dev/null
        @@ -1 +0,0 @@
        -text
        diff --git a/to-link b/to-link
        new file mode 120000
        --- /dev/null
        +++ b/to-link
        @@ -0,0 +1 @@
        +bin
        \ No newline at end of file
        "
        )
    );
}

#[test]
fn names_stand_on_one_line() {
    let diff = diff(
        |_| {},
        |f| {
            for name in ["größe", "new\nline", "q\"uote", "\u{85}"] {
                f.write(name, "x\n");
            }
            let name = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff");
            fs::write(f.target().join::<&std::ffi::OsStr>(name), b"\xe9").unwrap();
        },
    );
    assert_eq!(
        diff.unified().replace('\t', "<tab>"),
        text(
            r#"
        diff --git a/größe b/größe
        new file mode 100644
        --- /dev/null
        +++ b/größe
        @@ -0,0 +1 @@
        +x
        diff --git "a/new\nline" "b/new\nline"
        new file mode 100644
        --- /dev/null
        +++ "b/new\nline"
        @@ -0,0 +1 @@
        +x
        diff --git "a/q\"uote" "b/q\"uote"
        new file mode 100644
        --- /dev/null
        +++ "b/q\"uote"
        @@ -0,0 +1 @@
        +x
        diff --git "a/\302\205" "b/\302\205"
        new file mode 100644
        --- /dev/null
        +++ "b/\302\205"
        @@ -0,0 +1 @@
        +x
        diff --git "a/\377" "b/\377"
        new file mode 100644
        --- /dev/null
        +++ "b/\377"
        @@ -0,0 +1 @@
        +�
        \ No newline at end of file
        "#
        )
    );
}

#[test]
fn the_text_is_cut_and_says_so_but_the_list_is_whole() {
    let options = DiffOptions { context: 3, max_bytes: 300 };
    let after = |f: &Fixture| {
        for i in 0..5 {
            f.write(&format!("{i}"), "0123456789\n".repeat(10));
        }
    };
    let diff = diff_with(options, |_| {}, after);
    assert!(diff.truncated);
    assert_eq!(diff.changes.len(), 5);
    assert!(diff.changes.iter().all(|c| c.added_lines == Some(10)));
    let text = diff.unified();
    assert!(text.ends_with("[cut at 300 bytes: 1 of 5 changes are shown whole]\n"), "{text}");
    assert!(text.len() < 300 + 60);
    let whole = diff_with(DiffOptions { context: 3, max_bytes: 10_000 }, |_| {}, after);
    assert!(!whole.truncated && whole.unified().starts_with(text.split("[cut").next().unwrap()));
    let none = diff_with(DiffOptions { context: 3, max_bytes: 0 }, |_| {}, after);
    assert!(none.truncated && none.unified().starts_with("[cut at 0 bytes: 0 of 5"));
}

#[test]
fn context_is_as_wide_as_asked() {
    let around = |middle: &str| format!("{}{middle}\n{}", "a\n".repeat(9), "b\n".repeat(9));
    for (context, lines) in [(0, 2), (1, 4), (3, 8), (usize::MAX, 20)] {
        let options = DiffOptions { context, ..DiffOptions::default() };
        let diff = diff_with(options, |f| f.write("a", around("x")), |f| f.write("a", around("y")));
        let shown = diff.unified().lines().skip(4).count();
        assert_eq!(shown, lines, "{}", diff.unified());
    }
}

#[test]
fn a_hopeless_file_ends_in_time() {
    let noise = |seed: u64| {
        let mut x = seed;
        let mut line = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{}\n", (x >> 33) % 3000)
        };
        (0..60_000).map(|_| line()).collect::<String>()
    };
    let began = Instant::now();
    let diff = diff(|f| f.write("a", noise(1)), |f| f.write("a", noise(2)));
    let (added, deleted) = (diff.changes[0].added_lines.unwrap(), diff.changes[0].deleted_lines.unwrap());
    assert_eq!(added, deleted, "both sides have as many lines");
    println!("60,000 unlike lines: {:.1} s, +{added}", began.elapsed().as_secs_f64());
    assert!(began.elapsed().as_secs() < 15);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No change means equal digests, and the other way round; line counts agree with the files; and
    /// the way back is the mirror image.
    #[test]
    fn differences_are_complete(old in tree(), new in tree()) {
        let fixture = Fixture::new();
        old.make(&fixture.target());
        let from = fixture.take().digest;
        crate::testing::open_up(&fixture.target());
        fs::remove_dir_all(fixture.target()).unwrap();
        new.make(&fixture.target());
        let to = fixture.take().digest;
        let there = fixture.points.diff(&from, &to, DiffOptions::default()).unwrap();
        let back = fixture.points.diff(&to, &from, DiffOptions::default()).unwrap();
        prop_assert_eq!(there.changes.is_empty(), from == to);
        prop_assert_eq!(there.text.is_empty(), from == to);
        prop_assert_eq!(there.changes.len(), back.changes.len());
        for (there, back) in there.changes.iter().zip(&back.changes) {
            prop_assert_eq!(&there.path, &back.path);
            prop_assert_eq!((there.binary, there.folder), (back.binary, back.folder));
            let mirrored = match there.kind {
                ChangeKind::Added => ChangeKind::Deleted,
                ChangeKind::Deleted => ChangeKind::Added,
                kind => kind,
            };
            prop_assert_eq!(mirrored, back.kind);
            let lines = |digest| match fixture.points.read(digest, &there.path) {
                Ok(bytes) => i64::try_from(bytes.split_inclusive(|b| *b == b'\n').count()).unwrap(),
                Err(_) => 0,
            };
            if let (Some(added), Some(deleted)) = (there.added_lines, there.deleted_lines) {
                let net = i64::try_from(added).unwrap() - i64::try_from(deleted).unwrap();
                prop_assert_eq!(net, if there.kind == ChangeKind::ModeChanged { 0 } else { lines(&to) - lines(&from) });
            }
        }
    }

    /// git takes the text for what it is: applied to the old tree it gives the new one.
    #[test]
    fn git_can_apply_it(old in tree(), new in tree()) {
        let fixture = Fixture::new();
        let empty = Node::Folder(BTreeMap::new(), 0o755);
        let (old, new) = (plain(old).unwrap_or(empty.clone()), plain(new).unwrap_or(empty));
        old.make(&fixture.target());
        let from = fixture.take().digest;
        fs::remove_dir_all(fixture.target()).unwrap();
        new.make(&fixture.target());
        let to = fixture.take().digest;
        let diff = fixture.points.diff(&from, &to, DiffOptions::default()).unwrap();
        let out = fixture.path("out");
        fixture.points.check_out(&from, &out, Access::Writable).unwrap();
        fs::write(fixture.path("patch"), diff.unified_bytes()).unwrap();
        let git = Command::new("git")
            .args(["apply", "--unidiff-zero", "--whitespace=nowarn", "../patch"])
            .current_dir(&out)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", fixture.path("none"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CEILING_DIRECTORIES", fixture.path(""))
            .output();
        let Ok(git) = git else {
            println!("skipped: there is no git here");
            return Ok(());
        };
        let files = |path: &Path| {
            let mut all = crate::testing::describe(path);
            all.retain(|_, line| !line.starts_with("folder"));
            all
        };
        // A patch of nothing is an error to git.
        if !diff.changes.is_empty() {
            prop_assert!(git.status.success(), "{}\n{}", String::from_utf8_lossy(&git.stderr), diff.unified());
        }
        prop_assert_eq!(files(&out), files(&fixture.target()), "{}", diff.unified());
    }
}

/// The tree as git can have it: text, only the executable bit, no empty folders.
fn plain(node: Node) -> Option<Node> {
    Some(match node {
        Node::File(mut content, mode) => {
            for byte in &mut content {
                *byte = (*byte).max(1);
            }
            Node::File(content, if mode & 0o100 == 0 { 0o644 } else { 0o755 })
        }
        Node::Link(target) => Node::Link(target),
        Node::Folder(entries, _) => {
            let entries = entries.into_iter().filter_map(|(name, node)| Some((name, plain(node)?)));
            let entries: BTreeMap<_, _> = entries.collect();
            if entries.is_empty() {
                return None;
            }
            Node::Folder(entries, 0o755)
        }
    })
}
