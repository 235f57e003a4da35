import { describe, expect, it } from 'vitest';

import { aSession, aWorker, anEntry } from '../api/scripted';
import { clean, head, runs } from './clean';
import { quoted } from './command';
import { capital, clipped, count, dollars, elapsed, full, listed, sessionCost, sessionElapsed, shortPath, workerCost } from './format';
import { ruleLines } from './rule';
import { detailOf, sentence, toolTitle } from './sentence';
import { groupOf, sessionLook } from './words';

describe('figures', () => {
  it('reads times by their greatest units', () => {
    expect([999, 59_999, 60_000, 768_000, 21_840_000].map(elapsed)).toEqual([
      '0 s',
      '59 s',
      '1 min 00 s',
      '12 min 48 s',
      '6 h 04 min',
    ]);
  });

  it('never says that an unknown or a small cost is nothing', () => {
    expect(dollars(0.004)).toBe('under $0.01');
    expect(workerCost(aWorker('codex', 'reviewer', { tokens: 1, cost_usd: 0 }))).toBe('cost unknown');
    expect(workerCost(aWorker('codex', 'reviewer'))).toBeNull();
    // A follow-up whose price is not told does not take away what is known.
    expect(workerCost(aWorker('claude', 'implementer', { tokens: 9, cost_known_usd: 0.06 }))).toBe('$0.06 + unknown');
    const workers = [
      aWorker('gemini', 'architect', { tokens: 9, cost_usd: 1.5 }),
      aWorker('codex', 'reviewer', { tokens: 9 }),
    ];
    expect(sessionCost(aSession({ workers }))).toBe('$1.50 + unknown');
    expect(sessionCost(aSession({ workers: workers.slice(1) }))).toBe('cost unknown');
    expect(sessionCost(aSession({ workers: workers.slice(0, 1), cost_usd: 1.5 }))).toBe('$1.50');
  });

  it('counts tokens in thousands and millions without a thousand thousands', () => {
    expect([940, 12_400, 999_499, 999_500, 1_240_000].map(count)).toEqual(['940', '12 k', '999 k', '1.0 M', '1.2 M']);
  });

  it('lets the clock of a running session go on, and that of one at rest not', () => {
    const now = Date.parse('2026-11-22T10:43:00.000Z');
    expect(sessionElapsed(aSession(), now)).toBe(120_000);
    expect(sessionElapsed(aSession({ state: 'finished' }), now)).toBe(60_000);
    expect(sessionElapsed(aSession({ elapsed_ms: 500_000 }), now)).toBe(500_000);
  });

  it('shortens only paths inside the home folder', () => {
    expect(shortPath('/home/ada/shop', '/home/ada')).toBe('~/shop');
    expect(shortPath('/home/adam/shop', '/home/ada')).toBe('/home/adam/shop');
    expect(shortPath('/shop', '/')).toBe('/shop');
  });
});

describe('text of agents', () => {
  it('loses terminal sequences, controls and what reorders or hides text', () => {
    expect(clean('\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007 \u001b]52;c;aGk=\u001b\\end')).toBe(
      'red link end',
    );
    expect(clean('a\u202Eb\u2066c\u200Bd\u0000e\u009Bf')).toBe('abcdef');
    expect(clean('one\r\ntwo\tthree')).toBe('one\ntwo\tthree');
  });

  it('cleans a million sequences in a blink', () => {
    const before = performance.now();
    expect(clean('\u001b[1mx'.repeat(1_000_000))).toHaveLength(1_000_000);
    expect(clean('\u001b]'.repeat(200_000))).toBe('');
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it('shows as code what is quoted, and an odd backtick as itself', () => {
    expect(runs('run `cargo test` now')).toEqual([
      { code: false, text: 'run ' },
      { code: true, text: 'cargo test' },
      { code: false, text: ' now' },
    ]);
    expect(runs('a ` b')).toEqual([{ code: false, text: 'a ` b' }]);
  });

  it('cuts no character in two', () => {
    expect(head('ab😀', 3)).toEqual({ text: 'ab', left: 2 });
    expect(head('ab', 3)).toEqual({ text: 'ab', left: 0 });
  });

  it('offers one quoted command to be copied', () => {
    expect(quoted('Run `codex login` in a terminal')).toBe('codex login');
    expect(quoted('Run `a` and `b`')).toBeNull();
    expect(quoted('Finish the login')).toBeNull();
  });
});

describe('sentences', () => {
  it('say whose they are', () => {
    const verdict = anEntry(1, { kind: 'review', text: 'verdict: approved – fine' });
    expect(sentence(verdict, 'codex', '/p')).toEqual({ lead: 'Codex', text: '’s verdict: approved – fine' });
    expect(sentence(anEntry(1, { kind: 'worker', text: 'started on the plan' }), 'gemini', '/p').text).toBe(' started on the plan');
    expect(sentence(anEntry(1, { kind: 'review', text: "will review gemini-architect's plan" }), 'codex', '/p')).toEqual({ lead: 'Codex', text: ' will review Gemini’s plan' });
    expect(sentence(anEntry(1, { kind: 'approval', text: 'denied: run x' }), 'claude', '/p').text).toBe(': denied: run x');
    expect(sentence(anEntry(1, { kind: 'message', text: 'i think' }), 'claude', '/p')).toEqual({ lead: '', text: 'i think' });
    expect(sentence(anEntry(1, { kind: 'phase', text: 'the plan is reviewed' }), null, '/p').text).toBe('The plan is reviewed');
  });

  it('are made of what only the engine can read', () => {
    const answer = '{"checkpoint":"sha256:1","findings":[],"nonce":"n","summary":"fine","verdict":"approved"}';
    const said = sentence(anEntry(1, { kind: 'message', text: `${answer.slice(0, 40)}…`, detail: answer }), 'codex', '/p');
    expect(said).toEqual({ lead: 'Codex', text: ' answered the review' });
    expect(sentence(anEntry(1, { kind: 'message', text: '{"verdict": 1}' }), 'codex', '/p').text).toBe('{"verdict": 1}');
    expect(sentence(anEntry(1, { kind: 'message', text: '## The plan' }), 'codex', '/p').text).toBe('The plan');
    expect(toolTitle("/bin/bash -lc 'cargo test'", '/p')).toBe('cargo test');
    expect(toolTitle("bash -c 'cat a | grep …", '/p')).toBe('cat a | grep …');
    expect(toolTitle('Read /p/src/lib.rs', '/p')).toBe('Read src/lib.rs');
    const begun = performance.now();
    expect(toolTitle(`${'A'.repeat(1 << 20)} /d/checkouts/x`, '/p')).toHaveLength((1 << 20) + 15);
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(toolTitle('Read /pp/src/lib.rs', '/p')).toBe('Read /pp/src/lib.rs');
    const checkout = '/d/sessions/orch_1/checkouts/codex-reviewer-on-claude-implementer/a.py';
    expect(toolTitle(`sh -c 'cat ${checkout}'`, '/p')).toBe('cat a.py');
  });

  it('unfold only what their line has not said', () => {
    expect(detailOf(anEntry(1, { text: 'all is well', detail: 'all is well' }))).toEqual({ inline: '', folded: '' });
    expect(detailOf(anEntry(1, { detail: 'one concern' })).inline).toBe('one concern');
    expect(detailOf(anEntry(1, { detail: 'a\nb' })).folded).toBe('a\nb');
  });
});

describe('states', () => {
  it('put what needs a person first, whatever else the session does', () => {
    const need = { id: null, kind: 'decision', title: 't', details: '', required_actions: [], suggestions: [] };
    expect(groupOf(aSession({ state: 'paused', needs_you: [need] }))).toBe('Needs you');
    expect(groupOf(aSession({ state: 'blocked' }))).toBe('Needs you');
    expect(groupOf(aSession({ state: 'stopped' }))).toBe('Finished');
  });

  it('never show a word that is not known as something good', () => {
    expect(sessionLook(aSession({ state: 'melted' }))).toEqual({ icon: 'inconclusive', tone: 'unknown', word: 'Melted' });
    expect(sessionLook(aSession({ state: 'finished', decision: 'log_warning' })).tone).toBe('warn');
    expect(sessionLook(aSession({ state: 'stopped', decision: 'stop_and_escalate' })).word).toBe('Stopped by a blocker');
  });

  it('mark the line of the rule that fired, and none when it is not known', () => {
    const decision = { round: 1, phase: 'review', decision: 'log_warning', fired: 'one_concern', takes_effect: true, rule: 'one concern: go on with a warning', at: '' };
    const lines = ruleLines(decision);
    expect(lines?.find((line) => line.stand === 'fired')?.words).toBe('exactly 1 concern');
    expect(lines?.at(-1)?.stand).toBe('not-reached');
    expect(ruleLines({ ...decision, fired: 'a_newer_line' })).toBeNull();
    expect(ruleLines({ ...decision, decision: 'continue' })).toBeNull();
  });
});

describe('a sentence', () => {
  it('begins with a capital, unless with a name or a command', () => {
    const said: [string, string][] = [
      ['the goal is empty', 'The goal is empty.'],
      ['started: it', 'Started: it.'],
      ['codex is not installed', 'Codex is not installed.'],
      ['read-only is what it is', 'Read-only is what it is.'],
      ['élan', 'Élan.'],
      ['run `npm install -g x`', 'Run `npm install -g x`.'],
      ['npm install -g @openai/codex, or set its path', 'npm install -g @openai/codex, or set its path.'],
      ['claude /login', 'claude /login.'],
      ['owner.json cannot be read', 'owner.json cannot be read.'],
      ['relative/path is not a whole path', 'relative/path is not a whole path.'],
      ['file:///tmp', 'file:///tmp.'],
      ['money_limit_usd is a number', 'money_limit_usd is a number.'],
      ['h2 is a name', 'h2 is a name.'],
      ['rustBuild failed', 'rustBuild failed.'],
      ['`x` is no team', '`x` is no team.'],
      ['--json is no flag', '--json is no flag.'],
      ['', ''],
    ];
    for (const [text, wanted] of said) expect(full(text)).toBe(wanted);
    expect(capital('cargo test')).toBe('cargo test');
  });

  it('lists names with commas', () => {
    expect([[], ['A'], ['A', 'B'], ['A', 'B', 'C']].map(listed)).toEqual(['', 'A', 'A and B', 'A, B and C']);
  });

  it('shows the ends of what is too long to be read', () => {
    const path = `/${'x'.repeat(5000)}/end`;
    expect(clipped(path).length).toBeLessThan(120);
    expect(clipped(`there is no folder ${path}`)).toMatch(/^there is no folder \/x+…x+\/end$/);
    expect(clipped('a '.repeat(2500)).length).toBeLessThan(900);
    expect(clipped('/code/shop')).toBe('/code/shop');
  });
});
