import { cleanup, fireEvent, render, screen, within } from '@testing-library/svelte';
import axe from 'axe-core';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { CHECK, CHOICES, DOCTOR_LACKING } from './api/fixtures/frame';
import { ASKING, FINISHED, OTHERS, RUNNING } from './api/fixtures/sessions';
import { ScriptedApi } from './api/scripted';
import App from './App.svelte';
import { Away, whatChanged } from './state/away.svelte';
import { match } from './state/palette';

afterEach(cleanup);

async function open(api: ScriptedApi) {
  render(App, { api });
  await screen.findByRole('navigation', { name: 'Sessions' });
}

const ctrl = (key: string) => fireEvent.keyDown(window, { key, ctrlKey: true });

/** What can be judged without a layout; colours and sizes are judged in the real engine by scripts/screenshots. */
async function nothingSerious() {
  const { violations } = await axe.run(document.body, { resultTypes: ['violations'], rules: { 'color-contrast': { enabled: false } } });
  const serious = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical');
  expect(serious.map((one) => `${one.id}: ${one.nodes.map((node) => node.target).join(' ')}`)).toEqual([]);
}

describe('the doctor', () => {
  it('is the first thing that a new person sees, and says what is missing with its fix', async () => {
    const api = new ScriptedApi();
    api.first = true;
    api.found = DOCTOR_LACKING;
    api.missingParts = [{ part: 'tray', message: 'There is no tray.', hint: 'Closing the window ends the app.' }];
    await open(api);
    await screen.findByText('2 found, 1 ready');
    screen.getByRole('button', { name: 'Copy npm install -g @google/gemini-cli' });
    screen.getByRole('button', { name: 'Copy codex login' });
    expect(screen.getAllByText('Not yet proven')).toHaveLength(4);
    screen.getByText('There is no tray.', { exact: false });
    await fireEvent.click(screen.getByRole('button', { name: 'Send a test' }));
    await screen.findByText('There is no notification service.');
    await nothingSerious();
    await fireEvent.click(screen.getByRole('button', { name: 'Set its path' }));
    await screen.findByRole('heading', { name: 'Agents' });
  });

  it('is looked at once, and again when it is asked', async () => {
    const api = new ScriptedApi();
    api.first = true;
    const look = vi.spyOn(api, 'doctor');
    await open(api);
    await screen.findByText('3 found, 3 ready');
    expect(look).toHaveBeenCalledTimes(1);
    await fireEvent.click(screen.getByRole('button', { name: 'Check again' }));
    expect(look).toHaveBeenCalledTimes(2);
  });
});

describe('a new session', () => {
  it('begins with a dropped folder and what was chosen there last time', async () => {
    const api = new ScriptedApi();
    api.kept.set('/code/shop', { ...CHOICES, team: 'solo', time_limit: '45' });
    await open(api);
    api.drop({ what: 'folder', path: '/code/shop' });
    const folder = (await screen.findByLabelText('Folder')) as HTMLInputElement;
    await screen.findByText('Filled in as last time in this folder');
    expect([folder.value, (screen.getByLabelText('Time limit') as HTMLInputElement).value]).toEqual(['/code/shop', '45']);
    expect((screen.getByRole('radio', { name: /Bypass/ }) as HTMLInputElement).disabled).toBe(true);
    await fireEvent.input(folder, { target: { value: '/code/other' } });
    expect(folder.value).toBe('/code/other');
    await nothingSerious();
  });

  it('takes nothing from the memory of a folder that is not chosen any more', async () => {
    const api = new ScriptedApi();
    const answers = new Map<string, () => void>();
    api.remembered = (target) =>
      new Promise((answer) => answers.set(target, () => answer({ choices: { ...CHOICES, time_limit: target.length.toString() }, known: true, recent: [] })));
    await open(api);
    api.drop({ what: 'folder', path: '/code/shop' });
    const folder = await screen.findByLabelText('Folder');
    await fireEvent.input(folder, { target: { value: '/code/other' } });
    await fireEvent.change(folder);
    answers.get('/code/other')!();
    answers.get('/code/shop')!();
    await screen.findByText('Filled in as last time in this folder');
    expect((screen.getByLabelText('Time limit') as HTMLInputElement).value).toBe('11');
  });

  it('says what each worker may do', async () => {
    const api = new ScriptedApi();
    api.check = CHECK;
    await open(api);
    await ctrl('n');
    const preview = await screen.findByRole('complementary', { name: 'What will happen' });
    await within(preview).findByText('Gemini and Codex review it', { exact: false });
    expect(preview.textContent).toMatch(/The folder, but what changes how tools run asks.*Not yet proven/s);
  });
});

describe('the list', () => {
  it('deletes a session that rests after a yes, and never one that runs', async () => {
    const api = new ScriptedApi();
    api.sessions = [RUNNING, ...OTHERS];
    await open(api);
    expect(screen.queryByRole('button', { name: /Delete Add login/ })).toBeNull();
    await fireEvent.click(screen.getByRole('button', { name: /Delete Rename the core crate/ }));
    const dialog = screen.getByRole('dialog', { name: 'Delete this session?' });
    expect(api.removed).toEqual([]);
    await fireEvent.click(within(dialog).getByRole('button', { name: 'Delete' }));
    await expect.poll(() => api.removed).toEqual(['rename']);
    await expect.poll(() => screen.queryByText('Rename the core crate')).toBeNull();
    expect(screen.getByText('Deleted: Rename the core crate').getAttribute('role')).toBe('status');
  });

  it('says so when a session is not there any more', async () => {
    const api = new ScriptedApi();
    api.sessions = [FINISHED];
    await open(api);
    api.show({ session: 'orch_gone', need: null });
    await screen.findByRole('heading', { name: 'This session is not there any more' });
  });
});

describe('the settings', () => {
  async function settings(api: ScriptedApi, part: string) {
    await open(api);
    await ctrl(',');
    await fireEvent.click(await screen.findByRole('tab', { name: part }));
  }

  it('show who set each value, keep a change, and say in place what is refused', async () => {
    const api = new ScriptedApi();
    await settings(api, 'General');
    const rounds = (await screen.findByLabelText('Fix rounds')) as HTMLInputElement;
    const row = rounds.closest<HTMLElement>('.row')!;
    within(row).getByText('Your config');
    await fireEvent.input(rounds, { target: { value: '3' } });
    await fireEvent.change(rounds);
    await expect.poll(() => api.changed).toEqual([['session.fix_rounds', '3']]);
    api.refusal = { code: 'setting_refused', message: 'enter a whole number from 0 to 20', hint: null };
    await fireEvent.input(rounds, { target: { value: '99' } });
    await fireEvent.change(rounds);
    await within(row).findByText('Enter a whole number from 0 to 20.');
    api.refusal = null;
    await fireEvent.click(within(row).getByRole('button', { name: 'Fix rounds: back to the default' }));
    await within(row).findByText('Default');
    await nothingSerious();
  });

  it('switch what the person is called for, and choose the team that a new session begins with', async () => {
    const api = new ScriptedApi();
    await settings(api, 'Notifications');
    const blockers = await screen.findByRole('switch', { name: 'Blockers' });
    expect(blockers.getAttribute('aria-checked')).toBe('true');
    await fireEvent.click(blockers);
    await expect.poll(() => screen.getByRole('switch', { name: 'Blockers' }).getAttribute('aria-checked')).toBe('false');
    within(blockers.closest<HTMLElement>('.row')!).getByText('Your config');
    await nothingSerious();
    await fireEvent.click(screen.getByRole('tab', { name: 'Team presets' }));
    await fireEvent.click(await screen.findByRole('radio', { name: 'Solo with a reviewer' }));
    await expect.poll(() => api.changed).toEqual([['notifications.blockers', 'false'], ['session.team', 'solo']]);
    await nothingSerious();
  });

  it('explain what the rules say to a command', async () => {
    const api = new ScriptedApi();
    await settings(api, 'Rules');
    await fireEvent.input(await screen.findByLabelText('Command'), { target: { value: 'cargo add argon2' } });
    await fireEvent.submit(screen.getByRole('form', { name: /What do the rules say/ }));
    await screen.findByText('nothing is known of what', { exact: false });
    await nothingSerious();
  });
});

describe('the palette', () => {
  it('finds sessions, actions and settings by a few letters and runs the chosen one', async () => {
    const api = new ScriptedApi();
    api.sessions = [ASKING, ...OTHERS];
    await open(api);
    await ctrl('k');
    const input = await screen.findByRole('combobox', { name: 'Find a command' });
    await fireEvent.input(input, { target: { value: 'rename' } });
    expect(screen.getAllByRole('option').map((one) => one.textContent!.trim())[0]).toMatch(/Rename the core crate/);
    await nothingSerious();
    await fireEvent.keyDown(input, { key: 'Enter' });
    await screen.findByRole('heading', { name: 'Rename the core crate' });
    await ctrl('k');
    await fireEvent.input(await screen.findByRole('combobox'), { target: { value: 'keep finished' } });
    await screen.findByRole('option', { name: /keep finished sessions/ });
    await fireEvent.keyDown(screen.getByRole('combobox'), { key: 'Enter' });
    await screen.findByRole('heading', { name: 'Storage' });
  });

  it('matches words anywhere, those that begin a word first', () => {
    expect(match('Review now', 'xyz')).toBeNull();
    const ranks = ['Rename it', 'Settings: retention', 'Answer'].map((name) => match(name, 're')?.rank ?? null);
    expect(ranks).toEqual([0, 1, null]);
    expect(match('Fix the flaky test', 'test fix')!.pieces.filter((one) => one.hit).map((one) => one.text)).toEqual(['Fix', 'test']);
  });
});

describe('who comes back', () => {
  it('hears of each session what was decided, changed and spent, and what waits', () => {
    const told = whatChanged(RUNNING, { ...ASKING, seq: 300 });
    expect(told!.what).toEqual(['1 matter waits for you']);
    expect(whatChanged(ASKING, { ...ASKING, seq: 301 }), 'what waited before').toBeNull();
    const other = { ...ASKING.needs_you[0]!, id: 'ap_9' };
    expect(whatChanged(ASKING, { ...ASKING, seq: 301, needs_you: [other] })!.what, 'another in its place').toEqual(['1 matter waits for you']);
    const done = whatChanged({ ...RUNNING, cost_usd: 1, cost_known_usd: 1 }, { ...FINISHED, seq: 301, cost_usd: 3.4, cost_known_usd: 3.4, files_changed: ['a'] });
    expect(done!.what).toEqual(['decided: log warning', '1 more file changed', '$2.40 spent']);
    const unknown = whatChanged(RUNNING, { ...FINISHED, seq: 301, decisions: [], workers: RUNNING.workers, cost_known_usd: RUNNING.cost_known_usd });
    expect(unknown!.what, 'a cost that nobody reports').toEqual(['257 k tokens spent']);
    expect(whatChanged(RUNNING, { ...RUNNING, seq: 241 })).toBeNull();
    const away = new Away();
    away.leave([RUNNING], 0);
    away.comeBack([{ ...ASKING, seq: 300 }], 10_000);
    expect(away.missed).toEqual([]);
    away.leave([RUNNING], 0);
    away.comeBack([{ ...ASKING, seq: 300 }], 70_000);
    expect(away.missed).toHaveLength(1);
    // Gone again without having read it: that is told with the rest.
    away.leave([ASKING], 80_000);
    away.comeBack([{ ...FINISHED, seq: 400 }, { ...OTHERS[0]!, seq: 90, state: 'finished' }], 150_000);
    expect(away.missed.map((one) => one.id)).toEqual(['login', 'flaky']);
    away.dismiss({ ...FINISHED, seq: 400 });
    expect(away.missed.map((one) => one.id)).toEqual(['flaky']);
    away.dismiss();
    away.leave([FINISHED], 200_000);
    away.comeBack([FINISHED], 300_000);
    expect(away.missed).toEqual([]);
  });
});

describe('an engine that does not answer', () => {
  it('is said with since when, and takes nothing on meanwhile', async () => {
    const api = new ScriptedApi();
    api.sessions = [FINISHED];
    await open(api);
    await fireEvent.click(screen.getAllByRole('button', { name: /Add login/ })[0]!);
    api.tell([], { trouble: { code: 'journal_down', message: 'the journal takes nothing', hint: 'It goes on by itself.' } });
    const banner = await screen.findByRole('alert');
    expect(banner.textContent).toMatch(/The journal takes nothing.*goes on by itself.*Shown as of/s);
    const followUp = screen.getByRole('button', { name: /Follow-up/ }) as HTMLButtonElement;
    expect([followUp.disabled, followUp.title]).toEqual([true, 'the journal takes nothing']);
    api.tell([]);
    await expect.poll(() => screen.queryByRole('alert')).toBeNull();
    await fireEvent.click(followUp);
    await fireEvent.input(screen.getByLabelText(/They know what was done/), { target: { value: 'Now the docs' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Go on' }));
    await expect.poll(() => api.resumed).toEqual([['login', 'Now the docs']]);
  });
});
