/** The page over scripted answers, for pictures of every screen: `scripts/screenshots`. No part of the app: only
 * `fixtures.html` loads it. `window.fixtures` names the screens, `window.fixture(name)` shows one. */
import { flushSync, mount, unmount } from 'svelte';

import { DOCTOR_LACKING, CHECK, CHOICES } from './api/fixtures/frame';
import { BLOCKED_STORY, fillScreens, STORY, tellSamples, UNCLEAR } from './api/fixtures/screens';
import { ASKING, ASKING_TWICE, BLOCKED, FAILED, FINISHED, LIMITED, NOW, OTHERS, PAUSED, RUNNING } from './api/fixtures/sessions';
import { ScriptedApi } from './api/scripted';
import App from './App.svelte';
import './styles/tokens.css';
import './styles/base.css';

interface Screen {
  /** What the shell answers. */
  api?: (api: ScriptedApi) => void;
  /** How a person gets there. */
  go?: (api: ScriptedApi) => Promise<void> | void;
}

Date.now = () => NOW;

const turn = () => new Promise<void>((done) => setTimeout(done, 0));

/** Waits for an element; the page is there within a few turns. */
async function see<T extends HTMLElement>(selector: string, text = ''): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const all = [...document.querySelectorAll<T>(selector)];
    const found = all.find((one) => (one.textContent ?? '').includes(text) || one.getAttribute('aria-label')?.includes(text));
    if (found !== undefined) return found;
    await new Promise<void>((done) => setTimeout(done, 10));
  }
  throw new Error(`${selector} ${text} is not on the page`);
}

async function press(selector: string, text = ''): Promise<void> {
  (await see(selector, text)).click();
  await turn();
}

function key(key: string, ctrlKey = false): void {
  window.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true, cancelable: true }));
}

async function type(selector: string, text: string): Promise<void> {
  const input = await see<HTMLInputElement>(selector);
  input.value = text;
  input.dispatchEvent(new InputEvent('input', { bubbles: true }));
  input.dispatchEvent(new Event('change', { bubbles: true }));
  await turn();
}

const withSession = (session: typeof RUNNING) => (api: ScriptedApi) => {
  api.sessions = [session, ...OTHERS];
  api.entries.set('login', session.state === 'blocked' ? BLOCKED_STORY : session.approvals.length > 0 ? STORY : STORY.filter((entry) => entry.kind !== 'approval'));
  fillScreens(api);
};
async function openLogin(api: ScriptedApi): Promise<void> {
  await press('nav .item', 'Add login');
  tellSamples(api);
}

const openTab = (name: string) => async (api: ScriptedApi) => {
  await openLogin(api);
  await press('[role=tab]', name);
};
const settings = (part: string): Screen => ({
  api: withSession(RUNNING),
  async go() {
    await press('nav button', 'Settings');
    await press('[role=tab]', part);
  },
});

async function fillNew(): Promise<void> {
  key('n', true);
  await type('#target', '/home/ada/code/shop-api');
  await type('#goal', 'Add login with rate limiting to the web API. Five wrong tries in ten minutes lock an account; store passwords as Argon2 hashes; cover it with tests.');
}

const SCREENS: Record<string, Screen> = {
  doctor: { api: (api) => (api.first = true) },
  'doctor-lacking': {
    api(api) {
      api.first = true;
      api.found = DOCTOR_LACKING;
    },
    go: () => press('button', 'Send a test'),
  },
  empty: {},
  'new-session': { api: withSession(RUNNING), go: fillNew },
  'new-session-wrong': {
    api(api) {
      withSession(RUNNING)(api);
      api.kept.set('/home/ada/code/shop-api', { ...CHOICES, fix_rounds: '1', time_limit: '60' });
      const refusal = { code: 'money_limit_wrong', message: 'enter US dollars as a number, such as 2.50; 0 for no limit', hint: null };
      api.check = { ...CHECK, problems: [{ field: 'money_limit', refusal }] };
    },
    async go() {
      await fillNew();
      await type('#money_limit', 'ten');
      await press('aside summary', 'Claude');
      await press('footer button', 'Start session');
    },
  },
  running: { api: withSession(RUNNING), go: openLogin },
  approval: { api: withSession(ASKING), go: openLogin },
  blocker: { api: withSession(BLOCKED), go: openLogin },
  'approval-further': { api: withSession(ASKING_TWICE), go: openLogin },
  worker: {
    api: withSession(RUNNING),
    async go(api) {
      await openLogin(api);
      await press('.workers button', 'Claude');
      await press('[role=log] button', 'tool call');
    },
  },
  paused: { api: withSession(PAUSED), go: openTab('Timeline') },
  'paused-summary': { api: withSession(PAUSED), go: openTab('Summary') },
  failed: { api: withSession(FAILED), go: openLogin },
  message: {
    api: withSession(RUNNING),
    async go(api) {
      await openLogin(api);
      await press('.more button', 'More');
      await press('[role=menuitem]', 'Write to a worker');
    },
  },
  'review-now': {
    api: withSession(RUNNING),
    async go(api) {
      await openLogin(api);
      await press('header button', 'Review now');
    },
  },
  changes: { api: withSession(FINISHED), go: openTab('Changes') },
  decision: { api: withSession(UNCLEAR), go: openTab('Timeline') },
  limit: { api: withSession(LIMITED), go: openTab('Timeline') },
  always: {
    api(api) {
      withSession(ASKING)(api);
      api.sessions = api.sessions.map((one) => ({ ...one, approvals: one.approvals.map((asked) => ({ ...asked, options: [...asked.options, 'always'] })) }));
      api.rule = {
        words: 'command cargo add argon2: allowed to the implementer in /home/ada/code/shop-api',
        text: '[[rule]]\nname = "cargo_add"\nverdict = "allow"\ncommand = "cargo add argon2"\nrole = "implementer"\nfolder = "/home/ada/code/shop-api"\n',
        file: '/home/ada/.config/meta-orchestrator/rules.toml',
        spares: 1,
        of: 3,
      };
    },
    async go(api) {
      await openLogin(api);
      await see('section[aria-busy=false]');
      await press('aside button', 'Always in this folder');
    },
  },
  reviews: { api: withSession(UNCLEAR), go: openTab('Reviews') },
  log: { api: withSession(RUNNING), go: openTab('Log') },
  'log-raw': {
    api: withSession(RUNNING),
    async go(api) {
      await openTab('Log')(api);
      await press('[role=row]', 'Half a JSON line');
    },
  },
  'log-none': {
    api: withSession(RUNNING),
    async go(api) {
      await openTab('Log')(api);
      await type('input[type=search], .search input', 'nowhere to be found');
    },
  },
  details: {
    api: withSession(RUNNING),
    async go(api) {
      await openTab('Details')(api);
    },
  },
  summary: { api: withSession(FINISHED), go: openLogin },
  'follow-up': {
    api: withSession(FINISHED),
    async go(api) {
      await openLogin(api);
      await press('footer button', 'Follow-up');
    },
  },
  'engine-lost': {
    api: withSession(ASKING),
    async go(api) {
      await openLogin(api);
      api.tell([], { trouble: { code: 'journal_down', message: 'the journal takes nothing: No space left on device', hint: 'Nothing is lost. Work goes on by itself as soon as it can be written again.' } });
    },
  },
  'engine-missing': { api: (api) => (api.attachRefusal = { code: 'data_folder_locked', message: 'the data folder /home/ada/.local/share/meta-orchestrator is in use by process 4242', hint: 'Close the other window, or wait for the command that uses it.' }) },
  palette: {
    api: withSession(ASKING),
    async go(api) {
      await openLogin(api);
      key('k', true);
      await type('dialog input', 're');
    },
  },
  away: {
    api: withSession(RUNNING),
    async go(api) {
      await openLogin(api);
      const left = NOW - 20 * 60_000;
      Date.now = () => left;
      window.dispatchEvent(new Event('blur'));
      api.tell([
        { view: { ...ASKING, seq: 300, cost_known_usd: 2.1 }, entries: [], gap: false },
        { view: { ...OTHERS[0]!, seq: 90, state: 'finished', decision: 'continue', files_changed: ['tests/checkout.ts'], decisions: FINISHED.decisions.slice(0, 1) }, entries: [], gap: false },
      ]);
      await turn();
      Date.now = () => NOW;
      window.dispatchEvent(new Event('focus'));
    },
  },
  gone: {
    api: withSession(FINISHED),
    async go(api) {
      await openLogin(api);
      api.show({ session: 'orch_20261122_104100_abcd', need: null });
    },
  },
  delete: {
    api: withSession(FINISHED),
    async go(api) {
      await openLogin(api);
      await press('nav .delete', 'Drop legacy');
    },
  },
  drop: { go: (api) => api.drop({ what: 'hovers' }) },
  'settings-general': settings('General'),
  'settings-agents': settings('Agents'),
  'settings-teams': settings('Team presets'),
  'settings-rules': {
    api: withSession(RUNNING),
    async go() {
      await settings('Rules').go!(new ScriptedApi());
      await type('#explain-command', 'cargo add argon2');
      await press('button', 'Explain');
    },
  },
  'settings-checks': settings('Checks'),
  'settings-refused': {
    api: withSession(RUNNING),
    async go(api) {
      await settings('General').go!(api);
      api.refusal = { code: 'setting_refused', message: 'enter a whole number from 0 to 20', hint: null };
      await type('#session-fix_rounds', '99');
    },
  },
  'settings-recovery': settings('Recovery'),
  'settings-notifications': settings('Notifications'),
  'settings-storage': settings('Storage'),
  'settings-about': settings('About'),
};

let shown: Record<string, unknown> | null = null;

async function show(name: string): Promise<void> {
  const screen = SCREENS[name];
  const target = document.getElementById('app');
  if (screen === undefined || target === null) throw new Error(`there is no screen ${name}`);
  Date.now = () => NOW;
  if (shown !== null) await unmount(shown);
  const api = new ScriptedApi();
  screen.api?.(api);
  shown = mount(App, { target, props: { api } });
  flushSync();
  if (api.attachRefusal === null) await see('nav');
  await screen.go?.(api);
  // What answers a moment later, such as the judgement of a form.
  await new Promise<void>((done) => setTimeout(done, 320));
  // The keyboard's ring belongs to the pictures that show it alone.
  if (!['new-session-wrong', 'palette', 'follow-up', 'delete', 'message', 'review-now'].includes(name)) (document.activeElement as HTMLElement | null)?.blur();
}

Object.assign(window, { fixtures: Object.keys(SCREENS), fixture: show });
