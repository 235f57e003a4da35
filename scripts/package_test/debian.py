"""A fresh Debian in a folder: of the release that this machine has, from where this machine has it."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

# Named whole: it is not on the PATH of those who are started with it.
CHROOT = "/usr/sbin/chroot"
PERSON = "ada"
FIELDS = "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)"


def run(*command, check=True, env=None):
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and done.returncode != 0:
        raise SystemExit(f"broken: {' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


def sources():
    """This machine's own places of Debian's packages: address, release and component."""
    said = run("apt-get", "indextargets", "--format", FIELDS, "Created-By: Packages")
    rows = sorted({line for line in said.splitlines() if line.startswith("Debian|")})
    if not rows:
        raise SystemExit("broken: apt of this machine knows no place of Debian's packages; run apt-get update first")
    return [row.split("|")[1:] for row in rows]


class Program:
    """One that was started in the Debian, as the head of a process group."""

    def __init__(self, command, env):
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, process_group=0)

    def said(self):
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    def poll(self):
        return self._process.poll()

    def end(self):
        """Asks it to end; who does not within some seconds is killed, and that is wrong."""
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise SystemExit("broken: it does not end when it is asked to") from None


class Debian:
    def __init__(self, folder, version):
        self.folder, self.version = folder, version

    def path(self, inside):
        return self.folder / inside.lstrip("/")

    def set_up(self):
        places = sources()
        base = next(place for place in places if "-" not in place[1])
        run("debootstrap", "--variant=minbase", f"--components={base[2]}", base[1], self.folder, base[0])
        lines = [f"deb {address} {release} {component}\n" for address, release, component in places]
        self.path("/etc/apt/sources.list").write_text("".join(lines))
        self.path("/etc/resolv.conf").write_bytes(Path("/etc/resolv.conf").read_bytes())
        self.path("/usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        self.path("/usr/sbin/policy-rc.d").chmod(0o755)
        run("mount", "-t", "proc", "proc", self.path("/proc"))
        run("mount", "--rbind", "/dev", self.path("/dev"))
        self.apt("update")
        self.root("useradd", "--create-home", "--shell", "/bin/bash", PERSON)

    def environment(self, home):
        # The way out may be a proxy, which apt inside needs as much as apt outside.
        proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" if home == "/root" else "/usr/local/bin:/usr/bin:/bin"
        return {"HOME": home, "PATH": path, "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **(proxies if home == "/root" else {})}

    def root(self, *command):
        return run(CHROOT, self.folder, *command, env=self.environment("/root"))

    def as_person(self, command):
        return [CHROOT, f"--userspec={PERSON}:{PERSON}", str(self.folder), "env", f"--chdir=/home/{PERSON}", *command]

    def person(self, *command, fails=False):
        return run(*self.as_person(command), check=not fails, env=self.environment(f"/home/{PERSON}"))

    def start(self, *command, **variables):
        env = {**self.environment(f"/home/{PERSON}"), "LIBGL_ALWAYS_SOFTWARE": "1", **variables}
        return Program(self.as_person(command), env)

    def apt(self, *words):
        return self.root("apt-get", "--yes", "--quiet", *words)

    def apt_install(self, *wanted):
        """Packages by name or file, with what they require and nothing more."""
        names = []
        for one in wanted:
            if isinstance(one, Path):
                # Where the user that downloads for apt can read it too.
                self.path("/var/tmp").joinpath(one.name).write_bytes(one.read_bytes())
                one = f"/var/tmp/{one.name}"
            names.append(one)
        self.apt("install", "--no-install-recommends", *names)

    def installed(self):
        """The version that dpkg knows; None when it knows none, not even settings that are left."""
        said = run(CHROOT, self.folder, "dpkg-query", "--show", "--showformat=${Status}|${Version}", "meta-orchestrator", check=False)
        return said.partition("|")[2] if said.startswith("install ok installed|") else None if "no packages found" in said else said

    def show(self, screen):
        """Lets programs inside reach the screen outside."""
        inside = self.path("/tmp/.X11-unix")
        inside.mkdir(exist_ok=True)
        run("mount", "--bind", screen.sockets, inside)
