//! Reads the query string of a request.

/// All values of the parameter `name`, as they stand.
pub(crate) fn raw_values<'q>(query: &'q str, name: &str) -> impl Iterator<Item = &'q str> {
    query.split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then_some(value)
    })
}

/// The first value of the parameter `name`, as it stands, and whether there are more. A parameter that comes twice may
/// mean one thing here and another to a proxy.
pub(crate) fn only<'q>(query: &'q str, name: &str) -> (Option<&'q str>, bool) {
    let mut values = raw_values(query, name);
    (values.next(), values.next().is_some())
}

/// The first value of the parameter `name`, with `+` and `%xx` decoded.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key) == name).then(|| decode(value))
    })
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = || {
            let digit = |offset: usize| char::from(*bytes.get(at + offset)?).to_digit(16);
            u8::try_from(digit(1)? << 4 | digit(2)?).ok()
        };
        match (byte, (byte == b'%').then(escaped).flatten()) {
            (_, Some(value)) => {
                decoded.push(value);
                at += 2;
            }
            (b'+', None) => decoded.push(b' '),
            (other, None) => decoded.push(other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{parameter, raw_values};

    #[test]
    fn parameters_are_decoded() {
        assert_eq!(parameter("a=1&name=J%C3%BCrg+B%2&b", "name").as_deref(), Some("Jürg B%2"));
        assert_eq!(parameter("a=1&b", "b").as_deref(), Some(""));
        assert_eq!(parameter("a=1", "c"), None);
    }

    #[test]
    fn every_value_of_a_parameter_is_seen() {
        assert_eq!(raw_values("EIO=4&EIO=3", "EIO").collect::<Vec<_>>(), ["4", "3"]);
    }
}
