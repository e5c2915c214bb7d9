//! The default model, as the benches run it: tokens in, tokens out, no text.

use std::sync::Arc;
use std::time::Duration;

use bailiwick::config::{EngineConfig, Environment};
use bailiwick::engine::{Engine, Provisions, TextDecoder, TokenText};
use bailiwick::formats::Mapped;
use bailiwick::formats::gguf::Gguf;
use bailiwick::model::{CausalLm, ModelError, load_gguf};
use bailiwick::telemetry::Metrics;
use bailiwick::types::{KvFormat, SystemClock};
use candle_core::Device;

const VOCAB: usize = 49_152;

/// The default model's file; `None`, and a line that says so, where it isn't there.
#[expect(clippy::print_stdout, reason = "says why there is no result")]
pub(crate) fn file() -> Option<Mapped> {
    let dir = Environment::read().default_models_dir();
    let path = dir.join("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
    let file = Mapped::open(&path).ok();
    if file.is_none() {
        println!("skipped: the default model is not in {}", dir.display());
    }
    file
}

/// An engine over the model, with the default settings but these.
pub(crate) fn start(file: &Mapped, change: impl FnOnce(&mut EngineConfig)) -> Engine {
    let config = config(change);
    let (file, threads) = (file.clone(), config.threads);
    let factory = move || load_gguf(&Gguf::open(&file)?, &Device::Cpu, threads);
    start_with(Provisions::default(), factory, |own| *own = config)
}

/// An engine over a model of the same tokens, with these provisions and the default settings but these.
pub(crate) fn start_with(
    provisions: Provisions,
    model: impl FnMut() -> Result<Box<dyn CausalLm>, ModelError> + Send + 'static,
    change: impl FnOnce(&mut EngineConfig),
) -> Engine {
    let (clock, metrics) = (SystemClock::shared(), Metrics::new("bench"));
    let text = Arc::new(Silent);
    Engine::start_with(provisions, &config(change), model, text, clock, metrics)
        .expect("the model loads")
}

/// The default settings but these.
fn config(change: impl FnOnce(&mut EngineConfig)) -> EngineConfig {
    let mut config = EngineConfig {
        threads: 2,
        cores: Vec::new(),
        kv_cache_bytes: 256 << 20,
        kv_cache_format: KvFormat::F16,
        block_tokens: 32,
        max_batch_tokens: 256,
        max_sequences: 32,
        queue_limit: 128,
        queue_timeout: Duration::from_secs(600),
        max_context: None,
        prefix_cache: true,
        saved_prefix_bytes: 0,
        speculation: true,
    };
    change(&mut config);
    config
}

#[derive(Debug)]
struct Silent;

impl TokenText for Silent {
    fn decoder(&self) -> Box<dyn TextDecoder> {
        Box::new(Self)
    }

    fn is_end(&self, _: u32) -> bool {
        false
    }

    fn n_tokens(&self) -> usize {
        VOCAB
    }
}

/// One letter a token, so that each token is an event.
impl TextDecoder for Silent {
    fn push(&mut self, _: u32) -> Option<String> {
        Some("x".to_owned())
    }

    fn finish(&mut self) -> Option<String> {
        None
    }
}

/// Whether the command line asks for what is called `group`, which criterion doesn't run itself.
pub(crate) fn is_wanted(group: &str) -> bool {
    let mut names = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    names.peek().is_none() || names.any(|name| group.contains(&name) || name.contains(group))
}
