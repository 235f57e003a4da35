"""Tries the packages of a stage: `python3 scripts/package_test STAGE PICTURES`, which scripts/check-package calls in
namespaces of mounts and processes of its own, so that nothing stays mounted and nothing stays running.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

from debian import Debian
from screen import Screen
from webdriver import Browser

STAGE, PICTURES = Path(sys.argv[1]), Path(sys.argv[2])
TITLE = "Meta-Orchestrator"
OLDER = "0.0.1"
# Where a package may put something.
OURS = re.compile(
    r"/usr/bin/(meta-orchestrator|orchestrate)"
    r"|/usr/share/(applications/Meta-Orchestrator\.desktop|doc/meta-orchestrator/.+|licenses/meta-orchestrator/.+"
    r"|icons/hicolor/[^/]+/apps/meta-orchestrator\.(png|svg)|bash-completion/completions/orchestrate"
    r"|fish/vendor_completions\.d/orchestrate\.fish|zsh/(vendor-completions|site-functions)/_orchestrate)"
)
started = time.monotonic()


def say(text):
    print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)


def out(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def expect(what, met):
    if not met:
        raise SystemExit(f"broken: {what}")
    say(what)


def wait_for(what, look, seconds):
    """Looks again and again, as a person would, until there is something."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > end:
            raise SystemExit(f"broken: after {seconds} s not {what}")
        time.sleep(0.1)
    say(what)
    return seen


def files_of(deb):
    listed = out("dpkg-deb", "--contents", deb).splitlines()
    return sorted("/" + line.split()[5].lstrip("./") for line in listed if not line.startswith("d"))


def check_contents(deb, rpm):
    fields = out("dpkg-deb", "--field", deb)
    for wanted in ["Package: meta-orchestrator", "libwebkit2gtk-4.1-0", "libc6 (>= 2."]:
        expect(f"the .deb says {wanted}", wanted in fields)
    depends = re.search(r"^Depends: .*", fields, re.M)[0]
    expect("the tray's library is recommended by the .deb, not required", "appindicator" not in depends and "appindicator" in fields)
    inside, in_rpm = files_of(deb), out("rpm", "-qp", "--list", rpm).split("\n")[:-1]
    for name, files in [("deb", inside), ("rpm", in_rpm)]:
        foreign = [file for file in files if not OURS.fullmatch(file)]
        expect(f"nothing in the .{name} is out of its place {foreign or ''}", not foreign)
        for wanted in ["/usr/bin/orchestrate", "/usr/bin/meta-orchestrator", "/usr/share/applications/Meta-Orchestrator.desktop"]:
            expect(f"the .{name} has {wanted}", wanted in files)
        for size in ["16x16", "32x32", "48x48", "128x128", "256x256", "scalable"]:
            expect(f"the .{name} has an icon {size}", any(f"/hicolor/{size}/" in file for file in files))
    requires, recommends = out("rpm", "-qp", "--requires", rpm), out("rpm", "-qp", "--recommends", rpm)
    expect("the .rpm requires the webview and the C library", "libwebkit2gtk-4.1.so.0()(64bit)" in requires and "libc.so.6(GLIBC_" in requires)
    expect("the .rpm recommends the tray's library", "appindicator" in recommends and "appindicator" not in requires)
    expect("the .rpm's digests are right", "digests" in out("rpm", "-K", "--nosignature", rpm).lower())
    expect("the .rpm names its licence", out("rpm", "-qp", "--queryformat", "%{LICENSE}", rpm) == "MIT OR Apache-2.0")
    return inside


def check_twice():
    for name in ["first", "second"]:
        out("dpkg-deb", "--raw-extract", STAGE / name / "package.deb", STAGE / f"{name}.deb.d")
        # The order in which the bundler walks a folder is nobody's promise.
        sums = STAGE / f"{name}.deb.d" / "DEBIAN" / "md5sums"
        sums.write_text("".join(sorted(sums.read_text().splitlines(keepends=True))))
    out("diff", "-r", STAGE / "first.deb.d", STAGE / "second.deb.d")
    dump = [out("rpm", "-qp", "--queryformat", "[%{FILENAMES} %{FILEDIGESTS} %{FILEMODES}\n]", STAGE / name / "package.rpm") for name in ["first", "second"]]
    expect("built a second time, elsewhere and without a network, both packages hold the same", dump[0] == dump[1] and len(dump[0]) > 500)


def make_older():
    """The package as an older version would be: with another number, and a file that the new one no longer has."""
    folder = STAGE / "first.deb.d"
    control = folder / "DEBIAN" / "control"
    control.write_text(re.sub(r"(?m)^Version: .*", f"Version: {OLDER}", control.read_text()))
    (folder / "usr/share/doc/meta-orchestrator/gone").write_text("of the older version\n")
    out("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", folder, STAGE / "older.deb")


def check_bare(debian, screen):
    """Without the tray's library, a session bus or anybody who shows notifications."""
    app = debian.start("/usr/bin/meta-orchestrator", DISPLAY=screen.display)
    try:
        wait_for("the window shows with nothing but what is required", lambda: screen.window(TITLE), 90)
        wait_for("something is painted in it", lambda: screen.colours() > 40, 60)
        wait_for("it says that the tray's library is missing", lambda: "libayatana-appindicator3 is not installed" in app.said(), 10)
        screen.picture(PICTURES / "package-bare.png")
        expect("it goes on", app.poll() is None)
    except BaseException:
        print(app.said())
        raise
    finally:
        app.end()


def check_whole(debian, screen):
    driver = debian.start(
        "dbus-run-session", "--", "WebKitWebDriver", "--host=127.0.0.1", "--port=4479",
        DISPLAY=screen.display, TAURI_WEBVIEW_AUTOMATION="true", XDG_CONFIG_HOME="/home/ada/second", XDG_DATA_HOME="/home/ada/second",
    )
    try:
        page = wait_for("the driver answers", lambda: Browser.open(4479, "/usr/bin/meta-orchestrator"), 60)
        text = wait_for("the first start checks the computer", lambda: (seen := page.text()) and "Command line" in seen and seen, 90)
        command = page.script("return document.querySelector('[aria-label=\"Command line\"]').innerText")
        expect(f"the app finds its orchestrate: {command!r}", "/usr/bin/orchestrate" in command and debian.version in command)
        expect("nothing is wrong with it", "not on the PATH" not in command and "bring both" not in command)
        expect("it does not miss the tray's library", "libayatana" not in text)
        expect("it says that nobody shows notifications", "Nobody shows notifications" in text)
        (PICTURES / "package-whole.png").write_bytes(page.picture())
        wait_for("something is painted", lambda: screen.colours() > 40, 60)
        screen.picture(PICTURES / "package-screen.png")
        page.close()
    except BaseException:
        print(driver.said())
        raise
    finally:
        driver.end()


def main():
    deb = STAGE / "first" / "package.deb"
    inside = check_contents(deb, STAGE / "first" / "package.rpm")
    check_twice()
    make_older()

    debian = Debian(STAGE / "debian", out("dpkg-deb", "--field", deb, "Version").strip())
    say("setting up a fresh Debian")
    debian.set_up()
    say("it stands")
    debian.apt_install(STAGE / "older.deb")
    expect("an older version is there", debian.installed() == OLDER)
    debian.apt_install(deb)
    expect("it is upgraded", debian.installed() == debian.version)
    expect("what the older one had is gone", not debian.path("/usr/share/doc/meta-orchestrator/gone").exists())
    expect("every file is there", all(debian.path(file).is_file() for file in inside))
    missing = [line for program in ["meta-orchestrator", "orchestrate"] for line in debian.root("ldd", f"/usr/bin/{program}").splitlines() if "not found" in line]
    expect(f"no library is missing {missing or ''}", not missing)
    expect("orchestrate says its version", debian.person("orchestrate", "--version").split() == ["orchestrate", debian.version])
    expect("orchestrate doctor speaks", "claude" in debian.person("orchestrate", "doctor", fails=True))
    expect("orchestrate demo comes to its end", "finished: all approved" in debian.person("orchestrate", "demo"))

    with Screen(STAGE / "screen") as screen:
        debian.show(screen)
        check_bare(debian, screen)
        recommended = [way.split("|")[0].strip() for way in out("dpkg-deb", "--field", deb, "Recommends").split(",")]
        # Who shows notifications is left to the window tests.
        debian.apt_install(*[name for name in recommended if name != "notification-daemon"], "dbus", "webkit2gtk-driver")
        check_whole(debian, screen)

    kept = debian.path("/home/ada/.local/share/meta-orchestrator")
    expect("the app has kept its data in the person's home", kept.is_dir())
    debian.apt("purge", "meta-orchestrator")
    left = [file for file in inside if debian.path(file).exists()]
    expect(f"removed, it leaves no file {left or ''}", not left)
    expect("nor its folder", not debian.path("/usr/share/doc/meta-orchestrator").exists())
    expect("dpkg knows nothing of it any more", debian.installed() is None)
    expect("the person's data stays", kept.is_dir())
    say("the packages are whole")


if __name__ == "__main__":
    main()
