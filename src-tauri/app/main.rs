//! The app's process.

use std::process::ExitCode;

use meta_orchestrator_lib::desk::Desk;
use meta_orchestrator_lib::engine_desk::EngineDesk;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    // The shim of a worker and the demo's team are re-executions of this program.
    if let Some(code) = mo_process::reexec_entry().or_else(mo_scripted::reexec_entry) {
        std::process::exit(code);
    }
    #[cfg(target_os = "linux")]
    meta_orchestrator_lib::painting::fit_to_machine();
    let filter = EnvFilter::try_from_env("MO_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    if let Some(why) = no_display() {
        tracing::error!("{why}");
        return ExitCode::from(2);
    }
    let open = || async { EngineDesk::open().await.map(|desk| desk as std::sync::Arc<dyn Desk>) };
    match meta_orchestrator_lib::run(open) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the window cannot be opened: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Why there can be no window here; the toolkit would only say that it failed to initialise.
fn no_display() -> Option<&'static str> {
    let unset = |name: &str| std::env::var_os(name).is_none_or(|value| value.is_empty());
    (cfg!(target_os = "linux") && unset("DISPLAY") && unset("WAYLAND_DISPLAY")).then_some(
        "there is no display (DISPLAY and WAYLAND_DISPLAY are not set); `orchestrate` works in a terminal",
    )
}
