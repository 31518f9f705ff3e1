//! Randomness is addressed, not shared.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::request::Luck;

/// What a stream of random numbers is for. Numbers are never reused or reordered: they are part of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// Arrival instants.
    Arrivals = 1,
    /// Quantiles of service times.
    Service = 2,
    /// Failure luck.
    Failure = 3,
    /// Quantiles of boot times, by ordinal of the boot in the pool.
    Boot = 4,
    /// The slow random rates, each 2^32 words behind the one before.
    SlowRate = 5,
    /// Scarcity periods of GPU types.
    Scarcity = 7,
    /// The states of a modulated arrival process.
    Modulation = 10,
    /// How many requests arrive together, or in one session.
    BatchSize = 11,
    /// The times between the requests of a session.
    Think = 12,
    /// The sessions, or the gap, in which the trial begins.
    Sessions = 13,
    /// The recorded days that a trial replays.
    ReplayedDay = 14,
    /// The recorded requests that are kept.
    Thinning = 15,
    /// Clients who wait for answers: how long each still thinks when the trial begins, and the luck of what they send.
    Clients = 17,
}

/// Whose randomness it is: a model, a pool or the fleet, by a hash of its name, so that adding or reordering models
/// leaves the luck of the others alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StreamKey(u32);

impl StreamKey {
    /// The key of the fleet itself.
    pub const FLEET: Self = Self(0);

    /// The key of a named model or pool: 24 bits of FNV-1a (Fowler, Noll and Vo 1991), never zero.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let hash = name.bytes().fold(0x811C_9DC5u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
        Self(((hash >> 24) ^ (hash & 0x00FF_FFFF)).max(1))
    }
}

/// The random numbers of one role of one model (or pool) in one trial.
///
/// Depends on nothing but its arguments, so the result is the same on any thread, machine or shard, and two policies
/// compared at the same trial meet the same requests (common random numbers).
#[must_use]
pub fn stream(seed: u64, trial: u32, key: StreamKey, role: Role) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((u64::from(trial) << 32) | (u64::from(key.0) << 8) | role as u64);
    rng
}

/// The luck of one pool's containers in one trial: mostly nobody asks for it, so it costs no stream.
pub(crate) fn container_luck(seed: u64, trial: u32, key: StreamKey) -> Luck {
    Luck(seed).child(trial).child(key.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    /// Pinned: a change here changes every result, and belongs into the changelog.
    #[test]
    fn the_first_draws_are_stable() {
        let draws: Vec<u32> = stream(1, 0, StreamKey::of("flux-dev"), Role::Arrivals).random_iter().take(2).collect();
        assert_eq!(draws, PINNED);
    }

    const PINNED: [u32; 2] = [1_898_373_398, 23_663_425];

    #[test]
    fn roles_trials_and_keys_have_streams_of_their_own() {
        let first = |trial, key, role| -> u64 { stream(1, trial, key, role).random() };
        let base = first(0, StreamKey::of("a"), Role::Arrivals);
        assert_ne!(base, first(1, StreamKey::of("a"), Role::Arrivals));
        assert_ne!(base, first(0, StreamKey::of("b"), Role::Arrivals));
        assert_ne!(base, first(0, StreamKey::of("a"), Role::Service));
    }
}
