/** Everything that the palette can do now, and how it is found by a few letters. */
import type { SessionView } from '../api/api';
import type { Desk } from './desk.svelte';
import { isActive } from './stand';
import { label } from '../text/clean';
import { baseName, counted } from '../text/format';
import { sessionLook, type Look } from '../text/words';

export type Icon = 'pause' | 'review' | 'message' | 'restore' | 'editor' | 'terminal' | 'plus' | 'doctor' | 'settings' | 'play' | 'stop' | 'resume' | 'delete' | 'folder' | 'tab' | 'hand' | 'home';

export interface Action {
  id: string;
  group: 'This session' | 'Needs you' | 'Go to' | 'Settings';
  /** What it is called; found by this. */
  name: string;
  /** What stands at its end. */
  note: string;
  /** The key that does the same. */
  key?: string;
  look: Look | Icon;
  run: () => void;
}

export interface Hooks {
  ondelete: (session: SessionView) => void;
  /** The settings by their names, once they are known. */
  settings: readonly { part: string; title: string }[];
  /** The tabs of the session that is shown. */
  tabs: readonly { name: string; key: string; choose: () => void }[];
}

/** All actions, in the order in which they are shown. */
export function actions(desk: Desk, hooks: Hooks): Action[] {
  const { session } = desk;
  const all: Action[] = [];
  const attempt = (work: () => Promise<void>) => void desk.attempt(work);
  if (session !== null && desk.held === null) {
    const add = (id: string, name: string, note: string, look: Icon, run: () => void) =>
      all.push({ id, group: 'This session', name, note, look, run });
    const active = isActive(session);
    if (active) {
      add('pause', 'Pause', 'Can be resumed as it was', 'pause', () => attempt(() => desk.api.pause(session.id)));
      add('stop', 'Stop', 'Its processes are ended', 'stop', () => attempt(() => desk.stop(session.id)));
    } else if (session.state !== 'finished') {
      add('resume', 'Resume', 'Goes on where it stood', 'resume', () => attempt(() => desk.resume(session.id, null)));
    }
    if (session.workers.some((worker) => worker.role === 'implementer' && worker.attempt > 0)) {
      add('review', 'Review now…', 'Perhaps with a focus', 'review', () => (desk.wish = 'review'));
    }
    if (!active || session.workers.some((worker) => worker.attempt > 0)) {
      const name = active ? 'Write to a worker…' : session.state === 'finished' ? 'Follow-up…' : 'Go on with a message…';
      add('message', name, '', 'message', () => (desk.wish = 'message'));
    }
    const changes = hooks.tabs.find((tab) => tab.name === 'Changes');
    if (!active && changes !== undefined && session.files_changed.length > 0) {
      add('restore', 'Restore a checkpoint…', 'In the changes', 'restore', changes.choose);
    }
    add('open-folder', 'Open the folder', baseName(session.target), 'folder', () => attempt(() => desk.api.openFolder(session.id)));
    add('open-editor', 'Open in your editor', baseName(session.target), 'editor', () => attempt(() => desk.api.openEditor(session.id, null, null)));
    add('open-terminal', 'Open a terminal', baseName(session.target), 'terminal', () => attempt(() => desk.api.openTerminal(session.id)));
    if (!active) add('delete', 'Delete…', 'Asks first', 'delete', () => hooks.ondelete(session));
  }
  for (const one of desk.sessions) {
    for (const [at, need] of one.needs_you.entries()) {
      all.push({ id: `need-${one.id}-${at}`, group: 'Needs you', name: `Answer: ${label(need.title)}`, note: baseName(one.target), look: 'hand', run: () => void desk.answerTo(one.id, need.id) });
    }
  }
  for (const tab of hooks.tabs) {
    all.push({ id: `tab-${tab.name}`, group: 'Go to', name: tab.name, note: '', key: tab.key, look: 'tab', run: tab.choose });
  }
  all.push(
    { id: 'new', group: 'Go to', name: 'New session', note: '', key: 'Ctrl N', look: 'plus', run: () => desk.compose() },
    { id: 'demo', group: 'Go to', name: 'Watch the demo', note: 'A scripted team on a sample folder', look: 'play', run: () => attempt(() => desk.startDemo()) },
  );
  for (const one of desk.sessions) {
    const look = sessionLook(one);
    all.push({ id: one.id, group: 'Go to', name: label(one.goal), note: `${look.word}, ${baseName(one.target)}`, look, run: () => desk.choose(one.id) });
  }
  all.push(
    { id: 'doctor', group: 'Go to', name: 'Doctor', note: 'What works here', look: 'doctor', run: () => desk.show('doctor') },
    { id: 'settings', group: 'Go to', name: 'Settings', note: '', key: 'Ctrl ,', look: 'settings', run: () => desk.show('settings') },
  );
  for (const [at, { part, title }] of hooks.settings.entries()) {
    const run = () => {
      desk.part = part;
      desk.show('settings');
    };
    all.push({ id: `setting-${at}`, group: 'Settings', name: `Settings: ${title}`, note: '', look: 'settings', run });
  }
  return all;
}

/** A piece of a name, and whether it is what was typed. */
export interface Piece {
  text: string;
  hit: boolean;
}

/** Where each typed word begins a word of the name, else stands in it; null where one does not. */
export function match(name: string, typed: string): { rank: number; pieces: Piece[] } | null {
  const lower = name.toLowerCase();
  const words = typed.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const hits: [from: number, to: number][] = [];
  let rank = 0;
  for (const word of words) {
    const begins = wordStart(lower, word);
    const at = begins >= 0 ? begins : lower.indexOf(word);
    if (at < 0) return null;
    rank += at === 0 ? 0 : begins >= 0 ? 1 : 2;
    hits.push([at, at + word.length]);
  }
  hits.sort((a, b) => a[0] - b[0]);
  const pieces: Piece[] = [];
  let done = 0;
  for (const [from, to] of hits) {
    if (to <= done) continue;
    if (from > done) pieces.push({ text: name.slice(done, from), hit: false });
    pieces.push({ text: name.slice(Math.max(from, done), to), hit: true });
    done = to;
  }
  if (done < name.length) pieces.push({ text: name.slice(done), hit: false });
  return { rank, pieces };
}

function wordStart(text: string, word: string): number {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at === 0 || /[\s:/_.-]/.test(text[at - 1]!)) return at;
  }
  return -1;
}

const GROUPS = ['This session', 'Needs you', 'Go to', 'Settings'] as const;

/** What is found, best first within its group. Without a word everything but the single settings is shown. */
export function find(all: readonly Action[], typed: string): { action: Action; pieces: Piece[] }[] {
  const found = all.flatMap((action, order) => {
    if (typed.trim() === '' && action.group === 'Settings') return [];
    const hit = match(action.name, typed);
    return hit === null ? [] : [{ action, pieces: hit.pieces, rank: hit.rank, order }];
  });
  const at = (action: Action) => GROUPS.indexOf(action.group);
  return found.sort((a, b) => at(a.action) - at(b.action) || a.rank - b.rank || a.order - b.order);
}

/** `7 of 46 commands`. */
export function foundCount(found: number, all: number): string {
  return `${found} of ${counted(all, 'command')}`;
}
