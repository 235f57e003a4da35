//! What is really painted: a page may have its rows in place and paint none of them.

use serde_json::Value;

use crate::webdriver::Browser;

/// A picture of the window.
pub(crate) struct Pixels {
    width: usize,
    rgba: Vec<u8>,
}

impl Pixels {
    /// Takes one.
    pub(crate) fn of(page: &Browser) -> Self {
        let bytes = page.screenshot();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::ALPHA | png::Transformations::EXPAND);
        let mut reader = decoder.read_info().expect("a PNG");
        let mut rgba = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut rgba).expect("a whole picture");
        rgba.truncate(info.buffer_size());
        Self { width: info.width as usize, rgba }
    }

    /// How many pixels of a rectangle (left, top, width, height in px) are darker than half.
    pub(crate) fn dark(&self, rectangle: &Value) -> usize {
        let [left, top, width, height] =
            [0, 1, 2, 3].map(|at| rectangle[at].as_f64().expect("a number").max(0.0).round());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels of a window")]
        let [left, top, width, height] = [left, top, width, height].map(|px| px as usize);
        let is_dark = |x: usize, y: usize| {
            let at = (y * self.width + x) * 4;
            self.rgba.get(at..at + 3).is_some_and(|rgb| rgb.iter().map(|c| u32::from(*c)).sum::<u32>() < 384)
        };
        let right = (left + width).min(self.width);
        (top..top + height).map(|y| (left..right).filter(|x| is_dark(*x, y)).count()).sum()
    }
}
