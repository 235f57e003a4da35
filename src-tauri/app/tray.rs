//! The icon in the tray: how many sessions run, and which need somebody.

use tauri::image::Image;
use tauri::menu::{Menu, MenuBuilder, MenuItemBuilder};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager, Wry};
use tokio::sync::watch;

use crate::attention::Standing;
use crate::dto::MissingPart;
use crate::farewell;
use crate::missing::Missing;
use crate::plain::clipped;
use crate::tray_library;
use crate::window::{bring_up, show_need};

const ICON: &[u8] = include_bytes!("../../icons/32x32.png");
const SHOW: &str = "show";
const QUIT: &str = "quit";
/// In front of the number of a session in the list of those that wait.
const WAITS: &str = "waits:";
/// The most sessions that the menu names.
const MAX_NAMED: usize = 8;
/// The most characters of a session's goal in the menu.
const MAX_GOAL: usize = 48;

/// Shows the icon and keeps it true. Where that is impossible, the app goes on without and says so.
///
/// Call it in the toolkit's thread.
pub fn show(app: &AppHandle, standing: watch::Receiver<Standing>) {
    if !tray_library::is_there() {
        return lacks(
            app,
            "libayatana-appindicator3 is not installed",
            "Install libayatana-appindicator3-1.",
        );
    }
    let built = build(app, standing.clone());
    match built {
        Ok(tray) => {
            tauri::async_runtime::spawn(follow(app.clone(), tray, standing));
        }
        Err(error) => lacks(app, &format!("it cannot be shown: {error}"), "The app works without it."),
    }
}

fn lacks(app: &AppHandle, why: &str, hint: &str) {
    let message = format!(
        "There is no icon in the tray: {why}. Closing the window while sessions run asks what to do."
    );
    app.state::<Missing>().note(MissingPart::new("tray", message, hint));
}

fn build(app: &AppHandle, standing: watch::Receiver<Standing>) -> tauri::Result<TrayIcon> {
    let now = standing.borrow().clone();
    TrayIconBuilder::with_id("state")
        .icon(icon(&now)?)
        .tooltip(headline(&now))
        .menu(&menu(app, &now)?)
        .on_menu_event(move |app, event| match event.id().as_ref() {
            SHOW => bring_up(app),
            QUIT => farewell::quit(app),
            other => {
                let number = other.strip_prefix(WAITS).and_then(|number| number.parse::<usize>().ok());
                let waiting = number.and_then(|number| standing.borrow().waiting.get(number).cloned());
                if let Some(waiting) = waiting {
                    show_need(app, &waiting.session, waiting.need.as_deref());
                }
            }
        })
        .build(app)
}

async fn follow(app: AppHandle, tray: TrayIcon, mut standing: watch::Receiver<Standing>) {
    while standing.changed().await.is_ok() {
        let now = standing.borrow_and_update().clone();
        if let Err(error) = update(&app, &tray, &now) {
            tracing::warn!(%error, "the icon in the tray is out of date");
        }
    }
}

fn update(app: &AppHandle, tray: &TrayIcon, now: &Standing) -> tauri::Result<()> {
    tray.set_menu(Some(menu(app, now)?))?;
    tray.set_icon(Some(icon(now)?))?;
    tray.set_tooltip(Some(headline(now)))?;
    tray.set_title(Some(count(now)))
}

fn menu(app: &AppHandle, now: &Standing) -> tauri::Result<Menu<Wry>> {
    let state = MenuItemBuilder::new(headline(now)).enabled(false).build(app)?;
    let mut menu = MenuBuilder::new(app).item(&state);
    for (number, waiting) in now.waiting.iter().take(MAX_NAMED).enumerate() {
        menu = menu.text(format!("{WAITS}{number}"), in_menu(&waiting.goal));
    }
    menu.separator().text(SHOW, "Show window").text(QUIT, "Quit").build()
}

/// An ampersand marks a key in a menu; two are one.
fn in_menu(goal: &str) -> String {
    clipped(goal, MAX_GOAL).0.replace('&', "&&")
}

/// How things stand, in words.
fn headline(now: &Standing) -> String {
    let runs = match now.running {
        0 => "Nothing runs".to_owned(),
        1 => "1 session runs".to_owned(),
        many => format!("{many} sessions run"),
    };
    match now.waiting.len() {
        0 => runs,
        1 => format!("{runs} · 1 needs you"),
        many => format!("{runs} · {many} need you"),
    }
}

/// The number beside the icon, where the desktop shows one: who needs a person.
fn count(now: &Standing) -> String {
    match now.waiting.len() {
        0 => String::new(),
        many => many.to_string(),
    }
}

/// Our icon with a mark: a small one while something runs, a large one while a person is needed.
fn icon(now: &Standing) -> tauri::Result<Image<'static>> {
    let plain = Image::from_bytes(ICON)?;
    let (width, height) = (plain.width(), plain.height());
    let mut pixels = plain.rgba().to_vec();
    if !now.waiting.is_empty() {
        mark(&mut pixels, width, 9, [0xd9, 0x7f, 0x0c]);
    } else if now.running > 0 {
        mark(&mut pixels, width, 5, [0x2a, 0x5b, 0xd7]);
    }
    Ok(Image::new_owned(pixels, width, height))
}

/// Draws a disc into the lower right corner of a square picture, with a light edge against any ground.
fn mark(pixels: &mut [u8], width: u32, radius: i64, colour: [u8; 3]) {
    let width = i64::from(width);
    let centre = width - radius - 1;
    for (at, pixel) in (0i64..).zip(pixels.chunks_exact_mut(4)) {
        let (x, y) = (at % width - centre, at / width - centre);
        let far = x * x + y * y;
        let [red, green, blue] = if far <= (radius - 1) * (radius - 1) { colour } else { [0xff; 3] };
        if far <= radius * radius {
            pixel.copy_from_slice(&[red, green, blue, 0xff]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{count, headline, icon, in_menu};
    use crate::attention::{Standing, Waiting};

    fn standing(running: usize, waiting: usize) -> Standing {
        let one = Waiting { session: "s".to_owned(), goal: "g".to_owned(), need: None };
        Standing { running, waiting: vec![one; waiting] }
    }

    #[test]
    fn the_state_is_said_in_words_and_as_a_count() {
        assert_eq!(headline(&standing(0, 0)), "Nothing runs");
        assert_eq!(headline(&standing(1, 1)), "1 session runs · 1 needs you");
        assert_eq!(headline(&standing(2, 3)), "2 sessions run · 3 need you");
        assert_eq!((count(&standing(2, 0)).as_str(), count(&standing(2, 3)).as_str()), ("", "3"));
        assert_eq!(in_menu("a & b"), "a && b");
    }

    #[test]
    fn the_icons_of_the_three_states_differ() {
        let [idle, runs, waits] = [(0, 0), (1, 0), (1, 1)].map(|(running, waiting)| {
            let icon = icon(&standing(running, waiting)).unwrap();
            assert_eq!((icon.width(), icon.height()), (32, 32));
            icon.rgba().to_vec()
        });
        assert!(idle != runs && runs != waits && idle != waits);
    }
}
