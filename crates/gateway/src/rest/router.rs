//! Which route a path means. Paths are compared as they were sent, segment by segment: nothing is decoded,
//! resolved or joined before, so there is no second spelling of a route to slip past a proxy's rules.

use fireside_kernel::Registry;
use fireside_protocol::Method as Verb;
use http::Method;

/// What stands behind a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The registry's operation of this index.
    Operation(usize),
    /// A route of the server itself.
    Own(Own),
    /// The page of this index.
    Page(usize),
}

/// The routes of the server itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    Health,
    Ready,
    Version,
    Metrics,
}

const OWN: [(&str, Own); 4] = [
    ("/healthz", Own::Health),
    ("/readyz", Own::Ready),
    ("/version", Own::Version),
    ("/metrics", Own::Metrics),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    // First, so that sorted routes try `/rooms/discover` before `/rooms/{roomId}`.
    Literal(&'static str),
    Field(&'static str),
}

#[derive(Debug)]
struct Route {
    segments: Vec<Segment>,
    method: Method,
    template: &'static str,
    target: Target,
}

/// All routes.
#[derive(Debug, Default)]
pub(crate) struct Router {
    routes: Vec<Route>,
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// To a route, with the values of the template's fields as they were sent.
    Route { target: Target, template: &'static str, fields: Vec<(&'static str, &'a str)> },
    /// There is such a path, for these methods only.
    OtherMethod { template: &'static str, allow: Vec<Method> },
    /// There is no such path.
    Nothing,
}

impl Router {
    /// Routes of the registry's operations, of the server itself and of its pages.
    ///
    /// # Panics
    /// If two routes are the same: that is a mistake of the program, found at its start.
    pub(crate) fn new(registry: &Registry, pages: impl Iterator<Item = &'static str>) -> Router {
        let mut router = Router::default();
        for (index, entry) in registry.entries().iter().enumerate() {
            if let Some(route) = entry.operation.route {
                router.add(method(route.method), route.path, Target::Operation(index));
            }
        }
        for (path, own) in OWN {
            router.add(Method::GET, path, Target::Own(own));
        }
        for (index, path) in pages.enumerate() {
            router.add(Method::GET, path, Target::Page(index));
        }
        router.routes.sort_by(|a, b| a.segments.cmp(&b.segments));
        router
    }

    fn add(&mut self, method: Method, template: &'static str, target: Target) {
        let segments: Vec<_> = segments(template).map(segment).collect();
        let is_same = |other: &Route| {
            other.method == method
                && other.segments.len() == segments.len()
                && other.segments.iter().zip(&segments).all(|pair| match pair {
                    (Segment::Literal(a), Segment::Literal(b)) => a == b,
                    (Segment::Field(_), Segment::Field(_)) => true,
                    _ => false,
                })
        };
        assert!(!self.routes.iter().any(is_same), "{method} {template} is routed twice");
        self.routes.push(Route { segments, method, template, target });
    }

    /// The route of a request. `HEAD` is answered where `GET` is.
    pub(crate) fn find<'a>(&self, wanted: &Method, path: &'a str) -> Found<'a> {
        let wanted = if *wanted == Method::HEAD { &Method::GET } else { wanted };
        let mut elsewhere: Option<&'static str> = None;
        let mut allow = Vec::new();
        for route in &self.routes {
            let Some(fields) = fields(&route.segments, path) else { continue };
            if route.method == *wanted {
                return Found::Route { target: route.target, template: route.template, fields };
            }
            elsewhere.get_or_insert(route.template);
            if !allow.contains(&route.method) {
                allow.push(route.method.clone());
            }
        }
        match elsewhere {
            Some(template) => Found::OtherMethod { template, allow: with_implied(allow) },
            None => Found::Nothing,
        }
    }
}

/// The methods that are answered wherever these are.
fn with_implied(mut allow: Vec<Method>) -> Vec<Method> {
    if allow.contains(&Method::GET) {
        allow.push(Method::HEAD);
    }
    allow.push(Method::OPTIONS);
    allow
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
        Verb::Patch => Method::PATCH,
        Verb::Delete => Method::DELETE,
    }
}

/// The parts of a path, `/chat/rooms` and `/chat/rooms/` alike: clients of the tutorial's kind of server may
/// write both, and one answer is safer than a redirect that drops the body.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let inner = path.strip_prefix('/').unwrap_or("\0");
    inner.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(inner).split('/')
}

fn segment(text: &'static str) -> Segment {
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => Segment::Field(name),
        None => Segment::Literal(text),
    }
}

/// The values of the template's fields, if the path fits. A field is never empty.
fn fields<'a>(template: &[Segment], path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let mut values = Vec::new();
    let mut parts = segments(path);
    for segment in template {
        match (segment, parts.next()?) {
            (Segment::Literal(literal), part) if *literal == part => {}
            (Segment::Field(name), part) if !part.is_empty() => values.push((*name, part)),
            _ => return None,
        }
    }
    parts.next().is_none().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[(Method, &'static str)]) -> Router {
        let mut router = Router::default();
        for (index, (method, template)) in routes.iter().enumerate() {
            router.add(method.clone(), template, Target::Operation(index));
        }
        router.routes.sort_by(|a, b| a.segments.cmp(&b.segments));
        router
    }

    fn chat() -> Router {
        router(&[
            (Method::GET, "/"),
            (Method::GET, "/chat/rooms"),
            (Method::POST, "/chat/rooms"),
            (Method::GET, "/chat/rooms/{roomId}"),
            (Method::GET, "/chat/rooms/discover"),
            (Method::GET, "/chat/users/{userId}"),
            (Method::PATCH, "/chat/users/me"),
            (Method::POST, "/chat/dm/{receiverId}"),
            (Method::GET, "/chat/dm/{userId}"),
        ])
    }

    fn template(found: &Found<'_>) -> Option<&'static str> {
        match found {
            Found::Route { template, .. } => Some(template),
            _ => None,
        }
    }

    #[test]
    fn literals_come_before_fields_and_methods_count() {
        let router = chat();
        let find = |method: Method, path| template(&router.find(&method, path));
        assert_eq!(find(Method::GET, "/chat/rooms/discover"), Some("/chat/rooms/discover"));
        assert_eq!(find(Method::GET, "/chat/rooms/x"), Some("/chat/rooms/{roomId}"));
        assert_eq!(find(Method::PATCH, "/chat/users/me"), Some("/chat/users/me"));
        assert_eq!(find(Method::GET, "/chat/users/me"), Some("/chat/users/{userId}"));
        assert_eq!(find(Method::POST, "/chat/dm/bob"), Some("/chat/dm/{receiverId}"));
        assert_eq!(find(Method::HEAD, "/chat/dm/bob"), Some("/chat/dm/{userId}"));
        assert_eq!(find(Method::GET, "/"), Some("/"));
    }

    #[test]
    fn fields_are_handed_on_as_sent() {
        let router = chat();
        let Found::Route { fields, .. } = router.find(&Method::GET, "/chat/rooms/a%2Fb") else { panic!() };
        assert_eq!(fields, [("roomId", "a%2Fb")]);
    }

    #[test]
    fn one_slash_at_the_end_changes_nothing_and_no_other_slash_fits() {
        let router = chat();
        assert_eq!(template(&router.find(&Method::GET, "/chat/rooms/")), Some("/chat/rooms"));
        for path in [
            "//",
            "//chat/rooms",
            "/chat//rooms",
            "/chat/rooms//",
            "/chat%2frooms",
            "/chat/./rooms",
            "/chat/../chat/rooms",
            "/CHAT/rooms",
            "/chat/rooms/x/y",
            "chat/rooms",
            "",
            "*",
            "/chat/rooms;/x",
        ] {
            assert_eq!(router.find(&Method::GET, path), Found::Nothing, "{path}");
        }
    }

    #[test]
    fn a_known_path_names_its_methods() {
        let router = chat();
        let Found::OtherMethod { allow, template } = router.find(&Method::DELETE, "/chat/rooms") else {
            panic!()
        };
        assert_eq!(template, "/chat/rooms");
        assert_eq!(allow, [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS]);
        assert!(matches!(router.find(&Method::TRACE, "/chat/rooms"), Found::OtherMethod { .. }));
    }

    #[test]
    #[should_panic(expected = "GET /a/{y} is routed twice")]
    fn two_routes_of_one_form_are_a_mistake() {
        router(&[(Method::GET, "/a/{x}"), (Method::GET, "/a/{y}")]);
    }
}
