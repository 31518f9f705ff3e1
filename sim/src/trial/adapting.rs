//! A try whose adapter its container does not hold loads it first.

use super::Trial;
use crate::quantities::SimSpan;

impl Trial<'_, '_, '_, '_, '_> {
    /// What a try that is about to start on a container has to load before it executes, and that the container holds it
    /// from now on. To be called before its model is loaded: with another model go the adapters of the one before.
    pub(super) fn load_adapter(&mut self, p: usize, index: u32, job_index: u32) -> SimSpan {
        let job = *self.w.jobs.get(job_index);
        let (model, luck) = (job.arrival.model, job.arrival.luck);
        let state = &mut self.w.pools[p];
        if state.containers[index as usize].loaded != model {
            state.held.forget(index);
        }
        let Some(adapters) = &self.group.pools[p].models[usize::from(model)].adapters else { return SimSpan::ZERO };
        if state.held.take(index, adapters.of(luck), adapters.held) {
            return SimSpan::ZERO;
        }
        self.outcome.models[usize::from(model)].adapter_loads += u64::from(job.counted && !job.abandoned);
        adapters.load_span(luck, job.attempt())
    }
}
