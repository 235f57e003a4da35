//! A worker's task and who watches over it.

use std::sync::Arc;

use mo_core::input::Input;
use mo_process::StopLadder;
use tokio::sync::mpsc;

use crate::dispatcher::Message;
use crate::environment::Environment;
use crate::hub::Hub;
use crate::outlet::Crowd;
use crate::ports::Ports;
use crate::session_desk::SessionDesk;
use crate::worker::{WorkerRun, run_worker};

/// Runs the process, and buries it too where the task that attends it breaks off.
pub(crate) async fn attend(
    ports: Ports,
    hub: Arc<Hub>,
    crowd: Arc<Crowd>,
    environment: Arc<Environment>,
    desk: Arc<SessionDesk>,
    run: WorkerRun,
    queue: mpsc::Sender<Message>,
) {
    let (worker, attempt) = (run.worker.clone(), run.attempt);
    let task =
        tokio::spawn(run_worker(ports, hub, crowd, environment, Arc::clone(&desk), run, queue.clone()));
    let Err(error) = task.await else { return };
    tracing::error!(%worker, %error, "the task of a worker broke off; its process is ended");
    let end = match desk.remove_worker(&worker, attempt) {
        Some(control) => Some(control.stop(StopLadder::at_once()).await.exit),
        // It had not started; a launch that nobody waits for is taken down.
        None => None,
    };
    let exited = Input::Exited {
        worker,
        attempt,
        code: end.and_then(|end| end.code),
        signal: end.and_then(|end| end.signal),
        tree_empty: end.is_none_or(|end| end.tree_empty),
        turn: None,
    };
    // Fails only when the engine is going away.
    let _ = queue.send(Message::Inputs { session: desk.id.clone(), inputs: vec![exited] }).await;
}
