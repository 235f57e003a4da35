use super::{first_line, harmless};

#[test]
fn nothing_in_the_summary_moves_a_terminal() {
    assert_eq!(harmless("a\tplain – ünï 文\nline"), "a\tplain – ünï 文\nline");
    let hostile = "a\u{1b}]0;x\u{7}b\u{9b}2Jc\u{202e}d\u{2028}e\rf\u{0}";
    let shown = harmless(hostile);
    assert_eq!(shown, "a\u{fffd}]0;x\u{fffd}b\u{fffd}2Jc\u{fffd}d\u{fffd}e\u{fffd}f\u{fffd}");
    assert_eq!(first_line(" \u{1b}[2J one \n## two"), "\u{fffd}[2J one ");
}
