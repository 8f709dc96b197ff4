// A signing agent as its users start it: the command line in a process of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

export type AgentProcess = {
  url: string;
  kill: () => void;
};

/** Starts an agent with a signing key, from standard input; without one where it is empty. */
export const startAgentProcess = async (signingKey: string, ...args: string[]): Promise<AgentProcess> => {
  const key = signingKey === '' ? [] : ['--signing-key', '-'];
  const child = spawn(process.execPath, ['dist/cli.js', 'agent', ...key, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.end(signingKey);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: line.toString().trim(), kill: () => child.kill() };
};
