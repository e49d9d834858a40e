//! What a result row becomes: a struct or tuple readable from the rows of both engines.

use sqlx::FromRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

/// A type that can be read from a row of either engine: every tuple of columns, and every struct
/// made with [`row!`](crate::row!).
pub trait Row: Send + Unpin + for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> {}

impl<T> Row for T where T: Send + Unpin + for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> {}

/// Declares a struct that is read from a row, column by field name.
///
/// It stands in for `#[derive(sqlx::FromRow)]`, whose expansion names the crate `sqlx` and would
/// force a driver dependency on every crate that reads a row.
///
/// ```
/// fireside_db::row! {
///     /// A room as the list shows it.
///     #[derive(Debug)]
///     pub struct Listed {
///         /// Identifier.
///         pub id: String,
///         /// Only rooms have one; direct conversations do not.
///         pub slug: Option<String>,
///         is_private: bool,
///         last_at: i64,
///     }
/// }
/// ```
///
/// A first field that is `flat` is a struct of columns itself:
///
/// ```
/// fireside_db::row! {
///     pub struct Name {
///         first: String,
///         last: String,
///     }
/// }
/// fireside_db::row! {
///     pub struct Person {
///         flat name: Name,
///         born_at: i64,
///     }
/// }
/// ```
#[macro_export]
macro_rules! row {
    ($(#[$outer:meta])* $visibility:vis struct $name:ident {
        flat $flat:ident : $columns:ty,
        $($(#[$inner:meta])* $field_visibility:vis $field:ident : $type:ty),* $(,)?
    }) => {
        $(#[$outer])*
        $visibility struct $name {
            $flat: $columns,
            $($(#[$inner])* $field_visibility $field: $type,)*
        }

        impl<'r, R> $crate::sqlx::FromRow<'r, R> for $name
        where
            R: $crate::sqlx::Row,
            $columns: $crate::sqlx::FromRow<'r, R>,
            &'static str: $crate::sqlx::ColumnIndex<R>,
            $($type: $crate::sqlx::Decode<'r, R::Database> + $crate::sqlx::Type<R::Database>,)*
        {
            fn from_row(row: &'r R) -> ::core::result::Result<Self, $crate::sqlx::Error> {
                ::core::result::Result::Ok($name {
                    $flat: <$columns as $crate::sqlx::FromRow<'r, R>>::from_row(row)?,
                    $($field: $crate::sqlx::Row::try_get(row, stringify!($field))?,)*
                })
            }
        }
    };
    ($(#[$outer:meta])* $visibility:vis struct $name:ident {
        $($(#[$inner:meta])* $field_visibility:vis $field:ident : $type:ty),* $(,)?
    }) => {
        $(#[$outer])*
        $visibility struct $name {
            $($(#[$inner])* $field_visibility $field: $type,)*
        }

        impl<'r, R> $crate::sqlx::FromRow<'r, R> for $name
        where
            R: $crate::sqlx::Row,
            &'static str: $crate::sqlx::ColumnIndex<R>,
            $($type: $crate::sqlx::Decode<'r, R::Database> + $crate::sqlx::Type<R::Database>,)*
        {
            fn from_row(row: &'r R) -> ::core::result::Result<Self, $crate::sqlx::Error> {
                ::core::result::Result::Ok($name {
                    $($field: $crate::sqlx::Row::try_get(row, stringify!($field))?,)*
                })
            }
        }
    };
}
