//! Amounts of money.

/// No turn costs more dollars; what is above is no amount.
const MOST: f64 = 1e6;

/// What was spent between two totals of dollars; `None` where that is no amount. A first total is kept to its last
/// digit. Sums of decimal prices carry noise at their 16th, so a difference is rounded to the billionth.
pub fn spent(total: f64, before: f64) -> Option<f64> {
    let spent = if before == 0.0 { total.max(0.0) } else { ((total - before) * 1e9).round().max(0.0) / 1e9 };
    (0.0..=MOST).contains(&spent).then_some(spent)
}
