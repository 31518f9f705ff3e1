//! What a misspelt name was meant to be.

/// The name of `known` that is closest to `given`, if one is close enough to be meant.
#[must_use]
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = given.to_lowercase();
    known
        .into_iter()
        .map(|name| (closeness(&folded, &name.to_lowercase()), name))
        .filter(|((distance, _), name)| *distance <= (name.len().max(given.len()) / 3).max(1))
        .min()
        .map(|(_, name)| name)
}

/// Names of fewer letters than this are one edit from too many others: of them a swap of neighbours alone is a slip.
const SLIP_LETTERS: usize = 4;

/// Whether two different names may be one that was written in two ways: equal but for case and separators, or one edit apart
/// in one of their words. Names whose digits differ are versions or precisions.
#[must_use]
pub fn is_slip_of(given: &str, known: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let (a, b) = (words(given), words(known));
    if given == known || a.is_empty() || b.is_empty() {
        return false;
    }
    if a.concat() == b.concat() {
        return true;
    }
    let digits = |words: &[String]| words.concat().chars().filter(char::is_ascii_digit).collect::<String>();
    if digits(&a) != digits(&b) {
        return false;
    }
    if a.len() != b.len() {
        return is_one_slip(&a.concat(), &b.concat());
    }
    let differing: Vec<(&String, &String)> = a.iter().zip(&b).filter(|(a, b)| a != b).collect();
    matches!(differing[..], [(a, b)] if is_one_slip(a, b))
}

fn is_one_slip(a: &str, b: &str) -> bool {
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let (of_a, of_b) = (letters(a), letters(b));
    edit_distance(a, b) == 1 && (of_a == of_b || of_a.len().max(of_b.len()) >= SLIP_LETTERS)
}

/// Smaller is closer: the edit distance, counted as 0 where `given` is the beginning of `known` (a forgotten unit) and
/// as 1 where it is the other way round; among equals the difference of the lengths.
fn closeness(given: &str, known: &str) -> (usize, usize) {
    let distance = match (known.starts_with(given), given.starts_with(known)) {
        _ if given.len().min(known.len()) < 2 => edit_distance(given, known),
        (true, _) => 0,
        (_, true) => 1,
        _ => edit_distance(given, known),
    };
    (distance, given.len().abs_diff(known.len()))
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (Damerau 1964), none overlapping.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let above = &rows[i - 1];
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            let swapped = if swapped { rows[i - 2][j - 2] + 1 } else { usize::MAX };
            row.push(replaced.min(above[j] + 1).min(row[j - 1] + 1).min(swapped));
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distances_count_swaps_once() {
        // The textbook pair.
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("loar", "lora"), 1);
        assert_eq!(edit_distance("gpu", "gpu"), 0);
    }

    #[test]
    fn names_that_are_written_in_two_ways_are_told_from_two_names() {
        for (a, b) in [
            ("flux-dev", "flux_dev"),
            ("flux-dev", "Flux Dev"),
            ("flux-dev", "fluxdev"),
            ("flux-dev", "flux-dve"),
            ("flux-dev", "fluxdve"),
            ("instantid", "instntid"),
            ("flux-schnell", "flux-schnel"),
            ("wan2.1", "wan-2.1"),
            ("bf16", "BF16"),
        ] {
            assert!(is_slip_of(a, b) && is_slip_of(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("flux-dev", "flux-dev"),
            ("flux-dev", "flux-pro"),
            ("wan2.1", "wan2.2"),
            ("i2v", "t2v"),
            ("bf16", "fp16"),
            ("fp8", "fp4"),
            ("nf4", "nf4-offload"),
            ("a", "b"),
        ] {
            assert!(!is_slip_of(a, b) && !is_slip_of(b, a), "{a} {b}");
        }
    }

    #[test]
    fn the_closest_name_wins() {
        assert_eq!(nearest("l40s", ["L4", "L40S", "H100"]), Some("L40S"));
        assert_eq!(nearest("A100", ["A10", "A100-40GB", "H100"]), Some("A100-40GB"));
        assert_eq!(nearest("TPU", ["A10", "A100-40GB", "H100"]), None);
    }
}
