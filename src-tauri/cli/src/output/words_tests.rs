use super::*;

#[test]
fn escape_sequences_go_whole() {
    let table = [
        ("\u{1b}[31mred\u{1b}[0m", "red"),
        ("a\u{1b}]0;title\u{7}b", "ab"),
        ("a\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\b", "alinkb"),
        ("\u{9b}2Jx", "x"),
        ("\u{9d}0;t\u{9c}x", "x"),
        ("a\u{1b}(Bb", "ab"),
        ("a\u{1b}cb", "ab"),
        ("a\u{1b}]0;never ended", "a"),
        ("a\u{1b}]0;never\nended", "a ended"),
        ("a\u{1b}", "a"),
        ("a\u{1b}[", "a"),
        ("\u{1b}\u{1b}[2Jx", "x"),
        ("\u{1b}[38;5;1", ""),
    ];
    for (text, expected) in table {
        assert_eq!(one_line(text), expected, "{text:?}");
    }
}

#[test]
fn what_turns_or_hides_text_goes() {
    assert_eq!(one_line("ab\u{202e}cd\u{2066}e\u{200f}\u{feff}\u{e0041}"), "abcde");
    assert_eq!(one_line("a\u{8}\u{7f}\0b\r"), "ab");
    assert_eq!(block("a\r\nb\tc\rd"), "a\nb\tcd");
    assert_eq!(one_line("a\nb\tc"), "a b c");
    assert_eq!(marked("if ok\u{202e} {\u{1b}[8mhidden\u{1b}[0m"), "if ok\u{fffd} {\u{fffd}hidden\u{fffd}");
}

#[test]
fn plain_text_is_not_copied() {
    for text in ["", "naïve 日本語 👩‍🚀", "a – b"] {
        assert!(matches!(one_line(text), Cow::Borrowed(same) if same == text));
    }
}

/// Any mix of the dangerous pieces comes out harmless, and twice is as once.
#[test]
fn no_mix_gets_through() {
    let pieces =
        ["\u{1b}", "[", "]", "0;", "m", "\u{7}", "\\", "\u{9b}", "\u{202e}", "x", "\n", "\u{9d}", "P"];
    let mut seed = 0x5eed_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
        }
        let clean = block(&text).into_owned();
        assert!(clean.chars().all(is_plain), "{text:?} -> {clean:?}");
        assert_eq!(block(&clean), clean);
    }
}

#[test]
fn widths_count_columns() {
    assert_eq!(cut("日本語", 6), "日本語");
    assert_eq!(cut("日本語", 5), "日本…");
    assert_eq!(cut("日本語", 4), "日…");
    assert_eq!(cut("abc", 0), "");
    assert_eq!(fit("日", 4), "日  ");
    assert_eq!(fit("abcdef", 4), "abc…");
}

#[test]
fn the_first_line_with_something_in_it() {
    assert_eq!(first_line("\n  \n  say \u{1b}[1mit\u{1b}[0m \nmore"), "say it");
    assert_eq!(first_line(""), "");
}
