//! What every command starts from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mo_engine::config::Config;
use mo_engine::environment::Environment;

use crate::args::Global;
use crate::errors::{Failure, exit};
use crate::output::Out;
use crate::places::Places;

/// Our environment, options and output.
pub(crate) struct Context {
    /// Our environment at the start. What is no UTF-8 is not in it.
    pub(crate) vars: BTreeMap<String, String>,
    /// Options of every command.
    pub(crate) global: Global,
    /// Our stdout.
    pub(crate) out: Out,
}

impl Context {
    /// Takes our process's environment.
    pub(crate) fn new(global: Global) -> Self {
        let vars: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let out = Out::new(global.json, |name| vars.get(name).cloned());
        Self { vars, global, out }
    }

    /// Where the configuration and the data folder are.
    pub(crate) fn places(&self) -> Result<Places, Failure> {
        // Paths may hold any bytes, so they are asked for again.
        let var = |name: &str| std::env::var_os(name).map(PathBuf::from);
        Places::find(self.global.config.clone(), self.global.data_dir.clone(), var)
    }

    /// Our environment as the engine takes it.
    pub(crate) fn environment(&self, config: &Config) -> Result<Environment, Failure> {
        Environment::new(self.vars.clone(), config.agent_environment()).map_err(|error| {
            Failure::new(
                exit::USAGE,
                error.code(),
                error.to_string(),
                "give agents fewer or shorter variables whose names say KEY, TOKEN, SECRET or PASSWORD",
            )
        })
    }
}

/// The configuration in effect.
pub(crate) fn read_config(places: &Places) -> Result<Config, Failure> {
    let (file, named) = places.config()?;
    Ok(Config::read(file, named)?)
}
