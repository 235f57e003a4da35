//! Who runs the sessions: one owner, to whom everybody else hands over, and what happens when it goes away.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::controls::{error, events, stay, staying_team};
use crate::rig::{Running, Stage};
use crate::signals::nothing_is_left;

fn stage() -> Stage {
    let stage = Stage::with_scripts(staying_team());
    for folder in ["other", "third"] {
        std::fs::create_dir(stage.path(folder)).unwrap();
        std::fs::write(stage.path(folder).join("a.txt"), "before\n").unwrap();
    }
    stage
}

#[test]
fn a_second_run_is_handed_over_and_the_owner_ends_after_it() {
    let stage = stage();
    let (mut owner, first) = stay(&stage, "target");
    // The same lines and the same summary as from a run of its own.
    let done = stage.run(["run", "write a.txt", "-C", "other", "--json"]).expect(0);
    let lines = done.json();
    let (last, told) = lines.split_last().unwrap();
    let summary = &last["summary"];
    let id = summary["session"].as_str().unwrap();
    assert_eq!(told, &events(&stage, id)[..]);
    assert_eq!((&summary["state"], &summary["exit_code"]), (&json!("finished"), &json!(0)));
    assert_eq!(summary["files_changed"], json!(["a.txt"]));
    assert_eq!(summary["results"][1]["text"], "Done: `a.txt` is written.");
    // In words too, with where the summary is.
    let words = stage.run(["run", "write a.txt", "-C", "other"]).expect(0);
    assert!(words.out.contains("\nfinished") && words.out.contains("summary.md"), "{}", words.out);
    // A mistake is told as by a run of its own.
    assert_eq!(error(&stage, &["run", "x", "-C", "nowhere"], 3)["code"], "target_missing");
    assert_eq!(error(&stage, &["run", " ", "-C", "other"], 2)["code"], "goal_empty");
    assert_eq!(error(&stage, &["run", "x", "-C", "target"], 4)["code"], "target_busy");

    // One that stays keeps the owner after its own session; a signal to its follower is its own.
    let (second, id) = stay(&stage, "third");
    stage.run(["stop", &first]).expect(0);
    owner.until("\"summary\"");
    let status = stage.run(["status", &id, "--json"]).expect(0).last();
    assert_eq!(status["sessions"][0]["state"], "running");
    second.signal(Signal::INT);
    let done = second.finish().expect(130);
    assert_eq!(done.last()["summary"]["state"], "stopped");
    let asked = events(&stage, &id).into_iter().find(|event| event["kind"] == "stop_requested").unwrap();
    assert_eq!(asked["data"]["by"], "sigint");
    let done = owner.finish().expect(14);
    assert!(done.err.contains(&format!("hosts {id} too")), "{}", done.err);
    nothing_is_left(&stage);
}

#[test]
fn a_killed_owner_leaves_a_crashed_session_that_goes_on() {
    let stage = stage();
    let (owner, id) = stay(&stage, "target");
    let follower = stay(&stage, "other");
    let socket = stage.data().join("run/api.sock");
    owner.signal(Signal::KILL);
    assert_eq!(owner.finish().code, None);
    let left = follower.0.finish().expect(1);
    assert_eq!(left.last()["error"]["code"], "owner_gone");
    assert!(stage.data().join("owner.json").exists(), "nobody has tidied up");
    for args in [&["events", id.as_str(), "--follow"][..], &["logs", &id, "--follow"]] {
        let told = stage.run(args.iter().copied().chain(["--json"])).expect(1).last();
        assert_eq!(told["error"]["code"], "owner_gone", "{args:?}");
    }
    let before = stage.listing("home");
    let status = stage.run(["status", "--json"]).expect(0).last();
    for session in status["sessions"].as_array().unwrap() {
        assert_eq!(session["state"], "crashed");
        assert_eq!(session["reason"], "the program that ran it went away; `orchestrate resume` goes on");
        assert!(session["workers"].as_array().unwrap().iter().all(|worker| worker["state"] != "working"));
    }
    let one = stage.run(["status", &id]).expect(0);
    assert!(one.out.starts_with("crashed: the program that ran it went away"), "{}", one.out);
    for args in [&["pause", id.as_str()][..], &["stop", &id], &["message", &id, "claude", "hello"]] {
        let refused = error(&stage, args, 4);
        assert_eq!(refused["code"], "session_not_running");
        assert!(refused["message"].as_str().unwrap().ends_with("it is crashed"), "{refused}");
    }
    assert_eq!(stage.listing("home"), before, "looking changes nothing");
    // The socket is still there, and nobody listens.
    assert!(socket.exists() || stage.data().as_os_str().len() > 80);
    let done = stage.run(["resume", &id, "--json"]).expect(0);
    let lines = done.json();
    assert_eq!(lines[0]["kind"], "session_resumed", "what was settled is no part of what goes on");
    assert_eq!(lines.last().unwrap()["summary"]["exit_code"], 0);
    assert_eq!(std::fs::read_to_string(stage.target().join("a.txt")).unwrap(), "after\n");
    let status = stage.run(["status", &follower.1, "--json"]).expect(0).last();
    assert_eq!(status["sessions"][0]["state"], "crashed");
    assert!(status["sessions"][0]["ended_at"].is_string(), "the next owner has written it down");
    nothing_is_left(&stage);
}

/// What stands in a data folder that nobody owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// There is no data folder yet.
    Nothing,
    /// A data folder that was left in order.
    Order,
    /// What a killed owner leaves: its `owner.json` and a socket on which nobody listens.
    Owner,
    /// The same, but its number is another process's by now.
    OwnersNumber,
    /// A socket on which nobody listens.
    Socket,
}

fn leave(stage: &Stage, left: Left) {
    let data = stage.data();
    let file = data.join("owner.json");
    if left == Left::Nothing {
        return;
    }
    let mut server = Running::start(stage.command(["serve", "--json"]));
    server.until("serving");
    let said: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    if left == Left::Order {
        server.signal(Signal::TERM);
        server.finish().expect(143);
        assert!(!file.exists());
        return;
    }
    server.signal(Signal::KILL);
    assert_eq!(server.finish().code, None);
    let socket = std::path::Path::new(said["socket"].as_str().unwrap());
    assert!(socket.exists() && file.exists(), "nobody has tidied up");
    match left {
        Left::OwnersNumber => {
            let mut other = said.clone();
            other["pid"] = json!(std::process::id());
            std::fs::write(&file, other.to_string()).unwrap();
        }
        Left::Socket => std::fs::remove_file(&file).unwrap(),
        _ => {}
    }
}

#[test]
fn of_two_that_start_at_once_one_owns_and_the_other_attaches() {
    for trial in 0..4 {
        for left in [Left::Nothing, Left::Order, Left::Owner, Left::OwnersNumber, Left::Socket] {
            let what = format!("{left:?}, trial {trial}");
            let stage = stage();
            leave(&stage, left);
            let run =
                |target: &str| Running::start(stage.command(["run", "write a.txt", "-C", target, "--json"]));
            for running in ["target", "other"].map(run) {
                let done = running.finish().expect(0);
                assert_eq!(done.last()["summary"]["state"], "finished", "{what}");
            }
            for folder in ["target", "other"] {
                let text = std::fs::read_to_string(stage.path(folder).join("a.txt")).unwrap();
                assert_eq!(text, "after\n", "{what}");
            }
            assert!(!stage.data().join("owner.json").exists(), "{what}");
            nothing_is_left(&stage);
        }
    }
}

#[test]
fn an_owner_file_that_says_nothing_is_stale_when_nobody_has_the_lock() {
    for text in ["", "{broken"] {
        let stage = stage();
        leave(&stage, Left::Owner);
        std::fs::write(stage.data().join("owner.json"), text).unwrap();
        let mut server = Running::start(stage.command(["serve", "--json"]));
        server.until("serving");
        server.signal(Signal::TERM);
        server.finish().expect(143);
    }
}

/// Nobody hands a server's own work over: of two at once exactly one serves, and the other says who.
#[test]
fn of_two_servers_at_once_one_serves_and_the_other_says_who() {
    for left in [Left::Nothing, Left::Order, Left::Owner, Left::OwnersNumber, Left::Socket] {
        for _ in 0..2 {
            let stage = stage();
            leave(&stage, left);
            let mut both = [(); 2].map(|()| Running::start(stage.command(["serve", "--json"])));
            let first: Vec<Value> =
                both.iter_mut().map(|running| serde_json::from_str(&running.until("{")).unwrap()).collect();
            let serving = first.iter().position(|line| line["serving"]["pid"].is_u64());
            let serving = serving.unwrap_or_else(|| panic!("{left:?}: {first:?}"));
            let refused = &first[1 - serving]["error"];
            assert_eq!(refused["code"], "data_folder_locked", "{left:?}: {first:?}");
            let who = format!("pid {} serves this data folder", both[serving].pid());
            assert!(refused["message"].as_str().unwrap().contains(&who), "{left:?}: {refused}");
            both[serving].signal(Signal::TERM);
            for (index, running) in both.into_iter().enumerate() {
                running.finish().expect(if index == serving { 143 } else { 4 });
            }
            nothing_is_left(&stage);
        }
    }
}

#[test]
fn a_server_runs_what_others_ask_for() {
    let stage = stage();
    let mut server = Running::start(stage.command(["serve", "--json"]));
    let line: Value = serde_json::from_str(&server.until("serving")).unwrap();
    assert_eq!(line["serving"]["pid"], server.pid());
    let taken = error(&stage, &["serve"], 4);
    assert_eq!(taken["code"], "data_folder_locked");
    let done = stage.run(["run", "write a.txt", "-C", "target", "--json"]).expect(0);
    let id = done.last()["summary"]["session"].as_str().unwrap().to_owned();
    // At rest, with an owner: it goes on there and is told here.
    let more = stage.run(["resume", &id, "-m", "more", "--json"]).expect(0);
    assert_eq!(more.json()[0]["kind"], "session_resumed");
    assert_eq!(more.last()["summary"]["exit_code"], 0);
    let reviewed = stage.run(["review", &id, "--json"]).expect(0);
    assert_eq!(reviewed.json()[0]["kind"], "review_now_requested");
    assert_eq!(error(&stage, &["pause", &id], 4)["code"], "session_not_running");
    let (running, id) = stay(&stage, "other");
    stage.run(["pause", &id]).expect(0);
    running.finish().expect(11);
    let (running, _) = stay(&stage, "third");
    server.signal(Signal::TERM);
    assert_eq!(running.finish().expect(143).last()["summary"]["state"], "stopped");
    server.finish().expect(143);
    nothing_is_left(&stage);
}

/// One that has taken the folder and is never ready keeps nobody waiting for ever.
#[test]
fn an_owner_that_never_serves_is_not_waited_for_without_end() {
    let stage = stage();
    let owner = json!({ "pid": std::process::id(), "serves": true, "socket": null });
    let lock = mo_journal::DataDir::create(stage.data()).unwrap().lock(&owner.to_string()).unwrap();
    let refused = error(&stage, &["run", "x", "-C", "target"], 4);
    assert_eq!(refused["code"], "data_folder_locked", "{refused}");
    let named = format!("pid {}", std::process::id());
    assert!(refused["message"].as_str().unwrap().contains(&named), "{refused}");
    drop(lock);
}
