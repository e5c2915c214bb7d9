//! What a request costs before the engine: policy, minimisation, redaction, prompt and audit, with the
//! durable writes of both audit entries. Needs the default chat model's file for its vocabulary.
#![expect(
    clippy::expect_used,
    reason = "a bench without its model can only stop"
)]

use std::sync::Arc;

use bailiwick::audit::{AuditLog, Closing, Verdict};
use bailiwick::config::{Config, DEMO, Environment};
use bailiwick::crm::{Catalogue, UseCase, Variables, minimise};
use bailiwick::formats::{Manifests, verify};
use bailiwick::policy::{Ask, Gate, GateSettings, Keyring, NewKey, Principal, Role};
use bailiwick::prompt::{PromptBuilder, PromptLimits};
use bailiwick::redact::{Redactor, RedactorOptions};
use bailiwick::store::{Secrets, Store};
use bailiwick::tokenizer::ChatModel;
use bailiwick::types::{Digest, Name, RequestId, SharedClock, SystemClock};
use criterion::{BatchSize, Criterion, Throughput};
use serde_json::json;

struct Way {
    gate: Gate,
    redactor: Redactor,
    prompts: PromptBuilder,
    principal: Arc<Principal>,
    use_case: Arc<UseCase>,
    model: Name,
    digest: Digest,
    clock: SharedClock,
    _folder: tempfile::TempDir,
}

impl Way {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut env = Environment::read();
        env.data_dir = Some(folder.path().to_owned());
        let mut config = Config::parse(DEMO, "the demo configuration", &env).expect("the demo");
        config.limits.requests_per_minute = u32::MAX;
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
        )
        .expect("an audit log");
        let keyring = Keyring::open(store, &secrets.pepper, Arc::clone(&clock)).expect("keys");
        let (_, key) = keyring
            .create(NewKey {
                name: "bench".parse().expect("a name"),
                roles: vec![Role::App],
                expires: None,
                use_cases: None,
            })
            .expect("a key");
        let settings = GateSettings {
            node: &config.node,
            residency: &config.residency,
            limits: &config.limits,
            chat: &config.chat,
        };
        let manifests = Manifests::shipped_and(None).expect("manifests");
        let manifest = manifests
            .find(config.models.chat.as_str())
            .expect("the chat model");
        let files = verify(&config.models.dir, manifest).expect("run bailiwick-fetch first");
        let model = ChatModel::open(&files, Arc::clone(&clock)).expect("a vocabulary");
        let catalogue = Catalogue::load(None, false).expect("use cases");
        Self {
            gate: Gate::new(&settings, Arc::new(audit), Arc::clone(&clock)).expect("a gate"),
            redactor: Redactor::new(RedactorOptions {
                countries: vec![config.node.jurisdiction],
                ..RedactorOptions::default()
            })
            .expect("recognisers"),
            prompts: PromptBuilder::new(Arc::new(model)),
            principal: keyring
                .authenticate(key.expose())
                .expect("the key is valid"),
            use_case: catalogue.find("case-summary", None).expect("a use case"),
            model: files.manifest().name.clone(),
            digest: files.digest(),
            clock,
            _folder: folder,
        }
    }

    async fn go(&self, variables: Variables) -> usize {
        let ask = Ask {
            principal: &self.principal,
            request: RequestId::new(self.clock.now()),
            endpoint: "chat.completions",
            model: &self.model,
            model_digest: self.digest,
            terms: self.use_case.terms(),
            records: variables.records(),
        };
        let admitted = self.gate.admit(ask).await.expect("admitted");
        let minimised = minimise(&admitted, &self.use_case, variables).expect("it fits");
        let (redacted, vault) = self.redactor.redact(minimised).expect("redacted");
        let limits = PromptLimits {
            max_context: 8192,
            asked: None,
            chat_max_new: 1024,
        };
        let prompt = self.prompts.build(redacted, limits).expect("a prompt");
        admitted
            .close(Closing::new(Verdict::Answered, 200))
            .await
            .expect("recorded");
        drop(vault);
        prompt.tokens().len()
    }
}

/// A German customer's case whose description has about `bytes` bytes.
fn variables(bytes: usize) -> Variables {
    const LETTER: &str = "I ordered the AquaBrew 2000 on 3 March in your Munich shop, order 20931-77, for 89 EUR. \
        Since yesterday it leaks at the bottom. Please call me at +49 30 23125 014 or write to \
        lena.hartwig@example.com; my neighbour Mr Jonas Feld can take the parcel at Gartenstrasse 12, 10115 Berlin. ";
    let description: String = LETTER.chars().cycle().take(bytes).collect();
    let case = json!({"case": {
        "attributes": {"type": "Case"}, "CaseNumber": "00018234", "Status": "New", "Priority": "High",
        "Subject": "Kettle leaks after two weeks", "Description": description, "Internal_Score__c": 7,
        "Contact": {"attributes": {"type": "Contact"}, "Name": "Lena Hartwig", "MailingCountryCode": "DE"},
        "Product": {"attributes": {"type": "Product2"}, "Name": "AquaBrew 2000"},
    }});
    let serde_json::Value::Object(map) = case else {
        return Variables::default();
    };
    Variables::from_json(map).expect("records")
}

pub(crate) fn benches(c: &mut Criterion) {
    let way = Way::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut group = c.benchmark_group("before the engine");
    for bytes in [1024, 8000] {
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(format!("case of {bytes} bytes"), |b| {
            b.iter_batched(
                || variables(bytes),
                |variables| runtime.block_on(way.go(variables)),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}
