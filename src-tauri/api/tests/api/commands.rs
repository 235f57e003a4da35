//! Starting sessions and commanding them.

use mo_api::client::ClientError;
use mo_api::dto::{StartForm, StopBy};
use serde_json::{Value, json};

use crate::raw::{self, post};
use crate::stage::{Stage, hangs, soon, writes};

const JSON: &str = "application/json";
const NONE: &str = "orch_20260101_000000_abcd";

fn refused<T: std::fmt::Debug>(result: Result<T, ClientError>) -> (u16, String) {
    match result {
        Err(ClientError::Refused { status, body }) => (status, body.code.into_owned()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_started_with_what_was_said_and_defaults_else() {
    let stage = Stage::new(&hangs()).await;
    let form = json!({
        "goal": "Add a greeting", "target": stage.path("target"),
        "team": {
            "workers": [{"agent": "claude", "role": "implementer"}, {"agent": "codex", "role": "reviewer"}],
            "reviews": [{"reviewer": "codex-reviewer", "subject": "claude"}]
        },
        "fix_rounds": 2, "time_limit": "2h", "review_timeout": "0",
        "checks": ["make test"], "check_timeout": "90s", "check_output_bytes": 2048
    });
    let answer = post(&stage.socket(), "/api/v1/orchestrate", JSON, form.to_string().as_bytes()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let session = answer.json()["session"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location").unwrap(), format!("/api/v1/{session}/state"));
    let id = mo_core::ids::SessionId::new(session.as_str());
    let first = &mo_journal::Journal::read(stage.journal.as_ref(), &id, 0, 1).unwrap()[0];
    let created: Value = serde_json::from_str(&first.data).unwrap();
    let settings = &created["settings"];
    assert_eq!(
        (&settings["fix_rounds"], &settings["time_limit_ms"], &settings["review_timeout_ms"]),
        (&json!(2), &json!(7_200_000), &json!(0))
    );
    assert_eq!(settings["stall_timeout_ms"], json!(300_000));
    assert_eq!(
        (&settings["checks"], &settings["check_timeout_ms"], &settings["check_output_bytes"]),
        (&json!(["make test"]), &json!(90_000), &json!(2048))
    );
    assert_eq!(created["team"]["reviews"][0]["subject"], json!("claude-implementer"));
    // The folder is taken now.
    let again = post(&stage.socket(), "/api/v1/orchestrate", JSON, form.to_string().as_bytes()).await;
    assert_eq!((again.status, again.code().as_str()), (409, "target_busy"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_start_is_refused_with_its_reason() {
    let stage = Stage::new(&writes()).await;
    let good = || serde_json::to_value(stage.form()).unwrap();
    let with = |key: &str, value: Value| {
        let mut form = good();
        form[key] = value;
        form
    };
    std::fs::write(stage.path("file"), "").unwrap();
    let team = |workers: Value, reviews: Value| with("team", json!({"workers": workers, "reviews": reviews}));
    let claude = json!({"agent": "claude", "role": "implementer"});
    let table = [
        (400, "goal_empty", with("goal", json!(" \n"))),
        (413, "goal_too_long", with("goal", json!("x".repeat(256 * 1024 + 1)))),
        (400, "target_not_absolute", with("target", json!("project"))),
        (422, "target_missing", with("target", json!(stage.path("nowhere")))),
        (400, "target_not_a_folder", with("target", json!(stage.path("file")))),
        (403, "target_and_data_folder", with("target", json!(stage.path("data")))),
        (403, "target_too_wide", with("target", json!("/"))),
        (403, "target_of_kernel", with("target", json!("/proc"))),
        (403, "bypass_refused", with("permission", json!("bypass"))),
        (400, "bad_setting", with("permission", json!("yolo"))),
        (400, "bad_setting", with("time_limit", json!("soon"))),
        (400, "bad_setting", with("checks", json!(["make", " "]))),
        (400, "bad_setting", with("checks", json!(vec!["make"; 21]))),
        (400, "bad_setting", with("check_output_bytes", json!(1))),
        (400, "bad_json", with("fix_rounds", json!(-1))),
        (400, "bad_json", with("colour", json!("red"))),
        (400, "team_unusable", team(json!([]), json!([]))),
        (400, "team_unusable", team(json!([claude]), json!([]))),
        (400, "team_unusable", team(json!([claude]), json!([{"reviewer": "claude", "subject": "claude"}]))),
        (400, "bad_json", team(json!([{"agent": "claude", "role": "boss"}]), json!([]))),
        (400, "bad_json", team(json!([{"agent": "../x", "role": "reviewer"}]), json!([]))),
        (400, "bad_json", json!({"target": "/"})),
        (400, "bad_json", json!([])),
    ];
    for (status, code, form) in table {
        let answer = post(&stage.socket(), "/api/v1/orchestrate", JSON, form.to_string().as_bytes()).await;
        let shown: String = form.to_string().chars().take(200).collect();
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{shown}: {}", answer.text());
    }
    let client = stage.client().await;
    let mut form: StartForm = stage.form();
    form.team = None;
    // Gemini is not installed here, and is looked for on no PATH of ours.
    assert_eq!(refused(client.start(&form).await), (422, "agent_not_installed".to_owned()));
    assert!(client.sessions().await.unwrap().sessions.is_empty(), "nothing was started");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_session_is_told_paused_resumed_and_stopped() {
    let stage = Stage::new(&hangs()).await;
    let client = stage.client().await;
    let session = client.start(&stage.form()).await.unwrap();
    stage.until(&session, "agent_item").await;
    assert_eq!(client.health().await.unwrap().running, std::slice::from_ref(&session));

    client.message(&session, "claude", "Be brief.").await.unwrap();
    stage.until(&session, "message_queued").await;
    assert_eq!(refused(client.message(&session, "gemini", "Hi").await), (404, "worker_unknown".to_owned()));
    assert_eq!(refused(client.message(&session, "claude", " ").await), (400, "words_empty".to_owned()));
    assert_eq!(refused(client.resume(&session, None).await), (409, "nothing_to_resume".to_owned()));

    client.pause(&session).await.unwrap();
    // Effective when it is answered.
    let events = mo_journal::Journal::read(
        stage.journal.as_ref(),
        &mo_core::ids::SessionId::new(session.as_str()),
        0,
        10_000,
    );
    assert!(events.unwrap().iter().any(|record| record.kind == "stop_requested"));
    soon(stage.engine.idle()).await;
    assert_eq!(client.state(&session).await.unwrap().state, "paused");
    for result in [
        client.pause(&session).await,
        client.stop(&session, false, StopBy::Person).await,
        client.message(&session, "claude", "Hi").await,
    ] {
        assert_eq!(refused(result), (409, "session_not_running".to_owned()));
    }

    client.resume(&session, Some("Go on, but briefly.".to_owned())).await.unwrap();
    assert_eq!(client.state(&session).await.unwrap().state, "running");
    client.stop(&session, true, StopBy::Person).await.unwrap();
    soon(stage.engine.idle()).await;
    assert_eq!(client.state(&session).await.unwrap().state, "stopped");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_is_asked_for_in_the_middle_of_a_turn() {
    let stage = Stage::new(&hangs()).await;
    let client = stage.client().await;
    let session = client.start(&stage.form()).await.unwrap();
    stage.until(&session, "agent_item").await;
    client.review(&session, Some("Look at the names.".to_owned()), None).await.unwrap();
    stage.until(&session, "review_now_requested").await;
    assert_eq!(refused(client.review(NONE, None, None).await), (404, "session_unknown".to_owned()));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_json_or_nothing() {
    let stage = Stage::new(&writes()).await;
    let (socket, session) = (stage.socket(), stage.finished().await);
    for command in ["stop", "pause", "resume", "review", "messages"] {
        let path = format!("/api/v1/{session}/{command}");
        let form = post(&socket, &path, "application/x-www-form-urlencoded", b"urgent=true").await;
        assert_eq!((form.status, form.code().as_str()), (415, "not_json"), "{command}");
        let text = post(&socket, &path, "text/plain", b"{}").await;
        assert_eq!((text.status, text.code().as_str()), (415, "not_json"), "{command}");
        let broken = post(&socket, &path, JSON, b"{\n  \"urgent\": tru\n}").await;
        assert_eq!((broken.status, broken.code().as_str()), (400, "bad_json"), "{command}");
        assert!(broken.text().contains("line"), "it says where: {}", broken.text());
        let unknown = post(&socket, &format!("/api/v1/{NONE}/{command}"), JSON, b"{}").await;
        assert_eq!((unknown.status, unknown.code().as_str()), (404, "session_unknown"), "{command}");
    }
    // The session has finished: without a body the command is understood, and refused for that reason.
    let nothing = format!("POST /api/v1/{session}/stop HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let answer = raw::send(&socket, nothing.as_bytes()).await;
    assert_eq!((answer.status, answer.code().as_str()), (409, "session_not_running"));
    let charset =
        post(&socket, &format!("/api/v1/{session}/stop"), "Application/JSON; charset=utf-8", b"{}").await;
    assert_eq!(charset.status, 409);
    stage.close().await;
}
