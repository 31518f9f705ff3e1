//! A scenario under another platform's prices and billing rules.

use fleetfront_sim::UsdPerSecond;

use crate::feasibility::offered;
use crate::platform::Platform;
use crate::presets::{Preset, PresetGpu};
use crate::resolved::{Gpu, Scenario};

impl Scenario {
    /// The same scenario as a platform bills it: its prices, what it bills, how it rounds. A GPU type without a price
    /// there is not offered, and nothing runs on it. Traffic, service and boot times, windows and everything else stay.
    #[must_use]
    pub fn on_platform(&self, preset: &Preset) -> Self {
        let mut scenario = self.clone();
        scenario.platform = platform(&self.platform, preset);
        for gpu in &mut scenario.gpus {
            let there = preset.gpus.iter().find(|there| there.name == gpu.name);
            *gpu = priced(gpu, there, &scenario.platform);
        }
        for variant in scenario.models.iter_mut().flat_map(|model| &mut model.variants) {
            let peak_gib = variant.peak_gib;
            for (cell, gpu) in variant.cells.iter_mut().zip(&scenario.gpus) {
                let missing = (!gpu.offered).then_some(preset.name.as_str());
                let peak_gib = cell.peak_gib.map_or(peak_gib, |measured| measured.max(peak_gib));
                cell.feasibility = offered(cell, missing, (peak_gib, gpu.usable_gib));
                if let (Some(plan), Some(image)) = (&mut cell.boot_plan, preset.billing.image) {
                    plan.bill_image = image;
                }
            }
        }
        scenario
    }
}

fn platform(own: &Platform, preset: &Preset) -> Platform {
    let beside = |usd: fn(&crate::presets::BesideGpu) -> f64| price(preset.beside.as_ref().map_or(0.0, usd));
    Platform {
        preset: Some(preset.name.clone()),
        cpu_usd_per_core_s: beside(|beside| beside.usd_per_core_s),
        memory_usd_per_gib_s: beside(|beside| beside.usd_per_gib_s),
        price_provenance: preset.container_provenance.clone(),
        bills_boot: preset.billing.boot,
        bills_idle: preset.billing.idle,
        billing_increment_s: preset.billing.increment_s,
        billing_minimum_s: preset.billing.minimum_s,
        ..own.clone()
    }
}

/// A GPU type at the platform's price, with the cores and memory that a container with it has at least.
fn priced(gpu: &Gpu, there: Option<&PresetGpu>, platform: &Platform) -> Gpu {
    let Some(there) = there else { return Gpu { offered: false, usd_per_second: price(0.0), ..gpu.clone() } };
    let more = |least: f64, own: f64| (least - own).max(0.0);
    let cores = more(there.cores_min, platform.cpu_cores) * platform.cpu_usd_per_core_s.get();
    let memory = more(there.memory_gib_min, platform.memory_gib) * platform.memory_usd_per_gib_s.get();
    Gpu {
        offered: true,
        usd_per_second: price(there.usd_per_second() + cores + memory),
        price_provenance: there.provenance.clone(),
        ..gpu.clone()
    }
}

fn price(usd_per_second: f64) -> UsdPerSecond {
    UsdPerSecond::new(usd_per_second).expect("a test reads every price")
}

#[cfg(test)]
mod tests {
    use crate::presets::{preset, presets};
    use crate::resolved::{Feasibility, Infeasible};
    use crate::testing::{check, default_scenario, edited, only_problem};
    use crate::{Files, Scenario};

    const NAME: &str = "name = \"modal\"\n";

    fn with(line: &str) -> Files {
        edited(NAME, &format!("{NAME}{line}\n"))
    }

    #[test]
    fn what_is_not_offered_cannot_run_and_says_so() {
        let scenario = default_scenario().on_platform(&preset("runpod-flex").expect("it is there"));
        let gpu = |name: &str| scenario.gpus.iter().position(|gpu| gpu.name == name).expect("it is there");
        let reasons = |gpu: usize| match &scenario.models[0].variants[0].cells[gpu].feasibility {
            Feasibility::Infeasible { reasons } => reasons.clone(),
            _ => Vec::new(),
        };
        let missing = Infeasible::NotOffered { platform: "runpod-flex".into() };
        assert!(reasons(gpu("T4")).contains(&missing) && reasons(gpu("T4")).len() > 1);
        assert_eq!(reasons(gpu("A10")), [missing]);
        assert_eq!(reasons(gpu("L40S")), []);
        assert!(!scenario.gpus[gpu("A10")].offered && scenario.gpus[gpu("L40S")].offered);
        // Back at home everything is as it was.
        let back = scenario.on_platform(&preset("modal").expect("it is there"));
        assert_eq!(back.models, default_scenario().models);
        assert_eq!(back.gpus, default_scenario().gpus);
    }

    /// An L4 on Cloud Run has 4 vCPUs and 16 GiB at least; the scenario asks for one core, which is half of that, and
    /// for 16 GiB: 0.0001867 + 1 x 0.000036 dollars a second.
    #[test]
    fn cores_and_memory_that_come_with_a_gpu_are_counted() {
        let scenario = default_scenario().on_platform(&preset("cloud-run").expect("it is there"));
        let l4 = scenario.gpus.iter().find(|gpu| gpu.name == "L4").expect("it is there");
        approx::assert_relative_eq!(l4.usd_per_second.get(), 0.000_222_7, max_relative = 1e-9);
        approx::assert_relative_eq!(scenario.platform.memory_usd_per_gib_s.get(), 0.000_002);
        let baseten = default_scenario().on_platform(&preset("baseten").expect("it is there"));
        assert_eq!((baseten.platform.cpu_usd_per_core_s.get(), baseten.platform.billing_increment_s), (0.0, 60.0));
    }

    /// The line in the scenario is the same as applying it.
    #[test]
    fn one_line_of_the_scenario_names_the_platform() {
        for preset in presets() {
            let loaded = Scenario::load(&with(&format!("preset = \"{}\"", preset.name)));
            let by_hand = default_scenario().on_platform(&preset);
            if preset.gpus.iter().all(|gpu| gpu.name != "L40S") {
                let problems = loaded.expect_err("the baseline runs on L40S");
                let message = format!("the baseline runs on L40S, which {} does not offer", preset.name);
                assert_eq!((problems.len(), &problems[0].message), (1, &message), "{problems:?}");
                continue;
            }
            let loaded = loaded.unwrap_or_else(|problems| panic!("{}: {problems:?}", preset.name));
            assert_eq!((&loaded.platform, &loaded.gpus), (&by_hand.platform, &by_hand.gpus), "{}", preset.name);
            assert_eq!((&loaded.models, &loaded.allocations), (&by_hand.models, &by_hand.allocations));
            for caveat in &preset.caveats {
                assert!(loaded.warnings.iter().any(|words| words.ends_with(caveat)), "{caveat}");
            }
        }
    }

    /// Prices of `runpod-flex` written into `prices.csv`, its rounding into the rules: the same prices and rules as by its name.
    #[test]
    fn a_platform_s_name_is_its_numbers_written_out() {
        let prices = "item,usd_per_second,kind,source,date\n\
                      L4,0.00019,published,x,x\nL40S,0.00053,published,x,x\nA100-80GB,0.00076,published,x,x\n\
                      H100,0.00116,published,x,x\nH200,0.00155,published,x,x\nB200,0.0024,published,x,x\n\
                      T4,0.01,published,x,x\nA10,0.01,published,x,x\nA100-40GB,0.01,published,x,x\n\
                      RTX-PRO-6000,0.01,published,x,x\ncpu_core,0,published,x,x\nmemory_gib,0,published,x,x\n";
        let written = edited("retries = 0", "retries = 0\nrules = { billing_increment_s = 1.0 }");
        let written = Scenario::load(&written.with("prices.csv", prices)).expect("no problems");
        let named = Scenario::load(&with("preset = \"runpod-flex\"")).expect("no problems");
        for (written, named) in written.gpus.iter().zip(&named.gpus).filter(|(_, named)| named.offered) {
            assert_eq!(written.usd_per_second, named.usd_per_second, "{}", named.name);
        }
        assert_eq!(written.platform.cpu_usd_per_core_s, named.platform.cpu_usd_per_core_s);
        assert_eq!(written.defaults.rules.billing_increment_s, Some(named.platform.billing_increment_s));
    }

    #[test]
    fn a_window_may_be_left_to_the_platform() {
        let text = crate::testing::edited_text("scenario.toml", "scaledown_window_s = 300.0\n", "");
        let files =
            |line: &str| Files::embedded().with("scenario.toml", &text.replacen(NAME, &format!("{NAME}{line}\n"), 1));
        let scenario = Scenario::load(&files("preset = \"runpod-flex\"")).expect("no problems");
        approx::assert_relative_eq!(scenario.defaults.scaledown_window.get(), 5.0);
        for line in ["", "preset = \"replicate-private\""] {
            let problem = only_problem(&files(line));
            assert_eq!(problem.key, "defaults.scaledown_window_s");
            assert_eq!(problem.message, "`scaledown_window_s` is missing");
        }
    }

    #[test]
    fn a_platform_that_is_not_known_is_refused_with_the_nearest() {
        let new = |line: &str| format!("{NAME}{line}\n");
        let (key, message) = ("platform.preset", "there is no platform \"runpod\"");
        check(
            NAME,
            &new("preset = \"runpod\""),
            "\"runpod\"",
            key,
            message,
            "did you mean \"runpod-flex\"? Known: modal,",
        );
    }

    #[test]
    fn what_is_free_does_not_go_with_rounding() {
        let rules = "retries = 0\nrules = { billing_increment_s = 1.0 }";
        let text = crate::testing::edited_text("scenario.toml", "retries = 0", rules);
        for (line, key) in
            [("bills_idle = false", "platform.bills_idle"), ("preset = \"replicate-public\"", "platform.preset")]
        {
            let text = text.replacen(NAME, &format!("{NAME}{line}\n"), 1);
            let problem = only_problem(&Files::embedded().with("scenario.toml", &text));
            assert_eq!(problem.key, key);
            assert!(problem.message.starts_with("what is free does not go with rounding"), "{problem}");
        }
        let free = Scenario::load(&with("bills_idle = false")).expect("no problems").platform;
        assert_eq!((free.bills_boot, free.bills_idle), (true, false));
        // What the scenario states goes before the preset.
        let lines = "preset = \"replicate-public\"\nbills_boot = true";
        let stated = Scenario::load(&with(lines)).expect("no problems").platform;
        assert_eq!((stated.bills_boot, stated.bills_idle), (true, false));
    }
}
