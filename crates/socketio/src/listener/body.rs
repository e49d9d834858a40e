//! Reads the body of a request within a size and a time.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It is larger than allowed. Answer 413.
    TooLarge,
    /// It did not come in time. Answer 408.
    Timeout,
    /// It broke off, or is no valid HTTP.
    Broken,
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the body is too large",
            Self::Timeout => "the body did not come in time",
            Self::Broken => "the body broke off",
        })
    }
}

impl std::error::Error for BodyError {}

/// Reads a whole body of at most `max_bytes`. `time` is for all of it, so a body that drips in is cut off.
///
/// Memory grows with what has come, never with what is announced.
///
/// # Errors
/// When the body is too large, too slow, or breaks off.
pub async fn read_body<B>(body: B, max_bytes: usize, time: Duration) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes>,
{
    if body.size_hint().lower() > max_bytes as u64 {
        return Err(BodyError::TooLarge);
    }
    tokio::time::timeout(time, collect(body, max_bytes)).await.unwrap_or(Err(BodyError::Timeout))
}

/// Most that is taken of a body that nobody wants, in bytes.
const UNWANTED_MAX_BYTES: usize = 4 << 20;
/// Longest time given to a body that nobody wants.
const UNWANTED_TIME: Duration = Duration::from_secs(2);

/// Takes what is left of a body that nobody wants before it is answered: a connection that is closed under whoever
/// still writes loses them the answer, and a proxy takes it for a failure of this server. False when it was too much
/// or too slow: then the connection has to be closed.
pub async fn discard<B>(body: B) -> bool
where
    B: Body<Data = Bytes>,
{
    if body.size_hint().lower() > UNWANTED_MAX_BYTES as u64 {
        return false;
    }
    let all = async {
        let mut body = pin!(body);
        let mut seen = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            seen += frame.data_ref().map_or(0, Bytes::len);
            if seen > UNWANTED_MAX_BYTES {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(UNWANTED_TIME, all).await.unwrap_or(false)
}

async fn collect<B>(body: B, max_bytes: usize) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        if first.len() + all.len() + data.len() > max_bytes {
            return Err(BodyError::TooLarge);
        }
        if first.is_empty() && all.is_empty() {
            // Most bodies come in one piece, which need not be copied.
            first = data;
        } else {
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}
