//! A screen, a session bus and a driver of one test's own, with a private home. Each is a process group that this
//! test started and alone ends.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::desktop::{Desktop, succeeds};

/// Light or dark, as the system says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Scheme {
    /// The word in file names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What a test runs on.
pub struct Stage {
    driver: Group,
    pub(crate) manager: OnceLock<Group>,
    _bus: Group,
    _screen: Group,
    home: TempDir,
    pub(crate) display: String,
    environment: Vec<(String, OsString)>,
    /// Where the driver listens.
    pub port: u16,
    /// Where the session bus listens.
    pub bus_address: String,
}

impl Stage {
    /// Sets a stage up. `settings` are further environment variables of the app.
    pub fn set(scheme: Scheme, settings: &[(&str, &Path)]) -> Self {
        Self::set_with(scheme, settings, &[])
    }

    /// The same, with further arguments for the screen's server.
    pub fn set_with(scheme: Scheme, settings: &[(&str, &Path)], screen: &[&OsStr]) -> Self {
        let home = tempfile::tempdir().unwrap();
        write_look(home.path(), scheme);
        let (screen, display) = start_screen(screen);
        let port = free_port();
        let log = fs::File::create(home.path().join("driver.log")).unwrap();
        let (bus, bus_address) = start_bus(home.path());
        let mut environment: Vec<(String, OsString)> = vec![
            ("PATH".to_owned(), std::env::var_os("PATH").unwrap_or_default()),
            ("LANG".to_owned(), "C.UTF-8".into()),
            ("DISPLAY".to_owned(), display.clone().into()),
            ("DBUS_SESSION_BUS_ADDRESS".to_owned(), bus_address.clone().into()),
            ("TAURI_WEBVIEW_AUTOMATION".to_owned(), "true".into()),
            ("NO_AT_BRIDGE".to_owned(), "1".into()),
            ("LIBGL_ALWAYS_SOFTWARE".to_owned(), "1".into()),
        ];
        for (name, folder) in [
            ("HOME", ""),
            ("TMPDIR", "tmp"),
            ("XDG_CONFIG_HOME", ".config"),
            ("XDG_DATA_HOME", ".local/share"),
            ("XDG_CACHE_HOME", ".cache"),
            ("XDG_RUNTIME_DIR", "run"),
        ] {
            let folder = home.path().join(folder);
            fs::create_dir_all(&folder).unwrap();
            environment.push((name.to_owned(), folder.into()));
        }
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), value.into())));
        let mut command = Command::new("WebKitWebDriver");
        command.args(["--host=127.0.0.1", &format!("--port={port}")]);
        command.env_clear().envs(environment.iter().cloned());
        let errors = log.try_clone().unwrap();
        let driver = Group::start(command.stdin(Stdio::null()).stdout(log).stderr(errors));
        wait_for_port(port);
        let manager = OnceLock::new();
        Self { driver, manager, _bus: bus, _screen: screen, home, display, environment, port, bus_address }
    }

    /// The private home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A program that runs on this stage too.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.iter().cloned());
        command
    }

    /// Whether a window of that title is to be seen.
    pub fn shows_window(&self, title: &str) -> bool {
        let search = ["search", "--onlyvisible", "--name", &format!("^{title}$")];
        succeeds(Command::new("xdotool").args(search).env("DISPLAY", &self.display))
    }

    /// What the driver and the app have written, for a failed test.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home().join("driver.log")).unwrap_or_default()
    }

    /// Asks the window of that title to close, by the key that a window manager has for it.
    pub fn close_window(&self, title: &str) {
        Desktop::start(self).close_window(title);
    }

    /// The driver's process, under which it starts the app.
    pub fn driver(&self) -> u32 {
        self.driver.0.id()
    }

    /// Ends the driver and with it the app, then the bus.
    pub fn strike(self) {
        drop(self.driver);
    }
}

/// The app's own binary beside this test's; it is built before (`cargo build` in the root).
pub fn app_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("MO_APP_BINARY") {
        return path.into();
    }
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).expect("target/<profile>/deps/<test>");
    let binary = folder.join("meta-orchestrator");
    assert!(binary.is_file(), "{} is missing: run `cargo build` first", binary.display());
    binary
}

/// The toolkit's own settings file says light or dark, and the font that pictures are made with where it is there.
fn write_look(home: &Path, scheme: Scheme) {
    let folder = home.join(".config/gtk-3.0");
    fs::create_dir_all(&folder).unwrap();
    let dark = u8::from(scheme == Scheme::Dark);
    let settings = format!(
        "[Settings]\ngtk-application-prefer-dark-theme={dark}\ngtk-font-name=Inter 10\ngtk-enable-animations=0\n"
    );
    fs::write(folder.join("settings.ini"), settings).unwrap();
}

/// A session bus of its own, on which nobody is and which starts nobody.
fn start_bus(home: &Path) -> (Group, String) {
    let config = home.join("bus.conf");
    let text = format!(
        "<busconfig><type>session</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>\
         <policy context=\"default\"><allow send_destination=\"*\"/><allow receive_sender=\"*\"/>\
         <allow own=\"*\"/></policy></busconfig>",
        home.join("bus").display()
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new("dbus-daemon");
    command.args(["--nofork", "--nopidfile", "--print-address=1"]).arg("--config-file").arg(&config);
    let mut group = Group::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()));
    let mut address = String::new();
    BufReader::new(group.0.stdout.take().unwrap()).read_line(&mut address).unwrap();
    assert!(!address.trim().is_empty(), "there is no session bus");
    (group, address.trim().to_owned())
}

/// A screen of its own; the server chooses the number and says it.
fn start_screen(further: &[&OsStr]) -> (Group, String) {
    let mut command = Command::new("Xvfb");
    command
        .args(["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset"])
        .args(further);
    let mut group = Group::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()));
    let mut number = String::new();
    BufReader::new(group.0.stdout.take().unwrap()).read_line(&mut number).unwrap();
    assert!(!number.trim().is_empty(), "Xvfb started no screen");
    (group, format!(":{}", number.trim()))
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn wait_for_port(port: u16) {
    let end = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "WebKitWebDriver does not listen on {port}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process that leads a group of its own; the whole group is ended with it.
pub(crate) struct Group(pub(crate) Child);

impl Group {
    pub(crate) fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.process_group(0).spawn();
        Self(child.unwrap_or_else(|error| panic!("{name}: {error}; is its Debian package installed?")))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}
