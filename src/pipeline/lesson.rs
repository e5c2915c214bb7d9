//! Marked texts as lessons for an adapter: the prompt that the model would see, and the right choices after it.
//!
//! A record goes the way of every request (admitted, minimised, redacted, recorded in the audit log) up to the
//! engine. So what an adapter learns from holds placeholders and no people, exactly as in service.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::crm::{OutlinePart, Write, check_variables};
use crate::grounding::Lesson;
use crate::policy::{Admitted, Ask, Principal};
use crate::redact::Restorer;
use crate::types::{RequestId, Sensitive};

use super::chat::{Content, prepared_prompt};
use super::recorded::Tally;
use super::{Parts, Pipeline, Refused, Work};

/// A marked record.
#[derive(Debug)]
pub struct LessonAsk {
    /// The request's identifier in the audit log.
    pub request: RequestId,
    /// The call of a use case.
    pub work: Work,
    /// By the name of a part of the use case's answer: stretches of the record that belong there, or the word
    /// of a choice.
    pub labels: BTreeMap<String, Vec<Sensitive<String>>>,
}

/// What an adapter can learn from a record.
#[derive(Debug)]
pub struct Taught {
    /// The prompt, and the start of the answer.
    pub prompt: Vec<u32>,
    /// The right answer; `None` where the labels don't lead to one that the use case allows.
    pub lesson: Option<Lesson>,
}

impl Pipeline {
    /// The prompt of a marked record and its right answer.
    ///
    /// # Errors
    ///
    /// [`Refused`]; what was admitted is closed in the audit log before this returns.
    pub async fn lesson(
        &self,
        principal: &Arc<Principal>,
        ask: LessonAsk,
    ) -> Result<Taught, Refused> {
        let arrived = self.parts.clock.instant();
        let Some(use_case) = self.use_case(&ask.work)? else {
            return Err(Refused::Internal);
        };
        let Work::UseCase { variables, .. } = ask.work else {
            return Err(Refused::Internal);
        };
        check_variables(&use_case, &variables)?;
        // With the adapter that is to learn: what stands in a prompt doesn't depend on it.
        let generator = match use_case.model() {
            Some(name) => self.parts.generators.find(name.as_str()),
            None => Some(self.parts.generators.chat()),
        };
        let Some(generator) = generator.map(Arc::clone) else {
            return Err(self.parts.unknown_model());
        };
        let model = generator.facts.clone();
        let admission = Ask {
            principal,
            request: ask.request,
            endpoint: "lesson",
            model: &model.name,
            model_digest: model.digest,
            terms: use_case.terms(),
            records: variables.records(),
        };
        let (labels, limits) = (ask.labels, self.prompt_limits(&generator, None));
        let content = Content::UseCase(use_case, variables.clone());
        let work = move |parts: &Parts, admitted: &mut Admitted| {
            let (prompt, vault) = prepared_prompt((parts, &generator), admitted, content, limits)?;
            let restorer = vault.restorer();
            let chosen = chosen(prompt.guide().parts(), &labels, &restorer);
            let start = prompt.answer_prefix().unwrap_or_default();
            let lesson = generator.masks.lesson(prompt.guide(), start, &chosen);
            let prompt = prompt.tokens().to_vec();
            Ok((Taught { prompt, lesson }, Tally::default()))
        };
        let turn = async { Ok(()) };
        let recorded = self.recorded(admission, arrived, turn, work).await?;
        Ok(recorded.value)
    }
}

/// For each part the places of the sentences that its label marks; a sentence goes to the first part that wants it.
fn chosen(
    parts: &[OutlinePart],
    labels: &BTreeMap<String, Vec<Sensitive<String>>>,
    restorer: &Restorer,
) -> Vec<Vec<usize>> {
    let mut used: Vec<&str> = Vec::new();
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        let marks = part.name.as_ref().and_then(|name| labels.get(name));
        let marks: Vec<String> = marks.into_iter().flatten().map(plain).collect();
        let mut own = Vec::new();
        match &part.write {
            Some(Write::Quote(quote)) => {
                for (at, sentence) in quote.sentences.iter().enumerate() {
                    let text = restored(restorer, sentence);
                    let marked = marks
                        .iter()
                        .any(|mark| text.contains(mark) || mark.contains(&text));
                    if marked && own.len() < quote.most && !used.contains(&sentence.as_str()) {
                        own.push(at);
                        used.push(sentence);
                    }
                }
            }
            Some(Write::Choice(words)) => {
                own.extend(
                    words
                        .iter()
                        .position(|word| marks.contains(&word.to_lowercase())),
                );
            }
            Some(Write::Facts(_) | Write::Free(_)) | None => {}
        }
        all.push(own);
    }
    all
}

/// A sentence as it was before redaction, for comparing.
fn restored(restorer: &Restorer, sentence: &str) -> String {
    let mut restorer = restorer.again();
    let mut text = restorer.push(sentence);
    text.push_str(&restorer.finish());
    plain(&Sensitive::new(text))
}

/// Text without what lines and case make of it.
fn plain(text: &Sensitive<String>) -> String {
    let words: Vec<&str> = text.expose().split_whitespace().collect();
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use crate::crm::Quotable;

    use super::*;

    #[test]
    fn sentences_go_where_labels_want_them() {
        let sentences = ["It leaks. ", "Please call.", "I paid 5 EUR"].map(str::to_owned);
        let quote = |most| {
            Some(Write::Quote(Quotable {
                least: 1,
                most,
                joiner: " ".to_owned(),
                sentences: sentences.to_vec(),
                fields: vec![String::new(); 3],
            }))
        };
        let part = |name: &str, write| OutlinePart {
            name: Some(name.to_owned()),
            text: "x".to_owned(),
            write,
            end: String::new(),
            optional: true,
        };
        let words = ["calm", "angry"].map(str::to_owned).to_vec();
        let parts = [
            part("problem", quote(1)),
            part("wish", quote(2)),
            part("next", quote(1)),
            part("mood", Some(Write::Choice(words))),
            part("own", Some(Write::Facts(None))),
        ];
        let labels = [
            ("problem", &["it  leaks", "please call"][..]),
            ("wish", &["call.", "Then I paid 5 EUR at once"][..]),
            ("next", &["paid"][..]),
            ("mood", &["Angry"][..]),
            ("own", &["it leaks"][..]),
        ];
        let labels = labels.map(|(name, own)| {
            let own = own.iter().map(|own| Sensitive::new((*own).to_owned()));
            (name.to_owned(), own.collect())
        });
        let restorer = crate::redact::Vault::for_test().restorer();
        let found = chosen(&parts, &BTreeMap::from(labels), &restorer);
        let expected: [&[usize]; 5] = [&[0], &[1, 2], &[], &[1], &[]];
        assert_eq!(found, expected);
    }
}
