//! Scripted agents as the person's configured ones, on a stage.

use std::fs;
use std::path::PathBuf;

use mo_core::ids::AgentKind;
use mo_scripted::install::install;
use serde_json::{Value, json};

use crate::rig::{quick_team, verdict};
use crate::stage::{Stage, app_binary};

/// Who plans and reviews at once and approves everything, and an implementer with those turns.
pub(crate) fn approving(turns: &Value) -> [(AgentKind, Value); 3] {
    let mut team = quick_team(verdict("approved"), verdict("approved"), verdict("approved"));
    for (agent, script) in &mut team {
        let list = script["turns"].as_array_mut().unwrap();
        for turn in list.iter_mut() {
            turn["times"] = 0.into();
        }
        if *agent == AgentKind::Claude {
            script["turns"] = turns.clone();
        }
    }
    team
}

/// Sets those agents up for whoever works on the stage; the folder to work on.
pub(crate) fn with_scripts(stage: &Stage, scripts: [(AgentKind, Value); 3]) -> PathBuf {
    let folder = stage.home().join("team");
    fs::create_dir_all(&folder).unwrap();
    let files = scripts.map(|(agent, mut script)| {
        script["state_dir"] = "state".into();
        let file = folder.join(format!("{agent}.json"));
        fs::write(&file, script.to_string()).unwrap();
        (agent, file)
    });
    let programs = install(&folder.join("bin"), &app_binary(), &files, true).unwrap();
    configure(stage, &programs);
    let target = stage.home().join("project");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("a.txt"), "before\n").unwrap();
    target
}

/// Makes those programs the person's agents.
pub(crate) fn configure(stage: &Stage, programs: &[(AgentKind, PathBuf)]) {
    let agents = programs.iter().map(|(agent, path)| format!("[agents.{agent}]\npath = {}\n", json!(path)));
    let config = stage.home().join(".config/meta-orchestrator");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("config.toml"), agents.collect::<String>()).unwrap();
}
