//! Other users of the machine.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::stage::{Stage, writes};

const SOCKET: &str = "MO_TEST_SOCKET";
const NOBODY: u32 = 65_534;

/// The other user's side; run as a child by the test below.
#[test]
#[ignore = "the child of another test"]
fn connects_as_another_user() {
    let socket = std::env::var_os(SOCKET).expect("the socket's path");
    match std::os::unix::net::UnixStream::connect(socket) {
        Err(error) => println!("not connected: {:?}", error.kind()),
        Ok(mut stream) => {
            stream
                .write_all(b"GET /api/v1/sessions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                .unwrap();
            let mut all = String::new();
            stream.read_to_string(&mut all).unwrap();
            println!("answered: {all}");
        }
    }
}

/// What the child says.
async fn as_nobody(socket: &Path) -> String {
    let mut child = Command::new("/proc/self/exe");
    child.args(["--exact", "users::connects_as_another_user", "--ignored", "--nocapture"]);
    child.env(SOCKET, socket).uid(NOBODY).gid(NOBODY);
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_user_is_kept_out_by_the_folder_and_by_the_socket_itself() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can become another user");
        return;
    }
    let stage = Stage::new(&writes()).await;
    let socket = stage.socket();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));
    let kept_out = as_nobody(&socket).await;
    assert!(kept_out.contains("not connected: PermissionDenied"), "{kept_out}");

    // Somebody has opened every folder on the way, and the socket too.
    let open = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(&socket, 0o666);
    for folder in socket.ancestors().skip(1).take_while(|folder| folder.starts_with(stage.path(""))) {
        open(folder, 0o755);
    }
    let refused = as_nobody(&socket).await;
    assert!(refused.contains("answered: HTTP/1.1 403"), "{refused}");
    assert!(refused.contains("not_yours") && !refused.contains("sessions"), "{refused}");
    assert_eq!(crate::raw::get(&socket, "/api/v1/health").await.status, 200, "the owner's own user gets in");
    stage.close().await;
}
