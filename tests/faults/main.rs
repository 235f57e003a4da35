//! Bad days: agents that misbehave, workers and owners that are killed, controls in the middle of it. Each ends in a
//! typed outcome within its limit, and nothing is left behind. `MO_LONG=1` takes many more trials, `MO_SEED` repeats
//! a run.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's own code may stop it")]

mod controls;
mod kills;
mod late;
mod matrix;
mod outcomes;
mod place;
mod questions;
#[path = "../cli/rig.rs"]
#[allow(dead_code, reason = "each suite needs a part of it")]
mod rig;
mod streams;
mod witness;

/// Whether this is the long run.
fn long() -> bool {
    std::env::var_os("MO_LONG").is_some()
}

/// Runs the jobs side by side on that many threads. A job that panics fails the test once the others have ended.
fn side_by_side<T: Send>(lanes: usize, jobs: Vec<T>, work: impl Fn(T) + Sync) {
    let jobs = std::sync::Mutex::new(jobs);
    std::thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                loop {
                    let job = jobs.lock().unwrap().pop();
                    match job {
                        Some(job) => work(job),
                        None => return,
                    }
                }
            });
        }
    });
}
