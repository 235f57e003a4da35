/** A transport for tests: answers from memory what a test gives it. No part of the app: only tests import it. */
import type { AgentCheck, Api, ApprovalView, Attached, Batch, ChoiceForm, Choices, DoctorView, Dropped, GrantView, Refusal, Remembered } from './api';
import type { MissingPart, RuleOffer, RulingView, SessionNews, ShowNeed, SessionView, SettingsView, StartCheck, StartForm, TimelineEntry } from './api';
import { CHECK, CHOICES, DOCTOR, SETTINGS } from './fixtures/frame';
import { ScriptedScreens } from './scripted_screens';

export class ScriptedApi extends ScriptedScreens implements Api {
  sessions: SessionView[] = [];
  entries = new Map<string, TimelineEntry[]>();
  folder: string | null = '/code/shop';
  /** What the next start answers with, instead of starting. */
  refusal: Refusal | null = null;
  attachRefusal: Refusal | null = null;
  first = false;
  elsewhere: number | null = null;
  found: DoctorView = DOCTOR;
  set: SettingsView = SETTINGS;
  check: StartCheck = CHECK;
  /** What was chosen in which folder. */
  kept = new Map<string, Choices>();
  notificationRefusal: Refusal | null = { code: 'no_notification_service', message: 'there is no notification service', hint: null };

  started: StartForm[] = [];
  stopped: string[] = [];
  resumed: [session: string, message: string | null][] = [];
  removed: string[] = [];
  changed: [name: string, value: string | null][] = [];
  answers: [session: string, approval: string, choice: ChoiceForm][] = [];
  rulesFor: [session: string, approval: string][] = [];
  rule: RuleOffer = { text: '[[rule]]\ncommand = "cargo add argon2"\n', words: 'command cargo add argon2: allowed to the implementer in /home/ada/shop', file: '/home/ada/.config/rules.toml', spares: 3, of: 5 };
  revoked: [session: string, grant: string][] = [];
  resolved: [session: string, blocker: string][] = [];
  acks: [epoch: number, number: number][] = [];
  pages: [session: string, since: number][] = [];

  /** Has the page open a card, as the desktop does. */
  show: (show: ShowNeed) => void = () => {};
  missingParts: MissingPart[] = [];
  startedAgain = 0;

  #hear: (batch: Batch) => void = () => {};
  #drop: (dropped: Dropped) => void = () => {};
  #number = 0;
  #epoch = 0;

  async listen(hear: (batch: Batch) => void): Promise<() => void> {
    this.#hear = hear;
    return () => (this.#hear = () => {});
  }

  async listenShow(hear: (show: ShowNeed) => void): Promise<() => void> {
    this.show = hear;
    return () => (this.show = () => {});
  }

  async attach(): Promise<Attached> {
    if (this.attachRefusal !== null) throw this.attachRefusal;
    this.#epoch += 1;
    return { epoch: this.#epoch, status: { sessions: [...this.sessions] }, home: '/home/ada', first: this.first, elsewhere: this.elsewhere, longest_goal: 262_144 };
  }

  ack(epoch: number, number: number): void {
    this.acks.push([epoch, number]);
  }

  async status() {
    return { sessions: [...this.sessions] };
  }

  async timeline(session: string, since: number, limit: number): Promise<TimelineEntry[]> {
    this.pages.push([session, since]);
    return (this.entries.get(session) ?? []).filter((entry) => entry.seq > since).slice(0, limit);
  }

  async start(form: StartForm): Promise<string> {
    this.started.push(form);
    if (this.refusal !== null) throw this.refusal;
    const view = aSession({ id: `s${this.started.length}`, goal: form.goal, target: form.target });
    this.sessions.unshift(view);
    return view.id;
  }

  startDemo(): Promise<string> {
    return this.start({ goal: 'the demo', target: '/tmp/demo', choices: CHOICES });
  }

  async checkStart(form: StartForm): Promise<StartCheck> {
    const target = this.check.target === null ? null : { ...this.check.target, path: form.target };
    return { ...this.check, target };
  }

  async remembered(target: string): Promise<Remembered> {
    const kept = this.kept.get(target);
    return { choices: kept ?? CHOICES, known: kept !== undefined, recent: [...this.kept.keys()] };
  }

  async listenToDrops(hear: (dropped: Dropped) => void): Promise<() => void> {
    this.#drop = hear;
    return () => (this.#drop = () => {});
  }

  /** Drags something onto the window. */
  drop(dropped: Dropped): void {
    this.#drop(dropped);
  }

  async doctor(): Promise<DoctorView> {
    return this.found;
  }

  async checkAgent(agent: string): Promise<AgentCheck> {
    return this.found.agents.find((one) => one.agent === agent)!;
  }

  async settings(): Promise<SettingsView> {
    return this.set;
  }

  async setSetting(name: string, value: string | null): Promise<SettingsView> {
    this.changed.push([name, value]);
    if (this.refusal !== null) throw this.refusal;
    const values = this.set.values.map((one) =>
      one.name === name ? { ...one, value: value ?? '0', source: value === null ? 'default' : 'file' } : one,
    );
    this.set = { ...this.set, values };
    return this.set;
  }

  async explain(command: string): Promise<RulingView> {
    return { verdict: 'ask', rule: 'unknown_program', why: `nothing is known of what \`${command}\` does` };
  }

  async testNotification(): Promise<void> {
    if (this.notificationRefusal !== null) throw this.notificationRefusal;
  }

  async resume(session: string, message: string | null): Promise<void> {
    this.resumed.push([session, message]);
    if (this.refusal !== null) throw this.refusal;
  }

  async remove(session: string): Promise<void> {
    if (this.refusal !== null) throw this.refusal;
    this.removed.push(session);
    this.sessions = this.sessions.filter((one) => one.id !== session);
  }

  async openFolder(session: string): Promise<void> {
    this.asked.push(['openFolder', session]);
    if (this.refusal !== null) throw this.refusal;
  }

  async openEditor(session: string, path: string | null, line: number | null): Promise<void> {
    this.asked.push(['openEditor', session, path, line]);
    if (this.refusal !== null) throw this.refusal;
  }

  async openTerminal(session: string): Promise<void> {
    this.asked.push(['openTerminal', session]);
    if (this.refusal !== null) throw this.refusal;
  }

  async stop(session: string): Promise<void> {
    this.stopped.push(session);
  }

  async answer(session: string, approval: string, choice: ChoiceForm): Promise<void> {
    this.answers.push([session, approval, choice]);
    if (this.refusal !== null) throw this.refusal;
  }

  async resolve(session: string, blocker: string): Promise<void> {
    if (this.refusal !== null) throw this.refusal;
    this.resolved.push([session, blocker]);
  }

  async ruleFor(session: string, approval: string): Promise<RuleOffer> {
    this.rulesFor.push([session, approval]);
    if (this.refusal !== null) throw this.refusal;
    return this.rule;
  }

  async revoke(session: string, grant: string): Promise<void> {
    this.revoked.push([session, grant]);
  }

  async pickFolder(): Promise<string | null> {
    return this.folder;
  }

  async startAgain(): Promise<void> {
    this.startedAgain += 1;
    if (this.refusal !== null) throw this.refusal;
  }

  async missing(): Promise<MissingPart[]> {
    return this.missingParts;
  }

  /** Sends a batch as the shell does; what is told is in the journal too. */
  tell(sessions: SessionNews[], more: Partial<Batch> = {}): void {
    for (const { view, entries } of sessions) {
      this.sessions = [view, ...this.sessions.filter((one) => one.id !== view.id)];
      this.entries.set(view.id, [...(this.entries.get(view.id) ?? []), ...entries]);
    }
    this.#number += 1;
    this.#hear({ epoch: this.#epoch, number: this.#number, sessions, resources: [], trouble: null, ended: false, ...more });
  }
}

export function aSession(some: Partial<SessionView> = {}): SessionView {
  return {
    id: 's1',
    goal: 'Fix the flaky test',
    target: '/home/ada/shop',
    state: 'running',
    phase: 'architecture',
    decision: null,
    seq: 1,
    created_at: '2026-11-22T10:41:00.000Z',
    ended_at: null,
    reason: null,
    workers: [
      aWorker('gemini', 'architect', { state: 'working', doing: 'reading src/lib.rs', attempt: 1, tokens: 12_000 }),
      aWorker('claude', 'implementer'),
      aWorker('codex', 'reviewer'),
    ],
    reviews: [],
    checks: [],
    decisions: [],
    recoveries: 0,
    quotas: [],
    checkpoint: 0,
    fix_round: 0,
    fix_rounds: 0,
    needs_you: [],
    approvals: [],
    grants: [],
    ceiling: ['write', 'programs', 'read_outside', 'write_outside', 'hosts', 'tools', 'flags'],
    blockers: [],
    warnings: [],
    files_changed: [],
    tokens: 12_000,
    cost_usd: null,
    cost_known_usd: some.cost_usd ?? (some.workers ?? []).reduce((sum, worker) => sum + worker.cost_known_usd, 0),
    elapsed_ms: 60_000,
    ...some,
  };
}

export function aWorker(agent: string, role: string, some: Partial<SessionView['workers'][number]> = {}) {
  return {
    name: `${agent}-${role}`,
    agent,
    role,
    state: 'idle',
    doing: 'waiting for its turn',
    progress: 0,
    plan: null,
    tokens: 0,
    cost_usd: null,
    cost_known_usd: some.cost_usd ?? 0,
    attempt: 0,
    ...some,
  };
}

export function anApproval(some: Partial<ApprovalView> = {}): ApprovalView {
  return {
    id: 'ap_1',
    worker: 'claude-implementer',
    asked_at: '2026-11-22T10:54:00.000Z',
    state: 'open',
    waits: true,
    by: null,
    call: null,
    what: 'run `cargo add argon2`',
    instead: null,
    edit: null,
    kind: 'command',
    exactly: ['cargo add argon2'],
    cwd: '/home/ada/shop',
    reason: 'For password hashes.',
    grants: 'claude-implementer may run `cargo add argon2` without being asked again, until the session ends: exactly this command, in /home/ada/shop',
    rule: 'unknown_program',
    why: 'nothing is known of what `cargo add` does',
    risk: 'medium',
    diff: null,
    options: ['once', 'session'],
    expires_at: null,
    ...some,
  };
}

export function aGrant(some: Partial<GrantView> = {}): GrantView {
  return {
    id: 'ap_1',
    worker: 'claude-implementer',
    what: 'run `cargo test`',
    exactly: 'exactly this command, in /home/ada/shop',
    by: 'person',
    rule: null,
    given_at: '2026-11-22T10:54:00.000Z',
    ends: 'when the session ends',
    ...some,
  };
}

export function anEntry(seq: number, some: Partial<TimelineEntry> = {}): TimelineEntry {
  return {
    seq,
    at: '2026-11-22T10:42:00.000Z',
    worker: null,
    kind: 'notice',
    tone: 'plain',
    text: `entry ${seq}`,
    detail: null,
    ...some,
  };
}
