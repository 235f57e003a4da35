use std::path::PathBuf;

use crate::dto::Refusal;
use crate::open::Places;

fn find(vars: &[(&str, &str)]) -> Result<Places, Refusal> {
    Places::find(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| PathBuf::from(value)))
}

#[test]
fn the_places_are_the_xdg_folders_and_else_below_the_home() {
    let places = find(&[("HOME", "/h"), ("XDG_DATA_HOME", "/x"), ("XDG_CONFIG_HOME", "relative")]).unwrap();
    assert_eq!(places.data, PathBuf::from("/x/meta-orchestrator"));
    assert_eq!(places.config, PathBuf::from("/h/.config/meta-orchestrator/config.toml"));
    assert_eq!(find(&[("XDG_DATA_HOME", "/x")]).unwrap_err().code, "no_home");
}
