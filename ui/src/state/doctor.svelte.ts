/** What the doctor found, shared by its page and by what is shown before the first session. */
import { asRefusal, type DoctorView, type MissingPart, type Refusal, type SettingsApi } from '../api/api';

export class Doctor {
  found = $state.raw<DoctorView | null>(null);
  /** What the desktop around the window lacks. */
  missing = $state.raw<MissingPart[]>([]);
  problem = $state<Refusal | null>(null);
  looking = $state(false);
  /** When it was last looked, by the person's clock. */
  at = $state<number | null>(null);

  constructor(private readonly api: SettingsApi) {}

  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      [this.found, this.missing] = await Promise.all([this.api.doctor(), this.api.missing()]);
      this.problem = null;
      this.at = Date.now();
    } catch (thrown) {
      this.problem = asRefusal(thrown);
    } finally {
      this.looking = false;
    }
  }
}
