//! From the last step of closing to the end of the process.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use tokio_util::sync::CancellationToken;

use crate::audit::{AuditError, AuditLog, Event};
use crate::cli::node::Node;
use crate::config::Config;
use crate::engine::Engine;
use crate::http::{App, Bound};
use crate::sandbox::{self, Confined, Enforcement};
use crate::telemetry::{MetricLabel, Metrics, names};

use super::Ready;
use super::announced::Announced;

/// How often the trip-wire's counters are looked at.
const TRIPS_EVERY: Duration = Duration::from_secs(1);
/// How long the engine has to end after the last request.
const ENGINE_STOP: Duration = Duration::from_secs(2);
/// How much longer it has where it saves its prefix cache.
const SAVE_TIME: Duration = Duration::from_secs(10);

/// The signals that end the server, and what is watched meanwhile.
struct Watch {
    terminate: Signal,
    interrupt: Signal,
    self_test_interval: Duration,
    enforced: bool,
    audit: Arc<AuditLog>,
    metrics: Metrics,
}

/// Closes the system calls, proves it, serves until a signal, and ends in order.
pub(super) async fn serve(
    node: Node,
    config: &Config,
    bound: Bound,
    confined: Confined,
    on_ready: impl FnOnce(Ready),
) -> anyhow::Result<()> {
    // The signals' own socket pair is made here: the last one before the filters close.
    let (terminate, interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let enforcement = confined.seal()?;
    prove(&node, &enforcement).await?;
    let stop = CancellationToken::new();
    let app = App::new(
        config,
        (
            node.pipeline.clone(),
            node.keyring.clone(),
            node.metrics.clone(),
        ),
        Arc::clone(&node.clock),
        stop.clone(),
    );
    tracing::info!(address = %bound.address(), sandbox = %enforcement, "ready");
    let announced = Announced::write(&config.node.data_dir, bound.address())?;
    on_ready(Ready {
        address: bound.address(),
    });
    let watch = Watch {
        terminate,
        interrupt,
        self_test_interval: config.sandbox.self_test_interval,
        enforced: enforcement.is_enforced(),
        audit: Arc::clone(&node.audit),
        metrics: node.metrics.clone(),
    };
    let sweeper = node.pipeline.jobs().clone();
    let until = stop.clone();
    let files = node.pipeline.files().clone();
    let models = node.pipeline.generators().clone();
    let held = node.pipeline.clone();
    let sweeper = tokio::spawn(async move {
        tokio::join!(
            sweeper.sweep(until.clone()),
            files.sweep(until.clone()),
            models.sweep(until.clone()),
            held.sweep_held(until)
        );
    });
    let engines = || node.pipeline.generators().engines();
    let abort = || engines().iter().for_each(Engine::abort);
    let served = bound.serve(app, &config.server, abort);
    let (served, watched) = tokio::join!(served, async {
        let done = watch.until_the_end().await;
        tracing::info!("stopping: running requests may end");
        stop.cancel();
        done
    });
    drop(announced);
    sweeper.abort();
    let engines = engines();
    end(&engines, config.engine.saved_prefix_bytes > 0).await;
    node.pipeline.gate().flush().await?;
    node.audit.record(Event::Stop).await?;
    node.audit.shutdown().await?;
    served?;
    watched
}

/// Waits for engines that nobody asks any more; longer where they save their prefix caches.
async fn end(engines: &[Engine], they_save: bool) {
    engines.iter().for_each(Engine::shutdown);
    let stop_time = match they_save {
        true => ENGINE_STOP + SAVE_TIME,
        false => ENGINE_STOP,
    };
    let deadline = Instant::now() + stop_time;
    for engine in engines {
        let stopped = tokio::time::timeout_at(deadline, engine.stopped());
        if stopped.await.is_err() {
            // What it still holds was given up, and a file that is not whole is removed at the next start.
            tracing::warn!("an engine did not end in time");
            engine.abort();
        }
    }
}

/// Puts on record what is served and how it is closed in, and tries the ways out before the first request.
async fn prove(node: &Node, enforcement: &Enforcement) -> anyhow::Result<()> {
    let names_model = node.pipeline.names_model();
    match names_model {
        Some((model, digest)) => {
            let label: [MetricLabel<'_>; 1] = [("digest", &digest)];
            node.metrics.gauge(names::NAMES_MODEL, 1, &label);
            tracing::info!(%model, %digest, "names are found by a model");
        }
        None => {
            node.metrics.gauge(names::NAMES_MODEL, 0, &[]);
            tracing::warn!("names are found by patterns and records alone");
        }
    }
    let models = node
        .pipeline
        .models()
        .map(|model| (model.name.clone(), model.digest))
        .chain(names_model.map(|(name, digest)| (name.clone(), digest)))
        .collect();
    let egress = if enforcement.is_enforced() {
        "enforced"
    } else {
        "unenforced"
    };
    node.audit
        .record(Event::Start {
            version: env!("CARGO_PKG_VERSION"),
            egress,
            models,
        })
        .await?;
    if enforcement.is_enforced() {
        return self_test(&node.audit, &node.metrics).await;
    }
    tracing::warn!("egress is not enforced, as the configuration says");
    Ok(())
}

impl Watch {
    /// Returns at a signal; with an error when the cage has a hole: the server must not go on then.
    async fn until_the_end(mut self) -> anyhow::Result<()> {
        let first = Instant::now() + self.self_test_interval;
        let mut self_tests = interval_at(first, self.self_test_interval);
        self_tests.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looks = interval(TRIPS_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut trips = 0;
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return Ok(()),
                _ = self.interrupt.recv() => return Ok(()),
                _ = self_tests.tick(), if self.enforced => {
                    match self_test(&self.audit, &self.metrics).await {
                        // A full disk: no request is answered until there is room again.
                        Err(error) if error.is::<AuditError>() => {
                            tracing::error!("the self-test passed and can't be recorded");
                        }
                        done => done?,
                    }
                }
                _ = looks.tick(), if self.enforced => trips = note_trips(&self.metrics, trips),
            }
        }
    }
}

/// Counts and logs what the trip-wire saw since `before`; gives how much it has seen by now.
fn note_trips(metrics: &Metrics, before: u64) -> u64 {
    let total = sandbox::trips().total;
    let new = total.saturating_sub(before);
    // Zero as well: a counter that is there from the start can be watched.
    metrics.count(names::SANDBOX_TRIPS, new, &[]);
    if new > 0 {
        tracing::error!(
            new,
            total,
            "something in this process tried to get out; the sandbox refused"
        );
    }
    total
}

async fn self_test(audit: &AuditLog, metrics: &Metrics) -> anyhow::Result<()> {
    let test = tokio::task::spawn_blocking(sandbox::self_test).await?;
    let passed = test.passed();
    let open: Vec<_> = test.open().map(|way| way.name.clone()).collect();
    metrics.count(names::SANDBOX_SELF_TESTS, 1, &[("passed", &passed)]);
    let attempts = u32::try_from(test.ways.len()).unwrap_or(u32::MAX);
    let event = Event::SelfTest {
        passed,
        attempts,
        open: open.clone(),
    };
    let recorded = audit.record(event).await;
    if !passed {
        bail!("the sandbox has a way out: {}", open.join(", "));
    }
    recorded?;
    Ok(())
}
