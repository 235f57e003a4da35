//! Whether a line may be read at all.

use super::json::{malformed, too_long};
use crate::protocol::{Exchange, Line};

/// Up to this length a line cannot hold enough values to matter.
const SHORT: usize = 256 * 1024;
/// The most values in a longer line. Each may take hundreds of bytes when it is read, a hundred times what it takes
/// in the line; no message of a CLI comes near.
const MAX_VALUES: usize = 100_000;

/// The bytes of a line that can be read in a bounded amount of memory; for one that cannot, an event says why.
pub fn readable<'a>(line: Line<'a>, out: &mut Exchange) -> Option<&'a [u8]> {
    match line {
        Line::Whole(line) if is_dense(line) => {
            out.event(malformed(line, "the line has too many values"));
            None
        }
        Line::Whole(line) => Some(line),
        Line::TooLong { excerpt, bytes } => {
            out.event(too_long(excerpt, bytes));
            None
        }
    }
}

/// Whether a JSON text has more values than any message has. One pass, no memory.
pub fn is_dense(line: &[u8]) -> bool {
    if line.len() <= SHORT {
        return false;
    }
    let (mut values, mut in_string, mut escaped) = (0_usize, false, false);
    for &byte in line {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => in_string = true,
                b'{' | b'[' | b',' => values += 1,
                _ => {}
            }
        }
    }
    values > MAX_VALUES
}
