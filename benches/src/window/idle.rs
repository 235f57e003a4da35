//! What the window takes of the processor while nothing happens.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mo_api::client::Client;
use mo_api::dto::{StartForm, StopBy};
use mo_core::team::Team;
use mo_journal::DataDir;

use super::scene::{NAME, SOON, Scene};
use crate::flood::Flood;
use crate::options::Options;
use crate::report::Claim;
use crate::{children, goals, rig};

/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(20);
/// What goes on behind a page that has just been shown, collections of garbage and caches that are written, is over
/// when so long a time took less than [`QUIET`] of a core; it is waited for at most [`SETTLES`].
const LOOK: Duration = Duration::from_secs(3);
const QUIET: f64 = 0.01;
const SETTLES: Duration = Duration::from_secs(30);
/// Of the session that is open.
const LINES: u64 = 1_000;

/// With a session open that is over, and with one that runs and says nothing.
pub(crate) fn idle(options: &Options) -> Result<Vec<Claim>> {
    let folder = options.folder()?;
    children::through_engine(&Flood::durable(LINES), folder.path())?;
    std::fs::rename(folder.path().join("data"), folder.path().join(NAME))?;

    let scene = Scene::of_empty()?;
    let bare = watch(&scene)?;
    scene.close();

    let scene = Scene::of_app(folder.path(), &Flood::silent())?;
    scene.choose(crate::through_engine::GOAL);
    scene.tab("timeline");
    let over = watch(&scene)?;

    let session = start(folder.path(), "Stay silent.")?;
    scene.choose("Stay silent.");
    scene.page.wait_for_text("Claude started on the goal", SOON);
    let silent = watch(&scene)?;
    stop(folder.path(), &session)?;
    scene.close();

    let claim = |what, share: Share, bound| Claim {
        name: "window-idle",
        what,
        value: share.whole,
        unit: " %",
        bound,
        at_least: false,
        baseline: format!("an empty Tauri window: {:.2} %", bare.whole),
        detail: format!("of a core, over {} s: {}", WATCHED.as_secs(), share.parts),
    };
    Ok(vec![
        claim("the window's processor with a session open that is over", over, goals::WINDOW_IDLE_PERCENT),
        claim("the same while a session runs and says nothing", silent, goals::WINDOW_SILENT_PERCENT),
    ])
}

/// Shares of a core in percent.
struct Share {
    whole: f64,
    /// In words, of each process.
    parts: String,
}

fn watch(scene: &Scene) -> Result<Share> {
    let tree = scene.tree()?;
    let whole = || anyhow::Ok(tree.cpu()?.iter().map(|(_, seconds)| seconds).sum::<f64>());
    let end = Instant::now() + SETTLES;
    while Instant::now() < end {
        let before = whole()?;
        std::thread::sleep(LOOK);
        if whole()? - before < QUIET * LOOK.as_secs_f64() {
            break;
        }
    }
    let (before, since) = (tree.cpu()?, Instant::now());
    std::thread::sleep(WATCHED);
    let seconds = since.elapsed().as_secs_f64();
    let used = tree.cpu()?.into_iter().zip(before);
    let parts: Vec<(String, f64)> =
        used.map(|((name, after), (_, before))| (name, (after - before) / seconds * 100.0)).collect();
    let words: Vec<String> = parts.iter().map(|(name, percent)| format!("{name} {percent:.2} %")).collect();
    Ok(Share { whole: parts.iter().map(|(_, percent)| percent).sum(), parts: words.join(", ") })
}

/// Starts a session in the window's own engine, as a terminal would.
pub(super) fn start(data: &Path, goal: &str) -> Result<String> {
    let target = data.join("target-of-window");
    std::fs::create_dir_all(&target)?;
    let mut request = rig::request(goal, target.canonicalize()?);
    request.team = Team::solo();
    rig::runtime()?.block_on(async {
        let client = attach(data).await?;
        client.start(&StartForm::of(&request)).await.context("the session did not start")
    })
}

/// Ends it.
pub(super) fn stop(data: &Path, session: &str) -> Result<()> {
    rig::runtime()?.block_on(async { Ok(attach(data).await?.stop(session, true, StopBy::default()).await?) })
}

pub(super) async fn attach(data: &Path) -> Result<Client> {
    Ok(Client::attach(&DataDir::existing(data.join(NAME))?).await?)
}
