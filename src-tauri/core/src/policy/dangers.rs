//! What is known to do harm, as data. It is asked like everything that no rule allows; what it adds is the reason, the
//! risk, and that no rule of a person's allows it along with something else.

use super::ruling::Risk;
use super::shell::Word;

/// One way to do harm.
#[derive(Debug)]
pub(super) struct Danger {
    /// The stable name of the rule.
    pub rule: &'static str,
    /// How much.
    pub risk: Risk,
    /// Why it is asked; completes "it …".
    pub why: &'static str,
    /// The programs.
    programs: &'static [&'static str],
    /// Of each group one word must be there; in a short option any of its letters.
    words: &'static [&'static [&'static str]],
}

const fn danger(
    rule: &'static str,
    risk: Risk,
    why: &'static str,
    programs: &'static [&'static str],
    words: &'static [&'static [&'static str]],
) -> Danger {
    Danger { rule, risk, why, programs, words }
}

/// The ways, gravest first.
const DANGERS: [Danger; 26] = [
    danger(
        "privilege",
        Risk::High,
        "runs as another user",
        &["sudo", "doas", "su", "pkexec", "run0", "setpriv", "chroot", "nsenter", "unshare", "runuser"],
        &[],
    ),
    danger(
        "delete_recursive",
        Risk::High,
        "deletes whole folders",
        &["rm"],
        &[&["-r", "-R", "--recursive", "--rec"]],
    ),
    danger("delete_recursive", Risk::High, "deletes what it finds", &["find"], &[&["-delete"]]),
    danger("delete", Risk::Medium, "deletes files", &["rm", "rmdir", "unlink", "truncate"], &[]),
    danger(
        "disk_tools",
        Risk::High,
        "works on disks or overwrites files for good",
        &[
            "dd",
            "fdisk",
            "sfdisk",
            "parted",
            "wipefs",
            "shred",
            "mount",
            "umount",
            "losetup",
            "cryptsetup",
            "mkswap",
            "blkdiscard",
            "hdparm",
            "badblocks",
        ],
        &[],
    ),
    danger(
        "permissions",
        Risk::High,
        "changes who may do what with files",
        &["chmod", "chown", "chgrp", "setfacl", "chattr", "setcap"],
        &[],
    ),
    danger(
        "force_push",
        Risk::High,
        "overwrites the history that others have",
        &["git"],
        &[&["push"], &["-f", "--force", "--force-with-lease", "--mirror", "--delete", "-d", "--prune"]],
    ),
    danger("push", Risk::High, "sends commits to others", &["git"], &[&["push", "send-email", "send-pack"]]),
    danger(
        "rewrite_history",
        Risk::High,
        "rewrites or drops commits",
        &["git"],
        &[&["rebase", "filter-branch", "filter-repo", "replace", "update-ref", "prune", "gc", "reflog"]],
    ),
    danger(
        "rewrite_history",
        Risk::High,
        "rewrites or drops commits",
        &["git"],
        &[&["commit"], &["--amend"]],
    ),
    danger(
        "discard_changes",
        Risk::High,
        "throws away changes that no commit has",
        &["git"],
        &[&["reset", "clean", "checkout", "restore", "switch", "stash", "rm"]],
    ),
    danger(
        "git_config",
        Risk::High,
        "changes how git works, which can start programs",
        &["git"],
        &[&["-c", "--config-env", "config", "--exec-path", "--git-dir", "--work-tree"]],
    ),
    danger(
        "publish",
        Risk::High,
        "publishes to others",
        &[
            "cargo", "npm", "yarn", "pnpm", "bun", "poetry", "uv", "gem", "docker", "podman", "twine",
            "flit", "hatch", "vsce", "helm",
        ],
        &[&["publish", "push", "upload", "yank", "unpublish", "release", "owner"]],
    ),
    danger(
        "publish",
        Risk::High,
        "acts for you at a service",
        &[
            "gh",
            "glab",
            "hub",
            "aws",
            "gcloud",
            "az",
            "kubectl",
            "terraform",
            "heroku",
            "vercel",
            "netlify",
            "flyctl",
        ],
        &[],
    ),
    danger(
        "services",
        Risk::High,
        "controls services, processes or the machine",
        &[
            "systemctl",
            "service",
            "launchctl",
            "kill",
            "killall",
            "pkill",
            "shutdown",
            "reboot",
            "halt",
            "poweroff",
            "init",
            "crontab",
            "at",
            "batch",
            "loginctl",
            "initctl",
            "sysctl",
            "modprobe",
            "insmod",
        ],
        &[],
    ),
    danger(
        "users",
        Risk::High,
        "changes users or passwords",
        &["useradd", "usermod", "userdel", "groupadd", "passwd", "chpasswd", "visudo", "chsh"],
        &[],
    ),
    danger(
        "containers",
        Risk::High,
        "starts programs outside the project",
        &["docker", "podman", "nerdctl", "ctr", "lxc", "qemu-system-x86_64", "virsh"],
        &[],
    ),
    danger(
        "network",
        Risk::High,
        "reaches the network",
        &[
            "curl", "wget", "nc", "ncat", "netcat", "socat", "ssh", "scp", "sftp", "rsync", "ftp", "telnet",
            "aria2c", "http", "https", "dig", "nslookup", "host", "ping",
        ],
        &[],
    ),
    danger(
        "network",
        Risk::Medium,
        "reaches the network",
        &["git"],
        &[&["clone", "fetch", "pull", "ls-remote", "submodule"]],
    ),
    danger(
        "install",
        Risk::High,
        "installs software, whose own scripts run",
        &[
            "apt",
            "apt-get",
            "dpkg",
            "yum",
            "dnf",
            "rpm",
            "pacman",
            "apk",
            "brew",
            "snap",
            "flatpak",
            "pip",
            "pip3",
            "pipx",
            "easy_install",
            "npx",
            "bunx",
            "uvx",
        ],
        &[],
    ),
    danger(
        "install",
        Risk::High,
        "installs software, whose own scripts run",
        &["npm", "yarn", "pnpm", "bun", "cargo", "go", "gem", "uv", "poetry", "bundle", "composer"],
        &[&["install", "i", "add", "ci", "pip", "get", "update", "upgrade", "exec", "dlx", "x", "sync"]],
    ),
    danger(
        "inline_code",
        Risk::High,
        "runs code that is given in the line",
        &[
            "python",
            "python2",
            "python3",
            "perl",
            "ruby",
            "node",
            "nodejs",
            "deno",
            "bun",
            "php",
            "lua",
            "osascript",
            "Rscript",
            "tclsh",
        ],
        &[&["-c", "-e", "-E", "-p", "-r", "--eval", "--print", "--run", "eval", "-"]],
    ),
    danger(
        "runs_others",
        Risk::High,
        "runs programs that the line does not name",
        &[
            "xargs", "parallel", "eval", "source", ".", "awk", "gawk", "mawk", "nawk", "make", "ninja",
            "just", "watch", "script", "expect", "busybox", "toybox", "tar", "cpio", "zip", "vim", "vi",
            "ex", "ed", "emacs", "nano", "less", "more", "man", "gdb", "strace", "ltrace", "trap", "alias",
            "entr",
        ],
        &[],
    ),
    danger(
        "shell",
        Risk::High,
        "starts a shell with a script that the line does not show",
        &["bash", "sh", "dash", "zsh", "ksh", "ash", "fish", "csh", "tcsh", "pwsh"],
        &[],
    ),
    danger(
        "background",
        Risk::Medium,
        "leaves a program running",
        &["nohup", "setsid", "disown", "screen", "tmux", "bg", "daemonize", "systemd-run"],
        &[],
    ),
    danger(
        "environment",
        Risk::High,
        "shows or changes the environment, which holds keys",
        &[
            "env",
            "printenv",
            "export",
            "declare",
            "typeset",
            "local",
            "readonly",
            "unset",
            "read",
            "mapfile",
            "readarray",
            "let",
        ],
        &[],
    ),
];

/// The gravest danger that this program with these words is.
pub(super) fn of(name: &str, words: &[Word]) -> Option<&'static Danger> {
    if name.starts_with("mkfs") {
        return DANGERS.iter().find(|danger| danger.rule == "disk_tools");
    }
    DANGERS.iter().find(|danger| {
        danger.programs.contains(&name) && danger.words.iter().all(|group| has_one_of(words, group))
    })
}

/// Options count wherever they stand; a command of the program's own, such as `push`, only as its first operand.
fn has_one_of(words: &[Word], group: &[&str]) -> bool {
    let mut operands = words.iter().enumerate().filter(|(at, word)| {
        let value_of_option = *at > 0 && matches!(words[at - 1].shown(), "-C" | "-c");
        !value_of_option && !word.shown().starts_with(['-', '+'])
    });
    let command = operands.next().map(|(_, word)| word.shown());
    group.iter().any(|wanted| {
        if wanted.starts_with('-') {
            words.iter().any(|word| is_option(word.shown(), wanted))
        } else {
            command == Some(*wanted)
        }
    })
}

fn is_option(text: &str, wanted: &str) -> bool {
    let letter = wanted.strip_prefix('-').filter(|rest| rest.len() == 1);
    let clustered = letter.is_some_and(|letter| {
        text.strip_prefix('-').is_some_and(|cluster| !cluster.starts_with('-') && cluster.contains(letter))
    });
    clustered || text.split_once('=').map_or(text, |(name, _)| name) == wanted
}
