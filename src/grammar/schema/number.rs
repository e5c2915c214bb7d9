//! Numbers.

use serde_json::{Number, Value, json};

use crate::grammar::error::{GrammarError, Reason};

use super::Object;
use super::place::Place;

/// Numbers are written up to here, either way: 10^18 is a 64-bit integer to every reader.
const MOST: f64 = 1e18;
/// The largest whole number up to which an `f64` holds each.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Keywords of numbers.
pub(super) const KEYWORDS: [&str; 5] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

/// The numbers of `schema`, whole ones only if `integer`.
pub(super) fn rewrite(
    schema: &Object,
    integer: bool,
    place: &Place<'_>,
) -> Result<Value, GrammarError> {
    let kind = if integer { "integer" } else { "number" };
    let low = bound(schema, ["minimum", "exclusiveMinimum"], place, f64::max)?;
    let high = bound(schema, ["maximum", "exclusiveMaximum"], place, f64::min)?;
    let mut out = Object::new();
    out.insert("type".to_owned(), json!(kind));
    let mut put = |name: &str, exclusive: &str, bound: Option<(f64, bool)>, most: f64| {
        let (value, excluded) = bound
            .filter(|(value, _)| value.abs() <= MOST)
            .unwrap_or((most, false));
        let name = if excluded { exclusive } else { name };
        out.insert(name.to_owned(), json!(value));
    };
    let beyond = |bound: Option<(f64, bool)>, outside: fn(f64) -> bool| {
        bound.is_some_and(|(value, _)| outside(value))
    };
    if beyond(low, |low| low > MOST) || beyond(high, |high| high < -MOST) {
        return Err(place.unsupported(Reason::Precision));
    }
    put("minimum", "exclusiveMinimum", low, -MOST);
    put("maximum", "exclusiveMaximum", high, MOST);
    if let Some(step) = schema.get("multipleOf") {
        let place = place.of("multipleOf");
        out.insert("multipleOf".to_owned(), multiple(step, &place)?);
    }
    Ok(Value::Object(out))
}

/// The tighter of a bound and its exclusive form, and whether it is excluded. Before Draft 6 the second
/// is `true` or `false` and says so of the first.
fn bound(
    schema: &Object,
    [plain, exclusive]: [&'static str; 2],
    place: &Place<'_>,
    tighter: fn(f64, f64) -> f64,
) -> Result<Option<(f64, bool)>, GrammarError> {
    let read = |name: &'static str| match schema.get(name) {
        None | Some(Value::Bool(_)) => Ok(None),
        Some(Value::Number(number)) => exact(number, &place.of(name)).map(Some),
        Some(_) => Err(place.of(name).invalid("a number")),
    };
    if matches!(schema.get(plain), Some(Value::Bool(_))) {
        return Err(place.of(plain).invalid("a number"));
    }
    let flagged = schema.get(exclusive) == Some(&Value::Bool(true));
    Ok(match (read(plain)?, read(exclusive)?) {
        (Some(own), None) => Some((own, flagged)),
        (None, Some(other)) => Some((other, true)),
        (Some(own), Some(other)) => Some((tighter(own, other), tighter(own, other) == other)),
        (None, None) => None,
    })
}

/// The number, where it is held exactly or beyond what is written anyway.
pub(super) fn exact(number: &Number, place: &Place<'_>) -> Result<f64, GrammarError> {
    let value = number.as_f64().filter(|value| value.is_finite());
    let value = value.ok_or_else(|| place.unsupported(Reason::Precision))?;
    let whole = number.is_i64() || number.is_u64();
    if whole && value.abs() > EXACT && value.abs() < MOST && !is_same(number, value) {
        return Err(place.unsupported(Reason::Precision));
    }
    Ok(value)
}

/// Whether the whole number is exactly `value`.
fn is_same(number: &Number, value: f64) -> bool {
    // The shortest text of an `f64` over 2^53 may round; all its digits don't.
    format!("{value:.0}") == number.to_string()
}

/// A step that is whole or has up to three decimals.
fn multiple(step: &Value, place: &Place<'_>) -> Result<Value, GrammarError> {
    let number = step.as_f64().filter(|step| *step > 0.0);
    let number = number.ok_or_else(|| place.invalid("a number above 0"))?;
    let fits = |scale: f64| {
        let scaled = number * scale;
        scaled.fract() == 0.0 && (1.0..=1_000.0).contains(&scaled)
    };
    if [1.0, 10.0, 100.0, 1_000.0].into_iter().any(fits) {
        return Ok(json!(number));
    }
    Err(place.unsupported(Reason::Precision))
}
