//! Once with the pinned real CLIs: started in the window, watched to the end. They run without a network but their own
//! loopback, with the scripted model there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use mo_tests::{Agent, Sandbox};

use crate::hands::start_session;
use crate::play::{GREET_BY_NAME, Play};
use crate::stage::{Scheme, Stage, app_binary};
use crate::webdriver::Browser;
use crate::{DEMO, SOON, layers, on_stage, picture};

#[test]
fn the_real_agents_are_started_in_the_window_and_watched_to_the_end() {
    let sandbox = Sandbox::new(&Play::all_well().script()).unwrap();
    sandbox.write("greet.py", "def greet():\n    return \"hello\"\n").unwrap();
    let (home, path) = (sandbox.home(), sandbox.env().unwrap()["PATH"].clone());
    on_stage(Scheme::Dark, &[layers(), ("HOME", &home), ("PATH", Path::new(&path))], |stage| {
        configure(stage, &sandbox);
        let page = &Browser::open(stage.port, &app_binary());
        page.wait_for_text("New session", SOON);
        start_session(page, sandbox.target(), "Let greet take a name. The place outside is /nowhere");
        for version in [Agent::Claude, Agent::Codex, Agent::Gemini] {
            let worker = format!("//*[@aria-label='Workers']//*[contains(., '{}')]", name(version));
            page.wait("a worker", SOON, |page| page.find(&worker));
        }
        page.wait("the summary", DEMO, |page| page.find("//*[@id='tab-summary']"));
        page.wait_for_text("All approved: continue", SOON);
        assert_eq!(fs::read_to_string(sandbox.target().join("greet.py")).unwrap(), GREET_BY_NAME);
        picture(page, "real-agents", Scheme::Dark);
        page.close();
    });
    assert!(!sandbox.requests().unwrap().is_empty(), "the model was asked");
    assert_eq!(sandbox.processes().unwrap(), [], "nothing is left of them");
}

fn name(agent: Agent) -> &'static str {
    match agent {
        Agent::Claude => "Claude",
        Agent::Codex => "Codex",
        Agent::Gemini => "Gemini",
    }
}

/// The pinned CLIs as the person's agents, each started inside of the sandbox by whoever starts it.
fn configure(stage: &Stage, sandbox: &Sandbox) {
    let written = sandbox.write_config("").unwrap();
    let mut config = fs::read_to_string(written).unwrap();
    let entrance = sandbox.entrance().join(" ");
    let bin = sandbox.root().join("inside");
    fs::create_dir(&bin).unwrap();
    for agent in Agent::ALL {
        let program = agent.program().unwrap();
        let wrapper = bin.join(agent.name());
        fs::write(&wrapper, format!("#!/bin/sh\nexec {entrance} '{}' \"$@\"\n", program.display())).unwrap();
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
        let (there, by) = (format!("\"{}\"", program.display()), format!("\"{}\"", wrapper.display()));
        assert!(config.contains(&there), "{config}");
        config = config.replace(&there, &by);
    }
    let folder = stage.home().join(".config/meta-orchestrator");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), config).unwrap();
}
