//! A money limit as a person types it: one rule and one set of words for every field that takes one.

use thiserror::Error;

use crate::settings::MAX_MONEY_LIMIT_USD;

/// Why what was typed is no money limit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotALimit {
    /// A comma stands where the point belongs; carries the amount with a point.
    #[error("use a point: {0}")]
    CommaForPoint(String),
    /// The thousands are set off with commas; carries the amount without them.
    #[error("write it without commas: {0}")]
    Commas(String),
    /// It is no amount, or less than nothing.
    #[error("enter US dollars as a number, such as 2.50; 0 for no limit")]
    NoAmount,
    /// It is more than [`MAX_MONEY_LIMIT_USD`].
    #[error("enter at most ${MAX_MONEY_LIMIT_USD}; 0 for no limit")]
    TooMuch,
}

/// The US dollars that were typed; 0 is no limit.
///
/// # Errors
///
/// When it is no amount from 0 to [`MAX_MONEY_LIMIT_USD`].
pub fn limit_usd(typed: &str) -> Result<f64, NotALimit> {
    let typed = typed.trim();
    match typed.parse::<f64>() {
        Ok(dollars) if dollars > MAX_MONEY_LIMIT_USD => Err(NotALimit::TooMuch),
        Ok(dollars) if dollars >= 0.0 => Ok(dollars),
        // Less than nothing, or not a number.
        Ok(_) => Err(NotALimit::NoAmount),
        Err(_) => Err(with_commas(typed).unwrap_or(NotALimit::NoAmount)),
    }
}

/// What was meant with the commas in it; none where that cannot be told.
fn with_commas(typed: &str) -> Option<NotALimit> {
    let is_amount =
        |text: &str| text.bytes().all(|c| c.is_ascii_digit() || c == b'.') && text.parse::<f64>().is_ok();
    let (_, last) = typed.rsplit_once(',')?;
    // Three digits behind a comma are thousands, since cents are two.
    if typed.matches(',').count() == 1 && !matches!(last.len(), 0 | 3) {
        let pointed = typed.replace(',', ".");
        if is_amount(&pointed) {
            return Some(NotALimit::CommaForPoint(pointed));
        }
    }
    let plain = typed.replace(',', "");
    let point_first = typed.find('.').is_some_and(|point| typed[point..].contains(','));
    (!point_first && is_amount(&plain)).then_some(NotALimit::Commas(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_taken_and_anything_else_is_refused_in_its_own_words() {
        for (typed, dollars) in [
            ("0", 0.0_f64),
            ("0.0", 0.0),
            ("1.5", 1.5),
            (" 2.50 ", 2.5),
            (".5", 0.5),
            ("1000000", 1_000_000.0),
        ] {
            assert!(limit_usd(typed).is_ok_and(|read| (read - dollars).abs() < 1e-9), "{typed}");
        }
        let number = "enter US dollars as a number, such as 2.50; 0 for no limit";
        let most = "enter at most $1000000; 0 for no limit";
        for (typed, said) in [
            ("1,5", "use a point: 1.5"),
            (",50", "use a point: .50"),
            ("1,000", "write it without commas: 1000"),
            ("1,000,000", "write it without commas: 1000000"),
            ("1,000.50", "write it without commas: 1000.50"),
            ("5,", "write it without commas: 5"),
            ("1.000,50", number),
            (",", number),
            ("-1,5", number),
            ("a,b", number),
            ("-1", number),
            ("much", number),
            ("NaN", number),
            ("0x10", number),
            ("", number),
            ("1000000.01", most),
            ("1e308", most),
            ("inf", most),
        ] {
            assert_eq!(limit_usd(typed).unwrap_err().to_string(), said, "{typed}");
        }
    }
}
