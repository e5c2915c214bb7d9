//! The models that write answers, opened: those that stay with their engines, the others without.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use candle_core::Device;

use crate::config::{Config, DraftConfig, EngineConfig, MoreModel};
use crate::crm::Catalogue;
use crate::engine::{Engine, Provisions, Turn, planned};
use crate::formats::{Manifests, VerifiedModel, verify};
use crate::grammar::Grammars;
use crate::grounding::Masks;
use crate::kernels::{allowed_cores, stay_on};
use crate::model::{BlockForm, ModelError};
use crate::pipeline::{Generator, Generators, PrefixFiles, Residence, StartEngine, Stay};
use crate::prompt::PromptBuilder;
use crate::store::SecretKey;
use crate::telemetry::Metrics;
use crate::tokenizer::ChatModel;
use crate::types::{Name, SharedClock};

use super::drafts::{self, Target};
use super::node::facts;

/// What all models of a node share.
struct Node<'a> {
    config: &'a Config,
    manifests: &'a Manifests,
    clock: &'a SharedClock,
    prefixes: PrefixFiles,
    turn: Turn,
}

/// The files of the node's chat model, and all models that write answers.
pub(super) fn open(
    config: &Config,
    manifests: &Manifests,
    root: &SecretKey,
    (clock, metrics): (&SharedClock, &Metrics),
) -> anyhow::Result<(VerifiedModel, Generators)> {
    check_cores(&config.engine.cores)?;
    let stays = config.models.more.iter().filter(|own| own.stays);
    let stays: Vec<&Name> = std::iter::once(&config.models.chat)
        .chain(stays.map(|own| &own.name))
        .collect();
    let prefixes = PrefixFiles::open(
        &config.node.data_dir,
        root.clone(),
        &stays,
        config.engine.saved_prefix_bytes,
    )?;
    let node = Node {
        config,
        manifests,
        clock,
        prefixes,
        turn: Turn::default(),
    };
    let (files, chat) = node.open(
        &config.models.chat,
        (&config.engine, Stay::Always),
        config.models.draft.as_ref(),
        metrics.clone(),
    )?;
    let mut more = Vec::new();
    for own in &config.models.more {
        let MoreModel {
            name,
            stays,
            idle_unload,
            kv_cache_bytes,
            draft,
        } = own;
        let engine = EngineConfig {
            kv_cache_bytes: *kv_cache_bytes,
            ..config.engine.clone()
        };
        let stay = match stays {
            true => Stay::Always,
            false => Stay::WhileUsed(*idle_unload),
        };
        // What the chat model counts has no such label: with one model there is nothing to tell apart.
        let metrics = metrics.with(("model", name));
        more.push(node.open(name, (&engine, stay), draft.as_ref(), metrics)?.1);
    }
    let room = config.models.memory_bytes;
    check_room(&chat, &more, room)?;
    let generators = Generators::new(chat, more, room, metrics.clone());
    Ok((files, generators))
}

impl Node<'_> {
    fn open(
        &self,
        name: &Name,
        (engine, stay): (&EngineConfig, Stay),
        draft: Option<&DraftConfig>,
        metrics: Metrics,
    ) -> anyhow::Result<(VerifiedModel, Generator)> {
        let files = verify(&self.config.models.dir, self.manifests.find(name.as_str())?)?;
        let text = Arc::new(ChatModel::open(&files, Arc::clone(self.clock))?);
        let form = BlockForm {
            tokens: engine.block_tokens,
            format: engine.kv_cache_format,
        };
        let (context, cache) = planned(engine, crate::model::needs(&files, form)?);
        let weights: u64 = files.manifest().files.iter().map(|file| file.bytes).sum();
        let prefixes = self.prefixes.of(name, files.digest());
        let target = Target {
            name,
            tokenizer: text.tokenizer(),
            context,
            engine,
        };
        let draft = draft
            .map(|draft| drafts::open(&self.config.models, self.manifests, draft, target))
            .transpose()?;
        let (draft, drafting) = draft.unzip();
        let provisions = Provisions {
            turn: self.turn.clone(),
            // One that comes and goes takes its cache with it.
            prefixes: prefixes.filter(|_| stay == Stay::Always),
            draft,
        };
        let start = self.start(&files, &text, (engine, provisions), metrics);
        let bytes = [weights, cache, drafting.unwrap_or(0)];
        let bytes = bytes.into_iter().fold(0, u64::saturating_add);
        let residence = Residence::new(start, bytes, stay, Arc::clone(self.clock));
        if stay == Stay::Always {
            residence.start()?;
        }
        let generator = Generator {
            facts: facts(&files, context),
            masks: Masks::new(Arc::clone(text.tokenizer())),
            grammars: Grammars::new(Arc::clone(text.tokenizer()))?,
            prompts: PromptBuilder::new(text),
            residence: Arc::new(residence),
        };
        Ok((files, generator))
    }

    fn start(
        &self,
        files: &VerifiedModel,
        text: &ChatModel,
        (engine, provisions): (&EngineConfig, Provisions),
        metrics: Metrics,
    ) -> Box<StartEngine> {
        let (files, engine) = (files.clone(), engine.clone());
        let tokenizer = Arc::clone(text.tokenizer());
        let clock = Arc::clone(self.clock);
        Box::new(move || {
            let (files, threads) = (files.clone(), engine.threads);
            let cores = engine.cores.clone();
            // On the engine's own thread, whose place those that it starts for computing have too.
            let factory = move || {
                if !cores.is_empty() {
                    stay_on(&cores).map_err(ModelError::Threads)?;
                }
                crate::model::load_chat(&files, &Device::Cpu, threads)
            };
            let text = Arc::new(Arc::clone(&tokenizer));
            let clock = Arc::clone(&clock);
            let provisions = provisions.clone();
            Engine::start_with(provisions, &engine, factory, text, clock, metrics.clone())
        })
    }
}

/// Cores that the process may not use would be left out in silence.
fn check_cores(cores: &[usize]) -> anyhow::Result<()> {
    if cores.is_empty() {
        return Ok(());
    }
    let allowed = allowed_cores().context("`engine.cores` can't be kept here")?;
    if let Some(core) = cores.iter().find(|core| !allowed.contains(core)) {
        bail!("`engine.cores` names core {core}, and this process may use {allowed:?}");
    }
    Ok(())
}

/// A model for which there is never room would be refused with every request, so the node says it now.
fn check_room(chat: &Generator, more: &[Generator], room: Option<u64>) -> anyhow::Result<()> {
    let Some(room) = room else {
        return Ok(());
    };
    let mib = |bytes: u64| bytes.div_ceil(1 << 20);
    let all = std::iter::once(chat).chain(more);
    let staying: u64 = all
        .filter(|own| own.residence.stays())
        .map(|own| own.residence.bytes())
        .sum();
    if staying > room {
        bail!(
            "`models.memory_mib` is {}, and the models that stay take {} MiB with their caches",
            mib(room),
            mib(staying)
        );
    }
    for own in more.iter().filter(|own| !own.residence.stays()) {
        if staying.saturating_add(own.residence.bytes()) > room {
            bail!(
                "`models.memory_mib` is {}: with the {} MiB of what stays there is never room for the {} MiB of `{}`",
                mib(room),
                mib(staying),
                mib(own.residence.bytes()),
                own.facts.name
            );
        }
    }
    Ok(())
}

/// A use case whose model is not here would be refused with every request, so the node says it now.
pub(super) fn check(generators: &Generators, catalogue: &Catalogue) -> anyhow::Result<()> {
    for use_case in catalogue.iter() {
        let Some(name) = use_case.model() else {
            continue;
        };
        if !generators.iter().any(|own| own.facts.name == *name) {
            bail!(
                "use case `{}` needs the model `{name}`: name it in `[[models.more]]`",
                use_case.name()
            );
        }
    }
    Ok(())
}
