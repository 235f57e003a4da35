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
        || matches!(c, '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}' | '\u{E0000}'..='\u{E007F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
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

/// Whether here-documents, wherever a `<<` stands, are more than the parser can be trusted with. It comes to no end with
/// some that end at more than a word of letters, or stand beside or in a substitution: `<<E$( >#$(`, `<<E|$((`.
pub(super) fn documents_in_doubt(line: &str) -> bool {
    let (mut rest, mut begun, mut body) = (line, 0, None);
    while let Some(at) = rest.find('<') {
        let after = rest[at..].trim_start_matches('<');
        // Three are a here-string, unless the first of them is escaped.
        let run = rest.len() - at - after.len();
        if run % 3 == 2 || (run % 3 == 0 && rest[..at].ends_with('\\')) {
            let word = after.strip_prefix('-').unwrap_or(after).trim_start_matches([' ', '\t']);
            let word = word.split([' ', '\t', '\n', ';', '&', '|', '<', '>', ')']).next().unwrap_or_default();
            if !ends_plainly(word) {
                return true;
            }
            begun += 1;
            body = Some((line.len() - after.len(), word.trim_matches(['\'', '"'])));
        }
        rest = after;
    }
    let Some((at, word)) = body else { return false };
    match around_body(line, at, word).filter(|_| begun == 1) {
        Some((before, after)) => nests(before) || nests(after),
        None => nests(line),
    }
}

/// What stands before and behind the text of a here-document that begins on the line at this place.
fn around_body<'a>(line: &'a str, at: usize, word: &str) -> Option<(&'a str, &'a str)> {
    let from = at + line[at..].find('\n')?;
    let (before, body) = line.split_at(from);
    let whole = ['\'', '"'].iter().all(|quote| before.matches(*quote).count() % 2 == 0);
    let ended = || {
        let mut place = 0;
        body.split_inclusive('\n').find_map(|row| {
            place += row.len();
            (row.trim_start_matches('\t').trim_end_matches('\n') == word).then_some(place)
        })
    };
    whole.then(|| (before, &body[ended().unwrap_or(body.len())..]))
}

/// Whether there may be a substitution, an expansion, arithmetic or a pattern in brackets in it.
fn nests(text: &str) -> bool {
    let before = std::iter::once(' ').chain(text.chars());
    before.zip(text.chars()).any(|(before, c)| {
        c == '`' || (before == '$' && "({[".contains(c)) || (c == '(' && "(<>=@?*+!$".contains(before))
    })
}

/// A delimiter of letters, as it is or wholly in quotes.
pub(super) fn ends_plainly(delimiter: &str) -> bool {
    let quoted = |quote: char| delimiter.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let bare = quoted('\'').or_else(|| quoted('"')).unwrap_or(delimiter);
    !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
