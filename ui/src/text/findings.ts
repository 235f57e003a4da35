/** What the doctor found, in words. */
import type { AgentCheck, DoctorView } from '../api/api';
import type { Look } from './words';

/** Whether an agent can be used, with a word and an icon. */
export function agentLook(agent: AgentCheck): Look {
  if (agent.path === null) return { icon: 'missing', tone: 'muted', word: 'Not found' };
  if (agent.logged_in === false) return { icon: 'warning', tone: 'warn', word: 'Not logged in' };
  if (agent.problem !== null) return { icon: 'warning', tone: 'warn', word: 'Found, in doubt' };
  if (agent.logged_in === true) return { icon: 'approved', tone: 'ok', word: 'Logged in' };
  return { icon: 'approved', tone: 'ok', word: 'Found' };
}

/** What stands below it. */
export function agentNote(agent: AgentCheck): string {
  if (agent.path === null) return 'Install it, or set its path';
  if (agent.logged_in === false) return 'Log in once';
  if (agent.problem !== null) return 'See below';
  return agent.logged_in === true ? 'It says so itself' : 'Its login shows in use';
}

/** An agent that a session can begin with. */
export const isReady = (agent: AgentCheck): boolean => agent.path !== null && agent.logged_in !== false;

/** Just the number of a version, as `codex-cli 0.169.0` says it. */
export function versionNumber(said: string | null): string {
  return said === null ? '–' : (/\d+(?:\.\d+)+[\w.+-]*/.exec(said)?.[0] ?? said);
}

/** `3 found, 2 ready`. */
export function agentCount(found: DoctorView): string {
  const there = found.agents.filter((agent) => agent.path !== null).length;
  return `${there} found, ${found.agents.filter(isReady).length} ready`;
}

/** How long ago, roughly: `just now`, `4 min ago`. */
export function ago(at: number, now: number): string {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return 'just now';
  return minutes < 60 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`;
}
