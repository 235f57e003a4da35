// @vitest-environment jsdom
/** What agents write, at its worst, in every place that shows it: it stays text, it is bounded, and it is quick. */
import { cleanup, fireEvent, render } from '@testing-library/svelte';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { SessionView } from './api/api';
import { DOCTOR_LACKING } from './api/fixtures/frame';
import { fillScreens, STORY, UNCLEAR } from './api/fixtures/screens';
import { ASKING_TWICE, BLOCKED, FINISHED, NOW } from './api/fixtures/sessions';
import { ScriptedApi } from './api/scripted';
import App from './App.svelte';

const BAIT = 'window.hacked=1';
const SMALL = [
  `<script>${BAIT}</script><img src=x onerror="${BAIT}"><b onmouseover="${BAIT}">bold</b>`,
  `<svg onload="${BAIT}"><script>${BAIT}</script><foreignObject><iframe src="http://evil.example/"></iframe></foreignObject></svg>`,
  `<iframe srcdoc="<script>parent.hacked=1</script>"></iframe><object data="http://evil.example/"></object><form action="http://evil.example/"><input name=a></form>`,
  `<style>@import url(http://evil.example/a.css)</style><link rel=stylesheet href=http://evil.example/><meta http-equiv=refresh content="0;url=http://evil.example/"><base href=http://evil.example/>`,
  `[a](javascript:${BAIT}) [b](data:text/html,<script>${BAIT}</script>) ![c](http://evil.example/c.png) <http://evil.example/> javascript:${BAIT}`,
  `\u001b]8;;javascript:${BAIT}\u0007click\u001b]8;;\u0007 \u001b]52;c;cm0gLXJmIH4=\u0007\u001b]0;title\u0007\u001b[2J\u001b[1;31mred\u001b[0m\u001bPq\u001b\\`,
  'safe \u202egpj.exe\u202c \u2066isolated\u2069 \u200bzero\u200f width \ufeff\u0000\u0008\u007f\u009b',
  `{{constructor.constructor("${BAIT}")()}} \${${BAIT}} "><script>${BAIT}</script> '--> ]]>`,
].join(' ');

const TEN_MEGABYTES = `big ${'A'.repeat(10 * 1024 * 1024)}`;
const MILLION_COLOURS = `big ${'\u001b[31mA\u001b[0m'.repeat(500_000)}`;

/** What the shell shortens an entry of a story to, in characters (`outbox.rs`). */
const SHELL = 64 << 10;

/** What of a view is not words: names that lead to something else, and when. */
const STRUCTURE = new Set(['id', 'name', 'agent', 'role', 'state', 'phase', 'kind', 'tone', 'worker', 'reviewer', 'subject', 'checkpoint', 'digest', 'at', 'asked_at', 'created_at', 'ended_at', 'given_at', 'expires_at', 'options', 'verdict', 'severity', 'outcome', 'risk', 'ceiling', 'decision', 'fired', 'session']);

/** The same with every word replaced, or those of some names alone. */
function poisoned<T>(value: T, text: string, only: readonly string[] | null, key = ''): T {
  if (typeof value === 'string') return (STRUCTURE.has(key) || (only !== null && !only.includes(key)) ? value : text) as T;
  if (Array.isArray(value)) return value.map((one) => poisoned(one, text, only, key)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, STRUCTURE.has(name) && typeof one !== 'object' ? one : poisoned(one, text, only, name)])) as T;
}

async function open(session: SessionView, text: string, only: readonly string[] | null = null): Promise<ScriptedApi> {
  Date.now = () => NOW;
  const api = new ScriptedApi();
  fillScreens(api);
  api.sessions = [poisoned(session, text, only)];
  api.entries.set('login', poisoned(STORY, text.slice(0, SHELL), null));
  const rows = api.row;
  api.rows = 40;
  api.row = (index) => poisoned(rows(index), text.slice(0, 2_000), null);
  api.raws.clear();
  api.logRaw = async (_session, _source, seq) => ({ text, bytes: text.length, place: `event ${seq}`, wrong: 'half a JSON line' });
  const line = text.slice(0, SHELL);
  const diff = `--- a/x\n+++ b/x\n@@ -1,1 +1,2 @@\n-${line}\n+${line} more\n`;
  api.changedFiles = [{ ...api.changedFiles[0]!, path: text.slice(0, 4_000) }];
  api.fileDiff = async () => ({ text: diff, cut: false });
  api.detailsView = poisoned(api.detailsView, text.slice(0, SHELL), null);
  api.receipts = new Map([...api.receipts].map(([number, receipt]) => [number, poisoned(receipt, text.slice(0, SHELL), null)]));
  api.found = poisoned(DOCTOR_LACKING, text.slice(0, SHELL), null);
  render(App, { api });
  (await there('nav .item')).click();
  await there('header h1');
  return api;
}

/** The first element that a selector means, once it is there. A message of a test must not print the page. */
async function there(selector: string): Promise<HTMLElement> {
  for (let tries = 0; tries < 200; tries++) {
    const found = document.querySelector<HTMLElement>(selector);
    if (found !== null) return found;
    await new Promise((soon) => setTimeout(soon, 20));
  }
  throw new Error(`there is no ${selector}`);
}

const tab = (name: string) => async () => {
  (await there(`#tab-${name}`)).click();
  await settled();
};

/** Unfolds all that can be unfolded. */
async function unfold() {
  for (const one of document.querySelectorAll<HTMLElement>('main [aria-expanded="false"]:not([aria-haspopup])')) one.click();
  await settled();
}

const settled = () => new Promise<void>((done) => setTimeout(done, 60));

/** Where it is shown: with what, how a person gets there, and what then holds it. */
const PLACES: Record<string, { session: SessionView; go?: (api: ScriptedApi) => Promise<void>; where: string }> = {
  'session list': { session: ASKING_TWICE, where: 'nav .item' },
  header: { session: ASKING_TWICE, where: 'header h1' },
  'worker card': { session: ASKING_TWICE, where: '.workers button' },
  timeline: { session: ASKING_TWICE, go: unfold, where: '[role=log]' },
  question: { session: ASKING_TWICE, where: 'aside section' },
  'further questions': { session: ASKING_TWICE, where: 'aside ul.card' },
  grants: { session: ASKING_TWICE, where: 'aside [aria-label="Allowed in this session"]' },
  blocker: { session: BLOCKED, where: 'aside section' },
  summary: { session: FINISHED, where: '.summary' },
  changes: { session: FINISHED, go: tab('changes'), where: '.both' },
  difference: { session: FINISHED, go: tab('changes'), where: '.diff' },
  reviews: { session: UNCLEAR, go: tab('reviews'), where: '.reviews' },
  log: { session: ASKING_TWICE, go: tab('log'), where: '[role=grid]' },
  'raw line': {
    session: ASKING_TWICE,
    async go() {
      await tab('log')();
      (await there('[role=row]')).click();
      await settled();
    },
    where: '.raw',
  },
  details: { session: ASKING_TWICE, go: tab('details'), where: '.details' },
  palette: {
    session: ASKING_TWICE,
    async go() {
      await fireEvent.keyDown(window, { key: 'k', ctrlKey: true });
      await there('dialog .list');
    },
    where: 'dialog .list',
  },
  banner: {
    session: ASKING_TWICE,
    async go(api) {
      api.tell([], { trouble: { code: 'x', message: api.sessions[0]!.goal, hint: api.sessions[0]!.goal } });
      await settled();
    },
    where: '.banner',
  },
  'while you were away': {
    session: FINISHED,
    async go(api) {
      window.dispatchEvent(new Event('blur'));
      api.tell([{ view: { ...api.sessions[0]!, seq: 900, needs_you: [{ id: null, kind: 'decision', title: 'x', details: '', required_actions: [], suggestions: [] }] }, entries: [], gap: false }]);
      await settled();
      Date.now = () => NOW + 3_600_000;
      window.dispatchEvent(new Event('focus'));
      await settled();
    },
    where: '.away',
  },
  'deletion': {
    session: FINISHED,
    async go() {
      document.querySelector<HTMLElement>('nav .delete')!.click();
      await settled();
    },
    where: 'dialog',
  },
  doctor: {
    session: FINISHED,
    async go() {
      [...document.querySelectorAll<HTMLElement>('nav button')].find((one) => one.textContent?.includes('Doctor'))!.click();
      await there('main .version');
    },
    where: 'main',
  },
};

const FORBIDDEN = ['script', 'img', 'iframe', 'object', 'embed', 'link', 'meta', 'base', 'style', 'video', 'audio', 'source', 'foreignObject', 'a', 'area', 'form[action]', '[src]', '[srcset]', '[href]', '[action]', '[formaction]', '[srcdoc]', '[background]', '[ping]', '[target]'];
/** Nothing that reorders or hides text, no control characters. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/;

/** What on the page is more than text, and what text is more than it looks. */
function wrong(): string[] {
  const found: string[] = [];
  for (const selector of FORBIDDEN) {
    for (const one of document.body.querySelectorAll(selector)) found.push(one.outerHTML.slice(0, 200));
  }
  for (const one of document.body.querySelectorAll('svg')) {
    if (!/lucide|icon|plot/.test(one.getAttribute('class') ?? '')) found.push(one.outerHTML.slice(0, 200));
  }
  for (const one of document.body.querySelectorAll('*')) {
    for (const { name, value } of one.attributes) {
      if (name.startsWith('on') || UNSEEN.test(value) || (name === 'style' && /url|expression/i.test(value))) found.push(`${one.tagName} ${name}=${value.slice(0, 100)}`);
    }
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.nodeValue ?? '';
    if (UNSEEN.test(text)) found.push(`text ${JSON.stringify(text.slice(0, 200))}`);
  }
  return found;
}

beforeAll(() => {
  // What the page's engine has and this one lacks.
  window.HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  window.HTMLDialogElement.prototype.close = function () {
    this.open = false;
    this.dispatchEvent(new Event('close'));
  };
  window.Element.prototype.scrollIntoView = () => {};
  Object.defineProperty(window.HTMLElement.prototype, 'clientHeight', { configurable: true, get: () => 400 });
  globalThis.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  } as unknown as typeof ResizeObserver;
});

afterEach(() => {
  cleanup();
  document.body.replaceChildren();
});

const shownIn = (where: string) => [...document.querySelectorAll(where)].map((one) => one.textContent).join('\n');

/** On a busy machine, in ms; it takes a few seconds. */
const PATIENCE = 120_000;

/** The places of one session, in order. */
const SESSIONS = new Map<SessionView, string[]>();
for (const [name, { session }] of Object.entries(PLACES)) SESSIONS.set(session, [...(SESSIONS.get(session) ?? []), name]);

describe('hostile text', () => {
  for (const [session, names] of SESSIONS) {
    it(`stays text: ${names.join(', ')}`, async () => {
      const api = await open(session, SMALL);
      for (const name of names) {
        const { go, where } = PLACES[name]!;
        await go?.(api);
        await there(where);
        // What was replaced is there, so the place was looked at; what it is made of is told below.
        expect([name, shownIn(where).includes('window.hacked=1')]).toEqual([name, true]);
        const found = wrong();
        expect(found, `${name}: ${found.join('\n').slice(0, 2_000)}`).toEqual([]);
      }
      expect('hacked' in window).toBe(false);
      expect(document.title).toBe('');
    }, PATIENCE);
  }

  /** More than a person reads at once, and no more than a page can hold. */
  const MOST = 2_000_000;
  /** What the shell does not shorten on its way here. */
  const UNSHORTENED = ['question', 'further questions', 'blocker', 'summary', 'reviews', 'raw line'];
  const LONG = ['details', 'exactly', 'reason', 'diff', 'why', 'what', 'evidence', 'suggestion', 'summary', 'title', 'text'];

  for (const [what, text] of [['ten megabytes', TEN_MEGABYTES], ['a million colours', MILLION_COLOURS]] as const) {
    for (const [session, all] of SESSIONS) {
      const names = all.filter((name) => UNSHORTENED.includes(name));
      if (names.length === 0) continue;
      it(`is bounded: ${what}, ${names.join(', ')}`, async () => {
        const api = await open(session, text, LONG);
        for (const name of names) {
          const { go, where } = PLACES[name]!;
          await go?.(api);
          await there(where);
          expect([name, /AAAA|\[31mA/.test(shownIn(where))]).toEqual([name, true]);
          expect(document.body.innerHTML.length).toBeLessThan(MOST);
          expect(document.body.querySelectorAll('*').length).toBeLessThan(20_000);
        }
      }, PATIENCE);
    }
  }
});
