import { cleanup, fireEvent, screen, within } from '@testing-library/svelte';
import { afterEach, describe, expect, it } from 'vitest';

import { BLOCKED, FINISHED, PAUSED, RUNNING } from './api/fixtures/sessions';
import { openLogin } from './test_open';

afterEach(cleanup);

async function command(name: RegExp) {
  await fireEvent.keyDown(window, { key: 'k', ctrlKey: true });
  await fireEvent.click(await screen.findByRole('option', { name }));
}

describe('the person’s own programs', () => {
  it('show the folder, from the menu and from the palette', async () => {
    const api = await openLogin(RUNNING);
    for (const name of ['Open the folder', 'Open in your editor', 'Open a terminal there']) {
      await fireEvent.click(screen.getByRole('button', { name: 'More' }));
      await fireEvent.click(screen.getByRole('menuitem', { name }));
    }
    await command(/Open a terminal/);
    expect(api.asked.filter(([what]) => String(what).startsWith('open'))).toEqual([
      ['openFolder', 'login'],
      ['openEditor', 'login', null, null],
      ['openTerminal', 'login'],
      ['openTerminal', 'login'],
    ]);
  });

  it('open a finding at its line, and a changed file', async () => {
    const api = await openLogin(FINISHED);
    await fireEvent.click(screen.getByRole('tab', { name: /Reviews/ }));
    await fireEvent.click(await screen.findByRole('button', { name: 'Open login.rs:31 in your editor' }));
    await fireEvent.click(screen.getByRole('tab', { name: /Changes/ }));
    await fireEvent.click(await screen.findByRole('button', { name: 'Open login.rs in your editor' }));
    const asked = api.asked.filter(([what]) => what === 'openEditor');
    expect(asked).toEqual([
      ['openEditor', 'login', 'src/routes/login.rs', 31],
      ['openEditor', 'login', 'src/routes/login.rs', null],
    ]);
  });

  it('that are missing are said where everybody sees it, until it is dismissed', async () => {
    await openLogin(RUNNING, (api) => (api.refusal = { code: 'no_editor', message: 'no editor was found', hint: 'set VISUAL to yours' }));
    await command(/Open in your editor/);
    expect((await screen.findByRole('alert')).textContent).toMatch(/No editor was found.*Set VISUAL to yours/s);
    await fireEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
    expect(screen.queryByRole('alert')).toBeNull();
  });
});

describe('the palette', () => {
  it('has what can be done with the open session', async () => {
    const names = async (session: typeof RUNNING) => {
      await openLogin(session);
      await fireEvent.keyDown(window, { key: 'k', ctrlKey: true });
      await screen.findByRole('combobox', { name: 'Find a command' });
      const found = [...document.querySelectorAll('[role=option] .name')].map((one) => one.textContent!);
      cleanup();
      return found.slice(0, found.indexOf('Open the folder'));
    };
    expect(await names(RUNNING)).toEqual(['Pause', 'Stop', 'Review now…', 'Write to a worker…']);
    expect(await names(PAUSED)).toEqual(['Resume', 'Review now…', 'Go on with a message…', 'Restore a checkpoint…']);
    expect(await names(FINISHED)).toEqual(['Review now…', 'Follow-up…', 'Restore a checkpoint…']);
  });

  it('pauses, and asks for the words of a review and of a message', async () => {
    const api = await openLogin(RUNNING);
    await command(/^Pause/);
    await command(/^Review now/);
    await fireEvent.input(await screen.findByLabelText(/What to look at/), { target: { value: 'tokens' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Start the review' }));
    await command(/Write to a worker/);
    await fireEvent.input(await screen.findByLabelText('Message'), { target: { value: 'Be brief' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Send' }));
    await expect.poll(() => api.asked.filter(([what]) => what !== 'log')).toEqual([
      ['pause', 'login'],
      ['reviewNow', 'login', 'tokens'],
      ['message', 'login', 'claude-implementer', 'Be brief'],
    ]);
  });
});

describe('a session that has ended', () => {
  it('leads from its summary to where a checkpoint is restored', async () => {
    await openLogin(FINISHED);
    await fireEvent.click(within(screen.getByRole('contentinfo')).getByRole('button', { name: /Restore/ }));
    expect(screen.getByRole('tab', { name: /Changes/ }).getAttribute('aria-selected')).toBe('true');
    await screen.findByRole('button', { name: /Restore checkpoint 0/ });
  });
});

describe('a blocker', () => {
  it('is not tried again while the engine does not answer', async () => {
    const api = await openLogin(BLOCKED);
    api.tell([], { trouble: { code: 'journal_down', message: 'the journal takes nothing', hint: null } });
    const retry = screen.getByRole('button', { name: 'Done, try again' }) as HTMLButtonElement;
    await expect.poll(() => [retry.disabled, retry.title]).toEqual([true, 'the journal takes nothing']);
    api.tell([]);
    await expect.poll(() => retry.disabled).toBe(false);
    await fireEvent.click(retry);
    await expect.poll(() => api.resolved).toEqual([['login', 'login.60']]);
  });
});

describe('a window that only watches', () => {
  it('says what is measured and set elsewhere, until it takes over', async () => {
    const api = await openLogin(RUNNING, (api) => (api.elsewhere = 4242));
    expect(screen.getByRole('button', { name: /Claude implementer/ }).textContent).toContain('Not measured here');
    await fireEvent.click(screen.getByRole('tab', { name: /Details/ }));
    await screen.findByText(/Another program runs the sessions \(process 4242\); what its workers take/);
    await fireEvent.click(screen.getByRole('button', { name: /^Settings/ }));
    await fireEvent.click(await screen.findByRole('tab', { name: 'Agents' }));
    await screen.findByText(/What is set here counts for it from its next start/);
    api.elsewhere = null;
    api.tell([], { trouble: { code: 'owner_gone', message: 'it went away', hint: null } });
    api.tell([]);
    await expect.poll(() => screen.queryByText(/What is set here counts/)).toBeNull();
  });
});
