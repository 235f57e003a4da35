//! A window under the driver.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mo_screen::stage::{Scheme, Stage};
use mo_screen::webdriver::Browser;

use crate::flood::{Flood, VARIABLE};
use crate::tree::Tree;

/// What a page needs that only has to be painted.
pub(super) const SOON: Duration = Duration::from_secs(30);
/// The app's folder under the XDG folders.
pub(super) const NAME: &str = "meta-orchestrator";

/// One window, with a home of its own.
pub(super) struct Scene {
    stage: Stage,
    pub(super) page: Browser,
    program: PathBuf,
}

impl Scene {
    /// The app over the folder that holds its data folder, with a Claude that plays that flood.
    pub(super) fn of_app(data: &Path, claude: &Flood) -> Result<Self> {
        let program = app()?;
        let stage = stage(&[("XDG_DATA_HOME", data)])?;
        let config = stage.home().join(".config").join(NAME);
        fs::create_dir_all(&config)?;
        let me = std::env::current_exe()?;
        let text = format!(
            "[agents.claude]\npath = {:?}\n[agents.claude.env]\n{VARIABLE} = \"{claude}\"\n",
            me.to_str().context("this program's path is no text")?
        );
        fs::write(config.join("config.toml"), text)?;
        let page = Browser::open(stage.port, &program);
        page.wait_for_text("New session", SOON);
        Ok(Self { stage, page, program })
    }

    /// The empty window.
    pub(super) fn of_empty() -> Result<Self> {
        let program = empty()?;
        let stage = stage(&[])?;
        let page = Browser::open(stage.port, &program);
        page.wait_for_text("One line of text", SOON);
        Ok(Self { stage, page, program })
    }

    /// The app's processes, the webview's included.
    pub(super) fn tree(&self) -> Result<Tree> {
        Tree::of_program(&self.program, self.stage.driver())
    }

    /// Chooses the session of that goal.
    pub(super) fn choose(&self, goal: &str) {
        let item = format!("//nav//button[contains(., '{goal}')]");
        self.page.wait("the session", SOON, |page| page.find(&item)).click();
        self.page.wait("its tabs", SOON, |page| page.find("//*[@id='tab-timeline']"));
    }

    /// Goes to a tab.
    pub(super) fn tab(&self, name: &str) {
        let tab = format!("//*[@id='tab-{name}']");
        self.page.wait("the tab", SOON, |page| page.find(&tab)).click();
    }

    /// Closes the window.
    pub(super) fn close(self) {
        self.page.close();
        self.stage.strike();
    }
}

/// A stage whose desktop moves things, as a person's does.
fn stage(settings: &[(&str, &Path)]) -> Result<Stage> {
    let stage = Stage::set(Scheme::Light, settings);
    fs::write(stage.home().join(".config/gtk-3.0/settings.ini"), "[Settings]\ngtk-enable-animations=1\n")?;
    Ok(stage)
}

/// The app, beside this program: `./bench` builds both.
pub(super) fn app() -> Result<PathBuf> {
    beside(NAME)
}

/// The empty window.
pub(super) fn empty() -> Result<PathBuf> {
    beside("empty-window")
}

fn beside(name: &str) -> Result<PathBuf> {
    let me = std::env::current_exe()?;
    let program = me.parent().context("this program has no folder")?.join(name);
    ensure!(program.is_file(), "{} is not there; ./bench builds it", program.display());
    Ok(program)
}
