//! What an allocation has to reach, and the spreadsheet that it is held against.

use crate::file::{CriteriaFile, ModelFile, NaiveFile};
use crate::findings::Findings;
use crate::resolved::{Criteria, NaiveEstimate};

/// The criteria.
pub(crate) fn criteria(file: &CriteriaFile, findings: &mut Findings<'_>) -> Criteria {
    let percentile = file.latency_percentile;
    if (percentile - 0.95).abs() > 1e-9 {
        let message = format!("percentile {percentile} is not judged yet");
        findings.refuse("criteria.latency_percentile", message, "write 0.95: the only percentile that criteria know");
    }
    for (key, fraction) in
        [("cost_reduction_min", file.cost_reduction_min), ("success_rate_min", file.success_rate_min)]
    {
        if let Some(fraction) = fraction {
            findings.within(&format!("criteria.{key}"), fraction, 0.0, 1.0, "it is a fraction, 40 % is 0.40");
        }
    }
    if let Some(ratio) = file.latency_ratio_max {
        findings.positive("criteria.latency_ratio_max", ratio, "the accepted latency ratio");
    }
    if file.latency_readings.is_empty() {
        let help = "give one or both of \"warm_service\" and \"end_to_end\"";
        findings.refuse("criteria.latency_readings", "no reading of latency is judged", help);
    }
    for (index, reading) in file.latency_readings.iter().enumerate() {
        if file.latency_readings[..index].contains(reading) {
            findings.refuse(
                &format!("criteria.latency_readings[{index}]"),
                "this reading stands here twice",
                "remove one",
            );
        }
    }
    Criteria {
        cost_reduction_min: file.cost_reduction_min,
        latency_ratio_max: file.latency_ratio_max,
        latency_limit: file.latency_limit,
        latency_percentile: percentile,
        latency_readings: file.latency_readings.clone(),
        success_rate_min: file.success_rate_min,
        quality_lpips_max: file.quality_lpips_max,
    }
}

/// The spreadsheet.
pub(crate) fn naive(file: &NaiveFile, models: &[ModelFile], findings: &mut Findings<'_>) -> NaiveEstimate {
    findings.positive("naive.time_per_request_s", file.time_per_request_s, "the time per request");
    findings.within_a_day("naive.time_per_request_s", file.time_per_request_s);
    let known: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
    let mut indices = Vec::new();
    for (index, name) in file.models.iter().enumerate() {
        let path = format!("naive.models[{index}]");
        match findings.find(&path, "model", name, &known) {
            Some(model) if indices.contains(&model) => {
                findings.refuse(&path, format!("the model \"{name}\" stands here twice"), "remove one");
            }
            Some(model) => indices.push(model),
            None => {}
        }
    }
    NaiveEstimate {
        seconds_per_request: Findings::seconds(file.time_per_request_s),
        models: indices,
        provenance: (&file.provenance).into(),
    }
}

#[cfg(test)]
mod tests {
    use crate::resolved::LatencyReading;
    use crate::testing::{check, default_scenario, edited};

    #[test]
    fn the_default_asks_what_the_requirements_ask() {
        let criteria = default_scenario().criteria;
        assert_eq!((criteria.cost_reduction_min, criteria.latency_ratio_max), (Some(0.40), Some(1.20)));
        assert_eq!((criteria.success_rate_min, criteria.quality_lpips_max), (Some(0.95), Some(0.30)));
        assert_eq!((criteria.latency_limit, criteria.latency_percentile), (true, 0.95));
        assert_eq!(criteria.latency_readings, [LatencyReading::WarmService, LatencyReading::EndToEnd]);
    }

    #[test]
    fn a_criterion_that_is_left_out_is_not_asked_for() {
        let scenario = crate::Scenario::load(&edited("cost_reduction_min = 0.40", "")).expect("no problems");
        assert_eq!(scenario.criteria.cost_reduction_min, None);
    }

    #[test]
    fn fractions_are_fractions() {
        let key = "criteria.cost_reduction_min";
        check(
            "cost_reduction_min = 0.40",
            "cost_reduction_min = 40",
            "40",
            key,
            "40 is outside 0 to 1",
            "40 % is 0.40",
        );
        let key = "criteria.latency_percentile";
        check(
            "latency_percentile = 0.95",
            "latency_percentile = 95",
            "95",
            key,
            "percentile 95 is not judged yet",
            "0.95",
        );
        let key = "criteria.latency_ratio_max";
        check("latency_ratio_max = 1.20", "latency_ratio_max = 0", "0", key, "is 0", "above zero");
        let key = "criteria.latency_readings";
        check("[\"warm_service\", \"end_to_end\"]", "[]", "[]", key, "no reading", "warm_service");
        let key = "criteria.latency_readings[1]";
        check(
            "\"warm_service\", \"end_to_end\"]",
            "\"end_to_end\", \"end_to_end\"]",
            "\"end_to_end\"]",
            key,
            "twice",
            "remove one",
        );
    }

    #[test]
    fn the_spreadsheet_counts_known_models_once() {
        let naive = default_scenario().naive;
        assert_eq!((naive.seconds_per_request.get(), naive.models), (10.0, vec![0, 1, 2, 3]));
        let old = "models = [\"flux-schnell\", \"flux-dev\", \"instantid\", \"lora\"]";
        check(old, "models = [\"loar\"]", "\"loar\"", "naive.models[0]", "no model \"loar\"", "`lora`");
        check(old, "models = [\"lora\", \"lora\"]", "\"lora\"]", "naive.models[1]", "stands here twice", "remove one");
        let key = "naive.time_per_request_s";
        check("time_per_request_s = 10.0", "time_per_request_s = 0.0", "0.0", key, "is 0", "above zero");
    }
}
