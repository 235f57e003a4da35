//! The five ports through which the engine reaches the outside, passed in at construction (design.md §2). Three
//! of them stand in the crates that implement them.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mo_checkpoint::Checkpoints;
use mo_core::time::Timestamp;
use mo_journal::Journal;
use mo_process::{ProcessIdentity, Room, Spawner, TreeMeter, TreeUse, room};

/// The longest that a wait for a time of day does without a look at the clock: the runtime's monotonic time stands still
/// while the machine sleeps, and a clock can be set.
const LOOK: Duration = Duration::from_mins(1);

/// Tells the time of day. Durations are measured with the runtime's monotonic time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Returns when it is that time or later.
    fn until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            loop {
                let left = Duration::from_millis(at.since(self.now()));
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(LOOK)).await;
            }
        })
    }
}

/// Tells what running workers take of the machine, and what is left on its disks. Asked only while workers run, on a
/// thread that may block.
pub trait Gauge: Send + Sync {
    /// What each of these launches takes, named by its shim; in their order, `None` for what is gone.
    fn trees(&self, shims: &[ProcessIdentity]) -> Vec<Option<TreeUse>>;

    /// What is left where that folder is; `None` when it cannot be told.
    fn room(&self, folder: &Path) -> Option<Room>;

    /// The time between two looks.
    fn period(&self) -> Duration {
        Duration::from_secs(2)
    }
}

/// Asks the system.
#[derive(Default)]
pub struct SystemGauge(Mutex<TreeMeter>);

impl Gauge for SystemGauge {
    fn trees(&self, shims: &[ProcessIdentity]) -> Vec<Option<TreeUse>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).look(shims)
    }

    fn room(&self, folder: &Path) -> Option<Room> {
        room(folder).inspect_err(|error| tracing::debug!(?folder, %error, "its room is not known")).ok()
    }
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// All ports.
#[derive(Clone)]
pub struct Ports {
    /// Starts processes.
    pub spawner: Arc<dyn Spawner>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Holds what has happened.
    pub journal: Arc<dyn Journal>,
    /// Snapshots the target.
    pub checkpoints: Arc<dyn Checkpoints>,
    /// Measures what workers take.
    pub gauge: Arc<dyn Gauge>,
}
