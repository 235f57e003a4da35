/** The lines of the decision rule in the order in which they are tried. */
import type { DecisionView } from '../api/api';

export interface RuleLine {
  words: string;
  decision: string;
  stand: 'passed' | 'fired' | 'not-reached';
}

const LINES: [words: string, decision: string][] = [
  ['any blocker', 'stop_and_escalate'],
  ['two or more concerns', 'pause_and_clarify'],
  ['a check failed or is missing', 'pause_and_clarify'],
  ['a review is missing or inconclusive', 'pause_and_clarify'],
  ['zero reviews is not approval', 'pause_and_clarify'],
  ['one concern', 'log_warning'],
  ['all approved', 'continue'],
];

/** The rule's lines with the one that fired; null when the decision was made by a rule that this page does not know. */
export function ruleLines(decision: DecisionView): RuleLine[] | null {
  const words = decision.rule.split(':')[0]!.trim();
  const fired = LINES.findIndex(([line, outcome]) => line === words && outcome === decision.decision);
  if (fired < 0) return null;
  return LINES.map(([line, outcome], index) => ({
    words: line,
    decision: outcome,
    stand: index < fired ? 'passed' : index === fired ? 'fired' : 'not-reached',
  }));
}
