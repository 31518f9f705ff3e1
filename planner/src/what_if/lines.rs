//! Changes as lines of `scenario.toml`.

use fleetfront_calibration::Kind;
use fleetfront_scenario::{Model, PoolPlan, Scenario};
use fleetfront_sim::{Law, Seconds};

/// A text as TOML writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out + "\""
}

/// A number that TOML takes for a float.
pub(crate) fn float(number: f64) -> String {
    let text = number.to_string();
    if text.contains(['.', 'e', 'i', 'N']) { text } else { text + ".0" }
}

/// The `models` of a pool.
pub(crate) fn models_line(scenario: &Scenario, pool: &PoolPlan) -> String {
    let name = |(model, variant): &(usize, usize)| {
        let of: &Model = &scenario.models[*model];
        match variant {
            0 => quoted(&of.name),
            variant => quoted(&format!("{}:{}", of.name, of.variants[*variant].name)),
        }
    };
    let names: Vec<String> = pool.models.iter().map(name).collect();
    format!("models = [{}]", names.join(", "))
}

/// A `[[cells]]` table that states one thing of a variant on a GPU type.
///
/// - `stated`: a whole line, such as `service = { deterministic = { seconds = 2.0 } }`.
pub(crate) fn cell_lines(
    scenario: &Scenario,
    (model, variant, gpu): (usize, usize, usize),
    stated: &str,
    (kind, source): (Kind, &str),
) -> String {
    let of = &scenario.models[model];
    let kind = kind.word();
    format!(
        "[[cells]]\nmodel = {}\nvariant = {}\ngpu = {}\n{stated}\nprovenance = {{ kind = \"{kind}\", source = {}, date = \
         \"{DATE}\" }}\n",
        quoted(&of.name),
        quoted(&of.variants[variant].name),
        quoted(&scenario.gpus[gpu].name),
        quoted(source),
    )
}

/// When these changes were thought of.
const DATE: &str = "2026-11-26";

/// A law times a factor, in numbers short enough to be written: four digits of a time, three of a spread. A measured
/// table, which no line of a scenario states, becomes the lognormal law with its mean and spread.
pub(crate) fn rounded(law: Law, factor: f64) -> Law {
    let (mean_s, cv) = (digits(law.mean_s() * factor, 4), digits(law.cv(), 3));
    let mean = Seconds::new(mean_s).expect("a time that was scaled by a positive factor is a time");
    match law.scaled(factor) {
        Law::Deterministic { .. } => Law::Deterministic { seconds: mean_s },
        Law::Exponential { .. } => Law::Exponential { mean_s },
        Law::Lognormal { .. } | Law::Empirical { .. } => Law::lognormal(mean, cv),
        Law::Gamma { .. } => Law::gamma(mean, cv),
        Law::Weibull { shape, scale_s } => Law::Weibull { shape, scale_s: digits(scale_s, 4) },
        Law::TwoPoint { low_s, high_s, high_probability } => {
            Law::TwoPoint { low_s: digits(low_s, 4), high_s: digits(high_s, 4), high_probability }
        }
        Law::Hyperexponential { mean_s, first_probability } => {
            Law::Hyperexponential { mean_s: mean_s.map(|mean| digits(mean, 4)), first_probability }
        }
        Law::ShiftedLognormal { shift_s, .. } => {
            let shift = Seconds::new(digits(shift_s, 4)).expect("a time that was scaled is a time");
            Law::shifted_lognormal(shift, mean, cv)
        }
        Law::LognormalMixture { mu, sigma, first_probability } => {
            let part = |part: usize| Law::Lognormal { mu: mu[part], sigma: sigma[part] };
            let rounded = [0, 1].map(|k| (digits(part(k).mean_s(), 4), digits(part(k).cv(), 3)));
            Law::lognormal_mixture(
                rounded.map(|(mean_s, cv)| (Seconds::new(mean_s).expect("a time"), cv)),
                first_probability,
            )
        }
    }
}

/// A law as it is written.
pub(crate) fn law_value(law: Law) -> String {
    let by_mean_and_cv = |name: &str| {
        format!("{{ {name} = {{ mean_s = {}, cv = {} }} }}", float(digits(law.mean_s(), 4)), float(digits(law.cv(), 3)))
    };
    match law {
        Law::Deterministic { seconds } => format!("{{ deterministic = {{ seconds = {} }} }}", float(seconds)),
        Law::Exponential { mean_s } => format!("{{ exponential = {{ mean_s = {} }} }}", float(mean_s)),
        Law::Lognormal { .. } | Law::Empirical { .. } => by_mean_and_cv("lognormal"),
        Law::Gamma { .. } => by_mean_and_cv("gamma"),
        Law::Weibull { shape, scale_s } => {
            format!("{{ weibull = {{ shape = {}, scale_s = {} }} }}", float(shape), float(scale_s))
        }
        Law::TwoPoint { low_s, high_s, high_probability: p } => format!(
            "{{ two_point = {{ low_s = {}, high_s = {}, high_probability = {} }} }}",
            float(low_s),
            float(high_s),
            float(p)
        ),
        Law::Hyperexponential { mean_s: [first, second], first_probability: p } => format!(
            "{{ hyperexponential = {{ first_mean_s = {}, second_mean_s = {}, first_probability = {} }} }}",
            float(first),
            float(second),
            float(p)
        ),
        Law::ShiftedLognormal { shift_s, .. } => format!(
            "{{ shifted_lognormal = {{ shift_s = {}, mean_s = {}, cv = {} }} }}",
            float(digits(shift_s, 4)),
            float(digits(law.mean_s(), 4)),
            float(digits(law.cv(), 3))
        ),
        Law::LognormalMixture { mu, sigma, first_probability: p } => {
            let part = |part: usize| Law::Lognormal { mu: mu[part], sigma: sigma[part] };
            let [first, second] = [0, 1].map(|k| (float(digits(part(k).mean_s(), 4)), float(digits(part(k).cv(), 3))));
            format!(
                "{{ lognormal_mixture = {{ first_mean_s = {}, first_cv = {}, second_mean_s = {}, second_cv = {}, \
                 first_probability = {} }} }}",
                first.0,
                first.1,
                second.0,
                second.1,
                float(p)
            )
        }
    }
}

/// So many digits of a number, the first that is not zero counted as the first.
pub(crate) fn digits(number: f64, count: usize) -> f64 {
    let text = format!("{number:.*e}", count - 1);
    text.parse().expect("what was written as a number is one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_those_of_toml() {
        assert_eq!(quoted("a\"b\\c\nd"), "\"a\\\"b\\\\c\\u000Ad\"");
        assert_eq!((float(2.0), float(0.25)), ("2.0".to_owned(), "0.25".to_owned()));
        assert!((digits(0.123_456, 3) - 0.123).abs() < 1e-12 && (digits(98_765.0, 2) - 99_000.0).abs() < 1e-9);
    }

    #[test]
    fn a_law_is_scaled_and_written_with_the_digits_that_it_has() {
        let boot = Law::lognormal(Seconds::new(49.015).expect("a time"), 0.73);
        let half = rounded(boot, 0.5);
        assert_eq!(law_value(half), "{ lognormal = { mean_s = 24.51, cv = 0.73 } }");
        approx::assert_relative_eq!(half.mean_s(), 24.51, max_relative = 1e-9);
        let two = Law::TwoPoint { low_s: 1.0, high_s: 5.0, high_probability: 0.25 };
        let written = "{ two_point = { low_s = 0.8, high_s = 4.0, high_probability = 0.25 } }";
        assert_eq!(law_value(rounded(two, 0.8)), written);
        let [two_s, five_s, nine_s] = [2.0, 5.0, 9.0].map(|s| Seconds::new(s).expect("a time"));
        let shifted = rounded(Law::shifted_lognormal(two_s, five_s, 0.25), 0.5);
        assert_eq!(law_value(shifted), "{ shifted_lognormal = { shift_s = 1.0, mean_s = 2.5, cv = 0.25 } }");
        let mixture = rounded(Law::lognormal_mixture([(five_s, 0.1), (nine_s, 0.3)], 0.25), 2.0);
        let written = "{ lognormal_mixture = { first_mean_s = 10.0, first_cv = 0.1, second_mean_s = 18.0, second_cv = 0.3, \
                       first_probability = 0.25 } }";
        assert_eq!(law_value(mixture), written);
        let knots_s = std::array::from_fn(|k| 8.0 + 0.1 * k as f32);
        let measured = Law::Empirical { knots_s, tail_scale_s: 1.0, tail_shape: 0.0 };
        // (8 + 11) / 2 in 30 of 32, 12 beyond: 9.656; what is simulated is what is written.
        let half = rounded(measured, 0.5);
        assert_eq!(law_value(half), "{ lognormal = { mean_s = 4.828, cv = 0.11 } }");
        approx::assert_relative_eq!(half.mean_s(), 4.828, max_relative = 1e-9);
    }
}
