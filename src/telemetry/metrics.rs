//! Metrics in memory, rendered for Prometheus when asked. No listener of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use crate::types::LogSafe;

use super::names::{self, Counter, Gauge, Histogram};

/// Bounds of the buckets in seconds: from a token of a small model to a long answer.
const BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0,
];
/// Observations wait in memory until they are sorted into buckets; at most so many.
const UPKEEP_EVERY: u64 = 1024;

/// Where metrics are counted; clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    observations: Arc<AtomicU64>,
    /// Stands beside the labels of everything that is counted with this clone.
    own: Option<(&'static str, Arc<str>)>,
}

/// A label: its name and its value.
pub type MetricLabel<'a> = (&'static str, &'a dyn LogSafe);

impl Metrics {
    /// No counts yet, of a program of this `version`.
    pub fn new(version: &'static str) -> Self {
        let builder = PrometheusBuilder::new();
        // The only error is an empty list of buckets.
        let builder = builder.set_buckets(BUCKETS).unwrap_or_default();
        let recorder = builder.build_recorder();
        for Counter { name, help } in names::COUNTERS {
            recorder.describe_counter((*name).into(), None, (*help).into());
        }
        for Gauge { name, help } in names::GAUGES {
            recorder.describe_gauge((*name).into(), None, (*help).into());
        }
        for Histogram { name, help } in names::HISTOGRAMS {
            recorder.describe_histogram((*name).into(), None, (*help).into());
        }
        let metrics = Self {
            recorder: Arc::new(recorder),
            observations: Arc::default(),
            own: None,
        };
        metrics.gauge(names::BUILD_INFO, 1, &[("version", &version)]);
        metrics
    }

    /// Counts together with this one, with one label more.
    #[must_use]
    pub fn with(&self, (name, value): MetricLabel<'_>) -> Self {
        Self {
            own: Some((name, value.to_string().into())),
            ..self.clone()
        }
    }

    /// Adds `by` to a counter.
    pub fn count(&self, counter: Counter, by: u64, labels: &[MetricLabel<'_>]) {
        let key = self.key(counter.name, labels);
        self.recorder
            .register_counter(&key, &METADATA)
            .increment(by);
    }

    /// Sets a gauge.
    pub fn gauge(&self, gauge: Gauge, value: usize, labels: &[MetricLabel<'_>]) {
        let value = u32::try_from(value).unwrap_or(u32::MAX);
        let key = self.key(gauge.name, labels);
        self.recorder
            .register_gauge(&key, &METADATA)
            .set(f64::from(value));
    }

    /// Notes a duration.
    pub fn observe(&self, histogram: Histogram, took: Duration, labels: &[MetricLabel<'_>]) {
        let key = self.key(histogram.name, labels);
        self.recorder
            .register_histogram(&key, &METADATA)
            .record(took.as_secs_f64());
        let n = self.observations.fetch_add(1, Ordering::Relaxed);
        if n % UPKEEP_EVERY == UPKEEP_EVERY - 1 {
            self.recorder.handle().run_upkeep();
        }
    }

    /// All metrics in Prometheus' text form.
    pub fn render(&self) -> String {
        self.recorder.handle().render()
    }

    fn key(&self, name: &'static str, labels: &[MetricLabel<'_>]) -> Key {
        if labels.is_empty() && self.own.is_none() {
            return Key::from_static_name(name);
        }
        let own = self.own.iter();
        let own = own.map(|(name, value)| Label::new(*name, value.to_string()));
        let labels = labels
            .iter()
            .map(|(name, value)| Label::new(*name, value.to_string()));
        Key::from_parts(name, own.chain(labels).collect::<Vec<_>>())
    }
}

static METADATA: Metadata<'static> = Metadata::new("bailiwick", Level::INFO, None);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_rendered() {
        let metrics = Metrics::new("1.2.3");
        metrics.count(names::REFUSALS, 2, &[("kind", &"residency")]);
        metrics.count(names::REFUSALS, 1, &[("kind", &"residency")]);
        metrics.gauge(names::SEQUENCES_RUNNING, 3, &[]);
        let second = metrics.with(("model", &"second"));
        second.gauge(names::SEQUENCES_RUNNING, 1, &[]);
        second.count(names::REFUSALS, 1, &[("kind", &"residency")]);
        for _ in 0..3000 {
            metrics.observe(names::QUEUE_WAIT, Duration::from_millis(20), &[]);
        }
        let text = metrics.render();
        for line in [
            "bailiwick_build_info{version=\"1.2.3\"} 1",
            "bailiwick_refusals_total{kind=\"residency\"} 3",
            "bailiwick_sequences_running 3",
            "bailiwick_sequences_running{model=\"second\"} 1",
            "bailiwick_refusals_total{model=\"second\",kind=\"residency\"} 1",
            "bailiwick_queue_wait_seconds_bucket{le=\"0.01\"} 0",
            "bailiwick_queue_wait_seconds_bucket{le=\"0.025\"} 3000",
            "# TYPE bailiwick_queue_wait_seconds histogram",
            "# HELP bailiwick_refusals_total Requests refused, by reason.",
        ] {
            assert!(
                text.lines().any(|own| own == line),
                "{line} is not in\n{text}"
            );
        }
    }
}
