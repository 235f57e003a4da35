//! What the window remembers of new sessions: the choices last made in each folder. It is the app's own, in a file in the
//! data folder; without it nothing is lost but comfort.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::dto::Choices;

/// The file's name in the data folder.
const FILE: &str = "window.json";
/// How many folders are remembered; the oldest go first.
const MAX_FOLDERS: usize = 200;
/// How many of them are offered.
const RECENT: usize = 8;

/// The choices by folder.
#[derive(Debug, Clone)]
pub struct Memory {
    file: PathBuf,
    /// One writer at a time.
    writing: Arc<Mutex<()>>,
}

/// The form of the file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// Newest first.
    #[serde(default)]
    folders: Vec<Folder>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Folder {
    path: PathBuf,
    choices: Choices,
}

impl Memory {
    /// The memory of a data folder.
    pub fn beside(data: &Path) -> Self {
        Self { file: data.join(FILE), writing: Arc::default() }
    }

    /// What was chosen last in that folder, and the newest folders that are still there.
    pub async fn of(&self, target: &Path) -> (Option<Choices>, Vec<String>) {
        let (file, target) = (self.file.clone(), target.to_owned());
        let looked = tokio::task::spawn_blocking(move || {
            let kept = read(&file);
            let recent = kept.folders.iter().filter(|folder| folder.path.is_dir()).take(RECENT);
            let recent = recent.map(|folder| folder.path.display().to_string()).collect();
            let choices = kept.folders.into_iter().find(|folder| folder.path == target);
            (choices.map(|folder| folder.choices), recent)
        });
        looked.await.unwrap_or_default()
    }

    /// Whether there was no memory yet; from now on there is.
    pub async fn begin(&self) -> bool {
        let file = self.file.clone();
        let begun = tokio::task::spawn_blocking(move || {
            let first = !file.exists();
            if first && let Err(error) = write(&file, &Kept::default()) {
                tracing::warn!(%error, "it is not remembered that the app was opened");
            }
            first
        });
        begun.await.unwrap_or(false)
    }

    /// Remembers what was chosen in a folder. That it cannot be written is logged and no reason to start nothing.
    pub async fn keep(&self, path: PathBuf, choices: Choices) {
        let memory = self.clone();
        let written = tokio::task::spawn_blocking(move || {
            let _one = memory.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let mut kept = read(&memory.file);
            kept.folders.retain(|folder| folder.path != path);
            kept.folders.insert(0, Folder { path, choices });
            kept.folders.truncate(MAX_FOLDERS);
            write(&memory.file, &kept)
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the choices are not remembered"),
            Err(error) => tracing::warn!(%error, "the choices are not remembered"),
        }
    }
}

/// What is in the file; nothing where it is not there or is no such file.
fn read(file: &Path) -> Kept {
    let text = std::fs::read(file).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn write(file: &Path, kept: &Kept) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("/"));
    // 0600, as everything in the data folder.
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    fresh.write_all(&serde_json::to_vec_pretty(kept)?)?;
    fresh.persist(file).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(team: &str) -> Choices {
        Choices {
            team: team.to_owned(),
            permission: "ask".to_owned(),
            isolation: "in-place".to_owned(),
            fix_rounds: "1".to_owned(),
            time_limit: String::new(),
            money_limit: String::new(),
        }
    }

    #[tokio::test]
    async fn the_last_choices_of_a_folder_are_kept_and_what_is_gone_is_not_offered() {
        let data = tempfile::tempdir().unwrap();
        let (here, gone) = (data.path().to_owned(), PathBuf::from("/nowhere/at/all"));
        let memory = Memory::beside(data.path());
        assert_eq!(memory.of(&here).await, (None, vec![]));
        assert_eq!((memory.begin().await, memory.begin().await), (true, false));
        for (path, team) in [(&here, "solo"), (&gone, "trio"), (&here, "pair")] {
            memory.keep(path.clone(), choices(team)).await;
        }
        let again = Memory::beside(data.path());
        assert_eq!(again.of(&here).await, (Some(choices("pair")), vec![here.display().to_string()]));
        std::fs::write(data.path().join(FILE), "{ broken").unwrap();
        assert_eq!(again.of(&here).await, (None, vec![]));
    }
}
