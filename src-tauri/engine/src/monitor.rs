//! Looks at what the workers take, at a fixed pace and only while there are some: shows it to whoever listens, and tells
//! the sessions, which hold it against their limits.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mo_core::ids::{SessionId, WorkerName};
use mo_core::input::{Input, Measured};
use mo_core::time::Timestamp;
use mo_core::view::resources::{DiskRoom, ResourceSample, SessionResources};
use mo_process::ProcessIdentity;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::dispatcher::Message;
use crate::hub::Hub;
use crate::ports::{Clock, Gauge, Ports};
use crate::session_desk::{Desks, SessionDesk};

/// The first look after the first worker has begun: a process that has just started tells little.
const FIRST: Duration = Duration::from_millis(500);

/// The monitor of one engine. While no worker runs it is nothing but this: no task, no timer.
pub(crate) struct Monitor {
    gauge: Arc<dyn Gauge>,
    clock: Arc<dyn Clock>,
    hub: Arc<Hub>,
    desks: Desks,
    queue: mpsc::WeakSender<Message>,
    /// Whether the task runs.
    awake: Mutex<bool>,
}

/// A session and the shims of its processes.
type Watched = (Arc<SessionDesk>, Vec<(WorkerName, ProcessIdentity)>);

impl Monitor {
    pub(crate) fn new(
        ports: &Ports,
        hub: Arc<Hub>,
        desks: Desks,
        queue: mpsc::WeakSender<Message>,
    ) -> Arc<Self> {
        let (gauge, clock) = (Arc::clone(&ports.gauge), Arc::clone(&ports.clock));
        Arc::new(Self { gauge, clock, hub, desks, queue, awake: Mutex::new(false) })
    }

    /// A worker begins: from now on it is looked at.
    pub(crate) fn wake(self: &Arc<Self>) {
        let mut awake = self.awake.lock().unwrap_or_else(PoisonError::into_inner);
        if !*awake {
            *awake = true;
            tokio::spawn(Arc::clone(self).watch());
        }
    }

    async fn watch(self: Arc<Self>) {
        let period = self.gauge.period();
        let mut pace = interval_at(Instant::now() + FIRST.min(period), period);
        // On a machine that is too busy for the pace, looks are fewer, not denser.
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pace.tick().await;
            let Some(watched) = self.watched() else { return };
            let me = Arc::clone(&self);
            let Ok(look) = tokio::task::spawn_blocking(move || me.look(&watched)).await else { continue };
            let (shown, told): (Vec<_>, Vec<_>) = look.into_iter().unzip();
            self.hub.show_resources(shown);
            for (session, measured) in told {
                let Some(queue) = self.queue.upgrade() else { return };
                let inputs = vec![Input::Measured(measured)];
                // Fails only when the engine is going away.
                let _ = queue.send(Message::Inputs { session, inputs }).await;
            }
        }
    }

    /// What there is to look at; without any worker the task ends here, and the next one to begin starts it anew.
    fn watched(&self) -> Option<Vec<Watched>> {
        let mut awake = self.awake.lock().unwrap_or_else(PoisonError::into_inner);
        let desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let watched: Vec<Watched> =
            desks.values().filter_map(|desk| Some((Arc::clone(desk), desk.shims()?))).collect();
        drop(desks);
        if watched.is_empty() {
            *awake = false;
            self.gauge.trees(&[]);
            self.hub.show_resources(Vec::new());
            return None;
        }
        Some(watched)
    }

    fn look(&self, watched: &[Watched]) -> Vec<(SessionResources, (SessionId, Measured))> {
        let at = self.clock.now();
        let shims: Vec<ProcessIdentity> =
            watched.iter().flat_map(|(_, shims)| shims).map(|(_, shim)| *shim).collect();
        let mut taken = self.gauge.trees(&shims).into_iter();
        let mut all = Vec::with_capacity(watched.len());
        for (desk, shims) in watched {
            let mut seen = Seen::default();
            for (worker, _) in shims {
                if let Some(taken) = taken.next().flatten() {
                    seen.add(worker, at, taken.cpu_percent, taken.memory_bytes, taken.processes);
                }
            }
            let disks = self.rooms(&[&desk.target, &desk.data]);
            let measured = Measured {
                memory: seen.memory,
                free: disks.iter().map(|disk| (disk.folder.clone(), disk.free_bytes)).collect(),
            };
            let session = desk.id.to_string();
            all.push((
                SessionResources { session, samples: seen.samples, disks },
                (desk.id.clone(), measured),
            ));
        }
        all
    }

    /// Folders on the same file system count once, under the first one's name.
    fn rooms(&self, folders: &[&Path]) -> Vec<DiskRoom> {
        let mut devices = Vec::new();
        let mut rooms = Vec::new();
        for folder in folders {
            let Some(room) = self.gauge.room(folder).filter(|room| !devices.contains(&room.device)) else {
                continue;
            };
            devices.push(room.device);
            let folder = folder.to_string_lossy().into_owned();
            rooms.push(DiskRoom { folder, free_bytes: room.free_bytes, total_bytes: room.total_bytes });
        }
        rooms
    }
}

/// What was seen of the workers of one session.
#[derive(Default)]
struct Seen {
    samples: Vec<ResourceSample>,
    memory: Vec<(WorkerName, u64)>,
}

impl Seen {
    /// Adds a process of a worker; the one before it may still be ending, and they count together.
    fn add(
        &mut self,
        worker: &WorkerName,
        at: Timestamp,
        cpu_percent: f32,
        memory_bytes: u64,
        processes: u32,
    ) {
        if let (Some(sample), Some((name, memory))) = (self.samples.last_mut(), self.memory.last_mut())
            && name == worker
        {
            sample.cpu_percent += cpu_percent;
            sample.memory_bytes = sample.memory_bytes.saturating_add(memory_bytes);
            sample.processes = sample.processes.saturating_add(processes);
            *memory = sample.memory_bytes;
            return;
        }
        let (name, at) = (worker.to_string(), at.to_string());
        self.samples.push(ResourceSample { worker: name, at, cpu_percent, memory_bytes, processes });
        self.memory.push((worker.clone(), memory_bytes));
    }
}
