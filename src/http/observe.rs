//! What every request gets: an identifier, its place in the count, its metrics, headers, and an answer
//! even where its handler panics.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tracing::{Instrument as _, Span};

use crate::telemetry::{MetricLabel, genai, names};
use crate::types::RequestId;

use super::connection::Busy;
use super::in_flight::Counted;
use super::origin::{ClientId, TraceParent};
use super::{ApiError, App, open_connector};

/// The version of OpenAI's API that clients are told, as OpenAI itself tells it: it has had one so far.
const OPENAI_VERSION: &str = "2020-10-01";

/// The middleware around all routes.
pub(super) async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = app.clock.instant();
    let id = RequestId::new(app.clock.now());
    request.extensions_mut().insert(id);
    let busy = request.extensions_mut().remove::<Busy>();
    let endpoint = endpoint(&request);
    let client = ClientId::of(request.headers());
    let span = span(id, client.as_ref(), TraceParent::of(request.headers()));
    // Counted before the look at the drain, so that a drain that begins now waits for this request.
    let counted = (!is_watching(endpoint)).then(|| app.in_flight.enter());
    let mut waiting = Waiting {
        app: &app,
        endpoint,
        answered: false,
    };
    let response = if counted.is_some() && app.is_draining() {
        ApiError::draining().into_response()
    } else {
        // A panic's message may quote a text; the hook logs its place alone.
        let answering = next.run(request).instrument(span.clone());
        let answered = AssertUnwindSafe(answering).catch_unwind().await;
        answered.unwrap_or_else(|_| ApiError::internal().into_response())
    };
    waiting.answered = true;
    drop(waiting);
    let took = app.clock.instant().saturating_duration_since(started);
    let (mut head, body) = response.into_parts();
    add_headers(&mut head.headers, (id, client.as_ref()), took);
    let measured = Measured {
        app,
        span,
        endpoint,
        status: head.status.as_u16(),
        started,
        // A whole body is in our hands: whether the client reads it to its end, nobody learns.
        unfinished: body.size_hint().exact().is_none(),
        _counted: counted,
        _busy: busy,
    };
    Response::from_parts(head, Body::new(Observed { body, measured }))
}

/// What every log line about a request says.
fn span(id: RequestId, client: Option<&ClientId>, parent: Option<TraceParent>) -> Span {
    let span = genai::request_span(&id);
    if let Some(client) = client {
        span.record("client_request", tracing::field::display(client));
    }
    if let Some(parent) = parent {
        span.record("trace_id", parent.trace_id());
        span.record("parent_span_id", parent.span_id());
        span.record("sampled", parent.is_sampled());
        // Ours, for whoever joins these lines to the trace: random digits of our own identifier.
        span.record("span_id", id.hex().get(16..));
    }
    span
}

/// Requests that look at the server and ask nothing of it.
fn is_watching(endpoint: &str) -> bool {
    matches!(endpoint, "health" | "metrics")
}

/// The endpoint's name in metrics. A path counts only where it is one of ours.
pub(super) fn endpoint(request: &Request) -> &'static str {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match request.uri().path() {
        "/v1/chat/completions" => "chat.completions",
        open_connector::PATH => open_connector::ENDPOINT,
        "/v1/completions" => "completions",
        "/v1/embeddings" => "embeddings",
        "/v1/rerank" => "rerank",
        "/v1/score" => "score",
        "/v1/redact" => "redact",
        "/v1/restore" => "restore",
        "/v1/tokenize" | "/tokenize" => "tokenize",
        "/v1/detokenize" | "/detokenize" => "detokenize",
        "/version" => "version",
        "/openapi.json" | "/docs" => "docs",
        "/metrics" => "metrics",
        path if path == "/v1/responses" || path.starts_with("/v1/responses/") => "responses",
        "/v1/load_lora_adapter" | "/v1/unload_lora_adapter" => "adapters",
        path if path == "/v1/files" || path.starts_with("/v1/files/") => "files",
        path if path == "/v1/held" || path.starts_with("/v1/held/") => "held",
        path if path == "/v1/models" || path.starts_with("/v1/models/") => "models",
        path if path.starts_with("/health/") && reads => "health",
        _ => "other",
    }
}

/// `x-request-id` is the client's own where it sent a good one, as OpenAI's clients log what they find there;
/// `x-bailiwick-request-id` is always ours, as logs and the audit log have it.
fn add_headers(
    headers: &mut HeaderMap,
    (id, client): (RequestId, Option<&ClientId>),
    took: Duration,
) {
    let own = id.to_string();
    let echoed = client.filter(|client| client.echoed);
    let shown = echoed.map_or(own.as_str(), ClientId::as_str);
    for (name, text) in [("x-request-id", shown), ("x-bailiwick-request-id", &own)] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
    headers.insert("openai-version", HeaderValue::from_static(OPENAI_VERSION));
    headers.insert("openai-processing-ms", HeaderValue::from(millis(took)));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // Answers are somebody's data: no cache on the way may keep one.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A request that has no answer yet; the client went away where this is dropped before there is one.
struct Waiting<'a> {
    app: &'a App,
    endpoint: &'static str,
    answered: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.answered {
            count_disconnect(self.app, self.endpoint, "waiting");
        }
    }
}

fn count_disconnect(app: &App, endpoint: &'static str, stage: &'static str) {
    let labels: [MetricLabel<'_>; 2] = [("endpoint", &endpoint), ("stage", &stage)];
    app.metrics.count(names::DISCONNECTS, 1, &labels);
}

/// Counts the request when its body has ended or was dropped, so that a stream's duration is that of the
/// whole stream.
struct Measured {
    app: App,
    span: Span,
    endpoint: &'static str,
    status: u16,
    started: Instant,
    /// A stream of which there is more.
    unfinished: bool,
    _counted: Option<Counted>,
    _busy: Option<Busy>,
}

impl Drop for Measured {
    fn drop(&mut self) {
        let (app, endpoint, status) = (&self.app, self.endpoint, self.status);
        let took = app.clock.instant().saturating_duration_since(self.started);
        let labels: [MetricLabel<'_>; 2] = [("endpoint", &endpoint), ("status", &status)];
        app.metrics.count(names::REQUESTS, 1, &labels);
        app.metrics
            .observe(names::REQUEST_DURATION, took, &[("endpoint", &endpoint)]);
        if self.unfinished {
            count_disconnect(app, endpoint, "streaming");
        }
        let (took_ms, cut_off) = (millis(took), self.unfinished);
        let _within = self.span.enter();
        if is_watching(endpoint) {
            tracing::debug!(endpoint, status, took_ms, "request");
        } else {
            tracing::info!(endpoint, status, took_ms, cut_off, "request");
        }
    }
}

/// A body that is measured until it ends.
struct Observed {
    body: Body,
    measured: Measured,
}

impl HttpBody for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let _within = this.measured.span.enter();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            this.measured.unfinished = false;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
