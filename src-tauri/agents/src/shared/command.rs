//! Argument lists as a shell line.

/// The arguments joined so that a POSIX shell would split them into the same list again.
pub fn quote<'a>(args: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for arg in args {
        if !line.is_empty() {
            line.push(' ');
        }
        quote_into(arg, &mut line);
    }
    line
}

fn quote_into(arg: &str, line: &mut String) {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&b);
    if !arg.is_empty() && arg.bytes().all(plain) {
        line.push_str(arg);
        return;
    }
    line.push('\'');
    for (i, part) in arg.split('\'').enumerate() {
        if i > 0 {
            line.push_str("'\\''");
        }
        line.push_str(part);
    }
    line.push('\'');
}
