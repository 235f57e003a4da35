//! Shell lines for people to read.

use std::borrow::Cow;

/// What a shell is started for, where a line does nothing else: `touch a` of `/bin/bash -lc 'touch a'`, which is how
/// Codex tells of each command. Any other line is given back as it is.
pub fn inner(line: &str) -> Cow<'_, str> {
    inner_of(line).map_or(Cow::Borrowed(line), Cow::Owned)
}

fn inner_of(line: &str) -> Option<String> {
    let (program, rest) = line.split_once(' ')?;
    let name = program.rsplit('/').next()?;
    let (flag, script) = rest.split_once(' ')?;
    let runs = ["sh", "bash", "dash", "zsh"].contains(&name) && ["-c", "-lc"].contains(&flag);
    if runs { one_word(script.trim()) } else { None }
}

/// The text of what a POSIX shell reads as exactly one word that it does not expand.
fn one_word(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => loop {
                match chars.next()? {
                    '\'' => break,
                    c => text.push(c),
                }
            },
            '"' => loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => match chars.next()? {
                        c @ ('$' | '`' | '"' | '\\') => text.push(c),
                        '\n' => {}
                        c => text.extend(['\\', c]),
                    },
                    '$' | '`' => return None,
                    c => text.push(c),
                }
            },
            '\\' => text.push(chars.next()?),
            c if c.is_alphanumeric() || "_-./:=@%+,".contains(c) => text.push(c),
            _ => return None,
        }
    }
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::inner;

    #[test]
    fn a_shell_started_for_one_line_is_that_line() {
        let table = [
            ("/bin/bash -lc 'cat a.txt'", "cat a.txt"),
            ("/bin/bash -lc ls", "ls"),
            ("bash -lc \"echo 'it''s' \\$HOME\"", "echo 'it''s' $HOME"),
            (r"/usr/bin/zsh -lc 'echo '\''a'\'' | wc'", "echo 'a' | wc"),
            ("sh -c 'a\nb'", "a\nb"),
        ];
        for (line, expected) in table {
            assert_eq!(inner(line), expected, "{line}");
        }
    }

    #[test]
    fn any_other_line_stays() {
        for line in [
            "",
            "cat a.txt",
            "bash",
            "bash -lc",
            "bash -lc ''",
            "bash -lc 'open",
            "bash -lc 'a' b",
            "bash -lc 'a'; rm b",
            "bash -lc \"$(rm b)\"",
            "bash -lc `rm b`",
            "bash -x 'a'",
            "env bash -lc 'a'",
        ] {
            assert_eq!(inner(line), line);
        }
    }
}
