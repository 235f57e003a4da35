/** Figures, times and paths as a person reads them. */
import type { SessionView, WorkerView } from '../api/api';
import { isActive } from '../state/stand';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** `48 s`, `12 min 48 s`, `6 h 04 min`. */
export function elapsed(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < MINUTE) return `${Math.floor(whole / 1000)} s`;
  const pad = (n: number) => String(Math.floor(n)).padStart(2, '0');
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min ${pad((whole % MINUTE) / 1000)} s`;
  return `${Math.floor(whole / HOUR)} h ${pad((whole % HOUR) / MINUTE)} min`;
}

/** As `elapsed`, by its greatest unit. */
export function roughly(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(Math.max(0, ms) / 1000)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  return elapsed(ms);
}

/** `940`, `12 k`, `1.2 M`. */
export function count(number: number): string {
  if (number < 1000) return String(number);
  return number < 999_500 ? `${Math.round(number / 1000)} k` : `${(number / 1_000_000).toFixed(1)} M`;
}

/** `1 token`, `12 k tokens`. */
export function tokens(number: number): string {
  return `${count(number)} ${number === 1 ? 'token' : 'tokens'}`;
}

/** US dollars; what is not nothing never reads as nothing. */
export function dollars(usd: number): string {
  if (usd > 0 && usd < 0.01) return 'under $0.01';
  return `$${usd.toFixed(2)}`;
}

/** A worker's cost; one that has not worked yet has none to be known. Work that is said to cost nothing is on a
 * subscription: what it costs is not known. */
export function workerCost(worker: WorkerView): string | null {
  if (worker.cost_usd !== null && worker.cost_usd > 0) return dollars(worker.cost_usd);
  return worker.tokens === 0 ? null : 'cost unknown';
}

/** A session's cost: what is known, and that something is not. */
export function sessionCost(session: SessionView): string | null {
  const worked = session.workers.filter((worker) => worker.tokens > 0);
  if (worked.length === 0) return null;
  if (session.cost_usd !== null && session.cost_usd > 0) return dollars(session.cost_usd);
  const known = worked.reduce((sum, worker) => sum + (worker.cost_usd ?? 0), 0);
  return known > 0 ? `${dollars(known)} + unknown` : 'cost unknown';
}

/** How long a session has run: by its own clock once it stands, by ours while it goes on. */
export function sessionElapsed(session: SessionView, now: number): number {
  const start = Date.parse(session.created_at);
  if (!isActive(session) || Number.isNaN(start)) return session.elapsed_ms;
  return Math.max(session.elapsed_ms, now - start);
}

/** What is left of a time: `4:31`, `1:04:31`; never below nothing. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil((Number.isNaN(ms) ? 0 : ms) / 1000));
  const pad = (n: number) => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** `10:42` in the person's own time zone. */
export function clock(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return '';
  return `${String(time.getHours()).padStart(2, '0')}:${String(time.getMinutes()).padStart(2, '0')}`;
}

/** `10:42:07` in the person's own time zone. */
export function clockWithSeconds(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}

/** A path with the home folder as `~`. */
export function shortPath(path: string, home: string | null): string {
  if (home === null || home === '' || home === '/') return path;
  if (path === home) return '~';
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

/** The last part of a path. */
export function baseName(path: string): string {
  const parts = path.split(/[\\/]/).filter((part) => part !== '');
  return parts.at(-1) ?? path;
}

/** `1 file`, `2 files`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** As a sentence of its own: a capital at the start, a full stop at the end. */
export function full(text: string): string {
  // The name of a setting stays as it is written.
  const said = /^\w*_/.test(text) ? text : capital(text);
  return text === '' || /[.!?…]$/.test(text) ? said : `${said}.`;
}

/** First letter in capitals. */
export function capital(text: string): string {
  return text === '' ? text : text[0]!.toUpperCase() + text.slice(1);
}

/** `1 048 576`, with spaces that do not break. */
export function grouped(number: number): string {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** `10:54:05.733` in the person's own time zone; empty where no time is known. */
export function precise(at: string): string {
  const time = new Date(at);
  if (at === '' || Number.isNaN(time.getTime())) return '';
  const pad = (n: number, width = 2) => String(n).padStart(width, '0');
  return `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`;
}

/** `412 MB`, `1.4 GB`. */
export function memory(bytes: number): string {
  if (bytes < 1000 * 1000) return `${Math.round(bytes / 1000)} kB`;
  if (bytes < 999.5 * 1000 * 1000) return `${Math.round(bytes / 1e6)} MB`;
  return `${(bytes / 1e9).toFixed(bytes < 99.5e9 ? 1 : 0)} GB`;
}

/** `34 %`. */
export function percent(value: number): string {
  return `${Math.round(value)} %`;
}
