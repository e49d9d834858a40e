//! The closed list of errors, as Markdown and as rows for the page of errors.

use fireside_protocol::Reason;

/// The list as Markdown.
pub(super) fn markdown() -> String {
    let mut text = String::from(
        "# Errors\n\n\
         The closed list of reasons why a request fails: `reason` in problem documents (RFC 9457) and in the `error` \
         of acks. Where it is retryable, the same request may succeed later without a change; `retryAfterMs` says \
         when, where that is known. After `indeterminate` it is not known whether it was done: repeat it with the \
         same `clientId` or `Idempotency-Key`.\n\n\
         | reason | status | retryable | title |\n|---|---|---|---|\n",
    );
    for reason in Reason::ALL {
        let row = format!(
            "| <a id=\"{0}\"></a>`{0}` | {1} | {2} | {3} |\n",
            reason.as_str(),
            reason.status(),
            retryable(*reason),
            reason.title()
        );
        text.push_str(&row);
    }
    text
}

/// The list as rows of an HTML table, each with the anchor that `type` of a problem document leads to.
pub(super) fn html_rows() -> String {
    Reason::ALL
        .iter()
        .map(|reason| {
            format!(
                "<tr id=\"{0}\"><td><code>{0}</code></td><td>{1}</td><td>{2}</td><td>{3}</td></tr>\n",
                reason.as_str(),
                reason.status(),
                retryable(*reason),
                reason.title()
            )
        })
        .collect()
}

const fn retryable(reason: Reason) -> &'static str {
    if reason.is_retryable() { "yes" } else { "no" }
}
