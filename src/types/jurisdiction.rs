//! Jurisdictions and groups of them.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::LogSafe;

/// A country: ISO 3166-1 alpha-2, upper case. `UK` is read as `GB`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jurisdiction([u8; 2]);

/// The text is no assigned ISO 3166-1 alpha-2 code. Says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a jurisdiction is an ISO 3166-1 alpha-2 country code")]
pub struct ParseJurisdictionError;

/// The officially assigned codes of ISO 3166-1 alpha-2, and `XK` (user-assigned, Kosovo), as CRM data use it.
const ASSIGNED: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI \
FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS \
IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA \
RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT \
TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Member states of the European Union.
const EU: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";

/// Members of the European Economic Area that are not in the Union.
const EEA_ONLY: &str = "IS LI NO";

impl Jurisdiction {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl FromStr for Jurisdiction {
    type Err = ParseJurisdictionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let &[a, b] = text.trim().as_bytes() else {
            return Err(ParseJurisdictionError);
        };
        let code = match [a.to_ascii_uppercase(), b.to_ascii_uppercase()] {
            [b'U', b'K'] => *b"GB",
            other => other,
        };
        let assigned = ASSIGNED.split(' ').any(|known| known.as_bytes() == code);
        if assigned {
            Ok(Self(code))
        } else {
            Err(ParseJurisdictionError)
        }
    }
}

impl fmt::Display for Jurisdiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Jurisdiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Jurisdiction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Jurisdiction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl LogSafe for Jurisdiction {}

/// A set of jurisdictions; written as a list of codes and of the groups `EU`, `EEA` and `*` (all).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JurisdictionSet {
    all: bool,
    members: BTreeSet<Jurisdiction>,
}

impl JurisdictionSet {
    /// Every jurisdiction.
    pub fn everywhere() -> Self {
        Self {
            all: true,
            members: BTreeSet::new(),
        }
    }

    /// Adds a code or the name of a group.
    ///
    /// # Errors
    ///
    /// [`ParseJurisdictionError`] when `text` is neither.
    pub fn add(&mut self, text: &str) -> Result<(), ParseJurisdictionError> {
        let group = match text {
            "*" => {
                self.all = true;
                return Ok(());
            }
            "EU" => EU.to_owned(),
            "EEA" => format!("{EU} {EEA_ONLY}"),
            code => code.to_owned(),
        };
        for code in group.split(' ') {
            self.members.insert(code.parse()?);
        }
        Ok(())
    }

    /// Adds what `extra` names: for groups that the configuration defines.
    pub fn extend(&mut self, extra: &Self) {
        self.all |= extra.all;
        self.members.extend(&extra.members);
    }

    /// Whether `jurisdiction` is in the set.
    pub fn contains(&self, jurisdiction: Jurisdiction) -> bool {
        self.all || self.members.contains(&jurisdiction)
    }

    /// Whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        !self.all && self.members.is_empty()
    }
}

impl<'de> Deserialize<'de> for JurisdictionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut set = Self::default();
        for text in Vec::<String>::deserialize(deserializer)? {
            set.add(&text).map_err(serde::de::Error::custom)?;
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_checked() {
        for (text, read) in [
            ("DE", Some("DE")),
            (" de ", Some("DE")),
            ("uk", Some("GB")),
            ("EU", None),
            ("ZZ", None),
            ("D", None),
            ("DEU", None),
            ("", None),
            ("ß", None),
        ] {
            let parsed = text.parse::<Jurisdiction>();
            assert_eq!(
                parsed.as_ref().ok().map(Jurisdiction::as_str),
                read,
                "{text}"
            );
        }
    }

    #[test]
    fn groups_hold_their_members() {
        let set = |names: &[&str]| {
            let mut set = JurisdictionSet::default();
            names.iter().for_each(|name| set.add(name).unwrap());
            set
        };
        for (names, code, inside) in [
            (&["EU"][..], "DE", true),
            (&["EU"], "NO", false),
            (&["EEA"], "NO", true),
            (&["EEA"], "CH", false),
            (&["EEA", "CH"], "CH", true),
            (&["*"], "CN", true),
            (&[], "DE", false),
        ] {
            let code = code.parse().unwrap();
            assert_eq!(set(names).contains(code), inside, "{names:?} {code}");
        }
    }
}
