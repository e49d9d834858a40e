//! Answers as gzip (RFC 9110 §8.4), for those who take it.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use http::{HeaderMap, HeaderValue};

use super::answer::Response;

/// Bytes from which compressing an answer is worth its time: it then saves whole packets.
const WORTH_IT: usize = 4 * 1024;

const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const BY_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// Whether the request takes gzip: it is named, and not with a weight of nothing.
pub(super) fn accepts_gzip(asked: &HeaderMap) -> bool {
    let lists = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|entry| {
        let (coding, weight) = entry.split_once(';').unwrap_or((entry, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        coding.trim().eq_ignore_ascii_case("gzip") && weight.unwrap_or(1.0) > 0.0
    })
}

/// The bytes as gzip; none where that is no smaller.
pub(super) fn gzip(body: &[u8], level: Compression) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(body).ok()?;
    encoder.finish().ok().filter(|made| made.len() < body.len()).map(Bytes::from)
}

/// Says that the answer depends on what encoding is accepted, and whether it is compressed.
pub(super) fn mark(headers: &mut HeaderMap, is_compressed: bool) {
    headers.append(VARY, BY_ENCODING);
    if is_compressed {
        headers.insert(CONTENT_ENCODING, GZIP);
    }
}

/// Compresses what was read for whoever asked, as fast as can be, where it is long and they take it.
pub(super) fn shorten(mut response: Response, asked: &HeaderMap) -> Response {
    if response.body().len() < WORTH_IT {
        return response;
    }
    let compressed = accepts_gzip(asked).then(|| gzip(response.body(), Compression::fast())).flatten();
    mark(response.headers_mut(), compressed.is_some());
    if let Some(body) = compressed {
        *response.body_mut() = body;
    }
    response
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::rest::answer;

    fn shortened(bytes: usize, accepts: Option<&'static str>) -> Response {
        let response = answer::with_body(
            StatusCode::OK,
            HeaderValue::from_static("application/json"),
            vec![b'7'; bytes],
        );
        let mut asked = HeaderMap::new();
        asked.extend(accepts.map(|accepts| (ACCEPT_ENCODING, HeaderValue::from_static(accepts))));
        shorten(response, &asked)
    }

    #[test]
    fn what_is_long_is_compressed_for_whoever_takes_it() {
        let short = shortened(WORTH_IT - 1, Some("gzip"));
        assert_eq!((short.body().len(), short.headers().get(VARY)), (WORTH_IT - 1, None));
        for accepts in [None, Some("br"), Some("gzip;q=0")] {
            let plain = shortened(WORTH_IT, accepts);
            assert_eq!(
                (plain.body().len(), plain.headers().get(CONTENT_ENCODING)),
                (WORTH_IT, None),
                "{accepts:?}"
            );
            assert_eq!(plain.headers()[VARY], "accept-encoding", "a cache keeps the two apart");
        }
        let compressed = shortened(WORTH_IT, Some("br, gzip"));
        assert_eq!(compressed.headers()[CONTENT_ENCODING], "gzip");
        let mut read = String::new();
        let mut decoder = flate2::read::GzDecoder::new(&compressed.body()[..]);
        std::io::Read::read_to_string(&mut decoder, &mut read).unwrap();
        assert_eq!(read, "7".repeat(WORTH_IT));
    }
}
