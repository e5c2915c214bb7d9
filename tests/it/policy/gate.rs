//! The gate's order, its refusals, and what of them is in the audit log.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bailiwick::audit::{AuditLog, Closing, Format, Verdict, export, verify};
use bailiwick::config::{
    ChatPolicy, JurisdictionRule, LimitsConfig, NodeConfig, ResidencyConfig, ScreenRules,
};
use bailiwick::policy::{
    Admitted, Ask, Callers, Gate, GateSettings, NotAllowed, Principal, Refusal, Role, Terms,
};
use bailiwick::types::{
    DataClass, Digest, JurisdictionSet, ManualClock, Record, RequestId, Timestamp, Variable,
};
use serde_json::json;

use super::{keyring, new_key, principal};
use crate::audit::open;

struct Node {
    dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    audit: AuditLog,
    gate: Gate,
}

impl Node {
    fn new(chat: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(Timestamp::from_millis(1_700_000_000_000));
        let audit = open(dir.path()).unwrap();
        let mut europe = JurisdictionSet::default();
        europe.add("EU").unwrap();
        let settings = GateSettings {
            node: &NodeConfig {
                name: "de-1".parse().unwrap(),
                jurisdiction: "DE".parse().unwrap(),
                data_dir: dir.path().to_owned(),
            },
            residency: &ResidencyConfig {
                fields: vec!["Country".to_owned()],
                rules: vec![JurisdictionRule {
                    name: "eu-data".parse().unwrap(),
                    from: europe,
                    unknown: false,
                    allow: DataClass::ALL.into(),
                    refer_to: None,
                }],
            },
            limits: &LimitsConfig {
                concurrency: 2,
                requests_per_minute: 100,
                deadline: None,
            },
            chat: &ChatPolicy {
                allow: chat,
                restore: true,
                redaction: Arc::default(),
                screen: ScreenRules::default(),
                max_tokens: 100,
            },
        };
        let gate = Gate::new(&settings, Arc::new(audit.clone()), clock.clone()).unwrap();
        Self {
            dir,
            clock,
            audit,
            gate,
        }
    }

    async fn ask(
        &self,
        who: &Arc<Principal>,
        terms: Terms,
        record: Option<&Record>,
    ) -> Result<Admitted, Refusal> {
        let model = "tiny".parse().unwrap();
        self.gate
            .admit(Ask {
                principal: who,
                request: RequestId::new(Timestamp::from_millis(1)),
                endpoint: "chat.completions",
                model: &model,
                model_digest: Digest::of(b"weights"),
                terms,
                records: record.map(|record| ("case", record)).into_iter().collect(),
            })
            .await
    }
}

fn terms() -> Terms {
    Terms {
        name: "case-summary".parse().unwrap(),
        version: 3,
        digest: Some(Digest::of(b"file")),
        callers: Callers::Names(vec!["crm".parse().unwrap()]),
        classes: [DataClass::Personal].into(),
        fields: vec!["Subject".to_owned()],
        jurisdictions: JurisdictionSet::everywhere(),
        purpose: "customer service".to_owned(),
        legal_basis: "contract".to_owned(),
    }
}

fn case(country: &str) -> Record {
    let json = json!({"Id": "500000000000001", "Country": country, "Subject": "secret words"});
    match Variable::from_json("case", json).unwrap() {
        Variable::Record(record) => *record,
        _ => panic!("a record"),
    }
}

fn lines(dir: &Path) -> Vec<serde_json::Value> {
    let mut text = Vec::new();
    export(dir, Format::JsonLines, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains("secret words") && !text.contains("500000000000001"));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn what_gets_in_is_in_the_log_before_and_after() {
    let node = Node::new(true);
    let keys = keyring(node.dir.path(), node.clock.clone());
    let who = principal(&keys, new_key("crm"));
    let record = case("Germany");
    let mut admitted = node.ask(&who, terms(), Some(&record)).await.unwrap();
    assert_eq!(admitted.rate().remaining, 99);
    assert_eq!(admitted.verdict().residences().len(), 1);
    admitted
        .audit_mut()
        .set_entities(&[(bailiwick::types::Entity::Person, 2)].into());
    let at_work = lines(node.dir.path());
    admitted
        .close(Closing::new(Verdict::Answered, 200))
        .await
        .unwrap();
    drop(node.ask(&who, node.gate.chat_terms(), None).await.unwrap());
    node.audit.shutdown().await.unwrap();

    let all = lines(node.dir.path());
    assert_eq!((at_work.len(), all.len()), (1, 4));
    let open = &all[0];
    assert_eq!(open["kind"], "open");
    assert_eq!(
        open["residency"],
        json!([{"jurisdiction": "DE", "rule": "eu-data"}])
    );
    assert_eq!(open["use_case"]["version"], 3);
    assert_eq!(open["subjects"].as_array().unwrap().len(), 1);
    assert_eq!(all[1]["entities"], json!({"PERSON": 2}));
    assert_eq!(all[2]["use_case"]["name"], "chat");
    assert_eq!(all[3]["verdict"], "abandoned");
    verify(node.dir.path()).unwrap();
}

#[tokio::test]
async fn refusals_come_in_order_and_are_recorded() {
    let node = Node::new(false);
    let keys = keyring(node.dir.path(), node.clock.clone());
    let app = principal(&keys, new_key("crm"));
    let stranger = principal(&keys, new_key("other"));
    let mut narrow = new_key("narrow");
    narrow.use_cases = Some(Vec::new());
    let narrow = principal(&keys, narrow);
    let mut operator = new_key("operator");
    operator.roles = vec![Role::Operator];
    let operator = principal(&keys, operator);
    let (german, american) = (case("DE"), case("US"));

    // Who may not call is told so before anybody looks at where the record comes from.
    for (who, reason) in [
        (&operator, NotAllowed::Role),
        (
            &narrow,
            NotAllowed::Key {
                use_case: terms().name,
            },
        ),
        (
            &stranger,
            NotAllowed::UseCase {
                use_case: terms().name,
            },
        ),
    ] {
        let refused = node.ask(who, terms(), Some(&american)).await;
        assert!(matches!(refused, Err(Refusal::NotAllowed { reason: found }) if found == reason));
    }
    let chat = node.ask(&app, node.gate.chat_terms(), None).await;
    assert!(matches!(chat, Err(Refusal::ChatDisabled)));
    let one = node.ask(&app, terms(), Some(&german)).await.unwrap();
    let two = node.ask(&app, terms(), Some(&german)).await.unwrap();
    // Residency comes before limits.
    let refused = node.ask(&app, terms(), Some(&american)).await;
    assert!(matches!(refused, Err(Refusal::Residency { rule, .. }) if rule.as_str() == "no-rule"));
    let refused = node.ask(&app, terms(), Some(&german)).await;
    assert!(matches!(
        refused,
        Err(Refusal::Concurrency { limit: 2, .. })
    ));
    drop((one, two));
    assert!(node.ask(&app, terms(), Some(&german)).await.is_ok());
    node.audit.shutdown().await.unwrap();
    let reasons: Vec<_> = lines(node.dir.path())
        .into_iter()
        .filter(|line| line["kind"] == "refusal")
        .map(|line| line["reason"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        reasons,
        [
            "not-allowed",
            "not-allowed",
            "not-allowed",
            "chat-disabled",
            "residency",
            "concurrency"
        ]
    );
}

#[tokio::test]
async fn only_approvers_decide_and_everybody_is_counted() {
    let node = Node::new(true);
    let keys = keyring(node.dir.path(), node.clock.clone());
    let with = |name: &str, roles: &[Role]| {
        let mut key = new_key(name);
        key.roles = roles.to_vec();
        principal(&keys, key)
    };
    let at = || (RequestId::new(Timestamp::from_millis(1)), "held.release");
    let approver = with("dpo", &[Role::Approver]);
    assert!(node.gate.admit_approver(&approver, at()).await.is_ok());
    // No other role implies this one.
    let all_others = [Role::App, Role::Admin, Role::Auditor, Role::Operator];
    let other = with("other", &all_others);
    let refused = node.gate.admit_approver(&other, at()).await;
    assert!(matches!(
        refused,
        Err(Refusal::NotAllowed {
            reason: NotAllowed::Approver
        })
    ));
    let own = node.gate.refuse(&approver, at(), NotAllowed::OwnAnswer);
    assert!(own.await.to_string().contains("somebody else"));
    for left in (0..100).rev() {
        assert_eq!(node.gate.count(&approver).unwrap().remaining, left);
    }
    assert!(matches!(
        node.gate.count(&approver),
        Err(Refusal::TooManyRequests { .. })
    ));
    node.audit.shutdown().await.unwrap();
    let refusals = lines(node.dir.path()).into_iter();
    let refusals = refusals.filter(|line| line["kind"] == "refusal");
    assert_eq!(refusals.count(), 2);
}

#[tokio::test]
async fn floods_of_refusals_become_summaries() {
    let node = Node::new(false);
    let keys = keyring(node.dir.path(), node.clock.clone());
    let who = principal(&keys, new_key("crm"));
    let american = case("US");
    for _ in 0..1_000 {
        assert!(node.ask(&who, terms(), Some(&american)).await.is_err());
    }
    node.clock.advance(Duration::from_secs(61));
    assert!(node.ask(&who, terms(), Some(&american)).await.is_err());
    node.gate.flush().await.unwrap();
    node.audit.shutdown().await.unwrap();
    let all = lines(node.dir.path());
    assert_eq!(all.len(), 22);
    let counted: u64 = all.iter().map(|line| line["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, 1_001);
}

#[tokio::test]
async fn without_an_audit_log_nothing_gets_in() {
    let node = Node::new(true);
    let keys = keyring(node.dir.path(), node.clock.clone());
    let who = principal(&keys, new_key("crm"));
    node.audit.shutdown().await.unwrap();
    for _ in 0..200 {
        let refused = node.ask(&who, terms(), Some(&case("DE"))).await;
        // Nor does it cost the caller anything.
        assert!(matches!(refused, Err(Refusal::Audit(_))));
    }
}
