//! Whether the library that draws the tray icon is there. The toolkit's own binding ends the process when it is not.
#![allow(unsafe_code)]

/// The names that the binding tries, in its order.
#[cfg(target_os = "linux")]
const NAMES: [&std::ffi::CStr; 2] = [c"libayatana-appindicator3.so.1", c"libappindicator3.so.1"];

/// Looks for it, and leaves it loaded.
#[cfg(target_os = "linux")]
pub fn is_there() -> bool {
    NAMES.iter().any(|name| {
        // SAFETY: the name ends with a zero byte. What runs on loading are the initialisers of a library that the
        // binding loads in the next moment; it is never unloaded.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
        !handle.is_null()
    })
}

/// Elsewhere the system draws it.
#[cfg(not(target_os = "linux"))]
pub fn is_there() -> bool {
    true
}
