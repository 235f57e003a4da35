//! Short helpers: bounded in time and amount, and nothing left of them.

use std::time::Duration;

use mo_process::{ProbeCommand, ProbeError, run_probe};

use crate::fifo::Witness;
use crate::{soon, spawner};

fn helper(script: &str) -> ProbeCommand {
    let mut probe = ProbeCommand::new("sh", "/");
    probe.args = vec!["-c".into(), script.into()];
    probe.env = vec![("PATH".into(), "/usr/bin:/bin".into())];
    probe
}

#[tokio::test]
async fn gives_output_errors_and_the_exit() {
    let mut probe = helper("cat; echo 2.1.330; echo careful >&2; exit 3");
    probe.stdin = b"in ".to_vec();
    let output = soon(run_probe(&spawner(), probe)).await.unwrap();
    assert_eq!(output.stdout, b"in 2.1.330\n");
    assert_eq!(output.stderr, b"careful\n");
    assert_eq!((output.exit.code, output.truncated, output.success()), (Some(3), false, false));
    assert!(soon(run_probe(&spawner(), helper("true"))).await.unwrap().success());
}

#[tokio::test]
async fn too_much_output_is_cut_and_the_helper_with_it() {
    let mut probe = helper("while :; do echo yes; done");
    probe.output_limit = 1000;
    let output = soon(run_probe(&spawner(), probe)).await.unwrap();
    assert!(output.truncated && !output.success());
    assert_eq!(output.stdout, b"yes\n".repeat(250));
    let mut probe = helper("printf %1000s");
    probe.output_limit = 1000;
    assert!(!soon(run_probe(&spawner(), probe)).await.unwrap().truncated, "exactly the limit is all of it");
}

#[tokio::test]
async fn a_helper_that_hangs_is_ended_with_all_it_started() {
    let mut witness = Witness::new();
    let script =
        format!("echo begun; exec 3>{}; printf rr >&3; setsid sleep 60 & sleep 60", witness.path_text());
    let mut probe = helper(&script);
    probe.timeout = Duration::from_millis(300);
    let error = soon(run_probe(&spawner(), probe)).await.unwrap_err();
    assert_eq!(error.code(), "probe_timed_out");
    assert!(matches!(&error, ProbeError::TimedOut { stdout, .. } if stdout == b"begun\n"), "{error:?}");
    witness.ready(2).await;
    witness.all_gone("a hanging helper").await;
}

#[tokio::test]
async fn a_helper_that_is_not_there_is_a_refusal() {
    let error = soon(run_probe(&spawner(), ProbeCommand::new("/no/such/claude", "/"))).await.unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("program_not_found", "program not found: /no/such/claude")
    );
}
