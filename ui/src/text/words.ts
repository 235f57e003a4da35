/** Words, tones and icons of states. Each tone goes with an icon and a word, never alone. */
import type { SessionView, WorkerView } from '../api/api';
import { isActive } from '../state/stand';
import { capital } from './format';

export type Tone = 'plain' | 'accent' | 'ok' | 'warn' | 'bad' | 'unknown' | 'muted';

export type IconName =
  | 'approved'
  | 'warning'
  | 'blocked'
  | 'inconclusive'
  | 'running'
  | 'paused'
  | 'waiting'
  | 'needs-you'
  | 'error'
  | 'to-come'
  | 'missing'
  | 'stopped';

export interface Look {
  icon: IconName;
  tone: Tone;
  word: string;
}

const look = (icon: IconName, tone: Tone, word: string): Look => ({ icon, tone, word });

export function sessionLook(session: SessionView): Look {
  const needed = session.needs_you.length > 0;
  switch (session.state) {
    case 'preparing':
      return needed ? look('needs-you', 'warn', 'Needs you') : look('running', 'accent', 'Preparing');
    case 'running':
      return needed ? look('needs-you', 'warn', 'Needs you') : look('running', 'accent', 'Running');
    case 'paused':
      return needed ? look('needs-you', 'warn', 'Paused, needs you') : look('paused', 'muted', 'Paused');
    case 'blocked':
      return look('blocked', 'bad', needed ? 'Blocked, needs you' : 'Blocked');
    case 'stopped':
      return session.decision === 'stop_and_escalate'
        ? look('blocked', 'bad', 'Stopped by a blocker')
        : look('stopped', 'muted', 'Stopped');
    case 'finished':
      // A warning about the surroundings, such as running as root, takes nothing from the reviews.
      return session.decision === 'log_warning'
        ? look('warning', 'warn', 'Finished with a warning')
        : look('approved', 'ok', 'Finished');
    case 'failed':
      return look('error', 'bad', 'Failed');
    case 'crashed':
      return look('error', 'bad', 'Interrupted by a crash');
    default:
      return look('inconclusive', 'unknown', capital(session.state));
  }
}

export function workerLook(worker: WorkerView): Look {
  switch (worker.state) {
    case 'idle':
      return look('to-come', 'muted', worker.attempt === 0 ? 'Not started' : 'Idle');
    case 'starting':
      return look('running', 'accent', 'Starting');
    case 'working':
      return look('running', 'accent', 'Working');
    case 'asking':
      return look('needs-you', 'warn', 'Waiting for you');
    case 'waiting':
      return look('waiting', 'muted', 'Waiting');
    case 'recovering':
      return look('running', 'accent', 'Recovering');
    case 'blocked':
      return look('blocked', 'bad', 'Blocked');
    case 'done':
      return look('approved', 'ok', 'Done');
    case 'stopped':
      return look('stopped', 'muted', 'Stopped');
    case 'failed':
      return look('error', 'bad', 'Failed');
    default:
      return look('inconclusive', 'unknown', capital(worker.state));
  }
}

/** A review's verdict; null while it runs. */
export function verdictLook(verdict: string | null): Look {
  switch (verdict) {
    case null:
      return look('running', 'accent', 'Running');
    case 'approved':
      return look('approved', 'ok', 'Approved');
    case 'concern':
      return look('warning', 'warn', 'Concern');
    case 'blocker':
      return look('blocked', 'bad', 'Blocker');
    default:
      return look('inconclusive', 'unknown', capital(verdict));
  }
}

/** What came of a check; null while it runs. */
export function checkLook(outcome: string | null): Look {
  switch (outcome) {
    case null:
      return look('running', 'accent', 'Running');
    case 'passed':
      return look('approved', 'ok', 'Passed');
    case 'failed':
      return look('error', 'bad', 'Failed');
    case 'timed_out':
      return look('warning', 'warn', 'Timed out');
    case 'stopped':
      return look('stopped', 'muted', 'Stopped');
    case 'not_run':
      return look('inconclusive', 'unknown', 'No result');
    default:
      return look('inconclusive', 'unknown', capital(outcome));
  }
}

/** How much harm an answer could let through. */
export function riskLook(risk: string | null): Look {
  switch (risk) {
    case 'low':
      return look('approved', 'ok', 'Low: nothing is lost');
    case 'medium':
      return look('warning', 'warn', 'Medium: it can be mended');
    case 'high':
      return look('blocked', 'bad', 'High: it may be for good');
    default:
      return look('inconclusive', 'unknown', capital(risk ?? 'unknown'));
  }
}

export function decisionLook(decision: string): Look {
  switch (decision) {
    case 'continue':
      return look('approved', 'ok', 'Continue');
    case 'log_warning':
      return look('warning', 'warn', 'Log warning');
    case 'pause_and_clarify':
      return look('needs-you', 'warn', 'Pause and clarify');
    case 'stop_and_escalate':
      return look('blocked', 'bad', 'Stop and escalate');
    default:
      return look('inconclusive', 'unknown', capital(decision));
  }
}

export function severityLook(severity: string): Look {
  if (severity === 'note') return look('to-come', 'muted', 'Note');
  return verdictLook(severity);
}

/** The two letters of an agent's mark. */
export function mark(agent: string): string {
  const known: Record<string, string> = { claude: 'Cl', codex: 'Cx', gemini: 'Ge', agy: 'Ag' };
  return known[agent] ?? 'Ac';
}

/** An agent's name as it is written in a sentence. */
export function agentName(agent: string): string {
  return agent === 'agy' ? 'Antigravity' : capital(agent);
}

/** A worker's agent by the worker's name (`claude-implementer`), also where the team is not at hand. */
export function agentOf(worker: string, workers: WorkerView[]): string {
  return workers.find((one) => one.name === worker)?.agent ?? worker.split('-')[0] ?? worker;
}

/** What a group of the session list is called, in the order in which it is shown. */
export const GROUPS = ['Needs you', 'Running', 'Paused', 'Finished'] as const;
export type Group = (typeof GROUPS)[number];

export function groupOf(session: SessionView): Group {
  if (session.needs_you.length > 0 || session.state === 'blocked') return 'Needs you';
  if (isActive(session)) return 'Running';
  return session.state === 'paused' ? 'Paused' : 'Finished';
}

/** What stands behind the folder in the session list: how it came out, or how long it has run. */
export function outcome(session: SessionView, elapsed: string): string {
  if (session.state === 'finished') return session.decision === 'log_warning' ? 'with a warning' : 'approved';
  return isActive(session) ? elapsed : session.state;
}
