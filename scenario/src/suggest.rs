//! What a misspelt name was meant to be.

pub use fleetfront_calibration::nearest;

/// "did you mean `x`?" where a name is close, else the list of the known ones.
pub(crate) fn advice(given: &str, known: &[&str]) -> String {
    match nearest(given, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "nothing may stand here".to_owned(),
        None => format!("known here: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_wins_and_a_stranger_gets_the_list() {
        let known = ["scaledown_window_s", "min_containers", "max_containers"];
        assert_eq!(nearest("scaledown_window", known), Some("scaledown_window_s"));
        assert_eq!(nearest("min_container", known), Some("min_containers"));
        assert_eq!(nearest("l40s", ["L4", "L40S", "H100"]), Some("L40S"));
        assert_eq!(nearest("A100", ["A10", "A100-40GB", "H100"]), Some("A100-40GB"));
        assert_eq!(nearest("A10G", ["A10", "A100-40GB", "H100"]), Some("A10"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(advice("colour", &known), "known here: scaledown_window_s, min_containers, max_containers");
    }
}
