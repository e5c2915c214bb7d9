//! Invented values in place of real ones: of the same kind, form and culture, the same for one value throughout a
//! conversation, and put back in the answer.
//!
//! Which one a value gets is drawn under the node's key, so that the same value of the same caller tends to get the same
//! one in every conversation and nobody else can compute it. A drawn value that stands in any text of the request so far, or
//! shares a word with another surrogate, is passed over and the next one drawn; where none is found, or the kind has
//! none (ages, secrets, wallets, coordinates, other scripts than Latin), the value gets a placeholder. A later text that
//! happens to hold one of the surrogates gets another one for it ([`Forms::find`]).

mod date;
mod names;
mod number;
mod person;
mod phone;
mod place;

use std::collections::HashMap;
use std::fmt;

use crate::types::{Entity, Jurisdiction, TenantSalt};

use self::date::Shift;
use self::names::Culture;
use self::person::Word;
use super::forms::{Forms, Kind, words};
use super::placeholder::typed;
use super::pseudonym::{Choices, PseudonymKey};
use super::seen::Seen;
use super::span::Candidate;

/// Draws for one request; what is left over gets placeholders.
const TRIES: u32 = 1_000_000;
/// Surrogates of one request.
const MAX_SURROGATES: usize = 10_000;
/// How often another one is drawn for a value whose surrogate is taken.
const REDRAWS: usize = 32;

/// A value that needs a surrogate.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'t> {
    pub(super) entity: Entity,
    /// As it is written.
    pub(super) written: &'t str,
    /// Equal for all ways of writing the value.
    pub(super) key: &'t str,
    /// The whole value, where what is written may be a part.
    pub(super) full: Option<&'t str>,
    /// What stands in front of it.
    pub(super) before: &'t str,
    /// What stands behind it.
    pub(super) behind: &'t str,
    /// Of a phone: `+`, country code, national number.
    pub(super) canonical: &'t str,
}

impl Wanted<'_> {
    /// Whether no word goes on around the value: inside of one a surrogate is not told again. A name may stand in the
    /// genitive.
    fn stands_alone(&self) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let behind = match self.behind.strip_prefix('s') {
            Some(rest) if self.entity == Entity::Person => rest,
            _ => self.behind,
        };
        !self.before.ends_with(is_word) && !behind.starts_with(is_word)
    }
}

/// The surrogates of one request.
pub(super) struct Surrogates {
    key: PseudonymKey,
    salt: TenantSalt,
    culture: Culture,
    pub(super) forms: Forms,
    /// By kind and key: the surrogate and how the value was written.
    drawn: HashMap<(Entity, String), Vec<(String, String)>>,
    /// What stands for the words of names, by the word in lower case.
    names: HashMap<String, Word>,
    /// Whether a person is a woman, by the person's key.
    women: HashMap<String, bool>,
    /// Names with initials, which go back as a whole.
    whole: HashMap<String, String>,
    /// What all texts so far hold.
    seen: Seen,
    shift: Option<Shift>,
    tries: u32,
}

impl Surrogates {
    pub(super) fn new(key: PseudonymKey, salt: TenantSalt, countries: &[Jurisdiction]) -> Self {
        let culture = countries
            .first()
            .map_or(Culture::English, |own| Culture::of(*own));
        Self {
            key,
            salt,
            culture,
            forms: Forms::default(),
            drawn: HashMap::new(),
            names: HashMap::new(),
            women: HashMap::new(),
            whole: HashMap::new(),
            seen: Seen::default(),
            shift: None,
            tries: TRIES,
        }
    }

    /// Notes what `text` holds: nothing of it becomes a surrogate.
    pub(super) fn note(&mut self, text: &str) {
        self.seen.note(text);
    }

    /// The surrogate of a value; `None`: it gets a placeholder.
    pub(super) fn of(&mut self, wanted: Wanted<'_>) -> Option<String> {
        let made = self.made(wanted)?;
        // "PHONE " and a number that begins with a few digits would read as a placeholder.
        let joined = format!("{}{made}", wanted.before);
        let reads = |own: &Candidate| own.range.end > wanted.before.len();
        (!typed(&joined).iter().any(reads)).then_some(made)
    }

    fn made(&mut self, wanted: Wanted<'_>) -> Option<String> {
        let Wanted {
            entity,
            written,
            key,
            ..
        } = wanted;
        if self.forms.len() >= MAX_SURROGATES || !wanted.stands_alone() {
            return None;
        }
        let mut choices = self.key.choices(self.salt, entity, key);
        if entity == Entity::Person {
            return self.person(written, (key, wanted.full), wanted.before, &mut choices);
        }
        // One value in two ways of writing has two surrogates of the same draw: each goes back as it was written.
        let slot = (entity, key.to_owned());
        if let Some((made, _)) = self
            .drawn
            .get(&slot)
            .and_then(|all| all.iter().find(|(_, own)| own == written))
        {
            return Some(made.clone());
        }
        for _ in 0..REDRAWS {
            let made = self.draw(wanted, &mut choices)?;
            if made != written && self.is_free(&made) {
                self.forms.add(&made, written, entity, Kind::Exact);
                self.drawn
                    .entry(slot)
                    .or_default()
                    .push((made.clone(), written.to_owned()));
                return Some(made);
            }
        }
        None
    }

    fn draw(&mut self, wanted: Wanted<'_>, choices: &mut Choices) -> Option<String> {
        let (value, tries) = (wanted.written, &mut self.tries);
        match wanted.entity {
            Entity::Address => place::address(value, self.culture, choices),
            Entity::Bic
            | Entity::DrivingLicence
            | Entity::Identifier
            | Entity::LicencePlate
            | Entity::Passport => number::alike(value, choices),
            Entity::Card => number::card(value, choices),
            Entity::DateOfBirth | Entity::DateTime => {
                // By the first date of the conversation, so that another one moves otherwise.
                let shift = *self.shift.get_or_insert_with(|| Shift::new(choices));
                shift.date(value)
            }
            Entity::Email => place::email(choices),
            Entity::Iban => number::iban(value, choices),
            Entity::Imei => number::imei(value, choices),
            Entity::IpAddress => place::ip(value, choices),
            Entity::Location => place::location(value, self.culture, choices),
            Entity::MacAddress => place::mac(value, choices),
            Entity::NationalId => number::national(value, choices, tries),
            Entity::Organisation => place::firm(value, choices),
            Entity::Phone => phone::phone(value, wanted.canonical, choices),
            Entity::SalesforceId => number::salesforce(value, choices),
            Entity::Url => place::url(value, choices),
            Entity::VatNumber => number::vat(value, choices, tries),
            // Too short to be told again, or nothing that should look real.
            Entity::Age
            | Entity::Coordinates
            | Entity::CryptoWallet
            | Entity::Nationality
            | Entity::Person
            | Entity::Secret
            | Entity::Title => None,
        }
    }

    /// Whether a value can't be mistaken for anything of the request or for another surrogate.
    fn is_free(&self, made: &str) -> bool {
        let lower = made.to_lowercase();
        let is_name = |word: &str| self.forms.holds_name(word);
        words(&lower).next().is_some()
            && !self.seen.may_hold(&lower)
            && !self.forms.holds_whole(&lower)
            && !words(&lower).any(is_name)
    }

    /// Whether a name is nobody's here.
    fn is_free_name(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        let taken = |word: &str| self.seen.has_word(word) || self.forms.holds(word);
        !self.forms.holds(&lower) && !words(&lower).any(taken)
    }
}

impl fmt::Debug for Surrogates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Surrogates({})", self.forms.len())
    }
}
