//! What is wrong with the settings: every problem names the setting, where it was given, and what to do.

use std::fmt;

use super::layers::Origin;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was given; none for a file that cannot be read at all.
    pub origin: Option<Origin>,
    /// What is wrong, and what is expected.
    pub text: String,
}

impl Problem {
    /// A problem of a setting given at `origin`.
    pub(super) fn at(origin: &Origin, text: impl Into<String>) -> Problem {
        Problem { origin: Some(origin.clone()), text: text.into() }
    }

    /// A problem of no single place.
    pub(super) fn general(text: impl Into<String>) -> Problem {
        Problem { origin: None, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{origin}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// The settings cannot be used. All problems at once, so that they can be repaired at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => write!(f, "{problem}"),
            problems => {
                write!(f, "{} settings cannot be used", problems.len())?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}

/// The known name nearest to a mistyped one, if any is near.
pub(super) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR: f64 = 0.7;
    let scored = known.into_iter().map(|name| (strsim::normalized_damerau_levenshtein(typed, name), name));
    let best = scored.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(score, _)| *score >= NEAR).map(|(_, name)| name)
}

/// `; did you mean …?`, or nothing.
pub(super) fn did_you_mean(nearest: Option<impl fmt::Display>) -> String {
    nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = ["listen", "data_dir", "signup", "limits.payload"];
        assert_eq!(nearest("listne", known), Some("listen"));
        assert_eq!(nearest("data-dir", known), Some("data_dir"));
        assert_eq!(nearest("sing_up", known), Some("signup"));
        assert_eq!(nearest("limits.paylod", known), Some("limits.payload"));
        assert_eq!(nearest("colour", known), None);
    }
}
