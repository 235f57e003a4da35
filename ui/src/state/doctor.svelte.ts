/** What the doctor found, shared by its page and by what is shown before the first session. */
import { asRefusal, type DoctorView, type MissingPart, type Refusal, type SettingsApi, type SettingsView, type TeamView } from '../api/api';

export class Doctor {
  found = $state.raw<DoctorView | null>(null);
  /** What the desktop around the window lacks. */
  missing = $state.raw<MissingPart[]>([]);
  /** The team that a session begins with where no other is chosen. */
  team = $state.raw<TeamView | null>(null);
  problem = $state<Refusal | null>(null);
  looking = $state(false);
  /** When it was last looked, by the person's clock. */
  at = $state<number | null>(null);

  constructor(private readonly api: SettingsApi) {}

  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      const [found, missing, set] = await Promise.all([this.api.doctor(), this.api.missing(), this.api.settings()]);
      [this.found, this.missing, this.team] = [found, missing, defaultTeam(set)];
      this.problem = null;
      this.at = Date.now();
    } catch (thrown) {
      this.problem = asRefusal(thrown);
    } finally {
      this.looking = false;
    }
  }
}

/** The team that the settings say. */
export function defaultTeam(set: SettingsView): TeamView | null {
  const id = set.values.find((value) => value.name === 'session.team')?.value;
  return set.teams.find((team) => team.id === id) ?? set.teams[0] ?? null;
}
