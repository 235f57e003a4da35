//! Leftovers of a former run: found by number and start time, killed with all below them, others left alone.

use std::process::{Command, Stdio};

use mo_process::{ProcessIdentity, sweep};

use crate::fifo::Witness;
use crate::probe_program;

#[tokio::test]
async fn kills_what_was_recorded_and_all_below_it() {
    let mut witness = Witness::new();
    let mut left = Command::new(probe_program())
        .args(["tree", "setsid", witness.path_text()])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    witness.ready(2).await;
    let identity = ProcessIdentity::of(i32::try_from(left.id()).unwrap()).unwrap();

    let other = ProcessIdentity { start_time: identity.start_time - 1, ..identity };
    let report = sweep(&[other]);
    assert_eq!((report.gone.as_slice(), report.killed.len()), (&[other][..], 0));
    assert!(
        witness.held() && left.try_wait().unwrap().is_none(),
        "a process with that number, and another one"
    );

    let report = sweep(&[identity, other]);
    assert_eq!((report.killed.as_slice(), report.gone.as_slice()), (&[identity][..], &[other][..]));
    assert_eq!((report.below, report.left.len()), (1, 0));
    witness.all_gone("swept").await;
    left.wait().unwrap();
    assert_eq!(sweep(&[identity]).gone, [identity]);
    assert_eq!(
        sweep(&[ProcessIdentity { pid: 0, start_time: 0 }, ProcessIdentity { pid: -1, start_time: 0 }])
            .gone
            .len(),
        2
    );
}
