//! Names and numbers as evenly spread bits, the same on every machine: for samples that depend on nothing but what is in a
//! log.

/// The bits of a name: FNV-1a (Fowler, Noll and Vo 1991), mixed.
pub(crate) fn name_hash(name: &str) -> u64 {
    mixed(
        name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)),
    )
}

/// The bits of a number: the finaliser of splitmix64 (Steele, Lea and Flood 2014).
pub(crate) fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that differ in their last letters only are spread as chance would: by a chi-squared test of 256 classes.
    #[test]
    fn names_are_spread_evenly() {
        for byte in 0..8 {
            let mut counts = [0.0_f64; 256];
            (0..51_200).for_each(|k| counts[(name_hash(&format!("user-{k:06}")) >> (8 * byte) & 255) as usize] += 1.0);
            let chi: f64 = counts.iter().map(|count| (count - 200.0).powi(2) / 200.0).sum();
            // 255 degrees of freedom: 99.99 % lie below 347.
            assert!(chi < 347.0, "byte {byte}: {chi}");
        }
    }
}
