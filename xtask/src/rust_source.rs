//! One Rust file, parsed: its functions, its tokens in a row, and which of both are test code.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// What the rules ask of a Rust file.
pub struct RustSource {
    /// Every function with a body, in order.
    pub functions: Vec<Function>,
    /// Every token but documentation, in order.
    pub tokens: Vec<Token>,
    /// How many lines lie in `#[cfg(test)]` modules.
    pub test_lines: usize,
}

/// A function with a body.
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`, from 1.
    pub line: usize,
    /// Lines from `fn` to the closing brace.
    pub length: usize,
    /// Whether it only runs in tests.
    pub test: bool,
    /// Whether its name was chosen by somebody else: it implements a trait.
    pub named_by_trait: bool,
}

/// One token with its place.
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its line, from 1.
    pub line: usize,
    /// Whether it is compiled for tests only.
    pub test: bool,
}

/// The kinds of token that rules look at.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Word(String),
    /// The value of a string literal.
    Text(String),
    /// One character of an operator, or an opening or closing bracket.
    Sign(char),
    /// A number, a character, bytes.
    Value,
}

impl RustSource {
    /// Parses a whole file.
    ///
    /// # Errors
    /// When the text is not Rust.
    pub fn parse(text: &str) -> syn::Result<Self> {
        let mut functions = Functions::default();
        functions.visit_file(&syn::parse_file(text)?);
        let mut tokens = Vec::new();
        flatten(text.parse()?, false, &mut tokens);
        Ok(Self { functions: functions.found, tokens, test_lines: functions.test_lines })
    }

    /// Every place outside tests where these words follow each other as a path: `["Uuid", "new_v4"]`.
    pub fn uses_of<'a>(&'a self, path: &'a [&str]) -> impl Iterator<Item = &'a Token> {
        let length = path.len() * 3 - 2;
        self.tokens.windows(length).filter_map(move |window| {
            let matches = window.iter().enumerate().all(|(at, token)| match at % 3 {
                0 => matches!(&token.kind, Kind::Word(word) if word == path[at / 3]),
                _ => token.kind == Kind::Sign(':'),
            });
            (matches && !window[0].test).then_some(&window[0])
        })
    }
}

#[derive(Default)]
struct Functions {
    found: Vec<Function>,
    test_lines: usize,
    in_test: bool,
    in_trait_impl: bool,
}

impl Functions {
    fn add(&mut self, attributes: &[syn::Attribute], signature: &syn::Signature, end: proc_macro2::Span) {
        let line = signature.fn_token.span.start().line;
        self.found.push(Function {
            name: signature.ident.to_string(),
            line,
            length: end.end().line - line + 1,
            test: self.in_test || attributes.iter().any(is_test_attribute),
            named_by_trait: self.in_trait_impl,
        });
    }
}

impl Visit<'_> for Functions {
    fn visit_item_mod(&mut self, module: &syn::ItemMod) {
        let outer = self.in_test;
        let test = module.attrs.iter().any(is_test_attribute);
        if let (true, false, Some((braces, _))) = (test, outer, &module.content) {
            let first = module.mod_token.span.start().line;
            self.test_lines += braces.span.close().end().line - first + 1;
        }
        self.in_test |= test;
        visit::visit_item_mod(self, module);
        self.in_test = outer;
    }

    fn visit_item_impl(&mut self, block: &syn::ItemImpl) {
        let outer = self.in_trait_impl;
        self.in_trait_impl = block.trait_.is_some();
        visit::visit_item_impl(self, block);
        self.in_trait_impl = outer;
    }

    fn visit_item_fn(&mut self, function: &syn::ItemFn) {
        self.add(&function.attrs, &function.sig, function.block.brace_token.span.close());
        let outer = std::mem::replace(&mut self.in_trait_impl, false);
        visit::visit_item_fn(self, function);
        self.in_trait_impl = outer;
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        self.add(&function.attrs, &function.sig, function.block.brace_token.span.close());
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.add(&function.attrs, &function.sig, body.brace_token.span.close());
        }
        visit::visit_trait_item_fn(self, function);
    }
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`.
fn is_test_attribute(attribute: &syn::Attribute) -> bool {
    let is = |path: &syn::Path| path.segments.last().is_some_and(|last| last.ident == "test");
    match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => is_test(&list.tokens),
        meta => is(meta.path()),
    }
}

fn is_test(condition: &TokenStream) -> bool {
    condition.to_string() == "test"
}

/// Lays the tokens out in a row, without doc comments, and marks what follows `#[cfg(test)]` up to its end.
fn flatten(stream: TokenStream, in_test: bool, row: &mut Vec<Token>) {
    let mut test = in_test;
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        let token = |kind| Token { kind, line, test };
        match tree {
            TokenTree::Punct(sign) if sign.as_char() == '#' => {
                trees.next_if(|next| matches!(next, TokenTree::Punct(sign) if sign.as_char() == '!'));
                let Some(TokenTree::Group(attribute)) = trees.next() else { continue };
                match attribute_name(&attribute.stream()).as_deref() {
                    Some("doc") => continue,
                    Some("cfg(test)") => {
                        test = true;
                        continue;
                    }
                    _ => {}
                }
                row.extend([token(Kind::Sign('#')), token(Kind::Sign('['))]);
                flatten(attribute.stream(), test, row);
                row.push(token(Kind::Sign(']')));
            }
            TokenTree::Group(group) => {
                let (open, close) = signs(group.delimiter());
                row.push(token(Kind::Sign(open)));
                let end = group.span_close().end().line;
                let item_ends = group.delimiter() == Delimiter::Brace;
                flatten(group.stream(), test, row);
                row.push(Token { kind: Kind::Sign(close), line: end, test });
                test = if item_ends { in_test } else { test };
            }
            TokenTree::Punct(sign) => {
                row.push(token(Kind::Sign(sign.as_char())));
                test = if sign.as_char() == ';' { in_test } else { test };
            }
            TokenTree::Ident(word) => row.push(token(Kind::Word(word.to_string()))),
            TokenTree::Literal(literal) => row.push(token(value_of(literal))),
        }
    }
}

fn attribute_name(attribute: &TokenStream) -> Option<String> {
    let mut trees = attribute.clone().into_iter();
    let TokenTree::Ident(name) = trees.next()? else { return None };
    match trees.next() {
        Some(TokenTree::Group(group)) if name == "cfg" && is_test(&group.stream()) => {
            Some("cfg(test)".into())
        }
        _ => Some(name.to_string()),
    }
}

fn value_of(literal: proc_macro2::Literal) -> Kind {
    match syn::Lit::new(literal) {
        syn::Lit::Str(text) => Kind::Text(text.value()),
        _ => Kind::Value,
    }
}

fn signs(delimiter: Delimiter) -> (char, char) {
    match delimiter {
        Delimiter::Parenthesis => ('(', ')'),
        Delimiter::Brace => ('{', '}'),
        Delimiter::Bracket => ('[', ']'),
        Delimiter::None => (' ', ' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_apart_from_the_rest() {
        let source = RustSource::parse(
            "fn a() { Uuid::new_v4(); }\n#[cfg(test)]\nmod tests {\n fn b() { Uuid::new_v4(); }\n}\nfn c() {}\n",
        )
        .unwrap();
        let tests: Vec<_> = source.functions.iter().map(|f| (f.name.as_str(), f.test)).collect();
        assert_eq!(tests, [("a", false), ("b", true), ("c", false)]);
        assert_eq!(source.test_lines, 3);
        let lines: Vec<_> = source.uses_of(&["Uuid", "new_v4"]).map(|token| token.line).collect();
        assert_eq!(lines, [1]);
    }

    #[test]
    fn length_counts_from_fn_to_the_closing_brace() {
        let source = RustSource::parse("/// Doc.\n#[inline]\nfn a(\n) {\n}\n").unwrap();
        assert_eq!((source.functions[0].line, source.functions[0].length), (3, 3));
    }

    #[test]
    fn documentation_is_no_token() {
        let source = RustSource::parse("//! SELECT\n/// SELECT\nconst A: &str = \"SELECT\";").unwrap();
        let texts = source.tokens.iter().filter(|token| matches!(token.kind, Kind::Text(_)));
        assert_eq!(texts.count(), 1);
    }
}
