//! The goals. Each is a ratio or a bound against a baseline of the same run, so that the machine does not matter much.

/// Durable lines against a bare insert loop.
pub(crate) const DURABLE_RATIO: f64 = 0.6;
/// One line in 20 durable, against the original's loop.
pub(crate) const MIXED_RATIO: f64 = 5.0;
/// Resident at the end of a flood, in MB.
pub(crate) const RESIDENT_MB: f64 = 60.0;
/// The most that was resident while a line without a newline came, in MB.
pub(crate) const LONG_LINE_MB: f64 = 20.0;
/// A typed decode against serde_json reading the line into the same borrowed types.
pub(crate) const DECODE_RATIO: f64 = 0.5;
/// What supervision adds to a launch, in ms.
pub(crate) const LAUNCH_MS: f64 = 25.0;
/// A headless owner over a journal of a million events, from its start until it serves, in ms.
pub(crate) const OPEN_MS: f64 = 1_000.0;
/// `orchestrate status` on that journal, as a whole process, in ms.
pub(crate) const STATUS_MS: f64 = 25.0;
/// The latency of a worker's events while another one floods, against the same without a flood.
pub(crate) const NOISY_RATIO: f64 = 3.0;
/// A headless owner's answer on its socket after its start, in ms (the best of the peers: a Rust server).
pub(crate) const OWNER_MS: f64 = 83.0;
/// A headless owner that idles, in MB.
pub(crate) const IDLE_MB: f64 = 25.0;
/// A headless owner that idles, in percent of a core.
pub(crate) const IDLE_PERCENT: f64 = 0.1;
/// What a new session with one prompt adds to its bare agent, in ms.
pub(crate) const SESSION_MS: f64 = 200.0;
/// A flood's lines at a client on the socket, against a subscriber in the process.
pub(crate) const STREAM_RATIO: f64 = 0.5;
/// From the start of the app until text is on the screen, against the empty window.
pub(crate) const PAINT_RATIO: f64 = 1.3;
/// The window's memory with a session of a million events open, against the empty window.
pub(crate) const WINDOW_MEMORY_RATIO: f64 = 1.5;
/// From a jump to any row of a million until its text is painted, in ms.
pub(crate) const JUMP_MS: f64 = 100.0;
/// Between two frames of the window while events come at [`FLOOD_RATE`], in ms.
pub(crate) const FRAME_GAP_MS: f64 = 100.0;
/// Events a second.
pub(crate) const FLOOD_RATE: u64 = 10_000;
/// The window while nothing happens, in percent of a core.
pub(crate) const WINDOW_IDLE_PERCENT: f64 = 0.5;
/// The same with a session that runs and says nothing: its clock moves once a second, and with it what its worker takes.
pub(crate) const WINDOW_SILENT_PERCENT: f64 = 3.0;
