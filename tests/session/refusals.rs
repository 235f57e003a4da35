//! What cannot start says why, and creates nothing.

use std::path::PathBuf;

use mo_core::ids::{AgentKind, Role};
use mo_core::sandbox::{Guarantee, Proven};
use mo_core::settings::{PermissionMode, Settings};
use mo_core::team::Team;
use mo_engine::premises::Premises;
use mo_engine::start::StartRequest;
use serde_json::json;

use crate::stage::{Stage, review, trio};

fn stage() -> Stage {
    Stage::new(&trio(&review("approved"), &review("approved"), &review("approved")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_requests_have_their_codes_and_create_nothing() {
    let stage = stage();
    std::fs::write(stage.path("file"), "").unwrap();
    let engine = stage.engine().await;
    let at = |target: PathBuf| StartRequest { target, ..stage.request(Settings::default()) };
    let goal = |goal: &str| StartRequest { goal: goal.to_owned(), ..stage.request(Settings::default()) };
    let team = |agent: &str| {
        let agent: AgentKind = agent.parse().unwrap();
        let pairs = [("codex".to_owned(), "implementer".to_owned())];
        let members = vec![(agent.clone(), Role::Implementer), (AgentKind::Codex, Role::Reviewer)];
        let pairs = pairs.map(|(reviewer, _)| (reviewer, format!("{agent}-implementer")));
        StartRequest { team: Team::new(members, &pairs).unwrap(), ..stage.request(Settings::default()) }
    };
    let bypass = Settings { permission: PermissionMode::Bypass, ..Settings::default() };
    let table = [
        (at(stage.path("missing")), "target_missing", 3),
        (at(stage.path("file")), "target_not_a_folder", 2),
        (at(stage.path("file/below")), "target_not_a_folder", 2),
        (at(stage.path("data")), "target_and_data_folder", 4),
        (at(stage.path("data/sessions")), "target_and_data_folder", 4),
        (at(stage.dir.path().to_owned()), "target_and_data_folder", 4),
        (at(stage.path("home")), "target_too_wide", 4),
        (at("/".into()), "target_too_wide", 4),
        (at("/etc".into()), "target_too_wide", 4),
        (at("/usr".into()), "target_too_wide", 4),
        (StartRequest { yes_really: true, ..at("/proc/self".into()) }, "target_of_kernel", 4),
        (at("/dev".into()), "target_of_kernel", 4),
        (goal(" \n\t"), "goal_empty", 2),
        (goal(&"x".repeat(256 * 1024 + 1)), "goal_too_long", 2),
        (team("unknownagent"), "agent_unknown", 2),
        (stage.request(bypass), "bypass_refused", 4),
    ];
    for (request, code, exit) in table {
        let error = engine.start(request.clone()).await.expect_err(code);
        assert_eq!((error.code(), error.exit_code()), (code, exit), "{error}");
        assert!(!error.to_string().is_empty() && !error.hint().is_empty());
    }
    assert!(engine.status().await.unwrap().sessions.is_empty());
    assert!(
        !stage.path("data/sessions").exists()
            || stage.path("data/sessions").read_dir().unwrap().next().is_none()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_session_in_place_at_a_time_whoever_owns_it() {
    let slow = json!({"turns": [{"times": 0, "steps": [{"say": "thinking"}, {"hang": true}]}]});
    let (stage, other) =
        (Stage::new(&[("gemini", slow.clone()), ("claude", slow.clone()), ("codex", slow)]), stage());
    let (engine, foreign) = (stage.engine().await, other.engine().await);
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let same = stage.request(Settings::default());
    let errors = [
        engine.start(same.clone()).await.expect_err("busy"),
        foreign.start(same.clone()).await.expect_err("busy from another data folder"),
    ];
    for error in errors {
        assert_eq!((error.code(), error.exit_code()), ("target_busy", 4));
    }
    std::fs::create_dir(stage.path("target/sub")).unwrap();
    let inside = StartRequest { target: stage.path("target/sub"), ..same.clone() };
    assert_eq!(foreign.start(inside).await.expect_err("inside of it").code(), "target_busy");
    engine.stop(&id, mo_core::event::StopCause::Person, true).await.unwrap();
    crate::stage::to_end(&engine, &id).await;
    engine.idle().await;
    foreign.start(same).await.expect("free again");
}

/// What was proven for one owner of the data folder is not proven for the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bypass_session_does_not_go_on_where_nothing_is_proven() {
    let slow = json!({"turns": [{"times": 0, "steps": [{"say": "thinking"}, {"hang": true}]}]});
    let stage = Stage::new(&[("gemini", slow.clone()), ("claude", slow.clone()), ("codex", slow)]);
    let bypass = Settings { permission: PermissionMode::Bypass, ..Settings::default() };
    let proven = Premises { proven: Proven::by_probe(Guarantee::FOR_BYPASS), ..Premises::default() };
    let engine = stage.engine_knowing(proven).await;
    let id = engine.start(stage.request(bypass)).await.unwrap();
    engine.stop(&id, mo_core::event::StopCause::Pause, true).await.unwrap();
    let events = crate::stage::to_end(&engine, &id).await.events.len();
    engine.idle().await;
    engine.shut_down().await;
    drop(engine);
    for missing in Guarantee::FOR_BYPASS {
        let held = Guarantee::FOR_BYPASS.into_iter().filter(|guarantee| *guarantee != missing);
        let premises = Premises { proven: Proven::by_probe(held), ..Premises::default() };
        let engine = stage.engine_knowing(premises).await;
        let refused = engine.resume(&id, None).await.expect_err("refused").to_string();
        assert!(refused.contains(missing.as_str()), "{refused}");
        assert_eq!(crate::stage::to_end(&engine, &id).await.events.len(), events, "nothing has happened");
        engine.shut_down().await;
    }
    stage.assert_nothing_runs();
}
