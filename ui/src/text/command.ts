/** The one command that a step quotes in backticks, to be copied; null when it quotes none or several. */
export function quoted(step: string): string | null {
  const parts = step.split('`');
  const command = parts.length === 3 ? parts[1]! : '';
  return command === '' ? null : command;
}
