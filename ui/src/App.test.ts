import { cleanup, fireEvent, render, screen, within } from '@testing-library/svelte';
import { afterEach, describe, expect, it } from 'vitest';

import { aSession, aWorker, anEntry, ScriptedApi } from './api/scripted';
import { CHOICES } from './api/fixtures/frame';
import App from './App.svelte';

afterEach(cleanup);

async function open(api: ScriptedApi) {
  render(App, { api });
  await screen.findByRole('navigation', { name: 'Sessions' });
}

describe('the first start', () => {
  it('offers a session and the demo, and shows the demo once it is started', async () => {
    const api = new ScriptedApi();
    await open(api);
    screen.getByText('Give a team one goal in one folder');
    await fireEvent.click(screen.getByRole('button', { name: /Watch the demo/ }));
    await screen.findByRole('heading', { name: 'the demo' });
    expect(api.started).toHaveLength(1);
  });

  it('says why the demo did not start', async () => {
    const api = new ScriptedApi();
    api.refusal = { code: 'disk_full', message: 'The disk is full.', hint: 'Make room.' };
    await open(api);
    await fireEvent.click(screen.getByRole('button', { name: /Watch the demo/ }));
    expect((await screen.findByRole('alert')).textContent).toContain('The disk is full. Make room.');
  });

  it('says why there is no engine, instead of an empty window', async () => {
    const api = new ScriptedApi();
    api.attachRefusal = { code: 'data_locked', message: 'The data folder is in use.', hint: 'Close the other window.' };
    render(App, { api });
    expect((await screen.findByRole('alert')).textContent).toMatch(/did not start.*in use.*Close the other.*data_locked/s);
    expect(screen.getByRole('alert').textContent).toContain('starts the app again');
    api.refusal = { code: 'x', message: 'It cannot be started.', hint: null };
    await fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect((await screen.findByText(/It cannot be started/)).textContent).toBeDefined();
    api.refusal = null;
    await fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    const button = await screen.findByRole<HTMLButtonElement>('button', { name: 'Starting again…' });
    expect([api.startedAgain, button.disabled]).toEqual([2, true]);
  });
});

describe('a new session', () => {
  async function compose(api: ScriptedApi) {
    await open(api);
    await fireEvent.keyDown(window, { key: 'n', ctrlKey: true });
    await screen.findByRole('heading', { name: 'New session' });
  }

  it('says beside each field what is wrong, and starts nothing', async () => {
    const api = new ScriptedApi();
    const refusal = (message: string) => ({ code: 'x', message, hint: null });
    api.check = { ...api.check, problems: [{ field: 'target', refusal: refusal('choose the folder') }, { field: 'goal', refusal: refusal('the goal is empty') }] };
    await compose(api);
    await fireEvent.click(screen.getByRole('button', { name: /Start session/ }));
    const folder = screen.getByLabelText('Folder');
    await expect.poll(() => folder.getAttribute('aria-invalid')).toBe('true');
    expect(document.getElementById(folder.getAttribute('aria-describedby')!)!.textContent).toContain('Choose the folder');
    screen.getByText('2 fields need correcting before the session can start');
    await expect.poll(() => document.activeElement).toBe(folder);
    expect(api.started).toEqual([]);
  });

  it('takes the folder of the dialog and starts with it', async () => {
    const api = new ScriptedApi();
    await compose(api);
    await fireEvent.click(screen.getByRole('button', { name: 'Choose…' }));
    await expect.poll(() => (screen.getByLabelText('Folder') as HTMLInputElement).value).toBe('/code/shop');
    await fireEvent.input(screen.getByLabelText('Goal'), { target: { value: 'Fix it' } });
    await fireEvent.keyDown(window, { key: 'Enter', ctrlKey: true });
    await screen.findByRole('heading', { name: 'Fix it' });
    expect(api.started).toEqual([{ target: '/code/shop', goal: 'Fix it', choices: CHOICES }]);
  });

  it('keeps out of the goal what would be too long, and says how long it may be', async () => {
    const api = new ScriptedApi();
    await compose(api);
    const goal = screen.getByLabelText('Goal') as HTMLTextAreaElement;
    await fireEvent.input(goal, { target: { value: 'Fix it' } });
    const paste = (data: string) => fireEvent(goal, new InputEvent('beforeinput', { inputType: 'insertFromPaste', data, cancelable: true }));
    goal.setSelectionRange(6, 6);
    // It is taken up to the last byte.
    expect(await paste('x'.repeat(262_144 - 6))).toBe(true);
    expect(await paste('ü'.repeat(131_069))).toBe(true);
    expect(await paste('ü'.repeat(131_070))).toBe(false);
    await screen.findByText('The goal would have 262146 bytes; at most 262144 are possible.');
    expect([goal.value, goal.getAttribute('aria-invalid')]).toEqual(['Fix it', 'true']);
    // A real paste is kept out sooner.
    expect(await fireEvent.paste(goal, { clipboardData: { getData: () => 'x'.repeat(1_000_000) } })).toBe(false);
    await screen.findByText('The goal would have 1000006 bytes; at most 262144 are possible.');
    // What is replaced does not count.
    goal.setSelectionRange(0, 6);
    expect(await paste('ü'.repeat(131_070))).toBe(true);
    await fireEvent.input(goal, { target: { value: 'Fix it all' } });
    expect(screen.queryByText(/would have/)).toBeNull();
  });

  it('shows a refusal of the engine beside its field and keeps what was written', async () => {
    const api = new ScriptedApi();
    api.refusal = { code: 'target_missing', message: 'There is no folder /nowhere.', hint: null };
    await compose(api);
    await fireEvent.input(screen.getByLabelText('Folder'), { target: { value: '/nowhere' } });
    await fireEvent.input(screen.getByLabelText('Goal'), { target: { value: 'Fix it' } });
    await fireEvent.click(screen.getByRole('button', { name: /Start session/ }));
    await screen.findByText('There is no folder /nowhere.');
    expect((screen.getByLabelText('Goal') as HTMLTextAreaElement).value).toBe('Fix it');
    await fireEvent.input(screen.getByLabelText('Folder'), { target: { value: '/else' } });
    expect(screen.queryByText('There is no folder /nowhere.')).toBeNull();
  });

  it('keeps what was filled in until it is started or cancelled', async () => {
    const api = new ScriptedApi();
    await compose(api);
    const value = (label: string) => (screen.getByLabelText(label) as HTMLInputElement).value;
    const fill = (label: string, value: string) => fireEvent.input(screen.getByLabelText(label), { target: { value } });
    await fill('Folder', '/code/shop');
    await fill('Goal', 'Fix it');
    await fireEvent.click(screen.getByRole('button', { name: 'One fix round more' }));
    await fill('Money limit', '0');
    const leaves = [
      () => fireEvent.keyDown(window, { key: ',', ctrlKey: true }),
      () => fireEvent.keyDown(window, { key: 'Escape' }),
    ];
    for (const leave of leaves) {
      await leave();
      await expect.poll(() => screen.queryByLabelText('Goal')).toBeNull();
      await fireEvent.keyDown(window, { key: 'n', ctrlKey: true });
      await screen.findByRole('heading', { name: 'New session' });
      // What the engine remembers has come by then.
      await new Promise((done) => setTimeout(done));
      expect(['Folder', 'Goal', 'Fix rounds', 'Money limit'].map(value)).toEqual(['/code/shop', 'Fix it', '1', '0']);
    }
    await fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    await fireEvent.keyDown(window, { key: 'n', ctrlKey: true });
    await screen.findByRole('heading', { name: 'New session' });
    expect(['Folder', 'Goal', 'Fix rounds'].map(value)).toEqual(['', '', '0']);
    await fill('Folder', '/code/shop');
    await fill('Goal', 'Fix it');
    await fill('Money limit', '0.0');
    await fireEvent.keyDown(window, { key: 'Enter', ctrlKey: true });
    await screen.findByRole('heading', { name: 'Fix it' });
    expect(api.started).toEqual([{ target: '/code/shop', goal: 'Fix it', choices: { ...CHOICES, money_limit: '' } }]);
    await fireEvent.keyDown(window, { key: 'n', ctrlKey: true });
    await screen.findByRole('heading', { name: 'New session' });
    expect(value('Goal')).toBe('');
  });

  it('says of a money limit what the engine says, as it was typed', async () => {
    const api = new ScriptedApi();
    const asked: string[] = [];
    const money = (message: string) => ({ field: 'money_limit', refusal: { code: 'money_limit_wrong', message, hint: null } });
    api.checkStart = async ({ choices }) => {
      asked.push(choices.money_limit);
      return { ...api.check, problems: choices.money_limit === '1,5' ? [money('use a point: 1.5')] : [] };
    };
    await compose(api);
    await fireEvent.input(screen.getByLabelText('Money limit'), { target: { value: '1,5' } });
    await fireEvent.click(screen.getByRole('button', { name: /Start session/ }));
    await screen.findByText('Use a point: 1.5.');
    expect([asked.at(-1), api.started]).toEqual(['1,5', []]);
  });
});

describe('a session', () => {
  async function choose(api: ScriptedApi, name: RegExp) {
    await open(api);
    await fireEvent.click((await screen.findAllByRole('button', { name }))[0]!);
  }

  it('shows each worker, and its own part of the story when its card is pressed', async () => {
    const api = new ScriptedApi();
    api.sessions = [aSession()];
    api.entries.set('s1', [
      anEntry(1, { text: 'started: it' }),
      anEntry(2, { kind: 'worker', worker: 'gemini-architect', text: 'started on the plan' }),
    ]);
    await choose(api, /Fix the flaky test/);
    const card = screen.getByRole('button', { name: /Gemini architect/ });
    expect(card.textContent).toMatch(/Working.*Reading src\/lib\.rs.*12 k tokens.*cost unknown/s);
    const timeline = screen.getByRole('log', { name: 'Timeline' });
    await within(timeline).findByText('started on the plan', { exact: false });
    within(timeline).getByText('Started: it');
    await fireEvent.click(card);
    expect(within(timeline).queryByText('Started: it')).toBeNull();
    within(timeline).getByText('started on the plan', { exact: false });
  });

  it('stops when it is told to, and offers no stop when nothing runs', async () => {
    const api = new ScriptedApi();
    api.sessions = [aSession()];
    await choose(api, /Fix the flaky test/);
    await fireEvent.click(screen.getByRole('button', { name: 'Stop' }));
    expect(api.stopped).toEqual(['s1']);
    api.tell([{ view: aSession({ seq: 7, state: 'stopped' }), entries: [], gap: false }]);
    await expect.poll(() => screen.queryByRole('button', { name: /^Stop/ })).toBeNull();
  });

  it('shows the decision, its rule and the findings', async () => {
    const finding = { severity: 'concern', file: 'src/a.rs', line: 3, title: 'A leak', evidence: 'it leaks', suggestion: 'close it' };
    const api = new ScriptedApi();
    api.sessions = [
      aSession({
        reviews: [
          { id: 'r1', round: 1, reviewer: 'codex-reviewer', subject: 'gemini-architect', checkpoint: null, verdict: 'concern', summary: 'one point', findings: [finding] },
        ],
        checks: [
          { check: 1, round: 1, command: 'cargo test', checkpoint: 'sha256:0', outcome: 'failed', summary: 'failed: exit code 101 after 12 s', exit_code: 101, duration_ms: 12_000, output: 'test result: FAILED\n' },
        ],
        decisions: [{ round: 1, phase: 'plan_review', decision: 'log_warning', fired: 'one_concern', takes_effect: true, rule: 'one concern: go on with a warning', at: '2026-11-22T10:44:00Z' }],
        decision: 'log_warning',
      }),
    ];
    await choose(api, /Fix the flaky test/);
    await fireEvent.click(screen.getByRole('tab', { name: /Reviews/ }));
    const panel = screen.getByRole('tabpanel');
    expect(panel.textContent).toMatch(/A leak.*Concern.*it leaks.*close it.*src\/a\.rs:3/s);
    expect(panel.textContent).toMatch(/cargo test.*Failed.*Round 1: .*exit code 101 after 12 s.*test result: FAILED/s);
    expect(panel.querySelector('[aria-current="true"]')!.textContent).toMatch(/exactly 1 concern.*log_warning/s);
  });

  it('shows what needs the person, with the command to copy', async () => {
    const api = new ScriptedApi();
    const need = { id: null, kind: 'permission_blocker', title: 'Codex: login expired', details: 'error 401', required_actions: ['Run `codex login`'], suggestions: [] };
    api.sessions = [aSession({ state: 'blocked', needs_you: [need] })];
    await choose(api, /Fix the flaky test/);
    const panel = screen.getByRole('complementary', { name: /Needs you/ });
    expect(panel.textContent).toMatch(/Codex: login expired.*error 401.*codex login/s);
    within(panel).getByRole('button', { name: 'Copy codex login' });
  });

  it('ends with a summary, unless the person is looking at something else', async () => {
    const api = new ScriptedApi();
    api.sessions = [aSession()];
    await choose(api, /Fix the flaky test/);
    const over = aSession({ seq: 9, state: 'finished', files_changed: ['src/a.rs'], workers: [aWorker('claude', 'implementer', { attempt: 1 })] });
    api.tell([{ view: over, entries: [], gap: false }]);
    await screen.findByRole('heading', { name: /What changed/ });
    screen.getByText('src/a.rs');
    await fireEvent.click(screen.getByRole('tab', { name: /Timeline/ }));
    expect(screen.queryByText('src/a.rs')).toBeNull();
  });

  it('never lets text of an agent become anything but text', async () => {
    const hostile = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\u202E\u001b]8;;javascript:1\u0007x';
    const api = new ScriptedApi();
    const finding = { severity: 'blocker', file: hostile, line: 1, title: hostile, evidence: hostile, suggestion: hostile };
    const need = { id: null, kind: 'decision', title: hostile, details: hostile, required_actions: [hostile], suggestions: [hostile] };
    api.sessions = [
      aSession({
        goal: `goal ${hostile}`,
        target: hostile,
        reason: hostile,
        warnings: [hostile],
        files_changed: [hostile],
        needs_you: [need],
        state: 'paused',
        workers: [aWorker('claude', 'implementer', { doing: hostile, attempt: 1 })],
        reviews: [{ id: 'r1', round: 1, reviewer: hostile, subject: hostile, checkpoint: null, verdict: hostile, summary: hostile, findings: [finding] }],
        decisions: [{ round: 1, phase: 'review', decision: hostile, fired: hostile, takes_effect: true, rule: hostile, at: hostile }],
      }),
    ];
    api.entries.set('s1', [anEntry(1, { worker: hostile, kind: hostile, tone: hostile, text: hostile, detail: `${hostile}\n2` })]);
    await choose(api, /goal/);
    await fireEvent.click(await screen.findByRole('button', { name: /^More \(/ }));
    for (const tab of [/Reviews/, /Summary/, /Timeline/]) {
      expect(document.querySelectorAll('img, script').length).toBe(0);
      expect(document.body.textContent).toContain('<script>');
      await fireEvent.click(screen.getByRole('tab', { name: tab }));
    }
    expect('hacked' in window).toBe(false);
  });
});
