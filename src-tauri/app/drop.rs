//! A folder that is dragged onto the window. The page hears only what it can use: that something hovers, and which folder
//! it was.

use std::path::PathBuf;

use tauri::{AppHandle, DragDropEvent, Emitter};

use crate::WINDOW;
use crate::dto::{Dropped, Refusal};
use crate::picker::as_text;

/// The event's name.
pub const DROP: &str = "drop";

/// Tells the page what is dragged over it or was let go.
pub(crate) fn tell(app: &AppHandle, moved: &DragDropEvent) {
    let told = match moved {
        DragDropEvent::Enter { .. } => Dropped::Hovers,
        DragDropEvent::Leave => Dropped::Left,
        DragDropEvent::Drop { paths, .. } => dropped(paths),
        _ => return,
    };
    if let Err(error) = app.emit_to(WINDOW, DROP, told) {
        tracing::warn!("a drop did not reach the window: {error}");
    }
}

/// What was let go: one folder, or why that is no use.
fn dropped(paths: &[PathBuf]) -> Dropped {
    let refused = |code, message: &str| Dropped::Refused {
        refusal: Refusal::new(code, message, "drop the one folder that the team is to work on"),
    };
    match paths {
        [] => refused("drop_empty", "what was dropped is no folder"),
        [one] if one.is_dir() => match as_text(one.clone()) {
            Ok(path) => Dropped::Folder { path },
            Err(refusal) => Dropped::Refused { refusal },
        },
        [_] => refused("drop_not_a_folder", "what was dropped is a file"),
        several => refused("drop_several", &format!("{} things were dropped", several.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_folder_is_taken() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("a.txt");
        std::fs::write(&file, "x").unwrap();
        let folder = place.path().to_owned();
        let path = folder.to_str().unwrap().to_owned();
        assert_eq!(dropped(std::slice::from_ref(&folder)), Dropped::Folder { path });
        for (paths, expected) in [
            (vec![], "drop_empty"),
            (vec![file.clone()], "drop_not_a_folder"),
            (vec![folder, file], "drop_several"),
        ] {
            match dropped(&paths) {
                Dropped::Refused { refusal } => assert_eq!(refusal.code, expected),
                other => panic!("{other:?}"),
            }
        }
    }
}
