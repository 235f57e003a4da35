//! Finding the owner, or why there is none.

use std::path::Path;

use mo_api::client::{AttachError, Client, ClientError};
use mo_api::{Owner, VERSION};
use mo_journal::DataDir;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::stage::{Stage, soon, writes};

async fn attach(data: &DataDir) -> Result<Client, AttachError> {
    soon(Client::attach(data)).await
}

fn describe(data: &DataDir, owner: &serde_json::Value) {
    std::fs::write(data.owner_file(), owner.to_string()).unwrap();
}

/// A process that has ended.
fn dead() -> u32 {
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_says_who_and_where_it_is_until_it_ends() {
    let mut stage = Stage::new(&writes()).await;
    let client = stage.client().await;
    let owner: Owner = serde_json::from_str(&stage.data().owner().unwrap().unwrap()).unwrap();
    assert_eq!(&owner, client.owner());
    assert_eq!((owner.pid, owner.port, owner.version.as_deref()), (std::process::id(), None, Some(VERSION)));
    assert!(owner.start_time.is_some() && owner.is_alive());
    assert_eq!(owner.rest["program"], json!("a test"), "what it said of itself stands");
    assert_eq!(owner.socket, Some(stage.socket()));

    let socket = stage.socket();
    stage.close_server().await;
    assert!(!socket.exists(), "the socket is gone");
    assert!(matches!(attach(&stage.data()).await, Err(AttachError::NotServing { .. })), "the owner lives");
    let Err(gone) = client.health().await else { panic!() };
    assert_eq!(gone.code(), "owner_gone");
    let data = stage.data();
    let keep = tempfile::tempdir().unwrap();
    stage.close().await;
    drop(keep);
    assert!(data.owner().unwrap().is_none());
}

#[tokio::test]
async fn no_owner_a_stale_one_and_a_silent_one_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let data = DataDir::create(dir.path()).unwrap();
    let code = async || attach(&data).await.unwrap_err();
    assert!(matches!(code().await, AttachError::NoOwner));
    assert!(code().await.is_free());

    let socket = data.run().join("api.sock");
    let pid = dead();
    describe(&data, &json!({"pid": pid, "start_time": 1, "socket": socket}));
    assert!(matches!(code().await, AttachError::Stale { pid: p } if p == pid), "without a socket");
    // Closing a listener leaves its file.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    assert!(matches!(code().await, AttachError::Stale { pid: p } if p == pid), "with a socket");
    assert!(code().await.is_free());
    // Our pid, but not our start time: the number was given anew.
    describe(&data, &json!({"pid": std::process::id(), "start_time": 1, "socket": null}));
    assert!(matches!(code().await, AttachError::Stale { .. }));

    // Ended, but not reaped.
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let id = rustix::process::Pid::from_child(&child);
    let ended = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
    rustix::process::waitid(rustix::process::WaitId::Pid(id), ended).unwrap();
    let start_time = mo_process::ProcessIdentity::of(i32::try_from(child.id()).unwrap()).unwrap().start_time;
    describe(&data, &json!({"pid": child.id(), "start_time": start_time, "socket": null}));
    assert!(matches!(code().await, AttachError::Stale { .. }), "a zombie owns nothing");
    child.wait().unwrap();

    let own = mo_process::ProcessIdentity::of_this_process().unwrap().start_time;
    for socket in [json!(null), json!(socket)] {
        describe(&data, &json!({"pid": std::process::id(), "start_time": own, "socket": socket}));
        assert!(matches!(code().await, AttachError::NotServing { .. }));
        assert!(!code().await.is_free());
    }
    for text in ["", "{", "[]", "{\"pid\":\"x\"}"] {
        let lock = data.lock("{}").unwrap();
        std::fs::write(data.owner_file(), text).unwrap();
        let unclear = code().await;
        assert!(matches!(unclear, AttachError::Unclear { .. }) && !unclear.is_free(), "{text}");
        assert!(unclear.to_string().contains(&*data.owner_file().to_string_lossy()), "{unclear}");
        assert!(unclear.hint().is_some());
        drop(lock);
        std::fs::write(data.owner_file(), text).unwrap();
        assert!(matches!(code().await, AttachError::NoOwner), "nobody has the lock: {text}");
        drop(data.lock("{}").unwrap());
    }
}

/// Answers one request with these bytes.
fn answering(socket: &Path, bytes: &'static [u8]) {
    let listener = tokio::net::UnixListener::bind(socket).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 4_096];
        let _ = stream.read(&mut head).await;
        stream.write_all(bytes).await.unwrap();
    });
}

#[tokio::test]
async fn an_owner_of_another_version_or_that_answers_nonsense_is_not_attached_to() {
    let dir = tempfile::tempdir().unwrap();
    let data = DataDir::create(dir.path()).unwrap();
    let reach = async |bytes: &'static [u8]| {
        let socket = data.run().join("api.sock");
        let _ = std::fs::remove_file(&socket);
        answering(&socket, bytes);
        describe(&data, &json!({"pid": std::process::id(), "socket": socket}));
        attach(&data).await.unwrap_err()
    };
    let other =
        reach(b"HTTP/1.1 200 OK\r\ncontent-length: 35\r\n\r\n{\"version\":\"99.0.0\",\"new\":\"field\"} ")
            .await;
    assert!(matches!(&other, AttachError::OtherVersion { theirs, .. } if theirs == "99.0.0"), "{other:?}");
    assert!(other.to_string().contains(VERSION) && other.hint().is_some());
    let silent = reach(b"").await;
    assert!(matches!(silent, AttachError::Unanswered(ClientError::Gone(_))), "{silent:?}");
    let nonsense = reach(b"SSH-2.0-OpenSSH\r\n").await;
    assert!(matches!(nonsense, AttachError::Unanswered(ClientError::Gone(_))), "{nonsense:?}");
    let html = reach(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>").await;
    assert!(matches!(html, AttachError::Unanswered(ClientError::Unreadable(_))), "{html:?}");
    let refused = reach(b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\noh").await;
    assert_eq!(refused.code(), "owner_unreadable");
}
