//! Which family a case belongs to: by the keys of its parameters, never by its name.

use super::Question;
use super::case::{Case, Keys};
use super::metric::{self, Estimand};
use super::system::System;
use super::{fixed, launching, moving, pooled, serving};

/// Reads a family's parameters into the systems that stand for it: several where the answer holds for several laws.
type Build = fn(&Keys<'_>, &Case) -> Result<Vec<System>, String>;

/// A key that only one family has, the family's name, and how it is built. The first that a case has decides.
const FAMILIES: [(&str, &str, Build); 28] = [
    ("mean_think_s", "clients who wait", fixed::closed),
    ("quota_gpus", "quota", pooled::quota),
    ("fallback_servers", "two-tier fallback", pooled::two_tier),
    ("primary_servers", "overflow", pooled::overflow),
    ("total_speed_when_n_in_service", "processor sharing", serving::sharing),
    ("max_batch", "batches", serving::batches),
    ("hourly_mean_requests", "one day", moving::day),
    ("hourly_means", "daily counts", moving::counts),
    ("factor_cv", "random rate", moving::random_rate),
    ("rate_per_s", "sinusoidal rate", moving::sinusoid),
    ("period_s", "sinusoidal rate", moving::sinusoid_alone),
    ("time_s", "start from empty", moving::transient),
    ("attempt_failure_prob", "retries", serving::retries),
    ("external_rate_per_s", "retries", fixed::feedback),
    ("mean_time_to_failure_busy_s", "breakdowns", fixed::breakdowns),
    ("execution_timeout_s", "timeouts", serving::timeout),
    ("setup_semantics", "setup", launching::setup),
    ("binding", "one request a container", launching::bound),
    ("setup_s", "scale to zero", launching::with_setup),
    ("mean_setup_s", "scale to zero", launching::with_setup),
    ("rate_state1_per_s", "modulated arrivals", fixed::modulated),
    ("interarrival_s", "renewal arrivals", fixed::regular),
    ("queue_capacity", "loss", fixed::loss),
    ("capacity_including_in_service", "finite queue", fixed::finite),
    ("mean_patience_s", "abandonment", fixed::impatient),
    ("queue_timeout_s", "abandonment", fixed::impatient),
    ("steps", "shapes", fixed::shaped),
    ("adapters", "adapters", fixed::shaped),
];

/// What a case asks of which systems.
///
/// # Errors
/// Why it cannot be expressed.
pub(crate) fn questions(case: &Case) -> Result<Vec<Question>, String> {
    let keys = Keys::of(case);
    let known = FAMILIES.iter().find(|(key, ..)| keys.has(key));
    let (family, build) = match known {
        Some((_, family, build)) => (*family, *build),
        None if keys.has("arrival_rate_per_s") => ("fixed fleet", fixed::queue as Build),
        None => {
            let names: Vec<&str> = case.parameters.keys().map(String::as_str).collect();
            return Err(format!("not understood: {}", names.join(", ")));
        }
    };
    let systems = build(&keys, case)?;
    let estimand: Estimand = metric::estimand(&keys, case)?;
    keys.all_understood()?;
    Ok(systems.into_iter().map(|system| Question { family, system, estimand }).collect())
}
