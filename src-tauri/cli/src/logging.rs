//! The program's own log: a file a day in the data folder, and stderr where it is asked for.

use mo_journal::DataDir;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// How many days are kept.
const DAYS: usize = 7;

/// Begins to log. The file is only for who owns the data folder: a reader changes nothing in it.
pub(crate) fn start(verbose: u8, data: Option<&DataDir>) {
    let file = data.and_then(|data| {
        RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix("orchestrate")
            .filename_suffix("log")
            .max_log_files(DAYS)
            .build(data.logs())
            .map_err(|error| crate::output::aside(&format!("no log is written: {error}")))
            .ok()
    });
    let file = file.map(|file| {
        tracing_subscriber::fmt::layer().with_ansi(false).with_writer(file).with_filter(LevelFilter::INFO)
    });
    let stderr = (verbose > 0).then(|| {
        let ours = if verbose == 1 { LevelFilter::DEBUG } else { LevelFilter::TRACE };
        let filter = Targets::new()
            .with_default(LevelFilter::WARN)
            .with_targets(
                ["mo_core", "mo_engine", "mo_journal", "mo_process", "mo_checkpoint", "mo_agents"]
                    .map(|name| (name, ours)),
            )
            .with_target("orchestrate", ours);
        tracing_subscriber::fmt::layer().with_ansi(false).with_writer(std::io::stderr).with_filter(filter)
    });
    // A second start in one process keeps the first.
    let _ = tracing_subscriber::registry().with(file).with(stderr).try_init();
}
