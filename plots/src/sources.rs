//! Kinds and sources beside numbers: a note by number in a table, a pair of columns in a CSV, two keys in JSON.

use fleetfront_planner::Basis;
use serde::Serialize;

/// The two columns that say of a whole row what its numbers are.
pub(crate) const BASIS: [&str; 2] = ["kind", "source"];

/// The cells of [`BASIS`].
pub(crate) fn basis_cells(of: &Basis) -> [String; 2] {
    [of.kind.clone(), of.source.clone()]
}

/// Sources that tables cite by number, from 1; each stands once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources(Vec<String>);

impl Sources {
    /// `published [2]`: the kind, and the number of the source.
    pub fn cite(&mut self, of: &Basis) -> String {
        format!("{} [{}]", of.kind, self.number(&of.source))
    }

    /// The numbers of several, rising, with a dash for three or more in a row: `1–3, 7`.
    pub fn numbers<'a>(&mut self, sources: impl IntoIterator<Item = &'a String>) -> String {
        numbers_in_words(sources.into_iter().map(|source| self.number(source)).collect())
    }

    /// The number of a source.
    pub fn number(&mut self, source: &str) -> usize {
        let known = self.0.iter().position(|known| known == source);
        known.unwrap_or_else(|| {
            self.0.push(source.to_owned());
            self.0.len() - 1
        }) + 1
    }

    /// `[2] modal.com/pricing (2026-11-23)`, by number.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.iter().enumerate().map(|(place, source)| format!("[{}] {source}", place + 1)).collect()
    }
}

/// Numbers as tables cite them: each once, rising, with a dash for three or more in a row.
pub(crate) fn numbers_in_words(mut numbers: Vec<usize>) -> String {
    numbers.sort_unstable();
    numbers.dedup();
    let runs = numbers.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [first, _, .., last] => format!("{first}–{last}"),
        few => few.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    });
    runs.collect::<Vec<_>>().join(", ")
}

/// Results as programs read them: all that they hold, then what their numbers are.
#[derive(Debug, Serialize)]
pub struct WithBasis<'a, T> {
    #[serde(flatten)]
    results: &'a T,
    kind: &'a str,
    source: &'a str,
}

/// Results with their basis at the end.
#[must_use]
pub fn with_basis<'a, T>(results: &'a T, basis: &'a Basis) -> WithBasis<'a, T> {
    WithBasis { results, kind: &basis.kind, source: &basis.source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_one_number() {
        let of = |kind: &str, source: &str| Basis { kind: kind.into(), source: source.into() };
        let mut sources = Sources::default();
        let cited = [of("assumed", "a"), of("published", "b"), of("derived", "a")].map(|basis| sources.cite(&basis));
        assert_eq!(cited, ["assumed [1]", "published [2]", "derived [1]"]);
        assert_eq!(sources.lines(), ["[1] a", "[2] b"]);
        let more = ["d", "c", "b", "a", "e", "f"].map(str::to_owned);
        assert_eq!(sources.numbers(&more[2..4]), "1, 2");
        assert_eq!(
            (sources.numbers(&more[..5]).as_str(), sources.numbers([&more[3], &more[1], &more[5]]).as_str()),
            ("1–5", "1, 4, 6")
        );
    }
}
