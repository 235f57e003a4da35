//! Where this program's own command `orchestrate` is: the window shows lines of it for a terminal.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use mo_process::{Spawner, find_program};

use crate::environment::Environment;
use crate::roster::said_version;

const NAME: &str = "orchestrate";

/// The command that a person's terminal runs, or else the one that came with the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCommand {
    /// Absolute.
    pub path: PathBuf,
    /// Whether a terminal finds it by its name.
    pub on_path: bool,
    /// What it says to `--version`, such as `orchestrate 0.1.0`.
    pub version: Option<String>,
}

/// Looks on our own PATH and the login shell's, then beside `program`. `None` when it is in neither place.
pub async fn own_command(
    spawner: &dyn Spawner,
    environment: &Environment,
    program: &Path,
) -> Option<OwnCommand> {
    let (path, on_path) = place(environment, program)?;
    let version = said_version(spawner, &path, Vec::new()).await;
    Some(OwnCommand { path, on_path, version })
}

fn place(environment: &Environment, program: &Path) -> Option<(PathBuf, bool)> {
    let within = |folder: &Path| find_program(OsStr::new(NAME), folder.as_os_str());
    let on_path = environment.path_folders().iter().find_map(|(_, folder)| within(folder));
    let beside = || program.parent().and_then(within);
    on_path.map(|path| (path, true)).or_else(|| Some((beside()?, false)))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::{Environment, Path, place};
    use crate::config::Config;

    #[test]
    fn what_a_terminal_would_run_counts_before_what_lies_beside_the_program() {
        let stage = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let folder = stage.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            folder
        };
        let (own, on_path, empty) = (folder("of the app"), folder("bin"), folder("empty"));
        let path = |folders: &[&Path]| {
            let path = std::env::join_paths(folders).unwrap().into_string().unwrap();
            Environment::new(vec![("PATH".to_owned(), path)], Config::default().agent_environment()).unwrap()
        };
        let program = own.join("meta-orchestrator");
        assert_eq!(place(&path(&[&empty, &on_path]), &program), None, "it is nowhere");
        assert_eq!(place(&path(&[]), Path::new("/")), None, "a program without a folder");

        std::fs::write(on_path.join("orchestrate"), "#!/bin/sh\n").unwrap();
        assert_eq!(place(&path(&[&on_path]), &program), None, "what cannot be run is no command");

        symlink("/bin/sh", own.join("orchestrate")).unwrap();
        assert_eq!(place(&path(&[&empty]), &program), Some((own.join("orchestrate"), false)));

        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(on_path.join("orchestrate"), mode).unwrap();
        assert_eq!(place(&path(&[&empty, &on_path]), &program), Some((on_path.join("orchestrate"), true)));
    }
}
