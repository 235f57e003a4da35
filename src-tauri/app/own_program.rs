//! The program that this process runs. A package's upgrade puts another file in the place of its own, under a running
//! app too: what is started again must be this very program, and the person is told that a newer one waits.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Where the program was when it was started.
#[derive(Debug, Clone)]
pub struct OwnProgram {
    place: PathBuf,
    again: PathBuf,
}

/// What stands where the program was started from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It still.
    Same,
    /// Another file: it was upgraded.
    Replaced,
    /// Nothing: it was removed.
    Removed,
}

static FOUND: OnceLock<OwnProgram> = OnceLock::new();

impl OwnProgram {
    /// This process's. Asked first when it starts: later the system may name a file that is gone.
    ///
    /// # Errors
    /// When the system does not tell where it is.
    pub fn find() -> std::io::Result<Self> {
        if let Some(found) = FOUND.get() {
            return Ok(found.clone());
        }
        let place = std::env::current_exe()?;
        let again = match std::process::id() {
            // The program as it runs, whatever becomes of its file; the link is good in other processes too.
            pid if cfg!(target_os = "linux") => PathBuf::from(format!("/proc/{pid}/exe")),
            _ => place.clone(),
        };
        Ok(FOUND.get_or_init(|| Self { place, again }).clone())
    }

    /// Another program than this process's, which is taken to stay where it is.
    pub fn at(place: PathBuf) -> Self {
        Self { again: place.clone(), place }
    }

    /// Where it was when it was started: beside it is what was installed with it.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// A path that starts this very program for as long as this process lives.
    pub fn again(&self) -> &Path {
        &self.again
    }

    /// What stands in its place now. Where that cannot be told, it still.
    pub fn stands(&self) -> Place {
        stands(&self.again, &self.place)
    }
}

#[cfg(unix)]
fn stands(running: &Path, place: &Path) -> Place {
    use std::os::unix::fs::MetadataExt;
    let file = |path: &Path| path.metadata().map(|found| (found.dev(), found.ino()));
    match (file(running), file(place)) {
        (Ok(running), Ok(there)) if running != there => Place::Replaced,
        (Ok(_), Err(error)) if error.kind() == std::io::ErrorKind::NotFound => Place::Removed,
        _ => Place::Same,
    }
}

/// Elsewhere the file of a program that runs cannot be replaced, or is part of a folder that is replaced as a whole.
#[cfg(not(unix))]
fn stands(_: &Path, _: &Path) -> Place {
    Place::Same
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::{OwnProgram, Place};

    #[test]
    fn a_program_whose_file_is_replaced_or_removed_knows_it() {
        let folder = tempfile::tempdir().unwrap();
        let [place, kept, newer] = ["app", "kept", "app.dpkg-new"].map(|name| folder.path().join(name));
        fs::write(&place, "old").unwrap();
        // As the system keeps the file of a program that runs.
        fs::hard_link(&place, &kept).unwrap();
        let program = OwnProgram { place: place.clone(), again: kept };
        assert_eq!(program.stands(), Place::Same);
        fs::write(&newer, "new").unwrap();
        fs::rename(&newer, &place).unwrap();
        assert_eq!(program.stands(), Place::Replaced);
        fs::remove_file(&place).unwrap();
        assert_eq!(program.stands(), Place::Removed);
    }

    #[test]
    fn this_process_finds_itself_and_starts_again_by_a_path_that_holds() {
        let program = OwnProgram::find().unwrap();
        assert_eq!(program.stands(), Place::Same);
        assert_eq!(program.again().canonicalize().unwrap(), program.place().canonicalize().unwrap());
        assert_eq!(OwnProgram::at("/app".into()).again(), OwnProgram::at("/app".into()).place());
    }
}
