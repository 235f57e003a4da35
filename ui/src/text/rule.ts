/** The lines of the decision rule in the order in which they are tried, with what each found. */
import type { CheckView, DecisionView, ReviewView } from '../api/api';

export interface RuleLine {
  words: string;
  decision: string;
  /** How many it found; null for a line that counts nothing. */
  count: number | null;
  stand: 'passed' | 'fired' | 'not-reached';
}

const LINES: [fired: string, words: string, decision: string, verdict: string | null][] = [
  ['any_blocker', 'any blocker', 'stop_and_escalate', 'blocker'],
  ['two_concerns', '2 or more concerns', 'pause_and_clarify', 'concern'],
  ['failed_check', 'a check failed or is missing', 'pause_and_clarify', 'check'],
  ['inconclusive', 'any inconclusive', 'pause_and_clarify', 'inconclusive'],
  ['no_reviews', 'no review at all', 'pause_and_clarify', null],
  ['one_concern', 'exactly 1 concern', 'log_warning', 'concern'],
  ['all_approved', 'all approved', 'continue', 'approved'],
];

/** The rule's lines with the one that fired; null when the decision was made by a rule that this page does not know.
 * `reviews` are the verdicts that it counted, `checks` the runs of its round. */
export function ruleLines(decision: DecisionView, reviews: readonly ReviewView[] = [], checks: readonly CheckView[] = []): RuleLine[] | null {
  const fired = LINES.findIndex(([line, , outcome]) => line === decision.fired && outcome === decision.decision);
  if (fired < 0) return null;
  return LINES.map(([, words, outcome, verdict], index) => ({
    words,
    decision: outcome,
    count:
      verdict === null || index > fired
        ? null
        : verdict === 'check'
          ? checks.filter((check) => check.outcome !== 'passed').length
          : reviews.filter((review) => (review.verdict ?? 'inconclusive') === verdict).length,
    stand: index < fired ? 'passed' : index === fired ? 'fired' : 'not-reached',
  }));
}
