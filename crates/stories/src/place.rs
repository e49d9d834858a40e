//! A room as a story knows it.

/// A room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// A word that is in its name and in everything said in it, and nowhere else: whoever receives it was told
    /// something of this room.
    pub canary: String,
    /// Whether it was private from the beginning.
    pub is_private: bool,
}

impl Room {
    /// What is really said when someone says `text` here.
    pub fn spoken(&self, text: &str) -> String {
        format!("{text} {}", self.canary)
    }
}
