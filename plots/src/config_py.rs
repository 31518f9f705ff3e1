//! The settings of the recommended allocation as Python, by the names of Modal's own decorator arguments: `config.py`.

use std::fmt::Write;

use fleetfront_planner::{AllocationResult, Judgement, PoolResult, Study, schedule_words};
use fleetfront_scenario::PoolSettings;
use fleetfront_sim::Execution;

use crate::PlotError;
use crate::format::{Unit, estimate, in_unit, judgement_word};

/// The text of the module.
///
/// # Errors
/// [`PlotError::UnknownAllocation`] when the study recommends what it does not contain.
pub(crate) fn config_py(study: &Study) -> Result<String, PlotError> {
    let name = &study.recommendation.allocation;
    let allocation = study
        .allocations
        .iter()
        .find(|allocation| allocation.name == *name)
        .ok_or_else(|| PlotError::UnknownAllocation { name: name.clone() })?;
    let mut out = header(study, allocation);
    out.push_str("\n# One entry a pool: arguments of @app.cls or @app.function.\nPOOLS = {\n");
    for pool in &allocation.pools {
        write_pool(&mut out, pool);
    }
    out.push_str("}\n\n# Inputs that a container accepts at once: @modal.concurrent(max_inputs=MAX_INPUTS[pool]).\n");
    out.push_str("MAX_INPUTS = {\n");
    for pool in allocation.pools.iter().filter(|pool| pool.settings.max_inputs > 1) {
        let meaning = match &pool.settings.execution {
            Execution::Serial => "executed one after another",
            Execution::Parallel => "executed at the same time",
            Execution::Shared(_) => "executed at the same time, sharing the GPU",
            Execution::Batched(_) => "executed in batches",
        };
        let _ = writeln!(out, "    {}: {},  # {meaning}", quoted(&pool.name), pool.settings.max_inputs);
    }
    out.push_str("}\n");
    Ok(out)
}

fn header(study: &Study, allocation: &AllocationResult) -> String {
    let mut lines = vec![
        format!("Settings of the allocation \"{}\", computed by fleetfront {}.", allocation.name, study.version),
        format!("Study: {}, seed {}, {} trials.", study.scenario, study.seed, study.trials),
        format!("Inputs (SHA-256): {}", study.inputs_sha256),
        String::new(),
    ];
    if let Some(results) = &allocation.results {
        let fleet = &results.fleet;
        lines.push(format!("Simulated cost a month: {}.", estimate(fleet.cost_usd_month, Unit::Usd)));
        lines.push(format!(
            "Worst p95 latency: {} its limit ({}).",
            estimate(results.worst_p95_over_limit, Unit::Ratio),
            results.worst_model
        ));
    } else {
        lines.push("This allocation cannot run:".to_owned());
        lines.extend(allocation.infeasible.iter().map(|reason| format!("- {reason}")));
    }
    let open: Vec<String> = allocation
        .criteria
        .iter()
        .filter(|criterion| criterion.judgement != Judgement::Pass)
        .map(|criterion| {
            let found = in_unit(criterion.value, &criterion.unit);
            let judgement = judgement_word(criterion.judgement);
            let note = if criterion.note.is_empty() { String::new() } else { format!(" ({})", criterion.note) };
            format!("- {}, {}: {found}: {judgement}{note}", criterion.subject, criterion.criterion)
        })
        .collect();
    if open.is_empty() {
        lines.push("It meets every criterion of the study.".to_owned());
    } else {
        lines.push("Criteria that it does not meet for sure:".to_owned());
        lines.extend(open);
    }
    lines.iter().fold(String::new(), |mut out, line| {
        let _ = writeln!(out, "{}", format!("# {}", one_line(line)).trim_end());
        out
    })
}

fn write_pool(out: &mut String, pool: &PoolResult) {
    let models: Vec<String> = pool.models.iter().map(|(model, variant)| format!("{model} ({variant})")).collect();
    let PoolSettings { min_containers, max_containers, buffer_containers, scaledown_window, timeout, retries, .. } =
        &pool.settings;
    let most = max_containers.map_or("None".to_owned(), |most| most.to_string());
    let _ = writeln!(out, "    # {}", one_line(&models.join(", ")));
    let _ = writeln!(out, "    {}: {{", quoted(&pool.name));
    let _ = writeln!(out, "        \"gpu\": {},", gpus(pool));
    let _ = writeln!(out, "        \"min_containers\": {min_containers},");
    let _ = writeln!(out, "        \"max_containers\": {most},");
    let _ = writeln!(out, "        \"buffer_containers\": {buffer_containers},");
    // The platform takes whole seconds.
    let _ = writeln!(out, "        \"scaledown_window\": {},", scaledown_window.get().ceil() as u64);
    let _ = writeln!(out, "        \"timeout\": {},", timeout.get().ceil() as u64);
    let _ = writeln!(out, "        \"retries\": {retries},");
    if let Some(restores) = pool.settings.rules.snapshot {
        let _ = writeln!(out, "        \"enable_memory_snapshot\": {},", if restores { "True" } else { "False" });
    }
    if let Some(entries) = &pool.settings.rules.schedule {
        let _ = writeln!(out, "        # Changes by the hour: {}.", one_line(&schedule_words(entries)));
    }
    let _ = writeln!(out, "    }},");
}

/// The GPU type; a list where others are asked after it.
fn gpus(pool: &PoolResult) -> String {
    let others: Vec<String> = pool.settings.rules.gpu_fallback.iter().flatten().map(|name| quoted(name)).collect();
    if others.is_empty() { quoted(&pool.gpu) } else { format!("[{}, {}]", quoted(&pool.gpu), others.join(", ")) }
}

/// A Python string literal.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A comment ends with its line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn awkward() -> Study {
        let mut study = fixture::study();
        let recommended = study.allocations.last_mut().expect("a recommended one");
        recommended.pools[0].name = "a \"pool\"\\ of\nmine".into();
        recommended.pools[1].settings.max_containers = Some(8);
        recommended.criteria[0].criterion = "two\nlines".into();
        study
    }

    #[test]
    fn every_pool_has_the_platforms_arguments() {
        let text = config_py(&awkward()).expect("the allocation is there");
        assert!(text.starts_with("# Settings of the allocation \"recommended\", computed by fleetfront 0.1.0.\n"));
        assert!(text.contains("# Study: image-studio, seed 7, 56 trials.\n# Inputs (SHA-256): 8d1f"));
        assert!(
            text.contains(
                "p95 latency at most 1.2 times that of current: 1.22× (1.15–1.29): undecided (the service time"
            )
        );
        assert!(text.contains("    \"a \\\"pool\\\"\\\\ of\\x0amine\": {\n        \"gpu\": \"A10\",\n"));
        assert!(text.contains("\"max_containers\": 8,"));
        assert_eq!(text.matches("\"max_containers\": None,").count(), 5);
        assert!(text.contains("\"flux-dev-pool\": 5,  # executed one after another"));
        for key in ["gpu", "min_containers", "buffer_containers", "scaledown_window", "timeout", "retries"] {
            assert_eq!(text.matches(&format!("        \"{key}\": ")).count(), 6, "{key}");
        }
        assert!(text.lines().all(|line| line.is_empty() || line.starts_with(['#', ' ', 'P', 'M', '}'])));
    }

    #[test]
    fn an_unknown_recommendation_is_an_error() {
        let mut study = fixture::study();
        study.recommendation.allocation = "nobody".into();
        let error = config_py(&study).expect_err("there is none of that name");
        assert!(error.to_string().contains("`nobody`"), "{error}");
    }

    #[test]
    fn ranked_gpu_types_are_a_list() {
        let mut study = awkward();
        let rules = &mut study.allocations.last_mut().expect("a recommended one").pools[0].settings.rules;
        (rules.gpu_fallback, rules.snapshot) = (Some(vec!["L40S".into(), "H100".into()]), Some(true));
        let text = config_py(&study).expect("the allocation is there");
        assert!(text.contains("\"gpu\": [\"A10\", \"L40S\", \"H100\"],"));
        assert!(text.contains("\"enable_memory_snapshot\": True,"));
    }

    /// Python itself is asked where there is one.
    #[test]
    fn python_reads_it() {
        let text = config_py(&awkward()).expect("the allocation is there");
        let program = "import sys; d = {}; exec(compile(sys.argv[1], 'config.py', 'exec'), d); \
                       print(len(d['POOLS']), d['MAX_INPUTS']['flux-dev-pool'], 'a \"pool\"\\\\ of\\nmine' in d['POOLS'])";
        match std::process::Command::new("python3").args(["-c", program, &text]).output() {
            Ok(run) => {
                assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
                assert_eq!(String::from_utf8_lossy(&run.stdout).trim(), "6 5 True");
            }
            Err(error) => eprintln!("SKIPPED: no python3 on this machine ({error})"),
        }
    }
}
