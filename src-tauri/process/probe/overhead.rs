//! What a launch under a shim costs over a bare one.

use std::process::Command;
use std::time::{Duration, Instant};

use mo_process::{LaunchCommand, ShimSpawner, Spawner as _};

use crate::Outcome;
use crate::owner::{runtime, write};

/// Runs `true` to its end so many times both ways, in turn, and prints the medians in microseconds.
pub(crate) fn measure(rounds: &str) -> Outcome {
    let rounds: usize = rounds.parse()?;
    let spawner = ShimSpawner::of_this_program()?;
    let (mut bare, mut started, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    runtime()?.block_on(async {
        for _ in 0..rounds {
            let begun = Instant::now();
            Command::new("/bin/true").env_clear().status()?;
            bare.push(begun.elapsed());

            let begun = Instant::now();
            let child = spawner.spawn(LaunchCommand::new("/bin/true", "/")).await?;
            started.push(begun.elapsed());
            child.control.wait().await;
            ended.push(begun.elapsed());
        }
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;
    let row = |name: &str, times: &mut Vec<Duration>| {
        times.sort_unstable();
        let at = |part: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let index = (times.len() as f64 * part) as usize;
            times.get(index).map_or(0, Duration::as_micros)
        };
        write(&format!("{name}: p50 {} us, p99 {} us\n", at(0.5), at(0.99)))
    };
    row("bare, started and ended", &mut bare)?;
    row("under a shim, started", &mut started)?;
    row("under a shim, started and all buried", &mut ended)
}
