//! `bailiwick models manifest`: pins the files of a model of one's own.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use candle_core::Device;

use super::super::say;
use super::all_cores;
use super::opened::Opened;
use crate::formats::manifest::Format;
use crate::formats::{Manifest, Mapped};
use crate::model::load;
use crate::tokenizer::Tokenizer;
use crate::types::{Digest, Name};

#[derive(Debug, clap::Args)]
pub(super) struct ManifestArgs {
    /// A GGUF file, or a folder with safetensors
    path: PathBuf,
    /// What the model is to be called; its folder in the models' folder has the same name
    #[arg(long, value_name = "NAME")]
    name: Name,
    /// Under which terms it is used (SPDX)
    #[arg(long, value_name = "SPDX")]
    licence: String,
    /// Where the terms are
    #[arg(long, value_name = "URL")]
    licence_url: String,
    /// Where the model comes from
    #[arg(long, value_name = "URL")]
    upstream: String,
    /// One sentence about it
    #[arg(long, value_name = "TEXT", default_value = "a model of our own")]
    description: String,
}

pub(super) fn run(args: &ManifestArgs) -> anyhow::Result<()> {
    let opened = Opened::open(&args.path)?;
    Tokenizer::from_gguf(&opened.metadata)?;
    let has_template = opened.metadata.str("tokenizer.chat_template").is_ok();
    anyhow::ensure!(
        has_template,
        "the model has no chat template: put one beside it as chat_template.jinja"
    );
    let model = load(&*opened.source, &Device::Cpu, all_cores())?;
    let context = model.shape().context;
    drop(model);
    let format = match opened.format {
        Format::Gguf => "gguf",
        Format::Safetensors => "safetensors",
    };
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut text = String::new();
    for (key, value) in [
        ("name", quoted(args.name.as_str())),
        ("kind", quoted("chat")),
        ("architecture", quoted(opened.architecture())),
        ("format", quoted(format)),
        ("description", quoted(&args.description)),
        ("upstream", quoted(&args.upstream)),
        ("context", context.to_string()),
        ("chat_template", quoted("embedded")),
    ] {
        writeln!(text, "{key} = {value}")?;
    }
    let (licence, url) = (quoted(&args.licence), quoted(&args.licence_url));
    writeln!(text, "\n[licence]\nspdx = {licence}\nurl = {url}")?;
    for path in &opened.files {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.with_context(|| format!("{} has no plain name", path.display()))?;
        let file = Mapped::open(path)?;
        let (digest, bytes) = (Digest::of(file.as_bytes()), file.len());
        let name = quoted(name);
        writeln!(
            text,
            "\n[[file]]\nname = {name}\nsha256 = \"{digest}\"\nbytes = {bytes}"
        )?;
    }
    Manifest::parse(&text, "the manifest")?;
    say(text.trim_end());
    Ok(())
}
