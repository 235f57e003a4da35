/** The settings in words: what each is called, what it means, and how it is entered. */
import type { SettingsView } from '../api/api';

export type Entry = 'text' | 'number' | 'list' | 'switch' | readonly { value: string; name: string }[];

export interface Setting {
  name: string;
  title: string;
  /** What it means, in one line. */
  what: string;
  entry: Entry;
  /** What stands in an empty field. */
  empty?: string;
}

export interface Group {
  title: string;
  settings: Setting[];
}

export const PARTS = ['general', 'agents', 'teams', 'rules', 'checks', 'recovery', 'notifications', 'storage', 'about'] as const;
export type Part = (typeof PARTS)[number];

const durations = (...values: [string, string][]): Entry => values.map(([value, name]) => ({ value, name }));
const never: [string, string] = ['0', 'Never'];

/** The groups of each part that has any. */
export function groupsOf(part: Part, set: SettingsView): Group[] {
  switch (part) {
    case 'general':
      return [
        {
          title: 'New sessions start with',
          settings: [
            { name: 'session.permission', title: 'Permission mode', what: 'Bypass is possible only inside a proven sandbox', entry: [{ value: 'ask', name: 'Ask' }, { value: 'bypass', name: 'Bypass' }] },
            { name: 'session.isolation', title: 'Isolation', what: 'Where the workers write', entry: [{ value: 'in-place', name: 'In place' }] },
            { name: 'session.fix_rounds', title: 'Fix rounds', what: 'How often findings go back before a decision takes effect', entry: 'number' },
            { name: 'session.time_limit', title: 'Time limit', what: 'The session pauses when it is reached', entry: durations(['0', 'None'], ['30m', '30 min'], ['1h', '1 hour'], ['2h', '2 hours'], ['8h', '8 hours']) },
            { name: 'session.money_limit_usd', title: 'Money limit', what: 'US dollars of known cost at which a session pauses; 0 for none', entry: 'number' },
            { name: 'session.memory_limit', title: 'Memory of one worker', what: 'With all that it started; the session pauses above it', entry: durations(['0', 'Any'], ['2GB', '2 GB'], ['4GB', '4 GB'], ['8GB', '8 GB'], ['16GB', '16 GB']) },
            { name: 'session.free_disk_limit', title: 'Free disk', what: 'The session pauses when less is free where it works', entry: durations(['0', 'Any'], ['500MB', '500 MB'], ['2GB', '2 GB'], ['10GB', '10 GB']) },
          ],
        },
        {
          title: 'Without asking you',
          settings: [
            { name: 'session.ceiling', title: 'Ceiling', what: 'What rules and recoveries may ever let through without you, one a line: write, programs, read_outside, write_outside, hosts, tools, flags', entry: 'list', empty: 'Nothing' },
          ],
        },
        {
          title: 'Waiting',
          settings: [
            { name: 'session.approval_timeout', title: 'A question that nobody answers', what: 'Counts as a no after this time', entry: durations(['0', 'Waits'], ['10m', '10 min'], ['30m', '30 min'], ['2h', '2 hours'], ['1d', '1 day']) },
            { name: 'session.stall_timeout', title: 'A turn without a sign of work', what: 'Counts as stalled after this time', entry: durations(['2m', '2 min'], ['5m', '5 min'], ['15m', '15 min'], never) },
          ],
        },
      ];
    case 'agents':
      return agentsOf(set).map((agent) => ({
        title: agent,
        settings: [
          { name: `agents.${agent}.path`, title: 'Program', what: 'Its whole path', entry: 'text', empty: 'The first on the PATH' },
          { name: `agents.${agent}.model`, title: 'Model', what: 'As the CLI calls it', entry: 'text', empty: "The CLI's own choice" },
          { name: `agents.${agent}.args`, title: 'Further arguments', what: 'Added to its command line, one a line', entry: 'list', empty: 'None' },
        ],
      }));
    case 'teams':
      return [
        {
          title: 'New sessions',
          settings: [{ name: 'session.team', title: 'Default team', what: 'Where no other is chosen; a folder begins with the team that it had last', entry: set.teams.map((team) => ({ value: team.id, name: team.title })) }],
        },
      ];
    case 'notifications':
      return [
        {
          title: 'Call me for',
          settings: [
            { name: 'notifications.questions', title: 'Questions', what: 'A worker waits for your answer', entry: 'switch' },
            { name: 'notifications.blockers', title: 'Blockers', what: 'Something that only you can resolve or decide keeps a session from going on', entry: 'switch' },
            { name: 'notifications.session_end', title: 'The end of a session', what: 'It has finished or failed', entry: 'switch' },
          ],
        },
      ];
    case 'checks':
      return [
        {
          title: 'Checks',
          settings: [
            { name: 'review.checks', title: 'Commands', what: 'Run on the work before its reviews, one a line; one that fails is never waved through', entry: 'list', empty: 'None, such as: cargo test' },
            { name: 'review.check_timeout', title: 'A check may take', what: 'One that takes longer is ended and has failed', entry: durations(['2m', '2 min'], ['10m', '10 min'], ['30m', '30 min'], ['0', 'Any time']) },
            { name: 'review.check_output_bytes', title: 'Output kept of each', what: 'In bytes: its beginning and its end', entry: 'number' },
          ],
        },
        {
          title: 'Reviews',
          settings: [{ name: 'review.timeout', title: 'A review may take', what: 'One that takes longer is inconclusive, never approval', entry: durations(['5m', '5 min'], ['10m', '10 min'], ['30m', '30 min'], ['0', 'Any time']) }],
        },
      ];
    case 'recovery':
      return [
        {
          title: 'When a turn fails',
          settings: [
            { name: 'recovery.attempts', title: 'Tried again', what: 'How often, before you are called; 0 for never', entry: 'number' },
            { name: 'recovery.back_off', title: 'First wait', what: 'Where the model service is busy; twice as long before each further try', entry: durations(['1s', '1 s'], ['5s', '5 s'], ['30s', '30 s'], ['1m', '1 min']) },
            { name: 'recovery.back_off_max', title: 'Longest wait', what: 'Between two tries', entry: durations(['1m', '1 min'], ['5m', '5 min'], ['15m', '15 min'], ['1h', '1 hour']) },
          ],
        },
      ];
    case 'storage':
      return [
        {
          title: 'Retention',
          settings: [
            { name: 'storage.keep_sessions_for', title: 'Keep finished sessions', what: 'Deleting a session deletes all of it. Counts from the next start of the app', entry: durations(['0', 'For ever'], ['30d', '30 days'], ['90d', '90 days'], ['365d', '1 year']) },
            { name: 'storage.checkpoints_max_size', title: 'Checkpoints together', what: 'Without room a session waits for you. Counts from the next start of the app', entry: durations(['5GB', '5 GB'], ['20GB', '20 GB'], ['100GB', '100 GB'], ['0', 'Any size']) },
            { name: 'storage.transcript_max_size', title: 'What one worker writes', what: 'In one session. Counts from the next start of the app', entry: durations(['50MB', '50 MB'], ['250MB', '250 MB'], ['1GB', '1 GB'], ['0', 'Any size']) },
          ],
        },
      ];
    default:
      return [];
  }
}

/** The agents that have settings, in their order. */
export function agentsOf(set: SettingsView): string[] {
  const names = set.values.map((value) => /^agents\.(.+)\.path$/.exec(value.name)?.[1]);
  return names.filter((name) => name !== undefined);
}

/** Where a value comes from. */
export function setBy(source: string): string {
  return { file: 'Your config', environment: 'Environment' }[source] ?? 'Default';
}

/** Every setting of every part, to be found by its name. */
export function allSettings(set: SettingsView): { part: Part; setting: Setting }[] {
  return PARTS.flatMap((part) => groupsOf(part, set).flatMap((group) => group.settings.map((setting) => ({ part, setting }))));
}
