/** The form for a new session: what is wrong with it is the engine's to say; here is only where it is said. */
import type { FieldProblem } from '../api/types/FieldProblem';
import type { Choices, Refusal } from '../api/api';

/** The fields, in their order; `form` is what concerns no single one. */
export const FIELDS = ['target', 'goal', 'team', 'permission', 'isolation', 'fix_rounds', 'time_limit', 'money_limit', 'form'] as const;
export type Field = (typeof FIELDS)[number];
export type Problems = Partial<Record<Field, Refusal>>;

/** What is wrong, by field: the first of each. */
export function byField(problems: readonly FieldProblem[]): Problems {
  const found: Problems = {};
  for (const { field, refusal } of problems) {
    const known = FIELDS.find((one) => one === field) ?? 'form';
    found[known] ??= refusal;
  }
  return found;
}

/** Which of them are said while the person is still filling in: those of fields that they have left or that have an
 * answer that is wrong, not those that are only empty yet. */
export function saidYet(problems: Problems, touched: ReadonlySet<Field>): Problems {
  const said: Problems = {};
  for (const field of FIELDS) if (problems[field] !== undefined && touched.has(field)) said[field] = problems[field];
  return said;
}

/** The field that a refusal of a start is about, by its code. */
export function fieldOf(refusal: Refusal): Field {
  const { code } = refusal;
  if (code.startsWith('goal')) return 'goal';
  if (code.startsWith('target')) return 'target';
  if (code.startsWith('agent') || code.startsWith('launch')) return 'team';
  return FIELDS.find((field) => code.startsWith(field)) ?? (code === 'bypass_refused' ? 'permission' : 'form');
}

/** The choices as the engine is asked for them: nothing is no limit, as in the settings. */
export function asAsked(choices: Choices): Choices {
  const none = /^\s*(?:0+\.?0*|\.0+)\s*$/.test(choices.money_limit);
  return none ? { ...choices, money_limit: '' } : { ...choices };
}
