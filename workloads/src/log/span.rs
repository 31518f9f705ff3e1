//! Where in a record the value of a column stands.

/// Where in a record, or among the values that were written with escapes, a value stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether it is among those that were written with escapes.
    pub(super) is_rewritten: bool,
}

/// The values of a record, a slot each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) record: &'a [u8],
    /// What was written with escapes, without them.
    pub(super) rewritten: &'a [u8],
    pub(super) spans: &'a [Span],
}

impl<'a> Values<'a> {
    /// The value of a slot without blanks around it; empty where there is none.
    pub(super) fn get(&self, slot: usize) -> &'a [u8] {
        let Some(span) = self.spans.get(slot) else { return &[] };
        let text = if span.is_rewritten { self.rewritten } else { self.record };
        text[span.start..span.end].trim_ascii()
    }
}
