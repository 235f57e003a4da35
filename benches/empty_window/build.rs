//! Builds the context of a Tauri app.

fn main() {
    tauri_build::build();
}
