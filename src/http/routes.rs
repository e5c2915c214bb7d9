//! The routes, and what every response gets.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::config::ServerConfig;
use crate::pipeline::Pipeline;
use crate::policy::Keyring;
use crate::telemetry::{Metrics, names};
use crate::types::{RequestId, SharedClock};

use super::auth::authenticate;
use super::body::BodyBounds;
use super::{ApiError, chat, embeddings};

/// What the routes share.
#[derive(Clone, Debug)]
pub struct App {
    pub(super) pipeline: Pipeline,
    pub(super) keyring: Keyring,
    pub(super) metrics: Metrics,
    pub(super) clock: SharedClock,
    pub(super) bounds: BodyBounds,
    draining: CancellationToken,
}

impl App {
    /// The application over its parts; `draining` is cancelled when the server begins to stop.
    pub fn new(
        config: &ServerConfig,
        (pipeline, keyring, metrics): (Pipeline, Keyring, Metrics),
        clock: SharedClock,
        draining: CancellationToken,
    ) -> Self {
        let bounds = BodyBounds {
            bytes: config.max_body_bytes,
            depth: config.max_json_depth,
            time: config.body_timeout,
        };
        Self {
            pipeline,
            keyring,
            metrics,
            clock,
            bounds,
            draining,
        }
    }

    /// The routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/v1/chat/completions", post(chat::complete))
            .route("/v1/embeddings", post(embeddings::embed))
            .route("/v1/models", get(models))
            .route(
                "/health/live",
                get(|| async { Json(json!({"status": "alive"})) }),
            )
            .route("/health/ready", get(ready))
            .route("/metrics", get(metrics))
            .method_not_allowed_fallback(|| async {
                ApiError::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "method_not_allowed",
                    "this path has another method",
                )
            })
            .fallback(|| async {
                ApiError::new(
                    StatusCode::NOT_FOUND,
                    "unknown_path",
                    "there is nothing at this path; the API is under /v1",
                )
            })
            .layer(middleware::from_fn_with_state(self.clone(), observe))
            .with_state(self)
    }
}

/// Gives each request its identifier, and counts it. The path counts only where it is one of ours.
async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = app.clock.instant();
    let id = RequestId::new(app.clock.now());
    request.extensions_mut().insert(id);
    let endpoint = match (request.method(), request.uri().path()) {
        (&Method::POST, "/v1/chat/completions") => "chat.completions",
        (&Method::POST, "/v1/embeddings") => "embeddings",
        (&Method::GET, "/v1/models") => "models",
        (_, path) if path.starts_with("/health/") => "health",
        (_, "/metrics") => "metrics",
        _ => "other",
    };
    let mut response = next.run(request).await;
    let took = app.clock.instant().saturating_duration_since(started);
    let status = response.status().as_u16();
    app.metrics.count(
        names::REQUESTS,
        1,
        &[("endpoint", &endpoint), ("status", &status)],
    );
    app.metrics
        .observe(names::REQUEST_DURATION, took, &[("endpoint", &endpoint)]);
    tracing::debug!(request = %id, endpoint, status, took_ms = millis(took), "request");
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        headers.insert("x-request-id", value);
    }
    headers.insert("openai-processing-ms", HeaderValue::from(millis(took)));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

async fn models(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    headers: axum::http::HeaderMap,
) -> Result<Response, ApiError> {
    authenticate(&app, &headers, (request, "models")).await?;
    let list: Vec<_> = app
        .pipeline
        .models()
        .map(|model| {
            json!({
                "id": model.name, "object": "model", "created": 0, "owned_by": "bailiwick",
                "context_length": model.context, "digest": model.digest, "licence": model.licence,
            })
        })
        .collect();
    Ok(Json(json!({"object": "list", "data": list})).into_response())
}

async fn ready(State(app): State<App>) -> Response {
    let (status, word) = if app.draining.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else if app.pipeline.is_ready() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unready")
    };
    (status, Json(json!({"status": word}))).into_response()
}

/// Counts and durations; no name of a person, key or record is in them.
async fn metrics(State(app): State<App>) -> Response {
    let stats = app.pipeline.engine_stats();
    app.metrics
        .gauge(names::SEQUENCES_RUNNING, stats.running, &[]);
    app.metrics
        .gauge(names::SEQUENCES_WAITING, stats.waiting, &[]);
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        app.metrics.render(),
    )
        .into_response()
}
