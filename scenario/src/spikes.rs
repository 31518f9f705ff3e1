//! Scheduled spikes: factors on the rate at times of the day.

use fleetfront_workloads::{ModelTraffic, Spike, Traffic};

use crate::document::join;
use crate::file::{ScenarioFile, SpikeFile};
use crate::findings::Findings;
use crate::models::{REQUESTS_PER_DAY_MAX, REQUESTS_PER_DAY_MIN};
use crate::rules_check::time_or_refuse;

/// Largest factor: a limit against typing errors.
const FACTOR_MAX: f64 = 100.0;

/// The spikes of each model, in the scenario's order.
pub(crate) fn spikes(file: &ScenarioFile, findings: &mut Findings<'_>) -> Vec<Vec<Spike>> {
    let names: Vec<&str> = file.models.iter().map(|model| model.name.as_str()).collect();
    let drawn: Vec<bool> = file.models.iter().map(|model| model.replay.is_none()).collect();
    let mut of_models = vec![Vec::new(); names.len()];
    for (index, written) in file.traffic.spikes.iter().enumerate() {
        let path = place(index);
        let spike = spike(written, &path, findings);
        for model in models(written, &names, &drawn, &path, findings) {
            of_models[model].push(spike);
        }
    }
    of_models
}

fn place(index: usize) -> String {
    format!("traffic.spikes[{index}]")
}

fn spike(file: &SpikeFile, path: &str, findings: &mut Findings<'_>) -> Spike {
    let at = time_or_refuse(&file.at, &join(path, "at"), findings).map_or(0.0, |at| at.0 as f64 / 1e9);
    findings.positive(&join(path, "length_s"), file.length_s, "the length");
    findings.within_a_day(&join(path, "length_s"), file.length_s);
    let why = "0 is an outage, 1 changes nothing";
    findings.within(&join(path, "factor"), file.factor, 0.0, FACTOR_MAX, why);
    let mut weekdays = [file.weekdays.is_none(); 7];
    for weekday in file.weekdays.iter().flatten() {
        weekdays[weekday.index()] = true;
    }
    if file.weekdays.as_ref().is_some_and(Vec::is_empty) {
        findings.refuse(&join(path, "weekdays"), "there is no day of the week", "leave weekdays out for every day");
    }
    Spike { at: Findings::seconds(at), length: Findings::seconds(file.length_s), factor: file.factor, weekdays }
}

/// The models that a spike changes.
///
/// - `drawn`: whether a model's requests are drawn, not replayed.
fn models(file: &SpikeFile, names: &[&str], drawn: &[bool], path: &str, findings: &mut Findings<'_>) -> Vec<usize> {
    let Some(models) = &file.models else {
        if !names.is_empty() && !drawn.contains(&true) {
            findings.refuse(path, "every model is replayed: the spike changes none", "remove the spike");
        }
        return (0..names.len()).filter(|model| drawn[*model]).collect();
    };
    let path = join(path, "models");
    if models.is_empty() {
        findings.refuse(&path, "there is no model", "leave models out for all of them");
    }
    let mut found: Vec<usize> = Vec::new();
    for (index, name) in models.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match findings.find(&path, "model", name, names) {
            Some(model) if found.contains(&model) => {
                findings.refuse(&path, format!("\"{name}\" is named twice"), "remove one of the two");
            }
            Some(model) if !drawn[model] => {
                let message = format!("\"{name}\" is replayed: its requests come when the trace says");
                findings.refuse(&path, message, "remove it from the list");
            }
            model => found.extend(model),
        }
    }
    found
}

/// Refuses spikes that no trial meets, and those that leave a model too little traffic or all of them too much.
pub(crate) fn check(file: &ScenarioFile, traffic: &Traffic, findings: &mut Findings<'_>) {
    let written = &file.traffic.spikes;
    if written.is_empty() || !findings.problems.is_empty() {
        return;
    }
    for (index, file) in written.iter().enumerate() {
        let path = place(index);
        if !traffic.meets(&spike(file, &path, findings)) {
            let hours = traffic.horizon.get() / 3600.0;
            let message = format!("no trial meets it: each has {hours} hours from 00:00 on, and a run-in before");
            findings.refuse(&join(&path, "at"), message, "move it into the trial, or lengthen horizon_h");
        }
    }
    let path = join(&place(written.len() - 1), "factor");
    let per_day: Vec<f64> = traffic.models.iter().map(ModelTraffic::mean_per_day).collect();
    let total: f64 = per_day.iter().sum();
    if total > REQUESTS_PER_DAY_MAX {
        let message = format!(
            "with the spikes {total:.0} requests a day are more than the {REQUESTS_PER_DAY_MAX} that are simulated"
        );
        findings.refuse(&path, message, "lower the factors, or shorten the spikes");
    }
    if let Some(starved) = per_day.iter().position(|per_day| *per_day < REQUESTS_PER_DAY_MIN) {
        let message = format!("the spikes leave \"{}\" fewer than one request a day", file.models[starved].name);
        findings.refuse(&path, message, "shorten the outages, or take the model out of the scenario");
    }
}

#[cfg(test)]
mod tests {
    use crate::Scenario;
    use crate::testing::{check, edited, only_problem};
    use approx::assert_relative_eq;

    const OLD: &str = "[traffic.slow_rate.gamma]";

    fn with(lines: &str) -> String {
        format!("[[traffic.spikes]]\n{lines}\n\n{OLD}")
    }

    #[test]
    fn spikes_stand_with_the_models_that_they_change() {
        let lines = "at = \"18:30\"\nlength_s = 3600\nfactor = 4\nweekdays = [\"mon\", \"sun\"]\nmodels = [\"lora\"]";
        let traffic = Scenario::load(&edited(OLD, &with(lines))).expect("no problems").traffic;
        let counts: Vec<usize> = traffic.models.iter().map(|model| model.spikes.len()).collect();
        assert_eq!(counts, [0, 0, 0, 1, 0, 0]);
        let spike = traffic.models[3].spikes[0];
        assert_eq!((spike.at.get(), spike.length.get(), spike.factor), (66_600.0, 3600.0, 4.0));
        assert_eq!(spike.weekdays, [true, false, false, false, false, false, true]);
        let every = "at = \"00:00\"\nlength_s = 86400\nfactor = 2";
        let traffic = Scenario::load(&edited(OLD, &with(every))).expect("no problems").traffic;
        assert!(traffic.models.iter().all(|model| model.spikes[0].weekdays == [true; 7]));
        assert_relative_eq!(traffic.models[0].mean_per_day(), 800.0, max_relative = 1e-12);
    }

    #[test]
    fn what_a_spike_cannot_be_is_refused() {
        let refuse = |lines: &str, at: &str, key: &str, message: &str, help: &str| {
            check(OLD, &with(lines), at, &format!("traffic.spikes[0].{key}"), message, help);
        };
        let of = |at: &str, length_s: &str, factor: &str, more: &str| {
            format!("at = \"{at}\"\nlength_s = {length_s}\nfactor = {factor}\n{more}")
        };
        refuse(&of("24:00", "60", "2", ""), "\"24:00\"", "at", "\"24:00\" is no time of the day", "\"HH:MM\"");
        refuse(&of("18:00", "0", "2", ""), "0\nf", "length_s", "the length is 0", "above zero");
        refuse(&of("18:00", "90000", "2", ""), "90000", "length_s", "90000 is outside 0 to 86400", "a day");
        refuse(&of("18:00", "60", "101", ""), "101", "factor", "101 is outside 0 to 100", "0 is an outage");
        let none = of("18:00", "60", "2", "weekdays = []");
        refuse(&none, "[]", "weekdays", "no day of the week", "leave weekdays out");
        let wrong = of("18:00", "60", "2", "weekdays = [\"monday\"]");
        refuse(&wrong, "\"monday\"", "weekdays[0]", "there is no choice \"monday\"", "mon");
        let nobody = of("18:00", "60", "2", "models = []");
        refuse(&nobody, "[]", "models", "there is no model", "leave models out");
        let unknown = of("18:00", "60", "2", "models = [\"lorra\"]");
        refuse(&unknown, "\"lorra\"", "models[0]", "there is no model \"lorra\"", "did you mean `lora`?");
        let twice = of("18:00", "60", "2", "models = [\"lora\", \"lora\"]");
        refuse(&twice, "\"lora\"]", "models[1]", "is named twice", "remove one");
        let dark = of("00:00", "86400", "0", "models = [\"lora\"]");
        refuse(&dark, "0\nm", "factor", "leave \"lora\" fewer than one request a day", "shorten the outages");
    }

    #[test]
    fn a_spike_that_no_trial_meets_or_that_is_too_much_is_refused() {
        let lines = "at = \"18:00\"\nlength_s = 3600\nfactor = 4";
        let new = with(lines).replace(OLD, "");
        let short = edited("run_in_h = 2.0", &format!("run_in_h = 2.0\nhorizon_h = 6.0\n\n{new}"));
        let problem = only_problem(&short);
        assert_eq!(problem.key, "traffic.spikes[0].at");
        assert!(problem.message.contains("each has 6 hours from 00:00"), "{problem}");
        let text = crate::testing::edited_text("scenario.toml", "requests_per_day = 400.0", "requests_per_day = 4e6");
        let text = text.replace(OLD, &with("at = \"00:00\"\nlength_s = 86400\nfactor = 3"));
        let problem = only_problem(&crate::Files::embedded().with("scenario.toml", &text));
        assert!(problem.message.contains("12002040 requests a day are more than the 10000000"), "{problem}");
    }
}
