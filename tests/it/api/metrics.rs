//! `/metrics`, read as strictly as its format is written.

use std::collections::{BTreeMap, BTreeSet};

use super::server::{Home, Server, case_of, long_chat, summary_of};

/// A sample: its labels without `le`, its bound, its value.
type Sample = (BTreeMap<String, String>, Option<String>, f64);

/// A metric with its samples by suffix.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    samples: Vec<(String, Sample)>,
}

/// Parses Prometheus' text format 0.0.4, and panics at whatever a strict reader would reject.
fn parse(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let (mut current, mut helped) = (String::new(), BTreeSet::new());
    let mut seen = BTreeSet::new();
    assert!(text.ends_with('\n'), "the last line ends");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(helped.contains(name), "no help before {line}");
            assert!(kind != "counter" || name.ends_with("_total"), "{line}");
            let family = Family {
                kind: kind.to_owned(),
                samples: Vec::new(),
            };
            assert!(
                families.insert(name.to_owned(), family).is_none(),
                "{line} is there twice"
            );
            current = name.to_owned();
        } else if !line.is_empty() {
            assert!(!line.starts_with('#'), "{line}");
            assert!(
                seen.insert(line.rsplit_once(' ').unwrap().0),
                "{line} is there twice"
            );
            let (name, sample) = sample(line);
            let suffix = name
                .strip_prefix(&current)
                .unwrap_or_else(|| panic!("{line} is not of {current}"));
            let family = families.get_mut(&current).unwrap();
            let sound: &[&str] = match family.kind.as_str() {
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            assert!(
                sound.contains(&suffix),
                "{line} is not of a {}",
                family.kind
            );
            family.samples.push((suffix.to_owned(), sample));
        }
    }
    for (name, family) in &families {
        check_histogram(name, family);
    }
    families
}

fn sample(line: &str) -> (String, Sample) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = match series.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}').unwrap()),
        None => (series, ""),
    };
    let start = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    let word = |c: char| start(c) || c.is_ascii_digit();
    assert!(name.starts_with(start) && name.chars().all(word), "{line}");
    let mut found = BTreeMap::new();
    let mut rest = labels;
    while !rest.is_empty() {
        let (label, tail) = rest.split_once("=\"").unwrap();
        assert!(label.chars().all(|c| word(c) && c != ':'), "{line}");
        let end = tail.find('"').unwrap();
        let value = tail[..end].to_owned();
        assert!(!value.contains('\\') && !value.is_empty(), "{line}");
        assert!(found.insert(label.to_owned(), value).is_none(), "{line}");
        rest = tail[end + 1..]
            .strip_prefix(',')
            .unwrap_or_else(|| &tail[end + 1..]);
    }
    let bound = found.remove("le");
    (name.to_owned(), (found, bound, value.parse().unwrap()))
}

/// Buckets grow, the last is `+Inf` and equals the count.
fn check_histogram(name: &str, family: &Family) {
    if family.kind != "histogram" {
        return;
    }
    let of = |suffix: &str, labels: &BTreeMap<String, String>| -> Vec<(Option<String>, f64)> {
        let own = family
            .samples
            .iter()
            .filter(|(s, (l, ..))| s == suffix && l == labels);
        own.map(|(_, (_, bound, value))| (bound.clone(), *value))
            .collect()
    };
    for (_, (labels, ..)) in family
        .samples
        .iter()
        .filter(|(suffix, _)| suffix == "_count")
    {
        let buckets = of("_bucket", labels);
        let bounds: Vec<f64> = buckets
            .iter()
            .map(|(b, _)| b.as_ref().unwrap().parse().unwrap())
            .collect();
        assert!(
            bounds.is_sorted_by(|a, b| a < b) && bounds.last() == Some(&f64::INFINITY),
            "{name}"
        );
        assert!(buckets.is_sorted_by(|a, b| a.1 <= b.1), "{name}");
        assert_eq!(
            buckets.last().unwrap().1,
            of("_count", labels)[0].1,
            "{name}"
        );
        assert_eq!(of("_sum", labels).len(), 1, "{name}");
    }
}

fn value(families: &BTreeMap<String, Family>, name: &str, labels: &[(&str, &str)]) -> f64 {
    let family = families.get(name).unwrap_or_else(|| panic!("no {name}"));
    let fits = |own: &BTreeMap<String, String>| {
        labels
            .iter()
            .all(|(name, value)| own.get(*name).is_some_and(|own| own == value))
    };
    let own = family
        .samples
        .iter()
        .filter(|(suffix, (own, ..))| matches!(suffix.as_str(), "" | "_count") && fits(own));
    own.map(|(_, (.., value))| value).sum()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn metrics_are_well_formed_and_say_who_used_what() {
    let server = Home::edited(&[("vllm_names = false", "vllm_names = true")]).start();
    let used = |answer: &serde_json::Value, what: &str| answer["usage"][what].as_f64().unwrap();
    let chat = server.chat(&long_chat(5)).json();
    let summary = server.chat(&summary_of(&case_of("DE"))).json();
    assert_eq!(server.chat(&summary_of(&case_of("CN"))).status(), 403);
    let families = parse(&server.get("/metrics").text());
    for (use_case, model, answer) in [
        ("chat", "smollm2-135m-instruct", &chat),
        ("case-summary", "crm", &summary),
    ] {
        let model = ("model", model);
        let own = [("use_case", use_case), model, ("verdict", "answered")];
        assert_eq!(
            value(&families, "bailiwick_answers_total", &own),
            1.0,
            "{use_case}"
        );
        for (kind, field) in [
            ("prompt", "prompt_tokens"),
            ("completion", "completion_tokens"),
        ] {
            let own = [("use_case", use_case), model, ("kind", kind)];
            assert_eq!(
                value(&families, "bailiwick_used_tokens_total", &own),
                used(answer, field),
                "{use_case} {kind}"
            );
        }
    }
    let answers = families["bailiwick_answers_total"].samples.iter();
    let keys: BTreeSet<_> = answers.map(|(_, (labels, ..))| &labels["key"]).collect();
    assert_eq!(keys.len(), 1, "one key was used: {keys:?}");
    assert_eq!(
        value(
            &families,
            "bailiwick_refusals_total",
            &[("reason", "residency")]
        ),
        1.0
    );
    assert!(
        value(
            &families,
            "bailiwick_generations_total",
            &[("finish", "length")]
        ) >= 1.0
    );
    for kind in ["open", "close"] {
        assert_eq!(
            value(
                &families,
                "bailiwick_audit_entries_total",
                &[("kind", kind)]
            ),
            2.0
        );
        assert_eq!(
            value(
                &families,
                "bailiwick_audit_latency_seconds",
                &[("kind", kind)]
            ),
            2.0
        );
    }
    for name in [
        "bailiwick_prefill_seconds",
        "bailiwick_decode_seconds",
        "bailiwick_generation_seconds",
    ] {
        assert_eq!(value(&families, name, &[]), 2.0, "{name}");
    }
    let requests = [("endpoint", "chat.completions"), ("status", "200")];
    assert_eq!(value(&families, "bailiwick_requests_total", &requests), 2.0);
    vllm_names_say_the_same(
        &families,
        [&chat, &summary].map(|answer| used(answer, "prompt_tokens")),
    );
    // Off, there are none.
    let plain = Server::shared().get("/metrics").text();
    assert!(!plain.contains("vllm:"));
    parse(&plain);
}

/// The same under the names that vLLM's dashboards read.
fn vllm_names_say_the_same(families: &BTreeMap<String, Family>, prompts: [f64; 2]) {
    let own = [("model_name", "smollm2-135m-instruct"), ("engine", "0")];
    let prompts: f64 = prompts.iter().sum();
    assert_eq!(value(families, "vllm:prompt_tokens_total", &own), prompts);
    assert_eq!(value(families, "vllm:request_success_total", &own), 2.0);
    for (name, kind) in [
        ("vllm:num_requests_running", "gauge"),
        ("vllm:num_requests_waiting", "gauge"),
        ("vllm:kv_cache_usage_perc", "gauge"),
        ("vllm:cache_config_info", "gauge"),
        ("vllm:prefix_cache_queries_total", "counter"),
        ("vllm:prefix_cache_hits_total", "counter"),
        ("vllm:generation_tokens_total", "counter"),
        ("vllm:num_preemptions_total", "counter"),
        ("vllm:time_to_first_token_seconds", "histogram"),
        ("vllm:inter_token_latency_seconds", "histogram"),
        ("vllm:e2e_request_latency_seconds", "histogram"),
        ("vllm:request_queue_time_seconds", "histogram"),
        ("vllm:request_prefill_time_seconds", "histogram"),
        ("vllm:request_decode_time_seconds", "histogram"),
    ] {
        let family = families.get(name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(family.kind, kind, "{name}");
        assert!(!family.samples.is_empty(), "{name} has no samples");
        assert!(
            family
                .samples
                .iter()
                .all(|(_, (labels, ..))| labels["model_name"] == own[0].1),
            "{name}"
        );
    }
}
