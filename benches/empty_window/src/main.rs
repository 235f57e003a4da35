//! One window with one line of text, and nothing else: what Tauri and its webview cost by themselves, on the same
//! versions as the app. `./bench` holds the app's window against it.

fn main() -> tauri::Result<()> {
    tauri::Builder::default().run(tauri::generate_context!())
}
