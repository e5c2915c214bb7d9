//! Where a record comes from, and whether it may be processed here.
//!
//! Reads only the configured fields: of each record of the request, and of the child records in its
//! lists, which count with the record that holds them where they don't say a country of their own. So a
//! list is as strict as its strictest member. A country that can't be told is not "anywhere": only a rule
//! that says `unknown = true` is about such a record.

use std::collections::BTreeSet;

use crate::audit::Residence;
use crate::config::{JurisdictionRule, ResidencyConfig};
use crate::types::{DataClass, FieldValue, Jurisdiction, Name, Record};

use super::countries::find_country;
use super::{Refusal, Terms};

/// Longest text that can be a country's name.
const MAX_COUNTRY: usize = 80;

/// The node's rules.
#[derive(Debug)]
pub(super) struct Residency {
    node: Jurisdiction,
    fields: Vec<String>,
    rules: Vec<JurisdictionRule>,
    no_rule: Name,
    use_case: Name,
}

/// What residency found, for those who explain or audit it.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    residences: BTreeSet<Residence>,
}

impl Verdict {
    /// Each jurisdiction that was found, with the rule that allowed it.
    pub fn residences(&self) -> &BTreeSet<Residence> {
        &self.residences
    }
}

impl Residency {
    /// `no_rule` and `use_case` are the names that refusals show where no rule of the operator decided.
    pub(super) fn new(
        config: &ResidencyConfig,
        node: Jurisdiction,
        no_rule: Name,
        use_case: Name,
    ) -> Self {
        Self {
            node,
            fields: config.fields.clone(),
            rules: config.rules.clone(),
            no_rule,
            use_case,
        }
    }

    /// Decides on all records of a request; the first that may not be here decides it.
    pub(super) fn decide(
        &self,
        terms: &Terms,
        records: &[(&str, &Record)],
    ) -> Result<Verdict, Refusal> {
        if !terms.jurisdictions.contains(self.node) {
            return Err(Refusal::Residency {
                rule: self.use_case.clone(),
                jurisdiction: Some(self.node),
                node: self.node,
                variable: None,
                classes: BTreeSet::new(),
                refer_to: None,
            });
        }
        let mut verdict = Verdict::default();
        for (variable, record) in records {
            let mut found = BTreeSet::new();
            self.places(record, None, &mut found);
            for jurisdiction in found {
                let rule = self.allow(terms, variable, jurisdiction)?;
                verdict.residences.insert(Residence {
                    jurisdiction,
                    rule: rule.clone(),
                });
            }
        }
        Ok(verdict)
    }

    fn allow(
        &self,
        terms: &Terms,
        variable: &str,
        jurisdiction: Option<Jurisdiction>,
    ) -> Result<&Name, Refusal> {
        let about = |rule: &&JurisdictionRule| match jurisdiction {
            Some(code) => rule.from.contains(code),
            None => rule.unknown,
        };
        let rule = self.rules.iter().find(about);
        let classes: BTreeSet<DataClass> = match rule {
            Some(rule) => terms.classes.difference(&rule.allow).copied().collect(),
            None => terms.classes.clone(),
        };
        match rule {
            // A rule that allows nothing also refuses a use case that declares no class.
            Some(rule) if classes.is_empty() && !rule.allow.is_empty() => Ok(&rule.name),
            _ => Err(Refusal::Residency {
                rule: rule.map_or_else(|| self.no_rule.clone(), |rule| rule.name.clone()),
                jurisdiction,
                node: self.node,
                variable: Some(showable(variable)),
                classes,
                refer_to: rule.and_then(|rule| rule.refer_to.clone()),
            }),
        }
    }

    /// Adds the jurisdictions of `record` and of the child records in it; `holder` is that of the record
    /// that holds it.
    fn places(
        &self,
        record: &Record,
        holder: Option<Option<Jurisdiction>>,
        found: &mut BTreeSet<Option<Jurisdiction>>,
    ) {
        let own = self.own_place(record).or(holder).unwrap_or(None);
        found.insert(own);
        self.children(record, own, found);
    }

    fn children(
        &self,
        record: &Record,
        holder: Option<Jurisdiction>,
        found: &mut BTreeSet<Option<Jurisdiction>>,
    ) {
        for (_, value) in record.fields() {
            match value {
                FieldValue::Records(list) => {
                    for child in list {
                        self.places(child, Some(holder), found);
                    }
                }
                // A parent's country is the configured fields' business; only its lists are looked into.
                FieldValue::Record(parent) => self.children(parent, holder, found),
                FieldValue::Null
                | FieldValue::Bool(_)
                | FieldValue::Number(_)
                | FieldValue::Text(_) => {}
            }
        }
    }

    /// What the first of the fields that has a value says: `None` when none has one, `Some(None)` when it
    /// says nothing that is a country.
    fn own_place(&self, record: &Record) -> Option<Option<Jurisdiction>> {
        self.fields
            .iter()
            .filter_map(|path| record.at(path))
            .find_map(|value| match value {
                FieldValue::Null => None,
                FieldValue::Text(text) => {
                    let text = text.expose().trim();
                    let read = || {
                        (text.len() <= MAX_COUNTRY)
                            .then(|| find_country(text))
                            .flatten()
                    };
                    (!text.is_empty()).then(read)
                }
                _ => Some(None),
            })
    }
}

/// A variable's name comes from the request: shown only where it can be nothing but a name.
fn showable(variable: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.[]".contains(&b);
    if (1..=64).contains(&variable.len()) && variable.bytes().all(plain) {
        variable.to_owned()
    } else {
        "(a variable)".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::policy::Callers;
    use crate::types::{JurisdictionSet, Variable};

    use super::*;

    fn set(names: &[&str]) -> JurisdictionSet {
        let mut set = JurisdictionSet::default();
        names.iter().for_each(|name| set.add(name).unwrap());
        set
    }

    fn rule(name: &str, from: &[&str], unknown: bool, allow: &[DataClass]) -> JurisdictionRule {
        JurisdictionRule {
            name: name.parse().unwrap(),
            from: set(from),
            unknown,
            allow: allow.iter().copied().collect(),
            refer_to: (name == "us-data").then(|| "https://us.example".to_owned()),
        }
    }

    fn residency() -> Residency {
        use DataClass::{Commercial, Internal, Personal, Public};
        let config = ResidencyConfig {
            fields: [
                "Contact.MailingCountryCode",
                "Account.BillingCountry",
                "BillingCountry",
                "Country",
            ]
            .map(str::to_owned)
            .to_vec(),
            rules: vec![
                rule(
                    "eea-data",
                    &["EEA"],
                    false,
                    &[Public, Internal, Commercial, Personal],
                ),
                rule("us-data", &["US"], false, &[Public, Internal]),
                rule("swiss-data", &["CH"], false, &[]),
                rule("unknown-data", &[], true, &[Public]),
            ],
        };
        let name = |name: &str| name.parse().unwrap();
        Residency::new(
            &config,
            "DE".parse().unwrap(),
            name("no-rule"),
            name("use-case"),
        )
    }

    fn terms(classes: &[DataClass], jurisdictions: &[&str]) -> Terms {
        Terms {
            name: "case-summary".parse().unwrap(),
            version: 1,
            digest: None,
            callers: Callers::All,
            classes: classes.iter().copied().collect(),
            fields: Vec::new(),
            jurisdictions: set(jurisdictions),
            purpose: "service".to_owned(),
            legal_basis: "contract".to_owned(),
        }
    }

    /// The rule that allows, or the rule that refuses and the jurisdiction it saw.
    fn decide(
        classes: &[DataClass],
        record: serde_json::Value,
    ) -> Result<Vec<String>, (String, Option<String>, Vec<DataClass>)> {
        let Variable::Record(record) = Variable::from_json("case", record).unwrap() else {
            panic!("a record");
        };
        match residency().decide(&terms(classes, &["*"]), &[("case", &record)]) {
            Ok(verdict) => Ok(verdict
                .residences()
                .iter()
                .map(|place| place.rule.to_string())
                .collect()),
            Err(Refusal::Residency {
                rule,
                jurisdiction,
                classes,
                ..
            }) => Err((
                rule.to_string(),
                jurisdiction.map(|code| code.to_string()),
                classes.into_iter().collect(),
            )),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_first_rule_about_a_records_country_decides() {
        use DataClass::{Internal, Personal, Public};
        let allowed = |classes: &[DataClass], record, rules: &[&str]| {
            let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
            assert_eq!(decide(classes, record), Ok(rules));
        };
        let refused = |classes: &[DataClass],
                       record,
                       rule: &str,
                       place: Option<&str>,
                       missing: &[DataClass]| {
            let expected = (rule.to_owned(), place.map(str::to_owned), missing.to_vec());
            assert_eq!(decide(classes, record), Err(expected));
        };
        let contact = |code: &str| json!({"Contact": {"MailingCountryCode": code}});
        allowed(&[Personal], contact("DE"), &["eea-data"]);
        allowed(&[Personal], contact("no"), &["eea-data"]);
        allowed(&[Public], contact("US"), &["us-data"]);
        refused(
            &[Public, Personal],
            contact("US"),
            "us-data",
            Some("US"),
            &[Personal],
        );
        refused(
            &[Internal],
            contact("JP"),
            "no-rule",
            Some("JP"),
            &[Internal],
        );
        refused(&[], contact("CH"), "swiss-data", Some("CH"), &[]);
        // Unknown: text that is no country, a number, nothing at all.
        refused(
            &[Personal],
            contact("Atlantis"),
            "unknown-data",
            None,
            &[Personal],
        );
        refused(
            &[Personal],
            json!({"Country": 49}),
            "unknown-data",
            None,
            &[Personal],
        );
        refused(
            &[Personal],
            json!({"Subject": "US"}),
            "unknown-data",
            None,
            &[Personal],
        );
        allowed(&[Public], json!({"Subject": "US"}), &["unknown-data"]);
        // The first field that has a value wins; null and blank ones have none.
        let both = |code: serde_json::Value| json!({"Contact": {"MailingCountryCode": code}, "Account": {"BillingCountry": "United States"}});
        allowed(&[Personal], both(json!("FR")), &["eea-data"]);
        refused(
            &[Personal],
            both(json!(null)),
            "us-data",
            Some("US"),
            &[Personal],
        );
        refused(
            &[Personal],
            both(json!("  ")),
            "us-data",
            Some("US"),
            &[Personal],
        );
    }

    #[test]
    fn a_list_is_as_strict_as_its_strictest_member() {
        use DataClass::Personal;
        let account = |children: serde_json::Value| json!({"BillingCountry": "Germany", "Contacts": {"records": children}});
        assert!(
            decide(
                &[Personal],
                account(json!([{"Name": "a"}, {"Country": "AT"}]))
            )
            .is_ok()
        );
        let refused = decide(
            &[Personal],
            account(json!([{"Country": "AT"}, {"Country": "US"}])),
        );
        assert_eq!(
            refused,
            Err(("us-data".to_owned(), Some("US".to_owned()), vec![Personal]))
        );
        let deep = json!({"Contact": {"MailingCountryCode": "DE"}, "Account": {"Cases": [{"Country": "US"}]}});
        assert!(decide(&[Personal], deep).is_err());
    }

    #[test]
    fn a_use_case_runs_only_where_it_says() {
        let terms = terms(&[], &["FR", "CH"]);
        let Err(Refusal::Residency {
            rule,
            jurisdiction,
            variable,
            ..
        }) = residency().decide(&terms, &[])
        else {
            panic!("the node is in Germany");
        };
        assert_eq!((rule.as_str(), variable), ("use-case", None));
        assert_eq!(jurisdiction, "DE".parse().ok());
    }

    #[test]
    fn refusals_name_the_node_to_call_and_no_user_text() {
        let record = Record::new(
            None,
            vec![("Country".to_owned(), FieldValue::Text("US".into()))],
        );
        let terms = terms(&[DataClass::Personal], &["*"]);
        let Err(refusal) = residency().decide(&terms, &[("jane@example.com", &record)]) else {
            panic!("refused");
        };
        assert!(
            matches!(&refusal, Refusal::Residency { refer_to: Some(url), .. } if url == "https://us.example")
        );
        assert!(!format!("{refusal:?} {refusal}").contains("jane"));
    }
}
