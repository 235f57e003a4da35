//! Where installers put programs that are on nobody's PATH yet: looked at last of all.

use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Below the person's home, in the order in which they are looked at.
const OF_HOME: [&str; 16] = [
    ".local/bin",
    "bin",
    ".npm-global/bin",
    ".npm-packages/bin",
    ".volta/bin",
    ".bun/bin",
    ".local/share/pnpm",
    ".yarn/bin",
    ".local/share/mise/shims",
    ".asdf/shims",
    ".pyenv/shims",
    ".local/share/fnm/aliases/default/bin",
    ".cargo/bin",
    ".claude/local",
    ".opencode/bin",
    "go/bin",
];
/// Of the machine.
const OF_ALL: [&str; 4] =
    ["/usr/local/bin", "/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin", "/snap/bin"];
/// The most bytes of a configuration of npm, and the most versions of node that are looked at.
const MAX_FILE: u64 = 64 * 1024;
const MAX_VERSIONS: usize = 200;

/// All of them, whether they are there or not.
pub(crate) fn known_folders(home: Option<&Path>) -> Vec<PathBuf> {
    let of_home = home.into_iter().flat_map(|home| {
        let fixed = OF_HOME.iter().map(|folder| home.join(folder));
        npm_prefix(home).into_iter().chain(fixed).chain(node_versions(&home.join(".nvm/versions/node")))
    });
    of_home.chain(OF_ALL.iter().map(PathBuf::from)).collect()
}

/// Where npm installs globally, if the person has set that.
fn npm_prefix(home: &Path) -> Option<PathBuf> {
    let mut text = String::new();
    std::fs::File::open(home.join(".npmrc")).ok()?.take(MAX_FILE).read_to_string(&mut text).ok()?;
    let value =
        text.lines().find_map(|line| line.trim().strip_prefix("prefix")?.trim_start().strip_prefix('='))?;
    let value = value.trim().trim_matches('"');
    let inside = value.strip_prefix("~/").or_else(|| value.strip_prefix("${HOME}/"));
    let prefix = inside.map_or_else(|| PathBuf::from(value), |rest| home.join(rest));
    prefix.is_absolute().then(|| prefix.join("bin"))
}

/// nvm's versions, the newest first.
fn node_versions(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut versions: Vec<(Vec<u64>, PathBuf)> = entries
        .take(MAX_VERSIONS)
        .flatten()
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let number =
                name.trim_start_matches('v').split('.').map_while(|part| part.parse().ok()).collect();
            (number, entry.path().join("bin"))
        })
        .collect();
    versions.sort_by(|one, other| other.cmp(one));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npms_prefix_and_nvms_newest_version_come_from_the_home() {
        let home = tempfile::tempdir().unwrap();
        for version in ["v9.9.9", "v20.10.1", "v20.9.0", "system"] {
            std::fs::create_dir_all(home.path().join(".nvm/versions/node").join(version)).unwrap();
        }
        std::fs::write(home.path().join(".npmrc"), "//registry/:_authToken=x\nprefix = ~/.npm-here\n")
            .unwrap();
        let folders = known_folders(Some(home.path()));
        assert_eq!(folders[0], home.path().join(".npm-here/bin"));
        let versions: Vec<String> = folders
            .iter()
            .filter_map(|folder| folder.strip_prefix(home.path().join(".nvm/versions/node")).ok())
            .map(|folder| folder.display().to_string())
            .collect();
        assert_eq!(versions, ["v20.10.1/bin", "v20.9.0/bin", "v9.9.9/bin", "system/bin"]);
        assert!(known_folders(None).iter().all(|folder| folder.is_absolute()));
        std::fs::write(home.path().join(".npmrc"), "prefix=relative\n").unwrap();
        assert_eq!(npm_prefix(home.path()), None);
    }
}
