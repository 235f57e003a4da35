//! Whatever a worker starts and however it ends: nothing survives.

use std::process::{Command, Stdio};
use std::time::Duration;

use mo_process::{LaunchCommand, Signal, StopLadder, StopRung};

use crate::fifo::Witness;
use crate::{probe_program, soon, start};

const TRIALS: usize = 3;
const SHAPES: [(&str, usize); 4] = [("plain", 2), ("setsid", 2), ("double", 2), ("hydra", 9)];

/// Shell lines that stop the shim and stay, holding the witness as file 9; `$0` is the witness.
const STOPPERS: [(&str, &str); 2] = [
    ("stops once", "trap '' INT TERM; exec 9>>\"$0\"; kill -STOP $PPID; echo >&9; sleep 30"),
    (
        "stops on and on",
        "trap '' INT TERM; P=$PPID; exec 9>>\"$0\"; (setsid sh -c \"i=0; while [ \\$i -lt 200000 ]; do kill -STOP $P; i=\\$((i+1)); done\") & echo >&9; wait",
    ),
];

fn stopper(script: &str, witness: &Witness) -> LaunchCommand {
    LaunchCommand::new("/bin/sh", "/").args(["-c", script, witness.path_text()]).env("PATH", "/usr/bin:/bin")
}

fn runaway(shape: &str, witness: &Witness) -> LaunchCommand {
    LaunchCommand::new(probe_program(), "/").args(["tree", shape, witness.path_text()])
}

#[tokio::test]
async fn of_a_stop() {
    let short = Some(Duration::from_millis(60));
    let ladder = StopLadder { interrupt: short, terminate: short, ..StopLadder::default() };
    for (shape, count) in SHAPES {
        for trial in 0..TRIALS {
            let mut witness = Witness::new();
            let child = start(runaway(shape, &witness)).await;
            witness.ready(count).await;
            let report = child.control.stop(ladder).await;
            assert!(report.exit.tree_empty, "{shape} {trial}: {report:?}");
            if shape != "plain" {
                assert_eq!(report.rung, StopRung::KillTree, "{shape} ignores signals");
                assert_eq!(report.exit.signal, Some(9));
            }
            // The report's word is proof: nobody may hold the FIFO any more.
            assert!(!witness.held(), "{shape} {trial}: the tree was reported empty");
            witness.all_gone(shape).await;
        }
    }
}

#[tokio::test]
async fn of_the_death_of_the_worker() {
    for (shape, count) in SHAPES {
        for trial in 0..TRIALS {
            let mut witness = Witness::new();
            let child = start(runaway(shape, &witness)).await;
            witness.ready(count).await;
            child.control.signal(Signal::Kill).unwrap();
            let exit = soon(child.control.wait()).await;
            assert!(
                exit.tree_empty && exit.signal == Some(9) && exit.code.is_none(),
                "{shape} {trial}: {exit:?}"
            );
            assert!(!witness.held(), "{shape} {trial}: the tree was reported empty");
            witness.all_gone(shape).await;
        }
    }
}

#[tokio::test]
async fn of_a_drop() {
    for (shape, count) in SHAPES {
        for trial in 0..TRIALS {
            let mut witness = Witness::new();
            let child = start(runaway(shape, &witness)).await;
            witness.ready(count).await;
            let clone = child.control.clone();
            drop(child);
            assert!(witness.held(), "{shape} {trial}: a handle is left, so the tree lives");
            drop(clone);
            witness.all_gone(shape).await;
        }
    }
}

#[tokio::test]
async fn of_the_violent_death_of_the_owner() {
    for (shape, count) in SHAPES {
        for trial in 0..TRIALS {
            let mut witness = Witness::new();
            let mut owner = Command::new(probe_program())
                .args(["own", shape, witness.path_text()])
                .stdin(Stdio::null())
                .spawn()
                .unwrap();
            witness.ready(count).await;
            owner.kill().unwrap();
            owner.wait().unwrap();
            witness.all_gone(&format!("{shape} {trial}")).await;
        }
    }
}

/// An agent runs as the same user as its shim, and can stop it.
#[tokio::test]
async fn of_a_stop_when_the_shim_was_stopped() {
    let short = Some(Duration::from_millis(60));
    let ladder = StopLadder { interrupt: short, terminate: short, ..StopLadder::default() };
    for (name, script) in STOPPERS {
        for trial in 0..TRIALS {
            let mut witness = Witness::new();
            let child = start(stopper(script, &witness)).await;
            witness.ready(1).await;
            let report = child.control.stop(ladder).await;
            assert!(report.exit.tree_empty, "{name} {trial}: {report:?}");
            witness.all_gone(name).await;
        }
    }
}

#[tokio::test]
async fn of_the_death_of_the_owner_when_the_shim_was_stopped() {
    for trial in 0..TRIALS {
        let mut witness = Witness::new();
        let mut owner = Command::new(probe_program())
            .args(["own-script", STOPPERS[0].1, witness.path_text()])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        witness.ready(1).await;
        owner.kill().unwrap();
        owner.wait().unwrap();
        witness.all_gone(&format!("stopped {trial}")).await;
    }
}

#[tokio::test]
async fn of_a_caller_who_goes_away_during_the_launch() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join(format!("unwanted-{}", std::process::id()));
    std::os::unix::fs::symlink("/bin/sleep", &program).unwrap();
    let label = program.file_name().unwrap().as_encoded_bytes();
    for polls in 1..20 {
        let mut launch = Box::pin(start(LaunchCommand::new(&program, "/").args(["60"])));
        for _ in 0..polls {
            tokio::select! {
                biased;
                _ = &mut launch => break,
                () = tokio::task::yield_now() => {}
            }
        }
        drop(launch);
    }
    // One thread starts all, in order: when this one has been started, all of those have.
    soon(start(LaunchCommand::new("/bin/true", "/")).await.control.wait()).await;
    for _ in 0..500 {
        if !anyone_called(label) {
            return;
        }
        soon(start(LaunchCommand::new("/bin/true", "/")).await.control.wait()).await;
    }
    panic!("a launch that nobody waited for is still there");
}

/// Whether the command line of any process, agent or shim, holds the label.
fn anyone_called(label: &[u8]) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.any(|line| line.windows(label.len()).any(|part| part == label))
}
