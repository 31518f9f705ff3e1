//! The volume that is simulated: requests a day as they are stated, or extrapolated to a stated date.
//!
//! Growth changes the volume between studies, never inside one: all trials are days of one volume, so that whole weeks of
//! them are alike and intervals over them mean what they say.

use fleetfront_sim::{exp, ln};
use fleetfront_workloads::days_between;

use crate::document::join;
use crate::file::{GrowthFile, KindName, ProvenanceFile, ScenarioFile};
use crate::findings::Findings;

const DAYS_A_WEEK: f64 = 7.0;
/// Smallest and largest growth of a week: limits against typing errors.
const FACTOR_MIN: f64 = 0.1;
const FACTOR_MAX: f64 = 10.0;
/// Longest extrapolation, in weeks: two years.
const WEEKS_MAX: f64 = 104.0;

/// Puts the requests a day of the date that is asked for in the place of those that are stated, and says so with each.
pub(crate) fn grow(file: &mut ScenarioFile, findings: &mut Findings<'_>) {
    let of_all = file.traffic.growth.clone();
    let Some(volume_at) = file.traffic.volume_at.clone() else { return refuse_without_date(file, findings) };
    let is_own = |own: bool| file.models.iter().any(|model| model.growth.is_some() == own);
    if of_all.is_none() && !is_own(true) {
        let message = format!("nothing is said of growth up to {volume_at}");
        return findings.refuse("traffic.volume_at", message, "add growth = { ... }, or remove volume_at");
    }
    if of_all.is_some() && !file.models.is_empty() && !is_own(false) {
        let message = "every model has a growth of its own: this one has no effect";
        findings.refuse("traffic.growth", message, "remove it");
    }
    for (index, model) in file.models.iter_mut().enumerate() {
        let (path, growth) = match (&model.growth, &of_all) {
            (Some(own), _) => (format!("models[{index}].growth"), own),
            (None, Some(of_all)) => ("traffic.growth".to_owned(), of_all),
            (None, None) => continue,
        };
        let Some(weeks) = weeks(growth, &volume_at, &path, findings) else { continue };
        // What is stated for that very day stays as it is stated.
        if weeks == 0.0 {
            continue;
        }
        let stated = model.requests_per_day;
        let grown = |weekly: f64| stated * exp(weeks * ln(weekly));
        model.requests_per_day = grown(growth.weekly_factor);
        let between = match (growth.weekly_factor_low, growth.weekly_factor_high) {
            (Some(low), Some(high)) => format!("95 %: {} to {}", shown(grown(low)), shown(grown(high))),
            _ => "with no interval: none is stated of the growth".to_owned(),
        };
        let words = format!(
            "\"{}\" is simulated with {} requests a day on {volume_at}, extrapolated over {weeks:.1} weeks from the {} of {} \
             ({between})",
            model.name,
            shown(model.requests_per_day),
            shown(stated),
            growth.from
        );
        findings.warn(&path, &words);
        model.traffic_provenance = provenance(&model.traffic_provenance, growth, &volume_at);
    }
}

/// Growth leads nowhere without a date.
fn refuse_without_date(file: &ScenarioFile, findings: &mut Findings<'_>) {
    let own = file.models.iter().enumerate().filter(|(_, model)| model.growth.is_some());
    let own = own.map(|(index, _)| format!("models[{index}].growth"));
    let of_all = file.traffic.growth.iter().map(|_| "traffic.growth".to_owned());
    for path in of_all.chain(own).collect::<Vec<_>>() {
        let help = "add volume_at = \"YYYY-MM-DD\" to [traffic]: the day whose volume is simulated";
        findings.refuse(&path, "growth has no effect without a date to grow to", help);
    }
}

/// Weeks from the day for which the volume is stated to the day that is simulated; none where something is wrong.
fn weeks(growth: &GrowthFile, volume_at: &str, path: &str, findings: &mut Findings<'_>) -> Option<f64> {
    let problems = findings.problems.len();
    let factors = [
        ("weekly_factor", Some(growth.weekly_factor)),
        ("weekly_factor_low", growth.weekly_factor_low),
        ("weekly_factor_high", growth.weekly_factor_high),
    ];
    for (key, factor) in factors {
        let why = "1.03 is 3 % more each week, 0.97 is 3 % less";
        findings.within(&join(path, key), factor.unwrap_or(1.0), FACTOR_MIN, FACTOR_MAX, why);
    }
    match (growth.weekly_factor_low, growth.weekly_factor_high) {
        (Some(low), Some(high)) if (low..=high).contains(&growth.weekly_factor) => {}
        (None, None) => {}
        (Some(low), Some(high)) => {
            let message = format!("{} is not between its ends, {low} and {high}", growth.weekly_factor);
            findings.refuse(&join(path, "weekly_factor"), message, "give the ends of the 95 % interval");
        }
        (low, _) => {
            let (there, missing) = if low.is_some() { ("low", "high") } else { ("high", "low") };
            let message = format!("an interval needs weekly_factor_{missing} too");
            findings.refuse(&join(path, &format!("weekly_factor_{there}")), message, "give both ends, or none");
        }
    }
    let from = join(path, "from");
    let place = if days_between(volume_at, volume_at).is_err() { "traffic.volume_at" } else { &from };
    let days = days_between(&growth.from, volume_at).map_err(|error| {
        let words = error.to_string();
        let (message, help) = words.split_once("; ").unwrap_or((&words, ""));
        findings.refuse(place, message, help);
    });
    let weeks = days.ok()? as f64 / DAYS_A_WEEK;
    if weeks < 0.0 {
        let message = format!("{volume_at} is before {}, for which the requests a day are stated", growth.from);
        findings.refuse("traffic.volume_at", message, "give a later day: growth is not run backwards");
    } else if weeks > WEEKS_MAX {
        let message = format!("{volume_at} is {weeks:.0} weeks after {}: no growth holds that long", growth.from);
        findings.refuse("traffic.volume_at", message, format!("give a day within {WEEKS_MAX} weeks"));
    }
    (findings.problems.len() == problems).then_some(weeks)
}

/// Where the extrapolated requests a day come from: no better than either number, and derived at best.
fn provenance(stated: &ProvenanceFile, growth: &GrowthFile, volume_at: &str) -> ProvenanceFile {
    ProvenanceFile {
        kind: stated.kind.max(growth.provenance.kind).max(KindName::Derived),
        source: format!(
            "{}; extrapolated from {} to {volume_at} by a factor of {} a week ({})",
            stated.source, growth.from, growth.weekly_factor, growth.provenance.source
        ),
        date: stated.date.clone(),
    }
}

/// A number of requests for a sentence.
fn shown(requests: f64) -> String {
    if requests >= 100.0 { format!("{requests:.0}") } else { format!("{requests:.1}") }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use fleetfront_calibration::Kind;

    use crate::testing::{check, default_scenario, edited, edited_text, only_problem};
    use crate::{Files, Scenario};

    const LORA: &str = "name = \"lora\"\nrequests";

    fn growth(keys: &str) -> String {
        format!(
            "growth = {{ {keys}, provenance = {{ kind = \"derived\", source = \"a trend\", date = \"2026-12-01\" }} }}"
        )
    }

    /// The default scenario with lines in `[traffic]` and in `lora`.
    fn files(of_all: &str, of_lora: &str) -> Files {
        let text = edited_text("scenario.toml", "run_in_h = 2.0", &format!("run_in_h = 2.0\n{of_all}"));
        let text = text.replacen(LORA, &format!("name = \"lora\"\n{of_lora}\nrequests"), 1);
        Files::embedded().with("scenario.toml", &text)
    }

    #[test]
    fn the_volume_is_that_of_the_date_for_every_number_that_knows_it() {
        // 2026-11-26 to 2027-03-04 is 14 weeks.
        let own =
            growth("weekly_factor = 1.03, weekly_factor_low = 1.01, weekly_factor_high = 1.05, from = \"2026-11-26\"");
        let scenario = Scenario::load(&files("volume_at = \"2027-03-04\"", &own)).expect("no problems");
        let expected = 100.0 * 1.03_f64.powi(14);
        assert_relative_eq!(scenario.traffic.models[3].requests_per_day, expected, max_relative = 1e-12);
        assert_relative_eq!(scenario.models[3].requests_per_day, expected, max_relative = 1e-12);
        let (before, after) = (default_scenario(), &scenario);
        for model in [0, 1, 2, 4, 5] {
            assert_eq!(before.traffic.models[model], after.traffic.models[model], "no other model grows");
        }
        let provenance = &scenario.models[3].traffic_provenance;
        assert!(provenance.kind >= Kind::Derived && provenance.source.contains("extrapolated from 2026-11-26"));
        let said = scenario.warnings.iter().find(|warning| warning.contains("extrapolated over 14.0 weeks"));
        let said = said.expect("it is said");
        // 100 x 1.01^14 and 100 x 1.05^14.
        assert!(said.contains("151 requests a day on 2027-03-04"), "{said}");
        assert!(said.contains("from the 100 of 2026-11-26 (95 %: 115 to 198)"), "{said}");
    }

    #[test]
    fn a_growth_of_all_is_taken_by_those_without_one() {
        let all = format!("volume_at = \"2026-12-10\"\n{}", growth("weekly_factor = 0.9, from = \"2026-11-26\""));
        let own = growth("weekly_factor = 2.0, from = \"2026-12-03\"");
        let scenario = Scenario::load(&files(&all, &own)).expect("no problems");
        let rates: Vec<f64> = scenario.traffic.models.iter().map(|model| model.requests_per_day).collect();
        for (rate, expected) in rates.iter().zip([324.0, 243.0, 162.0, 200.0, 16.2, 48.6]) {
            assert_relative_eq!(*rate, expected, max_relative = 1e-12);
        }
        assert!(scenario.warnings.iter().any(|warning| warning.contains("no interval")));
    }

    #[test]
    fn on_the_day_that_is_stated_nothing_changes() {
        let own = growth("weekly_factor = 1.03, from = \"2026-11-26\"");
        let scenario = Scenario::load(&files("volume_at = \"2026-11-26\"", &own)).expect("no problems");
        let default = default_scenario();
        assert_eq!((scenario.traffic, scenario.models), (default.traffic, default.models));
        assert_eq!(scenario.warnings, default.warnings);
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        let own = |keys: &str| files("volume_at = \"2027-03-04\"", &growth(keys));
        let refuse = |files: &Files, key: &str, words: &str| {
            let problem = only_problem(files);
            assert_eq!(problem.key, key, "{problem}");
            assert!(problem.message.contains(words) && problem.line.is_some(), "{problem}");
        };
        let good = growth("weekly_factor = 1.03, from = \"2026-11-26\"");
        refuse(&files("", &good), "models[3].growth", "no effect without a date");
        refuse(&files(&good, ""), "traffic.growth", "no effect without a date");
        refuse(&files("volume_at = \"2027-03-04\"", ""), "traffic.volume_at", "nothing is said of growth");
        refuse(&files("volume_at = \"March\"", &good), "traffic.volume_at", "\"March\" is not a date");
        refuse(&own("weekly_factor = 1.03, from = \"soon\""), "models[3].growth.from", "\"soon\" is not a date");
        refuse(&own("weekly_factor = 1.03, from = \"2028-01-01\""), "traffic.volume_at", "is before 2028-01-01");
        refuse(&own("weekly_factor = 1.03, from = \"2020-01-01\""), "traffic.volume_at", "no growth holds that long");
        let wide = own("weekly_factor = 30.0, from = \"2026-11-26\"");
        refuse(&wide, "models[3].growth.weekly_factor", "30 is outside 0.1 to 10");
        let half = own("weekly_factor = 1.03, weekly_factor_low = 1.0, from = \"2026-11-26\"");
        refuse(&half, "models[3].growth.weekly_factor_low", "needs weekly_factor_high too");
        let beside =
            own("weekly_factor = 1.03, weekly_factor_low = 1.04, weekly_factor_high = 1.05, from = \"2026-11-26\"");
        refuse(&beside, "models[3].growth.weekly_factor", "is not between its ends");
        let much = own("weekly_factor = 10.0, from = \"2026-12-31\"");
        refuse(&much, "models[3].requests_per_day", "more than the 10000000 that are simulated");
        check(
            "run_in_h = 2.0",
            "run_in_h = 2.0\ngrowth = 0.03",
            "0.03",
            "traffic.growth",
            "0.03 is not a table",
            "give a table",
        );
        let every = edited("run_in_h = 2.0", &format!("run_in_h = 2.0\nvolume_at = \"2027-03-04\"\n{good}"));
        let text = every.text("scenario.toml").expect("it is there");
        let text = text.replace("\nrequests_per_day", &format!("\n{good}\nrequests_per_day"));
        refuse(&every.with("scenario.toml", &text), "traffic.growth", "every model has a growth of its own");
    }
}
