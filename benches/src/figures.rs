//! Small sums over measured figures.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The figure at a share of the way through the sorted ones; 0.5 is the median.
pub(crate) fn quantile(figures: &[f64], share: f64) -> Result<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1).context("nothing was measured")?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index within the list")]
    let at = (whole(last as u64) * share).round() as usize;
    sorted.get(at).copied().context("nothing was measured")
}

pub(crate) fn median(figures: &[f64]) -> Result<f64> {
    quantile(figures, 0.5)
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(crate) fn whole(amount: u64) -> f64 {
    amount as f64
}

pub(crate) fn rate(amount: u64, seconds: f64) -> f64 {
    whole(amount) / seconds
}

/// From KiB.
pub(crate) fn megabytes(kib: u64) -> f64 {
    whole(kib) * 1024.0 / 1e6
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(crate) fn ms_since(start: Instant) -> f64 {
    ms(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_figures() {
        let figures = [9.0, 1.0, 5.0, 3.0, 7.0];
        let at = |share: f64| quantile(&figures, share).unwrap().to_bits();
        assert_eq!((at(0.0), at(0.5), at(1.0)), (1f64.to_bits(), 5f64.to_bits(), 9f64.to_bits()));
        assert!(median(&[]).is_err());
    }

    #[test]
    fn memory_is_in_decimal_megabytes() {
        assert!((megabytes(60_000) - 61.44).abs() < 0.001);
    }
}
