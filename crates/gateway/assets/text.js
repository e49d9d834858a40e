// What texts look like: names, initials, times, and links inside messages.

import { h } from './dom.js';

/** How a person is called. */
export const nameOf = (person) => person?.displayName || person?.username || 'Someone';

/** One or two letters for a tile. */
export function initials(name) {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const first = [...(words[0] ?? '?')];
  const second = words.length > 1 ? [...words[words.length - 1]][0] : (first[1] ?? '');
  return (first[0] + second).toUpperCase();
}

/** A tile with a person's initials; the colour belongs to the person, not to the name. */
export function tile(person) {
  const element = h('span', { class: 'tile', 'aria-hidden': 'true' }, initials(nameOf(person)));
  element.style.setProperty('--hue', String(hueOf(person?.id ?? '')));
  return element;
}

/** A hue for an id. Turned by the golden angle, so that ids that differ little look different. */
function hueOf(id) {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.codePointAt(0)) % 65_521;
  return Math.round((sum * 137.508) % 360);
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const list = new Intl.ListFormat(undefined, { type: 'conjunction' });

/** `09:12`. */
export const clockTime = (ms) => clock.format(ms);

/** The whole date and time, for tooltips. */
export const fullTime = (ms) => full.format(ms);

/** `Today`, `Thursday 20 November`, or with the year when it is another one. */
export function dayLabel(ms, nowMs = Date.now()) {
  const [then, now] = [new Date(ms), new Date(nowMs)];
  if (then.toDateString() === now.toDateString()) return 'Today';
  return then.getFullYear() === now.getFullYear() ? day.format(then) : dayOfYear.format(then);
}

/** `Ada, Björn and Chioma`. */
export const joined = (names) => list.format(names);

const LINK = /https?:\/\/[^\s<>"'`]+/giu;

/** A message's text as nodes: plain text, with web addresses as links. */
export function textNodes(text) {
  const nodes = [];
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const address = withoutTail(match[0]);
    if (!isWebAddress(address)) continue;
    nodes.push(text.slice(done, match.index));
    nodes.push(h('a', { href: address, target: '_blank', rel: 'noopener noreferrer nofollow' }, address));
    done = match.index + address.length;
  }
  nodes.push(text.slice(done));
  return nodes.filter((node) => node !== '');
}

/** Without the punctuation of the sentence around it. */
function withoutTail(address) {
  let end = address.length;
  while (end > 0 && '.,:;!?'.includes(address[end - 1])) end -= 1;
  if (address[end - 1] === ')' && !address.includes('(')) end -= 1;
  return address.slice(0, end);
}

function isWebAddress(address) {
  try {
    return ['http:', 'https:'].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}
