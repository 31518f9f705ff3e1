//! Files that there is one of for each model of a log.

/// The longest part of a file's name that a model's name makes, in letters.
pub(crate) const NAME_MAX: usize = 60;

/// The names of the files: `STEM.csv` where the log has one model, else `STEM.MODEL.csv`.
pub(crate) fn model_files<'a>(stem: &str, is_one: bool, models: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    let name = |model: &str| {
        let part = if is_one { String::new() } else { format!("{}.", file_name(model)) };
        let names = std::iter::once(format!("{stem}.{part}csv")).chain((2..).map(|k| format!("{stem}.{part}{k}.csv")));
        // Some file systems take small and capital letters for the same.
        let mut free = names.filter(|name| !taken.contains(&name.to_lowercase()));
        let name = free.next().unwrap_or_default();
        taken.push(name.to_lowercase());
        name
    };
    models.map(name).collect()
}

/// A model's name as a part of a file's name on any system.
fn file_name(model: &str) -> String {
    let is_safe = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let safe = model.chars().take(NAME_MAX).map(|letter| if is_safe(letter) { letter } else { '_' });
    let name: String = safe.collect();
    let name = name.trim_matches('.');
    if name.is_empty() { "_".to_owned() } else { name.to_owned() }
}
