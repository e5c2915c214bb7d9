//! The routes, and what every response gets.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tower_http::cors::CorsLayer;

use crate::config::Config;
use crate::pipeline::Pipeline;
use crate::policy::Keyring;
use crate::telemetry::vllm::{self, EngineFacts};
use crate::telemetry::{Metrics, names};
use crate::types::{RequestId, SharedClock};

use super::auth::authenticate;
use super::body::BodyBounds;
use super::deadline::Deadlines;
use super::in_flight::InFlight;
use super::observe::observe;
use super::openapi::Documentation;
use super::{
    ApiError, adapters, chat, completions, cors, embeddings, files, held, models, open_connector,
    openapi, redact, rerank, responses, tokens,
};

/// What the routes share.
#[derive(Clone, Debug)]
pub struct App {
    pub(super) pipeline: Pipeline,
    pub(super) keyring: Keyring,
    pub(super) metrics: Metrics,
    pub(super) clock: SharedClock,
    pub(super) bounds: BodyBounds,
    pub(super) in_flight: InFlight,
    pub(super) key_headers: Arc<[HeaderName]>,
    pub(super) deadlines: Deadlines,
    /// Tokens per block of the cache, where metrics have vLLM's names too.
    vllm_names: Option<usize>,
    cors: Option<CorsLayer>,
    pub(super) documentation: Documentation,
    draining: CancellationToken,
}

impl App {
    /// The application over its parts; `draining` is cancelled when the server begins to stop.
    pub fn new(
        config: &Config,
        (pipeline, keyring, metrics): (Pipeline, Keyring, Metrics),
        clock: SharedClock,
        draining: CancellationToken,
    ) -> Self {
        let server = &config.server;
        let bounds = BodyBounds {
            bytes: server.max_body_bytes,
            depth: server.max_json_depth,
            time: server.body_timeout,
        };
        Self {
            pipeline,
            keyring,
            metrics,
            clock,
            bounds,
            in_flight: InFlight::new(),
            key_headers: server
                .key_headers
                .iter()
                .filter_map(|name| name.parse().ok())
                .collect(),
            deadlines: Deadlines {
                node: config.limits.deadline,
                late: server.on_deadline,
            },
            vllm_names: config
                .telemetry
                .vllm_names
                .then_some(config.engine.block_tokens),
            cors: cors::layer(&server.cors_origins),
            documentation: Documentation::new(),
            draining,
        }
    }

    /// Whether the server has begun to stop.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Comes back once the server is stopping and no request of the API runs, or when `at_most` has passed
    /// since the stop began. Says whether it was the former.
    pub(super) async fn drained(&self, at_most: Duration) -> bool {
        self.draining.cancelled().await;
        tokio::time::timeout(at_most, self.in_flight.none())
            .await
            .is_ok()
    }

    /// The routes.
    pub fn router(self) -> Router {
        let cors = self.cors.clone();
        Router::new()
            .route("/v1/chat/completions", post(chat::complete))
            .route("/v1/responses", post(responses::create))
            .route(
                "/v1/responses/{id}",
                get(responses::retrieve).delete(responses::delete),
            )
            .route("/v1/responses/{id}/cancel", post(responses::cancel))
            .route(open_connector::PATH, post(open_connector::complete))
            .route("/v1/completions", post(completions::complete))
            .route("/v1/files", post(files::create).get(files::list))
            .route("/v1/files/{id}", get(files::retrieve).delete(files::delete))
            .route("/v1/files/{id}/content", get(files::content))
            .route("/v1/held", get(held::list))
            .route("/v1/held/{id}", get(held::retrieve))
            .route("/v1/held/{id}/release", post(held::release))
            .route("/v1/held/{id}/refuse", post(held::refuse))
            .route("/v1/embeddings", post(embeddings::embed))
            .route("/v1/rerank", post(rerank::rerank))
            .route("/v1/score", post(rerank::score))
            .route("/v1/redact", post(redact::redact))
            .route("/v1/restore", post(redact::restore))
            .route("/v1/tokenize", post(tokens::tokenize))
            .route("/tokenize", post(tokens::tokenize))
            .route("/v1/detokenize", post(tokens::detokenize))
            .route("/detokenize", post(tokens::detokenize))
            .route("/v1/load_lora_adapter", post(adapters::load))
            .route("/v1/unload_lora_adapter", post(adapters::unload))
            .route("/version", get(models::version))
            .route("/v1/models", get(models::list))
            .route("/v1/models/{*id}", get(models::retrieve))
            .route(
                "/health/live",
                get(|| async { Json(json!({"status": "alive"})) }),
            )
            .route("/health/ready", get(ready))
            .route("/metrics", get(metrics))
            .route("/openapi.json", get(openapi::json))
            .route("/docs", get(openapi::page))
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
            // Within what observes: a browser's question before its request is a request too.
            .layer(tower::util::option_layer(cors))
            .layer(middleware::from_fn_with_state(self.clone(), observe))
            .with_state(self)
    }
}

async fn ready(State(app): State<App>) -> Response {
    let (status, word) = if app.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else if app.pipeline.is_ready() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unready")
    };
    (status, Json(json!({"status": word}))).into_response()
}

/// Counts and durations; no name of a person, key or record is in them. Still, how much a node does is
/// its own business, so a key is asked for: any good one, for a scraper needs no rights.
async fn metrics(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    authenticate(&app, &headers, (request, "metrics")).await?;
    let stats = app.pipeline.engine_stats();
    app.metrics
        .gauge(names::SEQUENCES_RUNNING, stats.running, &[]);
    app.metrics
        .gauge(names::SEQUENCES_WAITING, stats.waiting, &[]);
    let form = "text/plain; version=0.0.4; charset=utf-8";
    let mut text = app.metrics.render();
    if let Some(block_tokens) = app.vllm_names {
        let model = app.pipeline.models().next().map(|model| &model.name);
        let facts = EngineFacts {
            model: model.map_or("", |name| name.as_str()),
            block_tokens,
            blocks: stats.total_blocks,
            used_blocks: stats.used_blocks,
        };
        text.push_str(&vllm::render(&text, facts));
    }
    Ok(([(header::CONTENT_TYPE, form)], text).into_response())
}
