use std::ffi::OsString;
use std::path::PathBuf;

use mo_core::ids::AgentKind;
use mo_core::sandbox::{Guarantee, Proven};
use serde_json::Value;

use super::{SYSTEM_SETTINGS, launch, one_shot};
use crate::launch::{Access, Launch, LaunchError, LaunchSpec, Permission};

pub(super) fn spec() -> LaunchSpec {
    LaunchSpec {
        agent: AgentKind::Gemini,
        program: PathBuf::from("/usr/bin/gemini"),
        cwd: PathBuf::from("/work/p"),
        add_dirs: Vec::new(),
        access: Access::ReadOnly,
        permission: Permission::Ask,
        model: None,
        args: Vec::new(),
        resume: None,
        skip_git_repo_check: false,
        skip_trust: false,
        schema: None,
        files_dir: PathBuf::from("/files"),
    }
}

fn bypass(access: Access) -> LaunchSpec {
    let proven = Proven::by_probe(Guarantee::FOR_BYPASS);
    LaunchSpec { access, permission: Permission::Bypass(proven), ..spec() }
}

fn args(launch: &Launch) -> Vec<&str> {
    assert_eq!(launch.env, [("GEMINI_CLI_NO_RELAUNCH", "1"), ("GEMINI_TELEMETRY_ENABLED", "false")]);
    launch.args.iter().map(|arg: &OsString| arg.to_str().unwrap()).collect()
}

#[test]
fn asking_is_acp_whatever_the_access() {
    for access in [Access::ReadOnly, Access::Write] {
        let plain = launch(&LaunchSpec { access, ..spec() }).unwrap();
        let file = match access {
            Access::ReadOnly => "/files/gemini-read-only.toml",
            Access::Write => "/files/gemini-asking.toml",
        };
        assert_eq!(args(&plain), ["--acp", "--admin-policy", file]);
        assert_eq!(plain.files.iter().map(|(path, _)| path.to_str().unwrap()).collect::<Vec<_>>(), [file]);
        assert!(!plain.stdout_to_file);
    }
    let full = LaunchSpec {
        skip_trust: true,
        model: Some("gemini-2.5-flash".to_owned()),
        args: vec!["--debug".to_owned()],
        add_dirs: vec![PathBuf::from("/a b"), PathBuf::from("/c")],
        skip_git_repo_check: true,
        ..spec()
    };
    let full = launch(&full).unwrap();
    let expected = [
        "--acp",
        "--skip-trust",
        "-m",
        "gemini-2.5-flash",
        "--debug",
        "--admin-policy",
        "/files/gemini-read-only.toml",
        "--include-directories",
        "/a b",
        "--include-directories",
        "/c",
    ];
    assert_eq!(args(&full), expected);
}

#[test]
fn a_session_is_not_resumed_while_asking() {
    let refused = launch(&LaunchSpec { resume: Some("u".to_owned()), ..spec() }).unwrap_err();
    assert_eq!(refused.code(), "launch_unsupported");
}

#[test]
fn bypass_is_a_one_shot_into_a_file() {
    let plain = launch(&bypass(Access::Write)).unwrap();
    assert_eq!(args(&plain), ["--yolo", "--output-format", "stream-json"]);
    assert!(plain.stdout_to_file);
    let full = LaunchSpec {
        skip_trust: true,
        model: Some("m".to_owned()),
        args: vec!["--debug".to_owned()],
        add_dirs: vec![PathBuf::from("/a"), PathBuf::from("/b")],
        resume: Some("4c40af9b".to_owned()),
        ..bypass(Access::Write)
    };
    let full = launch(&full).unwrap();
    let expected = [
        "--skip-trust",
        "-m",
        "m",
        "--debug",
        "--yolo",
        "--resume",
        "4c40af9b",
        "--include-directories",
        "/a",
        "--include-directories",
        "/b",
        "--output-format",
        "stream-json",
    ];
    assert_eq!(args(&full), expected);
}

#[test]
fn a_read_only_one_shot_plans_and_needs_no_proof() {
    let resumed = LaunchSpec { resume: Some("u".to_owned()), ..spec() };
    let policy = ["--admin-policy", "/files/gemini-read-only.toml"];
    let expected = |more: &[&'static str]| {
        [&["--approval-mode", "plan"], &policy[..], more, &["--output-format", "stream-json"]].concat()
    };
    assert_eq!(args(&one_shot(&resumed).unwrap()), expected(&["--resume", "u"]));
    assert_eq!(args(&launch(&bypass(Access::ReadOnly)).unwrap()), expected(&[]));
    let writing = LaunchSpec { access: Access::Write, ..spec() };
    assert_eq!(one_shot(&writing).unwrap_err().code(), "launch_unsupported");
}

#[test]
fn bypass_is_refused_without_every_guarantee() {
    for missing in Guarantee::FOR_BYPASS {
        let held = Guarantee::FOR_BYPASS.into_iter().filter(|g| *g != missing);
        let permission = Permission::Bypass(Proven::by_probe(held));
        let refused = launch(&LaunchSpec { permission, ..bypass(Access::Write) }).unwrap_err();
        assert_eq!(refused, LaunchError::BypassRefused { missing: vec![missing.as_str()] });
    }
}

#[test]
fn a_folder_that_the_option_would_split_is_refused() {
    let split = LaunchSpec { add_dirs: vec![PathBuf::from("/a,b")], ..spec() };
    assert_eq!(launch(&split).unwrap_err().code(), "launch_unsupported");
    let split = LaunchSpec { files_dir: PathBuf::from("/a,b"), ..spec() };
    assert_eq!(launch(&split).unwrap_err().code(), "launch_unsupported");
}

#[test]
fn the_policies_name_a_decision_for_every_tool() {
    for (access, word) in [(Access::ReadOnly, "deny"), (Access::Write, "ask_user")] {
        let launch = launch(&LaunchSpec { access, ..spec() }).unwrap();
        let text = launch.files[0].1;
        assert!(text.contains(&format!("toolName = \"*\"\ndecision = \"{word}\"\npriority = 1\n")), "{text}");
        for free in ["run_shell_command", "write_file", "replace", "web_fetch", "google_web_search"] {
            assert!(!text.contains(free), "{free}");
        }
    }
}

#[test]
fn the_settings_are_json() {
    let settings: Value = serde_json::from_str(SYSTEM_SETTINGS).unwrap();
    assert_eq!(settings.pointer("/general/sessionRetention/enabled"), Some(&Value::Bool(false)));
    assert_eq!(settings.pointer("/privacy/usageStatisticsEnabled"), Some(&Value::Bool(false)));
}
