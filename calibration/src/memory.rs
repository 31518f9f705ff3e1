//! How much memory GPUs have and models need.

use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::table::Table;

const COLUMNS: [&str; 8] = ["scope", "name", "variant", "gib", "kind", "source", "date", "note"];

/// Memory of GPUs and variants, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    rows: Vec<MemoryRow>,
}

/// Whose memory a row states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// What a process can use of a GPU.
    Gpu {
        /// The GPU type.
        gpu: String,
    },
    /// The peak that one request of a variant needs.
    Variant {
        /// The model.
        model: String,
        /// Its variant.
        variant: String,
    },
}

/// One amount of memory.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// Whose it is.
    pub holder: Holder,
    /// How much, in GiB.
    pub gib: f64,
    /// Where it comes from.
    pub provenance: Provenance,
    /// What a reader must know; may be empty.
    pub note: String,
}

impl Memory {
    /// Reads the columns `scope,name,variant,gib,kind,source,date,note`.
    ///
    /// # Errors
    /// Every problem of the file, in the order of its lines.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut table = Table::read(file, text, &COLUMNS, |row| {
            let of_a_gpu = row.choice("scope", &[("gpu", true), ("variant", false)]);
            let name = row.text("name");
            let gib = row.gib("gib");
            let provenance = row.provenance();
            let holder = if of_a_gpu? {
                row.must_be_empty(&["variant"], "a GPU has no variant");
                Holder::Gpu { gpu: name? }
            } else {
                let variant = row.text("variant");
                Holder::Variant { model: name?, variant: variant? }
            };
            let note = row.field("note").to_owned();
            Some(MemoryRow { line: row.line(), holder, gib: gib?, provenance: provenance?, note })
        });
        table.reject_repeats("name", |row: &MemoryRow| {
            let name = match &row.holder {
                Holder::Gpu { gpu } => format!("GPU {gpu}"),
                Holder::Variant { model, variant } => format!("{model} {variant}"),
            };
            Some((row.line, name))
        });
        Ok(Self { rows: table.finish_filled()? })
    }

    /// What a process can use of a GPU.
    #[must_use]
    pub fn gpu(&self, gpu: &str) -> Option<&MemoryRow> {
        self.rows.iter().find(|row| matches!(&row.holder, Holder::Gpu { gpu: name } if name == gpu))
    }

    /// The peak that one request of a variant needs.
    #[must_use]
    pub fn variant(&self, model: &str, variant: &str) -> Option<&MemoryRow> {
        self.rows
            .iter()
            .find(|row| matches!(&row.holder, Holder::Variant { model: m, variant: v } if m == model && v == variant))
    }

    /// All rows, in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[MemoryRow] {
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "scope,name,variant,gib,kind,source,date,note\n";

    #[test]
    fn gpus_and_variants_are_found_apart() {
        let text = format!("{HEADER}gpu,T4,,14.74,published,a,b,\nvariant,lora,bf16,34.6,derived,a,b,largest\n");
        let memory = Memory::read("memory.csv", &text).expect("valid");
        assert_eq!(memory.gpu("T4").map(|row| row.gib.to_bits()), Some(14.74f64.to_bits()));
        assert_eq!(memory.variant("lora", "bf16").map(|row| row.note.as_str()), Some("largest"));
        assert!(memory.gpu("lora").is_none() && memory.variant("T4", "").is_none());
        assert!(memory.variant("lora", "nf4").is_none());
    }

    #[test]
    fn wrong_scopes_variants_and_amounts_are_named() {
        let text = format!(
            "{HEADER}host,a,,1,assumed,a,b,\ngpu,T4,fp8,1,assumed,a,b,\nvariant,m,,1,assumed,a,b,\n\
             gpu,L4,,0,assumed,a,b,\ngpu,A10,,22,assumed,a,b,\ngpu,A10,,23,assumed,a,b,\nvariant,m,a,33900,assumed,a,b,\n"
        );
        let found = Memory::read("memory.csv", &text).expect_err("bad input");
        let keys: Vec<_> = found.iter().map(|p| (p.line.expect("a line"), p.key.as_str())).collect();
        assert_eq!(
            keys,
            [(2, "scope"), (3, "variant"), (4, "variant"), (5, "gib"), (7, "name"), (8, "gib")],
            "{found:#?}"
        );
    }
}
