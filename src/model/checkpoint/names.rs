//! Tensors of a checkpoint, and what GGUF calls them.

use super::config::Kind;

/// What a tensor becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Rows as they are.
    Plain,
    /// Rows of queries: a head's halves stand beside each other.
    Queries,
    /// The same for keys.
    Keys,
    /// Norms, which Gemma stores less one.
    PlusOne,
    /// Small tables that are added up in single precision.
    Single,
}

/// What becomes of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is this tensor.
    As(String, Form),
    /// It is not needed: the head where it is the embedding, and angles that are computed.
    Nowhere,
}

/// Where a tensor belongs; `None` for one that the family does not have.
pub(super) fn place(name: &str, kind: &Kind, tied: bool) -> Option<Place> {
    let norm = if kind.is_gemma() {
        Form::PlusOne
    } else {
        Form::Plain
    };
    let (part, form) = match name {
        "model.embed_tokens.weight" => ("token_embd.weight", Form::Plain),
        "model.norm.weight" => ("output_norm.weight", norm),
        "lm_head.weight" if tied => return Some(Place::Nowhere),
        "lm_head.weight" => ("output.weight", Form::Plain),
        _ => return place_in_layer(name, kind, norm),
    };
    Some(Place::As(part.to_owned(), form))
}

fn place_in_layer(name: &str, kind: &Kind, norm: Form) -> Option<Place> {
    let (layer, part) = name.strip_prefix("model.layers.")?.split_once('.')?;
    if !is_number(layer) {
        return None;
    }
    if part == "self_attn.rotary_emb.inv_freq" {
        return Some(Place::Nowhere);
    }
    let (module, ending) = part.rsplit_once('.')?;
    let turned = |form| {
        if kind.halves_to_neighbours() {
            form
        } else {
            Form::Plain
        }
    };
    if let Some(own) = kind.has_experts().then(|| expert(module)).flatten() {
        let sound = ending == "weight";
        return sound.then(|| Place::As(format!("blk.{layer}.{own}.weight"), Form::Plain));
    }
    let is_gemma = kind.is_gemma();
    let (own, form) = match module {
        "input_layernorm" => ("attn_norm", norm),
        "post_attention_layernorm" if is_gemma => ("post_attention_norm", norm),
        "post_attention_layernorm" => ("ffn_norm", norm),
        "pre_feedforward_layernorm" if is_gemma => ("ffn_norm", norm),
        "post_feedforward_layernorm" if is_gemma => ("post_ffw_norm", norm),
        "self_attn.q_proj" => ("attn_q", turned(Form::Queries)),
        "self_attn.k_proj" => ("attn_k", turned(Form::Keys)),
        "self_attn.v_proj" => ("attn_v", Form::Plain),
        "self_attn.qkv_proj" => ("attn_qkv", Form::Plain),
        "self_attn.o_proj" => ("attn_output", Form::Plain),
        "self_attn.q_norm" => ("attn_q_norm", norm),
        "self_attn.k_norm" => ("attn_k_norm", norm),
        "mlp.gate_proj" => ("ffn_gate", Form::Plain),
        "mlp.up_proj" | "mlp.gate_up_proj" => ("ffn_up", Form::Plain),
        "mlp.down_proj" => ("ffn_down", Form::Plain),
        _ => return None,
    };
    let sound = ending == "weight" || (ending == "bias" && module.ends_with("_proj"));
    sound.then(|| Place::As(format!("blk.{layer}.{own}.{ending}"), form))
}

/// As it is written, so that no two names are one: `007` is no layer.
pub(super) fn is_number(text: &str) -> bool {
    text.parse::<u16>()
        .is_ok_and(|number| number.to_string() == text)
}

/// The router (Mixtral's and Qwen's words for it), or a matrix of an expert.
fn expert(module: &str) -> Option<String> {
    let rest = ["block_sparse_moe.", "mlp."]
        .iter()
        .find_map(|prefix| module.strip_prefix(prefix))?;
    if rest == "gate" {
        return Some("ffn_gate_inp".to_owned());
    }
    let (number, part) = rest.strip_prefix("experts.")?.split_once('.')?;
    let own = match part {
        "w1" | "gate_proj" => "ffn_gate",
        "w3" | "up_proj" => "ffn_up",
        "w2" | "down_proj" => "ffn_down",
        _ => return None,
    };
    is_number(number).then(|| format!("{own}.{number}"))
}
