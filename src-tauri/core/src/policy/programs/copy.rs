//! `cp` and `mv`.

use super::super::shell::Word;
use super::{Doubt, Known};

/// `cp` and `mv`: every place that they read, and every place that they may write, also inside a folder that is named
/// as the last.
pub(super) fn known(words: &[Word]) -> Result<Known, Doubt> {
    let mut operands: Vec<&str> = Vec::new();
    let mut only_operands = false;
    let (mut recursive, mut onto) = (false, false);
    for word in words {
        let Some(text) = word.fixed() else {
            return Err(format!("names {}, which is known only when it runs", word.shown()));
        };
        if only_operands || !text.starts_with('-') || text == "-" {
            operands.push(text);
        } else if text == "--" {
            only_operands = true;
        } else if ["-r", "-R", "-a", "-rp", "-pr", "--recursive", "--archive"].contains(&text) {
            recursive = true;
        } else if !["-f", "-n", "-v", "-p", "-i", "-u", "-T", "-fv", "-vf", "--force", "--verbose"]
            .contains(&text)
        {
            return Err(format!("has an option that is not plain: {text}"));
        }
        onto |= text == "-T";
    }
    let Some((to, from)) = operands.split_last().filter(|(_, from)| !from.is_empty()) else {
        return Err("names no source and no destination".to_owned());
    };
    let fixed = |text: String| Word::Fixed(text);
    let mut known = Known { writes: vec![fixed((*to).to_owned())], relocates: true, ..Known::default() };
    for source in from {
        let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        if name.is_empty() || name == "." || name == ".." {
            return Err("copies a folder's content over another's".to_owned());
        }
        // What is moved goes away; what is copied is read. Judging both as both asks no more than needed.
        known.reads.push(fixed((*source).to_owned()));
        known.writes.push(fixed((*source).to_owned()));
        let inside = fixed(format!("{}/{name}", to.trim_end_matches('/')));
        known.writes.push(inside.clone());
        if recursive {
            // Into a folder that stands, it goes through the links and protected names there. Some copy what is in a
            // folder where its name ends with a slash.
            if onto || source.ends_with('/') {
                known.fresh.push(fixed((*to).to_owned()));
            }
            if known.fresh.contains(&inside) {
                return Err("copies two folders over each other".to_owned());
            }
            known.fresh.push(inside);
        }
    }
    Ok(known)
}
