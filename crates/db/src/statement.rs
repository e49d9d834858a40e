//! One SQL text with its bound values, understood by both engines.

use std::fmt::Write as _;
use std::sync::Arc;

/// Starts a statement from a text written in the source. Placeholders are `$1`, `$2`, …, which
/// both engines number the same way.
///
/// ```
/// # use fireside_db::sql;
/// let statement = sql("SELECT id FROM rooms WHERE slug = $1 AND deleted_at IS NULL").bind("lobby");
/// # let _ = statement;
/// ```
pub fn sql(text: &'static str) -> Statement {
    Statement { text: Text::Written(text), values: Vec::new() }
}

/// A statement and the values bound to its placeholders. Cheap to clone.
///
/// The text comes from the source or from [`Statement::generated`], never from a request: that is
/// what keeps what users type out of the SQL.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(crate) text: Text,
    pub(crate) values: Vec<Value>,
}

/// Where the text of a statement comes from.
#[derive(Debug, Clone)]
pub(crate) enum Text {
    Written(&'static str),
    Generated(Arc<str>),
}

impl Statement {
    /// A statement whose text was put together by our own code, such as the rows of
    /// [`values_list`]. Keep the number of different texts small: every connection caches one
    /// prepared statement for each.
    pub fn generated(text: impl Into<Arc<str>>) -> Statement {
        Statement { text: Text::Generated(text.into()), values: Vec::new() }
    }

    /// Binds the next placeholder.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Statement {
        self.values.push(value.into());
        self
    }

    /// Binds the next placeholders, in order.
    #[must_use]
    pub fn bind_all(mut self, values: impl IntoIterator<Item = Value>) -> Statement {
        self.values.extend(values);
        self
    }

    /// Whether a bound text holds U+0000, which PostgreSQL cannot store and SQLite would cut off
    /// in half of its functions.
    pub(crate) fn binds_nul(&self) -> bool {
        self.values.iter().any(|value| match value {
            Value::Text(Some(text)) => text.as_bytes().contains(&0),
            _ => false,
        })
    }
}

/// A bound value. NULL keeps its type, because PostgreSQL decides the type of a placeholder from
/// what is bound first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// TEXT.
    Text(Option<Arc<str>>),
    /// BIGINT.
    Bigint(Option<i64>),
    /// BOOLEAN.
    Boolean(Option<bool>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(Some(text.into()))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Value::Text(Some(text.as_str().into()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(Some(text.into()))
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Value::Text(Some(text))
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Value::Text(text.map(Arc::from))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Value::Text(text.map(Arc::from))
    }
}

impl From<Option<Arc<str>>> for Value {
    fn from(text: Option<Arc<str>>) -> Self {
        Value::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Bigint(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Value::Bigint(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Boolean(Some(truth))
    }
}

impl From<Option<bool>> for Value {
    fn from(truth: Option<bool>) -> Self {
        Value::Boolean(truth)
    }
}

/// Renders `rows` rows of `columns` placeholders, numbered from `first`:
/// `values_list(2, 2, 1)` is `($1,$2),($3,$4)`.
///
/// No casts are needed: the type of every placeholder travels with its value, NULL included.
pub fn values_list(rows: usize, columns: usize, first: usize) -> String {
    let mut text = String::with_capacity(rows * (columns * 6 + 3));
    let mut placeholder = first;
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            let separator = if column == 0 { "" } else { "," };
            write!(text, "{separator}${placeholder}").expect("writing to a String cannot fail");
            placeholder += 1;
        }
        text.push(')');
    }
    text
}

/// The sizes in which `rows` rows go into multi-row statements: powers of two up to
/// [`LARGEST_BATCH`], the largest first. So there are at most eight texts of a statement to
/// prepare and cache, whatever sizes batches come in.
pub fn batches(rows: usize) -> impl Iterator<Item = usize> {
    let full = std::iter::repeat_n(LARGEST_BATCH, rows / LARGEST_BATCH);
    let rest = rows % LARGEST_BATCH;
    full.chain((0..LARGEST_BATCH.ilog2()).rev().map(|bit| 1 << bit).filter(move |size| rest & size != 0))
}

/// Most rows in one statement. With 60 columns it stays far below the 32,766 placeholders of
/// SQLite, and larger statements were not faster.
pub const LARGEST_BATCH: usize = 128;
