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
  return worker.tokens === 0 ? null : costSaid(worker);
}

/** A session's cost: what is known, and that something is not. */
export function sessionCost(session: SessionView): string | null {
  const worked = session.workers.filter((worker) => worker.tokens > 0);
  if (worked.length === 0) return null;
  return costSaid(session);
}

/** What is known of a cost, and that something is not. */
export function costSaid({ cost_usd, cost_known_usd }: Pick<SessionView, 'cost_usd' | 'cost_known_usd'>): string {
  if (cost_usd !== null && cost_usd > 0) return dollars(cost_usd);
  return cost_known_usd > 0 ? `${dollars(cost_known_usd)} + unknown` : 'cost unknown';
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

/** `A`, `A and B`, `A, B and C`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** As a sentence of its own: a capital at the start, a full stop at the end. */
export function full(text: string): string {
  const said = capital(text);
  return text === '' || /[.!?…]$/.test(text) ? said : `${said}.`;
}

/** How a command begins that is to be typed as it is: a program that is no word, or one of the agents' with what only a
 * command has behind it. */
const COMMAND = /^(?:(?:apt|apt-get|brew|cargo|curl|dnf|git|npm|npx|pacman|pip|pipx|pnpm|sudo|yarn) |(?:claude|codex|gemini|orchestrate) (?:[-/]|login\b|mcp\b))/;

/** Whether a word is a name that is written as it is: a file, a path, an address, a setting, an option, a flag. */
function isName(word: string): boolean {
  // What ends or goes on a sentence is none of the name.
  const bare = word.replace(/[.,:;!?…)]+$/, '');
  // Words of a sentence may have a hyphen, but no capital, digit or other sign inside.
  return /[./:_\\`@~$=0-9]|^-|[a-z][A-Z]/.test(bare);
}

/** First letter in capitals, unless the first word is a name or begins a command. */
export function capital(text: string): string {
  if (text === '' || COMMAND.test(text) || isName(/^\S{0,300}/.exec(text)![0])) return text;
  return text[0]!.toUpperCase() + text.slice(1);
}

/** The longest word that is shown whole, and how much of a longer one: its beginning and its end. */
const LONG_WORD = /\S{121,}/g;
const CLIPPED = { head: 60, tail: 40 };
/** The longest message that is shown whole. */
const LONG_TEXT = 800;

/** With the middle of what is too long to be read left out, such as of a very long path. */
export function clipped(text: string): string {
  const cut = (word: string) => `${word.slice(0, CLIPPED.head)}…${word.slice(-CLIPPED.tail)}`;
  const short = text.replace(LONG_WORD, cut);
  return short.length > LONG_TEXT ? `${short.slice(0, LONG_TEXT / 2)}…${short.slice(-LONG_TEXT / 2)}` : short;
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
