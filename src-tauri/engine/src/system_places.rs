//! Folders that belong to the machine and not to a person: what no project can be in, and what is too much for one.

use std::path::Path;

/// Where there are no files but what the kernel shows of itself; what is below belongs to it, too.
const OF_KERNEL: [(&str, &str); 3] =
    [("/proc", "its processes"), ("/sys", "its hardware and settings"), ("/dev", "its devices")];

/// Below it there are ordinary files, in memory.
const SHARED_MEMORY: &str = "/dev/shm";

/// Folders that are too much themselves; projects may be below them.
const TOO_WIDE: [(&str, &[&str]); 3] = [
    ("the whole machine", &["/"]),
    ("the home folders of everybody", &["/home", "/Users"]),
    (
        "a folder of the system",
        &[
            "/bin",
            "/boot",
            "/etc",
            "/lib",
            "/lib32",
            "/lib64",
            "/libx32",
            "/run",
            "/sbin",
            "/usr",
            "/usr/bin",
            "/usr/include",
            "/usr/lib",
            "/usr/lib32",
            "/usr/lib64",
            "/usr/libexec",
            "/usr/libx32",
            "/usr/local",
            "/usr/sbin",
            "/usr/share",
            "/var",
            "/var/lib",
            // Of macOS, where /etc and /var are links.
            "/Applications",
            "/Library",
            "/System",
            "/private",
            "/private/etc",
            "/private/var",
        ],
    ),
];

/// What the kernel shows there, if `real`, a path without symlinks, is a place of its own.
pub(crate) fn of_kernel(real: &Path) -> Option<&'static str> {
    let in_memory = real != Path::new(SHARED_MEMORY) && real.starts_with(SHARED_MEMORY);
    let (_, what) = OF_KERNEL.iter().find(|(place, _)| real.starts_with(place))?;
    (!in_memory).then_some(what)
}

/// What `real`, a path without symlinks, is, if it is too much for a project.
pub(crate) fn too_wide(real: &Path) -> Option<&'static str> {
    TOO_WIDE
        .iter()
        .find(|(_, places)| places.iter().any(|place| real == Path::new(place)))
        .map(|(what, _)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_machine_s_is_known_and_what_can_be_a_person_s_is_free() {
        for kernel in
            ["/proc", "/proc/1", "/proc/sys/net", "/sys", "/sys/class/net", "/dev", "/dev/pts", "/dev/shm"]
        {
            assert!(of_kernel(Path::new(kernel)).is_some(), "{kernel}");
        }
        for wide in [
            "/",
            "/home",
            "/etc",
            "/usr",
            "/usr/bin",
            "/usr/lib",
            "/usr/local",
            "/bin",
            "/boot",
            "/var",
            "/run",
        ] {
            assert!(too_wide(Path::new(wide)).is_some() && of_kernel(Path::new(wide)).is_none(), "{wide}");
        }
        for free in [
            "/tmp/x",
            "/root",
            "/root/code",
            "/home/ada",
            "/home/ada/code/shop",
            "/srv",
            "/srv/app",
            "/opt",
            "/opt/app",
            "/var/www",
            "/var/www/shop",
            "/var/lib/jenkins/workspace",
            "/etc/nixos",
            "/usr/src/linux",
            "/usr/local/src/tool",
            "/run/user/1000/tool",
            "/dev/shm/tool",
            "/mnt/disk",
            "/process",
            "/devel",
            "/system",
            "/homes",
        ] {
            assert!(of_kernel(Path::new(free)).is_none() && too_wide(Path::new(free)).is_none(), "{free}");
        }
    }
}
