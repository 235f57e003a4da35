import { describe, expect, it } from 'vitest';

import { aSession, anEntry, ScriptedApi } from '../api/scripted';
import { Desk } from './desk.svelte';
import { byField, fieldOf, saidYet } from './form';
import { Log, NO_FILTER } from './log.svelte';
import { steps } from './phases';
import { Resources } from './resources.svelte';
import { fold, isFlood } from './rows';
import { standing } from './stand';

/** Lets everything that waits on promises go on. */
const settled = () => new Promise((done) => setTimeout(done, 0));

async function attached(api: ScriptedApi): Promise<Desk> {
  const desk = new Desk(api);
  await desk.attach();
  return desk;
}

describe('the desk', () => {
  it('shows what is there, then what is told, and acknowledges it when it is painted', async () => {
    const api = new ScriptedApi();
    api.sessions = [aSession()];
    const desk = await attached(api);
    expect(desk.sessions.map((one) => one.seq)).toEqual([1]);
    api.tell([{ view: aSession({ seq: 5, phase: 'review' }), entries: [], gap: false }]);
    expect(desk.sessions[0]!.phase).toBe('review');
    expect(api.acks).toEqual([]);
    await expect.poll(() => api.acks).toEqual([[1, 1]]);
  });

  it('lets go an older view, and a batch that is for another attachment', async () => {
    const api = new ScriptedApi();
    api.sessions = [aSession({ seq: 9, phase: 'review' })];
    const desk = await attached(api);
    api.tell([{ view: aSession({ seq: 4 }), entries: [], gap: false }]);
    api.tell([{ view: aSession({ seq: 99, phase: 'done' }), entries: [], gap: false }], { epoch: 7 });
    expect(desk.sessions[0]!.phase).toBe('review');
    await expect.poll(() => api.acks).toEqual([[1, 1]]);
  });

  it('keeps what is told before the answer to its attachment', async () => {
    const api = new ScriptedApi();
    const desk = new Desk(api);
    const attach = api.attach.bind(api);
    api.attach = async () => {
      const answer = await attach();
      api.tell([{ view: aSession({ seq: 3 }), entries: [], gap: false }]);
      return answer;
    };
    await desk.attach();
    expect(desk.sessions.map((one) => one.seq)).toEqual([3]);
  });

  it('reads the story by pages and goes on live without gap or repeat', async () => {
    const api = new ScriptedApi();
    api.sessions = [aSession({ seq: 1200 })];
    api.entries.set('s1', Array.from({ length: 1200 }, (_, index) => anEntry(index + 1)));
    const desk = await attached(api);
    desk.choose('s1');
    const story = desk.story('s1');
    await expect.poll(() => story.loaded).toBe(true);
    expect(api.pages).toEqual([
      ['s1', 0],
      ['s1', 500],
      ['s1', 1000],
    ]);
    api.tell([{ view: aSession({ seq: 1202 }), entries: [anEntry(1200), anEntry(1202)], gap: false }]);
    expect(story.kept).toHaveLength(1201);
    expect(story.kept.at(-1)!.entry.seq).toBe(1202);
  });

  it('begins near the end of a long story, and reads what is before it where that is wished for', async () => {
    const api = new ScriptedApi();
    api.sessions = [aSession({ seq: 1_000_000 })];
    // An event may give two entries, and most give none.
    const entries = Array.from({ length: 4_000 }, (_, index) => anEntry(980_000 + 10 * Math.floor(index / 2)));
    api.entries.set('s1', entries);
    const desk = await attached(api);
    desk.choose('s1');
    const story = desk.story('s1');
    await expect.poll(() => story.loaded).toBe(true);
    const seqs = () => story.kept.map(({ entry }) => entry.seq);
    expect([story.before, seqs()]).toEqual([998_000, entries.map((entry) => entry.seq).filter((seq) => seq > 998_000)]);
    await story.earlier();
    expect([story.before, seqs()]).toEqual([996_000, entries.map((entry) => entry.seq).filter((seq) => seq > 996_000)]);
    expect(new Set(story.kept.map(({ id }) => id)).size).toBe(story.kept.length);
    for (let left = 498; left > 0; left--) await story.earlier();
    expect([story.before, seqs()]).toEqual([0, entries.map((entry) => entry.seq)]);
    // Far behind, it goes on near the end; what it leaves out is before it again.
    api.entries.set('s1', [...entries, anEntry(2_000_000)]);
    api.tell([{ view: aSession({ seq: 2_000_000 }), entries: [], gap: true }]);
    await expect.poll(seqs).toEqual([2_000_000]);
    expect(story.before).toBe(1_998_000);
  });

  it('reads again where there is a gap', async () => {
    const api = new ScriptedApi();
    api.sessions = [aSession()];
    const desk = await attached(api);
    desk.choose('s1');
    await settled();
    api.entries.set('s1', [anEntry(2), anEntry(3)]);
    api.tell([{ view: aSession({ seq: 4 }), entries: [], gap: true }]);
    await expect.poll(() => desk.story('s1').kept.length).toBe(2);
  });

  it('says what keeps the engine from going on, until it does', async () => {
    const api = new ScriptedApi();
    const desk = await attached(api);
    api.tell([], { trouble: { code: 'journal_down', message: 'the disk is full', hint: null } });
    expect(desk.trouble?.code).toBe('journal_down');
    api.tell([]);
    expect(desk.trouble).toBeNull();
  });

  it('says that the engine is gone, and why there is none', async () => {
    const api = new ScriptedApi();
    const desk = await attached(api);
    api.tell([], { ended: true });
    expect(desk.failure?.code).toBe('engine_ended');
    const refused = new ScriptedApi();
    refused.attachRefusal = { code: 'data_locked', message: 'in use', hint: 'close it' };
    const other = await attached(refused);
    expect([other.ready, other.failure?.code]).toEqual([false, 'data_locked']);
  });
});

describe('the phases', () => {
  const names = (some: Parameters<typeof aSession>[0]) =>
    steps(aSession(some)).map((step) => ({ done: '✓', now: '●', 'to-come': '○' })[step.stand]).join('');

  it('stand where the session stands', () => {
    expect(names({ phase: 'prepare', state: 'preparing' })).toBe('●○○○○○');
    expect(names({ phase: 'plan_review' })).toBe('✓●○○○○');
    expect(names({ phase: 'implementation' })).toBe('✓✓●○○○');
    expect(names({ phase: 'review' })).toBe('✓✓✓●○○');
    expect(names({ phase: 'done', state: 'finished' })).toBe('✓✓✓✓✓✓');
  });

  it('stop at the decision that stopped the session', () => {
    const decisions = [{ round: 1, phase: 'review', decision: 'pause_and_clarify', fired: '', takes_effect: true, rule: '', at: '' }];
    expect(names({ phase: 'review', state: 'paused', decisions })).toBe('✓✓✓✓●○');
    expect(names({ phase: 'review', state: 'running', decisions })).toBe('✓✓✓●○○');
  });

  it('leave the plan out where nobody plans', () => {
    const workers = aSession().workers.slice(1);
    expect(names({ phase: 'implementation', workers })).toBe('●○○○');
  });
});

describe('resources', () => {
  it('are those of a process that runs: not of one that was not seen for long, nor in a session at rest', () => {
    const all = new Resources();
    const sample = { worker: 'a', at: new Date(100_000).toISOString(), cpu_percent: 5, memory_bytes: 1e6, processes: 1 };
    all.hear([{ session: 's1', samples: [sample], disks: [] }]);
    const now = (state: string, at: number) => all.now(aSession({ id: 's1', state }), 'a', at);
    expect(now('running', 114_999)).toEqual(sample);
    expect(now('running', 115_000)).toBeNull();
    expect(now('finished', 100_001)).toBeNull();
    expect(all.now(aSession({ id: 's1' }), 'b', 100_001)).toBeNull();
  });
});

describe('rows', () => {
  const tool = (seq: number, worker: string) => ({ id: seq, entry: anEntry(seq, { kind: 'tool', worker }) });

  it('are a flood where many came within a second', () => {
    const rows = (gap: number) =>
      fold(Array.from({ length: 90 }, (_, n) => ({ id: n, entry: anEntry(n, { at: new Date(n * gap).toISOString() }) })));
    expect(isFlood(rows(12), 80)).toBe(true);
    expect(isFlood(rows(13), 80)).toBe(false);
    expect(isFlood(rows(12).slice(11), 80)).toBe(false);
  });

  it('fold what the tools of one worker did in a row, and only that', () => {
    const other = { id: 4, entry: anEntry(4) };
    const files = (seq: number) => ({ id: seq, entry: anEntry(seq, { kind: 'files', worker: 'a' }) });
    const rows = fold([tool(1, 'a'), tool(2, 'a'), tool(3, 'b'), other, tool(5, 'a'), files(6), tool(7, 'a'), other, files(8)]);
    expect(rows.map((row) => (row.sort === 'tools' ? row.calls.length : row.entry.kind))).toEqual([2, 'tool', 'notice', 3, 'notice', 'files']);
    expect(rows.map((row) => row.id)).toEqual([1, 3, 4, 5, 4, 8]);
  });
});

describe('the log', () => {
  it('says nothing of a filter that is not shown any more', async () => {
    const api = new ScriptedApi();
    const fails: (() => void)[] = [];
    api.log = () => new Promise((_, fail) => fails.push(() => fail({ code: 'log_x', message: 'broke off', hint: null })));
    const log = new Log(api, 'login');
    void log.look(0, 1);
    log.setFilter({ ...NO_FILTER, text: 'later' });
    fails[0]!();
    await settled();
    expect([fails.length, log.problem, log.whole]).toEqual([2, null, false]);
    fails[1]!();
    await settled();
    expect(log.problem?.message).toBe('broke off');
  });
});

describe('the form', () => {
  const refusal = (code: string) => ({ code, message: code, hint: null });

  it('keeps the first problem of each field, and says only those of fields that were touched', () => {
    const found = byField([
      { field: 'goal', refusal: refusal('goal_empty') },
      { field: 'goal', refusal: refusal('later') },
      { field: 'unheard_of', refusal: refusal('x') },
    ]);
    expect(Object.keys(found)).toEqual(['goal', 'form']);
    expect(found.goal!.code).toBe('goal_empty');
    expect(saidYet(found, new Set())).toEqual({});
    expect(Object.keys(saidYet(found, new Set(['goal'])))).toEqual(['goal']);
  });

  it('finds the field that a refused start is about', () => {
    const codes = ['goal_too_long', 'target_is_home', 'agent_not_installed', 'bypass_refused', 'money_limit_wrong', 'journal_down'];
    expect(codes.map((code) => fieldOf(refusal(code)))).toEqual(['goal', 'target', 'team', 'permission', 'money_limit', 'form']);
  });
});

describe('standing reviews', () => {
  it('are the newest of each pair', () => {
    const review = (id: string, round: number, reviewer: string) => ({
      ...{ id, round, reviewer, subject: 'c', checkpoint: null, verdict: 'concern', summary: null, findings: [] },
    });
    expect(standing([review('r1', 1, 'a'), review('r2', 1, 'b'), review('r3', 2, 'a')]).map((one) => one.id)).toEqual([
      'r3',
      'r2',
    ]);
  });
});
