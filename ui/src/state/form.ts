/** What is wrong with the new-session form, and beside which field it is said. */
import type { Refusal, StartForm } from '../api/api';

/** `form` is what concerns no single field. */
export type Field = 'target' | 'goal' | 'form';

/** What is not filled in. Everything else is judged by the engine, which alone can. */
export function missing(form: StartForm): Partial<Record<Field, Refusal>> {
  const problems: Partial<Record<Field, Refusal>> = {};
  if (form.target.trim() === '') {
    problems.target = { code: 'target_empty', message: 'Choose the folder to work on.', hint: null };
  }
  if (form.goal.trim() === '') {
    problems.goal = { code: 'goal_empty', message: 'Say what should be done.', hint: null };
  }
  return problems;
}

/** The field that a refusal of the engine is about, by its code. */
export function fieldOf(refusal: Refusal): Field {
  if (refusal.code.startsWith('goal')) return 'goal';
  return refusal.code.startsWith('target') ? 'target' : 'form';
}
