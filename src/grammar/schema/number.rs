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
    let low = bound(schema, ["minimum", "exclusiveMinimum"], place, f64::max)?;
    let high = bound(schema, ["maximum", "exclusiveMaximum"], place, f64::min)?;
    if low.is_some_and(|(low, _)| low > MOST) || high.is_some_and(|(high, _)| high < -MOST) {
        return Err(place.unsupported(Reason::Precision));
    }
    let low = low
        .filter(|(low, _)| *low >= -MOST)
        .unwrap_or((-MOST, false));
    let high = high
        .filter(|(high, _)| *high <= MOST)
        .unwrap_or((MOST, false));
    let step = match schema.get("multipleOf") {
        None => None,
        Some(step) => Some(multiple(step, &place.of("multipleOf"))?),
    };
    if integer {
        return Ok(integers(low, high, step.as_ref()));
    }
    let mut out = Object::new();
    out.insert("type".to_owned(), json!("number"));
    let name = |plain: &str, exclusive: &str, excluded: bool| {
        if excluded { exclusive } else { plain }.to_owned()
    };
    out.insert(name("minimum", "exclusiveMinimum", low.1), json!(low.0));
    out.insert(name("maximum", "exclusiveMaximum", high.1), json!(high.0));
    out.extend(step.map(|step| ("multipleOf".to_owned(), step)));
    Ok(Value::Object(out))
}

/// Whole numbers between two bounds, of which each may be excluded. Negative ones are apart: in one range
/// the engine would let `-0` through, which readers take for a fraction.
fn integers(low: (f64, bool), high: (f64, bool), step: Option<&Value>) -> Value {
    let least = match low {
        (low, true) if low.fract() == 0.0 => low + 1.0,
        (low, _) => low.ceil(),
    };
    let most = match high {
        (high, true) if high.fract() == 0.0 => high - 1.0,
        (high, _) => high.floor(),
    };
    let range = |least: f64, most: f64| {
        // Adding 0 makes a zero of a negative one.
        let mut out = json!({"type": "integer", "minimum": least + 0.0, "maximum": most + 0.0});
        if let (Some(out), Some(step)) = (out.as_object_mut(), step) {
            out.insert("multipleOf".to_owned(), step.clone());
        }
        out
    };
    if least < 0.0 && most >= 0.0 {
        json!({"anyOf": [range(0.0, most), range(least, -1.0)]})
    } else {
        range(least, most)
    }
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
    if whole && value.abs() >= EXACT && value.abs() < MOST && !is_same(number, value) {
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
