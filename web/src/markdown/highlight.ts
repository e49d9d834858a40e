// Code in colours: a few kinds of words that most languages share. One pass, no looking back.

/** A piece of code; without a kind it is plain. */
export interface Token {
  readonly kind: "comment" | "string" | "number" | "keyword" | null;
  readonly text: string;
}

/** More pieces than this would make a page slow that shows many of them. */
const TOKENS_MAX = 1500;

interface Language {
  /** How comments look, as parts of an expression. */
  readonly comments: readonly string[];
  /** How strings look. */
  readonly strings: readonly string[];
  readonly keywords: ReadonlySet<string>;
  readonly ignoresCase?: boolean;
}

const SLASHES = ["\\/\\/[^\\n]*", "\\/\\*(?:[^*]|\\*(?!\\/))*(?:\\*\\/|$)"];
const HASH = ["#[^\\n]*"];
const DASHES = ["--[^\\n]*", "\\/\\*(?:[^*]|\\*(?!\\/))*(?:\\*\\/|$)"];
const QUOTED = ['"(?:[^"\\\\\\n]|\\\\.)*"?', "'(?:[^'\\\\\\n]|\\\\.)*'?"];
const DOUBLE = ['"(?:[^"\\\\]|\\\\.)*"?'];
const TEMPLATE = ["`(?:[^`\\\\]|\\\\[^])*`?"];
const CHAR = ["'(?:[^'\\\\\\n]|\\\\.)'"];

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

const SCRIPT: Language = {
  comments: SLASHES,
  strings: [...QUOTED, ...TEMPLATE],
  keywords: words(
    "abstract as async await break case catch class const continue default delete do else enum export extends false finally for from function get if implements import in instanceof interface let new null of private protected public readonly return satisfies set static super switch this throw true try type typeof undefined var void while yield",
  ),
};
const RUST: Language = {
  comments: SLASHES,
  // A single quote alone begins a lifetime.
  strings: [...DOUBLE, ...CHAR],
  keywords: words(
    "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while",
  ),
};
const FAMILY: Language = {
  comments: SLASHES,
  strings: [...QUOTED, ...TEMPLATE],
  keywords: words(
    "abstract auto bool boolean break byte case catch chan char class const continue default defer do double else enum extends extern false final finally float for foreach fun func fun go goto if implements import in int interface internal let long map namespace new nil null nullptr object override package private protected public range return select self short signed sizeof static string struct super switch template this throw throws true try type typedef union unsigned using val var virtual void when where while",
  ),
};
const PYTHON: Language = {
  comments: HASH,
  strings: ['"""[^]*?(?:"""|$)', "'''[^]*?(?:'''|$)", ...QUOTED],
  keywords: words(
    "and as assert async await begin break case class continue def del do elif else elsif end ensure except False finally for from global if import in is lambda match module next nil None nonlocal not or pass raise rescue return self super then True try unless until when while with yield",
  ),
};
const SHELL: Language = {
  comments: ["(?<![^\\s])#[^\\n]*"],
  strings: ['"(?:[^"\\\\]|\\\\[^])*"?', "'[^']*'?"],
  keywords: words(
    "alias break case cd continue do done echo elif else esac exit export fi for function if in local read return set shift source sudo test then trap unset until while",
  ),
};
const DATA: Language = { comments: HASH, strings: QUOTED, keywords: words("true false null yes no on off") };
const JSON_LIKE: Language = { comments: SLASHES, strings: DOUBLE, keywords: words("true false null") };
const SQL: Language = {
  comments: DASHES,
  strings: QUOTED,
  ignoresCase: true,
  keywords: words(
    "add all alter and as asc begin between by case check column commit conflict constraint create cross default delete desc distinct drop else end exists foreign from full group having if in index inner insert into is join key left like limit not null offset on or order outer primary references returning right rollback select set table then union unique update using values view when where with",
  ),
};
const MARKUP: Language = {
  comments: ["<!--[^]*?(?:-->|$)"],
  strings: ['"[^"<>]*"', "'[^'<>]*'"],
  keywords: words(""),
};
const STYLE: Language = {
  comments: SLASHES.slice(1),
  strings: QUOTED,
  keywords: words("important media supports layer import keyframes container font-face"),
};

const LANGUAGES: ReadonlyMap<string, Language> = new Map(
  (
    [
      ["js jsx mjs ts tsx javascript typescript", SCRIPT],
      ["rs rust", RUST],
      ["c cc cpp c++ cs csharp dart go golang h hpp java kotlin kt php scala swift zig", FAMILY],
      ["py python rb ruby", PYTHON],
      ["sh bash shell zsh console dockerfile", SHELL],
      ["ini toml yaml yml", DATA],
      ["json json5 jsonc", JSON_LIKE],
      ["sql postgres sqlite", SQL],
      ["html svg vue xml", MARKUP],
      ["css scss less", STYLE],
    ] as const
  ).flatMap(([names, language]) => names.split(" ").map((name) => [name, language] as const)),
);

const NUMBER = "\\b\\d(?:[\\w.]*\\w)?";
const WORD = "[\\p{L}_$][\\p{L}\\p{N}_$]*";
const expressions = new Map<Language, RegExp>();

function expressionOf(language: Language): RegExp {
  const known = expressions.get(language);
  if (known) return known;
  const any = (parts: readonly string[]) => `(${parts.join("|")})`;
  const made = new RegExp([any(language.comments), any(language.strings), `(${NUMBER})`, `(${WORD})`].join("|"), "gu");
  expressions.set(language, made);
  return made;
}

/** The pieces of a program, in order; null for a language that is not known, or for too much of it. */
export function highlight(code: string, language: string): readonly Token[] | null {
  const known = LANGUAGES.get(language.toLowerCase());
  if (!known) return null;
  const tokens: Token[] = [];
  let end = 0;
  for (const match of code.matchAll(expressionOf(known))) {
    const kind = kindOf(match, known);
    if (kind === null) continue;
    if (match.index > end) tokens.push({ kind: null, text: code.slice(end, match.index) });
    tokens.push({ kind, text: match[0] });
    end = match.index + match[0].length;
    if (tokens.length > TOKENS_MAX) return null;
  }
  if (end < code.length) tokens.push({ kind: null, text: code.slice(end) });
  return tokens;
}

function kindOf([, comment, string, number, word]: RegExpExecArray, language: Language): Token["kind"] {
  if (comment !== undefined) return "comment";
  if (string !== undefined) return "string";
  if (number !== undefined) return "number";
  const asked = language.ignoresCase ? word?.toLowerCase() : word;
  return asked !== undefined && language.keywords.has(asked) ? "keyword" : null;
}
