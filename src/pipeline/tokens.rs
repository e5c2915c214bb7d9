//! Texts to tokens and tokens to texts, for callers that count before they ask.
//!
//! No model reads the text, so nothing is masked; still it is somebody's text, so the request is in the audit
//! log like any other.

use std::future::ready;
use std::sync::Arc;

use crate::policy::{Ask, Principal};
use crate::tokenizer::{ChatModel, Special, Tokenizer, TokenizerError};
use crate::types::{Message, RequestId, Sensitive, TokenUsage};

use super::recorded::Tally;
use super::{ModelFacts, Parts, Pipeline, Recorded, Refused};

/// What is to be taken apart or put together.
#[derive(Debug)]
pub struct TokensAsk {
    /// The request's identifier.
    pub request: RequestId,
    /// The model's name or alias, as the client wrote it.
    pub model: String,
    /// What to do.
    pub work: TokensWork,
}

/// Which way.
#[derive(Debug)]
pub enum TokensWork {
    /// The tokens of a text; `framed`: with what the model wants before and after it.
    Encode {
        /// The text.
        text: Sensitive<String>,
        /// Whether start and end tokens are added.
        framed: bool,
    },
    /// The tokens of a conversation, up to where the model's turn starts.
    EncodeChat(Vec<Message>),
    /// The text of tokens.
    Decode(Vec<u32>),
}

/// Tokens and their text.
#[derive(Debug)]
pub struct Tokens {
    /// The tokens.
    pub ids: Vec<u32>,
    /// What each stands for; where a token is part of a character, U+FFFD.
    pub pieces: Vec<Sensitive<String>>,
    /// The text of all of them, where it was asked for.
    pub text: Option<Sensitive<String>>,
    /// The model's context in tokens.
    pub context: usize,
}

/// The text side of one of the node's models.
enum Vocabulary {
    Chat(Arc<ChatModel>),
    Texts(Arc<Tokenizer>),
}

impl Pipeline {
    /// Takes a text apart, or puts one together.
    ///
    /// # Errors
    ///
    /// [`Refused`]; what was admitted is closed in the audit log before this returns.
    pub async fn tokens(
        &self,
        principal: &Arc<Principal>,
        ask: TokensAsk,
    ) -> Result<Recorded<Tokens>, Refused> {
        let parts = &self.parts;
        let arrived = parts.clock.instant();
        let (facts, vocabulary) = vocabulary(parts, &ask.model)?;
        let context = facts.context;
        let endpoint = match ask.work {
            TokensWork::Decode(_) => "detokenize",
            _ => "tokenize",
        };
        let admission = Ask {
            principal,
            request: ask.request,
            endpoint,
            model: &facts.name,
            model_digest: facts.digest,
            terms: parts.gate.tokens_terms(),
            records: Vec::new(),
        };
        let work = move |_: &Parts, _: &mut _| {
            let (ids, text) = vocabulary.run(ask.work)?;
            let pieces = ids.iter().map(|id| vocabulary.piece(*id)).collect();
            let tally = Tally {
                usage: TokenUsage {
                    prompt: u32::try_from(ids.len()).unwrap_or(u32::MAX),
                    ..TokenUsage::default()
                },
                ..Tally::default()
            };
            let tokens = Tokens {
                ids,
                pieces,
                text,
                context,
            };
            Ok((tokens, tally))
        };
        self.recorded(admission, arrived, ready(Ok(())), work).await
    }
}

fn vocabulary(parts: &Parts, written: &str) -> Result<(ModelFacts, Vocabulary), Refused> {
    if let Ok(own) = parts.embedding_model(written) {
        return Ok((
            own.facts.clone(),
            Vocabulary::Texts(Arc::clone(&own.tokenizer)),
        ));
    }
    // An adapter has its model's vocabulary.
    match parts.served(written, None) {
        Ok(served) => Ok((
            served.generator.facts.clone(),
            Vocabulary::Chat(Arc::clone(served.generator.text())),
        )),
        Err(_) => Err(Refused::UnknownModel {
            available: parts.model_names(),
        }),
    }
}

impl Vocabulary {
    fn tokenizer(&self) -> &Arc<Tokenizer> {
        match self {
            Self::Chat(model) => model.tokenizer(),
            Self::Texts(tokenizer) => tokenizer,
        }
    }

    fn run(&self, work: TokensWork) -> Result<(Vec<u32>, Option<Sensitive<String>>), Refused> {
        match (work, self) {
            (TokensWork::Encode { text, framed: true }, _) => {
                let ids = self.tokenizer().encode_framed(text.expose());
                Ok((ids.map_err(tokenise)?, None))
            }
            (TokensWork::Encode { text, .. }, _) => {
                let ids = self.tokenizer().encode(text.expose(), Special::Plain);
                Ok((ids.map_err(tokenise)?, None))
            }
            (TokensWork::EncodeChat(messages), Self::Chat(model)) => {
                let ids = model.encode_chat(&messages);
                Ok((ids.map_err(crate::prompt::PromptError::from)?, None))
            }
            (TokensWork::EncodeChat(_), Self::Texts(_)) => Err(Refused::NoChatTemplate),
            (TokensWork::Decode(ids), _) => {
                let text = self.tokenizer().decode(&ids).map_err(tokenise)?;
                Ok((ids, Some(text.into())))
            }
        }
    }

    fn piece(&self, id: u32) -> Sensitive<String> {
        String::from_utf8_lossy(self.tokenizer().token_bytes(id))
            .into_owned()
            .into()
    }
}

pub(super) fn tokenise(error: TokenizerError) -> Refused {
    match error {
        TokenizerError::IdOutOfRange { id, size, .. } => Refused::UnknownToken { id, size },
        other => crate::prompt::PromptError::from(other).into(),
    }
}
