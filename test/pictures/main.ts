// `npm run pictures`: draws docs/pictures/ from what the commands print now, each run in a process of its own.

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CLIENT, createShowroom } from '../docs/showroom.ts';
import { RED_ARGUMENTS, RUN_ARGUMENTS, runStart, toRunOutput } from './outputs.ts';
import { toPicture } from './terminal.ts';

const draw = (name: string, title: string, output: string): void =>
  writeFileSync(`docs/pictures/${name}.svg`, toPicture(title, output));

draw('start', 'The end of npm start', await runStart());

const showroom = await createShowroom();
const cli = resolve('dist/cli.js');
/** Its server is in this process, so it must not be waited for. */
const run = (...more: string[]) => showroom.execute(process.execPath, [cli, ...RUN_ARGUMENTS, ...CLIENT, ...more]);
draw('green', 'A run with three green tests', toRunOutput(await run()));
draw('red', 'A run that the server refuses, with the cause', toRunOutput(await run(...RED_ARGUMENTS)));
await showroom.remove();
