//! Adapters, such as `LoRA`, that requests of a model need.

use fleetfront_calibration::Provenance;
use fleetfront_sim::{Adapters, Execution, Law, exp, ln};
use serde::{Deserialize, Serialize};

use crate::contradictions::ways;
use crate::document::join;
use crate::file::{AdaptersFile, ModelFile};
use crate::findings::Findings;
use crate::law_file::LawFile;
use crate::resolved::{Allocation, PoolPlan, PoolSettings, Scenario};
use crate::shapes::check_weights;

/// Most adapters of a model.
pub(crate) const COUNT_MAX: u32 = 10_000;
/// Largest exponent of their popularity: beyond it nearly all requests need the first.
pub(crate) const ZIPF_MAX: f64 = 10.0;

/// The adapters of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdapterMix {
    /// How often each is needed, in relation to the others.
    pub weights: Vec<f64>,
    /// Time to load one that a container does not hold.
    pub load: Law,
    /// How many a container holds.
    pub held: u32,
    /// Where these come from.
    pub provenance: Provenance,
}

impl AdapterMix {
    /// As the engine takes them.
    #[must_use]
    pub fn adapters(&self) -> Adapters {
        Adapters::new(&self.weights, self.load, self.held)
    }
}

impl PoolSettings {
    /// Whether its containers execute one input at a time: what adapters need, and copies of a request.
    #[must_use]
    pub fn executes_singly(&self) -> bool {
        match self.execution {
            Execution::Serial => true,
            Execution::Parallel => self.max_inputs == 1,
            Execution::Shared(_) | Execution::Batched(_) => false,
        }
    }
}

/// The adapters of the model at `path`.
pub(crate) fn adapters(model: &ModelFile, path: &str, findings: &mut Findings<'_>) -> Option<AdapterMix> {
    let file = model.adapters.as_ref()?;
    let path = join(path, "adapters");
    findings.within(
        &join(&path, "held"),
        f64::from(file.held),
        1.0,
        f64::from(COUNT_MAX),
        "a container holds one or more",
    );
    let weights = weights(file, &path, findings);
    let load = load(file, &path, findings);
    let provenance = (&file.provenance).into();
    findings.problems.is_empty().then_some(AdapterMix { weights, load, held: file.held, provenance })
}

fn weights(file: &AdaptersFile, path: &str, findings: &mut Findings<'_>) -> Vec<f64> {
    let count_max = COUNT_MAX as usize;
    match (&file.weights, file.count, file.zipf) {
        (Some(weights), None, None) => {
            let path = join(path, "weights");
            if weights.len() > count_max {
                let message = format!("{} adapters are more than are simulated", weights.len());
                findings.refuse(&path, message, format!("give 1 to {COUNT_MAX} weights"));
            }
            check_weights(weights, &path, findings);
            weights.clone()
        }
        (None, Some(count), Some(zipf)) => {
            let why = "one at least, and no more are simulated";
            findings.within(&join(path, "count"), f64::from(count), 1.0, f64::from(COUNT_MAX), why);
            findings.within(&join(path, "zipf"), zipf, 0.0, ZIPF_MAX, "0 is all alike, 1 is common");
            (1..=count.min(COUNT_MAX)).map(|rank| exp(-zipf * ln(f64::from(rank)))).collect()
        }
        _ => {
            let message = "this does not say in one way how often each adapter is needed";
            findings.refuse(path, message, "give count and zipf (0 for all alike), or weights");
            Vec::new()
        }
    }
}

fn load(file: &AdaptersFile, path: &str, findings: &mut Findings<'_>) -> Law {
    match (file.load_s, &file.load) {
        (Some(seconds), None) => {
            findings.within_a_day(&join(path, "load_s"), seconds);
            Law::Deterministic { seconds }
        }
        (None, Some(law)) => {
            law.check(&join(path, "load"), findings);
            LawFile::law(law)
        }
        _ => {
            let message = "this does not say in one way how long a load takes";
            findings.refuse(path, message, "give load_s, or load as a law");
            Law::Deterministic { seconds: 0.0 }
        }
    }
}

/// A container that executes several inputs at once would need all their adapters at once.
pub(crate) fn check_pool(
    scenario: &Scenario,
    allocation: &Allocation,
    pool: &PoolPlan,
    path: &str,
    findings: &mut Findings<'_>,
) {
    let with = pool.models.iter().find(|(model, _)| scenario.models[*model].adapters.is_some());
    let Some((model, _)) = with else { return };
    for (place, several) in allocation.pools.iter().enumerate() {
        if several.settings.executes_singly() || !ways(allocation, pool).any(|way| way.name == several.name) {
            continue;
        }
        let message = format!(
            "adapters are simulated where containers execute one input at a time; the pool \"{}\", where requests of {} \
             may be, has another execution",
            several.name, scenario.models[*model].name
        );
        let of_pool =
            format!("{}.pools[{place}]", path.rsplit_once(".pools").map_or(path, |(allocation, _)| allocation));
        let places = [join(&of_pool, "execution"), join(&of_pool, "max_inputs"), "defaults.execution".to_owned()];
        let place = findings.written(&places);
        let help = "write execution = \"serial\" there, or remove [models.adapters]";
        findings.refuse(&place, message, help);
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;
    use crate::Files;
    use crate::testing::{edited, only_problem};

    /// A place inside the model wan2.1 of the default scenario.
    const PLACE: &str = "name = \"wan2.1\"\nrequests_per_day = 20.0\n";
    const SOURCE: &str = "provenance = { kind = \"assumed\", source = \"a test\", date = \"2027-01-02\" }";

    fn with(lines: &str) -> Files {
        edited(PLACE, &format!("{PLACE}adapters = {{ {lines}, {SOURCE} }}\n"))
    }

    fn mix(lines: &str) -> AdapterMix {
        let scenario = Scenario::load(&with(lines)).unwrap_or_else(|problems| panic!("{problems:#?}"));
        scenario.models[4].adapters.clone().expect("it has adapters")
    }

    #[test]
    fn popularity_is_a_power_of_the_rank_or_as_stated() {
        let zipf = mix("count = 3, zipf = 1.0, load_s = 3.0, held = 1");
        zipf.weights.iter().zip([1.0, 0.5, 1.0 / 3.0]).for_each(|(a, b)| assert_relative_eq!(*a, b, epsilon = 1e-12));
        assert_eq!((zipf.load, zipf.held), (Law::Deterministic { seconds: 3.0 }, 1));
        assert_eq!(mix("count = 3, zipf = 0, load_s = 3.0, held = 1").weights, [1.0; 3]);
        let stated = mix("weights = [5, 1], load = { exponential = { mean_s = 2.0 } }, held = 2");
        assert_eq!((stated.weights, stated.load), (vec![5.0, 1.0], Law::Exponential { mean_s: 2.0 }));
    }

    #[test]
    fn what_contradicts_itself_is_refused_by_name() {
        for (lines, key, message) in [
            ("count = 3, load_s = 3.0, held = 1", "", "this does not say in one way how often"),
            (
                "count = 3, zipf = 1.0, weights = [1], load_s = 3.0, held = 1",
                "",
                "this does not say in one way how often",
            ),
            ("count = 0, zipf = 1.0, load_s = 3.0, held = 1", ".count", "0 is outside 1 to 10000"),
            ("count = 3, zipf = 11.0, load_s = 3.0, held = 1", ".zipf", "11 is outside 0 to 10"),
            ("weights = [0, 0], load_s = 3.0, held = 1", ".weights", "all weights are zero"),
            ("weights = [1], held = 1", "", "this does not say in one way how long a load takes"),
            ("weights = [1], load_s = 90000.0, held = 1", ".load_s", "90000 is outside 0 to 86400"),
            ("weights = [1], load_s = 3.0, held = 0", ".held", "0 is outside 1 to 10000"),
        ] {
            let problem = only_problem(&with(lines));
            assert_eq!(problem.key, format!("models[4].adapters{key}"), "{problem}");
            assert!(problem.message.contains(message), "{problem}");
        }
    }

    #[test]
    fn containers_that_execute_several_inputs_have_no_adapters() {
        let lines = "count = 3, zipf = 1.0, load_s = 3.0, held = 1";
        let pool = "models = [\"wan2.1\"]\n";
        let settings = |more: &str| {
            let text = with(lines).text("scenario.toml").expect("it is there").to_owned();
            Files::embedded().with("scenario.toml", &text.replacen(pool, &format!("{pool}{more}"), 1))
        };
        assert!(Scenario::load(&settings("execution = \"parallel\"\nmax_inputs = 1\n")).is_ok());
        let words = "the pool \"wan2.1\", where requests of wan2.1 may be, has another execution";
        for more in [
            "execution = \"parallel\"\nmax_inputs = 2\n",
            "execution = \"shared\"\nmax_inputs = 2\nrules = { efficiency = { power = 0.5 } }\n",
            "execution = \"batched\"\nrules = { batched = { max_batch_size = 2, wait_ms = 5.0, item_share = 0.5 } }\n",
        ] {
            let problem = only_problem(&settings(more));
            assert_eq!(problem.key, "allocations[0].pools[2].execution", "{problem}");
            assert!(problem.message.contains(words), "{problem}");
        }
        // Nor has the pool to which they fall back.
        let spare = "rules = { fallback = { pool = \"spare\", on_failure = true } }\n\n[[allocations.pools]]\n\
                     name = \"spare\"\ngpu = \"H100\"\nmodels = []\nexecution = \"parallel\"\nmax_inputs = 2\n";
        let problem = only_problem(&settings(spare));
        assert_eq!(problem.key, "allocations[0].pools[3].execution", "{problem}");
        assert!(problem.message.contains("the pool \"spare\", where requests of wan2.1 may be"), "{problem}");
    }

    #[test]
    fn loads_that_no_container_can_save_count_as_load() {
        let text = with("weights = [1, 1, 1, 1], load_s = 8.0, held = 1").text("scenario.toml").expect("it").to_owned();
        let text = text.replacen(PLACE, "name = \"wan2.1\"\nrequests_per_day = 20000.0\n", 1);
        let pool = "models = [\"wan2.1\"]\n";
        let text = text.replacen(pool, &format!("{pool}max_containers = 3\n"), 1);
        let problem = only_problem(&Files::embedded().with("scenario.toml", &text));
        // 20,000 x (7.3 s + 3/4 x 8 s) / 86,400 s.
        assert!(problem.message.contains("keep 3.08 containers busy on average"), "{problem}");
    }
}
