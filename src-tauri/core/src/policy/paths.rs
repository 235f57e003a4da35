//! What the policy says of a resolved path.

use super::ground::Ground;
use super::ruling::{Risk, Ruling};

/// What changes how tools run: a person decides.
const PROTECTED: [&str; 81] = [
    ".git",
    ".gitmodules",
    ".gitattributes",
    ".gitconfig",
    ".hg",
    ".svn",
    ".jj",
    ".claude",
    ".codex",
    ".gemini",
    ".agents",
    ".cursor",
    ".cursorrules",
    ".windsurf",
    ".windsurfrules",
    ".opencode",
    ".aider.conf.yml",
    ".kiro",
    ".mcp.json",
    ".vscode",
    ".idea",
    ".zed",
    ".fleet",
    ".vs",
    ".run",
    ".exrc",
    ".vimrc",
    ".nvim.lua",
    ".gdbinit",
    ".lldbinit",
    ".devcontainer",
    ".envrc",
    ".direnv",
    "mise.toml",
    ".mise.toml",
    ".mise",
    "mise.local.toml",
    ".tool-versions",
    ".github",
    ".gitlab-ci.yml",
    ".gitea",
    ".forgejo",
    ".circleci",
    ".travis.yml",
    ".buildkite",
    ".build.yml",
    ".semaphore",
    ".teamcity",
    "cloudbuild.yaml",
    ".woodpecker",
    ".woodpecker.yml",
    ".drone.yml",
    ".appveyor.yml",
    "appveyor.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "jenkinsfile",
    ".husky",
    ".lefthook",
    "lefthook.yml",
    ".lefthook.yml",
    ".pre-commit-config.yaml",
    // Programs that stand before those of the system once they are activated.
    ".venv",
    "venv",
    ".bin",
    ".cargo",
    ".bazelrc",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pnpmfile.cjs",
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".inputrc",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".netrc",
];

/// Folders and files below the home folder that hold secrets.
const SECRETS_AT_HOME: [&str; 28] = [
    ".ssh",
    ".aws",
    ".azure",
    ".gnupg",
    ".kube",
    ".docker/config.json",
    ".netrc",
    ".git-credentials",
    ".npmrc",
    ".pypirc",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".m2/settings.xml",
    ".pgpass",
    ".my.cnf",
    ".config/gh",
    ".config/gcloud",
    ".config/git/credentials",
    ".password-store",
    ".local/share/keyrings",
    ".mozilla",
    ".config/google-chrome",
    ".config/chromium",
    ".claude",
    ".claude.json",
    ".codex",
    ".gemini",
];

/// Places of the system that hold secrets.
const SECRETS_OF_THE_SYSTEM: [&str; 6] =
    ["/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/ssh", "/root/.ssh", "/etc/ssl/private"];

/// Names that hold secrets wherever they stand.
const SECRET_NAMES: [&str; 12] = [
    ".env",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    ".netrc",
    ".pgpass",
    ".git-credentials",
    ".pypirc",
    ".htpasswd",
    "credentials.json",
    "service-account.json",
];

/// Endings of files that may hold keys, and in a project may as well hold test data.
const SECRET_ENDINGS: [&str; 10] =
    [".npmrc", ".tfstate", ".ppk", ".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx"];

/// Variants of `.env` that are made to be shared.
const SHARED_ENV: [&str; 4] = [".env.example", ".env.sample", ".env.template", ".env.dist"];

/// Devices that are no files to a reader.
const HARMLESS_DEVICES: [&str; 4] = ["/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/fd/63"];

/// Whether the path, as written and made absolute, is no file at all. Who writes to `/dev/stdin` writes to the file that
/// stands there: `< file > /dev/stdin`.
pub(super) fn is_harmless_device(path: &str, writes: bool) -> bool {
    path == "/dev/null" || (!writes && HARMLESS_DEVICES.contains(&path))
}

/// Reading at a resolved path.
pub(super) fn read(path: &str, ground: &Ground<'_>) -> Ruling {
    if let Some(denied) = forbidden(path, ground) {
        return denied;
    }
    if inside(path, &ground.bounds.root).is_none() {
        return Ruling::ask(
            "read_outside",
            Risk::Medium,
            format!("it reads outside the project folder: {path}"),
        );
    }
    let name = folded(path);
    if SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        return Ruling::ask("maybe_secret", Risk::High, format!("{path} may hold a key"));
    }
    Ruling::allow("read_inside", "it reads inside the project folder")
}

/// Writing at a resolved path.
pub(super) fn write(path: &str, ground: &Ground<'_>) -> Ruling {
    if let Some(denied) = forbidden(path, ground) {
        return denied;
    }
    if !ground.may_write {
        return Ruling::deny(
            "write_not_in_role",
            "this role works read-only: it gives its answer as text and changes no file",
        );
    }
    let Some(rest) = inside(path, &ground.bounds.root) else {
        return Ruling::ask(
            "write_outside",
            Risk::High,
            format!("it writes outside the project folder: {path}"),
        );
    };
    // What has a file of this name may be a repository to git, with settings that start programs.
    let repository = rest.rsplit('/').next().is_some_and(|name| folded(name) == "head");
    if repository || rest.split('/').any(|part| PROTECTED.contains(&folded(part).as_str())) {
        return Ruling::ask("protected", Risk::High, format!("{path} changes how tools run"));
    }
    Ruling::allow("write_inside", "it writes inside the project folder")
}

/// What no worker may touch and no person is asked about: secrets, and our own files.
pub(super) fn forbidden(path: &str, ground: &Ground<'_>) -> Option<Ruling> {
    let bounds = ground.bounds;
    let in_root = inside(path, &bounds.root).is_some();
    let own = !bounds.keep_out.is_empty() && inside(path, &bounds.keep_out).is_some();
    let own_checkout = in_root && inside(&bounds.root, &bounds.keep_out).is_some();
    if own && !own_checkout {
        return Some(Ruling::deny("own_files", format!("{path} belongs to the orchestrator itself")));
    }
    is_secret(path, &bounds.home, &bounds.root)
        .then(|| Ruling::deny("secrets", format!("{path} is a place where secrets are kept")))
}

fn is_secret(path: &str, home: &str, root: &str) -> bool {
    let at_home = |name: &str| {
        let store = format!("{}/{name}", home.trim_end_matches('/'));
        // A project that lies in such a folder is the project, not the secret.
        !home.is_empty() && inside(path, &store).is_some() && inside(root, &store).is_none()
    };
    let name = folded(path.rsplit('/').next().unwrap_or_default());
    let dot_env = name.starts_with(".env.") && !SHARED_ENV.contains(&name.as_str());
    SECRETS_AT_HOME.iter().any(|name| at_home(name))
        || SECRETS_OF_THE_SYSTEM.iter().any(|place| inside(path, place).is_some())
        || of_a_process(path)
        || SECRET_NAMES.contains(&name.as_str())
        || dot_env
}

/// A name as a file system finds it that makes no difference between capitals and small letters: `ſ` and the Kelvin sign
/// are letters to it.
fn folded(name: &str) -> String {
    name.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// `/proc/<pid>/environ` and its like: the environment holds the keys that the worker itself was given.
fn of_a_process(path: &str) -> bool {
    let Some(rest) = inside(path, "/proc") else { return false };
    ["environ", "mem", "maps", "auxv"].iter().any(|name| rest.rsplit('/').next() == Some(name))
}

/// The part of `path` below `root`; `None` when it is not inside.
pub(super) fn inside<'a>(path: &'a str, root: &str) -> Option<&'a str> {
    if path.split('/').any(|part| part == "..") {
        return None;
    }
    let rest = path.strip_prefix(root.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
}
