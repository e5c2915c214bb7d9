//! What the server itself costs: the whole way of a chat completion over loopback sockets, with a model that
//! takes no time. Keys, limits, redaction, prompts, the engine's queue and the durable writes of the audit log
//! are the real ones; only the forward pass is scripted. Needs the default chat model's file for its vocabulary.
//!
//! ```sh
//! cargo bench --bench gateway            # or: -- --rate 2000 --seconds 10
//! ```
//!
//! Two threads make the load on kept-open connections, beside the server on the same cores. First as many
//! requests as the connections can carry one after another (*closed*), then a fixed rate (*open*): there a
//! request's time counts from when it was due, so that a server that falls behind can't hide it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::disallowed_methods,
    reason = "a load program connects, measures time, and stops where it can't go on, and prints its result"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bailiwick::audit::AuditLog;
use bailiwick::config::{Config, DEMO, Environment};
use bailiwick::crm::Catalogue;
use bailiwick::engine::Engine;
use bailiwick::formats::{Manifests, verify};
use bailiwick::grammar::Grammars;
use bailiwick::grounding::Masks;
use bailiwick::http::{App, Bound};
use bailiwick::model::{
    BlockForm, CausalLm, KvCache, LogitRows, Logits, ModelError, RaggedBatch, Shape,
};
use bailiwick::pipeline::{
    Adapters, Files, Generator, Generators, Held, Jobs, ModelFacts, Parts, Pipeline, Residence,
    Stay, VaultSeal,
};
use bailiwick::policy::{Gate, GateSettings, Keyring, NewKey, Role};
use bailiwick::prompt::PromptBuilder;
use bailiwick::redact::{Redactor, RedactorOptions};
use bailiwick::store::{Secrets, Store};
use bailiwick::telemetry::Metrics;
use bailiwick::tokenizer::ChatModel;
use bailiwick::types::SystemClock;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Connections of each of the two threads.
const CONNECTIONS: usize = 16;
/// Tokens of each answer.
const TOKENS: usize = 8;

/// A model that always wants the same token.
struct Scripted {
    shape: Shape,
    token: usize,
}

impl CausalLm for Scripted {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn new_cache(&self, _: usize, _: BlockForm) -> Result<KvCache, ModelError> {
        Ok(KvCache::new(()))
    }

    fn block_bytes(&self, form: BlockForm) -> usize {
        form.tokens
    }

    fn forward(&mut self, batch: &RaggedBatch, _: &mut KvCache) -> Result<Logits, ModelError> {
        let rows = batch.sequences.iter().map(|slice| match slice.logits {
            LogitRows::None => 0,
            LogitRows::Last => 1,
            LogitRows::All => slice.tokens.len(),
        });
        // As wide as it must be for the one token, not as the vocabulary: this is not the model's bench.
        let width = self.token + 1;
        let mut values = vec![0.0; rows.sum::<usize>() * width];
        for row in values.chunks_mut(width) {
            row[self.token] = 1.0;
        }
        Ok(Logits::new(values, width))
    }
}

/// A server in this process.
struct Node {
    address: SocketAddr,
    key: String,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Node {
    fn start(runtime: &tokio::runtime::Runtime) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut env = Environment::read();
        env.data_dir = Some(folder.path().to_owned());
        env.listen = Some("127.0.0.1:0".to_owned());
        let mut config = Config::parse(DEMO, "the demo configuration", &env).expect("the demo");
        config.limits.requests_per_minute = u32::MAX;
        config.limits.concurrency = 4 * CONNECTIONS;
        let clock = SystemClock::shared();
        let store = Arc::new(Store::open(folder.path()).expect("a database"));
        let secrets = Secrets::open(folder.path()).expect("secrets");
        let audit = AuditLog::open(
            &config.audit,
            folder.path(),
            &config.node.name,
            Arc::clone(&store),
            &secrets,
            Arc::clone(&clock),
        );
        let audit = Arc::new(audit.expect("an audit log"));
        let metrics = Metrics::new("bench");
        let jobs = Jobs::open(
            (Arc::clone(&store), secrets.sealed_root.clone()),
            config.jobs.clone(),
            metrics.clone(),
            Arc::clone(&clock),
        );
        let uploads = Files::open(
            (Arc::clone(&store), secrets.sealed_root.clone()),
            config.files.clone(),
            Arc::clone(&clock),
        );
        let held = Held::open(
            (Arc::clone(&store), secrets.sealed_root.clone()),
            config.held.clone(),
            metrics.clone(),
            Arc::clone(&clock),
        );
        let keyring = Keyring::open(store, &secrets.pepper, Arc::clone(&clock)).expect("keys");
        let key = keyring.create(NewKey {
            name: "bench".parse().expect("a name"),
            roles: vec![Role::App],
            expires: None,
            use_cases: None,
        });
        let (_, key) = key.expect("a key");
        let settings = GateSettings {
            node: &config.node,
            residency: &config.residency,
            limits: &config.limits,
            chat: &config.chat,
        };
        let manifests = Manifests::shipped_and(None).expect("manifests");
        let manifest = manifests.find(config.models.chat.as_str());
        let files = verify(&config.models.dir, manifest.expect("the chat model"));
        let files = files.expect("run bailiwick-fetch first");
        let model = Arc::new(ChatModel::open(&files, Arc::clone(&clock)).expect("a vocabulary"));
        let tokenizer = Arc::clone(model.tokenizer());
        let factory = || {
            let shape = Shape {
                vocab: 49_152,
                context: 8192,
            };
            Ok(Box::new(Scripted { shape, token: 64 }) as Box<dyn CausalLm>)
        };
        let start = {
            let (text, clock) = (Arc::new(Arc::clone(&tokenizer)), Arc::clone(&clock));
            let (settings, metrics) = (config.engine.clone(), metrics.clone());
            move || {
                let (text, clock) = (Arc::clone(&text), Arc::clone(&clock));
                Engine::start(&settings, factory, text, clock, metrics.clone())
            }
        };
        let residence = Residence::new(Box::new(start), 0, Stay::Always, Arc::clone(&clock));
        let engine = residence.start().expect("an engine");
        let generator = Generator {
            facts: ModelFacts {
                name: files.manifest().name.clone(),
                digest: files.digest(),
                context: engine.max_context(),
                licence: files.manifest().licence.spdx.clone(),
                parent: None,
            },
            masks: Masks::new(Arc::clone(&tokenizer)),
            grammars: Grammars::new(tokenizer).expect("grammars"),
            prompts: PromptBuilder::new(model),
            residence: Arc::new(residence),
        };
        let redactor = RedactorOptions {
            countries: vec![config.node.jurisdiction],
            ..RedactorOptions::default()
        };
        let adapters = Adapters::new(&files, (config.adapters.dir.clone(), 0), Vec::new());
        let pipeline = Pipeline::new(Parts {
            gate: Gate::new(&settings, Arc::clone(&audit), Arc::clone(&clock)).expect("a gate"),
            catalogue: Catalogue::load(None, false).expect("use cases"),
            redactor: Redactor::new(redactor).expect("recognisers"),
            block_tokens: config.engine.block_tokens,
            generators: Generators::new(generator, Vec::new(), None, metrics.clone()),
            embeddings: None,
            aliases: config.models.aliases.clone(),
            no_model: "none".parse().expect("a name"),
            vaults: VaultSeal::new(&secrets.pepper),
            chat: config.chat.clone(),
            screen: config.screen.clone(),
            canaries: Arc::default(),
            jobs: jobs.expect("background jobs"),
            files: uploads.expect("files"),
            held: held.expect("held answers"),
            adapters: adapters.expect("no adapters"),
            request_timeout: config.server.request_timeout,
            metrics: metrics.clone(),
            clock: Arc::clone(&clock),
        });
        let bound = Bound::new(&config.server).expect("a socket");
        let (address, stop) = (bound.address(), CancellationToken::new());
        let app = App::new(&config, (pipeline, keyring, metrics), clock, stop.clone());
        runtime.spawn(async move {
            bound
                .serve(app, &config.server, || ())
                .await
                .expect("served");
            engine.shutdown();
        });
        Self {
            address,
            key: key.expose().to_owned(),
            stop,
            _folder: folder,
        }
    }

    fn request(&self, stream: bool) -> Vec<u8> {
        let body = serde_json::json!({
            "model": "default", "stream": stream, "max_tokens": TOKENS, "temperature": 0,
            "messages": [
                {"role": "system", "content": "You are brief and friendly."},
                {"role": "user", "content": "The AquaBrew 2000 that I bought on 3 March in your Munich shop leaks. \
                    Please tell me how I can send it back, and whether I get my money or a new one."},
            ],
        })
        .to_string();
        let key = &self.key;
        let length = body.len();
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: node\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// A connection that asks and reads whole answers.
struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    async fn open(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self {
            stream,
            read: Vec::new(),
        }
    }

    async fn ask(&mut self, request: &[u8]) {
        let mut sent = 0;
        while sent < request.len() {
            self.stream.writable().await.expect("open");
            match self.stream.try_write(&request[sent..]) {
                Ok(n) => sent += n,
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "{error}"),
            }
        }
        self.read.clear();
        while !self.is_whole() {
            self.stream.readable().await.expect("open");
            let mut buffer = [0; 4096];
            match self.stream.try_read(&mut buffer) {
                Ok(0) => panic!("the server closed the connection"),
                Ok(n) => self.read.extend_from_slice(&buffer[..n]),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "{error}"),
            }
        }
        let head = String::from_utf8_lossy(&self.read);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }

    /// A body of the promised length, or the last chunk of one that has none.
    fn is_whole(&self) -> bool {
        let Some(end) = find(&self.read, b"\r\n\r\n") else {
            return false;
        };
        let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
        match head.split_once("content-length: ") {
            Some((_, rest)) => {
                let digits = rest.split("\r\n").next().unwrap_or_default();
                let length: usize = digits.parse().expect("a length");
                self.read.len() >= end + 4 + length
            }
            None => self.read.ends_with(b"\r\n0\r\n\r\n"),
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|at| at == what)
}

/// Requests back to back, or at a rate of all connections together.
#[derive(Clone, Copy)]
enum Load {
    Closed,
    Open { per_second: f64 },
}

/// Makes the load for `time`; the times of all requests.
fn load(node: &Node, stream: bool, load: Load, time: Duration) -> Vec<Duration> {
    let request: Arc<[u8]> = node.request(stream).into();
    let start = Instant::now() + Duration::from_millis(200);
    let threads = (0..2).map(|thread| {
        let (request, to) = (Arc::clone(&request), node.address);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            let tasks = tokio::task::LocalSet::new();
            let all: Vec<_> = (0..CONNECTIONS)
                .map(|own| {
                    let (request, place) = (Arc::clone(&request), own * 2 + thread);
                    tasks.spawn_local(one_connection(to, request, place, (load, start, time)))
                })
                .collect();
            runtime.block_on(tasks.run_until(async {
                let mut times = Vec::new();
                for task in all {
                    times.extend(task.await.expect("a connection's task"));
                }
                times
            }))
        })
    });
    let threads: Vec<_> = threads.collect();
    let joined = threads
        .into_iter()
        .flat_map(|thread| thread.join().expect("a thread"));
    joined.collect()
}

async fn one_connection(
    to: SocketAddr,
    request: Arc<[u8]>,
    place: usize,
    (load, start, time): (Load, Instant, Duration),
) -> Vec<Duration> {
    let mut connection = Connection::open(to).await;
    tokio::time::sleep_until(start.into()).await;
    let mut times = Vec::new();
    let mut n = place;
    loop {
        let due = match load {
            Load::Closed => Instant::now(),
            Load::Open { per_second } => start + Duration::from_secs_f64(n as f64 / per_second),
        };
        if due >= start + time {
            return times;
        }
        tokio::time::sleep_until(due.into()).await;
        connection.ask(&request).await;
        times.push(due.elapsed());
        n += 2 * CONNECTIONS;
    }
}

fn report(what: &str, mut times: Vec<Duration>, over: Duration) {
    times.sort_unstable();
    let at = |percent: usize| {
        let index = times.len() * percent / 100;
        times
            .get(index.min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    };
    println!(
        "{what:<28} {:>8.0} requests/s   p50 {:>9.3?}   p90 {:>9.3?}   p99 {:>9.3?}   longest {:>9.3?}",
        times.len() as f64 / over.as_secs_f64(),
        at(50),
        at(90),
        at(99),
        at(100),
    );
}

fn setting(name: &str) -> Option<f64> {
    let words: Vec<String> = std::env::args().collect();
    let at = words.iter().position(|word| word == name)?;
    words.get(at + 1)?.parse().ok()
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let node = Node::start(&runtime);
    let time = Duration::from_secs_f64(setting("--seconds").unwrap_or(5.0));
    let per_second = setting("--rate").unwrap_or(2000.0);
    for (what, stream) in [("whole", false), ("stream", true)] {
        load(&node, stream, Load::Closed, time / 5);
        let began = Instant::now();
        let times = load(&node, stream, Load::Closed, time);
        report(&format!("{what}, closed loop"), times, began.elapsed());
        let began = Instant::now();
        let times = load(&node, stream, Load::Open { per_second }, time);
        // Longer than planned where the server fell behind.
        report(
            &format!("{what}, {per_second:.0} a second due"),
            times,
            began.elapsed(),
        );
    }
    node.stop.cancel();
    runtime.shutdown_timeout(Duration::from_secs(5));
}
