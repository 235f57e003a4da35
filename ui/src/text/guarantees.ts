/** What a sandbox can prove, in the order in which it is shown. */
export const GUARANTEES: readonly { id: string; words: string }[] = [
  { id: 'write_confined', words: 'Writes stay in the target' },
  { id: 'secrets_unreadable', words: 'Secrets unreadable' },
  { id: 'net_allowlisted', words: 'Only allowed hosts reachable' },
  { id: 'own_api_unreachable', words: 'Own API unreachable' },
  { id: 'no_host_services', words: 'No host services' },
  { id: 'no_foreign_signals', words: 'No signals to other processes' },
  { id: 'tree_kill', words: 'Whole process tree killed' },
  { id: 'limits', words: 'Memory and process cap' },
];
