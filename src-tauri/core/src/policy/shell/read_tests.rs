#![allow(clippy::unwrap_used, reason = "a test")]
use super::{Oddity, Unreadable, Word, read};

fn words(line: &str) -> Vec<Vec<String>> {
    let script = read(line, "/home/x").unwrap();
    script.invocations.iter().map(|i| i.words.iter().map(|w| w.shown().to_owned()).collect()).collect()
}

#[test]
fn words_are_what_the_shell_makes_of_them() {
    let table = [
        ("ls -la src", vec![vec!["ls", "-la", "src"]]),
        ("cat 'a b' \"c d\" e\\ f", vec![vec!["cat", "a b", "c d", "e f"]]),
        ("cat ~/x ~ '~/y'", vec![vec!["cat", "/home/x/x", "/home/x", "~/y"]]),
        ("l\\s; \"ls\"; l''s", vec![vec!["ls"], vec!["ls"], vec!["ls"]]),
        ("a | b && c || d; e\nf", vec![vec!["a"], vec!["b"], vec!["c"], vec!["d"], vec!["e"], vec!["f"]]),
        ("(cd x && ls) > out", vec![vec!["cd", "x"], vec!["ls"], vec![]]),
        ("echo $(cat x)", vec![vec!["cat", "x"], vec!["echo", "$(cat x)"]]),
        ("echo `cat x`", vec![vec!["cat", "x"], vec!["echo", "`cat x`"]]),
        (
            "diff <(ls a) <(ls b)",
            vec![vec!["ls", "a"], vec!["ls", "b"], vec!["diff", "/dev/fd/63", "/dev/fd/63"]],
        ),
        (
            "if a; then b; elif c; then d; else e; fi",
            vec![vec!["a"], vec!["b"], vec!["c"], vec!["d"], vec!["e"]],
        ),
        ("while a; do b; done", vec![vec!["a"], vec!["b"]]),
        ("cat <<'E'\n$(rm x)\nE", vec![vec!["cat"]]),
        ("cat <<< \"$(rm x)\"", vec![vec!["rm", "x"], vec!["cat"]]),
        ("dd of=x", vec![vec!["dd", "of=x"]]),
        ("case $(a) in b) c;; esac", vec![vec!["a"], vec!["c"]]),
        ("a # b", vec![vec!["a"]]),
        ("! a", vec![vec!["a"]]),
    ];
    for (line, expected) in table {
        assert_eq!(words(line), expected, "{line}");
    }
}

#[test]
fn what_is_not_known_beforehand_is_open() {
    for word in [
        "$x", "${x:-y}", "\"$x\"", "$((1+1))", "$'a'", "$\"a\"", "a{b,$c}", "{1..3}", "~root/x", "=ls",
        "'*'*", "~+", "[ab]", "x[!]]", "$(ls)",
    ] {
        let script = read(&format!("cat {word}"), "/home/x").unwrap();
        let last = script.invocations.last().unwrap().words.last().unwrap();
        assert!(matches!(last, Word::Open { only_output: false, .. }), "{word}: {last:?}");
    }
    for word in ["*.rs", "a?b"] {
        let script = read(&format!("cat {word}"), "/home/x").unwrap();
        assert!(matches!(script.invocations[0].words[1], Word::Glob(_)), "{word}");
    }
}

#[test]
fn forms_that_are_more_than_programs_are_odd() {
    let table = [
        ("X=1 ls", Oddity::Assignment),
        ("X=1", Oddity::Assignment),
        ("ls &", Oddity::Background),
        ("a & b", Oddity::Background),
        ("f() { ls; }; f", Oddity::Function),
        ("((x=1))", Oddity::Unread),
        ("cat <<E\n'$(rm x)'\nE", Oddity::Unread),
        ("cat <<E\n`rm x`\nE", Oddity::Unread),
        ("for f in a b; do ls; done", Oddity::Assignment),
        ("[[ -v $x ]]", Oddity::Unread),
    ];
    for (line, odd) in table {
        assert!(read(line, "").unwrap().oddities.contains(&odd), "{line}");
    }
}

#[test]
fn redirections_are_files() {
    let script = read("a < in > out 2>> err 2>&1 &> both >| over <> rw", "").unwrap();
    let files: Vec<(bool, &str)> =
        script.invocations[0].redirects.iter().map(|r| (r.writes, r.file.shown())).collect();
    assert_eq!(
        files,
        [(false, "in"), (true, "out"), (true, "err"), (true, "both"), (true, "over"), (true, "rw")]
    );
    let to_file = read("a >& out", "").unwrap();
    assert!(
        to_file.invocations[0].redirects.iter().any(|r| r.writes && r.file.shown() == "out"),
        "{to_file:?}"
    );
}

#[test]
fn what_cannot_be_read_is_said_so() {
    for line in ["ls '", "ls \"", "(ls", "if a", "ls )", "a &&", "$(", "cat <<E\nx"] {
        match read(line, "") {
            Err(Unreadable::Syntax) => {}
            other => panic!("{line}: {other:?}"),
        }
    }
    assert_eq!(read("ls\u{1b}[2K", ""), Err(Unreadable::Hidden));
    assert_eq!(read("ls \u{202e}x", ""), Err(Unreadable::Hidden));
    assert_eq!(read(&"(".repeat(10_000), ""), Err(Unreadable::TooLarge));
    assert_eq!(read(&"a ".repeat(20_000), ""), Err(Unreadable::TooLarge));
    assert_eq!(read(&"echo $(".repeat(1000), ""), Err(Unreadable::TooLarge));
}

/// What is too much is said to be too much, at the very next step over the bound, and is not begun with.
#[test]
fn size_and_nesting_are_bounded() {
    let nested = |depth: usize| format!("{}ls{}", "(".repeat(depth), ")".repeat(depth));
    let table = [
        (format!("echo {}", "a".repeat(32 * 1024 - 5)), true),
        (format!("echo {}", "a".repeat(32 * 1024 - 4)), false),
        ("a ".repeat(1_000), true),
        ("a ".repeat(1_001), false),
        ("ls;".repeat(1_000), true),
        ("ls;".repeat(1_001), false),
        (nested(8), true),
        (nested(9), false),
        ("if a;then b;fi;".repeat(16), true),
        ("if a;then b;fi;".repeat(17), false),
        (format!("echo {}", "\"$(ls)\"".repeat(16)), true),
        (format!("echo {}", "\"$(ls)\"".repeat(17)), false),
    ];
    for (line, within) in table {
        match read(&line, "") {
            Ok(_) => assert!(within, "{line:.60}"),
            Err(unreadable) => {
                assert_eq!(unreadable, Unreadable::TooLarge, "{line:.60}");
                assert!(!within, "{line:.60}");
            }
        }
    }
    assert!(Unreadable::TooLarge.why().contains("too long or too deeply nested"));
}
