//! The person's login shell is asked for its PATH: real shells with real files of the person's, and ones that misbehave.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mo_core::ids::AgentKind;
use mo_engine::config::Config;
use mo_engine::environment::Environment;
use mo_engine::login_shell::{LoginShell, ask};
use mo_engine::search::{Origin, candidates, learn};
use mo_process::ShimSpawner;

/// Far more than a shell without a hanging file needs.
const PATIENT: Duration = Duration::from_secs(50);

struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            home.write(name, text, 0o644);
        }
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn environment(&self, shell: &Path, more: &[(&str, &str)]) -> Environment {
        let (home, shell) = (self.0.path().display().to_string(), shell.display().to_string());
        let vars = [("HOME", home.as_str()), ("SHELL", &shell), ("PATH", "/usr/bin:/bin")];
        let vars = vars.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Environment::new(vars, []).unwrap()
    }

    async fn asked(&self, shell: &Path, limit: Duration) -> LoginShell {
        ask(&spawner(), &self.environment(shell, &[]), limit).await
    }

    fn processes(&self) -> usize {
        let ours = format!("HOME={}\0", self.0.path().display());
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let environ = all.map(|entry| std::fs::read(entry.path().join("environ")).unwrap_or_default());
        environ.filter(|text| String::from_utf8_lossy(text).contains(&ours)).count()
    }
}

fn spawner() -> ShimSpawner {
    ShimSpawner::new(env!("CARGO_BIN_EXE_actor"))
}

/// Files that put a folder before the others, for each shell that reads them.
const FILES: [(&str, &str, &str); 4] = [
    ("bash", ".bash_profile", "[ -f ~/.bashrc ] && . ~/.bashrc\n"),
    ("zsh", ".zprofile", "export PATH=\"$HOME/.tools/bin:$PATH\"\n"),
    ("dash", ".profile", "export PATH=\"$HOME/.tools/bin:$PATH\"\n"),
    ("fish", ".config/fish/config.fish", "set -gx PATH $HOME/.tools/bin $PATH\n"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::print_stdout, reason = "says what was not tested")]
async fn every_shell_that_is_here_tells_what_its_files_add() {
    let mut told = 0;
    for (shell, file, text) in FILES {
        let program = Path::new("/usr/bin").join(shell);
        if !program.exists() {
            println!("not asked: there is no {shell} here");
            continue;
        }
        // As Debian's: nothing behind the first line unless somebody sits before it.
        let interactive = "case $- in *i*) ;; *) return;; esac\nexport PATH=\"$HOME/.tools/bin:$PATH\"\n";
        let home = Home::new(&[(file, text), (".bashrc", interactive)]);
        let found = home.asked(&program, PATIENT).await;
        assert_eq!(found.problem, None, "{shell}");
        assert_eq!(found.folders[0], home.path(".tools/bin"), "{shell}: {found:?}");
        assert!(found.folders.contains(&PathBuf::from("/usr/bin")), "{shell}");
        told += 1;
    }
    assert!(told >= 2, "bash and dash are everywhere");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn noise_and_broken_files_do_no_harm() {
    let noise = "echo 'PATH=/wrong'; printf '<m>/wrong<m>'; echo oops >&2\nexport PATH=\"$HOME/.tools/bin:$PATH\"\n\
                 head -c 300000 /dev/zero | tr '\\0' x\nread -r answer\nfi\n";
    let home = Home::new(&[(".bash_profile", noise)]);
    let found = home.asked(Path::new("/bin/bash"), PATIENT).await;
    assert_eq!((found.problem.as_deref(), found.folders.contains(&PathBuf::from("/wrong"))), (None, false));
    let home = Home::new(&[(".bash_profile", "yes 'on and on'\n")]);
    let begun = Instant::now();
    let found = home.asked(Path::new("/bin/bash"), PATIENT).await;
    assert_eq!((found.folders.len(), found.problem.as_deref()), (0, Some("its files print without end")));
    assert!(begun.elapsed() < PATIENT, "it was cut off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_hangs_is_ended_with_all_it_started() {
    let home = Home::new(&[(".bash_profile", "setsid sleep 1000 &\nsleep 1000\n")]);
    let found = home.asked(Path::new("/bin/bash"), Duration::from_millis(900)).await;
    assert_eq!(found.problem.as_deref(), Some("it did not answer within 1 s"));
    assert_eq!(home.processes(), 0, "nothing is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_shell_a_wrong_one_and_one_that_refuses_are_said() {
    let home = Home::new(&[]);
    let refuses =
        home.write("nologin", "#!/bin/sh\necho This account is not available. >&2\nexit 1\n", 0o755);
    let found = home.asked(&refuses, PATIENT).await;
    let problem = found.problem.unwrap();
    assert!(problem.contains("This account is not available."), "{problem}");
    for (shell, words) in [("bash", "not an absolute path"), ("/no/such/shell", "/no/such/shell")] {
        let problem = home.asked(Path::new(shell), PATIENT).await.problem.unwrap();
        assert!(problem.contains(words), "{problem}");
    }
    // Of somebody else: its files are not run as us.
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(home.0.path(), Some(12_345), None).unwrap();
        let problem = home.asked(Path::new("/bin/bash"), PATIENT).await.problem.unwrap();
        assert!(problem.contains("is not your own folder"), "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_is_found_as_the_person_finds_it_and_started_from_a_terminal_that_path_counts_first() {
    let home = Home::new(&[(".bash_profile", "export PATH=\"$HOME/.tools/bin:$PATH\"; echo >> ~/asked\n")]);
    let agent = |folder: &str| home.write(&format!("{folder}/claude"), "#!/bin/sh\n", 0o755);
    let (by_shell, known) = (agent(".tools/bin"), agent(".local/bin"));
    let own = agent("own");
    let claude = [AgentKind::Claude];
    let config = Config::default();
    let desktop = home.environment(Path::new("/bin/bash"), &[]);
    for _ in 0..3 {
        learn(&spawner(), &config, &desktop, &claude).await;
    }
    assert_eq!(std::fs::read_to_string(home.path("asked")).unwrap(), "\n", "asked once");
    let found = |environment: &Environment| -> Vec<(PathBuf, Origin)> {
        let all = candidates(&config, environment, &AgentKind::Claude);
        all.into_iter().map(|one| (one.path, one.origin)).collect()
    };
    let both = [(by_shell.clone(), Origin::LoginShell), (known, Origin::KnownFolder)];
    assert_eq!(found(&desktop), both);
    // From a terminal, where it is on the PATH, nobody is asked.
    let path = format!("{}:/usr/bin:/bin", own.parent().unwrap().display());
    let terminal = home.environment(Path::new("/bin/bash"), &[("TERM", "xterm"), ("PATH", &path)]);
    learn(&spawner(), &config, &terminal, &claude).await;
    assert_eq!(found(&terminal), [(own, Origin::Path)]);
    // Without any it is.
    let bare = home.environment(Path::new("/bin/bash"), &[("TERM", "xterm")]);
    learn(&spawner(), &config, &bare, &claude).await;
    assert_eq!(found(&bare)[0], (by_shell, Origin::LoginShell));
}
