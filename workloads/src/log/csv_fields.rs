//! The fields of a line of a table (RFC 4180).

use memchr::{memchr, memchr_iter};

use super::span::{Span, Values};

/// The fields of one line at a time.
///
/// A quote opens a quoted field only where the field begins; elsewhere it is a letter. Within quotes two stand for one.
#[derive(Debug, Default)]
pub(super) struct CsvFields {
    spans: Vec<Span>,
    rewritten: Vec<u8>,
    is_clean: bool,
}

impl CsvFields {
    /// Cuts a record into fields. Returns false when a quote is still open at its end.
    pub(super) fn split(&mut self, record: &[u8], delimiter: u8) -> bool {
        self.spans.clear();
        self.rewritten.clear();
        self.is_clean = true;
        if memchr(b'"', record).is_some() {
            return self.split_quoted(record, delimiter);
        }
        let mut start = 0;
        for end in memchr_iter(delimiter, record) {
            self.spans.push(Span { start, end, is_rewritten: false });
            start = end + 1;
        }
        self.spans.push(Span { start, end: record.len(), is_rewritten: false });
        true
    }

    /// Whether nothing but a delimiter follows each closing quote.
    pub(super) fn is_clean(&self) -> bool {
        self.is_clean
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn span(&self, field: usize) -> Span {
        self.spans[field]
    }

    /// What was written with doubled quotes, without them.
    pub(super) fn rewritten(&self) -> &[u8] {
        &self.rewritten
    }

    /// All fields of the record that was split, a slot each.
    pub(super) fn values<'a>(&'a self, record: &'a [u8]) -> Values<'a> {
        Values { record, rewritten: &self.rewritten, spans: &self.spans }
    }

    fn split_quoted(&mut self, record: &[u8], delimiter: u8) -> bool {
        let mut start = 0;
        loop {
            let (span, after) = if record.get(start) == Some(&b'"') {
                let Some(quoted) = self.quoted(record, start + 1) else { return false };
                quoted
            } else {
                (Span { start, end: start, is_rewritten: false }, start)
            };
            let end = memchr(delimiter, &record[after..]).map_or(record.len(), |found| after + found);
            // What follows a closing quote is no part of a field, unless blanks; the field is then taken as it stands.
            let is_opened = after > start;
            let is_quoted = is_opened && record[after..end].trim_ascii().is_empty();
            self.is_clean &= is_quoted == is_opened;
            self.spans.push(if is_quoted { span } else { Span { start, end, is_rewritten: false } });
            if end == record.len() {
                return true;
            }
            start = end + 1;
        }
    }

    /// The field whose quote was opened before `start`, and where its closing quote ends.
    fn quoted(&mut self, record: &[u8], start: usize) -> Option<(Span, usize)> {
        let mut end = start + memchr(b'"', &record[start..])?;
        if record.get(end + 1) != Some(&b'"') {
            return Some((Span { start, end, is_rewritten: false }, end + 1));
        }
        let (mut from, first) = (start, self.rewritten.len());
        while record.get(end + 1) == Some(&b'"') {
            self.rewritten.extend_from_slice(&record[from..=end]);
            from = end + 2;
            end = from + memchr(b'"', &record[from..])?;
        }
        self.rewritten.extend_from_slice(&record[from..end]);
        Some((Span { start: first, end: self.rewritten.len(), is_rewritten: true }, end + 1))
    }
}

/// What separates the fields of a table with this header: of comma, semicolon and tab the most frequent.
pub(super) fn delimiter(header: &[u8]) -> u8 {
    let count = |delimiter: &u8| memchr_iter(*delimiter, header).count();
    // Of equals the last wins.
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[&str]) {
        let mut fields = CsvFields::default();
        assert!(fields.split(line.as_bytes(), b','), "{line}: an open quote");
        let values = fields.values(line.as_bytes());
        let found: Vec<_> = (0..fields.len()).map(|field| String::from_utf8_lossy(values.get(field))).collect();
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn fields_are_cut_at_delimiters_outside_quotes() {
        check("a,b,,c", &["a", "b", "", "c"]);
        check("", &[""]);
        check(",", &["", ""]);
        check("a , b", &["a", "b"]);
        check(r#""a,b",c"#, &["a,b", "c"]);
        check(r#""a""b","",c"#, &[r#"a"b"#, "", "c"]);
        check(r#"x,"""q""" ,z"#, &["x", r#""q""#, "z"]);
        check("\"two\nlines\",c", &["two\nlines", "c"]);
    }

    #[test]
    fn a_quote_within_a_field_is_a_letter() {
        check(r#"a 5" screen,b"#, &[r#"a 5" screen"#, "b"]);
        check(r#""a"x,b"#, &[r#""a"x"#, "b"]);
    }

    #[test]
    fn an_open_quote_is_told() {
        let mut fields = CsvFields::default();
        assert!(fields.split(br#""a" ,5" b"#, b',') && fields.is_clean());
        assert!(fields.split(br#""a"x,b"#, b',') && !fields.is_clean());
        for line in [r#""a"#, r#"x,"a"",b"#, "\""] {
            assert!(!fields.split(line.as_bytes(), b','), "{line}");
        }
    }

    #[test]
    fn the_most_frequent_separator_is_taken() {
        assert_eq!(delimiter(b"a;b;c,d"), b';');
        assert_eq!(delimiter(b"a\tb"), b'\t');
        assert_eq!(delimiter(b"a"), b',');
        assert_eq!(delimiter(b"a;b,c"), b',');
    }
}
