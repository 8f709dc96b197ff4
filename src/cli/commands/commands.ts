// All commands, in the order of the help. On the machine.

import type { Command } from 'commander';
import type { Host } from '../command.ts';
import { addAgentCommand } from './agent.ts';
import { addAssertionCommand } from './assertion.ts';
import { addCheckCommand } from './check.ts';
import { addInitCommand } from './init.ts';
import { addInjectCommand } from './inject.ts';
import { addJwksCommand } from './jwks.ts';
import { addRunCommand } from './run.ts';
import { addTokenCommand } from './token.ts';

const COMMANDS = [
  addInitCommand,
  addInjectCommand,
  addRunCommand,
  addCheckCommand,
  addAssertionCommand,
  addTokenCommand,
  addJwksCommand,
  addAgentCommand,
];

/** Adds all commands to the command line. */
export function addCommands(program: Command, host: Host): Command {
  for (const add of COMMANDS) add(program, host);
  return program;
}
