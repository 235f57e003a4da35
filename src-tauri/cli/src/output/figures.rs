//! Numbers as a person reads them.

/// `950 tok`, `12.3k tok`, `4.5M tok`.
pub(crate) fn tokens(count: u64) -> String {
    let scaled = |unit: u64, letter: char| {
        let tenths = count / (unit / 10);
        if tenths >= 1_000 {
            format!("{}{letter} tok", tenths / 10)
        } else {
            format!("{}.{}{letter} tok", tenths / 10, tenths % 10)
        }
    };
    match count {
        0..=999 => format!("{count} tok"),
        1_000..=999_999 => scaled(1_000, 'k'),
        _ => scaled(1_000_000, 'M'),
    }
}

/// `$0.12`, or that nobody told: never `$0` for what is not known.
pub(crate) fn cost(usd: Option<f64>, known: f64) -> String {
    match usd {
        None if known > 0.0 => format!("{} + unknown", cost(Some(known), known)),
        None => "cost unknown".to_owned(),
        Some(usd) if usd > 0.0 && usd < 0.01 => "<$0.01".to_owned(),
        Some(usd) => format!("${usd:.2}"),
    }
}

/// `0.8 s`, `42 s`, `7 min 5 s`, `1 h 7 min`.
pub(crate) fn duration(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..=9 => format!("{seconds}.{} s", ms / 100 % 10),
        10..=59 => format!("{seconds} s"),
        60..=3_599 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// `07:05`, `1:07:05`: what a clock that runs shows.
pub(crate) fn elapsed(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

/// `1 file`, `2 files`.
pub(crate) fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// As a POSIX shell takes it: bare where that is safe, else in quotes.
pub(crate) fn shell_word(word: &str) -> String {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&b);
    if !word.is_empty() && word.bytes().all(safe) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_short() {
        let table = [
            (0, "0 tok"),
            (999, "999 tok"),
            (1_000, "1.0k tok"),
            (12_345, "12.3k tok"),
            (123_456, "123k tok"),
            (4_560_000, "4.5M tok"),
        ];
        for (count, shown) in table {
            assert_eq!(tokens(count), shown);
        }
    }

    #[test]
    fn an_unknown_cost_is_never_zero() {
        assert_eq!(cost(None, 0.0), "cost unknown");
        assert_eq!(cost(None, 0.06), "$0.06 + unknown");
        assert_eq!(cost(Some(0.0), 0.0), "$0.00");
        assert_eq!(cost(Some(0.004), 0.004), "<$0.01");
        assert_eq!(cost(Some(1.239), 1.239), "$1.24");
    }

    #[test]
    fn times_and_counts() {
        let table = [
            (0, "0.0 s"),
            (899, "0.8 s"),
            (42_100, "42 s"),
            (425_000, "7 min 5 s"),
            (4_025_000, "1 h 7 min"),
        ];
        for (ms, shown) in table {
            assert_eq!(duration(ms), shown);
        }
        assert_eq!((elapsed(425_999), elapsed(4_025_000)), ("07:05".to_owned(), "1:07:05".to_owned()));
        assert_eq!((counted(1, "file"), counted(0, "file")), ("1 file".to_owned(), "0 files".to_owned()));
    }

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word("/a/b-1.c"), "/a/b-1.c");
        assert_eq!(shell_word("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell_word(""), "''");
    }
}
