//! Arguments that say how the calls of a deployment are read from a log.

use clap::Args;

use crate::traffic_args::Reading;

/// How a log of calls is read.
#[derive(Debug, Args)]
pub(crate) struct CallsArgs {
    /// The first day that the log covers [default: told from its gaps]
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// The day behind the last that the log covers [default: told from its gaps]
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// Which model of the scenario a name in the log stands for, NAME=MODEL; may be given several times
    #[arg(long, value_name = "NAME=MODEL", value_parser = pair)]
    pub(crate) serves: Vec<(String, String)>,
    /// Column with the time at which execution began
    #[arg(long, value_name = "COLUMN")]
    pub(crate) started: Option<String>,
    /// Column with how long the container took to start, where it was not up
    #[arg(long, value_name = "COLUMN")]
    pub(crate) startup: Option<String>,
    /// Column with the container
    #[arg(long, value_name = "COLUMN")]
    pub(crate) container: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Two names with an equals sign between them.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((name, meant)) if !meant.is_empty() => Ok((name.to_owned(), meant.to_owned())),
        _ => Err("write it as NAME=NAME".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_told_by_the_last_equals_sign() {
        assert_eq!(pair("a=b"), Ok(("a".to_owned(), "b".to_owned())));
        assert_eq!(pair("f(x=1)=b"), Ok(("f(x=1)".to_owned(), "b".to_owned())));
        assert_eq!(pair("=b"), Ok((String::new(), "b".to_owned())));
        assert!(pair("a=").is_err() && pair("a").is_err());
    }
}
