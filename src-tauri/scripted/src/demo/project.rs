//! The sample project: a to-do list for the terminal.

use crate::script::Step;

/// Its files.
pub(super) const FILES: [(&str, &str); 4] = [
    ("README.md", include_str!("../../demo/project/README.md")),
    ("store.py", include_str!("../../demo/project/store.py")),
    ("todo.py", include_str!("../../demo/project/todo.py")),
    ("test_todo.py", include_str!("../../demo/project/test_todo.py")),
];

/// A file of the project as it is after these steps.
pub(super) fn after(steps: &[Step], file: &str) -> String {
    let start = FILES.iter().find(|(name, _)| *name == file).map_or("", |(_, text)| *text);
    steps.iter().fold(start.to_owned(), |text, step| match step {
        Step::Edit { path, find, replace } if path == file => text.replacen(find.as_str(), replace, 1),
        Step::Write { path, content } if path == file => content.clone(),
        _ => text,
    })
}

/// The number of the first line that holds a text, from 1.
pub(super) fn line_with(text: &str, part: &str) -> Option<u32> {
    let index = text.lines().position(|line| line.contains(part))?;
    u32::try_from(index + 1).ok()
}
