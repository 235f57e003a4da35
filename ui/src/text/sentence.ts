/** Makes a sentence of a timeline entry: whose it is, and what it says. */
import type { TimelineEntry } from '../api/api';
import { capital } from './format';
import { agentName } from './words';

export interface Sentence {
  /** Whose, in bold; empty where the text stands alone. */
  lead: string;
  text: string;
}

/** Kinds whose text is what the worker itself wrote or did, shown beside its mark. */
const OWN = ['message', 'thought', 'tool'];

export function sentence(entry: TimelineEntry, agent: string | null): Sentence {
  if (OWN.includes(entry.kind)) return { lead: '', text: entry.text };
  if (agent === null || entry.text.startsWith(agentName(agent))) return { lead: '', text: capital(entry.text) };
  const lead = agentName(agent);
  if (entry.text.startsWith('verdict: ')) return { lead, text: `’s ${entry.text}` };
  const verbal = ['worker', 'plan', 'files', 'review'].includes(entry.kind) && !/^(milestone:|its answer )/.test(entry.text);
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
