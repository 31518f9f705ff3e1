//! Doing by program what the user of `fleetfront traffic` does by hand; shared by the tests that need it.

/// A scenario's text with the traffic of a section in place of its own: the models of the section, in turn, for the first
/// ones.
///
/// - `own`: the embedded `scenario.toml`, whose layout this knows.
pub(crate) fn pasted(own: &str, section: &str) -> String {
    let (of_all, of_models) = section.split_once("\n[[models]]\n").expect("a model");
    let start = own.find("[traffic]\n").expect("a section");
    let end = start + own[start..].find("\n# The settings of every pool").expect("its end");
    let mut text = format!("{}{of_all}\n{}", &own[..start], &own[end..]);
    let mut from = 0;
    for lines in of_models.split("\n[[models]]\n") {
        from += text[from..].find("requests_per_day = ").expect("a model");
        let until = from + text[from..].find("\nlatency_limit_s").expect("the next key");
        let (_, lines) = lines.split_once('\n').expect("a name");
        let (keys, tables) = lines.split_at(lines.find("\n[models.").map_or(lines.len(), |newline| newline + 1));
        text.replace_range(from..until, keys.trim_end());
        // Tables end the keys of a model.
        from += text[from..].find("\n\n[[models.variants]]").expect("the end of the keys");
        text.insert_str(from, &format!("\n\n{}", tables.trim_end()));
        from += tables.len();
    }
    text
}
