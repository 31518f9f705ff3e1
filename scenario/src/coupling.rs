//! What ties pools together (quota, capacity, scarcity, chains, fallback), and cells that are stated as laws.

use fleetfront_calibration::{Factor, Fit, Provenance};
use fleetfront_sim::{Law, StreamKey};

use crate::document::join;
use crate::file::{CellFile, ModelFile, ScenarioFile, VariantFile};
use crate::findings::Findings;
use crate::law_file::LawFile;
use crate::resolved::{BootPlan, Capacity, ChainStep, Gpu, Quota, ScarcityProcess};
use crate::shapes;

/// The workspace's limits.
pub(crate) fn quota(file: &ScenarioFile, findings: &mut Findings<'_>) -> Quota {
    let Some(quota) = &file.quota else { return Quota::default() };
    for (key, limit) in [("containers", quota.containers), ("gpus", quota.gpus)] {
        if limit == Some(0) {
            findings.refuse(&join("quota", key), "with a quota of 0 nothing ever starts", "give 1 or more");
        }
    }
    Quota { containers: quota.containers, gpus: quota.gpus }
}

/// The scarcity processes.
pub(crate) fn scarcity(file: &ScenarioFile, findings: &mut Findings<'_>) -> Vec<ScarcityProcess> {
    let names: Vec<&str> = file.scarcity.iter().map(|process| process.name.as_str()).collect();
    findings.names("scarcity", &names, |index| format!("scarcity[{index}].name"));
    let resolve = |(index, process): (usize, &crate::file::ScarcityFile)| {
        let path = format!("scarcity[{index}]");
        process.every.check(&join(&path, "every"), findings);
        process.lasts.check(&join(&path, "lasts"), findings);
        let (every, lasts) = (process.every.law(), process.lasts.law());
        if every.mean_s() <= 0.0 {
            findings.refuse(&join(&path, "every"), "periods without a gap leave no capacity", "give a mean above zero");
        }
        ScarcityProcess { name: process.name.clone(), key: StreamKey::of(&process.name), every, lasts }
    };
    file.scarcity.iter().enumerate().map(resolve).collect()
}

/// How containers of each GPU type come; empty when nothing is said of any.
pub(crate) fn capacity(file: &ScenarioFile, findings: &mut Findings<'_>) -> Vec<Capacity> {
    if file.capacity.is_empty() {
        return Vec::new();
    }
    let gpus: Vec<&str> = file.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    let scarcities: Vec<&str> = file.scarcity.iter().map(|process| process.name.as_str()).collect();
    let names: Vec<&str> = file.capacity.iter().map(|entry| entry.gpu.as_str()).collect();
    findings.names("capacity of GPU", &names, |index| format!("capacity[{index}].gpu"));
    let mut of_gpus = vec![Capacity { wait: None, scarcity: None, provenance: None }; gpus.len()];
    for (index, entry) in file.capacity.iter().enumerate() {
        let path = format!("capacity[{index}]");
        let gpu = findings.find(&join(&path, "gpu"), "GPU", &entry.gpu, &gpus);
        if let Some(wait) = &entry.wait {
            wait.check(&join(&path, "wait"), findings);
        }
        let suffers = entry.scarcity.as_ref();
        let scarcity = suffers.and_then(|name| findings.find(&join(&path, "scarcity"), "scarcity", name, &scarcities));
        if let Some(gpu) = gpu {
            let wait = entry.wait.as_ref().map(LawFile::law);
            of_gpus[gpu] = Capacity { wait, scarcity, provenance: Some((&entry.provenance).into()) };
        }
    }
    of_gpus
}

/// The next step of a model's chain. A chain that comes back to a model would never end.
pub(crate) fn next(
    file: &ScenarioFile,
    model: &ModelFile,
    path: &str,
    findings: &mut Findings<'_>,
) -> Option<ChainStep> {
    let next = model.next.as_ref()?;
    let path = format!("{path}.next");
    findings.within(&join(&path, "probability"), next.probability, 0.0, 1.0, "it is a probability");
    let names: Vec<&str> = file.models.iter().map(|model| model.name.as_str()).collect();
    let index = findings.find(&join(&path, "model"), "model", &next.model, &names)?;
    let mut steps = vec![model.name.as_str()];
    let mut at = index;
    loop {
        steps.push(names[at]);
        if names[at] == model.name {
            let message = format!("the chain {} comes back to where it began", steps.join(" -> "));
            findings.refuse(&join(&path, "model"), message, "let the last model of the chain have no `next`");
            return None;
        }
        let onward = file.models[at].next.as_ref().and_then(|next| names.iter().position(|n| *n == next.model));
        match onward {
            Some(next) if steps.len() <= names.len() => at = next,
            _ => return Some(ChainStep { model: index, probability: next.probability }),
        }
    }
}

/// What the scenario states of a variant on a GPU type.
pub(crate) fn stated<'a>(
    file: &'a ScenarioFile,
    model: &ModelFile,
    variant: &VariantFile,
    gpu: &Gpu,
) -> Option<&'a CellFile> {
    let deployed = model.variants.first().is_some_and(|first| first.name == variant.name);
    let is_meant = |cell: &&CellFile| {
        let named = cell.variant.as_ref().map_or(deployed, |name| *name == variant.name);
        cell.model == model.name && named && cell.gpu == gpu.name
    };
    file.cells.iter().find(is_meant)
}

/// Checks the cells themselves: that what they name is there, and their laws.
pub(crate) fn check_cells(file: &ScenarioFile, findings: &mut Findings<'_>) {
    let models: Vec<&str> = file.models.iter().map(|model| model.name.as_str()).collect();
    let gpus: Vec<&str> = file.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    for (index, cell) in file.cells.iter().enumerate() {
        let path = format!("cells[{index}]");
        findings.find(&join(&path, "gpu"), "GPU", &cell.gpu, &gpus);
        let model = findings.find(&join(&path, "model"), "model", &cell.model, &models);
        if let (Some(model), Some(variant)) = (model, &cell.variant) {
            let variants: Vec<&str> = file.models[model].variants.iter().map(|v| v.name.as_str()).collect();
            findings.find(&join(&path, "variant"), "variant", variant, &variants);
        }
        let laws = [("service", &cell.service), ("boot", &cell.boot), ("image", &cell.image)];
        for (key, law) in laws.into_iter().filter_map(|(key, law)| law.as_ref().map(|law| (key, law))) {
            law.check(&join(&path, key), findings);
        }
        for (place, phase) in cell.boot_phases.iter().flatten().enumerate() {
            phase.check(&format!("{path}.boot_phases[{place}]"), findings);
        }
        if let Some(snapshot) = &cell.snapshot {
            snapshot.restore.check(&format!("{path}.snapshot.restore"), findings);
            findings.probability(&format!("{path}.snapshot.failure_probability"), snapshot.failure_probability);
        }
        if let Some(probability) = cell.failure_probability {
            findings.probability(&join(&path, "failure_probability"), probability);
        }
        shapes::check_cell(file, cell, &path, findings);
        if cell.boot.is_some() && cell.boot_phases.is_some() {
            let message = "the boot is given twice: as one time and in phases";
            findings.refuse(&join(&path, "boot_phases"), message, "remove `boot` or `boot_phases`");
        }
    }
}

/// Service, boot and boot plan of a cell: as stated, else as fitted.
pub(crate) fn known(
    stated: Option<&CellFile>,
    service: Option<Fit>,
    boot: Option<Fit>,
) -> (Option<Fit>, Option<Fit>, Option<BootPlan>) {
    let Some(cell) = stated else { return (service, boot, None) };
    let fit = |law: Law| {
        let provenance: Provenance = (&cell.provenance).into();
        let source = format!("{} ({})", provenance.source, provenance.date);
        Fit {
            law,
            kind: provenance.kind,
            n: 0,
            factor: Factor::of_kind(provenance.kind),
            rests_on: None,
            sources: vec![source],
            notes: Vec::new(),
        }
    };
    let service = cell.service.as_ref().map(|law| fit(law.law())).or(service);
    let one = cell.boot.as_ref().map(|law| fit(law.law())).or(boot);
    let has_plan = cell.boot_phases.is_some() || cell.image.is_some() || cell.snapshot.is_some();
    if !has_plan {
        return (service, one, None);
    }
    let phases: Vec<Law> = match &cell.boot_phases {
        Some(phases) => phases.iter().map(LawFile::law).collect(),
        None => one.iter().map(|boot| boot.law).collect(),
    };
    let plan = BootPlan {
        image: cell.image.as_ref().map(LawFile::law),
        bill_image: cell.bill_image_load != Some(false),
        phases,
        snapshot: cell.snapshot.as_ref().map(|snapshot| (snapshot.restore.law(), snapshot.failure_probability)),
    };
    let mean = fit(Law::Deterministic { seconds: plan.mean_s() });
    (service, Some(mean), Some(plan))
}

impl BootPlan {
    /// Mean time from the creation of a container to its being ready.
    #[must_use]
    pub fn mean_s(&self) -> f64 {
        let phases: f64 = self.phases.iter().map(Law::mean_s).sum();
        let rest = self.snapshot.map_or(phases, |(restore, fails)| restore.mean_s() + fails * phases);
        self.image.map_or(0.0, |image| image.mean_s()) + rest
    }
}
