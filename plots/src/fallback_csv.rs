//! Every policy at every point as a table: `fallback.csv`.

use fleetfront_planner::{Based, Basis, Estimate, FallbackAnswer, FallbackStudy, LevelSource, Payoff, PolicyResult};

use crate::PlotError;
use crate::sources::{BASIS, basis_cells};

const HEADER: [&str; 13] = [
    "model",
    "cheap",
    "cheap_variant",
    "dear",
    "dear_variant",
    "failure_probability",
    "failure_source",
    "scarcity_share",
    "scarcity_length_s_mean",
    "scarcity_source",
    "policy",
    "payoff",
    "cost_p_adjusted",
];

/// What a column reads; `None` where it has no meaning.
type Read = fn(&PolicyResult) -> Option<Estimate>;

/// Columns of an estimate: its name, and where it comes from. Each is written as value, low and high.
const ESTIMATED: [(&str, Read); 8] = [
    ("cost_usd_month", |of| Some(of.cost_usd_month)),
    ("cost_ratio", |of| Some(of.cost_ratio)),
    ("latency_s_mean", |of| Some(of.latency_s_mean)),
    ("latency_s_p95", |of| Some(of.latency_s_p95)),
    ("latency_p95_ratio", |of| Some(of.latency_p95_ratio)),
    ("success_rate", |of| Some(of.success_rate)),
    ("fell_back_share", |of| of.fell_back_share),
    ("dear_time_share", |of| Some(of.dear_time_share)),
];

/// The table: a line a policy and point of each pair, and one for each dear GPU type alone; infinite values are `inf`,
/// what has no meaning is empty.
///
/// # Errors
/// [`PlotError::Table`] when a line cannot be written.
pub(crate) fn fallback_csv(study: &FallbackStudy) -> Result<Vec<u8>, PlotError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let estimated = ESTIMATED
        .iter()
        .flat_map(|(name, _)| [String::new(), "_low".into(), "_high".into()].map(|end| format!("{name}{end}")));
    let header = HEADER.map(str::to_owned).into_iter().chain(estimated).chain(BASIS.map(str::to_owned));
    writer.write_record(header)?;
    let basis = study.basis();
    for answer in &study.pairs {
        writer.write_record(line(answer, &answer.dear_only, [const { String::new() }; 5], &basis))?;
        for point in &answer.points {
            let levels = [
                point.failure.probability.to_string(),
                source(point.failure.source).to_owned(),
                point.scarcity.share.to_string(),
                point.scarcity.mean_length_s.to_string(),
                source(point.scarcity.source).to_owned(),
            ];
            for policy in &point.policies {
                writer.write_record(line(answer, policy, levels.clone(), &basis))?;
            }
        }
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

fn line(answer: &FallbackAnswer, of: &PolicyResult, levels: [String; 5], basis: &Basis) -> Vec<String> {
    let (cheap, dear) = (&answer.cheap, &answer.dear);
    let places = [&answer.model, &cheap.gpu, &cheap.variant, &dear.gpu, &dear.variant];
    let mut cells: Vec<String> = places.into_iter().cloned().chain(levels).collect();
    cells.push(of.policy.label(&cheap.gpu, &dear.gpu));
    cells.push(payoff(of.payoff).to_owned());
    cells.push(of.cost_p_adjusted.to_string());
    for (_, read) in ESTIMATED {
        let numbers = read(of).map(|Estimate { value, low, high }| [value, low, high].map(|number| number.to_string()));
        cells.extend(numbers.unwrap_or_default());
    }
    cells.extend(basis_cells(basis));
    cells
}

fn source(of: LevelSource) -> &'static str {
    match of {
        LevelSource::Scenario => "scenario",
        LevelSource::Assumed => "assumed",
    }
}

fn payoff(of: Payoff) -> &'static str {
    match of {
        Payoff::Pays => "pays",
        Payoff::Open => "open",
        Payoff::CheaperOnly => "cheaper_only",
        Payoff::NotCheaper => "not_cheaper",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fallback_fixture::study;

    #[test]
    fn every_policy_at_every_point_is_a_line() {
        let study = study();
        let table = fallback_csv(&study).expect("writable");
        let mut reader = csv::Reader::from_reader(table.as_slice());
        let head = reader.headers().expect("a header").clone();
        let column = |name: &str| head.iter().position(|one| one == name).expect(name);
        let lines: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("lines of equal length");
        let policies = |answer: &FallbackAnswer| answer.points.iter().map(|p| p.policies.len()).sum::<usize>();
        assert_eq!(lines.len(), study.pairs.iter().map(|answer| 1 + policies(answer)).sum::<usize>());
        assert_eq!((&lines[0][column("policy")], &lines[0][column("failure_probability")]), ("L40S alone", ""));
        let first = &study.pairs[0].points[0].policies[0];
        assert_eq!(lines[1][column("cost_ratio_high")].parse(), Ok(first.cost_ratio.high));
        assert_eq!(&lines[1][column("fell_back_share")], "", "nothing falls back from a type alone");
        let never = lines.iter().find(|line| &line[column("latency_s_p95")] == "inf").expect("one never completes");
        assert_eq!(&never[column("payoff")], "cheaper_only");
    }
}
