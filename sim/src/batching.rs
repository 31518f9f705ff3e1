//! `@modal.batched`: inputs that are executed together.

use serde::{Deserialize, Serialize};

use crate::law::Law;
use crate::quantities::SimSpan;

/// When a batch starts, and how long it lasts.
///
/// A batch starts on an idle container when `max_batch_size` inputs are queued, or when the wait is over. It takes the
/// head of the queue, and lasts `service * (1 + item_share * (size - 1))`, with the service time of its first input: a
/// base that is the same for every size, and a part for each item.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Batching {
    /// Most inputs of a batch, at least 1.
    pub max_batch_size: u32,
    /// How long a batch that is not full waits for more.
    pub wait: BatchWait,
    /// The share of a single input's service time that each further input adds, from 0 (a batch lasts as long as one) to
    /// 1 (no gain).
    pub item_share: f64,
}

/// How long a batch that is not full waits for more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchWait {
    /// Until its first input has waited so long: the platform's `wait_ms`.
    Oldest(SimSpan),
    /// A time drawn from this law, which runs only while a container is idle; for comparison with theory.
    WhileIdle(Law),
}

impl Batching {
    /// How long a batch of `size` lasts that begins with a request of this service time.
    pub(crate) fn duration(&self, service: SimSpan, size: u32) -> SimSpan {
        SimSpan((service.0 as f64 * (1.0 + self.item_share * f64::from(size - 1))).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_lasts_a_base_and_a_part_for_each_item() {
        let wait = BatchWait::Oldest(SimSpan::ZERO);
        // 8 s and 0.5 s an item: one alone lasts 8.5 s.
        let batching = Batching { max_batch_size: 8, wait, item_share: 0.5 / 8.5 };
        let second = 1_000_000_000;
        let lasts: Vec<u64> = [1, 2, 8].map(|n| batching.duration(SimSpan(17 * second / 2), n).0).to_vec();
        assert_eq!(lasts, [17 * second / 2, 9 * second, 12 * second]);
    }
}
