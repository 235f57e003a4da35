//! How the webview paints. It composites layers, which a graphics card does for nothing; without one the processor does
//! it, for the whole window at each change of a few letters.
#![allow(unsafe_code)]

use std::path::Path;

/// WebKitGTK's own switch. Whoever has set it is obeyed.
const WITHOUT_LAYERS: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";

/// Has the webview paint without layers where nothing but the processor could composite them. Call it first in `main`:
/// the webview's processes inherit it.
pub fn fit_to_machine() {
    if std::env::var_os(WITHOUT_LAYERS).is_some() || has_graphics_card(Path::new("/dev/dri")) {
        return;
    }
    // SAFETY: `main` has started no thread yet, so nobody reads the environment meanwhile.
    unsafe { std::env::set_var(WITHOUT_LAYERS, "1") };
}

/// Whether the system has a device that renders; one that only shows a picture is named `card…` alone.
fn has_graphics_card(devices: &Path) -> bool {
    let Ok(devices) = devices.read_dir() else { return false };
    devices.flatten().any(|device| device.file_name().as_encoded_bytes().starts_with(b"renderD"))
}

#[cfg(test)]
mod tests {
    use super::has_graphics_card;

    #[test]
    fn a_graphics_card_is_a_device_that_renders() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_graphics_card(&folder.path().join("dri")));
        std::fs::write(folder.path().join("card0"), "").unwrap();
        assert!(!has_graphics_card(folder.path()));
        std::fs::write(folder.path().join("renderD128"), "").unwrap();
        assert!(has_graphics_card(folder.path()));
    }
}
