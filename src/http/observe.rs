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

use crate::telemetry::names;
use crate::types::RequestId;

use super::in_flight::Counted;
use super::{ApiError, App};

/// The middleware around all routes.
pub(super) async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = app.clock.instant();
    let id = RequestId::new(app.clock.now());
    request.extensions_mut().insert(id);
    let endpoint = endpoint(&request);
    // Counted before the look at the drain, so that a drain that begins now waits for this request.
    let counted = (!matches!(endpoint, "health" | "metrics")).then(|| app.in_flight.enter());
    let response = if counted.is_some() && app.is_draining() {
        ApiError::draining().into_response()
    } else {
        // A panic's message may quote a text; the hook logs its place alone.
        let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        answered.unwrap_or_else(|_| ApiError::internal().into_response())
    };
    let took = app.clock.instant().saturating_duration_since(started);
    let status = response.status().as_u16();
    tracing::debug!(request = %id, endpoint, status, took_ms = millis(took), "request");
    let measured = Measured {
        app,
        endpoint,
        status,
        started,
        _counted: counted,
    };
    let (mut head, body) = response.into_parts();
    add_headers(&mut head.headers, id, took);
    Response::from_parts(
        head,
        Body::new(Observed {
            body,
            _measured: measured,
        }),
    )
}

/// The endpoint's name in metrics. A path counts only where it is one of ours.
fn endpoint(request: &Request) -> &'static str {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match request.uri().path() {
        "/v1/chat/completions" => "chat.completions",
        "/v1/embeddings" => "embeddings",
        "/metrics" => "metrics",
        path if path == "/v1/responses" || path.starts_with("/v1/responses/") => "responses",
        path if path == "/v1/models" || path.starts_with("/v1/models/") => "models",
        path if path.starts_with("/health/") && reads => "health",
        _ => "other",
    }
}

fn add_headers(headers: &mut HeaderMap, id: RequestId, took: Duration) {
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        headers.insert("x-request-id", value);
    }
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

/// Counts the request when its body has ended or was dropped, so that a stream's duration is that of the
/// whole stream.
struct Measured {
    app: App,
    endpoint: &'static str,
    status: u16,
    started: Instant,
    _counted: Option<Counted>,
}

impl Drop for Measured {
    fn drop(&mut self) {
        let (app, endpoint) = (&self.app, &self.endpoint);
        let took = app.clock.instant().saturating_duration_since(self.started);
        let labels: [crate::telemetry::MetricLabel<'_>; 2] =
            [("endpoint", endpoint), ("status", &self.status)];
        app.metrics.count(names::REQUESTS, 1, &labels);
        app.metrics
            .observe(names::REQUEST_DURATION, took, &[("endpoint", endpoint)]);
    }
}

/// A body that is measured until it ends.
struct Observed {
    body: Body,
    _measured: Measured,
}

impl HttpBody for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
