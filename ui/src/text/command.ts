/** A step of a blocker: what is to be run, if it is a command, and what is said of it. */
export interface Step {
  command: string | null;
  text: string;
}

/** The one command that a step quotes in backticks, to be copied; null when it quotes none or several. */
export function quoted(step: string): string | null {
  const parts = step.split('`');
  const command = parts.length === 3 ? parts[1]! : '';
  return command === '' ? null : command;
}

/** Programs that steps name bare, with words that are no sentence. */
const BARE = /^(?:then: )?((?:orchestrate|git|df|claude|codex|gemini)(?: [\w.<>/:=-]+){0,3})$/;

/** Reads a step: `codex login`, `df -h  # make room`, or a sentence, which may quote a command. */
export function readStep(step: string): Step {
  const remark = step.indexOf('  # ');
  if (remark > 0) return { command: step.slice(0, remark), text: step.slice(remark + 4) };
  const bare = BARE.exec(step);
  if (bare !== null) return { command: bare[1]!, text: '' };
  const command = quoted(step);
  // The command stands below it, to be copied.
  return { command, text: command === null ? step : step.replace(`\`${command}\` in a terminal`, 'this in a terminal') };
}

/** Whether the step only says that the session is to go on: the card has a button for that. */
export function goesOn(step: string): boolean {
  return /^(?:then: )?orchestrate (?:resume|resolve)\b/.test(step);
}
