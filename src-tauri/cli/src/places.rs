//! Where the configuration and the data folder are.

use std::path::{Path, PathBuf};

use crate::errors::{Failure, exit};

/// The folder's name under the XDG folders.
const NAME: &str = "meta-orchestrator";

/// The two places that everything starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    /// The configuration file, which need not exist unless it was named. What reads no configuration needs no place
    /// for it.
    config: Option<PathBuf>,
    config_named: bool,
    /// The data folder, which need not exist.
    pub(crate) data: PathBuf,
    /// Whether the person named it.
    pub(crate) data_named: bool,
}

impl Places {
    /// What was named, else the XDG folders of the environment.
    pub(crate) fn find(
        config: Option<PathBuf>,
        data: Option<PathBuf>,
        var: impl Fn(&str) -> Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let (config_named, data_named) = (config.is_some(), data.is_some());
        let under = |xdg: &str, below_home: &str| {
            // The XDG specification: a relative path counts as not set.
            let set = |name: &str| var(name).filter(|path| path.is_absolute());
            set(xdg).or_else(|| Some(set("HOME")?.join(below_home)))
        };
        let config = match config {
            Some(file) => Some(absolute(&file)?),
            None => under("XDG_CONFIG_HOME", ".config").map(|folder| folder.join(NAME).join("config.toml")),
        };
        let data = match data {
            Some(folder) => absolute(&folder)?,
            None => under("XDG_DATA_HOME", ".local/share")
                .ok_or_else(|| homeless("XDG_DATA_HOME", "--data-dir"))?
                .join(NAME),
        };
        Ok(Self { config, config_named, data, data_named })
    }

    /// The configuration file, and whether the person named it.
    pub(crate) fn config(&self) -> Result<(&Path, bool), Failure> {
        let file = self.config.as_deref().ok_or_else(|| homeless("XDG_CONFIG_HOME", "--config"))?;
        Ok((file, self.config_named))
    }
}

fn homeless(xdg: &str, option: &str) -> Failure {
    Failure::new(
        exit::USAGE,
        "no_home",
        format!("neither HOME nor {xdg} is set to an absolute path"),
        format!("set HOME, or name the place with {option}"),
    )
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| {
        Failure::new(
            exit::USAGE,
            "bad_path",
            format!("`{}` is no path: {error}", path.display()),
            "name a path",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(config: Option<&str>, data: Option<&str>, vars: &[(&str, &str)]) -> Result<Places, Failure> {
        let var = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| PathBuf::from(value));
        Places::find(config.map(PathBuf::from), data.map(PathBuf::from), var)
    }

    #[test]
    fn what_is_named_wins_then_xdg_then_home() {
        let vars = [("HOME", "/h"), ("XDG_DATA_HOME", "/x"), ("XDG_CONFIG_HOME", "relative")];
        let places = find(None, None, &vars).unwrap();
        assert_eq!(places.data, Path::new("/x/meta-orchestrator"));
        let config = Path::new("/h/.config/meta-orchestrator/config.toml");
        assert_eq!((places.config().unwrap(), places.data_named), ((config, false), false));
        let places = find(Some("/c.toml"), Some("/d"), &[]).unwrap();
        assert_eq!(
            (places.config().unwrap(), places.data.as_path()),
            ((Path::new("/c.toml"), true), Path::new("/d"))
        );
        assert!(places.data_named);
    }

    #[test]
    fn without_a_home_the_places_must_be_named() {
        let Err(Failure::Said(told)) = find(Some("/c.toml"), None, &[]) else { panic!() };
        assert_eq!((told.code.as_ref(), told.exit), ("no_home", 2));
        assert!(told.hint.unwrap().contains("--data-dir"));
        // Asked for only by what reads it.
        let places = find(None, Some("/d"), &[]).unwrap();
        let Err(Failure::Said(told)) = places.config() else { panic!() };
        assert!(told.hint.unwrap().contains("--config"));
    }
}
