use std::ffi::OsString;
use std::path::PathBuf;

use mo_core::ids::AgentKind;
use mo_core::sandbox::{Guarantee, Proven};

use super::launch;
use crate::launch::{Access, LaunchError, LaunchSpec, Permission};

pub(super) fn spec() -> LaunchSpec {
    LaunchSpec {
        agent: AgentKind::Codex,
        program: PathBuf::from("/usr/bin/codex"),
        cwd: PathBuf::from("/work/my project"),
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

fn bypass() -> LaunchSpec {
    let proven = Proven::by_probe(Guarantee::FOR_BYPASS);
    LaunchSpec { access: Access::Write, permission: Permission::Bypass(proven), ..spec() }
}

fn args(spec: &LaunchSpec) -> Vec<String> {
    let launch = launch(spec).unwrap();
    assert_eq!(launch.program, spec.program);
    assert!(!launch.stdout_to_file);
    assert!(launch.env.is_empty());
    launch.args.into_iter().map(|a: OsString| a.into_string().unwrap()).collect()
}

const QUIET: [&str; 6] =
    ["-c", "analytics.enabled=false", "-c", "check_for_update_on_startup=false", "--disable", "plugins"];

fn with_quiet(before: &[&str], after: &[&str]) -> Vec<String> {
    before.iter().chain(&QUIET).chain(after).map(|&s| s.to_owned()).collect()
}

#[test]
fn asking_is_the_app_server() {
    assert_eq!(args(&spec()), with_quiet(&["app-server"], &[]));
    // What a thread is started with is no part of the command line.
    let full = LaunchSpec {
        access: Access::Write,
        model: Some("gpt-5.5".to_owned()),
        resume: Some("01a2".to_owned()),
        skip_git_repo_check: true,
        skip_trust: true,
        add_dirs: vec![PathBuf::from("/x")],
        ..spec()
    };
    assert_eq!(args(&full), with_quiet(&["app-server"], &[]));
}

#[test]
fn the_persons_arguments_come_last_so_that_they_win() {
    let given = vec!["-c".to_owned(), "model_provider=\"fake\"".to_owned()];
    let asking = LaunchSpec { args: given.clone(), ..spec() };
    assert_eq!(args(&asking), with_quiet(&["app-server"], &["-c", "model_provider=\"fake\""]));
    let one_shot = LaunchSpec { args: given, model: Some("a\"b".to_owned()), ..bypass() };
    let expected = with_quiet(
        &["exec", "--json", "--dangerously-bypass-approvals-and-sandbox", "-C", "/work/my project"],
        &["-c", r#"model="a\"b""#, "-c", "model_provider=\"fake\"", "-"],
    );
    assert_eq!(args(&one_shot), expected);
}

#[test]
fn bypass_is_one_exec_with_the_prompt_from_stdin() {
    let expected = with_quiet(
        &["exec", "--json", "--dangerously-bypass-approvals-and-sandbox", "-C", "/work/my project"],
        &["-"],
    );
    assert_eq!(args(&bypass()), expected);
    let no_repo = LaunchSpec { skip_git_repo_check: true, ..bypass() };
    let expected = with_quiet(
        &[
            "exec",
            "--json",
            "--dangerously-bypass-approvals-and-sandbox",
            "--skip-git-repo-check",
            "-C",
            "/work/my project",
        ],
        &["-"],
    );
    assert_eq!(args(&no_repo), expected);
}

#[test]
fn who_only_reads_does_so_in_codexs_own_sandbox() {
    let reads = LaunchSpec { access: Access::ReadOnly, ..bypass() };
    let last = ["-c", "sandbox_mode=\"read-only\""];
    let expected = with_quiet(&["exec", "--json", "-C", "/work/my project"], &[&last[..], &["-"]].concat());
    assert_eq!(args(&reads), expected);
    let given = vec!["-c".to_owned(), "sandbox_mode=\"danger-full-access\"".to_owned()];
    let freer = LaunchSpec { args: given, resume: Some("01a2026f".to_owned()), ..reads };
    let own = ["-c", "sandbox_mode=\"danger-full-access\""];
    let expected =
        with_quiet(&["exec", "resume", "--json"], &[&own[..], &last[..], &["01a2026f", "-"]].concat());
    assert_eq!(args(&freer), expected, "ours is the last, so it counts");
}

#[test]
fn a_resumed_exec_has_no_folder_argument() {
    let resumed = LaunchSpec { resume: Some("01a2026f".to_owned()), ..bypass() };
    let expected = with_quiet(
        &["exec", "resume", "--json", "--dangerously-bypass-approvals-and-sandbox"],
        &["01a2026f", "-"],
    );
    assert_eq!(args(&resumed), expected);
}

#[test]
fn bypass_is_refused_without_every_guarantee() {
    for missing in Guarantee::FOR_BYPASS {
        let held = Guarantee::FOR_BYPASS.into_iter().filter(|g| *g != missing);
        let unproven = LaunchSpec { permission: Permission::Bypass(Proven::by_probe(held)), ..bypass() };
        let refused = launch(&unproven).unwrap_err();
        assert_eq!(refused, LaunchError::BypassRefused { missing: vec![missing.as_str()] });
        assert_eq!(refused.code(), "bypass_refused");
    }
}
