import { cleanup, fireEvent, screen, within } from '@testing-library/svelte';
import axe from 'axe-core';
import { afterEach, describe, expect, it } from 'vitest';

import { BLOCKED_STORY, STORY, UNCLEAR } from './api/fixtures/screens';
import { ASKING_TWICE, BLOCKED, FINISHED, LIMITED, RUNNING } from './api/fixtures/sessions';
import { openLogin } from './test_open';
import { needOf, seqOf } from './text/need';

afterEach(cleanup);

const tabs = () => screen.getAllByRole('tab').map((tab) => tab.textContent!.replace(/\d+$/, '').trim());

describe('a decision that needs the person', () => {
  it('says which rule fired and why; R has it reviewed again, M begins a message', async () => {
    const api = await openLogin(UNCLEAR);
    const card = screen.getByRole('region', { name: 'pause_and_clarify after the review' });
    expect(card.textContent).toMatch(/Decision: pause and clarify.*Gemini-architect: inconclusive.*any inconclusive ·\s1/is);
    const { violations } = await axe.run(card, { rules: { 'color-contrast': { enabled: false } } });
    expect(violations.filter((one) => ['serious', 'critical'].includes(one.impact ?? ''))).toEqual([]);
    await fireEvent.keyDown(window, { key: 'm' });
    const words = await screen.findByLabelText('Message');
    // A letter of the message is no key of the card.
    await fireEvent.keyDown(words, { key: 'r' });
    await fireEvent.keyDown(window, { key: 'r' });
    await fireEvent.keyDown(words, { key: 'Escape' });
    expect(api.asked.filter(([what]) => what === 'reviewNow')).toEqual([]);
    await fireEvent.keyDown(window, { key: 'r' });
    await fireEvent.keyDown(window, { key: 'r' });
    expect(api.asked.filter(([what]) => what === 'reviewNow')).toEqual([['reviewNow', 'login', null]]);
  });

  it('stands once: not in the reviews, too, and its receipt is with it', async () => {
    await openLogin(UNCLEAR);
    await fireEvent.click(screen.getByRole('tab', { name: /Reviews/ }));
    expect(await screen.findAllByText('Receipt 3')).toHaveLength(1);
    expect(screen.getAllByText('any inconclusive')).toHaveLength(1);
  });

  it('lets the arrows go from verdict to verdict', async () => {
    await openLogin(UNCLEAR);
    await fireEvent.click(screen.getByRole('tab', { name: /Reviews/ }));
    const verdicts = [...document.querySelectorAll<HTMLElement>('td button')];
    const go = async (key: string) => {
      await fireEvent.keyDown(document.activeElement!, { key });
      return verdicts.indexOf(document.activeElement as HTMLElement);
    };
    // Gemini has two, below its empty first column; Codex has three.
    verdicts[0]!.focus();
    expect([await go('ArrowLeft'), await go('ArrowRight'), await go('ArrowDown'), await go('ArrowUp'), await go('ArrowUp')]).toEqual([0, 1, 4, 1, 1]);
  });

  it('before there is any work asks for a message alone', async () => {
    const api = await openLogin({ ...UNCLEAR, phase: 'plan_review', workers: UNCLEAR.workers.map((worker) => (worker.role === 'implementer' ? { ...worker, attempt: 0 } : worker)) });
    expect(screen.queryByRole('button', { name: /Review it again/ })).toBeNull();
    await fireEvent.keyDown(window, { key: 'r' });
    expect(api.asked.filter(([what]) => what === 'reviewNow')).toEqual([]);
  });
});

describe('a card', () => {
  it('is another one when the same comes up again, though nothing was seen in between', async () => {
    const api = await openLogin(UNCLEAR);
    await fireEvent.keyDown(window, { key: 'r' });
    await expect.poll(() => api.asked.filter(([what]) => what === 'reviewNow')).toHaveLength(1);
    api.tell([{ view: { ...UNCLEAR, seq: 900, ended_at: '2026-11-22T11:20:00.000Z' }, entries: [], gap: false }]);
    await expect.poll(() => screen.getByRole<HTMLButtonElement>('button', { name: /Review it again/ }).disabled).toBe(false);
    cleanup();
    const limited = await openLogin(LIMITED);
    const resume = () => within(screen.getByRole('region', { name: 'a limit paused the session' })).getByRole<HTMLButtonElement>('button', { name: 'Resume' });
    await fireEvent.click(resume());
    await expect.poll(() => limited.resumed).toHaveLength(1);
    limited.tell([{ view: { ...LIMITED, seq: 900, ended_at: '2026-11-22T11:20:00.000Z' }, entries: [], gap: false }]);
    await expect.poll(() => resume().disabled).toBe(false);
  });
});

describe('a limit that paused the session', () => {
  it('is said with what comes next, and the session is resumed from its card', async () => {
    const api = await openLogin(LIMITED);
    const card = screen.getByRole('region', { name: 'a limit paused the session' });
    expect(card.textContent).toMatch(/A limit paused the session.*The time limit of 1 hour is reached\..*Resume it: it has its whole time again\./s);
    await fireEvent.click(within(card).getByRole('button', { name: 'Resume' }));
    await expect.poll(() => api.resumed).toEqual([['login', null]]);
  });
});

describe('the line of the story that waits for the person', () => {
  it('leads to its card, that of a question and that of a blocker', async () => {
    const later = { ...ASKING_TWICE.approvals[1]!, asked_at: '2026-11-22T10:54:20.000Z' };
    const entry = { ...STORY.at(-1)!, seq: 54, worker: later.worker, at: later.asked_at, text: 'asks to read' };
    await openLogin({ ...ASKING_TWICE, approvals: [ASKING_TWICE.approvals[0]!, later] }, (api) => api.entries.set('login', [...STORY, entry]));
    const links = await screen.findAllByRole('button', { name: 'Waiting for you' });
    expect(links).toHaveLength(2);
    await fireEvent.click(links[1]!);
    await screen.findByRole('region', { name: 'Question of codex-reviewer' });
    await expect.poll(() => document.activeElement?.querySelector('section')?.ariaLabel ?? document.activeElement?.firstElementChild?.getAttribute('aria-label')).toBe('Question of codex-reviewer');
    cleanup();
    await openLogin(BLOCKED, (api) => api.entries.set('login', BLOCKED_STORY));
    const card = await screen.findByRole('region', { name: /login expired/ });
    await fireEvent.click(await screen.findByRole('button', { name: 'Waiting for you' }));
    await expect.poll(() => document.activeElement === card.parentElement).toBe(true);
    await fireEvent.click(within(card).getByRole('button', { name: 'Show in log' }));
    expect(screen.getByRole('tab', { name: /Log/ }).getAttribute('aria-selected')).toBe('true');
  });

  it('is found by what its event says, and only while it is open', () => {
    const [question] = ASKING_TWICE.approvals;
    const asks = { ...STORY.at(-1)!, at: question!.asked_at };
    expect(needOf(asks, [question!], [])).toBe('ap_1');
    expect(needOf({ ...asks, at: '', text: 'asks again; it is question ap_1' }, [question!], [])).toBe('ap_1');
    expect(needOf(asks, [{ ...question!, state: 'allowed' }], [])).toBeNull();
    expect(needOf({ ...asks, worker: 'codex-reviewer' }, [question!], [])).toBeNull();
    expect([seqOf('orch_x.12'), seqOf('ap_1'), seqOf(null)]).toEqual([12, null, null]);
  });
});

describe('what stands above the tabs', () => {
  it('moves no tab when the session comes to rest', async () => {
    const api = await openLogin(RUNNING);
    const before = tabs();
    api.tell([{ view: { ...FINISHED, seq: 900 }, entries: [], gap: false }]);
    await screen.findByRole('tab', { name: 'Summary' });
    expect(tabs()).toEqual([...before, 'Summary']);
  });

  it('counts checkpoints and fix rounds until there is a decision about the end', async () => {
    const api = await openLogin(RUNNING);
    screen.getByText('Checkpoint 2');
    screen.getByText('Fix rounds 0 of 1');
    api.tell([{ view: { ...FINISHED, seq: 900 }, entries: [], gap: false }]);
    await screen.findByText('log_warning', { selector: '.phases code' });
    expect(screen.queryByText('Checkpoint 2')).toBeNull();
  });
});

describe('a chosen worker', () => {
  it('has its own findings in the changes, and who only reads says so', async () => {
    await openLogin(FINISHED);
    await fireEvent.click(screen.getByRole('tab', { name: /Changes/ }));
    await screen.findByText('1 finding');
    await fireEvent.click(screen.getByRole('button', { name: /Gemini/ }));
    await screen.findByText(/Gemini changes nothing/);
    await expect.poll(() => screen.queryByText('1 finding')).toBeNull();
    await fireEvent.click(screen.getByRole('button', { name: 'All workers' }));
    await screen.findByText('1 finding');
  });
});
