/** What a person has filled in for a new session and not started yet. It outlives the form: who looks something up
 * elsewhere finds it again. */
import type { Choices } from '../api/api';
import type { Field } from './form';

export class Draft {
  target = $state('');
  goal = $state('');
  choices = $state<Choices>({ team: 'trio', permission: 'ask', isolation: 'in-place', fix_rounds: '0', time_limit: '', money_limit: '' });
  /** The fields that the person has left, so that what is wrong with them is said. */
  touched = $state.raw<ReadonlySet<Field>>(new Set());
  /** Whether the choices are those of the last time in that folder. */
  known = $state(false);
  /** Whether the person has entered anything: then nothing but a folder's own memory changes the choices. */
  begun = $state(false);

  touch(field: Field): void {
    this.begun = true;
    if (!this.touched.has(field)) this.touched = new Set([...this.touched, field]);
  }
}
