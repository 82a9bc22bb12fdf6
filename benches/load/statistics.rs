//! Many values in one.

use hdrhistogram::Histogram;

/// The value in the middle; 0 of none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value that `share` of all are not above; 0 of none.
pub(crate) fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    let last = real(values.len().saturating_sub(1) as u64);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the last index"
    )]
    let at = (last * share).round() as usize;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(at, f64::total_cmp).1
}

/// The milliseconds that `share` of what is told in microseconds is not above; 0 of none.
pub(crate) fn milliseconds(latencies: &Histogram<u64>, share: f64) -> f64 {
    real(latencies.value_at_quantile(share)) / 1e3
}

/// A count as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}
