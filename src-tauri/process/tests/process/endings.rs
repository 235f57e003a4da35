//! How launches end, who is told, and how far the stop ladder has to go.

use std::time::Duration;

use mo_process::{ProcessIdentity, Signal, SignalError, Spawner as _, StdinMode, StopLadder, StopRung};

use crate::fifo::Witness;
use crate::refusals::file;
use crate::{lines, probe_program, sh, soon, spawner, start};

/// Waits for the line that says that a script has set its traps.
async fn set_up(script: &str) -> mo_process::Child {
    let mut child = start(sh(script).stdin(StdinMode::Piped)).await;
    let mut batch = mo_process::LineBatch::new();
    assert!(soon(child.stdout.next_batch(&mut batch)).await.unwrap());
    child
}

#[tokio::test]
async fn an_exit_tells_code_signal_and_use() {
    let exit = soon(start(sh("exit 7")).await.control.wait()).await;
    assert_eq!((exit.code, exit.signal, exit.tree_empty), (Some(7), None, true));
    assert!(exit.peak_rss_kib.unwrap() > 100, "a shell takes more than 100 KiB: {exit:?}");
    let exit = soon(start(sh("kill -TERM $$")).await.control.wait()).await;
    assert_eq!((exit.code, exit.signal, exit.tree_empty), (None, Some(15), true));
    let busy = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
    let exit = soon(start(sh(busy)).await.control.wait()).await;
    assert!(exit.cpu_time.unwrap() > Duration::from_millis(5), "{exit:?}");
}

#[tokio::test]
async fn any_number_may_wait_before_and_after() {
    let child = start(sh("read line; exit 4").stdin(StdinMode::Piped)).await;
    let waiting: Vec<_> = (0..10)
        .map(|_| child.control.clone())
        .map(|control| tokio::spawn(async move { control.wait().await }))
        .collect();
    assert_eq!(child.control.wait_for(Duration::ZERO).await, None);
    child.stdin.write(b"\n".to_vec()).await.unwrap();
    for each in waiting {
        assert_eq!(soon(each).await.unwrap().code, Some(4));
    }
    assert_eq!(soon(child.control.wait()).await.code, Some(4));
    assert!(matches!(child.control.signal(Signal::Kill), Err(SignalError::Ended)));
}

#[tokio::test]
async fn the_ladder_goes_no_further_than_needed() {
    let patient = Duration::from_secs(15);
    let ladder = StopLadder {
        cancel: Some(Duration::from_millis(30)),
        interrupt: Some(patient),
        terminate: Some(patient),
        verify: patient,
    };
    let wait = "echo up; while :; do read line || exit 5; done";

    let mut child = set_up(wait).await;
    child.stdin.close();
    let report = soon(child.control.stop(StopLadder { cancel: Some(patient), ..ladder })).await;
    assert_eq!((report.rung, report.exit.code), (StopRung::Cancel, Some(5)));
    assert_eq!(soon(child.control.stop(ladder)).await.rung, StopRung::AlreadyEnded);

    let child = set_up(&format!("trap 'exit 6' INT; {wait}")).await;
    let report = soon(child.control.stop(ladder)).await;
    assert_eq!((report.rung, report.exit.code), (StopRung::Interrupt, Some(6)));

    let child = set_up(&format!("trap '' INT; trap 'exit 8' TERM; {wait}")).await;
    let report =
        soon(child.control.stop(StopLadder { interrupt: Some(Duration::from_millis(30)), ..ladder })).await;
    assert_eq!((report.rung, report.exit.code), (StopRung::Terminate, Some(8)));

    let child = set_up(&format!("trap '' INT TERM; {wait}")).await;
    let report = soon(child.control.stop(StopLadder::at_once())).await;
    assert_eq!((report.rung, report.exit.signal), (StopRung::KillTree, Some(9)));
    assert!(report.exit.tree_empty && report.took < patient);
}

#[tokio::test]
async fn what_an_agent_leaves_behind_has_a_short_grace() {
    // The descendant finishes within the linger time: what it writes is still there.
    let mut command = sh("(sleep 0.05; echo late) & echo early");
    command.linger = Duration::from_secs(20);
    let mut child = start(command).await;
    assert_eq!(lines(&mut child.stdout).await, ["early", "late"]);
    let exit = soon(child.control.wait()).await;
    assert!(exit.tree_empty && exit.code == Some(0));

    let mut command = sh("(sleep 60; echo late) & echo early");
    command.linger = Duration::ZERO;
    let mut child = start(command).await;
    assert_eq!(lines(&mut child.stdout).await, ["early"]);
}

#[tokio::test]
async fn the_death_of_the_shim_is_noticed_and_takes_the_agent_along() {
    let mut witness = Witness::new();
    let script = format!("exec > {}; printf r; exec sleep 60", witness.path_text());
    let child = start(sh(&script)).await;
    witness.ready(1).await;
    let report =
        mo_process::sweep(&[ProcessIdentity { start_time: child.shim.start_time + 1, ..child.shim }]);
    assert_eq!(report.gone.len(), 1, "another start time is another process");
    let pid = rustix::process::Pid::from_raw(child.shim.pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let exit = soon(child.control.wait()).await;
    assert_eq!((exit.code, exit.signal, exit.tree_empty), (None, None, false), "nothing is claimed");
    assert_eq!(soon(child.control.agent_exited()).await, None);
    witness.all_gone("the agent").await;
}

/// An agent runs as the same user as its shim, and can kill it; who left its tree then belongs to nobody.
#[tokio::test]
async fn the_death_of_the_shim_takes_along_who_had_left_the_tree() {
    const KILLERS: [(&str, &str); 3] = [
        ("a child", "sleep 60 &"),
        ("one in a session of its own", "(setsid sleep 60 &)"),
        ("one that goes on in new processes", "(setsid \"$1\" 0 &)"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let hydra = folder.path().join("hydra");
    // It comes to an end by itself, should nobody else end it.
    let text = "#!/bin/sh\nsleep 0.01\n[ $1 -gt 1500 ] || setsid \"$0\" $(($1 + 1)) &\n";
    file(&hydra, text, 0o755);
    for (name, leaves) in KILLERS {
        for trial in 0..3 {
            let mut witness = Witness::new();
            let script = format!("exec 9>>\"$0\"\n{leaves}\necho >&9; kill -9 $PPID; sleep 60");
            let command = sh(&script).args([witness.path_text(), hydra.to_str().unwrap()]);
            // The shim may be gone before it has said that the agent runs.
            let child = spawner().spawn(command).await;
            witness.ready(1).await;
            if let Ok(child) = &child {
                let exit = soon(child.control.wait()).await;
                assert!(!exit.tree_empty, "{name} {trial}: nothing is claimed");
            }
            assert!(!witness.held(), "{name} {trial}: all is over");
            witness.all_gone(&format!("{name} {trial}")).await;
        }
    }
}

#[tokio::test]
async fn a_shim_leaves_no_zombie() {
    let child = start(sh("exit 0")).await;
    soon(child.control.wait()).await;
    let shim = child.shim;
    // Reaped by a task a moment after the last word; the next launches give it the time.
    for _ in 0..50 {
        if !shim.exists() {
            return;
        }
        soon(start(sh("exit 0")).await.control.wait()).await;
    }
    panic!("the shim of an ended launch is still there: {}", probe_program());
}
