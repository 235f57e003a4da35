use std::path::Path;

use mo_core::ceiling::{Ceiling, Freedom};
use mo_core::ids::AgentKind;
use mo_core::team::Preset;

use super::{Config, ConfigError, Notifications, Source, parse_duration, parse_size, show_size};

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(Path::new("/c/config.toml"), text)
}

#[test]
fn the_file_sets_what_it_names_and_leaves_the_rest() {
    let config = parse(
        "[agents.claude]\npath = \"/usr/bin/claude\"\nenv = { A = \"1\" }\n[agents.goose]\nprotocol = \"acp\"\n\
         [session]\nfix_rounds = 2\nstall_timeout = \"90s\"\n[review]\ntimeout = \"2m\"\n\
         checks = [\"cargo test\", \"sh -c 'echo \\\"x\\\"'\"]\ncheck_timeout = \"30s\"\n",
    )
    .unwrap();
    assert_eq!(config.agent(&AgentKind::Claude).env["A"], "1");
    assert!(config.knows(&AgentKind::Acp("goose".into())) && !config.knows(&AgentKind::Acp("x".into())));
    assert_eq!((config.session.fix_rounds, config.session.stall_timeout_ms), (2, 90_000));
    assert_eq!(config.session.review_timeout_ms, 120_000);
    assert_eq!(config.session.checks, ["cargo test", "sh -c 'echo \"x\"'"]);
    assert_eq!((config.session.check_timeout_ms, config.session.check_output_bytes), (30_000, 16_384));
    let shown = config.shown();
    let of = |name: &str| shown.iter().find(|v| v.name == name).unwrap();
    assert_eq!(
        (of("session.fix_rounds").value.as_str(), of("session.fix_rounds").source),
        ("2", Source::File)
    );
    assert_eq!(of("session.time_limit").source, Source::Default);
    assert!(!format!("{shown:?}").contains("\"1\""), "values of the environment are not shown");
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_column() {
    let table = [
        ("[session]\nfix_rounds = \"x\"\n", 2, 14),
        ("[session]\nunknown = 1\n", 2, 1),
        ("[session]\nstall_timeout = \"5 minutes\"\n", 2, 17),
        ("[session]\npermission = \"yes\"\n", 2, 14),
        ("[session]\nteam = \"duo\"\n", 2, 8),
        ("[notifications]\nquestions = \"no\"\n", 2, 13),
        ("[session]\nceiling = [\"write\", \"wirte\"]\n", 2, 21),
        ("[session]\nceiling = \"write\"\n", 2, 11),
        ("[session]\npermission = \"bypass\"\nceiling = [\"write\"]\n", 3, 11),
        ("[review]\nchecks = [\"cargo test\", \" \"]\n", 2, 10),
        ("[review]\nchecks = \"cargo test\"\n", 2, 10),
        ("[review]\ncheck_timeout = \"soon\"\n", 2, 17),
        ("[review]\ncheck_output_bytes = 10\n", 2, 22),
        ("[session]\nmoney_limit_usd = -5\n", 2, 19),
        ("[session]\nmoney_limit_usd = 1e308\n", 2, 19),
        ("[session]\nfix_rounds = -1\n", 2, 14),
        ("[session\n", 1, 9),
        ("[agents.claude]\npath = \"claude\"\n", 2, 8),
        ("[storage]\ncheckpoints_max_size = \"lots\"\n", 2, 24),
        ("[storage]\nkeep_sessions_for = \"a while\"\n", 2, 21),
        ("[storage]\nkeep = \"1h\"\n", 2, 1),
        ("[agents.opencode]\nmodel = \"x\"\n", 1, 9),
        ("\n[agents.claude]\nprotocol = \"acp\"\n", 2, 9),
    ];
    for (text, line, column) in table {
        match parse(text) {
            Err(ConfigError::Broken { line: l, column: c, .. }) => {
                assert_eq!((l, c), (line, column), "{text}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_ceiling_is_what_it_names() {
    let of = |text: &str| parse(&format!("[session]\n{text}\n")).unwrap();
    assert_eq!(of("").session.ceiling, Ceiling::ALL);
    assert_eq!(of("ceiling = []").session.ceiling, Ceiling::of([]));
    let some = of("ceiling = [\"hosts\", \"write\"]");
    assert_eq!(some.session.ceiling, Ceiling::of([Freedom::Write, Freedom::Hosts]));
    let shown = some.shown().into_iter().find(|value| value.name == "session.ceiling").unwrap();
    assert_eq!((shown.value.as_str(), shown.source), ("[\"write\", \"hosts\"]", Source::File));
}

#[test]
fn the_team_and_the_calls_are_what_is_set() {
    let plain = Config::default();
    assert_eq!((plain.team, plain.notifications), (Preset::Trio, Notifications::default()));
    let config = parse("[session]\nteam = \"solo\"\n[notifications]\nblockers = false\n").unwrap();
    assert_eq!(config.team, Preset::Solo);
    assert_eq!(config.notifications, Notifications { questions: true, blockers: false, session_end: false });
    let shown = config.shown();
    let from_file: Vec<&str> =
        shown.iter().filter(|value| value.source == Source::File).map(|value| value.name.as_str()).collect();
    assert_eq!(from_file, ["session.team", "notifications.blockers"]);
}

#[test]
fn durations() {
    for (text, ms) in [("0", 0), ("90s", 90_000), ("10m", 600_000), ("2h", 7_200_000), ("30d", 2_592_000_000)]
    {
        assert_eq!(parse_duration(text), Ok(ms));
    }
    for wrong in ["", "5", "m", "-1s", "1.5h", "99999999999999999h", "5 m"] {
        assert!(parse_duration(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn sizes() {
    let table = [("0", 0), ("500kB", 500_000), ("250 MB", 250_000_000), ("20gb", 20_000_000_000)];
    for (text, bytes) in table {
        assert_eq!(parse_size(text), Ok(bytes));
        assert_eq!(parse_size(&show_size(bytes)), Ok(bytes));
    }
    for wrong in ["", "5", "MB", "-1GB", "1.5GB", "99999999999999999TB", "é", "1 XB"] {
        assert!(parse_size(wrong).is_err(), "{wrong}");
    }
    assert_eq!((show_size(1), show_size(1_500_000)), ("1kB".to_owned(), "1500kB".to_owned()));
}

#[test]
fn what_is_kept_can_be_set() {
    let kept =
        parse("[storage]\ncheckpoints_max_size = \"1GB\"\nkeep_sessions_for = \"30d\"\n").unwrap().storage;
    assert_eq!((kept.checkpoints_max_bytes, kept.keep_sessions_for_ms), (1_000_000_000, 2_592_000_000));
    assert_eq!(kept.transcript_max_bytes, super::Storage::default().transcript_max_bytes);
}
