//! The change that an agent shows as old and new text, as a short readable diff.

use crate::shared::text::{LONG, cut};

/// The lines that differ between two texts, under a heading with the path; lines that both begin or end with are
/// left out. `None` as old text means a new file. Cut to the size that an event carries.
pub(super) fn diff_text(path: &str, old: Option<&str>, new: &str) -> String {
    let old = old.unwrap_or("");
    let (before, after): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let shorter = before.len().min(after.len()) - head;
    let tail = before.iter().rev().zip(after.iter().rev()).take(shorter).take_while(|(a, b)| a == b).count();
    let gone = before.get(head..before.len() - tail).unwrap_or_default();
    let come = after.get(head..after.len() - tail).unwrap_or_default();
    let mut text = format!("--- {path}\n+++ {path}\n@@ line {} @@\n", head + 1);
    for (sign, lines) in [('-', gone), ('+', come)] {
        for line in lines {
            if text.len() > LONG {
                return cut(&text, LONG);
            }
            text.push(sign);
            text.push_str(line);
            text.push('\n');
        }
    }
    cut(&text, LONG)
}
