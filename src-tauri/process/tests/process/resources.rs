//! What a tree takes: its memory, its processes wherever they are, and the work also of those that have ended.

use std::time::{Duration, Instant};

use mo_process::{Child, LaunchCommand, LineBatch, StdinMode, TreeMeter, TreeUse, room};

use crate::{PATIENCE, probe_program, soon, start};

/// What one step of the burner works, less what the measure is too coarse for.
const WORKED: f32 = 0.27;
const MB: u64 = 1 << 20;

struct Burner {
    child: Child,
    batch: LineBatch,
    meter: TreeMeter,
    looked: Instant,
}

impl Burner {
    async fn holding(megabytes: &str) -> Self {
        let command =
            LaunchCommand::new(probe_program(), "/").args(["burn", megabytes]).stdin(StdinMode::Piped);
        let looked = Instant::now();
        let mut burner =
            Self { child: start(command).await, batch: LineBatch::new(), meter: TreeMeter::new(), looked };
        burner.said().await;
        burner
    }

    async fn said(&mut self) {
        assert!(soon(self.child.stdout.next_batch(&mut self.batch)).await.unwrap(), "it ended");
    }

    async fn step(&mut self, step: &str) {
        soon(self.child.stdin.write(format!("{step}\n").into_bytes())).await.unwrap();
        self.said().await;
    }

    /// What it takes, and the seconds of work that the percentage stands for.
    fn look(&mut self) -> (TreeUse, f32) {
        let taken = self.meter.look(&[self.child.shim])[0].unwrap();
        let passed = std::mem::replace(&mut self.looked, Instant::now()).elapsed();
        (taken, taken.cpu_percent / 100.0 * passed.as_secs_f32())
    }
}

#[tokio::test]
async fn memory_processes_and_work_of_a_whole_tree() {
    let mut burner = Burner::holding("64").await;
    let (alone, _) = burner.look();
    assert_eq!(alone.processes, 1, "the shim is not counted");
    assert!((64 * MB..96 * MB).contains(&alone.memory_bytes), "{alone:?}");

    burner.step("orphan").await;
    let (two, worked) = burner.look();
    assert_eq!(two.processes, 2, "one that left for a session of its own counts");
    assert!((WORKED..3.0).contains(&worked), "{worked} s of {two:?}");

    // Its work is not told twice.
    let (quiet, worked) = burner.look();
    assert!(worked < WORKED / 2.0, "{worked} s of {quiet:?}");

    burner.step("passing").await;
    let (after, worked) = burner.look();
    assert_eq!(after.processes, 2);
    assert!((WORKED..3.0).contains(&worked), "{worked} s of one that had gone: {after:?}");

    burner.child.control.kill_tree();
    let end = burner.child.control.wait_for(PATIENCE).await.expect("it ends");
    assert!(end.tree_empty);
    // What is gone takes nothing; the shim says that all is with its last breath.
    let gone = async {
        while burner.meter.look(&[burner.child.shim]) != [None] {
            tokio::task::yield_now().await;
        }
    };
    soon(gone).await;
}

#[tokio::test]
async fn the_first_look_counts_from_the_launch_and_trees_are_told_apart() {
    let mut small = Burner::holding("1").await;
    let mut large = Burner::holding("32").await;
    small.step("passing").await;
    let both = small.meter.look(&[small.child.shim, large.child.shim]);
    let [Some(one), Some(other)] = both[..] else { panic!("{both:?}") };
    assert!(one.cpu_percent > 0.0 && one.memory_bytes + 24 * MB < other.memory_bytes, "{one:?} {other:?}");
    let (_, worked) = large.look();
    assert!(worked < WORKED, "the work of the other one is not its own: {worked}");
}

#[test]
fn room_is_told_of_the_file_system_of_a_path() {
    let here = room(&std::env::temp_dir()).unwrap();
    assert!(here.total_bytes >= here.free_bytes && here.total_bytes > 0, "{here:?}");
    let same = room(&std::env::temp_dir()).unwrap();
    assert!(same.device == here.device && room("/proc".as_ref()).unwrap().device != here.device);
    assert!(room("/nonexistent/folder".as_ref()).is_err());
    // Nothing is looked at: no work, no answer.
    let began = Instant::now();
    assert_eq!(TreeMeter::new().look(&[]), []);
    assert!(began.elapsed() < Duration::from_secs(5));
}
