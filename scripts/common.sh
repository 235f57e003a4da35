# shellcheck shell=bash
# What run, test, bench and package share. Sourced, never run. Everything here speaks on stderr, so that stdout stays clean.
# Expects: root (the repository).
: "${root:?}"

say() { printf '%s\n' "$*" >&2; }

# die CODE LINE…: says each line and ends.
die() {
  local code=$1
  shift
  printf '%s\n' "$@" >&2
  exit "$code"
}

# The pinned compiler. rustup fetches a missing toolchain by itself; without rustup the version must be new enough.
need_rust() {
  if ! command -v cargo >/dev/null 2>&1 && [ -x "${CARGO_HOME:-${HOME:-/nonexistent}/.cargo}/bin/cargo" ]; then
    PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    export PATH
  fi
  local wanted
  wanted=$(sed -n 's/^channel = "\(.*\)"/\1/p' "$root/rust-toolchain.toml")
  command -v cargo >/dev/null 2>&1 ||
    die 1 "Rust is missing (cargo is not on PATH)." \
      "Install it from https://rustup.rs and run this again; rustup then fetches the pinned version $wanted by itself."
  local have
  have=$(cd "$root" && rustc --version 2>/dev/null | cut -d' ' -f2) ||
    die 1 "Rust $wanted is needed and 'rustc --version' fails here." \
      "With rustup: rustup toolchain install $wanted --component clippy,rustfmt"
  if [ "$(printf '%s\n%s\n' "$wanted" "${have%%-*}" | sort -V | head -n 1)" != "$wanted" ]; then
    die 1 "Rust $wanted or newer is needed; this is $have." \
      "With rustup: rustup toolchain install $wanted --component clippy,rustfmt" \
      "Without rustup, install it from https://rustup.rs: the distribution's own Rust is too old."
  fi
}

# Node for the page that the window shows.
need_node() {
  local how="Install Node 20.19 or newer (https://nodejs.org, or your distribution's package if it is new enough) and run this again."
  { command -v node && command -v npm; } >/dev/null 2>&1 || die 1 "Node is missing (node and npm are not both on PATH). $how"
  node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' ||
    die 1 "Node $(node --version) is too old. $how"
}

# One line for each thing that may be missing: the Debian package, and a test that succeeds when it is there.
# By effect rather than by package name, so that other distributions work too.
has() {
  case $1 in
    build-essential) command -v cc >/dev/null ;;
    pkg-config) command -v pkg-config >/dev/null ;;
    libwebkit2gtk-4.1-dev) pkg-config --exists webkit2gtk-4.1 2>/dev/null ;;
    libwebkit2gtk-4.1-0) ldconfig -p 2>/dev/null | grep -q 'libwebkit2gtk-4\.1\.so\.0' ;;
    python3) python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ;;
    git) command -v git >/dev/null ;;
    util-linux) command -v unshare >/dev/null && command -v nsenter >/dev/null ;;
    xvfb) command -v Xvfb >/dev/null ;;
    dbus) command -v dbus-run-session >/dev/null ;;
    debootstrap | rpm | xdotool) command -v "$1" >/dev/null ;;
    dpkg-dev) command -v dpkg-deb >/dev/null ;;
    xdotool) command -v xdotool >/dev/null ;;
    openbox) command -v openbox >/dev/null ;;
    webkit2gtk-driver) command -v WebKitWebDriver >/dev/null ;;
    fonts-dejavu-core) [ -n "$(find /usr/share/fonts /usr/local/share/fonts -name '*.ttf' -print -quit 2>/dev/null)" ] ;;
    *) die 1 "scripts/common.sh: it is not known how to look for '$1'" ;;
  esac
}

# need_packages PACKAGE…: installs the missing ones by apt-get as root or by sudo, else says the exact line.
need_packages() {
  local missing=() package
  for package in "$@"; do
    has "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local line="apt-get install -y --no-install-recommends ${missing[*]}"
  local as_root=()
  if ! command -v apt-get >/dev/null 2>&1; then
    die 1 "Missing here: ${missing[*]} (Debian's names). Install what your distribution calls them and run this again."
  elif [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      as_root=(sudo)
    else
      die 1 "Missing here: ${missing[*]}. As root, run this and then this command again:" "  $line"
    fi
  fi
  say "Installing Debian packages: ${missing[*]}"
  # shellcheck disable=SC2086 # the line is split on purpose
  { "${as_root[@]}" apt-get update -q && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive $line; } >&2 ||
    die 1 "The installation failed. Mend what is said above, or run by hand:" "  $line"
  for package in "${missing[@]}"; do
    has "$package" || die 1 "$package is installed, but what it should bring is still not found."
  done
}

# The page's packages, as the lock has them. Quick when they are there.
need_ui_packages() {
  need_node
  local installed=$root/ui/node_modules/.installed-lock
  cmp -s "$root/ui/package-lock.json" "$installed" && return
  say "Installing the page's packages (npm ci in ui/)"
  npm --prefix "$root/ui" ci --no-audit --no-fund --loglevel=error >&2 || die 1 "npm ci failed in ui/."
  cp "$root/ui/package-lock.json" "$installed"
}

# Tauri's bundler, as its lock has it.
need_bundler() {
  need_node
  local folder=$root/scripts/bundler
  cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed-lock" && return
  say "Installing Tauri's bundler (npm ci in scripts/bundler/)"
  npm --prefix "$folder" ci --prefer-offline --no-audit --no-fund --loglevel=error >&2 ||
    die 1 "npm ci failed in scripts/bundler/."
  cp "$folder/package-lock.json" "$folder/node_modules/.installed-lock"
}

# ui/dist, which the window is built with. Quick when no source of it is newer.
build_ui() {
  local dist=$root/ui/dist/index.html
  if [ -f "$dist" ] && [ -z "$(find "$root/ui/src" "$root/ui/index.html" "$root/ui/package-lock.json" \
    "$root/ui/vite.config.ts" "$root/ui/svelte.config.js" "$root/ui/tsconfig.json" -newer "$dist" -print -quit)" ]; then
    return
  fi
  need_ui_packages
  say "Building the page (npm run build in ui/)"
  npm --prefix "$root/ui" run --silent build >&2 || die 1 "The page does not build."
}

target_dir() { printf '%s\n' "${CARGO_TARGET_DIR:-$root/target}"; }
