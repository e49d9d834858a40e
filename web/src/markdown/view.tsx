// Shows the tree of a message as elements. Text only ever becomes text: there is no markup that anybody could smuggle in.

import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";

import { parts } from "../later/lazy.js";
import { isDisguised } from "./addresses.js";
import { parseMarkdown } from "./blocks.js";
import { isOnlyEmoji } from "./emoji.js";
import type { Block, Inline } from "./nodes.js";

/** What names in a text lead to. */
export interface NameLinks {
  /** The address and title of a room by its slug; null for one that the reader does not know. */
  room(slug: string): { href: string; title: string } | null;
  /** Whether a username is the reader's own. */
  isMe(username: string): boolean;
}

/** A message's text. `suffix` stands behind its last words. */
export function MarkdownView({ text, links, suffix }: { text: string; links: NameLinks; suffix?: ComponentChildren }) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  const isLarge = isOnlyEmoji(plainText(blocks));
  const last = blocks.at(-1);
  const isInline = last?.type === "paragraph";
  return (
    <div class={isLarge ? "markdown is-large" : "markdown"} dir="auto">
      {blocks.map((block) => showBlock(block, links, block === last ? suffix : null))}
      {!isInline && suffix}
    </div>
  );
}

function showBlock(block: Block, links: NameLinks, suffix: ComponentChildren = null): ComponentChildren {
  switch (block.type) {
    case "paragraph":
      return (
        <p dir="auto">
          {showAll(block.children, links)}
          {suffix}
        </p>
      );
    case "heading":
      // Not a heading of the page: a message must not change how the page is laid out for a screen reader.
      return (
        <p dir="auto" class={`heading-${block.level}`}>
          {showAll(block.children, links)}
        </p>
      );
    case "code":
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what may scroll has to be reachable by keys
        <pre dir="ltr" tabIndex={0} data-language={block.language || undefined}>
          <code>
            <Code text={block.text} language={block.language} />
          </code>
        </pre>
      );
    case "quote":
      return <blockquote>{block.children.map((child) => showBlock(child, links))}</blockquote>;
    case "list": {
      const items = block.items.map((item) => <li>{showItem(item, links)}</li>);
      return block.start === null ? <ul>{items}</ul> : <ol start={block.start}>{items}</ol>;
    }
  }
}

/** Code in colours, as soon as what knows them is there. */
function Code({ text, language }: { text: string; language: string }) {
  const colour = language === "" ? undefined : parts.loaded.value?.highlight;
  const tokens = useMemo(() => colour?.(text, language), [text, language, colour]);
  if (!tokens) return text;
  return tokens.map(({ kind, text: piece }) => (kind === null ? piece : <span class={`code-${kind}`}>{piece}</span>));
}

/** A one-line item needs no paragraph of its own. */
function showItem(item: Block[], links: NameLinks): ComponentChildren {
  return item.map((block) =>
    block.type === "paragraph" ? <div dir="auto">{showAll(block.children, links)}</div> : showBlock(block, links),
  );
}

function showAll(nodes: Inline[], links: NameLinks): ComponentChildren {
  return nodes.map((node) => showInline(node, links));
}

function showInline(node: Inline, links: NameLinks): ComponentChildren {
  switch (node.type) {
    case "text":
      return node.text;
    case "break":
      return <br />;
    case "code":
      return <code>{node.text}</code>;
    case "strong":
      return <strong>{showAll(node.children, links)}</strong>;
    case "emphasis":
      return <em>{showAll(node.children, links)}</em>;
    case "strike":
      return <s>{showAll(node.children, links)}</s>;
    case "spoiler":
      return <Spoiler>{showAll(node.children, links)}</Spoiler>;
    case "link":
      return (
        <Link href={node.href} words={wordsOf(node.children)}>
          {showAll(node.children, links)}
        </Link>
      );
    case "mention":
      return <span class={links.isMe(node.name) ? "mention is-me" : "mention"}>@{node.name}</span>;
    case "room":
      return <RoomLink slug={node.slug} links={links} />;
    case "emoji":
      return <NamedEmoji name={node.name} />;
  }
}

/** An emoji by its name, as soon as the names are there. */
const emojiOf = (name: string): string => parts.loaded.value?.emojiOf(name) ?? `:${name}:`;

const NamedEmoji = ({ name }: { name: string }) => emojiOf(name);

/** Where the words of a link name another host, the real one stands beside them. */
function Link({ href, words, children }: { href: string; words: string; children: ComponentChildren }) {
  return (
    <>
      <a href={href} title={href} target="_blank" rel="noopener noreferrer nofollow" dir="auto">
        {children}
      </a>
      {isDisguised(words, href) && <span class="real-host"> ({new URL(href).hostname})</span>}
    </>
  );
}

function RoomLink({ slug, links }: { slug: string; links: NameLinks }) {
  const room = links.room(slug);
  return room ? (
    <a class="room-link" href={room.href} title={room.title}>
      #{slug}
    </a>
  ) : (
    <>#{slug}</>
  );
}

/** What is covered is not on the page at all: neither to be selected, nor to be read out. */
function Spoiler({ children }: { children: ComponentChildren }) {
  const [isOpen, setOpen] = useState(false);
  if (isOpen) return <span class="spoiler">{children}</span>;
  return (
    <button type="button" class="spoiler-cover" onClick={() => setOpen(true)}>
      Show spoiler
    </button>
  );
}

function wordsOf(nodes: Inline[]): string {
  return nodes.map((node) => ("children" in node ? wordsOf(node.children) : "text" in node ? node.text : "")).join("");
}

/** The text of a message that is one paragraph of text and emoji; else nothing. */
function plainText(blocks: Block[]): string {
  const [only, ...others] = blocks;
  if (only?.type !== "paragraph" || others.length > 0 || only.children.length > 5) return "";
  const parts = only.children.map((node) => {
    if (node.type === "text") return node.text;
    return node.type === "emoji" ? emojiOf(node.name) : "x";
  });
  return parts.join("");
}
