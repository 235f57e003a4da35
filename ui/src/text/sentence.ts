/** Makes a sentence of a timeline entry: whose it is, and what it says. */
import type { TimelineEntry, WorkerView } from '../api/api';
import { capital } from './format';
import { agentName, agentOf } from './words';

export interface Sentence {
  /** Whose, in bold; empty where the text stands alone. */
  lead: string;
  text: string;
}

/** Kinds whose text is what the worker itself wrote or did, shown beside its mark. */
const OWN = ['message', 'thought'];

/** A reviewer's answer is JSON for the engine; its verdict follows as an entry of its own. */
function isReviewAnswer(entry: TimelineEntry): boolean {
  if (entry.kind !== 'message' || !entry.text.startsWith('{')) return false;
  return ['"verdict"', '"nonce"', '"checkpoint"'].every((key) => (entry.detail ?? entry.text).includes(key));
}

/** A word, and in it a folder that a reviewer is given, up to the first part of the path inside. Word by word, since a
 * search for such a folder from each character on would take for ever in a long text without spaces. */
const WORD = /[^\s'"]+/g;
const CHECKOUT = /^.*\/sessions\/[^/]+\/checkouts\/[^/]+\//;

/** What a tool call does: a command without the shell that it is given to, and paths as the project knows them. */
export function toolTitle(text: string, target: string): string {
  const command = text.replace(/^(?:\/(?:usr\/)?bin\/)?(?:ba|z|da)?sh -l?c (['"])(.*?)\1?$/, '$2');
  const short = command.replaceAll(`${target}/`, '');
  return short.includes('/checkouts/') ? short.replace(WORD, (word) => word.replace(CHECKOUT, '')) : short;
}

/** Whose work is reviewed, by the worker's name. */
const WHOSE = /^will review (\S+)'s /;

export function sentence(entry: TimelineEntry, agent: string | null, target: string, workers: WorkerView[] = []): Sentence {
  if (isReviewAnswer(entry)) return { lead: agent === null ? '' : agentName(agent), text: ' answered the review' };
  if (entry.kind === 'tool') return { lead: '', text: toolTitle(entry.text, target) };
  // A message may begin with a Markdown heading.
  if (OWN.includes(entry.kind)) return { lead: '', text: entry.text.replace(/^#{1,6} +/, '') };
  if (agent === null || entry.text.startsWith(agentName(agent))) return { lead: '', text: capital(entry.text) };
  const lead = agentName(agent);
  if (entry.kind === 'review' && WHOSE.test(entry.text)) return { lead, text: entry.text.replace(WHOSE, (_, worker: string) => ` will review ${agentName(agentOf(worker, workers))}’s `) };
  if (entry.text.startsWith('verdict: ')) return { lead, text: `’s ${entry.text}` };
  const verbal = (['worker', 'plan', 'files', 'review'].includes(entry.kind) && !/^(milestone:|its answer )/.test(entry.text)) || entry.text.startsWith('asks to ');
  return { lead, text: `${verbal ? ' ' : ': '}${entry.text}` };
}

/** The longest detail that stands on the line itself. */
const SHORT = 100;

/** An entry's detail: a short one on its line, a long one to be unfolded, none where the line has said it. */
export function detailOf(entry: TimelineEntry): { inline: string; folded: string } {
  const detail = (entry.detail ?? '').trim();
  if (detail === '' || entry.text.includes(detail)) return { inline: '', folded: '' };
  const short = detail.length <= SHORT && !detail.includes('\n') && entry.kind !== 'tool';
  return short ? { inline: detail, folded: '' } : { inline: '', folded: detail };
}
