//! What the supervision of a process costs beside starting it bare.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use mo_process::{LaunchCommand, ShimSpawner, Spawner, StdinMode};

use crate::figures::{median, ms_since, quantile};
use crate::options::Options;
use crate::report::Claim;
use crate::{goals, program, rig};

/// How many launches of each, taken alternately.
const LAUNCHES: u32 = 100;
const PROGRAM: &str = "/bin/true";

/// From the launch until the process and all of its tree are known to be gone.
pub(crate) fn launch(_: &Options) -> Result<Vec<Claim>> {
    let spawner: Arc<dyn Spawner> = Arc::new(ShimSpawner::new(program::orchestrate()?));
    let runtime = rig::runtime()?;
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..LAUNCHES {
        let start = Instant::now();
        let mut child =
            Command::new(PROGRAM).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        ensure!(child.wait()?.success(), "{PROGRAM} failed");
        bare.push(ms_since(start));
        let start = Instant::now();
        let exit = runtime.block_on(async {
            let child = spawner.spawn(LaunchCommand::new(PROGRAM, "/").stdin(StdinMode::Null)).await?;
            anyhow::Ok(child.control.wait().await)
        })?;
        ensure!(exit.code == Some(0) && exit.tree_empty, "{PROGRAM} ended as {exit:?}");
        ours.push(ms_since(start));
    }
    let (bare_ms, ours_ms) = (median(&bare)?, median(&ours)?);
    Ok(vec![Claim {
        name: "launch",
        what: "added to a launch by its supervision, until buried",
        value: ours_ms - bare_ms,
        unit: " ms",
        bound: goals::LAUNCH_MS,
        at_least: false,
        baseline: format!("a bare spawn and wait: {bare_ms:.1} ms"),
        detail: format!(
            "{ours_ms:.1} ms, 95 % under {:.1} ms, {LAUNCHES} launches of each",
            quantile(&ours, 0.95)?
        ),
    }])
}
