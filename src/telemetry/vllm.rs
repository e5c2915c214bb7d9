//! The program's metrics once more, under the names that dashboards made for vLLM read.
//!
//! Each of these is a number that the program has anyway, so they are made from its own metrics when somebody
//! asks, and nothing is counted twice. vLLM's labels are the model's name and the engine's number.

use std::fmt::Write as _;

/// What is fixed about the engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineFacts<'a> {
    /// The chat model's name.
    pub model: &'a str,
    /// Tokens per block of the key-value cache.
    pub block_tokens: usize,
    /// Blocks of the key-value cache.
    pub blocks: usize,
    /// Blocks in use.
    pub used_blocks: usize,
}

/// A metric of ours and what vLLM calls it.
struct Same {
    own: &'static str,
    name: &'static str,
    kind: &'static str,
    help: &'static str,
}

macro_rules! same {
    ($($kind:ident $own:literal = $name:literal, $help:literal;)*) => {
        &[$(Same { own: $own, name: $name, kind: stringify!($kind), help: $help }),*]
    };
}

/// `vllm:prefix_cache_queries` are the prompt tokens that were looked for in the prefix cache: all of them.
const SAME: &[Same] = same! {
    gauge "bailiwick_sequences_running" = "vllm:num_requests_running", "Sequences in steps of the engine.";
    gauge "bailiwick_sequences_waiting" = "vllm:num_requests_waiting", "Sequences that wait for a place.";
    counter "bailiwick_prompt_tokens_total" = "vllm:prompt_tokens_total", "Prompt tokens of generations that began.";
    counter "bailiwick_generated_tokens_total" = "vllm:generation_tokens_total", "Tokens generated.";
    counter "bailiwick_prompt_tokens_total" = "vllm:prefix_cache_queries_total", "Prompt tokens looked for in the prefix cache.";
    counter "bailiwick_prefix_cache_hit_tokens_total" = "vllm:prefix_cache_hits_total", "Prompt tokens that the prefix cache had.";
    counter "bailiwick_preemptions_total" = "vllm:num_preemptions_total", "Sequences evicted and computed again.";
    counter "bailiwick_generations_total" = "vllm:request_success_total", "Generations that ended, by reason.";
    histogram "bailiwick_time_to_first_token_seconds" = "vllm:time_to_first_token_seconds", "From submission to the first token.";
    histogram "bailiwick_inter_token_seconds" = "vllm:inter_token_latency_seconds", "Between two tokens of one generation.";
    histogram "bailiwick_generation_seconds" = "vllm:e2e_request_latency_seconds", "From submission to the end.";
    histogram "bailiwick_queue_wait_seconds" = "vllm:request_queue_time_seconds", "From submission to the first step.";
    histogram "bailiwick_prefill_seconds" = "vllm:request_prefill_time_seconds", "From the first step to the first token.";
    histogram "bailiwick_decode_seconds" = "vllm:request_decode_time_seconds", "From the first token to the last.";
};

/// The lines for `own`, which is what [`super::Metrics::render`] gave.
pub fn render(own: &str, facts: EngineFacts<'_>) -> String {
    let EngineFacts {
        model,
        block_tokens,
        blocks,
        used_blocks,
    } = facts;
    let labels = format!("model_name=\"{model}\",engine=\"0\"");
    let mut text = String::new();
    for Same {
        own: name,
        name: theirs,
        kind,
        help,
    } in SAME
    {
        head(&mut text, theirs, kind, help);
        let before = text.len();
        for line in own.lines() {
            if let Some((suffix, inner, value)) = sample_of(line, name) {
                let inner = inner.replacen("finish=", "finished_reason=", 1);
                let comma = if inner.is_empty() { "" } else { "," };
                let _ = writeln!(text, "{theirs}{suffix}{{{labels}{comma}{inner}}} {value}");
            }
        }
        // What has not happened yet is 0, so that it can be watched from the start.
        if text.len() == before && *kind != "histogram" && *theirs != "vllm:request_success_total" {
            let _ = writeln!(text, "{theirs}{{{labels}}} 0");
        }
    }
    head(
        &mut text,
        "vllm:kv_cache_usage_perc",
        "gauge",
        "The part of the key-value cache in use, 0 to 1.",
    );
    let used = ratio(used_blocks, blocks);
    let _ = writeln!(text, "vllm:kv_cache_usage_perc{{{labels}}} {used}");
    head(
        &mut text,
        "vllm:cache_config_info",
        "gauge",
        "Always 1; the labels are the cache's settings.",
    );
    let _ = writeln!(
        text,
        "vllm:cache_config_info{{{labels},block_size=\"{block_tokens}\",num_gpu_blocks=\"0\",\
         num_cpu_blocks=\"{blocks}\"}} 1"
    );
    text
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn ratio(part: usize, whole: usize) -> f64 {
    let single = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if whole == 0 {
        0.0
    } else {
        single(part) / single(whole)
    }
}

/// A sample's suffix (`_bucket`), labels and value, where `line` is one of the metric `name`.
fn sample_of<'a>(line: &'a str, name: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let rest = line.strip_prefix(name)?;
    let at = rest.find(['{', ' '])?;
    let (suffix, rest) = rest.split_at(at);
    if !matches!(suffix, "" | "_bucket" | "_sum" | "_count") {
        return None;
    }
    let (inner, value) = match rest.strip_prefix('{') {
        Some(rest) => rest.rsplit_once("} ")?,
        None => ("", rest.trim_start()),
    };
    Some((suffix, inner, value))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Metrics, names};
    use super::*;

    #[test]
    fn dashboards_find_their_names() {
        let metrics = Metrics::new("1");
        metrics.gauge(names::SEQUENCES_RUNNING, 3, &[]);
        metrics.count(names::TOKENS_PROMPT, 50, &[]);
        metrics.count(names::GENERATIONS, 2, &[("finish", &"stop")]);
        metrics.count(names::GENERATIONS, 1, &[("finish", &"length")]);
        metrics.observe(names::QUEUE_WAIT, Duration::from_millis(20), &[]);
        let facts = EngineFacts {
            model: "small",
            block_tokens: 32,
            blocks: 8,
            used_blocks: 2,
        };
        let text = render(&metrics.render(), facts);
        for line in [
            "vllm:num_requests_running{model_name=\"small\",engine=\"0\"} 3",
            "vllm:num_requests_waiting{model_name=\"small\",engine=\"0\"} 0",
            "vllm:prompt_tokens_total{model_name=\"small\",engine=\"0\"} 50",
            "vllm:prefix_cache_queries_total{model_name=\"small\",engine=\"0\"} 50",
            "vllm:request_success_total{model_name=\"small\",engine=\"0\",finished_reason=\"stop\"} 2",
            "vllm:request_success_total{model_name=\"small\",engine=\"0\",finished_reason=\"length\"} 1",
            "vllm:request_queue_time_seconds_bucket{model_name=\"small\",engine=\"0\",le=\"0.01\"} 0",
            "vllm:request_queue_time_seconds_bucket{model_name=\"small\",engine=\"0\",le=\"0.025\"} 1",
            "vllm:request_queue_time_seconds_count{model_name=\"small\",engine=\"0\"} 1",
            "vllm:kv_cache_usage_perc{model_name=\"small\",engine=\"0\"} 0.25",
            "# TYPE vllm:request_success_total counter",
            "# TYPE vllm:time_to_first_token_seconds histogram",
        ] {
            assert!(
                text.lines().any(|own| own == line),
                "{line} is not in\n{text}"
            );
        }
    }
}
