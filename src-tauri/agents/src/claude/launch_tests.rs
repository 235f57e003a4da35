use std::path::PathBuf;

use mo_core::ids::AgentKind;
use mo_core::sandbox::{Guarantee, Proven};
use serde_json::json;

use super::launch::launch;
use crate::launch::{Access, LaunchError, LaunchSpec, Permission};

pub(super) fn spec() -> LaunchSpec {
    LaunchSpec {
        agent: AgentKind::Claude,
        program: PathBuf::from("/opt/claude"),
        cwd: PathBuf::from("/target"),
        add_dirs: vec![],
        access: Access::Write,
        permission: Permission::Ask,
        model: None,
        args: vec![],
        resume: None,
        skip_git_repo_check: true,
        skip_trust: true,
        schema: None,
        files_dir: PathBuf::from("/files"),
    }
}

fn line(spec: &LaunchSpec) -> String {
    let launch = launch(spec).unwrap();
    let args: Vec<&str> = launch.args.iter().map(|a| a.to_str().unwrap()).collect();
    args.join(" ")
}

fn proven(all_but: Option<Guarantee>) -> Permission {
    Permission::Bypass(Proven::by_probe(Guarantee::FOR_BYPASS.into_iter().filter(|g| Some(*g) != all_but)))
}

const ASK: &str = "-p --input-format stream-json --output-format stream-json --verbose \
                   --include-partial-messages --permission-prompt-tool stdio --strict-mcp-config \
                   --setting-sources user";
const BYPASS: &str =
    "--print --verbose --dangerously-skip-permissions --strict-mcp-config --output-format stream-json";

#[test]
fn each_choice_is_its_flags() {
    let dirs = vec![PathBuf::from("/a"), PathBuf::from("/b c")];
    let args = vec!["--effort".to_owned(), "high".to_owned()];
    let table: Vec<(&str, LaunchSpec, String)> = vec![
        ("ask", spec(), format!("{ASK} --add-dir /target")),
        (
            "read-only",
            LaunchSpec { access: Access::ReadOnly, ..spec() },
            format!("{ASK} --tools Read,Grep,Glob --add-dir /target"),
        ),
        (
            "model",
            LaunchSpec { model: Some("opus".into()), ..spec() },
            format!("{ASK} --model opus --add-dir /target"),
        ),
        (
            "resume",
            LaunchSpec { resume: Some("u-1".into()), ..spec() },
            format!("{ASK} --resume u-1 --add-dir /target"),
        ),
        (
            "schema",
            LaunchSpec { schema: Some(json!({"type": "object"})), ..spec() },
            format!("{ASK} --json-schema {{\"type\":\"object\"}} --add-dir /target"),
        ),
        (
            "args before dirs",
            LaunchSpec { args: args.clone(), add_dirs: dirs.clone(), ..spec() },
            format!("{ASK} --effort high --add-dir /target /a /b c"),
        ),
        ("bypass", LaunchSpec { permission: proven(None), ..spec() }, BYPASS.to_owned()),
        (
            "bypass, everything",
            LaunchSpec {
                permission: proven(None),
                access: Access::ReadOnly,
                model: Some("opus".into()),
                resume: Some("u-1".into()),
                args,
                add_dirs: dirs,
                ..spec()
            },
            format!(
                "{BYPASS} --tools Read,Grep,Glob --model opus --resume u-1 --effort high --add-dir /a /b c"
            ),
        ),
    ];
    for (name, spec, expected) in table {
        assert_eq!(line(&spec), expected, "{name}");
    }
}

#[test]
fn a_folder_with_a_space_stays_one_argument() {
    let launch = launch(&LaunchSpec { add_dirs: vec![PathBuf::from("/b c")], ..spec() }).unwrap();
    assert_eq!(launch.args.last().unwrap(), "/b c");
}

#[test]
fn bypass_needs_every_guarantee() {
    for missing in Guarantee::FOR_BYPASS {
        let refused = launch(&LaunchSpec { permission: proven(Some(missing)), ..spec() }).unwrap_err();
        assert_eq!(refused, LaunchError::BypassRefused { missing: vec![missing.as_str()] });
        assert_eq!(refused.code(), "bypass_refused");
        assert!(refused.to_string().contains(missing.as_str()), "{refused}");
    }
    let nothing = LaunchSpec { permission: Permission::Bypass(Proven::default()), ..spec() };
    assert!(matches!(launch(&nothing), Err(LaunchError::BypassRefused { missing }) if missing.len() == 4));
}

#[test]
fn telemetry_updates_and_reports_are_off_and_no_sandbox_is_pretended() {
    let launch = launch(&spec()).unwrap();
    let names: Vec<&str> = launch.env.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "CLAUDE_BASH_MAINTAIN_PROJECT_WORKING_DIR",
            "CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD",
            "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
            "DISABLE_AUTOUPDATER",
            "DISABLE_ERROR_REPORTING",
            "DISABLE_TELEMETRY"
        ]
    );
    assert!(launch.env.iter().all(|(_, value)| *value == "1"));
    assert!(!names.contains(&"IS_SANDBOX"));
    assert_eq!(launch.program, PathBuf::from("/opt/claude"));
    assert!(!launch.stdout_to_file);
}
