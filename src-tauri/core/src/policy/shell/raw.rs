//! What the text of a line says before it is parsed: how large it is, and where shells and parser may read it each in
//! their own way.

/// Brackets and backquotes within each other. The parser descends with them, and tries both of two readings.
pub(super) const MAX_DEPTH: usize = 8;
/// Brackets that open, where quotes may hide which of them are closed.
const MAX_OPENED: usize = 16;
/// Expansions of the form `${…}`; each is asked in any case.
const MAX_EXPANSIONS: usize = 3;
/// `&&` and `||` where there is `[[ ]]`.
const MAX_JOINED: usize = 32;

/// Control characters, and marks that turn or hide what stands beside them.
pub(super) fn hides(c: char) -> bool {
    ((c.is_control() || c.is_whitespace()) && !matches!(c, ' ' | '\n' | '\t'))
        || matches!(c, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Whether brackets and expansions may be deeper within each other than the parser can descend in good time.
pub(super) fn too_deep(line: &str) -> bool {
    let (mut depths, mut deepest, mut opened) = ([0usize; 3], 0usize, 0usize);
    for c in line.chars() {
        if let Some(kind) = ['(', '{', '['].iter().position(|open| *open == c) {
            depths[kind] += 1;
            opened += 1;
        } else if let Some(kind) = [')', '}', ']'].iter().position(|close| *close == c) {
            depths[kind] = depths[kind].saturating_sub(1);
        }
        deepest = deepest.max(depths.iter().sum());
    }
    // One that closes may do so in quotes only, and close nothing.
    let hidden = line.contains(['\'', '"', '\\', '#', '`']) && opened > MAX_OPENED;
    // `[[ a && b && … ]]` is a tree as deep as it is long.
    let joined = line.contains("[[") && line.matches("&&").count() + line.matches("||").count() > MAX_JOINED;
    joined
        || deepest + line.matches('`').count() / 2 > MAX_DEPTH
        || hidden
        || line.matches("${").count() > MAX_EXPANSIONS
}

/// An upper bound of the compound commands and negations, wherever the words stand.
pub(super) fn compounds(line: &str) -> usize {
    let words = ["if", "elif", "while", "until", "for", "case", "select", "time", "function", "coproc"];
    let named = line.split(|c: char| !c.is_alphanumeric()).filter(|word| words.contains(word)).count();
    named + line.matches('!').count()
}

/// Whether a `#` stands where shells differ in whether it begins a comment.
pub(super) fn comment_in_doubt(line: &str) -> bool {
    let before = std::iter::once(' ').chain(line.chars());
    before.zip(line.chars()).any(|(before, c)| c == '#' && ")}`;&|(<>".contains(before))
}

/// Forms that the shells, or the parser and a shell, take for different things.
pub(super) fn read_otherwise(line: &str) -> bool {
    // A line that goes on in the next one within a word, or before a `#`.
    let joined = line.match_indices("\\\n").any(|(at, _)| {
        let apart = line[..at].ends_with([' ', '\t']);
        !apart
            || !line[at + 2..]
                .trim_start_matches([' ', '\t'])
                .starts_with(|c: char| c.is_alphanumeric() || "./-_'\"".contains(c))
    });
    // `{NAME}>file` sets a variable.
    let sets = line.contains("}<") || line.contains("}>");
    // `<1-9>` is a pattern in zsh.
    let range = line.match_indices('<').any(|(at, _)| {
        line[at + 1..].split_once('>').is_some_and(|(inner, _)| {
            inner.contains('-') && inner.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        })
    });
    joined || sets || range
}

/// A delimiter of letters, as it is or wholly in quotes.
pub(super) fn ends_plainly(delimiter: &str) -> bool {
    let quoted = |quote: char| delimiter.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let bare = quoted('\'').or_else(|| quoted('"')).unwrap_or(delimiter);
    !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
